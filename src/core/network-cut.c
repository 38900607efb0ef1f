/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Networks less what lies in them. What is cut out of them is sorted, so that all that lies in a
 * network is one run; a network is halved until a half is cut out whole or holds nothing of it,
 * which makes at most one piece for each bit between its length and that of what is cut out.
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/network-cut.h"

#include <string.h>

#include "core/subject-internal.h"

#define ADDRESS_BITS 128

typedef struct
{
  TocsinPrefix prefix;
  gboolean soft;
} Hole;

struct _TocsinNetworkCut
{
  GArray *holes; /* (owned) (element-type Hole) */
  gboolean is_sorted;
  gboolean has_soft;
};

TocsinNetworkCut *
tocsin_network_cut_new (void)
{
  TocsinNetworkCut *self = g_new0 (TocsinNetworkCut, 1);

  self->holes = g_array_new (FALSE, FALSE, sizeof (Hole));
  return self;
}

void
tocsin_network_cut_free (TocsinNetworkCut *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->holes);
  g_free (self);
}

static void
add (TocsinNetworkCut *self, const char *network, gboolean soft)
{
  Hole hole = { .soft = soft };

  if (!tocsin_prefix_read (network, &hole.prefix))
    return;
  tocsin_prefix_cut (&hole.prefix, hole.prefix.length);
  g_array_append_val (self->holes, hole);
  self->is_sorted = FALSE;
}

void
tocsin_network_cut_add (TocsinNetworkCut *self, const char *network)
{
  add (self, network, FALSE);
}

static void
add_soft (const char *network, gpointer data)
{
  TocsinNetworkCut *self = data;

  add (self, network, TRUE);
  self->has_soft = TRUE;
}

void
tocsin_network_cut_add_soft (TocsinNetworkCut *self, const TocsinNetworkList *networks)
{
  tocsin_network_list_foreach (networks, add_soft, self);
}

/* ---- order ---- */

/* By family and first address, wider ones before what lies in them; of equal ones whole ones
 * first. */
static int
compare_prefixes (const TocsinPrefix *a, const TocsinPrefix *b)
{
  int order = (int) a->family_bytes - (int) b->family_bytes;

  if (order == 0)
    order = memcmp (a->bytes, b->bytes, a->family_bytes);
  return order != 0 ? order : (int) a->length - (int) b->length;
}

static int
compare_holes (gconstpointer a, gconstpointer b)
{
  const Hole *x = a, *y = b;
  int order = compare_prefixes (&x->prefix, &y->prefix);

  return order != 0 ? order : (int) x->soft - (int) y->soft;
}

static const Hole *
hole_at (const TocsinNetworkCut *self, guint i)
{
  return &g_array_index (self->holes, Hole, i);
}

static void
sort (TocsinNetworkCut *self)
{
  if (!self->is_sorted)
    g_array_sort (self->holes, compare_holes);
  self->is_sorted = TRUE;
}

/* The first that is not before @prefix. */
static guint
find (const TocsinNetworkCut *self, const TocsinPrefix *prefix)
{
  guint low = 0, high = self->holes->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (compare_prefixes (&hole_at (self, middle)->prefix, prefix) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* ---- around ---- */

/* All that lies in a network is one run, so the last of each length is all that has to be known of
 * those that were told; and with each all that are wider were told. */
void
tocsin_network_cut_foreach_around (TocsinNetworkCut *self,
                                   const TocsinNetworkLengths *lengths,
                                   TocsinNetworkAroundFunc func,
                                   gpointer data)
{
  TocsinPrefix last[ADDRESS_BITS] = { 0 };

  sort (self);
  for (guint i = 0; i < self->holes->len; i++)
    {
      TocsinPrefix network = hole_at (self, i)->prefix;

      for (int bits = network.length - 1; bits >= 0; bits--)
        {
          char text[TOCSIN_PREFIX_TEXT_BYTES];
          TocsinSubjectKey key;

          if (!tocsin_network_lengths_have (lengths, network.family_bytes, (guint) bits))
            continue;
          tocsin_prefix_cut (&network, (guint8) bits);
          if (compare_prefixes (&network, &last[bits]) == 0)
            break;
          last[bits] = network;
          tocsin_prefix_write (&network, TRUE, text);
          tocsin_subject_hash_key (TOCSIN_SUBJECT_NETWORK, text, &key);
          if (!func (text, &key, data))
            return;
        }
    }
}

/* ---- pieces ---- */

typedef struct
{
  const TocsinNetworkCut *cut;
  gboolean with_soft;
  guint max;
  guint n;
  TocsinNetworkPieceFunc func;
  gpointer data;
} Splitting;

/* What of the cut is in @prefix: itself, or something narrower. */
typedef struct
{
  gboolean is_whole;
  gboolean is_soft;
  gboolean holds_whole;
  gboolean holds_soft;
} Inside;

static Inside
look_inside (const Splitting *splitting, const TocsinPrefix *prefix)
{
  const TocsinNetworkCut *cut = splitting->cut;
  Inside inside = { 0 };

  for (guint i = find (cut, prefix);
       i < cut->holes->len && tocsin_prefix_is_within (&hole_at (cut, i)->prefix, prefix); i++)
    {
      const Hole *hole = hole_at (cut, i);
      gboolean is_it = hole->prefix.length == prefix->length;

      if (hole->soft && !splitting->with_soft)
        continue;
      inside.is_whole = inside.is_whole || (is_it && !hole->soft);
      inside.is_soft = inside.is_soft || (is_it && hole->soft);
      inside.holds_whole = inside.holds_whole || (!is_it && !hole->soft);
      inside.holds_soft = inside.holds_soft || (!is_it && hole->soft);
      if (inside.is_whole || (inside.holds_whole && (inside.holds_soft || !splitting->with_soft)))
        break;
    }
  return inside;
}

static void
set_bit (TocsinPrefix *prefix, guint bit)
{
  prefix->bytes[bit / 8] |= (guint8) (0x80 >> (bit % 8));
}

static void
give (Splitting *splitting, const TocsinPrefix *prefix, gboolean soft)
{
  char text[TOCSIN_PREFIX_TEXT_BYTES];
  TocsinSubjectKey key;

  splitting->n++;
  if (splitting->n > splitting->max || splitting->func == NULL)
    return;
  tocsin_prefix_write (prefix, TRUE, text);
  tocsin_subject_hash_key (TOCSIN_SUBJECT_NETWORK, text, &key);
  splitting->func (text, &key, soft, splitting->data);
}

/* As deep as an address has bits. */
static void
/* NOLINTNEXTLINE(misc-no-recursion) */
split (Splitting *splitting, const TocsinPrefix *prefix, gboolean soft)
{
  Inside inside = look_inside (splitting, prefix);
  TocsinPrefix half;

  soft = soft || inside.is_soft;
  if (inside.is_whole || splitting->n > splitting->max)
    return;
  if (!inside.holds_whole && (soft || !inside.holds_soft))
    {
      give (splitting, prefix, soft);
      return;
    }
  half = *prefix;
  half.length++;
  split (splitting, &half, soft);
  set_bit (&half, prefix->length);
  split (splitting, &half, soft);
}

guint
tocsin_network_cut_split (TocsinNetworkCut *self,
                          const char *network,
                          gboolean with_soft,
                          guint max_pieces,
                          TocsinNetworkPieceFunc func,
                          gpointer data)
{
  Splitting splitting = {
    .cut = self,
    .with_soft = with_soft && self->has_soft,
    .max = max_pieces,
    .func = func,
    .data = data,
  };
  TocsinPrefix prefix = { 0 };

  if (!tocsin_prefix_read (network, &prefix))
    return 0;
  sort (self);
  split (&splitting, &prefix, FALSE);
  return splitting.n;
}
