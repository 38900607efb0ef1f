/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/export-query.h"

#include "core/clock.h"
#include "core/error.h"
#include "trust/snapshot.h"

static void
append_format_names (GString *out)
{
  gsize n;
  const TocsinExportFormat *const *formats = tocsin_export_formats (&n);

  for (gsize i = 0; i < n; i++)
    g_string_append_printf (out, "%s%s",
                            i == 0       ? ""
                            : i + 1 == n ? " and "
                                         : ", ",
                            formats[i]->name);
}

static gboolean
parse_format (const char *name, TocsinExportQuery *out, GError **error)
{
  g_autoptr (GString) names = NULL;

  out->format = tocsin_export_format (name);
  if (out->format != NULL)
    return TRUE;
  names = g_string_new (NULL);
  append_format_names (names);
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "The formats are %s", names->str);
  return FALSE;
}

/* g_strsplit() of nothing is nothing; here it is one empty name, which is none of any kind. */
static GStrv
split (const char *text)
{
  return *text != '\0' ? g_strsplit (text, ",", -1) : g_strsplit (",", ",", 1);
}

static gboolean
parse_types (const char *text, TocsinExportQuery *out, GError **error)
{
  g_auto (GStrv) names = NULL;

  out->types = out->format->types;
  if (text == NULL)
    return TRUE;
  names = split (text);
  out->types = 0;
  for (char **name = names; *name != NULL; name++)
    {
      TocsinSubjectType type = tocsin_subject_type_from_string (*name);

      if (type == TOCSIN_SUBJECT_NONE)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       "type: there is no type “%.40s”", *name);
          return FALSE;
        }
      if ((out->format->possible & TOCSIN_EXPORT_TYPE_BIT (type)) == 0)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       "type: %s cannot list subjects of type %s", out->format->name, *name);
          return FALSE;
        }
      out->types |= TOCSIN_EXPORT_TYPE_BIT (type);
    }
  return TRUE;
}

static gboolean
parse_categories (const char *text, TocsinExportQuery *out, GError **error)
{
  g_auto (GStrv) slugs = text != NULL ? split (text) : NULL;

  out->categories = 0;
  for (gsize i = 0; slugs != NULL && slugs[i] != NULL; i++)
    {
      const TocsinCategory *category = tocsin_category_by_slug (slugs[i]);

      if (category == NULL)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       "category: there is no category “%.40s”", slugs[i]);
          return FALSE;
        }
      out->categories |= G_GUINT64_CONSTANT (1) << category->id;
    }
  return TRUE;
}

static gboolean
parse_profile (const char *name, TocsinApi *api, TocsinExportQuery *out, GError **error)
{
  out->profile = name != NULL ? g_hash_table_lookup (api->profiles, name) : api->default_profile;
  if (out->profile != NULL)
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
               "profile: there is no profile “%.40s”", name);
  return FALSE;
}

static gboolean
parse_least (const char *text, TocsinExportQuery *out, GError **error)
{
  out->least = out->format->least;
  if (text != NULL && !tocsin_verdict_from_string (text, &out->least))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                         "min_verdict is none of allow, note, review and block");
  else if (out->least == TOCSIN_VERDICT_ALLOW && !out->format->says_verdict)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                 "min_verdict: %s cannot say that an entry is allowed", out->format->name);
  else
    return TRUE;
  return FALSE;
}

gboolean
tocsin_export_query_parse (TocsinRequest *request,
                           TocsinApi *api,
                           TocsinExportQuery *out,
                           GError **error)
{
  *out = (TocsinExportQuery){ 0 };
  if (!parse_format (tocsin_request_get_param (request, "format"), out, error))
    return FALSE;
  return parse_least (tocsin_request_get_query (request, "min_verdict"), out, error) &&
         parse_types (tocsin_request_get_query (request, "type"), out, error) &&
         parse_categories (tocsin_request_get_query (request, "category"), out, error) &&
         parse_profile (tocsin_request_get_query (request, "profile"), api, out, error);
}

gboolean
tocsin_export_query_equal (const TocsinExportQuery *a, const TocsinExportQuery *b)
{
  return a->format == b->format && a->profile == b->profile && a->least == b->least &&
         a->types == b->types && a->categories == b->categories;
}

gboolean
tocsin_export_moment_equal (const TocsinExportMoment *a, const TocsinExportMoment *b)
{
  return a->generation == b->generation && a->version == b->version && a->as_of_us == b->as_of_us &&
         a->observe == b->observe && a->observe_version == b->observe_version;
}

gboolean
tocsin_export_trust_check (const TocsinJudge *judge, GError **error)
{
  if (tocsin_trust_snapshot_version (judge->scoring.trust) != 0)
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                       "Who is believed is not worked out yet");
  return FALSE;
}

gboolean
tocsin_export_moment (TocsinJudge *judge, TocsinExportMoment *out, GError **error)
{
  gint64 now_us = judge->scoring.now_us;

  if (!tocsin_txn_check (judge->txn, error))
    return FALSE;
  if (!tocsin_time_is_sane (now_us))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "The clock of this node cannot be right");
      return FALSE;
    }
  if (!tocsin_export_trust_check (judge, error))
    return FALSE;
  *out = (TocsinExportMoment){
    .generation = judge->generation,
    .version = tocsin_judge_version (judge),
    .as_of_us = now_us / TOCSIN_HOUR_US * TOCSIN_HOUR_US,
    .observe = tocsin_api_is_observing (judge->state, now_us),
    .observe_version = judge->state->observe_version,
  };
  judge->scoring.now_us = out->as_of_us;
  /* The budget of single voices counts events that are asked about; here nobody asks. */
  judge->scoring.over_budget = NULL;
  judge->scoring.n_over_budget = 0;
  judge->scoring.own_only = out->observe;
  return TRUE;
}

char *
tocsin_export_etag (const TocsinExportQuery *query,
                    const TocsinExportMoment *moment,
                    const TocsinApi *api)
{
  g_autofree char *text =
      g_strdup_printf ("%s %s %u %u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                       " %" G_GINT64_FORMAT " %d %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT,
                       query->format->name, query->profile->name, (guint) query->least,
                       query->types, query->categories, moment->generation, moment->version,
                       moment->as_of_us, moment->observe, moment->observe_version, api->started_us);
  TocsinId id = tocsin_id_for_string (text);
  g_autofree char *hex = tocsin_hex_encode (id.bytes, sizeof id.bytes);

  return g_strdup_printf ("\"%s\"", hex);
}
