/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

#define TOCSIN_HEARD_MAX 32 /* messages of one peer that are remembered */

/**
 * TocsinHeard:
 * @dated_us: when it says that it was made; where it does not say, less than 0: when its request
 * was signed, negated; 0: neither is known
 * @name: what it is known by, made of its id
 * @content: of the hash of its content
 */
typedef struct
{
  gint64 dated_us;
  TocsinId name;
  TocsinId content;
} TocsinHeard;

/**
 * TocsinHeardRecord:
 * @actor: a peer
 * @update_us: of when the newest Update is that was taken of it; 0: none was
 * @messages: (owned) (nullable) (element-type TocsinHeard): the newest, in the order in which they
 *   came
 *
 * What a peer said to this node alone, so that it is told from what comes once more or too late.
 * What is for others is in `seen`; here the number is bounded, for strangers have only to ask in
 * order to be peers. It goes with the peer. Free by tocsin_heard_record_clear().
 */
typedef struct
{
  guint32 actor;
  gint64 update_us;
  GArray *messages;
} TocsinHeardRecord;

void tocsin_heard_record_clear (TocsinHeardRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinHeardRecord, tocsin_heard_record_clear)

/* Adds @message, in place of the oldest where there are enough. */
void tocsin_heard_record_add (TocsinHeardRecord *self, const TocsinHeard *message);

/* @out is initialised in any case. */
gboolean tocsin_heard_get (TocsinTxn *txn, guint32 actor, TocsinHeardRecord *out);
void tocsin_heard_put (TocsinTxn *txn, const TocsinHeardRecord *record);
void tocsin_heard_remove (TocsinTxn *txn, guint32 actor);

G_END_DECLS
