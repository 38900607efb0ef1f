/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/admission.h"
#include "store/table-peers.h"

G_BEGIN_DECLS

/* One admission while it is under way: shared by admission.c, admission-report.c,
 * admission-trust.c and withdrawal.c, and by nobody else. */
typedef struct
{
  TocsinAdmission *admission; /* (unowned) */
  guint32 signer;
  guint32 reporter;
  gboolean is_relayed;
  gboolean peer_changed; /* signer_peer is to be written back */
  gboolean forgets_id;   /* what was stored took no room, and may come again */
  TocsinPeerRecord signer_peer;
  guint8 content_hash[TOCSIN_SHA256_BYTES];
} TocsinAdmitting;

static inline void
tocsin_admitting_clear (TocsinAdmitting *self)
{
  tocsin_peer_record_clear (&self->signer_peer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinAdmitting, tocsin_admitting_clear)

guint32 tocsin_admission_branch (const TocsinAdmitting *a);
gboolean tocsin_admission_has_room (TocsinTxn *txn, const TocsinAdmitting *a, guint32 branch);
/* Whether @branch has room for one more of what @a brings. */
typedef gboolean (*TocsinRoomFunc) (TocsinTxn *txn, const TocsinAdmitting *a, guint32 branch);
gboolean tocsin_admission_find_room (TocsinTxn *txn,
                                     const TocsinAdmitting *a,
                                     TocsinRoomFunc has_room,
                                     guint32 *branch);
gboolean tocsin_admission_holds_key (TocsinTxn *txn, TocsinAdmitting *a);
gboolean tocsin_admission_keeps_older (TocsinTxn *txn, TocsinAdmitting *a);
void tocsin_admission_note_leak (TocsinTxn *txn, TocsinAdmitting *a);
gboolean tocsin_admission_add_report (TocsinTxn *txn, TocsinAdmitting *a, GError **error);
void tocsin_admission_add_trust (TocsinTxn *txn, TocsinAdmitting *a);
void tocsin_admission_remove (TocsinTxn *txn, TocsinAdmitting *a);

G_END_DECLS
