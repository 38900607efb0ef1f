/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/category.h"
#include "store/table-branches.h"

G_BEGIN_DECLS

/**
 * TocsinTrustRecord:
 *
 * The newest TrustStatement of one (truster, trustee, area), received or own. Free by
 * tocsin_trust_record_clear(); zero it to begin.
 */
typedef struct
{
  guint32 truster; /* TOCSIN_ACTOR_LOCAL for own, published ones */
  guint32 trustee;
  TocsinArea area;
  guint8 weight; /* 1..100 */
  gboolean live; /* FALSE: held */
  gboolean held;
  guint32 charged; /* TOCSIN_CHARGED_… or tocsin_charged_to(): the branch that it counts for */
  guint forwarded; /* TOCSIN_FORWARDED…: its Remove must be relayed too */
  guint32 via;
  gint64 published_us;
  gint64 updated_us;
  gint64 paid_us;   /* so long its versions have used up the turns in which they go out */
  guint64 sequence; /* of the Add in our outbox, of an older version while one waits; 0: none */
  guint8 content_hash[TOCSIN_SHA256_BYTES];
  char *id;          /* (owned) URI of the statement */
  char *activity_id; /* (owned) (nullable) */
  GBytes *activity;  /* (owned) (nullable) the signed Add */
  GBytes *alternate; /* (owned) (nullable) the other one of an equivocation */
} TocsinTrustRecord;

/**
 * TocsinTrustPlace: which of the statements of one truster.
 */
typedef struct
{
  guint32 trustee;
  TocsinArea area;
} TocsinTrustPlace;

void tocsin_trust_record_clear (TocsinTrustRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinTrustRecord, tocsin_trust_record_clear)

/* The branch that @self counts for. */
guint32 tocsin_trust_record_branch (const TocsinTrustRecord *self);

/* Replaces what is stored for (truster, trustee, area). Notes TRUST_CHANGED if another weight
 * counts now. It moves no generation: others state things all the time, and verdicts differ only
 * once a snapshot was made of it. */
void tocsin_trust_put (TocsinTxn *txn, const TocsinTrustRecord *record);
gboolean tocsin_trust_get (
    TocsinTxn *txn, guint32 truster, guint32 trustee, TocsinArea area, TocsinTrustRecord *out);
gboolean
tocsin_trust_find (TocsinTxn *txn, guint32 truster, const char *id, TocsinTrustRecord *out);
/* A Remove: the row goes. The caller keeps a tombstone (tocsin_tombstones_put()). */
gboolean tocsin_trust_remove (TocsinTxn *txn, guint32 truster, guint32 trustee, TocsinArea area);

/**
 * TocsinTrustEdge: as much of a statement as the solver needs.
 */
typedef struct
{
  guint32 truster;
  guint32 trustee;
  guint8 area;   /* TocsinArea */
  guint8 weight; /* 1..100 */
} TocsinTrustEdge;

/* Every live statement in the order of (truster, trustee, area); fast, for the compute thread. */
typedef gboolean (*TocsinTrustEdgeFunc) (const TocsinTrustEdge *edge, gpointer data);
void tocsin_trust_foreach_edge (TocsinTxn *txn, TocsinTrustEdgeFunc func, gpointer data);

/* Every statement of one truster, held ones too. */
typedef gboolean (*TocsinTrustFunc) (const TocsinTrustRecord *record, gpointer data);
void tocsin_trust_foreach_of (TocsinTxn *txn, guint32 truster, TocsinTrustFunc func, gpointer data);

/* The first truster from number @from on that has statements which count for @branch, itself aside.
 * %FALSE if there is none. */
gboolean
tocsin_trust_next_of_branch (TocsinTxn *txn, guint32 branch, guint32 from, guint32 *truster);

/* The first truster from number @from on that has statements. %FALSE if there is none. */
gboolean tocsin_trust_next (TocsinTxn *txn, guint32 from, guint32 *truster);

/* Statements of one truster; the cap is 1,000. */
guint tocsin_trust_count_of (TocsinTxn *txn, guint32 truster);
guint64 tocsin_trust_count (TocsinTxn *txn);

G_END_DECLS
