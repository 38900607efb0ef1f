/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/report.h"
#include "store/txn.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_OUTBOX_ADD,
  TOCSIN_OUTBOX_REMOVE,
  TOCSIN_OUTBOX_UPDATE,
  TOCSIN_OUTBOX_MESSAGE, /* Follow, Accept, Reject, Undo, Block: to one actor, never in a page */
} TocsinOutboxKind;

#define TOCSIN_AUDIENCE_FOLLOWERS G_MAXUINT32

/**
 * TocsinOutboxRecord:
 *
 * One activity that we send or sent: our own, or one that we relay. Free by
 * tocsin_outbox_record_clear(); zero it to begin.
 */
typedef struct
{
  guint64 sequence; /* set by append, from 1 */
  TocsinOutboxKind kind;
  guint32 audience;     /* TOCSIN_AUDIENCE_FOLLOWERS, or an actor */
  guint32 origin;       /* whose activity: TOCSIN_ACTOR_LOCAL, or the relayed one's actor */
  guint32 relayed_from; /* the signer it came from; not sent back there */
  guint64 report;       /* number, or 0 */
  TocsinSharing sharing;
  gboolean blanked; /* withdrawn: the body is gone, the sequence stays as a gap */
  gint64 created_us;
  char *activity_id; /* (owned) */
  GBytes *activity;  /* (owned) (nullable) byte for byte; NULL once blanked */
} TocsinOutboxRecord;

void tocsin_outbox_record_clear (TocsinOutboxRecord *self);
void tocsin_outbox_record_free (TocsinOutboxRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinOutboxRecord, tocsin_outbox_record_clear)

/* Returns the sequence that it got. */
guint64 tocsin_outbox_append (TocsinTxn *txn, const TocsinOutboxRecord *record);
gboolean tocsin_outbox_get (TocsinTxn *txn, guint64 sequence, TocsinOutboxRecord *out);
gboolean tocsin_outbox_find (TocsinTxn *txn, const char *activity_id, guint64 *sequence);
/* Drops the body. %FALSE if there is no such entry or it is blank already. */
gboolean tocsin_outbox_blank (TocsinTxn *txn, guint64 sequence);
/* Drops the body and the id: for an id that names whom it must not. */
void tocsin_outbox_forget (TocsinTxn *txn, guint64 sequence);
/* A message that another has taken the place of goes with its id. The newest entry of all is only
 * blanked: lastSequence is read from it. */
void tocsin_outbox_drop_message (TocsinTxn *txn, guint64 sequence);
guint64 tocsin_outbox_last (TocsinTxn *txn); /* lastSequence; 0: empty */

/**
 * tocsin_outbox_purge:
 * @now_us: the time
 * @max_rows: the most entries to remove
 *
 * Removes entries that are older than ids are kept for and that nobody can need any more: messages,
 * and what is left of an Add and its Remove once their report's own row has gone, or of a trust
 * statement that was replaced or taken back. A gap is then an entry that is not there. Looks at a
 * bounded part of the outbox, the next call at what follows.
 *
 * Returns: how many entries went
 */
guint tocsin_outbox_purge (TocsinTxn *txn, gint64 now_us, guint max_rows);

/* How many entries tocsin_outbox_purge() would remove by and by. */
guint64 tocsin_outbox_count_due (TocsinTxn *txn, gint64 now_us);

/* Entries after @sequence, ascending, gaps included; @func returns %FALSE to stop. */
typedef gboolean (*TocsinOutboxFunc) (const TocsinOutboxRecord *record, gpointer data);
void tocsin_outbox_foreach (TocsinTxn *txn, guint64 after, TocsinOutboxFunc func, gpointer data);
/* Likewise, but nothing is copied, and no body is looked at: `activity` is %NULL for all. */
void
tocsin_outbox_foreach_head (TocsinTxn *txn, guint64 after, TocsinOutboxFunc func, gpointer data);

G_END_DECLS
