/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Keys of peers over time (docs/wire "Who speaks"): the Ed25519 keys of a direct peer are pinned
 * when it accepts us, until it is neither followed nor let in; another one counts once an Update
 * that a pinned key proved names it, else the peer is held until such an Update comes or the
 * operator has compared fingerprints.
 *
 * Of such a peer no document is remembered that names a key for which nothing vouches, or has its
 * messages sent to another host. So its other keys, which sign requests and prove nothing, are
 * those of the document that is remembered.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/pinning.h"

#include "codec/key.h"
#include "codec/multibase.h"
#include "core/clock.h"
#include "core/uri.h"
#include "fed/held.h"
#include "store/store.h"
#include "store/table-review.h"

/* What lies here for it is what whoever holds its host could ask for. */
static gboolean
is_let_in (const TocsinPeerRecord *peer)
{
  return peer->follower == TOCSIN_FOLLOWER_GUEST || peer->follower == TOCSIN_FOLLOWER_READER;
}

/**
 * tocsin_pinning_has_any:
 * @peer: a peer
 *
 * Returns: whether keys are pinned that protect something: an earlier version kept those of who was
 *   unfollowed
 */
gboolean
tocsin_pinning_has_any (const TocsinPeerRecord *peer)
{
  return (peer->following != TOCSIN_FOLLOWING_NONE || is_let_in (peer)) && peer->keys != NULL &&
         peer->keys->len > 0;
}

/* Earlier versions pinned a key as its document spells it, which may be in base64url. */
static gboolean
is_pinned_as (const TocsinPeerKey *pinned, const char *multibase)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;

  if (g_strcmp0 (pinned->multibase, multibase) == 0)
    return TRUE;
  if (pinned->multibase[0] == 'u')
    bytes = tocsin_multibase_decode (pinned->multibase, NULL);
  if (bytes == NULL)
    return FALSE;
  text = tocsin_multibase_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return g_strcmp0 (text, multibase) == 0;
}

/**
 * tocsin_pinning_of:
 * @peer: a peer
 * @multibase: a key that proved something, as tocsin_multikey_normalize() gives it
 *
 * Returns: how @multibase compares with what is pinned
 */
TocsinPinning
tocsin_pinning_of (const TocsinPeerRecord *peer, const char *multibase)
{
  if (!tocsin_pinning_has_any (peer))
    return TOCSIN_PINNING_NONE;
  for (guint i = 0; i < peer->keys->len; i++)
    {
      const TocsinPeerKey *key = &g_array_index (peer->keys, TocsinPeerKey, i);

      if (key->confirmed && is_pinned_as (key, multibase))
        return TOCSIN_PINNING_MATCHES;
    }
  return TOCSIN_PINNING_CHANGED;
}

/* Whether anything that is proven by @key could be checked: any text may stand in a document. */
static gboolean
is_usable (const TocsinActorKey *key)
{
  g_autoptr (TocsinPublicKey) parsed = NULL;

  if (key->multibase == NULL || !key->assertion)
    return FALSE;
  parsed = tocsin_public_key_from_multikey (key->multibase, NULL);
  return parsed != NULL && tocsin_public_key_kind (parsed) == TOCSIN_KEY_ED25519;
}

static gboolean
is_named (const TocsinActorDocument *document, const TocsinPeerKey *pinned)
{
  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);

      if (key->multibase != NULL && is_pinned_as (pinned, key->multibase))
        return TRUE;
    }
  return FALSE;
}

/* A key that the document names no more can prove nothing, for it is looked up there: such a one
 * makes way first, the oldest of them. */
static void
make_room (TocsinPeerRecord *peer, const TocsinActorDocument *document)
{
  while (peer->keys->len >= TOCSIN_PINNED_MAX)
    {
      guint oldest = 0;

      for (guint i = 0; i < peer->keys->len; i++)
        if (!is_named (document, &g_array_index (peer->keys, TocsinPeerKey, i)))
          {
            oldest = i;
            break;
          }
      g_array_remove_index (peer->keys, oldest);
    }
}

/**
 * tocsin_pinning_pin:
 * @peer: (inout): a peer
 * @document: its document
 * @key: an Ed25519 key of @document
 * @now_us: the time
 *
 * Pins @key, unless it is pinned already.
 */
void
tocsin_pinning_pin (TocsinPeerRecord *peer,
                    const TocsinActorDocument *document,
                    const TocsinActorKey *key,
                    gint64 now_us)
{
  TocsinPeerKey pinned;

  if (tocsin_pinning_of (peer, key->multibase) == TOCSIN_PINNING_MATCHES)
    return;
  if (peer->keys == NULL)
    peer->keys = tocsin_peer_keys_new ();
  make_room (peer, document);
  pinned = (TocsinPeerKey){ .id = g_strdup (key->id),
                            .multibase = g_strdup (key->multibase),
                            .confirmed = TRUE,
                            .since_us = now_us };
  g_array_append_val (peer->keys, pinned);
}

/**
 * tocsin_pinning_pin_all:
 * @peer: (inout): a peer
 * @document: its document
 * @now_us: the time
 *
 * Pins every Ed25519 key that @document lists for proofs, retired ones too: what they proved is
 * still in the outbox, and nothing else by them counts (fed/inbox.c).
 */
void
tocsin_pinning_pin_all (TocsinPeerRecord *peer, const TocsinActorDocument *document, gint64 now_us)
{
  if (peer->keys == NULL)
    peer->keys = tocsin_peer_keys_new ();
  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);

      if (is_usable (key))
        tocsin_pinning_pin (peer, document, key, now_us);
    }
}

/* What such a one signs or proves is refused, but in an outbox, where its pin is asked for. */
static gboolean
is_over (const TocsinActorKey *key, gint64 now_us)
{
  return key->expires_us != 0 && key->expires_us <= now_us;
}

static gboolean
is_other (const TocsinPeerRecord *peer, const TocsinActorKey *key, gint64 now_us)
{
  return is_usable (key) && !is_over (key, now_us) &&
         tocsin_pinning_of (peer, key->multibase) == TOCSIN_PINNING_CHANGED;
}

/**
 * tocsin_pinning_names_other:
 * @peer: a peer
 * @document: its document
 * @now_us: the time
 *
 * Returns: whether @document lists a key for proofs that has not expired and is not pinned, though
 *   others are
 */
gboolean
tocsin_pinning_names_other (const TocsinPeerRecord *peer,
                            const TocsinActorDocument *document,
                            gint64 now_us)
{
  for (guint i = 0; i < document->keys->len; i++)
    if (is_other (peer, g_ptr_array_index (document->keys, i), now_us))
      return TRUE;
  return FALSE;
}

/* ---- what vouches for a key ---- */

static TocsinPublicKey *
parse_named (const TocsinActorKey *key)
{
  return key->pem != NULL ? tocsin_public_key_from_pem (key->pem, NULL)
                          : tocsin_public_key_from_multikey (key->multibase, NULL);
}

static TocsinPublicKey *
parse_stored (const TocsinStoredKey *key)
{
  return key->kind == TOCSIN_KEY_RSA_PEM ? tocsin_public_key_from_pem (key->text, NULL)
                                         : tocsin_public_key_from_multikey (key->text, NULL);
}

/* Once for all that is to be compared with them, for RSA keys take long to read. @keys: (nullable).
 * Returns: (transfer full) (element-type TocsinPublicKey): in their order; %NULL: it is none */
static GPtrArray *
parse_all (const GArray *keys)
{
  GPtrArray *parsed = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_public_key_unref);

  for (guint i = 0; keys != NULL && i < keys->len; i++)
    g_ptr_array_add (parsed, parse_stored (&g_array_index (keys, TocsinStoredKey, i)));
  return parsed;
}

static gboolean
is_among (const GPtrArray *keys, const TocsinPublicKey *key)
{
  for (guint i = 0; i < keys->len; i++)
    {
      const TocsinPublicKey *other = g_ptr_array_index (keys, i);

      if (other != NULL && tocsin_public_key_equal (other, key))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_pinned (const TocsinPeerRecord *peer, const TocsinPublicKey *key)
{
  g_autofree char *multibase = tocsin_public_key_to_multikey (key);

  return tocsin_pinning_of (peer, multibase) == TOCSIN_PINNING_MATCHES;
}

/* @remembered: of its document that is remembered */
static gboolean
is_vouched_for (const TocsinPeerRecord *peer,
                const GPtrArray *remembered,
                const TocsinPublicKey *key)
{
  return is_pinned (peer, key) || is_among (remembered, key);
}

/**
 * tocsin_pinning_vouches_for:
 * @txn: a transaction
 * @peer: a peer
 * @key: what signed a request in its name
 *
 * Returns: whether @key is pinned, or of the document that is remembered of @peer, or nothing is
 *   pinned: who is not followed, or has no Ed25519 key, is believed from its document
 */
gboolean
tocsin_pinning_vouches_for (TocsinTxn *txn,
                            const TocsinPeerRecord *peer,
                            const TocsinPublicKey *key)
{
  g_auto (TocsinActorRecord) remembered = { 0 };
  g_autoptr (GPtrArray) keys = NULL;

  if (!tocsin_pinning_has_any (peer) || is_pinned (peer, key))
    return TRUE;
  tocsin_actors_get (txn, peer->actor, &remembered);
  keys = parse_all (remembered.keys);
  return is_among (keys, key);
}

/* Within the actor's own origin it is as before: whoever holds the host gets what comes there. */
static gboolean
leads_elsewhere (const char *actor, const char *before, const char *now)
{
  return now != NULL && g_strcmp0 (before, now) != 0 &&
         !(tocsin_uri_same_origin (now, actor) &&
           (before == NULL || tocsin_uri_same_origin (before, actor)));
}

void
tocsin_doubts_clear (TocsinDoubts *self)
{
  g_clear_pointer (&self->keys, g_ptr_array_unref);
}

gboolean
tocsin_doubts_have_uncomparable (const TocsinDoubts *self)
{
  return self->rsa || self->requests || self->inbox || self->outbox;
}

static void
doubt_key (const TocsinPeerRecord *peer,
           const GPtrArray *remembered,
           const TocsinActorDocument *document,
           const TocsinActorKey *key,
           gint64 now_us,
           TocsinDoubts *out)
{
  g_autoptr (TocsinPublicKey) parsed = NULL;

  if (is_other (peer, key, now_us))
    {
      g_ptr_array_add (out->keys, (gpointer) key);
      return;
    }
  /* What is another's signs nothing. */
  if (g_strcmp0 (key->owner, document->id) != 0 || is_over (key, now_us))
    return;
  parsed = parse_named (key);
  if (parsed == NULL || is_vouched_for (peer, remembered, parsed))
    return;
  if (tocsin_public_key_kind (parsed) == TOCSIN_KEY_RSA)
    out->rsa = TRUE;
  else
    out->requests = TRUE;
}

/**
 * tocsin_pinning_find_doubts:
 * @txn: a transaction
 * @peer: a peer
 * @document: its document
 * @now_us: the time
 * @out: (out): what is in doubt, a part of @document; to be cleared
 *
 * Returns: whether there is anything; as tocsin_pinning_doubts()
 */
gboolean
tocsin_pinning_find_doubts (TocsinTxn *txn,
                            const TocsinPeerRecord *peer,
                            const TocsinActorDocument *document,
                            gint64 now_us,
                            TocsinDoubts *out)
{
  g_auto (TocsinActorRecord) remembered = { 0 };
  g_autoptr (GPtrArray) keys = NULL;

  *out = (TocsinDoubts){ .keys = g_ptr_array_new () };
  if (!tocsin_pinning_has_any (peer))
    return FALSE;
  tocsin_actors_get (txn, peer->actor, &remembered);
  out->inbox = leads_elsewhere (document->id, remembered.inbox, document->inbox);
  out->outbox = leads_elsewhere (document->id, remembered.outbox, document->outbox);
  keys = parse_all (remembered.keys);
  for (guint i = 0; i < document->keys->len; i++)
    doubt_key (peer, keys, document, g_ptr_array_index (document->keys, i), now_us, out);
  return tocsin_doubts_have_uncomparable (out) || out->keys->len > 0;
}

/**
 * tocsin_pinning_doubts:
 * @txn: a transaction
 * @peer: a peer
 * @document: its document
 * @now_us: the time
 *
 * Returns: whether @document names a key for which nothing vouches, or has an inbox or outbox on
 *   another host than before, though keys are pinned
 */
gboolean
tocsin_pinning_doubts (TocsinTxn *txn,
                       const TocsinPeerRecord *peer,
                       const TocsinActorDocument *document,
                       gint64 now_us)
{
  g_auto (TocsinDoubts) doubts = { 0 };

  return tocsin_pinning_find_doubts (txn, peer, document, now_us, &doubts);
}

/**
 * tocsin_pinning_hold:
 * @txn: a write transaction
 * @peer: (inout): a peer that used a key that nothing proves; the caller writes it back
 * @now_us: the time
 *
 * Holds what @peer reports from now on, keeps our reports from it, and tells the operator once.
 */
void
tocsin_pinning_hold (TocsinTxn *txn, TocsinPeerRecord *peer, gint64 now_us)
{
  TocsinReviewRecord line = {
    .kind = TOCSIN_REVIEW_KEY_CHANGE,
    .actor = peer->actor,
    .count = 1,
    .created_us = now_us,
    .text = (char *) "The key of this peer changed and nothing proves the new one; "
                     "compare fingerprints, then run “tocsin peer confirm-key”",
  };
  guint64 id;

  if (peer->key_hold)
    return;
  peer->key_hold = TRUE;
  if (!tocsin_review_find_open (txn, TOCSIN_REVIEW_KEY_CHANGE, peer->actor, 0, &id))
    tocsin_review_add (txn, &line);
}

/**
 * tocsin_pinning_holds_signer:
 * @txn: a write transaction
 * @peer: (inout): a peer; it is written back if it is held
 * @key: (nullable): what signed a request in its name; %NULL: there was none
 * @proof_key: (nullable): as a multikey, what proved that which the request brought
 * @now_us: the time
 *
 * What a pinned key proved is the peer's, whoever brings it: its new keys may be faster than the
 * Update that names them.
 *
 * Returns: whether nothing vouches for what the request brought; then @peer is held
 */
gboolean
tocsin_pinning_holds_signer (TocsinTxn *txn,
                             TocsinPeerRecord *peer,
                             const TocsinPublicKey *key,
                             const char *proof_key,
                             gint64 now_us)
{
  if (key == NULL ||
      (proof_key != NULL && tocsin_pinning_of (peer, proof_key) == TOCSIN_PINNING_MATCHES) ||
      tocsin_pinning_vouches_for (txn, peer, key))
    return FALSE;
  tocsin_pinning_hold (txn, peer, now_us);
  tocsin_peers_put (txn, peer);
  return TRUE;
}

/* ---- the end of a hold ---- */

static void
close_line (TocsinTxn *txn, guint32 actor, TocsinReviewState state, const char *who, gint64 now_us)
{
  g_auto (TocsinReviewRecord) line = { 0 };
  guint64 id;

  if (!tocsin_review_find_open (txn, TOCSIN_REVIEW_KEY_CHANGE, actor, 0, &id) ||
      !tocsin_review_get (txn, id, &line))
    return;
  line.state = state;
  line.decided_us = now_us;
  g_free (line.decided_by);
  line.decided_by = g_strdup (who);
  tocsin_review_put (txn, &line);
}

/* Nobody decided it; and the peer, which can begin and end a hold as often as it likes, could fill
 * the store. */
static void
drop_line (TocsinTxn *txn, guint32 actor)
{
  guint64 id;

  if (tocsin_review_find_open (txn, TOCSIN_REVIEW_KEY_CHANGE, actor, 0, &id))
    tocsin_review_remove (txn, id);
}

/**
 * tocsin_pinning_lift:
 * @txn: a write transaction
 * @peer: (inout): a peer whose right key is pinned by now; it is written back
 * @who: (nullable): who says that it is right; %NULL: the peer itself, by a key that was pinned
 * @now_us: the time
 *
 * Ends the hold, closes or removes its line, and has the outbox read again for what was refused
 * meanwhile. What was held can be much: it is left for tocsin_peers_release_key(), or for
 * housekeeping if that does not come to its end.
 */
void
tocsin_pinning_lift (TocsinTxn *txn, TocsinPeerRecord *peer, const char *who, gint64 now_us)
{
  peer->key_hold = FALSE;
  tocsin_peer_record_want_reread (peer);
  tocsin_peers_put (txn, peer);
  tocsin_held_want_release (txn);
  if (who != NULL)
    close_line (txn, peer->actor, TOCSIN_REVIEW_ACCEPTED, who, now_us);
  else
    drop_line (txn, peer->actor);
}

/**
 * tocsin_pinning_forget:
 * @txn: a write transaction
 * @peer: (inout): a peer that is not followed any more, or is followed anew; the caller writes it
 *   back
 * @who: (nullable): the operator, for the line of `review`; %NULL: the peer itself
 * @now_us: the time
 *
 * Its keys are those of its document from now on, as of everybody who is believed through others;
 * those that it has when it is followed again are pinned then, and what was held and they prove
 * counts. But as long as it is let in nothing is forgotten, or all that lies here for it would be
 * for whoever holds its host.
 */
void
tocsin_pinning_forget (TocsinTxn *txn, TocsinPeerRecord *peer, const char *who, gint64 now_us)
{
  if (is_let_in (peer))
    return;
  g_clear_pointer (&peer->keys, g_array_unref);
  peer->key_hold = FALSE;
  close_line (txn, peer->actor, TOCSIN_REVIEW_REJECTED, who, now_us);
}

/**
 * tocsin_pinning_forget_follower:
 * @txn: a write transaction
 * @peer: (inout): a peer that is not let in any more; the caller writes it back
 * @now_us: the time
 *
 * What tocsin_pinning_forget() kept for that goes.
 */
void
tocsin_pinning_forget_follower (TocsinTxn *txn, TocsinPeerRecord *peer, gint64 now_us)
{
  if (peer->following == TOCSIN_FOLLOWING_NONE)
    tocsin_pinning_forget (txn, peer, NULL, now_us);
}

/* ---- who it is ---- */

static void
set (char **field, const char *value)
{
  g_free (*field);
  *field = g_strdup (value);
}

static TocsinStoredKeyKind
kind_of (const TocsinActorKey *key)
{
  if (key->pem != NULL)
    return TOCSIN_KEY_RSA_PEM;
  return key->assertion ? TOCSIN_KEY_ED25519_MULTIBASE : TOCSIN_KEY_ED25519_REQUESTS;
}

static void
add_key (GArray *keys, const TocsinActorKey *key, gint64 now_us)
{
  const TocsinStoredKey stored = {
    .kind = kind_of (key),
    .expires_us = key->expires_us,
    .fetched_us = now_us,
    .id = g_strdup (key->id),
    .owner = g_strdup (key->owner),
    .text = g_strdup (key->pem != NULL ? key->pem : key->multibase),
  };

  g_array_append_val (keys, stored);
}

/* What a document names no more signs nothing, but vouches for itself: it may be back. */
static void
keep_key (GArray *keys, const TocsinStoredKey *key, gint64 now_us)
{
  const TocsinStoredKey kept = {
    .kind = key->kind,
    .expires_us = key->expires_us != 0 ? MIN (key->expires_us, now_us) : now_us,
    .fetched_us = key->fetched_us,
    .id = g_strdup (key->id),
    .owner = g_strdup (key->owner),
    .text = g_strdup (key->text),
  };

  g_array_append_val (keys, kept);
}

static void
copy_keys (TocsinActorRecord *record, const TocsinActorDocument *document, gint64 now_us)
{
  g_clear_pointer (&record->keys, g_array_unref);
  record->keys = tocsin_actor_keys_new ();
  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);

      if (g_strcmp0 (key->owner, document->id) == 0)
        add_key (record->keys, key, now_us);
    }
}

/* Of what the document names no more each key once, and the oldest not: by ever new ids a peer
 * could have its row grow, which is read with all that it sends. */
static void
keep_keys (TocsinActorRecord *record,
           const GArray *before,
           const GPtrArray *parsed,
           GPtrArray *known,
           gint64 now_us)
{
  for (guint i = 0; i < parsed->len && record->keys->len < TOCSIN_REMEMBERED_MAX; i++)
    {
      TocsinPublicKey *key = g_ptr_array_index (parsed, i);

      if (key == NULL || is_among (known, key))
        continue;
      keep_key (record->keys, &g_array_index (before, TocsinStoredKey, i), now_us);
      g_ptr_array_add (known, tocsin_public_key_ref (key));
    }
}

/* Of a document that no pinned key proved: what nothing vouches for has expired, and is not to
 * vouch for itself later. */
static void
merge_keys (TocsinActorRecord *record,
            const TocsinPeerRecord *peer,
            const TocsinActorDocument *document,
            gint64 now_us)
{
  g_autoptr (GArray) before = g_steal_pointer (&record->keys);
  g_autoptr (GPtrArray) parsed_before = parse_all (before);
  g_autoptr (GPtrArray) named =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_public_key_unref);

  record->keys = tocsin_actor_keys_new ();
  for (guint i = 0; i < MIN (document->keys->len, TOCSIN_REMEMBERED_MAX); i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);
      g_autoptr (TocsinPublicKey) parsed = parse_named (key);

      if (parsed == NULL || g_strcmp0 (key->owner, document->id) != 0 ||
          !is_vouched_for (peer, parsed_before, parsed))
        continue;
      add_key (record->keys, key, now_us);
      g_ptr_array_add (named, g_steal_pointer (&parsed));
    }
  keep_keys (record, before, parsed_before, named, now_us);
}

/* @peer: (nullable): whose keys that are remembered stay so */
static guint32
save (TocsinTxn *txn,
      const TocsinActorDocument *document,
      const TocsinPeerRecord *peer,
      gint64 now_us)
{
  g_auto (TocsinActorRecord) record = { 0 };
  guint32 number = tocsin_actors_intern (txn, document->id, now_us);

  if (!tocsin_actors_get (txn, number, &record))
    {
      record.number = number;
      record.uri = g_strdup (document->id);
      record.first_seen_us = now_us;
    }
  record.last_seen_us = record.fetched_us = now_us;
  set (&record.inbox, document->inbox);
  set (&record.shared_inbox, document->shared_inbox);
  set (&record.outbox, document->outbox);
  set (&record.followers, document->followers);
  set (&record.reports, document->reports);
  set (&record.trust, document->trust);
  set (&record.name, document->name);
  set (&record.preferred_username, document->preferred_username);
  set (&record.protocol_version, document->protocol_version);
  if (peer != NULL)
    merge_keys (&record, peer, document, now_us);
  else
    copy_keys (&record, document, now_us);
  tocsin_actors_put (txn, &record);
  return number;
}

/**
 * tocsin_pinning_save_actor:
 * @txn: a write transaction
 * @document: an actor's own document: of one of whom nothing is pinned, or that a pinned key or
 *   the operator vouches for
 * @now_us: the time
 *
 * Remembers where an actor is to be reached, and its keys.
 *
 * Returns: its number
 */
guint32
tocsin_pinning_save_actor (TocsinTxn *txn, const TocsinActorDocument *document, gint64 now_us)
{
  return save (txn, document, NULL, now_us);
}

/**
 * tocsin_pinning_take_document:
 * @txn: a write transaction
 * @peer: (inout): its actor as a peer, new or known; the caller writes it back
 * @document: an actor's own document, as its host shows it
 * @key: (nullable): what signed the request for which it was read
 * @now_us: the time
 *
 * As tocsin_pinning_save_actor(), but if nothing vouches for @key or what @document says, @peer is
 * held, and what was remembered stays: its inbox, and the keys that its requests are signed with.
 * Keys stay also if @document names them no more, for it may again.
 *
 * Returns: whether it was taken; else nothing in it counts
 */
gboolean
tocsin_pinning_take_document (TocsinTxn *txn,
                              TocsinPeerRecord *peer,
                              const TocsinActorDocument *document,
                              const TocsinPublicKey *key,
                              gint64 now_us)
{
  if (tocsin_pinning_doubts (txn, peer, document, now_us) ||
      (key != NULL && !tocsin_pinning_vouches_for (txn, peer, key)))
    {
      tocsin_pinning_hold (txn, peer, now_us);
      return FALSE;
    }
  peer->actor = save (txn, document, tocsin_pinning_has_any (peer) ? peer : NULL, now_us);
  return TRUE;
}

/**
 * tocsin_pinning_load_actor:
 * @record: an actor
 *
 * Returns: (transfer full): what tocsin_pinning_save_actor() remembered of its document
 */
TocsinActorDocument *
tocsin_pinning_load_actor (const TocsinActorRecord *record)
{
  TocsinActorDocument *document = tocsin_actor_document_new (record->uri);

  document->inbox = g_strdup (record->inbox);
  document->shared_inbox = g_strdup (record->shared_inbox);
  document->outbox = g_strdup (record->outbox);
  document->followers = g_strdup (record->followers);
  document->reports = g_strdup (record->reports);
  document->trust = g_strdup (record->trust);
  document->name = g_strdup (record->name);
  document->preferred_username = g_strdup (record->preferred_username);
  document->protocol_version = g_strdup (record->protocol_version);
  for (guint i = 0; record->keys != NULL && i < record->keys->len; i++)
    {
      const TocsinStoredKey *stored = &g_array_index (record->keys, TocsinStoredKey, i);
      TocsinActorKey *key = tocsin_actor_key_new (stored->id, stored->owner);

      if (stored->kind == TOCSIN_KEY_RSA_PEM)
        key->pem = g_strdup (stored->text);
      else
        key->multibase = tocsin_multikey_normalize (stored->text);
      key->expires_us = stored->expires_us;
      key->assertion = stored->kind == TOCSIN_KEY_ED25519_MULTIBASE;
      g_ptr_array_add (document->keys, key);
    }
  return document;
}
