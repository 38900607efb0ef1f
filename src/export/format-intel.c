/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Lists with a meaning for every entry: STIX 2.1 (a bundle of indicators) and the snapshot of a
 * FIRES dataset (https://fires.fedimod.org/reference/protocol/). Ids come from the keys of the
 * subjects, so the same subject has the same id in every export.
 */
#define G_LOG_DOMAIN "tocsin-export"

#include <string.h>

#include "codec/as-write.h"
#include "codec/json-writer.h"
#include "core/clock.h"
#include "export/formats.h"

#define UUID_TEXT_BYTES 37

/* RFC 9562, section 5.5: of a name, so that anyone gets the same. The name space is our own. */
static void
make_uuid (const char *kind, gconstpointer name, gsize size, char out[UUID_TEXT_BYTES])
{
  static const guint8 name_space[16] = { 0x5c, 0x0b, 0x1f, 0x0e, 0x8a, 0x2d, 0x5f, 0x4b,
                                         0x9a, 0x6e, 0x37, 0x21, 0x74, 0x6f, 0x63, 0x73 };
  g_autoptr (GChecksum) sha1 = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 b[20];
  gsize n = sizeof b;

  g_checksum_update (sha1, name_space, sizeof name_space);
  g_checksum_update (sha1, (const guchar *) kind, (gssize) strlen (kind));
  g_checksum_update (sha1, name, (gssize) size);
  g_checksum_get_digest (sha1, b, &n);
  b[6] = (guint8) ((b[6] & 0x0f) | 0x50);
  b[8] = (guint8) ((b[8] & 0x3f) | 0x80);
  g_snprintf (out, UUID_TEXT_BYTES,
              "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
              b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
              b[15]);
}

static void
member_time (TocsinJsonWriter *json, const char *name, gint64 seconds)
{
  char text[TOCSIN_TIME_TEXT_BYTES];

  tocsin_time_write (seconds, text);
  tocsin_json_writer_member_string (json, name, text);
}

static void
member_id (TocsinJsonWriter *json, const char *name, const char *prefix, const char *uuid)
{
  g_autofree char *id = g_strconcat (prefix, uuid, NULL);

  tocsin_json_writer_member_string (json, name, id);
}

/* ---- STIX 2.1 ---- */

static void
begin_stix (TocsinExportWriter *self)
{
  const TocsinExportInfo *info = self->info;
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (self->out);
  char uuid[UUID_TEXT_BYTES], bundle[UUID_TEXT_BYTES];
  g_autofree char *state = g_strdup_printf ("%s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT,
                                            info->base_url, info->generation, info->as_of_us);

  make_uuid ("identity ", info->base_url, strlen (info->base_url), uuid);
  make_uuid ("bundle ", state, strlen (state), bundle);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "type", "bundle");
  member_id (&json, "id", "bundle--", bundle);
  tocsin_json_writer_name (&json, "objects");
  tocsin_json_writer_begin_array (&json);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "type", "identity");
  tocsin_json_writer_member_string (&json, "spec_version", "2.1");
  member_id (&json, "id", "identity--", uuid);
  /* An identity must say since when; it has been the same since there are such exports. */
  tocsin_json_writer_member_string (&json, "created", "2026-01-01T00:00:00Z");
  tocsin_json_writer_member_string (&json, "modified", "2026-01-01T00:00:00Z");
  tocsin_json_writer_member_string (&json, "name", info->base_url);
  tocsin_json_writer_member_string (&json, "identity_class", "system");
  tocsin_json_writer_end_object (&json);
}

/* STIX 2.1, section 9: in a string constant a quote and a backslash are escaped by a backslash. */
static void
append_pattern (GString *out, const TocsinExportRow *row)
{
  static const char *const properties[] = {
    [TOCSIN_SUBJECT_IP] = "ipv4-addr:value",
    [TOCSIN_SUBJECT_NETWORK] = "ipv4-addr:value",
    [TOCSIN_SUBJECT_EMAIL] = "email-addr:value",
    [TOCSIN_SUBJECT_DOMAIN] = "domain-name:value",
    [TOCSIN_SUBJECT_URL] = "url:value",
    [TOCSIN_SUBJECT_USERNAME] = "user-account:account_login",
    [TOCSIN_SUBJECT_ACTOR] = "url:value",
  };
  gboolean address = row->type == TOCSIN_SUBJECT_IP || row->type == TOCSIN_SUBJECT_NETWORK;

  g_string_append_c (out, '[');
  g_string_append (out, address && tocsin_export_is_v6 (row) ? "ipv6-addr:value"
                                                             : properties[row->type]);
  g_string_append (out, row->type == TOCSIN_SUBJECT_NETWORK ? " ISSUBSET '" : " = '");
  for (const char *p = row->value; *p != '\0'; p++)
    {
      if (*p == '\'' || *p == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *p);
    }
  g_string_append (out, "']");
}

static gboolean
write_stix (TocsinExportWriter *self, const TocsinExportRow *row)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (self->out);
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 first_s =
      row->first_seen_s != 0 ? row->first_seen_s : self->info->as_of_us / TOCSIN_SECOND_US;
  char uuid[UUID_TEXT_BYTES], identity[UUID_TEXT_BYTES];

  make_uuid ("indicator ", row->key->bytes, sizeof row->key->bytes, uuid);
  make_uuid ("identity ", self->info->base_url, strlen (self->info->base_url), identity);
  g_string_append (self->out, ",\n");
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "type", "indicator");
  tocsin_json_writer_member_string (&json, "spec_version", "2.1");
  member_id (&json, "id", "indicator--", uuid);
  member_id (&json, "created_by_ref", "identity--", identity);
  member_time (&json, "created", first_s);
  member_time (&json, "modified", MAX (first_s, row->last_seen_s));
  tocsin_export_append_reason (text, row->categories);
  tocsin_json_writer_member_string (&json, "name", text->str);
  g_string_truncate (text, 0);
  append_pattern (text, row);
  tocsin_json_writer_member_string (&json, "pattern", text->str);
  tocsin_json_writer_member_string (&json, "pattern_type", "stix");
  tocsin_json_writer_name (&json, "indicator_types");
  g_string_append (self->out, row->verdict >= TOCSIN_VERDICT_REVIEW ? "[\"malicious-activity\"]"
                                                                    : "[\"anomalous-activity\"]");
  json.comma = TRUE;
  member_time (&json, "valid_from", first_s);
  if (row->expires_s > first_s)
    member_time (&json, "valid_until", row->expires_s);
  tocsin_json_writer_member_int (&json, "confidence", row->score);
  tocsin_json_writer_name (&json, "labels");
  g_string_append_printf (self->out, "[\"tocsin:verdict=%s\"",
                          tocsin_verdict_to_string (row->verdict));
  if (row->categories != 0)
    {
      g_string_append (self->out, ",\"");
      tocsin_export_append_slugs (self->out, row->categories, "\",\"");
      g_string_append_c (self->out, '"');
    }
  g_string_append_c (self->out, ']');
  json.comma = TRUE;
  tocsin_json_writer_end_object (&json);
  return TRUE;
}

static void
end_stix (TocsinExportWriter *self)
{
  g_string_append (self->out, "]}\n");
}

const TocsinExportFormat tocsin_export_stix = {
  .name = "stix",
  .content_type = "application/stix+json;version=2.1",
  .types = TOCSIN_EXPORT_ALL,
  .possible = TOCSIN_EXPORT_ALL,
  .least = TOCSIN_VERDICT_REVIEW,
  .n_sections = 1,
  .begin = begin_stix,
  .row = write_stix,
  .end = end_stix,
};

/* ---- FIRES ----
 * A block is the recommendation to drop, which is FIRES' word for Mastodon's suspend; a review is
 * that to filter, its word for silence; a note is an advisory. Categories are labels, by the URIs
 * of our vocabulary. Of one state there are no changes, so the collection links none. */

static void
begin_fires (TocsinExportWriter *self)
{
  const TocsinExportInfo *info = self->info;
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (self->out);
  g_autofree char *id = g_strconcat (info->base_url, "/v1/export/fires", NULL);
  g_autofree char *summary =
      g_strdup_printf ("Snapshot of what %s lists, profile %s, from %s", info->base_url,
                       info->profile, tocsin_verdict_to_string (info->least));

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "@context");
  g_string_append (self->out, "[\"https://www.w3.org/ns/activitystreams\","
                              "\"https://fires.fedimod.org/context/fires.jsonld\"]");
  json.comma = TRUE;
  tocsin_json_writer_member_string (&json, "id", id);
  tocsin_json_writer_member_string (&json, "type", "OrderedCollection");
  tocsin_json_writer_member_string (&json, "summary", summary);
  member_time (&json, "updated", info->as_of_us / TOCSIN_SECOND_US);
  tocsin_json_writer_name (&json, "orderedItems");
  g_string_append_c (self->out, '[');
}

/* Our slugs need no escape. */
static void
write_labels (TocsinJsonWriter *json, guint64 categories)
{
  tocsin_json_writer_name (json, "labels");
  g_string_append_c (json->out, '[');
  if (categories != 0)
    {
      g_string_append (json->out, "\"" TOCSIN_NAMESPACE);
      tocsin_export_append_slugs (json->out, categories, "\",\"" TOCSIN_NAMESPACE);
      g_string_append_c (json->out, '"');
    }
  g_string_append_c (json->out, ']');
  json->comma = TRUE;
}

static gboolean
write_fires (TocsinExportWriter *self, const TocsinExportRow *row)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (self->out);
  gboolean advisory = row->verdict < TOCSIN_VERDICT_REVIEW;
  gint64 published_s =
      row->last_seen_s != 0 ? row->last_seen_s : self->info->as_of_us / TOCSIN_SECOND_US;
  g_autoptr (GString) comment = g_string_new (NULL);
  char uuid[UUID_TEXT_BYTES];

  if (row->allowed != NULL)
    return FALSE; /* servers take a domain for all that is below */
  make_uuid (tocsin_verdict_to_string (row->verdict), row->key->bytes, sizeof row->key->bytes,
             uuid);
  g_string_append (self->out, self->count > 0 ? ",\n" : "\n");
  tocsin_json_writer_begin_object (&json);
  member_id (&json, "id", "urn:uuid:", uuid);
  tocsin_json_writer_member_string (&json, "type", advisory ? "Advisory" : "Recommendation");
  member_time (&json, "published", published_s);
  tocsin_json_writer_member_string (&json, "entityKind",
                                    row->type == TOCSIN_SUBJECT_DOMAIN ? "domain" : "actor");
  tocsin_json_writer_member_string (&json, "entityKey", row->value);
  write_labels (&json, row->categories);
  if (!advisory)
    {
      tocsin_json_writer_member_string (&json, "recommendedPolicy",
                                        row->verdict == TOCSIN_VERDICT_BLOCK ? "drop" : "filter");
      tocsin_json_writer_name (&json, "recommendedFilters");
      tocsin_json_writer_begin_array (&json);
      tocsin_json_writer_end_array (&json);
    }
  tocsin_export_append_reason (comment, row->categories);
  tocsin_json_writer_member_string (&json, "comment", comment->str);
  tocsin_json_writer_end_object (&json);
  return TRUE;
}

static void
end_fires (TocsinExportWriter *self)
{
  g_string_append_printf (self->out, "],\"totalItems\":%" G_GUINT64_FORMAT "}\n", self->count);
}

const TocsinExportFormat tocsin_export_fires = {
  .name = "fires",
  .content_type = "application/ld+json",
  .types = TOCSIN_EXPORT_DOMAINS | TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_ACTOR),
  .possible = TOCSIN_EXPORT_DOMAINS | TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_ACTOR),
  .least = TOCSIN_VERDICT_REVIEW,
  .n_sections = 1,
  .begin = begin_fires,
  .row = write_fires,
  .end = end_fires,
};
