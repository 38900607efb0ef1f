/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/report.h"
#include "store/table-branches.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_HOLD_NONE,
  TOCSIN_HOLD_BURST = 2,    /* more than the peer usually sends; live after 7 days */
  TOCSIN_HOLD_EQUIVOCATION, /* two contents with one `updated` */
  TOCSIN_HOLD_SUBJECT,      /* non-global address, our own origin, a direct peer's host */
  TOCSIN_HOLD_KEY,          /* the reporter's key changed unproven */
  TOCSIN_HOLD_SUFFIX,       /* public suffix lists disagree */
  TOCSIN_HOLD_REJECTED,     /* the operator looked and said no: stays held for good, whatever comes
                               later */
} TocsinHold;

/* What went out of a report or trust statement of which a Remove has to go the same way. Stored:
 * frozen; the first is all that older versions of this program wrote. */
#define TOCSIN_FORWARDED       1u /* we relayed it */
#define TOCSIN_FORWARDED_AGAIN 2u /* and an older version before */
#define TOCSIN_FORWARDED_CLEAR 4u /* one of them to guests too */
#define TOCSIN_FORWARDED_LATER 8u /* of a statement of trust: the newest version has yet to go */
#define TOCSIN_FORWARDED_ANY   7u /* some version went out */

/**
 * TocsinReportRecord:
 *
 * One report, own or received, at its newest version. A withdrawn or expired one keeps no
 * subject, text or activity; a refused one only id and hash. Free by tocsin_report_record_clear();
 * zero it to begin.
 */
typedef struct
{
  guint64 number; /* 0: not stored yet */
  guint32 actor;  /* reporter; TOCSIN_ACTOR_LOCAL for own ones */
  guint32 via;    /* the HTTP signer that brought it: the reporter or a relay */
  TocsinReportState state;
  TocsinHold hold;
  guint8 category;
  TocsinSubjectType subject_type; /* as reported */
  TocsinSubjectType key_type;     /* as keyed */
  TocsinBasis basis;
  TocsinOpinion opinion;
  guint8 confidence;
  TocsinAction action;
  TocsinSharing sharing;
  TocsinRemoveReason remove_reason; /* of a withdrawn one */
  guint32 charged;   /* TOCSIN_CHARGED_… or tocsin_charged_to(): the branch that it counts for */
  guint forwarded;   /* TOCSIN_FORWARDED…: its Remove must be relayed too */
  gboolean verified; /* its proof verified, so it can be relayed and exported */
  gint64 published_us;
  gint64 updated_us;
  gint64 observed_us;
  gint64 last_observed_us;
  gint64 end_us;          /* endTime */
  gint64 evidence_end_us; /* when its evidence is purged: endTime or 4 half-lives */
  gint64 received_us;
  gint64 held_us;      /* since when it, or the Remove of a live one, is held; 0: neither */
  gint64 withdrawn_us; /* `published` of the Remove, or when it expired */
  gint64 gone_us;      /* when the row of a withdrawn or expired one goes too; 0: not yet */
  TocsinSubjectKey key;
  guint8 subject_digest[TOCSIN_SHA256_BYTES];
  guint8 content_hash[TOCSIN_SHA256_BYTES]; /* SHA-256(JCS(Add without proof, signature)) */
  guint64 sequence;                         /* of its newest Add in our outbox; 0: none */
  guint64 batch;                            /* import or first read; 0: none */
  guint64 bundle;                           /* event that it belongs to; 0: none */
  char *id;                                 /* (owned) URI; NULL for a row of a list import */
  char *activity_id;                        /* (owned) (nullable) */
  char *category_text;                      /* (owned) (nullable) the slug as written, if unknown */
  char *content;                            /* (owned) (nullable) */
  char *key_value;   /* (owned) (nullable) what was hashed, where it is not @value */
  char *value;       /* (owned) (nullable) canonical subject */
  GBytes *activity;  /* (owned) (nullable) the signed Add, byte for byte */
  GBytes *alternate; /* (owned) (nullable) the other one of an equivocation */
} TocsinReportRecord;

/* Whether it names what it is about, or the key of that, as it was written. */
static inline gboolean
tocsin_report_says_in_clear (const TocsinReportRecord *record)
{
  return record->value != NULL || record->key_value != NULL;
}

void tocsin_report_record_clear (TocsinReportRecord *self);
void tocsin_report_record_free (TocsinReportRecord *self); /* of those that list returns */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinReportRecord, tocsin_report_record_clear)

/**
 * tocsin_report_record_fill:
 * @self: (inout): a record that says nothing of a report yet
 * @report: a valid report
 *
 * Takes over what @report says; who brought it when, and what became of it, is the caller's part.
 */
void tocsin_report_record_fill (TocsinReportRecord *self, const TocsinReport *report);

/* What @self is at @now_us. Its end makes it an expired one at once; what is stored becomes that
 * with the first housekeeping after the midnight at which digests leave it out, and so do the
 * counts. */
TocsinReportState tocsin_report_record_state (const TocsinReportRecord *self, gint64 now_us);

/* The branch that @self counts for. */
guint32 tocsin_report_record_branch (const TocsinReportRecord *self);

/* The evidence that @self contributes. */
void tocsin_report_record_evidence (const TocsinReportRecord *self, TocsinEvidence *out);

/**
 * tocsin_reports_put:
 * @record: (inout): @number 0 stores a new report and is set; else replaces that number
 *
 * Stores a version with all indexes, the reporter's counts and digest, its subject, and its
 * evidence: a live or held one with @evidence_end_us in the future of @now_us contributes a row
 * (held ones flagged so), every other state none. If @sequence is another than before, the older
 * Add in the outbox is blanked: a withdrawal must not leave its body behind.
 */
void tocsin_reports_put (TocsinTxn *txn, TocsinReportRecord *record, gint64 now_us);

/* Says where in the outbox the newest Add of @record, as it was just stored, is, and what went out
 * because we relay it. Nothing else of the row changes, so no index is looked at. */
void tocsin_reports_set_sequence (TocsinTxn *txn,
                                  TocsinReportRecord *record,
                                  guint64 sequence,
                                  guint forwarded);

/* %FALSE, and @out owns nothing, if there is none. The caller clears @out. */
gboolean tocsin_reports_get (TocsinTxn *txn, guint64 number, TocsinReportRecord *out);
/* The number of the report that @actor calls @id. %FALSE if there is none. */
gboolean tocsin_reports_find (TocsinTxn *txn, guint32 actor, const char *id, guint64 *number);

/* Held to live, live to held, and so on, with evidence, counts and indexes. %FALSE if there is no
 * such report or it is withdrawn or expired. */
gboolean tocsin_reports_set_state (
    TocsinTxn *txn, guint64 number, TocsinReportState state, TocsinHold hold, gint64 now_us);

/**
 * tocsin_reports_withdraw:
 * @removed_us: `published` of the Remove
 * @until_us: how long the tombstone is kept
 *
 * Takes a report back: body, subject and text go, evidence goes, its Add in the outbox is blanked,
 * the row stays as the tombstone. %FALSE if there is no such report or it is withdrawn already.
 */
gboolean tocsin_reports_withdraw (
    TocsinTxn *txn, guint64 number, TocsinRemoveReason reason, gint64 removed_us, gint64 until_us);

/* As if the report had never come; only its Add in the outbox leaves a trace, a blank one. %FALSE
 * if there is no such report. */
gboolean tocsin_reports_drop (TocsinTxn *txn, guint64 number, gint64 now_us);

/**
 * TocsinTombstone: that (actor, report id) was withdrawn. Beats every version whose `updated` is
 * not after @removed_us; needs no report (a Remove may come before its Add).
 */
typedef struct
{
  gint64 removed_us;
  gint64 until_us;
} TocsinTombstone;
gboolean
tocsin_tombstones_get (TocsinTxn *txn, guint32 actor, const char *id, TocsinTombstone *out);
/* Keeps the later of the two if there is one. A new one without a report counts for @branch. */
void tocsin_tombstones_put_for (
    TocsinTxn *txn, guint32 branch, guint32 actor, const char *id, const TocsinTombstone *in);
/* Likewise, for @actor itself. */
void
tocsin_tombstones_put (TocsinTxn *txn, guint32 actor, const char *id, const TocsinTombstone *in);

/**
 * TocsinActorCounts: what one reporter has here.
 */
typedef struct
{
  guint32 by_state[5]; /* index TocsinReportState */
  guint32 tombstones;  /* without a report row */
  guint32 items[3];    /* in the digest, index TocsinSharing */
  guint8 digest[3][TOCSIN_SHA256_BYTES];
} TocsinActorCounts;
void tocsin_reports_counts (TocsinTxn *txn, guint32 actor, TocsinActorCounts *out);

/* All of one reporter that counts against its own quota of model.md 1: live, held, withdrawn,
 * tombstones. What counts against that of its branch is in tocsin_branches_get(). */
guint64 tocsin_actor_counts_quota (const TocsinActorCounts *self);

/**
 * tocsin_reports_digest:
 * @as_of_us: 00:00 UTC of a day, today or later than the last purge
 * @most: reports up to this sharing: %TOCSIN_SHARING_CLEAR for what a guest sees, AMBER for all
 * @digest: (out): XOR of SHA-256(report id ‖ LF ‖ hex content hash), docs/wire "Catching up"
 *
 * Returns: how many reports are in it: totalItems
 */
guint64 tocsin_reports_digest (TocsinTxn *txn,
                               guint32 actor,
                               gint64 as_of_us,
                               TocsinSharing most,
                               guint8 digest[TOCSIN_SHA256_BYTES]);

/**
 * TocsinReportFilter: which reports are listed; zero it for all but those of list imports.
 */
typedef struct
{
  gboolean has_actor;
  guint32 actor;
  const TocsinSubjectKey *key; /* (unowned) (nullable): those with evidence about it */
  guint8 category;             /* 0: any */
  int state;                   /* a TocsinReportState + 1; 0: any */
  gint64 state_at_us;          /* @state is what a report is then; 0: what is stored */
  guint64 batch;               /* 0: any */
  guint64 bundle;              /* 0: any */
  gboolean most_set;           /* only up to sharing @most */
  TocsinSharing most;
  gboolean ascending;       /* oldest number first; else newest */
  gboolean include_imports; /* rows of list imports too, which have no id */
} TocsinReportFilter;

#define TOCSIN_REPORTS_SCAN 20000 /* most rows that one call of list looks at */

/**
 * tocsin_reports_list:
 * @cursor: 0 to begin; then what the last call gave
 * @limit: most reports to return
 * @next: (out): for the next call; 0 at the end
 *
 * Returns: (transfer full) (element-type TocsinReportRecord): a page, possibly short or empty
 *   with @next not 0, since a call looks at a bounded number of rows
 */
GPtrArray *tocsin_reports_list (TocsinTxn *txn,
                                const TocsinReportFilter *filter,
                                guint64 cursor,
                                guint limit,
                                guint64 *next) G_GNUC_WARN_UNUSED_RESULT;

/**
 * TocsinReportPlace: where a walk through all reports but those of list imports is; zeroed before
 * the first.
 */
typedef struct
{
  guint32 actor; /* the reporter */
  guint64 number;
} TocsinReportPlace;

/* Goes on to the next report, in the order of reporters and then of numbers; past all that are left
 * of the reporter, if @skip is set. %FALSE, and zeroed, if there is none. */
gboolean tocsin_reports_next (TocsinTxn *txn,
                              gboolean skip,
                              TocsinReportPlace *place) G_GNUC_WARN_UNUSED_RESULT;

/* Numbers of a batch after @after, ascending, at most @limit; of guint64. */
GArray *tocsin_reports_in_batch (TocsinTxn *txn, guint64 batch, guint64 after, guint limit)
    G_GNUC_WARN_UNUSED_RESULT;
/* Held reports, oldest number first. */
GArray *tocsin_reports_held (TocsinTxn *txn, guint64 after, guint limit) G_GNUC_WARN_UNUSED_RESULT;

/* All of them, live or not. */
guint64 tocsin_reports_count (TocsinTxn *txn);

G_END_DECLS
