/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/status: how this node is, in one document.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "config.h"

#include "core/clock.h"
#include "core/limits.h"
#include "http/admin.h"
#include "http/peer-trouble.h"
#include "http/routes-admin.h"
#include "store/table-actors.h"
#include "store/table-allow.h"
#include "store/table-evidence.h"
#include "store/table-meta.h"
#include "store/table-peers.h"
#include "store/table-queue.h"
#include "store/table-reports.h"
#include "store/table-review.h"
#include "store/table-subjects.h"
#include "store/table-trust.h"

#define TOLD_MAX 5 /* of a kind */

static void
write_identity (TocsinJsonWriter *json, TocsinApi *api)
{
  const TocsinIdentity *identity = api->federation != NULL ? api->federation->identity : NULL;
  g_autofree char *fingerprint = identity != NULL ? tocsin_identity_fingerprint (identity) : NULL;

  tocsin_json_writer_member_string (json, "version", PACKAGE_VERSION);
  tocsin_json_writer_member_string (json, "base_url", api->base_url);
  tocsin_json_writer_member_string (json, "actor",
                                    identity != NULL ? tocsin_identity_get_actor (identity) : NULL);
  tocsin_json_writer_member_string (json, "fingerprint", fingerprint);
}

static void
write_counts (TocsinJsonWriter *json, TocsinApi *api, TocsinTxn *txn)
{
  TocsinPeerCounts peers;
  gsize trusted;

  tocsin_peers_count (txn, &peers);
  tocsin_trust_snapshot_trusted (tocsin_api_trust (api), &trusted);
  tocsin_json_writer_name (json, "counts");
  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_int (json, "peers", (gint64) peers.peers);
  tocsin_json_writer_member_int (json, "direct", (gint64) peers.direct);
  tocsin_json_writer_member_int (json, "following_pending", (gint64) peers.following_pending);
  tocsin_json_writer_member_int (json, "followers", (gint64) peers.followers);
  tocsin_json_writer_member_int (json, "followers_pending", (gint64) peers.followers_pending);
  tocsin_json_writer_member_int (json, "blocked", (gint64) peers.blocked);
  tocsin_json_writer_member_int (json, "away", (gint64) peers.away);
  tocsin_json_writer_member_int (json, "trusted", (gint64) trusted);
  tocsin_json_writer_member_int (json, "actors", (gint64) tocsin_actors_count (txn));
  tocsin_json_writer_member_int (json, "subjects", (gint64) tocsin_subjects_count (txn));
  tocsin_json_writer_member_int (json, "evidence", (gint64) tocsin_evidence_count (txn));
  tocsin_json_writer_member_int (json, "reports", (gint64) tocsin_reports_count (txn));
  tocsin_json_writer_member_int (json, "trust_statements", (gint64) tocsin_trust_count (txn));
  tocsin_json_writer_member_int (json, "allow", (gint64) tocsin_allow_count (txn));
  tocsin_json_writer_member_int (json, "review", (gint64) tocsin_review_count_open (txn));
  tocsin_json_writer_end_object (json);
}

static void
write_observe (TocsinJsonWriter *json, TocsinApi *api, gint64 now_us)
{
  const TocsinApiState *state = tocsin_api_state (api);
  gboolean on = tocsin_api_is_observing (state, now_us);
  TocsinObserved observed;
  const guint64 *n = observed.by_verdict;

  tocsin_api_get_observed (api, &observed);
  tocsin_json_writer_name (json, "observe");
  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_bool (json, "on", on);
  tocsin_admin_member_time (json, "until", on ? state->observe_until_us : 0);
  tocsin_json_writer_member_int (json, "checks",
                                 (gint64) (n[TOCSIN_VERDICT_ALLOW] + n[TOCSIN_VERDICT_NOTE] +
                                           n[TOCSIN_VERDICT_REVIEW] + n[TOCSIN_VERDICT_BLOCK]));
  tocsin_json_writer_member_int (json, "review", (gint64) n[TOCSIN_VERDICT_REVIEW]);
  tocsin_json_writer_member_int (json, "block", (gint64) n[TOCSIN_VERDICT_BLOCK]);
  tocsin_json_writer_end_object (json);
}

typedef struct
{
  TocsinJsonWriter *json;
  guint n;
} Troubles;

static gboolean
write_trouble (TocsinPeerTrouble trouble,
               const char *actor,
               const char *error G_GNUC_UNUSED,
               gpointer data)
{
  Troubles *self = data;
  g_autofree char *text = NULL;

  if (++self->n > TOLD_MAX)
    return TRUE;
  if (trouble == TOCSIN_PEER_TROUBLE_KEY)
    text = g_strdup_printf ("%s is held: its key changed unproven; compare the fingerprint, then "
                            "tocsin peer confirm-key",
                            actor);
  else
    text = g_strdup_printf ("%s could not be read to the end; see tocsin peer show", actor);
  tocsin_json_writer_string (self->json, text);
  return TRUE;
}

static void
write_troubles (TocsinJsonWriter *json, TocsinTxn *txn)
{
  Troubles troubles = { .json = json };

  tocsin_peer_trouble_foreach (txn, write_trouble, &troubles);
  if (troubles.n > TOLD_MAX)
    {
      g_autofree char *text = g_strdup_printf (
          "%u more peers are held or could not be read; see tocsin doctor", troubles.n - TOLD_MAX);

      tocsin_json_writer_string (json, text);
    }
}

static void
write_feeds (TocsinJsonWriter *json, TocsinFeeds *feeds, gint64 now_us)
{
  g_autoptr (GPtrArray) list = tocsin_feeds_list (feeds);
  guint n = 0;

  for (guint i = 0; i < list->len; i++)
    {
      const TocsinFeed *feed = g_ptr_array_index (list, i);
      const char *name = feed->record.name;
      gboolean stale = tocsin_feeds_is_stale (feeds, feed, now_us);
      g_autofree char *text = NULL;

      if (!feed->record.enabled || (tocsin_feed_find_error (feed) == NULL && !stale) ||
          ++n > TOLD_MAX)
        continue;
      text = g_strdup_printf ("The list %s %s; see tocsin feed show %s", name,
                              stale ? "was last read too long ago to count" : "could not be read",
                              name);
      tocsin_json_writer_string (json, text);
    }
  if (n > TOLD_MAX)
    {
      g_autofree char *text =
          g_strdup_printf ("%u more lists could not be read; see tocsin doctor", n - TOLD_MAX);

      tocsin_json_writer_string (json, text);
    }
}

static void
write_fill (TocsinJsonWriter *json, const TocsinStoreFill *fill)
{
  g_autofree char *text = NULL;

  if (fill->percent < TOCSIN_STORE_WARN_PERCENT)
    return;
  text = g_strdup_printf ("The store is %u %% full; at %d %% it takes no reports any more: %s",
                          fill->percent, TOCSIN_STORE_FULL_PERCENT,
                          fill->by_disk ? "make room on its disk" : "raise map-size-gib");
  tocsin_json_writer_string (json, text);
}

static void
write_warnings (TocsinJsonWriter *json,
                TocsinApi *api,
                TocsinTxn *txn,
                const TocsinStoreFill *fill,
                gint64 now_us)
{
  tocsin_json_writer_name (json, "warnings");
  tocsin_json_writer_begin_array (json);
  write_fill (json, fill);
  if (!tocsin_time_is_sane (now_us))
    tocsin_json_writer_string (json, "The clock is wrong; nothing is signed until it is set");
  if (!tocsin_writer_is_alive (api->writer))
    tocsin_json_writer_string (json, "Nothing can be written: the disk may be full");
  if (tocsin_trust_snapshot_version (tocsin_api_trust (api)) == 0)
    tocsin_json_writer_string (
        json, "Who is believed could not be worked out, so nobody is; the log says why");
  write_troubles (json, txn);
  if (api->feeds != NULL)
    write_feeds (json, api->feeds, now_us);
  tocsin_json_writer_end_array (json);
}

static void
on_status (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));
  gint64 now_us = tocsin_api_now_us (api);
  TocsinStoreFill fill;
  g_autoptr (GError) error = NULL;

  tocsin_store_fill (api->store, &fill);
  tocsin_json_writer_begin_object (&json);
  write_identity (&json, api);
  tocsin_json_writer_member_int (&json, "uptime_seconds",
                                 MAX (now_us - api->started_us, 0) / TOCSIN_SECOND_US);
  write_counts (&json, api, txn);
  tocsin_json_writer_name (&json, "store");
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_int (&json, "fill_percent", fill.percent);
  tocsin_json_writer_member_int (&json, "generation",
                                 (gint64) tocsin_store_generation (api->store));
  tocsin_json_writer_member_int (&json, "epoch", (gint64) tocsin_meta_epoch (txn));
  tocsin_json_writer_end_object (&json);
  tocsin_json_writer_member_int (&json, "queue", (gint64) tocsin_queue_count (txn));
  write_observe (&json, api, now_us);
  tocsin_json_writer_member_string (&json, "profile", api->default_profile->name);
  tocsin_json_writer_name (&json, "clock");
  tocsin_json_writer_begin_object (&json);
  tocsin_admin_member_time (&json, "now", now_us);
  tocsin_json_writer_member_bool (&json, "sane", tocsin_time_is_sane (now_us));
  tocsin_json_writer_end_object (&json);
  write_warnings (&json, api, txn, &fill, now_us);
  tocsin_json_writer_end_object (&json);
  if (!tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/status", on_status, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN | TOCSIN_SCOPE_CHECK, 0,
    NULL },
};

void
tocsin_route_status_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
