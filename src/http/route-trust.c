/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/trust: who is believed, how far, and through whom.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "http/admin.h"
#include "http/routes-admin.h"
#include "store/table-actors.h"

#define PATHS_MAX 5
#define PERCENT   100.0

static gboolean
read_area (TocsinRequest *request, TocsinArea *out, GError **error)
{
  const char *name = tocsin_request_get_query (request, "area");

  *out = TOCSIN_AREA_ANY;
  if (name == NULL || tocsin_area_from_string (name, out))
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       "area: it is none of any, spam, abuse, security");
  return FALSE;
}

/* 0.8 is what the operator typed as 80. */
static int
percent_of (double weight)
{
  return (int) lround (weight * PERCENT);
}

/* What is known of @actor in @area, but for its name. */
static void
write_standing (TocsinJsonWriter *json,
                TocsinTxn *txn,
                const TocsinTrustSnapshot *trust,
                TocsinArea area,
                guint32 actor)
{
  guint32 branch = tocsin_trust_snapshot_branch_of (trust, actor);
  double weight = tocsin_trust_snapshot_direct_weight (trust, area, actor);

  tocsin_json_writer_member_double (json, "rank", tocsin_trust_snapshot_rank (trust, area, actor));
  tocsin_json_writer_member_double (json, "y", tocsin_trust_snapshot_y (trust, area, actor));
  tocsin_json_writer_member_int (json, "hops", tocsin_trust_snapshot_hops (trust, actor));
  tocsin_json_writer_member_bool (json, "direct", tocsin_trust_snapshot_is_direct (trust, actor));
  if (branch != TOCSIN_WALKS_NOBODY)
    tocsin_admin_member_actor (json, "branch", txn, branch);
  else
    tocsin_json_writer_member_string (json, "branch", NULL);
  tocsin_json_writer_name (json, "weight");
  if (weight > 0)
    tocsin_json_writer_int (json, percent_of (weight));
  else
    tocsin_json_writer_null (json);
}

/* ---- GET /v1/trust ---- */

typedef struct
{
  guint32 actor;
  double y;
} Place;

static int
compare_places (gconstpointer a, gconstpointer b)
{
  const Place *one = a;
  const Place *other = b;

  if (one->y != other->y)
    return one->y > other->y ? -1 : 1;
  return one->actor < other->actor ? -1 : one->actor > other->actor;
}

static GArray *
places_in (const TocsinTrustSnapshot *trust, TocsinArea area)
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (Place));
  gsize n;
  const TocsinTrustedActor *trusted = tocsin_trust_snapshot_trusted (trust, &n);

  for (gsize i = 0; i < n; i++)
    {
      Place place = { .actor = trusted[i].actor,
                      .y = tocsin_trust_snapshot_y (trust, area, trusted[i].actor) };

      if (tocsin_trust_snapshot_counts (trust, area, place.actor))
        g_array_append_val (places, place);
    }
  g_array_sort (places, compare_places);
  return places;
}

static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  const TocsinTrustSnapshot *trust = tocsin_api_trust (api);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  g_autoptr (GArray) places = NULL;
  g_autoptr (GError) error = NULL;
  TocsinJsonWriter json = { 0 };
  TocsinArea area;

  if (!read_area (request, &area, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  places = places_in (trust, area);
  json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "area", tocsin_area_to_string (area));
  tocsin_json_writer_name (&json, "actors");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < places->len; i++)
    {
      guint32 actor = g_array_index (places, Place, i).actor;

      tocsin_json_writer_begin_object (&json);
      tocsin_admin_member_actor (&json, "actor", txn, actor);
      write_standing (&json, txn, trust, area, actor);
      tocsin_json_writer_end_object (&json);
    }
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
  if (!tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

/* ---- GET /v1/trust/{actor} ---- */

/* Host, and the port where the URI names one: as a check's answer calls a reporter. */
static char *
host_of (TocsinTxn *txn, guint32 actor)
{
  const char *uri = tocsin_actors_peek_uri (txn, actor);
  const char *host = uri != NULL ? strstr (uri, "://") : NULL;

  if (host == NULL)
    return g_strdup ("?");
  host += strlen ("://");
  return g_strndup (host, strcspn (host, "/"));
}

/* The last one is whom the question is about, so it is not named. */
static char *
path_text (TocsinTxn *txn, const TocsinTrustPath *path)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i + 1 < path->n_actors; i++)
    {
      g_autofree char *host = host_of (txn, path->actors[i]);

      if (i == 0)
        g_string_append_printf (text, "through %s, whom you trust %d", host,
                                percent_of (path->weights[0]));
      else
        g_string_append_printf (text, "%s%s", i + 2 < path->n_actors ? ", " : ", and ", host);
    }
  if (path->n_actors == 1)
    g_string_append_printf (text, "directly: you trust it %d", percent_of (path->weights[0]));
  return g_strdup (text->str);
}

static void
write_path (TocsinJsonWriter *json, TocsinTxn *txn, const TocsinTrustPath *path)
{
  g_autofree char *text = path_text (txn, path);

  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "text", text);
  tocsin_json_writer_name (json, "actors");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < path->n_actors; i++)
    tocsin_json_writer_string (json, tocsin_actors_peek_uri (txn, path->actors[i]));
  tocsin_json_writer_end_array (json);
  tocsin_json_writer_name (json, "weights");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < path->n_actors; i++)
    tocsin_json_writer_int (json, percent_of (path->weights[i]));
  tocsin_json_writer_end_array (json);
  tocsin_json_writer_member_double (json, "strength", path->strength);
  tocsin_json_writer_end_object (json);
}

static void
write_actor (TocsinJsonWriter *json,
             TocsinTxn *txn,
             const TocsinTrustSnapshot *trust,
             TocsinArea area,
             guint32 actor)
{
  g_autoptr (GPtrArray) paths = tocsin_trust_snapshot_paths (trust, area, actor, PATHS_MAX);

  tocsin_json_writer_begin_object (json);
  tocsin_admin_member_actor (json, "actor", txn, actor);
  tocsin_json_writer_member_string (json, "area", tocsin_area_to_string (area));
  tocsin_json_writer_member_bool (json, "counts",
                                  tocsin_trust_snapshot_counts (trust, area, actor));
  tocsin_json_writer_member_bool (json, "distrusted",
                                  tocsin_trust_snapshot_is_distrusted (trust, actor));
  tocsin_json_writer_member_bool (json, "full",
                                  tocsin_trust_snapshot_is_full_trust (trust, area, actor));
  write_standing (json, txn, trust, area, actor);
  tocsin_json_writer_name (json, "paths");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < paths->len; i++)
    write_path (json, txn, g_ptr_array_index (paths, i));
  tocsin_json_writer_end_array (json);
  tocsin_json_writer_end_object (json);
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  const TocsinTrustSnapshot *trust = tocsin_api_trust (api);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  g_autoptr (GError) error = NULL;
  TocsinArea area;
  guint32 actor;

  if (read_area (request, &area, &error) &&
      tocsin_admin_get_actor (txn, tocsin_request_get_param (request, "actor"),
                              "This node has not heard of this actor", &actor, &error))
    {
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      write_actor (&json, txn, trust, area, actor);
    }
  if (error != NULL || !tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

static const char *const query[] = { "area", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/trust", on_list, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL, query },
  { "GET", "/v1/trust/{actor}", on_get, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL, query },
};

void
tocsin_route_trust_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
