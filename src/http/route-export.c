/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/export/FORMAT: every subject that this node knows in clear and judges at least
 * `min_verdict`, for programs that read lists. The body is made in slices, each from one read
 * transaction, so that it costs the same memory however large the store is. A store that fails
 * half-way cuts the connection: a list is whole, or visibly is not.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "config.h"

#include <string.h>

#include "codec/json-writer.h"
#include "http/admin.h"
#include "http/judge.h"
#include "http/routes.h"

#define SLICE_SUBJECTS 200

typedef enum
{
  FORMAT_JSON,
  FORMAT_CSV,
  FORMAT_LINES,
  FORMAT_MASTODON, /* domain blocks, as Mastodon imports them */
} Format;

static const char *const format_names[] = { "json", "csv", "lines", "mastodon-csv" };
static const char *const content_types[] = { TOCSIN_TYPE_JSON, "text/csv; charset=utf-8",
                                             TOCSIN_TYPE_TEXT, "text/csv; charset=utf-8" };

typedef struct
{
  TocsinApi *api;
  Format format;
  TocsinVerdict least;
  TocsinSubjectType type; /* NONE: all */
  TocsinSubjectKey after;
  gboolean begun;
  gboolean ended;
  guint in_slice;
  guint64 count;
  GString *pending; /* (owned) made, and not yet sent */
  gsize sent;
  TocsinJudge *judge; /* of the slice being made */
} Export;

static void
export_free (gpointer data)
{
  Export *export = data;

  g_string_free (export->pending, TRUE);
  g_free (export);
}

/* A CSV field; what begins like a formula is made text, since people open such files. */
static void
append_field (GString *out, const char *text)
{
  gboolean formula = text[0] != '\0' && strchr ("=+-@\t\r", text[0]) != NULL;

  g_string_append_c (out, '"');
  if (formula)
    g_string_append_c (out, '\'');
  for (; *text != '\0'; text++)
    {
      if (*text == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, *text);
    }
  g_string_append_c (out, '"');
}

static char *
join_categories (const TocsinSubjectFinding *finding)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < finding->categories->len; i++)
    {
      const TocsinCategoryFinding *c =
          &g_array_index (finding->categories, TocsinCategoryFinding, i);

      g_string_append_printf (out, "%s%s", i > 0 ? " " : "",
                              tocsin_category_by_id (c->category)->slug);
    }
  return g_string_free (out, FALSE);
}

static void
append_json (Export *export, const TocsinSubjectRecord *record, const TocsinFinding *finding)
{
  g_autofree char *categories =
      join_categories (&g_array_index (finding->subjects, TocsinSubjectFinding, 0));
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (export->pending);

  if (export->count > 0)
    g_string_append_c (export->pending, ',');
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "type", tocsin_subject_type_to_string (record->type));
  tocsin_json_writer_member_string (&json, "value", record->value);
  tocsin_json_writer_member_string (&json, "verdict", tocsin_verdict_to_string (finding->verdict));
  tocsin_json_writer_member_int (&json, "score", finding->score);
  tocsin_json_writer_member_string (&json, "categories", categories);
  tocsin_json_writer_end_object (&json);
}

static void
append_csv (Export *export, const TocsinSubjectRecord *record, const TocsinFinding *finding)
{
  g_autofree char *categories =
      join_categories (&g_array_index (finding->subjects, TocsinSubjectFinding, 0));
  GString *out = export->pending;

  g_string_append_printf (out, "%s,", tocsin_subject_type_to_string (record->type));
  append_field (out, record->value);
  g_string_append_printf (out, ",%s,%u,%s\r\n", tocsin_verdict_to_string (finding->verdict),
                          finding->score, categories);
}

static void
append_mastodon (Export *export, const TocsinSubjectRecord *record, const TocsinFinding *finding)
{
  append_field (export->pending, record->value);
  g_string_append_printf (export->pending, ",%s,False,False,",
                          finding->verdict == TOCSIN_VERDICT_BLOCK ? "suspend" : "silence");
  append_field (export->pending, finding->summary);
  g_string_append (export->pending, ",False\r\n");
}

static gboolean
on_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Export *export = data;
  TocsinSubject subject;
  g_auto (TocsinFinding) finding = { 0 };

  export->after = record->key;
  export->in_slice++;
  if (record->value != NULL &&
      (export->type == TOCSIN_SUBJECT_NONE || record->type == export->type))
    {
      tocsin_judge_key (export->judge, record, &subject, &finding);
      if (finding.verdict >= export->least)
        {
          if (export->format == FORMAT_JSON)
            append_json (export, record, &finding);
          else if (export->format == FORMAT_CSV)
            append_csv (export, record, &finding);
          else if (export->format == FORMAT_MASTODON)
            append_mastodon (export, record, &finding);
          else
            g_string_append_printf (export->pending, "%s\n", record->value);
          export->count++;
        }
    }
  return export->in_slice < SLICE_SUBJECTS;
}

static void
append_head (Export *export)
{
  if (export->format == FORMAT_JSON)
    g_string_append (export->pending, "{\"subjects\":[");
  else if (export->format == FORMAT_CSV)
    g_string_append (export->pending, "type,value,verdict,score,categories\r\n");
  else if (export->format == FORMAT_MASTODON)
    g_string_append (export->pending, "#domain,#severity,#reject_media,#reject_reports,"
                                      "#public_comment,#obfuscate\r\n");
}

/* The next slice; %FALSE if the store failed. */
static gboolean
make_slice (Export *export)
{
  g_auto (TocsinJudge) judge = { 0 };
  const TocsinSubjectKey *after = export->begun ? &export->after : NULL;

  g_string_truncate (export->pending, 0);
  export->sent = 0;
  if (!export->begun)
    append_head (export);
  export->begun = TRUE;
  export->in_slice = 0;
  tocsin_judge_begin (&judge, export->api, NULL, FALSE);
  export->judge = &judge;
  tocsin_subjects_foreach (judge.txn, "", after, on_subject, export);
  if (!tocsin_txn_check (judge.txn, NULL))
    return FALSE;
  if (export->in_slice < SLICE_SUBJECTS)
    {
      export->ended = TRUE;
      if (export->format == FORMAT_JSON)
        g_string_append_printf (export->pending, "],\"count\":%" G_GUINT64_FORMAT "}\n",
                                export->count);
    }
  return TRUE;
}

static gssize
pull (gpointer data, guint8 *buffer, gsize size)
{
  Export *export = data;
  gsize n;

  while (export->sent == export->pending->len)
    {
      if (export->ended)
        return 0;
      if (!make_slice (export))
        return -1;
    }
  n = MIN (size, export->pending->len - export->sent);
  memcpy (buffer, export->pending->str + export->sent, n);
  export->sent += n;
  return (gssize) n;
}

static gboolean
read_query (TocsinRequest *request, TocsinReply *reply, Export *export)
{
  const char *format = tocsin_request_get_param (request, "format");
  const char *least = tocsin_request_get_query (request, "min_verdict");
  const char *type = tocsin_request_get_query (request, "type");
  guint i = 0;

  while (i < G_N_ELEMENTS (format_names) && !g_str_equal (format, format_names[i]))
    i++;
  if (i == G_N_ELEMENTS (format_names))
    {
      tocsin_reply_set_problem (reply, 404, "not-found",
                                "The formats are json, csv, lines and mastodon-csv");
      return FALSE;
    }
  export->format = (Format) i;
  export->least = export->format == FORMAT_MASTODON ? TOCSIN_VERDICT_REVIEW : TOCSIN_VERDICT_NOTE;
  if (export->format == FORMAT_MASTODON)
    export->type = TOCSIN_SUBJECT_DOMAIN;
  else if (type != NULL)
    export->type = tocsin_subject_type_from_string (type);
  if ((least == NULL || tocsin_verdict_from_string (least, &export->least)) &&
      (type == NULL || tocsin_subject_type_from_string (type) != TOCSIN_SUBJECT_NONE))
    return TRUE;
  tocsin_reply_set_problem (reply, 422, "unprocessable",
                            "min_verdict is allow, note, review or block; type one of a subject");
  return FALSE;
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  Export *export = g_new0 (Export, 1);

  export->api = data;
  export->pending = g_string_new (NULL);
  /* The first slice here, so that a store that fails is 503 and not an empty list. */
  if (!read_query (request, reply, export))
    {
      export_free (export);
      return;
    }
  if (!make_slice (export))
    {
      export_free (export);
      tocsin_reply_set_problem (reply, 503, "unavailable", "The store could not be read");
      return;
    }
  tocsin_reply_add_header (reply, "Cache-Control", "private, no-store");
  tocsin_reply_set_stream (reply, content_types[export->format], pull, export, export_free);
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/export/{format}", on_get, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_STREAM, 0, NULL },
};

void
tocsin_route_export_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
