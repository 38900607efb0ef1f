/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One page of a FIRES dataset (https://fires.fedimod.org/reference/protocol/): the dataset, which
 * tells where its snapshot is, the snapshot, or a page of the changes: an OrderedCollection or
 * OrderedCollectionPage of
 *   {"type": Advisory | Recommendation | Retraction | Tombstone, "entityKind", "entityKey",
 *    "recommendedPolicy": accept | filter | reject | drop}
 * A retraction takes back what was said, and so does the recommendation to accept. A tombstone
 * that still names its entity does, too. One that does not, as the protocol's tables have both, is
 * told to whoever follows changes: what is gone is seen in the next snapshot.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "codec/json-events.h"
#include "core/error.h"
#include "feeds/format.h"

typedef struct
{
  TocsinFeedSink *sink; /* (unowned) */
  TocsinJsonEvents *events;
  gboolean in_items;
  gboolean has_items;
  gboolean is_collection;
  gboolean is_dataset;
  gboolean unnamed; /* something was taken back that is not named */
  char *type;       /* (owned) (nullable) of the change, as the next three */
  char *kind;
  char *key;
  char *policy;
  char *first; /* (owned) (nullable) links of the page */
  char *next;
  char *changes;
} Fires;

static void
set (char **member, const TocsinJsonEvent *event)
{
  g_free (*member);
  *member = event->kind == TOCSIN_JSON_EVENT_STRING ? g_strdup (event->text) : NULL;
}

static TocsinSubjectType
kind_type (const char *kind)
{
  if (g_ascii_strcasecmp (kind, "domain") == 0)
    return TOCSIN_SUBJECT_DOMAIN;
  if (g_ascii_strcasecmp (kind, "actor") == 0)
    return TOCSIN_SUBJECT_ACTOR;
  if (g_ascii_strcasecmp (kind, "emaildomain") == 0)
    return TOCSIN_SUBJECT_DOMAIN;
  return TOCSIN_SUBJECT_NONE;
}

static gboolean
end_change (Fires *self, guint64 place, GError **error)
{
  TocsinFeedRow row = { .place = place, .value = self->key };

  if (self->type == NULL)
    return tocsin_feed_fail (error, place, "a change without a type");
  row.gone = g_str_equal (self->type, "Retraction") || g_str_equal (self->type, "Tombstone");
  if (self->key == NULL || *self->key == '\0' || self->kind == NULL)
    {
      self->unnamed = self->unnamed || row.gone;
      return row.gone ||
             tocsin_feed_fail (error, place, "a change without entityKind and entityKey");
    }
  row.type = kind_type (self->kind);
  if (row.type == TOCSIN_SUBJECT_NONE)
    return TRUE;
  if (g_str_equal (self->type, "Recommendation"))
    row.gone = g_strcmp0 (self->policy, "accept") == 0;
  else if (!row.gone && !g_str_equal (self->type, "Advisory"))
    return TRUE;
  self->sink->rows++;
  return self->sink->func (&row, self->sink->data, error);
}

static gboolean
in_items (Fires *self, const TocsinJsonEvent *event, GError **error)
{
  if (event->depth == 1 && event->kind == TOCSIN_JSON_EVENT_END_ARRAY)
    self->in_items = FALSE;
  else if (event->depth == 2 && event->kind == TOCSIN_JSON_EVENT_END_OBJECT)
    return end_change (self, event->element, error);
  else if (event->depth == 2 && event->kind == TOCSIN_JSON_EVENT_BEGIN_OBJECT)
    {
      g_clear_pointer (&self->type, g_free);
      g_clear_pointer (&self->kind, g_free);
      g_clear_pointer (&self->key, g_free);
      g_clear_pointer (&self->policy, g_free);
    }
  else if (event->depth == 2)
    return tocsin_feed_fail (error, event->element, "an object is expected");
  else if (event->depth == 3 && event->name != NULL)
    {
      if (g_str_equal (event->name, "type"))
        set (&self->type, event);
      else if (g_str_equal (event->name, "entityKind"))
        set (&self->kind, event);
      else if (g_str_equal (event->name, "entityKey"))
        set (&self->key, event);
      else if (g_str_equal (event->name, "recommendedPolicy"))
        set (&self->policy, event);
    }
  return TRUE;
}

static gboolean
is_collection_type (const TocsinJsonEvent *event)
{
  static const char *const types[] = { "OrderedCollection", "OrderedCollectionPage", "Collection",
                                       "CollectionPage", NULL };

  return event->kind == TOCSIN_JSON_EVENT_STRING && g_strv_contains (types, event->text);
}

static gboolean
on_event (const TocsinJsonEvent *event, gpointer data, GError **error)
{
  Fires *self = data;

  if (self->in_items)
    return in_items (self, event, error);
  if (event->depth == 2 && g_strcmp0 (event->name, "snapshot") == 0)
    set (&self->first, event); /* of a dataset's "endpoints" */
  if (event->depth != 1 || event->name == NULL)
    return TRUE;
  if (g_str_equal (event->name, "type"))
    {
      self->is_collection = is_collection_type (event);
      self->is_dataset =
          event->kind == TOCSIN_JSON_EVENT_STRING && g_str_equal (event->text, "Dataset");
    }
  else if (g_str_equal (event->name, "orderedItems") || g_str_equal (event->name, "items"))
    {
      if (event->kind != TOCSIN_JSON_EVENT_BEGIN_ARRAY)
        return event->kind == TOCSIN_JSON_EVENT_END_ARRAY ||
               tocsin_feed_fail (error, 0, "“%s” is no array", event->name);
      self->in_items = self->has_items = TRUE;
    }
  else if (g_str_equal (event->name, "first"))
    set (&self->first, event);
  else if (g_str_equal (event->name, "next"))
    set (&self->next, event);
  else if (g_str_equal (event->name, "changes"))
    set (&self->changes, event);
  return TRUE;
}

static void
init (gpointer data, TocsinFeedSink *sink)
{
  Fires *self = data;

  self->sink = sink;
  self->events = tocsin_json_events_new (on_event, self);
}

static gboolean
push (gpointer data, const char *text, gsize size, GError **error)
{
  return tocsin_json_events_push (((Fires *) data)->events, text, size, error);
}

static gboolean
end (gpointer data, GError **error)
{
  Fires *self = data;

  return tocsin_json_events_end (self->events, error) &&
         ((self->is_collection && (self->has_items || self->first != NULL)) ||
          (self->is_dataset && self->first != NULL) ||
          tocsin_feed_fail (error, 0, "This is no page of a FIRES dataset"));
}

static void
clear (gpointer data)
{
  Fires *self = data;

  tocsin_json_events_free (self->events);
  g_free (self->type);
  g_free (self->kind);
  g_free (self->key);
  g_free (self->policy);
  g_free (self->first);
  g_free (self->next);
  g_free (self->changes);
}

static void
links (gconstpointer data, TocsinFeedLinks *out)
{
  const Fires *self = data;

  *out = (TocsinFeedLinks){ .first = self->has_items ? NULL : self->first,
                            .next = self->next,
                            .changes = self->changes,
                            .unnamed = self->unnamed };
}

const TocsinFeedFormat tocsin_feed_format_fires = {
  .name = "fires",
  .size = sizeof (Fires),
  .typed = TRUE,
  .init = init,
  .push = push,
  .end = end,
  .clear = clear,
  .links = links,
};
