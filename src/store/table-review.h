/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/* Stored: frozen. */
typedef enum
{
  TOCSIN_REVIEW_HELD = 1,  /* one report is held */
  TOCSIN_REVIEW_BATCH = 2, /* first read after acceptance: live, can be rejected whole */
  TOCSIN_REVIEW_BURST = 3, /* reports of one signer held by the burst guard */
  TOCSIN_REVIEW_WITHDRAWAL = 4,
  TOCSIN_REVIEW_EQUIVOCATION = 5,
  TOCSIN_REVIEW_KEY_CHANGE = 6,
  TOCSIN_REVIEW_LEAK = 7, /* a peer relayed amber */
  TOCSIN_REVIEW_CONTRADICTION = 8,
  TOCSIN_REVIEW_MOVED = 9,   /* Move or Delete of an actor */
  TOCSIN_REVIEW_DRIFT = 10,  /* digests differ after the re-read */
  TOCSIN_REVIEW_BUDGET = 11, /* an actor is past its single-voice budget */
  TOCSIN_REVIEW_OTHER = 12,
  TOCSIN_REVIEW_FREE_RIDER = 13, /* a peer takes and never gives */
} TocsinReviewKind;

typedef enum
{
  TOCSIN_REVIEW_OPEN,
  TOCSIN_REVIEW_ACCEPTED,
  TOCSIN_REVIEW_REJECTED,
  TOCSIN_REVIEW_LAPSED, /* decided by time: after 7 days without objection */
} TocsinReviewState;

/**
 * TocsinReviewRecord: one line that a person should look at. Free by
 * tocsin_review_record_clear(); zero it to begin.
 */
typedef struct
{
  guint64 id; /* set by add, from 1 */
  TocsinReviewKind kind;
  TocsinReviewState state;
  guint32 actor;
  guint64 report; /* number, or 0 */
  guint64 batch;  /* or 0 */
  guint64 count;  /* how many reports it stands for */
  gint64 created_us;
  gint64 due_us; /* when it lapses by itself, of BURST and WITHDRAWAL alone; 0: never */
  gint64 decided_us;
  char *text;       /* (owned) one sentence, no subject */
  char *decided_by; /* (owned) (nullable) token name, or "socket" */
} TocsinReviewRecord;

void tocsin_review_record_clear (TocsinReviewRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinReviewRecord, tocsin_review_record_clear)

guint64 tocsin_review_add (TocsinTxn *txn, const TocsinReviewRecord *record);
gboolean tocsin_review_get (TocsinTxn *txn, guint64 id, TocsinReviewRecord *out);
/* Replaces the record of @record->id, which must exist. */
void tocsin_review_put (TocsinTxn *txn, const TocsinReviewRecord *record);
/* A line that was decided, or whose matter is gone. %FALSE if there is none. */
gboolean tocsin_review_remove (TocsinTxn *txn, guint64 id);
/* The open line of (kind, actor, @of), to be counted up or replaced instead of a new one beside it.
 * @of: the report of a HELD or EQUIVOCATION, else the batch; 0 for none. */
gboolean tocsin_review_find_open (
    TocsinTxn *txn, TocsinReviewKind kind, guint32 actor, guint64 of, guint64 *id);
/* The open line of (kind, actor) that is about none of its reports by number; looks at a few. */
gboolean
tocsin_review_find_general (TocsinTxn *txn, TocsinReviewKind kind, guint32 actor, guint64 *id);
/* An open line whose time is over: looks at those of the kinds that have one, of which each actor
 * has one at most. */
gboolean tocsin_review_find_due (TocsinTxn *txn, gint64 now_us, guint64 *id);
/* In the order of ids after @after; open ones only or all. */
typedef gboolean (*TocsinReviewFunc) (const TocsinReviewRecord *record, gpointer data);
void tocsin_review_foreach (
    TocsinTxn *txn, guint64 after, gboolean open_only, TocsinReviewFunc func, gpointer data);
guint64 tocsin_review_count_open (TocsinTxn *txn);

G_END_DECLS
