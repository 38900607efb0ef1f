/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A MISP warninglist: {"name": …, "type": …, "list": […]}. The type may come after the list, and
 * what the entries are is the feed's to say; a list of regular expressions is none of subjects.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "codec/json-events.h"
#include "feeds/format.h"

typedef struct
{
  TocsinFeedSink *sink; /* (unowned) */
  TocsinJsonEvents *events;
  gboolean in_list;
  gboolean has_list;
} Misp;

static gboolean
in_list (Misp *self, const TocsinJsonEvent *event, GError **error)
{
  if (event->kind == TOCSIN_JSON_EVENT_END_ARRAY && event->depth == 1)
    {
      self->in_list = FALSE;
      return TRUE;
    }
  if (event->kind != TOCSIN_JSON_EVENT_STRING)
    return tocsin_feed_fail (error, event->element, "a string is expected");
  return tocsin_feed_sink_add (self->sink, TOCSIN_SUBJECT_NONE, event->text, event->element, error);
}

static gboolean
on_event (const TocsinJsonEvent *event, gpointer data, GError **error)
{
  Misp *self = data;

  if (self->in_list)
    return in_list (self, event, error);
  if (event->depth == 0 && event->kind != TOCSIN_JSON_EVENT_BEGIN_OBJECT &&
      event->kind != TOCSIN_JSON_EVENT_END_OBJECT)
    return tocsin_feed_fail (error, 0, "This is no warninglist: an object is expected");
  if (event->depth != 1 || event->name == NULL)
    return TRUE;
  if (g_str_equal (event->name, "list"))
    {
      if (event->kind != TOCSIN_JSON_EVENT_BEGIN_ARRAY || self->has_list)
        return tocsin_feed_fail (error, 0, "This is no warninglist: “list” is not one array");
      self->in_list = self->has_list = TRUE;
    }
  else if (g_str_equal (event->name, "type") && event->kind == TOCSIN_JSON_EVENT_STRING &&
           g_str_equal (event->text, "regex"))
    return tocsin_feed_fail (error, 0, "The list has regular expressions, not subjects");
  return TRUE;
}

static void
init (gpointer data, TocsinFeedSink *sink)
{
  Misp *self = data;

  self->sink = sink;
  self->events = tocsin_json_events_new (on_event, self);
}

static gboolean
push (gpointer data, const char *text, gsize size, GError **error)
{
  return tocsin_json_events_push (((Misp *) data)->events, text, size, error);
}

static gboolean
end (gpointer data, GError **error)
{
  Misp *self = data;

  return tocsin_json_events_end (self->events, error) &&
         (self->has_list ||
          tocsin_feed_fail (error, 0, "This is no warninglist: there is no “list”"));
}

static void
clear (gpointer data)
{
  tocsin_json_events_free (((Misp *) data)->events);
}

const TocsinFeedFormat tocsin_feed_format_misp = {
  .name = "misp-warninglist",
  .size = sizeof (Misp),
  .init = init,
  .push = push,
  .end = end,
  .clear = clear,
};
