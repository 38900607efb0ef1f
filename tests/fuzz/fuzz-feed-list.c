/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is two bytes, which choose what is known of a list, and its pages, with GS between
 * them. Properties: what is kept of it is, in the order of keys and each key once, what a plain
 * reader keeps; nothing of it is an address that is private, or is without a key of its own; a
 * list is refused exactly if most of it is nothing, or may not be said; and every sentence about it
 * is one line of UTF-8.
 */
#include "fuzz/fuzz.h"

#include <gio/gio.h>
#include <string.h>

#include "core/category.h"
#include "core/error.h"
#include "feeds/list.h"

#define PAGE_END 0x1d /* GS: in no list, for it is a control character */

static const TocsinSubjectType types[] = { TOCSIN_SUBJECT_IP,    TOCSIN_SUBJECT_NETWORK,
                                           TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_DOMAIN,
                                           TOCSIN_SUBJECT_URL,   TOCSIN_SUBJECT_USERNAME,
                                           TOCSIN_SUBJECT_ACTOR, TOCSIN_SUBJECT_NONE };
static const char *const categories[] = { "spam", "tor_exit", "unmoderated", "disposable_email" };

/* What the plain reader keeps; the list's order, and of one key the last. */
typedef struct
{
  const TocsinFeedDefinition *definition;
  GHashTable *kept; /* of TocsinSubjectKey to its last row, "TYPE KEY_TYPE GONE VALUE" */
  guint64 rows;
  guint64 invalid;
  guint64 left_out;
  guint64 said; /* rows that are kept, each time */
  gboolean has_canary;
} Plain;

/* Whether one is kept: a first mention of the canary always, but for what may not be said. */
static gboolean
may_be_said (const Plain *self, const TocsinSubject *subject)
{
  const TocsinCategory *category = tocsin_category_by_id (self->definition->category);

  return category->half_life_days[subject->type] != TOCSIN_HALF_LIFE_REFUSED &&
         tocsin_subject_is_global (subject) && !tocsin_subject_is_provider (subject) &&
         !tocsin_subject_is_public_suffix (subject);
}

static void
keep (Plain *self, const TocsinSubject *subject, gboolean gone)
{
  TocsinSubjectKey key = tocsin_subject_key (subject);

  self->said++;
  g_hash_table_replace (self->kept, g_memdup2 (&key, sizeof key),
                        g_strdup_printf ("%u %u %d %s", (guint) subject->type,
                                         (guint) subject->key_type, gone != 0, subject->key_value));
}

static gboolean
on_row (const TocsinFeedRow *row, gpointer data, GError **error G_GNUC_UNUSED)
{
  Plain *self = data;
  TocsinSubjectType type = row->type != TOCSIN_SUBJECT_NONE ? row->type : self->definition->type;
  gboolean is_canary = !self->has_canary && g_strcmp0 (self->definition->canary, row->value) == 0;
  const char *text = row->value;
  g_auto (TocsinSubject) subject = { 0 };

  self->rows++;
  if (type == TOCSIN_SUBJECT_IP || type == TOCSIN_SUBJECT_NETWORK)
    type = strchr (text, '/') != NULL ? TOCSIN_SUBJECT_NETWORK : TOCSIN_SUBJECT_IP;
  if (type == TOCSIN_SUBJECT_DOMAIN && !is_canary)
    text += g_str_has_prefix (text, "*.") ? 2 : *text == '.';
  if (is_canary)
    {
      self->has_canary = TRUE;
      if (tocsin_subject_parse (&subject, type, text, NULL) && may_be_said (self, &subject))
        keep (self, &subject, row->gone);
    }
  else if (!tocsin_subject_parse_received (&subject, type, text, NULL))
    {
      self->invalid++;
      self->left_out++;
    }
  else if (may_be_said (self, &subject))
    keep (self, &subject, row->gone);
  else
    self->left_out++;
  return TRUE;
}

static void
assert_clean (const char *text)
{
  if (text == NULL)
    return;
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    g_assert_false (g_unichar_iscntrl (g_utf8_get_char (p)));
}

/* Both take the same pages, or neither goes on. */
static gboolean
read_page (TocsinFeedList *list, Plain *plain, const char *bytes, gsize size)
{
  TocsinFeedReadOptions options = { plain->definition->column, plain->definition->service };
  g_autoptr (TocsinFeedReader) one = tocsin_feed_list_begin (list, &options);
  g_autoptr (TocsinFeedReader) other =
      tocsin_feed_reader_new (plain->definition->format, &options, on_row, plain);
  g_autoptr (GError) error = NULL;
  gsize half = size / 2;
  gboolean ok = tocsin_feed_reader_push (one, bytes, half, &error) &&
                tocsin_feed_reader_push (one, bytes + half, size - half, &error) &&
                tocsin_feed_list_end (list, one, &error);
  gboolean other_ok =
      tocsin_feed_reader_push (other, bytes, size, NULL) && tocsin_feed_reader_end (other, NULL);

  g_assert_true (ok == other_ok && ok == (error == NULL));
  if (error != NULL)
    assert_clean (error->message);
  return ok;
}

/* Asked of GLib, which has no list of ours; of a network the address that it begins with. */
static void
assert_not_private (const TocsinFeedEntry *entry)
{
  g_auto (GStrv) parts = g_strsplit (entry->value, "/", 2);
  g_autoptr (GInetAddress) address = NULL;

  if (entry->key_type != TOCSIN_SUBJECT_IP && entry->key_type != TOCSIN_SUBJECT_NETWORK)
    return;
  address = g_inet_address_new_from_string (parts[0]);
  g_assert_nonnull (address);
  g_assert_false (
      g_inet_address_get_is_loopback (address) || g_inet_address_get_is_link_local (address) ||
      g_inet_address_get_is_site_local (address) || g_inet_address_get_is_multicast (address));
}

static void
assert_entries (const TocsinFeedList *list, const Plain *plain)
{
  const TocsinFeedEntry *before = NULL;

  g_assert_cmpuint (list->entries->len, ==, g_hash_table_size (plain->kept));
  for (guint i = 0; i < list->entries->len; i++)
    {
      const TocsinFeedEntry *entry = &g_array_index (list->entries, TocsinFeedEntry, i);
      g_autofree char *text = g_strdup_printf ("%u %u %d %s", (guint) entry->subject_type,
                                               (guint) entry->key_type, entry->gone, entry->value);

      g_assert_cmpstr (g_hash_table_lookup (plain->kept, &entry->key), ==, text);
      g_assert_true (before == NULL || memcmp (&before->key, &entry->key, sizeof entry->key) < 0);
      assert_not_private (entry);
      assert_clean (entry->value);
      before = entry;
    }
}

static void
assert_closed (TocsinFeedList *list, const Plain *plain, gboolean is_changes)
{
  g_autoptr (GError) error = NULL;
  gboolean is_other = plain->invalid > plain->rows - plain->invalid;
  gboolean is_nothing = plain->rows == 0 || plain->said == 0 || plain->left_out > plain->said ||
                        (plain->definition->canary != NULL && !plain->has_canary);
  gboolean ok = tocsin_feed_list_close (list, is_changes, &error);

  g_assert_true (ok == !(is_other || (!is_changes && is_nothing)));
  g_assert_cmpuint (list->rows, ==, plain->rows);
  g_assert_cmpuint (list->left_out, ==, plain->left_out);
  assert_clean (list->why);
  g_assert_true ((list->why != NULL) == (plain->left_out > 0));
  if (ok)
    assert_entries (list, plain);
  else
    {
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
      assert_clean (error->message);
    }
}

static guint
hash_key (gconstpointer key)
{
  return *(const guint8 *) key;
}

static gboolean
equal_keys (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (TocsinSubjectKey)) == 0;
}

/* A block for what is kept, and what sorts it. */
gint64
tocsin_fuzz_base_bytes (void)
{
  return G_GINT64_CONSTANT (2) << 20;
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  const char *const *formats = tocsin_feed_formats ();
  guint how = size > 1 ? data[1] : 0;
  TocsinFeedDefinition definition = {
    .format = (char *) formats[size > 0 ? data[0] % g_strv_length ((char **) formats) : 0],
    .type = types[how % G_N_ELEMENTS (types)],
    .category = tocsin_category_by_slug (categories[how / 8 % G_N_ELEMENTS (categories)])->id,
    .canary = (how & 0x20) != 0 ? (char *) "192.0.2.1" : NULL,
    .column = (how & 0x40) != 0 ? (char *) "ip" : NULL,
    .service = (how & 0x40) != 0 ? (char *) "EC2" : NULL,
  };
  g_autoptr (TocsinFeedList) list = NULL;
  g_autoptr (GHashTable) kept = g_hash_table_new_full (hash_key, equal_keys, g_free, g_free);
  Plain plain = { .definition = &definition, .kept = kept };
  const char *at = (const char *) data + 2, *end = (const char *) data + size;

  if (size < 3)
    return;
  list = tocsin_feed_list_new (&definition);
  for (const char *stop; at < end; at = stop + 1)
    {
      stop = memchr (at, PAGE_END, (gsize) (end - at));
      if (stop == NULL)
        stop = end;
      if (!read_page (list, &plain, at, (gsize) (stop - at)))
        return;
      assert_clean (list->first);
      assert_clean (list->next);
      assert_clean (list->changes);
    }
  assert_closed (list, &plain, (how & 0x80) != 0);
}
