/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One entry a record, in the column that the feed names or that a header gives away.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/format.h"

typedef struct
{
  TocsinFeedSink *sink; /* (unowned) */
  TocsinFeedRecords records;
  gboolean begun;
  guint column;
} Csv;

/* What a column of subjects is called, best first. */
static const char *const headers[] = { "value", "indicator",  "domain",  "hostname",
                                       "host",  "network",    "cidr",    "ip_prefix",
                                       "ip",    "ip_address", "address", "email",
                                       "url" };

static gboolean
find_header (GPtrArray *fields, const char *name, guint *out)
{
  for (guint i = 0; i < fields->len; i++)
    if (tocsin_feed_is_header (g_ptr_array_index (fields, i), name))
      {
        *out = i;
        return TRUE;
      }
  return FALSE;
}

/* *taken: whether the first record is a header, not an entry. */
static gboolean
begin (Csv *self, GPtrArray *fields, guint64 line, gboolean *taken, GError **error)
{
  const char *wanted = self->sink->options->column;
  guint64 number;

  self->begun = TRUE;
  *taken = TRUE;
  if (wanted != NULL &&
      g_ascii_string_to_unsigned (wanted, 10, 1, TOCSIN_FEED_FIELDS_MAX, &number, NULL))
    {
      self->column = (guint) number - 1;
      *taken = FALSE;
      for (gsize i = 0; i < G_N_ELEMENTS (headers) && self->column < fields->len; i++)
        *taken =
            *taken || tocsin_feed_is_header (g_ptr_array_index (fields, self->column), headers[i]);
      return TRUE;
    }
  if (wanted != NULL)
    return find_header (fields, wanted, &self->column) ||
           tocsin_feed_fail (error, line, "there is no column “%s”", wanted);
  for (gsize i = 0; i < G_N_ELEMENTS (headers); i++)
    if (find_header (fields, headers[i], &self->column))
      return TRUE;
  *taken = FALSE;
  return TRUE;
}

static gboolean
on_record (gpointer owner, GPtrArray *fields, guint64 line, GError **error)
{
  Csv *self = owner;
  const char *first = g_ptr_array_index (fields, 0);
  gboolean taken = FALSE;

  if (!self->begun && !begin (self, fields, line, &taken, error))
    return FALSE;
  if (taken || *first == '#')
    return TRUE;
  if (self->column >= fields->len)
    return tocsin_feed_fail (error, line,
                             "it has %u fields, and the subject should be in number %u",
                             fields->len, self->column + 1);
  return tocsin_feed_sink_add (self->sink, TOCSIN_SUBJECT_NONE,
                               g_ptr_array_index (fields, self->column), line, error);
}

static void
init (gpointer data, TocsinFeedSink *sink)
{
  Csv *self = data;

  self->sink = sink;
  tocsin_feed_records_init (&self->records, on_record, self);
}

static gboolean
push (gpointer data, const char *text, gsize size, GError **error)
{
  return tocsin_feed_records_push (&((Csv *) data)->records, text, size, error);
}

static gboolean
end (gpointer data, GError **error)
{
  return tocsin_feed_records_end (&((Csv *) data)->records, error);
}

static void
clear (gpointer data)
{
  tocsin_feed_records_clear (&((Csv *) data)->records);
}

const TocsinFeedFormat tocsin_feed_format_csv = {
  .name = "csv",
  .size = sizeof (Csv),
  .init = init,
  .push = push,
  .end = end,
  .clear = clear,
};
