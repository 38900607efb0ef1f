/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What others may read of us (docs/wire "Catching up"). The one place that decides who sees
 * what is may_see(); everything here asks it.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/outbox-view.h"

#include "codec/activity.h"
#include "codec/as-write.h"
#include "codec/collection-json.h"
#include "codec/report-json.h"
#include "core/clock.h"
#include "core/error.h"
#include "fed/guards.h"
#include "fed/pinning.h"
#include "store/table-actors.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"
#include "store/table-reports.h"
#include "store/table-trust.h"

/* Entries that one page looks at; long gaps take several pages. To pass over so many takes less
 * than to write what fits on a page, so that no request costs more than another of the same rate.
 */
#define PAGE_SCAN_MAX 1000

/**
 * tocsin_viewer_for:
 * @txn: a transaction
 * @policy: the state of this node
 * @signer: (nullable): the actor who signed the request; %NULL if nobody did
 * @key: (nullable): by which of the keys that its document names
 * @now_us: the time
 *
 * Returns: what that actor is to us
 */
TocsinViewer
tocsin_viewer_for (TocsinTxn *txn,
                   const TocsinPolicy *policy,
                   const char *signer,
                   const TocsinPublicKey *key,
                   gint64 now_us)
{
  TocsinViewer viewer = { .kind =
                              signer != NULL ? TOCSIN_VIEWER_STRANGER : TOCSIN_VIEWER_UNSIGNED };
  g_auto (TocsinPeerRecord) peer = { 0 };

  if (signer == NULL || !tocsin_actors_find (txn, signer, &viewer.actor) ||
      viewer.actor == TOCSIN_ACTOR_LOCAL)
    return viewer;
  if (!tocsin_peers_get (txn, viewer.actor, &peer) || !tocsin_peer_record_is_follower (&peer))
    return viewer;
  /* Who holds a peer's host has a document with keys of its own there, and asks as that peer. */
  viewer.in_doubt = key != NULL && !peer.key_hold && !tocsin_pinning_vouches_for (txn, &peer, key);
  /* docs/wire "Who speaks": to another major version of the protocol no Adds go, so none lie
   * here for it either; but what it has from before is taken back. So for one that is paused or
   * in doubt: it has no digest to compare until it may read again. */
  viewer.removes_only = tocsin_peer_record_is_kept_from_adds (&peer) || viewer.in_doubt ||
                        (policy->free_rider_pauses && tocsin_guards_is_free_rider (&peer, now_us));
  viewer.given = peer.delivered_sequence;
  viewer.kind =
      peer.follower == TOCSIN_FOLLOWER_READER ? TOCSIN_VIEWER_READER : TOCSIN_VIEWER_GUEST;
  return viewer;
}

static gboolean
is_follower (const TocsinViewer *viewer)
{
  return viewer->kind == TOCSIN_VIEWER_GUEST || viewer->kind == TOCSIN_VIEWER_READER;
}

/* Whether there are collections for @viewer, and not the outbox alone. */
static gboolean
has_collections (const TocsinViewer *viewer)
{
  return is_follower (viewer) && !viewer->removes_only;
}

static gboolean
may_see (const TocsinViewer *viewer, TocsinSharing sharing, gboolean is_own)
{
  switch (viewer->kind)
    {
    case TOCSIN_VIEWER_GUEST:
      return sharing == TOCSIN_SHARING_CLEAR;
    case TOCSIN_VIEWER_READER:
      return sharing != TOCSIN_SHARING_AMBER || is_own;
    case TOCSIN_VIEWER_UNSIGNED:
    case TOCSIN_VIEWER_STRANGER:
    default:
      return FALSE;
    }
}

static gboolean
may_see_entry (const TocsinViewer *viewer, const TocsinOutboxRecord *entry)
{
  if (entry->kind == TOCSIN_OUTBOX_MESSAGE)
    return FALSE;
  /* Our own document is public; that it changed is for all who follow. */
  if (entry->kind == TOCSIN_OUTBOX_UPDATE)
    return is_follower (viewer);
  if (viewer->removes_only && entry->kind != TOCSIN_OUTBOX_REMOVE)
    return FALSE;
  return may_see (viewer, entry->sharing, entry->origin == TOCSIN_ACTOR_LOCAL);
}

/* For what has no bare form: without a signature 401, else as if it did not exist. */
static void
refuse (const TocsinViewer *viewer, GError **error)
{
  if (viewer->kind == TOCSIN_VIEWER_UNSIGNED)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED,
                         "This has to be asked for with a signature");
  else
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "There is no such thing");
}

/* A guest that becomes a reader, and one that may read everything again, have passed over what they
 * may see from now on. In an epoch of their own they read again from 0. */
static char *
epoch_text (TocsinTxn *txn, const TocsinViewer *viewer)
{
  return g_strdup_printf ("%016" G_GINT64_MODIFIER "x%s%s", tocsin_meta_epoch (txn),
                          viewer->kind == TOCSIN_VIEWER_GUEST ? "g" : "",
                          viewer->removes_only ? "r" : "");
}

static GBytes *
bare_head (const TocsinIdentity *identity, const char *id)
{
  g_autoptr (TocsinCollectionHead) head =
      tocsin_collection_head_new (id, tocsin_identity_get_actor (identity));

  return tocsin_collection_head_to_bytes (head);
}

/**
 * tocsin_outbox_view_head:
 * @txn: a transaction
 * @identity: who we are
 * @viewer: who asks
 *
 * Returns: (transfer full): BASE/outbox
 */
GBytes *
tocsin_outbox_view_head (TocsinTxn *txn, const TocsinIdentity *identity, const TocsinViewer *viewer)
{
  const char *outbox = tocsin_identity_get_document (identity)->outbox;
  g_autoptr (TocsinCollectionHead) head = NULL;

  if (!is_follower (viewer))
    return bare_head (identity, outbox);
  head = tocsin_collection_head_new (outbox, tocsin_identity_get_actor (identity));
  head->epoch = epoch_text (txn, viewer);
  head->last_sequence = (gint64) tocsin_outbox_last (txn);
  head->first = g_strdup_printf ("%s/after/0", outbox);
  return tocsin_collection_head_to_bytes (head);
}

typedef struct
{
  TocsinTxn *txn;
  const TocsinViewer *viewer;
  TocsinOutboxPage *page;
  GArray *given;
  guint64 complete; /* every entry up to here is in, or not for this viewer */
  guint scanned;
  gboolean is_full;
} Filling;

/* %FALSE: there is no room for it. */
static gboolean
add_shown (Filling *filling, guint64 sequence)
{
  g_auto (TocsinOutboxRecord) entry = { 0 };

  if (!tocsin_outbox_get (filling->txn, sequence, &entry) || entry.activity == NULL)
    return TRUE;
  if (!tocsin_outbox_page_has_room (filling->page, g_bytes_get_size (entry.activity)))
    return FALSE;
  g_ptr_array_add (filling->page->activities, g_bytes_ref (entry.activity));
  if (entry.kind == TOCSIN_OUTBOX_ADD && entry.report != 0 && sequence > filling->viewer->given)
    g_array_append_val (filling->given, sequence);
  return TRUE;
}

static gboolean
add_entry (const TocsinOutboxRecord *head, gpointer data)
{
  Filling *filling = data;

  /* Most are passed over by their head: only what is shown is read. */
  filling->is_full = filling->scanned++ >= PAGE_SCAN_MAX ||
                     (!head->blanked && may_see_entry (filling->viewer, head) &&
                      !add_shown (filling, head->sequence));
  if (filling->is_full)
    return FALSE;
  filling->complete = head->sequence;
  return TRUE;
}

/**
 * tocsin_outbox_view_page:
 * @txn: a transaction
 * @identity: who we are
 * @viewer: who asks
 * @after: the sequence that it has already
 * @given: (element-type guint64): the sequences of the reports on the page that it was not given
 *   before are added to it
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full): BASE/outbox/after/@after: at most 50 activities and 512 KiB, each byte
 *   for byte; %NULL with %TOCSIN_ERROR_UNAUTHENTICATED or %TOCSIN_ERROR_NOT_FOUND
 */
GBytes *
tocsin_outbox_view_page (TocsinTxn *txn,
                         const TocsinIdentity *identity,
                         const TocsinViewer *viewer,
                         guint64 after,
                         GArray *given,
                         GError **error)
{
  const char *outbox = tocsin_identity_get_document (identity)->outbox;
  g_autoptr (TocsinOutboxPage) page = NULL;
  g_autofree char *epoch = NULL;
  Filling filling = { .txn = txn, .viewer = viewer, .given = given, .complete = after };

  if (!is_follower (viewer) || after > G_MAXINT64)
    {
      refuse (viewer, error);
      return NULL;
    }
  epoch = epoch_text (txn, viewer);
  page = filling.page = tocsin_outbox_page_new (epoch, (gint64) after);
  tocsin_outbox_foreach_head (txn, after, add_entry, &filling);
  page->last_sequence = (gint64) filling.complete;
  page->has_next = filling.is_full;
  return tocsin_outbox_page_to_bytes (page, outbox);
}

/**
 * tocsin_outbox_view_reports:
 * @txn: a transaction
 * @identity: who we are
 * @viewer: who asks
 * @now_us: the time
 *
 * Returns: (transfer full): BASE/reports: how many of our reports @viewer may see, and their
 *   digest
 */
GBytes *
tocsin_outbox_view_reports (TocsinTxn *txn,
                            const TocsinIdentity *identity,
                            const TocsinViewer *viewer,
                            gint64 now_us)
{
  const char *reports = tocsin_identity_get_document (identity)->reports;
  g_autoptr (TocsinCollectionHead) head = NULL;

  if (!has_collections (viewer))
    return bare_head (identity, reports);
  head = tocsin_collection_head_new (reports, tocsin_identity_get_actor (identity));
  head->last_sequence = (gint64) tocsin_outbox_last (txn);
  head->as_of_us = now_us - now_us % TOCSIN_DAY_US;
  head->total_items = (gint64) tocsin_reports_digest (
      txn, TOCSIN_ACTOR_LOCAL, head->as_of_us,
      viewer->kind == TOCSIN_VIEWER_READER ? TOCSIN_SHARING_AMBER : TOCSIN_SHARING_CLEAR,
      head->digest);
  head->has_digest = TRUE;
  return tocsin_collection_head_to_bytes (head);
}

static gboolean
count_published (const TocsinTrustRecord *record, gpointer data)
{
  gint64 *count = data;

  *count += record->sequence != 0 && record->live ? 1 : 0;
  return TRUE;
}

/**
 * tocsin_outbox_view_trust:
 * @txn: a transaction
 * @identity: who we are
 * @viewer: who asks
 *
 * Returns: (transfer full): BASE/trust: for readers, how many statements we published; statements
 *   are green
 */
GBytes *
tocsin_outbox_view_trust (TocsinTxn *txn,
                          const TocsinIdentity *identity,
                          const TocsinViewer *viewer)
{
  const char *trust = tocsin_identity_get_document (identity)->trust;
  g_autoptr (TocsinCollectionHead) head = NULL;

  if (viewer->removes_only || !may_see (viewer, TOCSIN_SHARING_GREEN, TRUE))
    return bare_head (identity, trust);
  head = tocsin_collection_head_new (trust, tocsin_identity_get_actor (identity));
  head->last_sequence = (gint64) tocsin_outbox_last (txn);
  head->total_items = 0;
  tocsin_trust_foreach_of (txn, TOCSIN_ACTOR_LOCAL, count_published, &head->total_items);
  return tocsin_collection_head_to_bytes (head);
}

/* Who follows us, and whom we follow, is nobody's business: both are bare. */
GBytes *
tocsin_outbox_view_followers (const TocsinIdentity *identity)
{
  return bare_head (identity, tocsin_identity_get_document (identity)->followers);
}

GBytes *
tocsin_outbox_view_following (const TocsinIdentity *identity)
{
  return bare_head (identity, tocsin_identity_get_document (identity)->following);
}

/* ---- single things ---- */

static void
set_gone (GError **error)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_GONE, "This was withdrawn or has expired");
}

static gboolean
is_over (const TocsinReportRecord *record, gint64 now_us)
{
  TocsinReportState state = tocsin_report_record_state (record, now_us);

  return state == TOCSIN_STATE_WITHDRAWN || state == TOCSIN_STATE_EXPIRED;
}

/* Pages have the Add of a report that has ended until the digest leaves it out, or who reads would
 * not hold what that counts. */
static gboolean
adds_what_is_over (TocsinTxn *txn, const TocsinOutboxRecord *entry, gint64 now_us)
{
  g_auto (TocsinReportRecord) record = { 0 };

  return entry->kind == TOCSIN_OUTBOX_ADD && entry->report != 0 &&
         tocsin_reports_get (txn, entry->report, &record) && is_over (&record, now_us);
}

/* The report inside of the Add that we signed, with the context that makes it a document. */
static GBytes *
report_of (GBytes *add, GError **error)
{
  g_autoptr (TocsinActivity) activity = tocsin_activity_parse (add, error);
  g_autoptr (JsonObject) report = NULL;

  if (activity == NULL)
    return NULL;
  report = tocsin_report_to_json (&activity->report);
  tocsin_as_set_context (report);
  return tocsin_as_to_bytes (report);
}

/**
 * tocsin_outbox_view_report:
 * @txn: a transaction
 * @identity: who we are
 * @viewer: who asks
 * @uuid: what follows BASE/reports/
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full): one of our own reports; %NULL with %TOCSIN_ERROR_UNAUTHENTICATED,
 *   %TOCSIN_ERROR_NOT_FOUND, or %TOCSIN_ERROR_GONE if @viewer could see it when it was there
 */
GBytes *
tocsin_outbox_view_report (TocsinTxn *txn,
                           const TocsinIdentity *identity,
                           const TocsinViewer *viewer,
                           const char *uuid,
                           gint64 now_us,
                           GError **error)
{
  g_autofree char *id = g_strconcat (tocsin_identity_get_base (identity), "/reports/", uuid, NULL);
  g_auto (TocsinReportRecord) record = { 0 };
  guint64 number = 0;

  if (!has_collections (viewer) || !tocsin_reports_find (txn, TOCSIN_ACTOR_LOCAL, id, &number) ||
      !tocsin_reports_get (txn, number, &record) || record.basis != TOCSIN_BASIS_FIRST_HAND ||
      !may_see (viewer, record.sharing, TRUE))
    {
      refuse (viewer, error);
      return NULL;
    }
  if (is_over (&record, now_us))
    {
      set_gone (error);
      return NULL;
    }
  if (record.activity == NULL)
    {
      refuse (viewer, error);
      return NULL;
    }
  return report_of (record.activity, error);
}

/**
 * tocsin_outbox_view_activity:
 * @txn: a transaction
 * @identity: who we are
 * @viewer: who asks
 * @uuid: what follows BASE/activities/
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * A message, which is in no page, is shown to the one it is for: other software asks for the
 * Accept that it got.
 *
 * Returns: (transfer full): one of our own activities; as tocsin_outbox_view_report() on error
 */
GBytes *
tocsin_outbox_view_activity (TocsinTxn *txn,
                             const TocsinIdentity *identity,
                             const TocsinViewer *viewer,
                             const char *uuid,
                             gint64 now_us,
                             GError **error)
{
  g_autofree char *id =
      g_strconcat (tocsin_identity_get_base (identity), "/activities/", uuid, NULL);
  g_auto (TocsinOutboxRecord) entry = { 0 };
  guint64 sequence = 0;
  gboolean is_addressed;

  if (viewer->kind == TOCSIN_VIEWER_UNSIGNED || !tocsin_outbox_find (txn, id, &sequence) ||
      !tocsin_outbox_get (txn, sequence, &entry))
    {
      refuse (viewer, error);
      return NULL;
    }
  is_addressed = entry.kind == TOCSIN_OUTBOX_MESSAGE && viewer->actor != TOCSIN_ACTOR_LOCAL &&
                 entry.audience == viewer->actor;
  if (entry.origin != TOCSIN_ACTOR_LOCAL || (!is_addressed && !may_see_entry (viewer, &entry)))
    {
      refuse (viewer, error);
      return NULL;
    }
  if (entry.blanked || entry.activity == NULL || adds_what_is_over (txn, &entry, now_us))
    {
      set_gone (error);
      return NULL;
    }
  return g_bytes_ref (entry.activity);
}
