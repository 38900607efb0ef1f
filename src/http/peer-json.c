/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/peer-json.h"

#include "http/admin.h"

/* What keeps the peer from being heard in full, the gravest first. */
static const char *
state_of (const TocsinPeerView *view)
{
  if (view->blocked)
    return "blocked";
  if (view->retired)
    return "retired";
  if (view->blocks_us)
    return "blocks_us";
  if (view->key_hold)
    return "key_hold";
  if (view->version_hold)
    return "version_hold";
  return view->leaked ? "leaked" : "ok";
}

static void
write_weights (TocsinJsonWriter *json, const TocsinPeerView *view)
{
  tocsin_json_writer_name (json, "trust");
  if (view->weights[TOCSIN_AREA_ANY] >= 0)
    tocsin_json_writer_int (json, view->weights[TOCSIN_AREA_ANY]);
  else
    tocsin_json_writer_null (json);
  tocsin_json_writer_name (json, "areas");
  tocsin_json_writer_begin_object (json);
  for (guint area = 0; area < TOCSIN_N_AREAS; area++)
    if (view->weights[area] >= 0)
      tocsin_json_writer_member_int (json, tocsin_area_to_string ((TocsinArea) area),
                                     view->weights[area]);
  tocsin_json_writer_end_object (json);
  tocsin_json_writer_member_bool (json, "full", view->full);
  tocsin_json_writer_member_bool (json, "private", view->private_trust);
}

static void
write_relation (TocsinJsonWriter *json, const TocsinPeerView *view)
{
  tocsin_json_writer_member_string (json, "relation", view->relation);
  tocsin_json_writer_member_string (json, "following", view->following);
  tocsin_json_writer_member_string (json, "follower", view->follower);
  tocsin_admin_member_time (json, "following_since", view->following_since_us);
  tocsin_admin_member_time (json, "follower_since", view->follower_since_us);
  tocsin_json_writer_member_bool (json, "direct", view->direct);
  tocsin_json_writer_member_bool (json, "blocked", view->blocked);
  tocsin_json_writer_member_bool (json, "blocks_us", view->blocks_us);
  tocsin_json_writer_member_string (json, "state", state_of (view));
}

void
tocsin_peer_json_write_catch_up (TocsinJsonWriter *json, const TocsinPeerView *view)
{
  tocsin_json_writer_member_string (json, "state", view->catch_up);
  tocsin_json_writer_member_bool (json, "caught_up", g_str_equal (view->catch_up, "done"));
  tocsin_json_writer_member_int (json, "sequence", (gint64) view->read_sequence);
  tocsin_json_writer_member_int (json, "last_sequence", (gint64) view->last_sequence);
  tocsin_json_writer_member_int (json, "reports", (gint64) view->reports_read);
  tocsin_json_writer_name (json, "reports_total");
  if (view->reports_total >= 0)
    tocsin_json_writer_int (json, view->reports_total);
  else
    tocsin_json_writer_null (json);
  tocsin_admin_member_time (json, "begun", view->read_begun_us);
  tocsin_admin_member_time (json, "failed", view->read_failed_us);
  tocsin_admin_member_time (json, "retry", view->read_retry_us);
  tocsin_json_writer_member_string (json, "error", view->read_error);
}

static void
write_traffic (TocsinJsonWriter *json, const TocsinPeerView *view)
{
  tocsin_json_writer_member_string (json, "breaker", view->breaker);
  tocsin_admin_member_time (json, "breaker_open_until", view->breaker_open_until_us);
  tocsin_json_writer_member_int (json, "failures", view->failures);
  tocsin_json_writer_member_string (json, "inbound", view->inbound);
  tocsin_admin_member_time (json, "inbound_open_until", view->inbound_open_until_us);
  tocsin_admin_member_time (json, "last_seen", view->last_seen_us);
  tocsin_admin_member_time (json, "last_success", view->last_success_us);
  tocsin_json_writer_member_int (json, "queue", (gint64) view->queued);
  tocsin_json_writer_member_int (json, "dropped", (gint64) view->dropped);
  tocsin_json_writer_name (json, "catch_up");
  tocsin_json_writer_begin_object (json);
  tocsin_peer_json_write_catch_up (json, view);
  tocsin_json_writer_end_object (json);
  tocsin_json_writer_member_string (json, "sync", view->sync);
  tocsin_admin_member_time (json, "synced", view->sync_done_us);
}

static void
write_reciprocity (TocsinJsonWriter *json, const TocsinPeerView *view)
{
  tocsin_json_writer_member_double (json, "given", view->given);
  tocsin_json_writer_member_double (json, "got", view->got);
  tocsin_json_writer_member_double (json, "first", view->first);
  tocsin_json_writer_member_double (json, "confirmed", view->confirmed);
  tocsin_json_writer_member_double (json, "ratio", view->ratio);
  tocsin_json_writer_member_int (json, "given_total", (gint64) view->given_total);
  tocsin_json_writer_member_int (json, "got_total", (gint64) view->got_total);
  tocsin_json_writer_member_bool (json, "free_rider", view->free_rider);
  tocsin_json_writer_name (json, "reports");
  tocsin_json_writer_begin_object (json);
  for (guint state = 0; state < G_N_ELEMENTS (view->counts.by_state); state++)
    tocsin_json_writer_member_int (json, tocsin_state_to_string ((TocsinReportState) state),
                                   view->counts.by_state[state]);
  tocsin_json_writer_end_object (json);
}

static void
write_keys (TocsinJsonWriter *json, const TocsinPeerView *view)
{
  tocsin_json_writer_name (json, "fingerprints");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < view->fingerprints->len; i++)
    {
      const TocsinPeerFingerprint *print = g_ptr_array_index (view->fingerprints, i);

      tocsin_json_writer_string (json, print->fingerprint);
    }
  tocsin_json_writer_end_array (json);
  tocsin_json_writer_name (json, "keys");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < view->fingerprints->len; i++)
    {
      const TocsinPeerFingerprint *print = g_ptr_array_index (view->fingerprints, i);

      tocsin_json_writer_begin_object (json);
      tocsin_json_writer_member_string (json, "id", print->id);
      tocsin_json_writer_member_string (json, "fingerprint", print->fingerprint);
      tocsin_json_writer_member_bool (json, "pinned", print->pinned);
      tocsin_json_writer_member_bool (json, "current", print->current);
      tocsin_json_writer_end_object (json);
    }
  tocsin_json_writer_end_array (json);
}

void
tocsin_peer_json_write (TocsinJsonWriter *json,
                        TocsinTxn *txn,
                        const TocsinPeerRecord *peer,
                        gint64 now_us)
{
  g_auto (TocsinPeerView) view = { 0 };

  tocsin_peers_describe (txn, peer, now_us, &view);
  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "actor", view.actor);
  tocsin_json_writer_member_string (json, "acct", view.acct);
  tocsin_json_writer_member_string (json, "preferred_username", view.preferred_username);
  tocsin_json_writer_member_string (json, "name", view.name);
  write_relation (json, &view);
  write_weights (json, &view);
  write_traffic (json, &view);
  write_reciprocity (json, &view);
  write_keys (json, &view);
  tocsin_json_writer_member_string (json, "protocol_version", view.protocol_version);
  tocsin_json_writer_member_string (json, "moved_to", view.moved_to);
  tocsin_json_writer_member_string (json, "note", peer->note);
  tocsin_json_writer_end_object (json);
}
