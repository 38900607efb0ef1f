/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/relations.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_REPLAY_NEW,
  TOCSIN_REPLAY_OLD,  /* an Update that one which was taken is newer than */
  TOCSIN_REPLAY_SAME, /* it was heard before */
  TOCSIN_REPLAY_ANEW, /* an Undo or Block that was heard before, and that its actor signed anew */
} TocsinReplay;

gint64 tocsin_replay_update_us (const TocsinRelationChange *change);
const TocsinActorDocument *tocsin_replay_newest_document (const TocsinRelationChange *change,
                                                          GError **error);
gboolean tocsin_replay_check_times (const TocsinRelationChange *change, GError **error);
gboolean tocsin_replay_was_heard (TocsinTxn *txn, const TocsinActivity *activity, guint32 actor);
void tocsin_replay_note_follow (TocsinTxn *txn, const TocsinRelationChange *change, guint32 actor);
gboolean tocsin_replay_look (TocsinTxn *txn,
                             const TocsinRelationChange *change,
                             guint32 actor,
                             TocsinReplay *out,
                             GError **error);
gboolean tocsin_replay_check (TocsinTxn *txn,
                              const TocsinRelationChange *change,
                              guint32 actor,
                              TocsinReplay *out,
                              GError **error);

G_END_DECLS
