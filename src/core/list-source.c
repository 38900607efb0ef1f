/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/list-source.h"

struct _TocsinListSources
{
  gint refs;          /* atomic */
  GHashTable *actors; /* (owned) (element-type guint32 TocsinListSource) */
};

static void
source_free (gpointer data)
{
  TocsinListSource *source = data;

  g_free (source->title);
  g_free (source);
}

TocsinListSources *
tocsin_list_sources_new (void)
{
  TocsinListSources *self = g_new0 (TocsinListSources, 1);

  self->refs = 1;
  self->actors = g_hash_table_new_full (NULL, NULL, NULL, source_free);
  return self;
}

TocsinListSources *
tocsin_list_sources_ref (TocsinListSources *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
tocsin_list_sources_unref (TocsinListSources *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  g_hash_table_unref (self->actors);
  g_free (self);
}

void
tocsin_list_sources_add (TocsinListSources *self, const TocsinListSource *source)
{
  TocsinListSource *copy = g_memdup2 (source, sizeof *source);

  copy->title = g_strdup (source->title);
  g_hash_table_replace (self->actors, GUINT_TO_POINTER (copy->actor), copy);
}

const TocsinListSource *
tocsin_list_sources_find (const TocsinListSources *self, guint32 actor)
{
  return self != NULL ? g_hash_table_lookup (self->actors, GUINT_TO_POINTER (actor)) : NULL;
}

gint64
tocsin_list_source_until (const TocsinListSource *self)
{
  return self->valid_us == 0 ? G_MAXINT64 : self->as_of_us + self->valid_us + 1;
}

gboolean
tocsin_list_sources_judge_alike (const TocsinListSources *before,
                                 const TocsinListSources *after,
                                 gint64 now_us)
{
  GHashTableIter iter;
  gpointer value;

  if (before == NULL || g_hash_table_size (before->actors) != g_hash_table_size (after->actors))
    return FALSE;
  g_hash_table_iter_init (&iter, after->actors);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const TocsinListSource *now = value;
      const TocsinListSource *was = tocsin_list_sources_find (before, now->actor);

      if (was == NULL || was->origin != now->origin ||
          (tocsin_list_source_until (was) <= now_us) != (tocsin_list_source_until (now) <= now_us))
        return FALSE;
    }
  return TRUE;
}
