/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Which lists count as one. When a list is read it is compared with those that are there; what it
 * was found to mirror may change or go afterwards.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/apply.h"
#include "feeds/feeds-private.h"

gboolean
tocsin_feed_is_original (const TocsinFeed *feed)
{
  const TocsinFeedRecord *record = &feed->record;

  return record->enabled && record->batch != 0 && record->count > 0 && record->mirror_of == NULL;
}

/* Until it is compared anew; for that, it is read whole the next time. */
static void
set_mirrored (TocsinFeeds *self, TocsinFeed *feed, const char *name)
{
  g_free (feed->record.mirror_of);
  feed->record.mirror_of = g_strdup (name);
  tocsin_feed_record_unread (&feed->record);
  tocsin_feeds_remember (self, feed);
}

/* Those that mirrored the same list most likely say the same still: the first by name stands for
 * them. One that is being read or changed has its turn when that is done. */
void
tocsin_feeds_settle_mirrors (TocsinFeeds *self)
{
  g_autoptr (GPtrArray) feeds = tocsin_feeds_list (self);
  g_autoptr (GHashTable) heirs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < feeds->len; i++)
    {
      TocsinFeed *feed = g_ptr_array_index (feeds, i);
      const char *name = feed->record.mirror_of;
      const TocsinFeed *original;
      const char *heir;

      if (name == NULL || feed->refresh != NULL || feed->is_busy)
        continue;
      original = tocsin_feeds_find (self, name);
      heir = g_hash_table_lookup (heirs, name);
      if (heir == NULL && original != NULL && tocsin_feed_is_original (original))
        {
          if (original->record.changed_us > feed->record.good_us)
            tocsin_feed_record_unread (&feed->record);
          continue;
        }
      if (heir == NULL)
        g_hash_table_insert (heirs, g_strdup (name), feed->record.name);
      set_mirrored (self, feed, heir);
    }
}
