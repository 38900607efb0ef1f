/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/table-peers.h"

G_BEGIN_DECLS

/**
 * TocsinCatchUpRecord:
 * @actor: whose outbox
 * @last: the newest sequence in it when it was last asked
 * @items: how many reports it said it has for us; -1: it did not say
 * @begun_us: when the newest reading began
 * @done_us: when the newest that got to the end did so
 * @failed_us: when the newest failed; 0 once one got to the end
 * @retry_us: and when the next may begin
 * @error: (owned) (nullable): why it failed
 *
 * How far the reading of a peer's outbox is, for people. What the next reading goes by is in
 * #TocsinPeerRecord; without a row here, nothing was noted yet. Free by
 * tocsin_catch_up_record_clear().
 */
typedef struct
{
  guint32 actor;
  guint64 last;
  gint64 items;
  gint64 begun_us;
  gint64 done_us;
  gint64 failed_us;
  gint64 retry_us;
  char *error;
} TocsinCatchUpRecord;

void tocsin_catch_up_record_clear (TocsinCatchUpRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinCatchUpRecord, tocsin_catch_up_record_clear)

/* @out is initialised in any case. */
gboolean tocsin_catch_up_get (TocsinTxn *txn, guint32 actor, TocsinCatchUpRecord *out);
/* Notes PEERS_CHANGED. */
void tocsin_catch_up_put (TocsinTxn *txn, const TocsinCatchUpRecord *record);
void tocsin_catch_up_remove (TocsinTxn *txn, guint32 actor);

typedef enum
{
  TOCSIN_CATCH_UP_NONE,    /* it is not read: not followed, not believed, blocked or on hold */
  TOCSIN_CATCH_UP_ASKED,   /* it has not said yet whether it may be followed */
  TOCSIN_CATCH_UP_REFUSED, /* it may not */
  TOCSIN_CATCH_UP_WAITING, /* a reading is going to begin, or to go on */
  TOCSIN_CATCH_UP_READING,
  TOCSIN_CATCH_UP_FAILED, /* it will be tried again */
  TOCSIN_CATCH_UP_DONE,
} TocsinCatchUpState;

/* @record: as tocsin_catch_up_get() gave it, also if there was none. */
TocsinCatchUpState tocsin_catch_up_state (const TocsinCatchUpRecord *record,
                                          const TocsinPeerRecord *peer);

G_END_DECLS
