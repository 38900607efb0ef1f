/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Address ranges as the large clouds publish them:
 *   AWS    {"prefixes": [{"ip_prefix", "service", …}], "ipv6_prefixes": [{"ipv6_prefix", …}]}
 *   GCP    {"prefixes": [{"ipv4Prefix" or "ipv6Prefix", "service", …}]}
 *   Azure  {"values": [{"name", "properties": {"systemService", "addressPrefixes": […]}}]}
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "codec/json-events.h"
#include "feeds/format.h"

typedef struct
{
  TocsinFeedSink *sink; /* (unowned) */
  TocsinJsonEvents *events;
  gboolean in_ranges; /* in "prefixes", "ipv6_prefixes" or "values" */
  gboolean has_ranges;
  gboolean in_prefixes; /* in Azure's "addressPrefixes" */
  gboolean is_wanted;   /* of the element: its service is the one that is asked for */
  guint64 element;
  GPtrArray *prefixes; /* (owned) (element-type utf8) of the element */
} Cloud;

static const char *const range_members[] = { "prefixes", "ipv6_prefixes", "values", NULL };
static const char *const prefix_members[] = { "ip_prefix", "ipv6_prefix", "ipv4Prefix",
                                              "ipv6Prefix", NULL };
static const char *const service_members[] = { "service", "systemService", "name", NULL };

/* The element of the outer array is complete: its service may have come after its range. */
static gboolean
end_element (Cloud *self, GError **error)
{
  for (guint i = 0; self->is_wanted && i < self->prefixes->len; i++)
    if (!tocsin_feed_sink_add (self->sink, TOCSIN_SUBJECT_NETWORK,
                               g_ptr_array_index (self->prefixes, i), self->element, error))
      return FALSE;
  g_ptr_array_set_size (self->prefixes, 0);
  return TRUE;
}

static gboolean
on_string (Cloud *self, const TocsinJsonEvent *event, GError **error)
{
  const char *wanted = self->sink->options->service;
  gboolean is_prefix = event->name != NULL
                           ? event->depth == 3 && g_strv_contains (prefix_members, event->name)
                           : self->in_prefixes && event->depth == 5;

  if (is_prefix)
    g_ptr_array_add (self->prefixes, g_strdup (event->text));
  else if (wanted != NULL && event->name != NULL && event->depth <= 4 &&
           g_strv_contains (service_members, event->name) && g_str_equal (event->text, wanted))
    self->is_wanted = TRUE;
  return TRUE;
}

static gboolean
in_ranges (Cloud *self, const TocsinJsonEvent *event, GError **error)
{
  if (event->depth == 1 && event->kind == TOCSIN_JSON_EVENT_END_ARRAY)
    {
      self->in_ranges = FALSE;
      return TRUE;
    }
  if (event->depth == 2)
    {
      if (event->kind == TOCSIN_JSON_EVENT_END_OBJECT)
        return end_element (self, error);
      if (event->kind != TOCSIN_JSON_EVENT_BEGIN_OBJECT)
        return tocsin_feed_fail (error, event->element, "an object is expected");
      self->element = event->element;
      self->is_wanted = self->sink->options->service == NULL;
      return TRUE;
    }
  if (event->depth == 4 && event->kind == TOCSIN_JSON_EVENT_BEGIN_ARRAY)
    self->in_prefixes = g_strcmp0 (event->name, "addressPrefixes") == 0;
  else if (event->depth == 4 && event->kind == TOCSIN_JSON_EVENT_END_ARRAY)
    self->in_prefixes = FALSE;
  else if (event->kind == TOCSIN_JSON_EVENT_STRING)
    return on_string (self, event, error);
  return TRUE;
}

static gboolean
on_event (const TocsinJsonEvent *event, gpointer data, GError **error)
{
  Cloud *self = data;

  if (self->in_ranges)
    return in_ranges (self, event, error);
  if (event->depth == 0 && event->kind != TOCSIN_JSON_EVENT_BEGIN_OBJECT &&
      event->kind != TOCSIN_JSON_EVENT_END_OBJECT)
    return tocsin_feed_fail (error, 0, "These are no cloud ranges: an object is expected");
  if (event->depth == 1 && event->kind == TOCSIN_JSON_EVENT_BEGIN_ARRAY && event->name != NULL &&
      g_strv_contains (range_members, event->name))
    self->in_ranges = self->has_ranges = TRUE;
  return TRUE;
}

static void
init (gpointer data, TocsinFeedSink *sink)
{
  Cloud *self = data;

  self->sink = sink;
  self->events = tocsin_json_events_new (on_event, self);
  self->prefixes = g_ptr_array_new_with_free_func (g_free);
}

static gboolean
push (gpointer data, const char *text, gsize size, GError **error)
{
  return tocsin_json_events_push (((Cloud *) data)->events, text, size, error);
}

static gboolean
end (gpointer data, GError **error)
{
  Cloud *self = data;
  const char *service = self->sink->options->service;

  if (!tocsin_json_events_end (self->events, error))
    return FALSE;
  if (!self->has_ranges)
    return tocsin_feed_fail (error, 0,
                             "These are no cloud ranges: there is neither “prefixes” nor "
                             "“values”");
  return service == NULL || self->sink->rows > 0 ||
         tocsin_feed_fail (error, 0, "There are no ranges of the service “%s”", service);
}

static void
clear (gpointer data)
{
  Cloud *self = data;

  tocsin_json_events_free (self->events);
  g_ptr_array_unref (self->prefixes);
}

const TocsinFeedFormat tocsin_feed_format_cloud = {
  .name = "cloud-ranges",
  .size = sizeof (Cloud),
  .typed = TRUE,
  .init = init,
  .push = push,
  .end = end,
  .clear = clear,
};
