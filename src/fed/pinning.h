/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/actor-json.h"
#include "codec/key.h"
#include "fed/policy.h"
#include "store/table-actors.h"
#include "store/table-peers.h"

G_BEGIN_DECLS

/* Of one peer: what its document can name at once, and again as many that it has retired. */
#define TOCSIN_PINNED_MAX 64
/* Likewise, of all its keys. */
#define TOCSIN_REMEMBERED_MAX 128

typedef enum
{
  TOCSIN_PINNING_NONE,    /* nothing is pinned for this actor */
  TOCSIN_PINNING_MATCHES, /* a pinned, confirmed key */
  TOCSIN_PINNING_CHANGED, /* another key than those pinned */
} TocsinPinning;

/**
 * TocsinDoubts:
 * @keys: (owned) (element-type TocsinActorKey): the document's, which are listed for proofs: each
 *   can be confirmed
 * @rsa: a key for requests alone, as other servers know them
 * @requests: an Ed25519 key for requests alone
 * @inbox: it is on another host than before
 * @outbox: likewise
 *
 * What a document says for which nothing vouches.
 */
typedef struct
{
  GPtrArray *keys;
  gboolean rsa;
  gboolean requests;
  gboolean inbox;
  gboolean outbox;
} TocsinDoubts;

void tocsin_doubts_clear (TocsinDoubts *self);
/* Whether there is more in doubt than keys that the operator can compare. */
gboolean tocsin_doubts_have_uncomparable (const TocsinDoubts *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinDoubts, tocsin_doubts_clear)

gboolean tocsin_pinning_has_any (const TocsinPeerRecord *peer);
TocsinPinning tocsin_pinning_of (const TocsinPeerRecord *peer, const char *multibase);
void tocsin_pinning_pin (TocsinPeerRecord *peer,
                         const TocsinActorDocument *document,
                         const TocsinActorKey *key,
                         gint64 now_us);
void
tocsin_pinning_pin_all (TocsinPeerRecord *peer, const TocsinActorDocument *document, gint64 now_us);
gboolean tocsin_pinning_names_other (const TocsinPeerRecord *peer,
                                     const TocsinActorDocument *document,
                                     gint64 now_us);
gboolean tocsin_pinning_vouches_for (TocsinTxn *txn,
                                     const TocsinPeerRecord *peer,
                                     const TocsinPublicKey *key);
gboolean tocsin_pinning_doubts (TocsinTxn *txn,
                                const TocsinPeerRecord *peer,
                                const TocsinActorDocument *document,
                                gint64 now_us);
gboolean tocsin_pinning_find_doubts (TocsinTxn *txn,
                                     const TocsinPeerRecord *peer,
                                     const TocsinActorDocument *document,
                                     gint64 now_us,
                                     TocsinDoubts *out);
void tocsin_pinning_hold (TocsinTxn *txn, TocsinPeerRecord *peer, gint64 now_us);
gboolean tocsin_pinning_holds_signer (TocsinTxn *txn,
                                      TocsinPeerRecord *peer,
                                      const TocsinPublicKey *key,
                                      const char *proof_key,
                                      gint64 now_us);
void tocsin_pinning_lift (TocsinTxn *txn, TocsinPeerRecord *peer, const char *who, gint64 now_us);
void tocsin_pinning_forget (TocsinTxn *txn, TocsinPeerRecord *peer, const char *who, gint64 now_us);
void tocsin_pinning_forget_follower (TocsinTxn *txn, TocsinPeerRecord *peer, gint64 now_us);
guint32
tocsin_pinning_save_actor (TocsinTxn *txn, const TocsinActorDocument *document, gint64 now_us);
gboolean tocsin_pinning_take_document (TocsinTxn *txn,
                                       TocsinPeerRecord *peer,
                                       const TocsinActorDocument *document,
                                       const TocsinPublicKey *key,
                                       gint64 now_us);
TocsinActorDocument *
tocsin_pinning_load_actor (const TocsinActorRecord *record) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
