/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What is in somebody's outbox passes the same checks as what is brought to our inbox, but for the
 * HTTP signature: where an activity was read stands in for it, and a key that was retired since
 * still counts for what its own actor's outbox holds.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/sync-page.h"

#include <string.h>

#include "codec/proof.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "fed/pinning.h"
#include "fed/signer.h"
#include "fed/sync-note.h"
#include "store/table-actors.h"
#include "store/table-imports.h"
#include "store/table-seen.h"

#define READ_AGAIN_AHEAD_US (TOCSIN_READ_AGAIN_AHEAD_DAYS * TOCSIN_DAY_US)

TocsinSyncPage *
tocsin_sync_page_new (guint32 actor, gint64 since_us, guint64 epoch)
{
  TocsinSyncPage *self = g_new0 (TocsinSyncPage, 1);

  self->actor = actor;
  self->since_us = since_us;
  self->epoch = epoch;
  self->admissions = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_admission_free);
  return self;
}

void
tocsin_sync_page_free (TocsinSyncPage *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->admissions);
  g_clear_pointer (&self->update, tocsin_relation_change_free);
  g_free (self);
}

/* ---- check ---- */

/* Before any signature is looked at: is it about reports or trust, is its author believed, is it
 * new? A re-read of a whole outbox costs little more than this. */
static gboolean
is_wanted (TocsinFederation *fed, const TocsinActivity *activity, gboolean is_relayed)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));
  guint8 hash[TOCSIN_SHA256_BYTES];
  TocsinId content;
  guint32 author;

  if (activity->kind == TOCSIN_ACTIVITY_UPDATE)
    return !is_relayed && activity->object_kind == TOCSIN_OBJECT_ACTOR;
  if (activity->kind != TOCSIN_ACTIVITY_ADD && activity->kind != TOCSIN_ACTIVITY_REMOVE)
    return FALSE;
  if (!tocsin_actors_find (txn, activity->actor, &author) || author == TOCSIN_ACTOR_LOCAL)
    return FALSE;
  if (is_relayed && !tocsin_admission_wants_author (txn, fed->policy, activity, author))
    return FALSE;
  if (!tocsin_seen_knows (txn, activity->id) || (is_relayed && tocsin_admission_is_leak (activity)))
    return TRUE;
  tocsin_activity_content_hash (activity, hash);
  memcpy (content.bytes, hash, sizeof content.bytes);
  return tocsin_seen_check (txn, activity->id, &content) != TOCSIN_SEEN_SAME;
}

/* Whether it would be refused for its time. What a clock that goes wrong, its or ours, calls the
 * future is none a day later; what lies further ahead is no clock's fault, and refused for good. */
static gboolean
is_ahead (const TocsinActivity *activity, gint64 now_us)
{
  gint64 newest_us = activity->published_us;

  if (activity->kind == TOCSIN_ACTIVITY_UPDATE)
    return FALSE;
  newest_us = MAX (newest_us, tocsin_proof_peek_created_us (tocsin_activity_root (activity)));
  if (activity->object_kind == TOCSIN_OBJECT_TRUST)
    {
      newest_us = MAX (newest_us, activity->statement.published_us);
      newest_us = MAX (newest_us, activity->statement.updated_us);
    }
  if (activity->object_kind == TOCSIN_OBJECT_REPORT)
    {
      newest_us = MAX (newest_us, activity->report.published_us);
      newest_us = MAX (newest_us, activity->report.updated_us);
      newest_us = MAX (newest_us, activity->report.observed_us);
      newest_us = MAX (newest_us, activity->report.last_observed_us);
    }
  return newest_us > now_us + TOCSIN_MAX_AHEAD_SECONDS * TOCSIN_SECOND_US &&
         newest_us < now_us + READ_AGAIN_AHEAD_US;
}

/* Whether the activity may be taken; @key_out is the key that proved it, if any. */
static gboolean
check_proof (TocsinFederation *fed,
             TocsinActivity *activity,
             const TocsinKnownActor *author,
             gboolean is_relayed,
             gint64 now_us,
             char **key_out,
             GError **error)
{
  g_autoptr (TocsinProof) proof = NULL;
  g_autoptr (TocsinPublicKey) key = NULL;
  TocsinProofState state;
  const char *method;

  if (!tocsin_proof_inspect (tocsin_activity_root (activity), now_us, &state, &proof, error))
    return FALSE;
  if (state != TOCSIN_PROOF_CANDIDATE)
    {
      if (is_relayed)
        g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                             "A relayed activity needs a proof by its actor");
      return !is_relayed;
    }
  method = tocsin_proof_verification_method (proof);
  key = tocsin_signer_get_proof_key (fed, author, method, error);
  if (key == NULL || !tocsin_proof_verify (proof, key, error))
    return FALSE;
  if (is_relayed && tocsin_known_actor_key_is_retired (author, method, now_us))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED,
                           "The proof is by a key that has expired");
      return FALSE;
    }
  tocsin_activity_keep_content_hash (activity, tocsin_proof_get_document_hash (proof));
  *key_out = tocsin_public_key_to_multikey (key);
  return TRUE;
}

static void
take (TocsinSyncPage *self,
      TocsinFederation *fed,
      TocsinActivity *activity,
      TocsinKnownActor *owner,
      char *key,
      gint64 now_us)
{
  TocsinAdmission *admission;

  if (activity->kind == TOCSIN_ACTIVITY_UPDATE)
    {
      g_clear_pointer (&self->update, tocsin_relation_change_free);
      self->update = tocsin_relation_change_new (fed, activity, owner, now_us);
      self->update->proven = TRUE;
      self->update->was_read = TRUE;
      self->update->proof_key = key;
      return;
    }
  tocsin_activity_drop_root (activity);
  admission = tocsin_admission_new (activity, owner->document->id, TOCSIN_ARRIVAL_CATCH_UP,
                                    fed->policy, now_us);
  admission->proven = key != NULL;
  admission->proof_key = key;
  admission->batch = self->batch;
  g_ptr_array_add (self->admissions, admission);
}

/**
 * tocsin_sync_page_check:
 * @self: the page
 * @fed: the federation
 * @activity: (transfer full) if %TOCSIN_CHECKED_TAKE is returned, else still the caller's
 * @owner: whose outbox it was in
 * @may_update: whether an Update of @owner's own document counts: an old one, read again in the
 *   same epoch, must not bring old keys back; in a new one all are read in order, the newest last
 * @begun_us: when the reading began: a document of before may lack a new key
 * @now_us: the time
 *
 * Decides about one activity and, if it is to be taken, puts it onto the page.
 */
TocsinChecked
tocsin_sync_page_check (TocsinSyncPage *self,
                        TocsinFederation *fed,
                        TocsinActivity *activity,
                        TocsinKnownActor *owner,
                        gboolean may_update,
                        gint64 begun_us,
                        gint64 now_us)
{
  gboolean is_relayed = !g_str_equal (activity->actor, owner->document->id);
  TocsinKnownActor *author = owner;
  g_autoptr (GError) error = NULL;
  g_autofree char *key = NULL;

  /* What is not taken counts in its own actor's digest, and in no relay's. */
  if ((is_relayed && activity->is_outline) || !is_wanted (fed, activity, is_relayed))
    return TOCSIN_CHECKED_SKIP;
  if (is_ahead (activity, now_us))
    {
      self->incomplete = TRUE;
      return TOCSIN_CHECKED_SKIP;
    }
  if (is_relayed)
    author = tocsin_keyring_peek_author (fed->keyring, activity->actor);
  if (author == NULL || (is_relayed && tocsin_known_actor_is_stale (author, now_us)))
    return TOCSIN_CHECKED_AUTHOR;
  if (!tocsin_activity_check_ownership (activity, author->document->reports,
                                        author->document->trust, &error) ||
      !check_proof (fed, activity, author, is_relayed, now_us, &key, &error))
    {
      g_debug ("Outbox of %.200s: %s", owner->document->id, error->message);
      return author->fetched_us < begun_us &&
                     g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED)
                 ? TOCSIN_CHECKED_AUTHOR
                 : TOCSIN_CHECKED_SKIP;
    }
  if (activity->kind == TOCSIN_ACTIVITY_UPDATE && (!may_update || key == NULL))
    return TOCSIN_CHECKED_SKIP;
  take (self, fed, activity, owner, g_steal_pointer (&key), now_us);
  return TOCSIN_CHECKED_TAKE;
}

/* ---- write ---- */

static void
count_batch (TocsinTxn *txn, guint64 batch, guint64 stored)
{
  g_auto (TocsinImportRecord) record = { 0 };

  if (batch == 0 || stored == 0 || !tocsin_imports_get (txn, batch, &record))
    return;
  record.count += stored;
  tocsin_imports_put (txn, &record);
}

static void
move_on (TocsinTxn *txn, const TocsinSyncPage *self, TocsinPeerRecord *peer)
{
  gboolean moves = peer->sync_epoch == self->epoch && peer->sync_sequence >= self->after &&
                   peer->sync_sequence < self->sequence;

  if (!moves && !self->incomplete)
    return;
  if (moves)
    peer->sync_sequence = self->sequence;
  if (self->incomplete)
    tocsin_peer_record_want_reread (peer);
  tocsin_peers_put (txn, peer);
}

/**
 * tocsin_sync_page_write:
 * @txn: the write transaction
 * @page: a #TocsinSyncPage
 * @error: return location for an error, or %NULL
 *
 * A #TocsinWriteFunc. What is refused is passed over: nothing of it was written. No page moves the
 * cursor back.
 */
gboolean
tocsin_sync_page_write (TocsinTxn *txn, gpointer page, GError **error)
{
  TocsinSyncPage *self = page;
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint64 stored = 0;

  if (!tocsin_sync_note_find (txn, self->actor, self->since_us, &peer, error))
    return FALSE;
  tocsin_peer_record_clear (&peer);
  for (guint i = 0; i < self->admissions->len; i++)
    {
      TocsinAdmission *admission = g_ptr_array_index (self->admissions, i);
      g_autoptr (GError) refusal = NULL;

      if (!tocsin_admission_write (txn, admission, &refusal))
        g_debug ("Outbox: %s", refusal->message);
      else
        tocsin_admission_tell (admission);
      stored += admission->stored ? 1 : 0;
    }
  if (self->update != NULL)
    {
      g_autoptr (GError) refusal = NULL;

      if (!tocsin_relation_change_write (txn, self->update, &refusal))
        g_debug ("Outbox: %s", refusal->message);
    }
  count_batch (txn, self->batch, stored);
  if (tocsin_peers_get (txn, self->actor, &peer))
    move_on (txn, self, &peer);
  return tocsin_txn_check (txn, error);
}
