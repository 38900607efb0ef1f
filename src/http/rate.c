/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/rate.h"

#include "core/bucket.h"
#include "core/hash.h"

#define N_SLOTS 8192

typedef struct
{
  guint64 tag; /* 0: nobody's */
  TocsinBucket bucket;
} Slot;

struct _TocsinRate
{
  double per_second;
  guint burst;
  guint64 secret[2]; /* so that nobody can aim at another's slot */
  Slot slots[N_SLOTS];
};

TocsinRate *
tocsin_rate_new (double per_second, guint burst)
{
  TocsinRate *self;

  g_return_val_if_fail (per_second > 0 && burst >= 1, NULL);

  self = g_new0 (TocsinRate, 1);
  self->per_second = per_second;
  self->burst = burst;
  tocsin_random_bytes (self->secret, sizeof self->secret);
  return self;
}

void
tocsin_rate_free (TocsinRate *self)
{
  g_free (self);
}

/* Multiply and fold, keyed; the finaliser of splitmix64. */
static guint64
mix (guint64 x)
{
  x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static gboolean
is_free (const Slot *slot, gint64 now_us)
{
  return slot->tag == 0 || tocsin_bucket_is_full (&slot->bucket, now_us);
}

/* The address's own slot, else one that is free; if both are busy, the first is shared. */
static Slot *
find_slot (TocsinRate *self, guint64 tag, gint64 now_us)
{
  Slot *a = &self->slots[tag % N_SLOTS];
  Slot *b = &self->slots[(tag >> 32) % N_SLOTS];
  Slot *slot;

  if (a->tag == tag)
    return a;
  if (b->tag == tag)
    return b;
  slot = is_free (a, now_us) || !is_free (b, now_us) ? a : b;
  if (is_free (slot, now_us))
    {
      slot->tag = tag;
      tocsin_bucket_init (&slot->bucket, self->burst, self->per_second, now_us);
    }
  return slot;
}

gboolean
tocsin_rate_take (TocsinRate *self,
                  const TocsinAddressKey *key,
                  guint cost,
                  gint64 now_us,
                  guint *out_wait_seconds)
{
  guint64 halves[2];
  guint64 tag;
  Slot *slot;

  memcpy (halves, key, sizeof halves);
  tag = mix (mix (halves[0] ^ self->secret[0]) ^ halves[1] ^ self->secret[1]);
  slot = find_slot (self, tag != 0 ? tag : 1, now_us);
  cost = MIN (cost, self->burst); /* or it could never be paid */
  if (tocsin_bucket_take (&slot->bucket, cost, now_us))
    return TRUE;
  *out_wait_seconds = MAX (tocsin_bucket_wait_seconds (&slot->bucket, cost, now_us), 1);
  return FALSE;
}
