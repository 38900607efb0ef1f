/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Peers as a person wants to see them.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/peers-view.h"

#include <string.h>

#include "codec/key.h"
#include "fed/guards.h"
#include "fed/pinning.h"
#include "store/table-actors.h"
#include "store/table-catch-up.h"
#include "store/table-queue.h"
#include "store/table-trust.h"

static const char *const following_words[] = {
  [TOCSIN_FOLLOWING_NONE] = "none",
  [TOCSIN_FOLLOWING_PENDING] = "pending",
  [TOCSIN_FOLLOWING_ACCEPTED] = "accepted",
  [TOCSIN_FOLLOWING_REJECTED] = "rejected",
};
static const char *const follower_words[] = {
  [TOCSIN_FOLLOWER_NONE] = "none",         [TOCSIN_FOLLOWER_PENDING] = "pending",
  [TOCSIN_FOLLOWER_GUEST] = "guest",       [TOCSIN_FOLLOWER_READER] = "reader",
  [TOCSIN_FOLLOWER_REJECTED] = "rejected",
};
static const char *const sync_words[] = {
  [TOCSIN_SYNC_NEVER] = "never",     [TOCSIN_SYNC_READING] = "reading",
  [TOCSIN_SYNC_MATCHES] = "matches", [TOCSIN_SYNC_DIFFERS] = "differs",
  [TOCSIN_SYNC_ALERTED] = "alerted", [TOCSIN_SYNC_UNKNOWN] = "unknown",
};

static const char *const catch_up_words[] = {
  [TOCSIN_CATCH_UP_NONE] = "none",       [TOCSIN_CATCH_UP_ASKED] = "asked",
  [TOCSIN_CATCH_UP_REFUSED] = "refused", [TOCSIN_CATCH_UP_WAITING] = "waiting",
  [TOCSIN_CATCH_UP_READING] = "reading", [TOCSIN_CATCH_UP_FAILED] = "failed",
  [TOCSIN_CATCH_UP_DONE] = "done",
};

static void
fingerprint_free (gpointer data)
{
  TocsinPeerFingerprint *self = data;

  g_free (self->id);
  g_free (self->fingerprint);
  g_free (self);
}

void
tocsin_peer_view_clear (TocsinPeerView *self)
{
  g_free (self->actor);
  g_free (self->acct);
  g_free (self->preferred_username);
  g_free (self->name);
  g_free (self->protocol_version);
  g_free (self->moved_to);
  g_free (self->relation);
  g_free (self->read_error);
  g_clear_pointer (&self->fingerprints, g_ptr_array_unref);
  *self = (TocsinPeerView){ 0 };
}

static void
add_fingerprint (
    GPtrArray *prints, const char *id, const char *multibase, gboolean pinned, gboolean current)
{
  g_autoptr (TocsinPublicKey) key = tocsin_public_key_from_multikey (multibase, NULL);
  g_autofree char *text = NULL;
  TocsinPeerFingerprint *print;

  if (key == NULL || tocsin_public_key_kind (key) != TOCSIN_KEY_ED25519)
    return;
  text = tocsin_public_key_fingerprint (key);
  for (guint i = 0; i < prints->len; i++)
    {
      print = g_ptr_array_index (prints, i);
      if (g_str_equal (print->fingerprint, text))
        {
          print->pinned = print->pinned || pinned;
          print->current = print->current || current;
          return;
        }
    }
  print = g_new0 (TocsinPeerFingerprint, 1);
  print->id = g_strdup (id);
  print->fingerprint = g_steal_pointer (&text);
  print->pinned = pinned;
  print->current = current;
  g_ptr_array_add (prints, print);
}

static GPtrArray *
list_fingerprints (const TocsinPeerRecord *peer, const TocsinActorRecord *actor, gint64 now_us)
{
  GPtrArray *prints = g_ptr_array_new_with_free_func (fingerprint_free);

  for (guint i = 0; actor->keys != NULL && i < actor->keys->len; i++)
    {
      const TocsinStoredKey *key = &g_array_index (actor->keys, TocsinStoredKey, i);

      if (key->kind == TOCSIN_KEY_ED25519_MULTIBASE)
        add_fingerprint (prints, key->id, key->text,
                         tocsin_pinning_of (peer, key->text) == TOCSIN_PINNING_MATCHES,
                         key->expires_us == 0 || key->expires_us > now_us);
    }
  for (guint i = 0; peer->keys != NULL && i < peer->keys->len; i++)
    {
      const TocsinPeerKey *key = &g_array_index (peer->keys, TocsinPeerKey, i);

      add_fingerprint (prints, key->id, key->multibase, key->confirmed, FALSE);
    }
  return prints;
}

static char *
relation_words (const TocsinPeerRecord *peer)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  static const char *const following[] = {
    [TOCSIN_FOLLOWING_PENDING] = "follow pending",
    [TOCSIN_FOLLOWING_ACCEPTED] = "following",
    [TOCSIN_FOLLOWING_REJECTED] = "rejected us",
  };
  static const char *const follower[] = {
    [TOCSIN_FOLLOWER_PENDING] = "asks to follow",
    [TOCSIN_FOLLOWER_GUEST] = "guest",
    [TOCSIN_FOLLOWER_READER] = "reader",
    [TOCSIN_FOLLOWER_REJECTED] = "rejected",
  };

  if (peer->blocked)
    g_ptr_array_add (words, (char *) "blocked");
  if (tocsin_peer_record_is_direct (peer))
    g_ptr_array_add (words, (char *) "direct");
  else if (peer->following != TOCSIN_FOLLOWING_NONE)
    g_ptr_array_add (words, (char *) following[peer->following]);
  if (peer->follower != TOCSIN_FOLLOWER_NONE)
    g_ptr_array_add (words, (char *) follower[peer->follower]);
  if (peer->blocks_us)
    g_ptr_array_add (words, (char *) "blocks us");
  if (words->len == 0)
    g_ptr_array_add (words, (char *) "none");
  g_ptr_array_add (words, NULL);
  return g_strjoinv (", ", (char **) words->pdata);
}

static void
describe_breakers (const TocsinPeerRecord *peer, gint64 now_us, TocsinPeerView *out)
{
  TocsinBreakerState state = tocsin_breaker_state (&peer->outbound, now_us);

  out->breaker = peer->away ? "away" : tocsin_breaker_state_to_string (state);
  out->breaker_open_until_us = state == TOCSIN_BREAKER_OPEN ? peer->outbound.open_until_us : 0;
  out->failures = peer->outbound.failures;
  out->inbound = now_us < peer->inbound_open_until_us ? "open" : "closed";
  out->inbound_open_until_us =
      now_us < peer->inbound_open_until_us ? peer->inbound_open_until_us : 0;
  out->last_success_us = peer->last_success_us;
  out->dropped = peer->dropped;
}

static void
describe_reciprocity (const TocsinPeerRecord *peer, gint64 now_us, TocsinPeerView *out)
{
  TocsinReciprocity now = peer->reciprocity;

  tocsin_reciprocity_decay (&now, now_us);
  out->given = now.given;
  out->got = now.got;
  out->first = now.first;
  out->confirmed = now.confirmed;
  out->ratio = tocsin_guards_ratio (peer, now_us);
  out->given_total = peer->given_total;
  out->got_total = peer->got_total;
  out->free_rider = tocsin_guards_is_free_rider (peer, now_us);
}

static void
describe_catch_up (TocsinTxn *txn, const TocsinPeerRecord *peer, TocsinPeerView *out)
{
  g_auto (TocsinCatchUpRecord) record = { 0 };
  const guint32 *reports = out->counts.by_state;

  tocsin_catch_up_get (txn, peer->actor, &record);
  out->catch_up = catch_up_words[tocsin_catch_up_state (&record, peer)];
  out->last_sequence = record.begun_us != 0 ? record.last : peer->sync_sequence;
  /* Where it goes less far than it was read, it is to be read anew. */
  out->read_sequence = peer->sync_sequence <= out->last_sequence ? peer->sync_sequence : 0;
  out->reports_read =
      reports[TOCSIN_STATE_LIVE] + reports[TOCSIN_STATE_HELD] + reports[TOCSIN_STATE_REFUSED];
  out->reports_total = record.items;
  out->read_begun_us = record.begun_us;
  out->read_failed_us = record.failed_us;
  out->read_retry_us = record.retry_us;
  out->read_error = g_steal_pointer (&record.error);
  out->sync = sync_words[peer->sync_state];
  out->sync_done_us = peer->sync_done_us;
}

/**
 * tocsin_peers_describe:
 * @txn: a transaction, of any thread
 * @peer: the peer
 * @now_us: the time
 * @out: (out caller-allocates): all about it; clear it with tocsin_peer_view_clear()
 */
void
tocsin_peers_describe (TocsinTxn *txn,
                       const TocsinPeerRecord *peer,
                       gint64 now_us,
                       TocsinPeerView *out)
{
  g_auto (TocsinActorRecord) actor = { 0 };

  *out = (TocsinPeerView){ .number = peer->actor };
  tocsin_actors_get (txn, peer->actor, &actor);
  out->actor = g_steal_pointer (&actor.uri);
  out->acct = g_steal_pointer (&actor.acct);
  out->preferred_username = g_steal_pointer (&actor.preferred_username);
  out->name = g_steal_pointer (&actor.name);
  out->protocol_version = g_steal_pointer (&actor.protocol_version);
  out->moved_to = g_steal_pointer (&actor.moved_to);
  /* Whatever it said since then it could not have, had it gone for good. */
  out->retired = actor.retired_us != 0 && peer->last_seen_us <= actor.retired_us;
  out->relation = relation_words (peer);
  out->following = following_words[peer->following];
  out->follower = follower_words[peer->follower];
  out->following_since_us = peer->following_since_us;
  out->follower_since_us = peer->follower_since_us;
  out->last_seen_us = peer->last_seen_us;
  out->direct = tocsin_peer_record_is_direct (peer);
  out->blocked = peer->blocked;
  out->blocks_us = peer->blocks_us;
  memcpy (out->weights, peer->weights, sizeof out->weights);
  out->full = peer->full;
  out->private_trust = peer->private_trust;
  describe_breakers (peer, now_us, out);
  out->queued = tocsin_queue_count_of (txn, peer->actor);
  describe_reciprocity (peer, now_us, out);
  tocsin_reports_counts (txn, peer->actor, &out->counts);
  describe_catch_up (txn, peer, out);
  out->key_hold = peer->key_hold;
  out->version_hold = peer->version_hold;
  out->leaked = peer->leaked;
  out->fingerprints = list_fingerprints (peer, &actor, now_us);
}

/* ---- suggestions ---- */

typedef struct
{
  TocsinTxn *txn;
  const TocsinTrustSnapshot *trust;
  const char *truster;   /* (unowned) whose statements are read now */
  GHashTable *by_number; /* (unowned) (element-type guint32 TocsinPeerSuggestion) */
} Suggesting;

static void
suggestion_free (gpointer data)
{
  TocsinPeerSuggestion *self = data;

  g_free (self->actor);
  g_ptr_array_unref (self->trusted_by);
  g_free (self);
}

static gboolean
is_worth_suggesting (const Suggesting *suggesting, guint32 actor)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  if (actor == TOCSIN_ACTOR_LOCAL || tocsin_trust_snapshot_is_distrusted (suggesting->trust, actor))
    return FALSE;
  tocsin_peers_get (suggesting->txn, actor, &peer);
  return peer.following == TOCSIN_FOLLOWING_NONE && !peer.blocked;
}

static gboolean
add_statement (const TocsinTrustRecord *record, gpointer data)
{
  Suggesting *suggesting = data;
  gpointer key = GUINT_TO_POINTER (record->trustee);
  TocsinPeerSuggestion *suggestion = g_hash_table_lookup (suggesting->by_number, key);

  if (!record->live)
    return TRUE;
  if (suggestion == NULL)
    {
      const char *uri = is_worth_suggesting (suggesting, record->trustee)
                            ? tocsin_actors_peek_uri (suggesting->txn, record->trustee)
                            : NULL;

      if (uri == NULL)
        return TRUE;
      suggestion = g_new0 (TocsinPeerSuggestion, 1);
      suggestion->actor = g_strdup (uri);
      suggestion->rank =
          tocsin_trust_snapshot_rank (suggesting->trust, TOCSIN_AREA_ANY, record->trustee);
      suggestion->trusted_by = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (suggesting->by_number, key, suggestion);
    }
  /* One truster may speak of several areas: the statements of one come in a row. */
  if (suggestion->trusted_by->len == 0 ||
      !g_str_equal (g_ptr_array_index (suggestion->trusted_by, suggestion->trusted_by->len - 1),
                    suggesting->truster))
    g_ptr_array_add (suggestion->trusted_by, g_strdup (suggesting->truster));
  return TRUE;
}

static int
compare_suggestions (gconstpointer a, gconstpointer b)
{
  const TocsinPeerSuggestion *one = *(TocsinPeerSuggestion *const *) a;
  const TocsinPeerSuggestion *other = *(TocsinPeerSuggestion *const *) b;

  if (one->rank != other->rank)
    return one->rank > other->rank ? -1 : 1;
  if (one->trusted_by->len != other->trusted_by->len)
    return one->trusted_by->len > other->trusted_by->len ? -1 : 1;
  return strcmp (one->actor, other->actor);
}

/**
 * tocsin_peers_suggest:
 * @fed: the federation
 * @max: the most to suggest
 *
 * Whom the operator might follow: those that direct peers trust, best first.
 *
 * Returns: (transfer full) (element-type TocsinPeerSuggestion): frees what is in it
 */
GPtrArray *
tocsin_peers_suggest (TocsinFederation *fed, guint max)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));
  g_autoptr (GHashTable) by_number = g_hash_table_new (NULL, NULL);
  GPtrArray *suggestions = g_ptr_array_new_with_free_func (suggestion_free);
  Suggesting suggesting = { .txn = txn, .trust = fed->policy->trust, .by_number = by_number };
  const TocsinTrustedActor *trusted;
  GHashTableIter iter;
  gpointer suggestion;
  gsize n;

  trusted = tocsin_trust_snapshot_trusted (fed->policy->trust, &n);
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *truster =
          trusted[i].direct ? g_strdup (tocsin_actors_peek_uri (txn, trusted[i].actor)) : NULL;

      if (truster == NULL)
        continue;
      suggesting.truster = truster;
      tocsin_trust_foreach_of (txn, trusted[i].actor, add_statement, &suggesting);
    }
  g_hash_table_iter_init (&iter, by_number);
  while (g_hash_table_iter_next (&iter, NULL, &suggestion))
    g_ptr_array_add (suggestions, suggestion);
  g_ptr_array_sort (suggestions, compare_suggestions);
  if (suggestions->len > max)
    g_ptr_array_set_size (suggestions, (int) max);
  return suggestions;
}
