/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What an Add or Remove does to the store. It runs on the writer thread, in one transaction, and
 * asks in this order:
 *   may this signer send it -> was it seen -> is it in time -> is it the newest version ->
 *   is there room -> must a person look first -> store, count, forward
 * Ownership and signatures were checked before (fed/inbox.c).
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/admission.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "fed/admission-private.h"
#include "fed/guards.h"
#include "fed/relay.h"
#include "store/table-actors.h"
#include "store/table-reports.h"
#include "store/table-seen.h"
#include "store/table-trust.h"

#define MAX_AHEAD_US TOCSIN_HOUR_US
#define MAX_AGE_US   (TOCSIN_SEEN_DAYS * TOCSIN_DAY_US)

/**
 * tocsin_admission_new:
 * @activity: (transfer full): an Add or a Remove whose ownership was checked
 * @signer: the actor that brought it
 * @arrival: how it came
 * @policy: the state of this node; a reference is taken
 * @now_us: the time
 *
 * Returns: (transfer full): data for tocsin_admission_write()
 */
TocsinAdmission *
tocsin_admission_new (TocsinActivity *activity,
                      const char *signer,
                      TocsinArrival arrival,
                      TocsinPolicy *policy,
                      gint64 now_us)
{
  TocsinAdmission *self = g_new0 (TocsinAdmission, 1);

  self->activity = activity;
  self->signer = g_strdup (signer);
  self->arrival = arrival;
  self->policy = tocsin_policy_ref (policy);
  self->now_us = now_us;
  return self;
}

void
tocsin_admission_free (TocsinAdmission *self)
{
  tocsin_activity_free (self->activity);
  g_free (self->signer);
  g_free (self->proof_key);
  g_clear_pointer (&self->signed_by, tocsin_public_key_unref);
  tocsin_policy_unref (self->policy);
  g_clear_error (&self->refusal);
  g_free (self);
}

/**
 * tocsin_admission_tell:
 * @self: an admission that was written
 *
 * Logs a change of the signer's inbound breaker: one line a change. Any thread.
 */
void
tocsin_admission_tell (const TocsinAdmission *self)
{
  if (self->breaker == TOCSIN_INBOUND_OPENED)
    g_message ("%.200s reports more than usual: inbound breaker opened", self->signer);
  else if (self->breaker == TOCSIN_INBOUND_CLOSED)
    g_message ("%.200s may report again: inbound breaker closed", self->signer);
}

static gboolean
refuse (GError **error, TocsinError code, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, code, message);
  return FALSE;
}

/* What we took from @reporter it may take back, whatever the trust is now. */
static gboolean
knows_object (TocsinTxn *txn, guint32 reporter, const char *object)
{
  g_auto (TocsinTrustRecord) statement = { 0 };
  guint64 number;

  return tocsin_reports_find (txn, reporter, object, &number) ||
         tocsin_trust_find (txn, reporter, object, &statement);
}

/* docs/wire "Checks": only direct peers bring reports, and one that speaks our
 * protocol proves each. What we have of an actor it takes back itself, peer or not. */
static gboolean
check_signer (TocsinTxn *txn, TocsinAdmitting *a, GError **error)
{
  const TocsinAdmission *self = a->admission;
  gboolean takes_back;

  if (!tocsin_actors_find (txn, self->signer, &a->signer) ||
      !tocsin_peers_get (txn, a->signer, &a->signer_peer))
    return refuse (error, TOCSIN_ERROR_NOT_A_PEER, "This node does not follow the sender");
  if (a->signer_peer.blocked)
    return refuse (error, TOCSIN_ERROR_REFUSED, "The operator has blocked the sender");
  takes_back = self->activity->kind == TOCSIN_ACTIVITY_REMOVE &&
               g_str_equal (self->signer, self->activity->actor) &&
               knows_object (txn, a->signer, self->activity->object);
  if (!takes_back && !tocsin_peer_record_is_direct (&a->signer_peer))
    return refuse (error, TOCSIN_ERROR_NOT_A_PEER, "This node does not follow the sender");
  if (!takes_back && a->signer_peer.version_hold)
    return refuse (error, TOCSIN_ERROR_REFUSED,
                   "The sender speaks another major version of the protocol");
  if (!self->proven && (a->is_relayed || a->signer_peer.had_protocol_version))
    return refuse (error, TOCSIN_ERROR_FORBIDDEN, tocsin_activity_unproven_text (self->activity));
  if (self->arrival != TOCSIN_ARRIVAL_CATCH_UP && self->activity->kind == TOCSIN_ACTIVITY_ADD &&
      self->now_us < a->signer_peer.inbound_open_until_us)
    {
      a->admission->retry_after_seconds = TOCSIN_INBOUND_PAUSE_SECONDS;
      return refuse (error, TOCSIN_ERROR_BUSY, "The sender has sent more reports than usual");
    }
  return TRUE;
}

/* What is seen or dropped leaves the peer as it was, and so must not tell of this. */
static void
close_breaker (TocsinAdmitting *a)
{
  if (a->signer_peer.inbound_open_until_us == 0 ||
      a->admission->now_us < a->signer_peer.inbound_open_until_us)
    return;
  a->signer_peer.inbound_open_until_us = 0;
  a->peer_changed = TRUE;
  a->admission->breaker = TOCSIN_INBOUND_CLOSED;
}

/**
 * tocsin_admission_wants_author:
 * @txn: a transaction
 * @policy: the state of this node
 * @activity: an Add or Remove that another than its actor brought
 * @author: the number of its actor
 *
 * docs/wire "Relay": asked before the author's key is.
 *
 * Returns: whether the author is believed, or takes back what is here
 */
gboolean
tocsin_admission_wants_author (TocsinTxn *txn,
                               const TocsinPolicy *policy,
                               const TocsinActivity *activity,
                               guint32 author)
{
  return tocsin_trust_snapshot_is_believed (policy->trust, author) ||
         (activity->kind == TOCSIN_ACTIVITY_REMOVE && knows_object (txn, author, activity->object));
}

/**
 * tocsin_admission_is_leak:
 * @relayed: what another than its actor brought
 *
 * Returns: %TRUE if it was not for others, seen before or not
 */
gboolean
tocsin_admission_is_leak (const TocsinActivity *relayed)
{
  return relayed->kind == TOCSIN_ACTIVITY_ADD && relayed->object_kind == TOCSIN_OBJECT_REPORT &&
         relayed->report.sharing == TOCSIN_SHARING_AMBER;
}

/* Whether @author has pinned keys, and what it brings is proven by none of them. */
static gboolean
has_changed_key (const TocsinAdmission *self, const TocsinPeerRecord *author)
{
  return self->proof_key != NULL &&
         tocsin_pinning_of (author, self->proof_key) == TOCSIN_PINNING_CHANGED;
}

/* A relay can be faster than the Update that names a direct peer's new key. That is no reason to
 * hold the peer: what it says it brings itself, or we read it in its outbox, after the Update. */
static gboolean
is_ahead_of_update (TocsinTxn *txn, const TocsinAdmitting *a)
{
  g_auto (TocsinPeerRecord) author = { 0 };

  return tocsin_peers_get (txn, a->reporter, &author) && has_changed_key (a->admission, &author) &&
         author.following == TOCSIN_FOLLOWING_ACCEPTED;
}

/* What is not proven, and signed by a key for which nothing vouches, is nobody's. It is not held
 * with the rest either, which counts when the hold ends. */
static gboolean
is_in_doubt (TocsinTxn *txn, TocsinAdmitting *a)
{
  TocsinAdmission *self = a->admission;

  if (self->proven ||
      !tocsin_pinning_holds_signer (txn, &a->signer_peer, self->signed_by, NULL, self->now_us))
    return FALSE;
  self->refusal = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                                       "The sender's key changed and nothing proves the new one");
  return TRUE;
}

/* Finds the reporter. %FALSE without an error: drop it with 202, unless it is refused. */
static gboolean
check_reporter (TocsinTxn *txn, TocsinAdmitting *a)
{
  const TocsinActivity *activity = a->admission->activity;

  if (!a->is_relayed)
    {
      a->reporter = a->signer;
      return !is_in_doubt (txn, a);
    }
  return tocsin_actors_find (txn, activity->actor, &a->reporter) &&
         tocsin_admission_wants_author (txn, a->admission->policy, activity, a->reporter) &&
         !is_ahead_of_update (txn, a);
}

/**
 * tocsin_admission_holds_key:
 * @txn: the write transaction
 * @a: the admission, whose signer and reporter are known
 *
 * Holds the reporter if what it brings is proven by a key that nothing vouches for. A relay does
 * not answer for that, and its own keys do not matter for what others proved.
 *
 * Returns: %TRUE if a person has to compare the reporter's fingerprints first
 */
gboolean
tocsin_admission_holds_key (TocsinTxn *txn, TocsinAdmitting *a)
{
  const TocsinAdmission *self = a->admission;
  g_auto (TocsinPeerRecord) author = { 0 };

  if (!a->is_relayed)
    {
      if (has_changed_key (self, &a->signer_peer))
        {
          tocsin_pinning_hold (txn, &a->signer_peer, self->now_us);
          a->peer_changed = TRUE;
        }
      return a->signer_peer.key_hold;
    }
  if (!tocsin_peers_get (txn, a->reporter, &author))
    return FALSE;
  if (!author.key_hold && has_changed_key (self, &author))
    {
      tocsin_pinning_hold (txn, &author, self->now_us);
      tocsin_peers_put (txn, &author);
    }
  return author.key_hold;
}

/**
 * tocsin_admission_keeps_older:
 * @txn: the write transaction
 * @a: the admission of another version of what counts, no older one
 *
 * A version that would be held for its key neither takes the place of one that counts nor casts
 * doubt on it: else whoever had got hold of a peer's host could take back all that it said. It is
 * refused, and not remembered as seen, so that it is read again after the key was confirmed.
 *
 * Returns: %TRUE if it is refused
 */
gboolean
tocsin_admission_keeps_older (TocsinTxn *txn, TocsinAdmitting *a)
{
  if (!tocsin_admission_holds_key (txn, a))
    return FALSE;
  a->admission->refusal =
      g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                           "The reporter's key changed and nothing proves the new one");
  return TRUE;
}

/* What its own actor's outbox shows is not too old. A relay's may show what was taken back so long
 * ago that nothing here remembers it. */
static gboolean
check_times (const TocsinAdmission *self, gint64 published_us, gint64 updated_us, GError **error)
{
  gint64 newest = MAX (published_us, updated_us);
  gboolean is_own =
      self->arrival == TOCSIN_ARRIVAL_CATCH_UP && g_str_equal (self->signer, self->activity->actor);

  if (newest > self->now_us + MAX_AHEAD_US)
    return refuse (error, TOCSIN_ERROR_FUTURE, "“published” or “updated” is in the future");
  if (!is_own && newest < self->now_us - MAX_AGE_US)
    return refuse (error, TOCSIN_ERROR_STALE, "Nothing older than 400 days is taken");
  return TRUE;
}

static gboolean
check_activity_times (const TocsinAdmission *self, GError **error)
{
  const TocsinActivity *activity = self->activity;

  if (activity->object_kind == TOCSIN_OBJECT_REPORT)
    {
      const TocsinReport *report = &activity->report;

      if (MAX (report->observed_us, report->last_observed_us) > self->now_us + MAX_AHEAD_US)
        return refuse (error, TOCSIN_ERROR_FUTURE, "“lastObservedAt” is in the future");
      return check_times (self, MAX (report->published_us, activity->published_us),
                          report->updated_us, error);
    }
  if (activity->object_kind == TOCSIN_OBJECT_TRUST)
    return check_times (self, MAX (activity->statement.published_us, activity->published_us),
                        activity->statement.updated_us, error);
  return activity->published_us == 0 ||
         check_times (self, activity->published_us, activity->published_us, error);
}

/**
 * tocsin_admission_write:
 * @txn: the write transaction
 * @admission: a #TocsinAdmission
 * @error: return location for an error, or %NULL
 *
 * A #TocsinWriteFunc. %TRUE also where the activity was dropped by local policy, and where a
 * refusal had to be remembered: then @refusal is set.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_NOT_A_PEER, _FORBIDDEN, _REFUSED, _BUSY, _EQUIVOCATION,
 *   _FUTURE, _STALE or _UNPROCESSABLE, and nothing was changed
 */
gboolean
tocsin_admission_write (TocsinTxn *txn, gpointer admission, GError **error)
{
  TocsinAdmission *self = admission;
  g_auto (TocsinAdmitting) a = { .admission = self };
  TocsinActivity *activity = self->activity;
  TocsinId content;

  g_clear_error (&self->refusal);
  self->stored = FALSE;
  self->breaker = TOCSIN_INBOUND_SAME;
  a.is_relayed = !g_str_equal (self->signer, activity->actor);
  tocsin_activity_content_hash (activity, a.content_hash);
  memcpy (content.bytes, a.content_hash, sizeof content.bytes);

  if (!check_signer (txn, &a, error))
    return FALSE;
  a.signer_peer.last_seen_us = self->now_us;
  if (!check_reporter (txn, &a))
    return TRUE;
  /* Most often it is seen: who may have it has it from its actor. */
  if (a.is_relayed && tocsin_admission_is_leak (activity))
    {
      tocsin_admission_note_leak (txn, &a);
      return TRUE;
    }
  switch (tocsin_seen_check (txn, activity->id, &content))
    {
    case TOCSIN_SEEN_SAME:
      return TRUE;
    case TOCSIN_SEEN_DIFFERENT:
      return refuse (error, TOCSIN_ERROR_EQUIVOCATION,
                     "This activity id was seen with another content");
    case TOCSIN_SEEN_NEW:
    default:
      break;
    }
  if (!check_activity_times (self, error))
    return FALSE;
  close_breaker (&a);
  if (tocsin_guards_hear (&a.signer_peer, self->policy, self->now_us))
    a.peer_changed = TRUE;

  if (activity->kind == TOCSIN_ACTIVITY_REMOVE)
    tocsin_admission_remove (txn, &a);
  else if (activity->object_kind == TOCSIN_OBJECT_TRUST)
    tocsin_admission_add_trust (txn, &a);
  else if (!tocsin_admission_add_report (txn, &a, error))
    return FALSE;

  if (a.peer_changed)
    tocsin_peers_put (txn, &a.signer_peer);
  if (self->refusal != NULL)
    return TRUE;
  /* What was dropped, or only took the place of another, will be again; ever new ids of it must not
   * fill the store. */
  if (self->stored && !a.forgets_id)
    tocsin_seen_put (txn, activity->id, &content, self->now_us);
  return TRUE;
}
