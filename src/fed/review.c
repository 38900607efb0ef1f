/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Lines of `review`. What a line stands for may be many reports: they are settled in slices, one
 * change each, and the line is closed by the change that settles the last of them.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/review.h"

#include "core/clock.h"
#include "core/error.h"
#include "fed/guards.h"
#include "fed/held.h"
#include "fed/withdrawal.h"
#include "store/bulk.h"
#include "store/table-audit.h"
#include "store/table-imports.h"
#include "store/table-reports.h"
#include "store/table-trust.h"

#define SLICE  500
#define SLICES 20 /* of one line in a round */

static const struct
{
  TocsinReviewKind kind;
  const char *name;
} kinds[] = {
  { TOCSIN_REVIEW_HELD, "held" },
  { TOCSIN_REVIEW_BATCH, "batch" },
  { TOCSIN_REVIEW_BURST, "burst" },
  { TOCSIN_REVIEW_WITHDRAWAL, "withdrawal" },
  { TOCSIN_REVIEW_EQUIVOCATION, "equivocation" },
  { TOCSIN_REVIEW_KEY_CHANGE, "key_change" },
  { TOCSIN_REVIEW_LEAK, "leak" },
  { TOCSIN_REVIEW_CONTRADICTION, "contradiction" },
  { TOCSIN_REVIEW_MOVED, "moved" },
  { TOCSIN_REVIEW_DRIFT, "drift" },
  { TOCSIN_REVIEW_BUDGET, "budget" },
  { TOCSIN_REVIEW_OTHER, "other" },
  { TOCSIN_REVIEW_FREE_RIDER, "free_rider" },
};

/* Wire names; never translated. */
const char *
tocsin_review_kind_to_string (TocsinReviewKind kind)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].kind == kind)
      return kinds[i].name;
  return "other";
}

const char *
tocsin_review_state_to_string (TocsinReviewState state)
{
  static const char *const names[] = { "open", "accepted", "rejected", "lapsed" };

  return (guint) state < G_N_ELEMENTS (names) ? names[state] : "open";
}

typedef struct
{
  guint32 trustee;
  TocsinArea area;
} Statement;

static gboolean
collect_equivocation (const TocsinTrustRecord *record, gpointer data)
{
  Statement statement = { .trustee = record->trustee, .area = record->area };

  if (record->held && record->alternate != NULL)
    g_array_append_val ((GArray *) data, statement);
  return TRUE;
}

/* Trust statements of which there are two versions: the one that came first counts, or none. At
 * most 1,000 an actor, model.md 1. */
static void
settle_statements (
    TocsinTxn *txn, const TocsinPolicy *policy, guint32 truster, gboolean accept, gint64 now_us)
{
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (Statement));

  if (!accept)
    return;
  tocsin_trust_foreach_of (txn, truster, collect_equivocation, statements);
  for (guint i = 0; i < statements->len; i++)
    {
      const Statement *statement = &g_array_index (statements, Statement, i);
      g_auto (TocsinTrustRecord) record = { 0 };

      if (!tocsin_trust_get (txn, truster, statement->trustee, statement->area, &record))
        continue;
      tocsin_held_release_statement (txn, policy, &record, now_us);
    }
}

/* %FALSE once nothing is left of it. A batch that is rejected speaks against its reporter as each
 * of its reports would. */
static gboolean
undo_batch (TocsinTxn *txn, const TocsinReviewRecord *line, gint64 now_us)
{
  g_auto (TocsinImportRecord) import = { 0 };
  guint undone = tocsin_bulk_undo (txn, line->batch, SLICE, now_us);

  for (guint i = 0; i < undone; i++)
    tocsin_guards_contradicted (txn, line->actor, TRUE, now_us);
  if (undone == 0 && tocsin_imports_get (txn, line->batch, &import) && import.undone_us == 0)
    {
      import.undone_us = now_us;
      tocsin_imports_put (txn, &import);
    }
  return undone > 0;
}

/* Settles some of what @line stands for. @part: of a line that others may join, which of it.
 * @cursor: 0 to begin.
 * Returns: where to go on; 0 when all is settled. */
static guint64
settle (TocsinTxn *txn,
        const TocsinPolicy *policy,
        const TocsinReviewRecord *line,
        gboolean accept,
        TocsinHeldPart *part,
        guint64 cursor,
        gint64 now_us)
{
  g_auto (TocsinReportRecord) record = { 0 };

  switch (line->kind)
    {
    case TOCSIN_REVIEW_HELD:
    case TOCSIN_REVIEW_EQUIVOCATION:
      if (line->report == 0)
        settle_statements (txn, policy, line->actor, accept, now_us);
      else if (tocsin_reports_get (txn, line->report, &record))
        tocsin_held_settle (txn, policy, &record, accept, TRUE, now_us);
      return 0;
    case TOCSIN_REVIEW_BURST:
      return tocsin_held_settle_slice (txn, policy, TOCSIN_HOLD_BURST, line->actor, accept, part,
                                       cursor, now_us);
    case TOCSIN_REVIEW_BATCH:
      return !accept && undo_batch (txn, line, now_us) ? cursor + 1 : 0;
    case TOCSIN_REVIEW_WITHDRAWAL:
      return tocsin_withdrawal_settle (txn, policy, line->actor, accept, part, cursor, now_us);
    case TOCSIN_REVIEW_KEY_CHANGE:
    case TOCSIN_REVIEW_LEAK:
    case TOCSIN_REVIEW_CONTRADICTION:
    case TOCSIN_REVIEW_MOVED:
    case TOCSIN_REVIEW_DRIFT:
    case TOCSIN_REVIEW_BUDGET:
    case TOCSIN_REVIEW_OTHER:
    case TOCSIN_REVIEW_FREE_RIDER:
    default:
      return 0;
    }
}

static void
close_line (TocsinTxn *txn,
            TocsinReviewRecord *line,
            TocsinReviewState state,
            const char *who,
            gint64 now_us)
{
  line->state = state;
  line->decided_us = now_us;
  g_free (line->decided_by);
  line->decided_by = g_strdup (who);
  tocsin_review_put (txn, line);
}

/* ---- one decision ---- */

typedef struct
{
  TocsinFederation *fed; /* (unowned) */
  TocsinPolicy *policy;  /* (owned) */
  char *who;             /* (owned) (nullable) if time decided */
  guint64 id;
  guint64 shown;           /* how many the person saw; 0: they do not say */
  TocsinReviewState state; /* that the line gets */
  gint64 now_us;
  gboolean resumed;         /* in: not the first change */
  guint64 cursor;           /* in */
  guint64 next;             /* out */
  guint64 count;            /* in: of the line, when this look at all of it began */
  guint64 next_count;       /* out */
  TocsinHeldPart part;      /* in: so far */
  TocsinHeldPart next_part; /* out */
  gboolean again;           /* out: the line was joined meanwhile, behind the cursor perhaps */
} Decision;

static void on_slice (GObject *source, GAsyncResult *result, gpointer user_data);

static void
decision_free (Decision *decision)
{
  tocsin_policy_unref (decision->policy);
  g_free (decision->who);
  g_free (decision);
}

static const char *const decision_words[] = {
  [TOCSIN_REVIEW_ACCEPTED] = "accept",
  [TOCSIN_REVIEW_REJECTED] = "reject",
  [TOCSIN_REVIEW_LAPSED] = "lapse",
};

/* Whether @line may be decided so. */
static gboolean
check_line (TocsinTxn *txn, const Decision *decision, TocsinReviewRecord *line, GError **error)
{
  if (!tocsin_review_get (txn, decision->id, line))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "There is no such line");
      return FALSE;
    }
  if (line->state != TOCSIN_REVIEW_OPEN)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "This line is %s already",
                   tocsin_review_state_to_string (line->state));
      return FALSE;
    }
  if (line->kind == TOCSIN_REVIEW_KEY_CHANGE && decision->state != TOCSIN_REVIEW_REJECTED)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_REFUSED,
                           "Compare the fingerprint with the peer's admin, then run "
                           "“tocsin peer confirm-key”");
      return FALSE;
    }
  if (!decision->resumed && decision->shown != 0 && decision->shown != line->count)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                   "This line stands for %" G_GUINT64_FORMAT " by now: look at it again",
                   line->count);
      return FALSE;
    }
  return TRUE;
}

/* What joined the line since it was looked at, or has not waited for so long, waits on. */
static void
keep_open (TocsinTxn *txn, const Decision *decision, TocsinReviewRecord *line)
{
  line->count = decision->next_part.left;
  if (line->due_us != 0)
    line->due_us =
        decision->next_part.oldest_us + TOCSIN_HELD_LAPSE_US / decision->policy->time_scale;
  tocsin_review_put (txn, line);
}

static gboolean
write_slice (TocsinTxn *txn, gpointer data, GError **error)
{
  Decision *decision = data;
  g_auto (TocsinReviewRecord) line = { 0 };
  g_autofree char *object = g_strdup_printf ("%" G_GUINT64_FORMAT, decision->id);
  g_autofree char *action = g_strconcat ("review.", decision_words[decision->state], NULL);

  if (!check_line (txn, decision, &line, error))
    return FALSE;
  decision->next_count = decision->cursor == 0 ? line.count : decision->count;
  decision->next_part = decision->part;
  decision->next = settle (txn, decision->policy, &line, decision->state != TOCSIN_REVIEW_REJECTED,
                           &decision->next_part, decision->cursor, decision->now_us);
  decision->again = decision->next == 0 && line.count != decision->next_count;
  if (decision->next != 0 || decision->again)
    return TRUE;
  if (decision->next_part.left > 0)
    keep_open (txn, decision, &line);
  else
    close_line (txn, &line, decision->state, decision->who, decision->now_us);
  tocsin_audit_append (txn, decision->now_us, decision->who != NULL ? decision->who : "node",
                       action, object, tocsin_review_kind_to_string (line.kind));
  return TRUE;
}

static void
submit_slice (GTask *task)
{
  Decision *decision = g_task_get_task_data (task);

  tocsin_writer_submit_async (decision->fed->writer, write_slice, decision, NULL, NULL, on_slice,
                              g_object_ref (task));
}

static void
on_slice (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Decision *decision = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (decision->next == 0 && !decision->again)
    g_task_return_boolean (task, TRUE);
  else
    {
      decision->resumed = TRUE;
      decision->cursor = decision->next;
      decision->count = decision->next_count;
      decision->part = decision->next_part;
      if (decision->again)
        decision->part.left = 0;
      submit_slice (task);
    }
}

static Decision *
decision_new (TocsinFederation *fed, guint64 id, TocsinReviewState state, gint64 now_us)
{
  Decision *decision = g_new0 (Decision, 1);

  decision->fed = fed;
  decision->policy = tocsin_policy_ref (fed->policy);
  decision->id = id;
  decision->state = state;
  decision->now_us = now_us;
  decision->part.until_us = now_us;
  if (state == TOCSIN_REVIEW_LAPSED)
    decision->part.until_us -= TOCSIN_HELD_LAPSE_US / decision->policy->time_scale;
  return decision;
}

/**
 * tocsin_review_decide_async:
 * @fed: the federation
 * @id: a line
 * @accept: what the person says; of a first read or a burst, whether the reports are to count; of
 *   a withdrawal, whether it is to be carried out
 * @shown: how many the line stood for when the person looked; 0 if they do not say
 * @who: for the audit log
 * @callback: called in the thread-default context of the caller once all of it is durable
 * @user_data: data for @callback
 *
 * What joins the line from now on is not decided, and the line stays open for it.
 */
void
tocsin_review_decide_async (TocsinFederation *fed,
                            guint64 id,
                            gboolean accept,
                            guint64 shown,
                            const char *who,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Decision *decision = decision_new (
      fed, id, accept ? TOCSIN_REVIEW_ACCEPTED : TOCSIN_REVIEW_REJECTED, tocsin_time_now_us ());

  decision->shown = shown;
  decision->who = g_strdup (who);
  g_task_set_task_data (task, decision, (GDestroyNotify) decision_free);
  submit_slice (task);
}

/**
 * tocsin_review_decide_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_NOT_FOUND, _CONFLICT (it was decided, or stands for others
 *   than were shown), _REFUSED, _UNAVAILABLE or _STORE
 */
gboolean
tocsin_review_decide_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- time decides ---- */

/**
 * tocsin_review_lapse_async:
 * @fed: the federation
 * @now_us: the time
 * @callback: called in the thread-default context of the caller
 * @user_data: data for @callback
 *
 * Settles one line whose time is over: what nobody objected to for 7 days happens. Held bursts
 * count, held withdrawals are carried out. For what has waited less the line stays open.
 */
void
tocsin_review_lapse_async (TocsinFederation *fed,
                           gint64 now_us,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  gboolean found;
  guint64 id;

  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));

    found = tocsin_review_find_due (txn, now_us, &id);
  }
  if (!found)
    {
      g_task_return_boolean (task, FALSE);
      return;
    }
  g_task_set_task_data (task, decision_new (fed, id, TOCSIN_REVIEW_LAPSED, now_us),
                        (GDestroyNotify) decision_free);
  submit_slice (task);
}

/**
 * tocsin_review_lapse_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: %TRUE if a line was settled, and there may be more; %FALSE without an error if none is
 *   due; else with %TOCSIN_ERROR_CONFLICT (a person was faster), _UNAVAILABLE or _STORE
 */
gboolean
tocsin_review_lapse_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
