/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Lists for people and their programs: JSON, CSV, plain lines, and what Mastodon takes.
 */
#define G_LOG_DOMAIN "tocsin-export"

#include <string.h>

#include "codec/json-writer.h"
#include "core/clock.h"
#include "export/formats.h"

/* ---- json ---- */

static void
begin_json (TocsinExportWriter *self)
{
  g_string_append (self->out, "{\"subjects\":[");
}

static void
append_time_member (TocsinJsonWriter *json, const char *name, guint32 seconds)
{
  char text[TOCSIN_TIME_TEXT_BYTES];

  if (seconds == 0)
    return;
  tocsin_time_write (seconds, text);
  tocsin_json_writer_member_string (json, name, text);
}

static gboolean
write_json (TocsinExportWriter *self, const TocsinExportRow *row)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (self->out);

  g_string_append (self->out, self->count > 0 ? ",\n" : "\n");
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "type", tocsin_subject_type_to_string (row->type));
  tocsin_json_writer_member_string (&json, "value", row->value);
  tocsin_json_writer_member_string (&json, "verdict", tocsin_verdict_to_string (row->verdict));
  tocsin_json_writer_member_int (&json, "score", row->score);
  /* Our own slugs need no escape. */
  tocsin_json_writer_name (&json, "categories");
  g_string_append_c (self->out, '"');
  tocsin_export_append_slugs (self->out, row->categories, " ");
  g_string_append_c (self->out, '"');
  json.comma = TRUE;
  append_time_member (&json, "first_seen", row->first_seen_s);
  append_time_member (&json, "last_seen", row->last_seen_s);
  append_time_member (&json, "expires", row->expires_s);
  tocsin_json_writer_end_object (&json);
  return TRUE;
}

static void
end_json (TocsinExportWriter *self)
{
  g_autofree char *as_of = tocsin_time_format (self->info->as_of_us);

  g_string_append_printf (self->out,
                          "],\"generation\":%" G_GUINT64_FORMAT ",\"as_of\":\"%s\",\"count\":%" //
                          G_GUINT64_FORMAT "%s}\n",
                          self->info->generation, as_of, self->count,
                          self->info->observe ? ",\"mode\":\"observe\"" : "");
}

const TocsinExportFormat tocsin_export_json = {
  .name = "json",
  .content_type = "application/json",
  .types = TOCSIN_EXPORT_ALL,
  .possible = TOCSIN_EXPORT_ALL,
  .says_verdict = TRUE,
  .least = TOCSIN_VERDICT_NOTE,
  .n_sections = 1,
  .begin = begin_json,
  .end = end_json,
  .row = write_json,
};

/* ---- csv ---- */

/* A field; what begins like a formula is made text, since people open such files. */
static void
append_field (GString *out, const char *text)
{
  gboolean formula = text[0] != '\0' && strchr ("=+-@\t\r", text[0]) != NULL;

  g_string_append_c (out, '"');
  if (formula)
    g_string_append_c (out, '\'');
  for (const char *quote; (quote = strchr (text, '"')) != NULL; text = quote + 1)
    {
      g_string_append_len (out, text, quote + 1 - text);
      g_string_append_c (out, '"');
    }
  g_string_append (out, text);
  g_string_append_c (out, '"');
}

static void
begin_csv (TocsinExportWriter *self)
{
  g_string_append (self->out, "type,value,verdict,score,categories\r\n");
}

static gboolean
write_csv (TocsinExportWriter *self, const TocsinExportRow *row)
{
  GString *out = self->out;

  g_string_append (out, tocsin_subject_type_to_string (row->type));
  g_string_append_c (out, ',');
  append_field (out, row->value);
  g_string_append_c (out, ',');
  g_string_append (out, tocsin_verdict_to_string (row->verdict));
  g_string_append_c (out, ',');
  tocsin_json_append_int (out, row->score);
  g_string_append_c (out, ',');
  tocsin_export_append_slugs (out, row->categories, " ");
  g_string_append (out, "\r\n");
  return TRUE;
}

const TocsinExportFormat tocsin_export_csv = {
  .name = "csv",
  .content_type = "text/csv; charset=utf-8",
  .types = TOCSIN_EXPORT_ALL,
  .possible = TOCSIN_EXPORT_ALL,
  .says_verdict = TRUE,
  .least = TOCSIN_VERDICT_NOTE,
  .n_sections = 1,
  .begin = begin_csv,
  .row = write_csv,
};

/* ---- lines ---- */

static gboolean
write_line (TocsinExportWriter *self, const TocsinExportRow *row)
{
  gsize n = strlen (row->value);

  if (memchr (row->value, '\n', n) != NULL || memchr (row->value, '\r', n) != NULL)
    return FALSE;
  g_string_append_len (self->out, row->value, (gssize) n);
  g_string_append_c (self->out, '\n');
  return TRUE;
}

const TocsinExportFormat tocsin_export_lines = {
  .name = "lines",
  .content_type = "text/plain; charset=utf-8",
  .types = TOCSIN_EXPORT_ALL,
  .possible = TOCSIN_EXPORT_ALL,
  .least = TOCSIN_VERDICT_NOTE,
  .n_sections = 1,
  .row = write_line,
};

/* ---- mastodon-csv ----
 * The columns and their order are those of Mastodon's own export, which its import reads by title;
 * some versions of it take "False" for true. GoToSocial reads the same file, wants six columns in
 * every line, and takes severity suspend alone, so a list for its subscriptions is asked for with
 * min_verdict=block or has lines that it passes over. */

static void
begin_mastodon (TocsinExportWriter *self)
{
  g_string_append (self->out, "#domain,#severity,#reject_media,#reject_reports,#public_comment,"
                              "#obfuscate\r\n");
}

static gboolean
write_mastodon (TocsinExportWriter *self, const TocsinExportRow *row)
{
  /* Who is suspended is so with all that is below. */
  if (!tocsin_export_is_name (row->value) || row->allowed != NULL)
    return FALSE;
  g_string_append (self->out, row->value);
  g_string_append (self->out, row->verdict == TOCSIN_VERDICT_BLOCK ? ",suspend,false,false,\""
                                                                   : ",silence,false,false,\"");
  tocsin_export_append_reason (self->out, row->categories);
  g_string_append (self->out, "\",false\r\n");
  return TRUE;
}

const TocsinExportFormat tocsin_export_mastodon_csv = {
  .name = "mastodon-csv",
  .content_type = "text/csv; charset=utf-8",
  .types = TOCSIN_EXPORT_DOMAINS,
  .possible = TOCSIN_EXPORT_DOMAINS,
  .least = TOCSIN_VERDICT_REVIEW,
  .n_sections = 1,
  .begin = begin_mastodon,
  .row = write_mastodon,
};

/* ---- mastodon-email-hashes ----
 * A line each, as POST /api/v1/admin/canonical_email_blocks takes as canonical_email_hash. Only of
 * addresses that this node saw in clear: the hash on the wire is another. */

static gboolean
write_hash (TocsinExportWriter *self, const TocsinExportRow *row)
{
  g_autofree char *hex = NULL;

  if (row->mastodon == NULL)
    return FALSE;
  hex = tocsin_hex_encode (row->mastodon, TOCSIN_SHA256_BYTES);
  g_string_append (self->out, hex);
  g_string_append_c (self->out, '\n');
  g_string_assign (self->last, hex);
  return TRUE;
}

const TocsinExportFormat tocsin_export_mastodon_hashes = {
  .name = "mastodon-email-hashes",
  .content_type = "text/plain; charset=utf-8",
  .types = TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_EMAIL),
  .possible = TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_EMAIL),
  .digested = TRUE,
  .least = TOCSIN_VERDICT_REVIEW,
  .n_sections = 1,
  .row = write_hash,
};
