/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Domain blocks as Mastodon exports them: a header with "#domain", then a domain a record.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/format.h"

#include "core/domain-block.h"

#define NO_COLUMN G_MAXUINT

typedef struct
{
  TocsinFeedSink *sink; /* (unowned) */
  TocsinFeedRecords records;
  gboolean begun;
  guint domain;
  guint severity;
} Mastodon;

static gboolean
begin (Mastodon *self, GPtrArray *fields, guint64 line, GError **error)
{
  self->begun = TRUE;
  self->domain = self->severity = NO_COLUMN;
  for (guint i = 0; i < fields->len; i++)
    {
      const char *field = g_ptr_array_index (fields, i);

      if (tocsin_feed_is_header (field, "domain"))
        self->domain = i;
      else if (tocsin_feed_is_header (field, "severity"))
        self->severity = i;
    }
  return self->domain != NO_COLUMN ||
         tocsin_feed_fail (error, line, "a header with “#domain” is expected");
}

static gboolean
on_record (gpointer owner, GPtrArray *fields, guint64 line, GError **error)
{
  Mastodon *self = owner;
  const char *domain;
  const char *severity = NULL;

  if (!self->begun)
    return begin (self, fields, line, error);
  if (self->domain >= fields->len || (self->severity != NO_COLUMN && self->severity >= fields->len))
    return tocsin_feed_fail (error, line, "fields are missing");
  domain = g_ptr_array_index (fields, self->domain);
  if (self->severity != NO_COLUMN)
    severity = g_ptr_array_index (fields, self->severity);
  if (!tocsin_domain_block_accuses (domain, severity))
    return TRUE;
  return tocsin_feed_sink_add (self->sink, TOCSIN_SUBJECT_DOMAIN, domain, line, error);
}

static void
init (gpointer data, TocsinFeedSink *sink)
{
  Mastodon *self = data;

  self->sink = sink;
  tocsin_feed_records_init (&self->records, on_record, self);
}

static gboolean
push (gpointer data, const char *text, gsize size, GError **error)
{
  return tocsin_feed_records_push (&((Mastodon *) data)->records, text, size, error);
}

static gboolean
end (gpointer data, GError **error)
{
  return tocsin_feed_records_end (&((Mastodon *) data)->records, error);
}

static void
clear (gpointer data)
{
  tocsin_feed_records_clear (&((Mastodon *) data)->records);
}

const TocsinFeedFormat tocsin_feed_format_mastodon_csv = {
  .name = "mastodon-csv",
  .size = sizeof (Mastodon),
  .typed = TRUE,
  .init = init,
  .push = push,
  .end = end,
  .clear = clear,
};
