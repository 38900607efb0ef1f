/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A person asks to be forgotten. In this order: a thread looks for every trace; what was found is
 * taken in slices, our own reports with a Remove to followers; then a thread looks again, since
 * reports may have come meanwhile. Once it finds none, what is left beside reports is swept, and
 * the audit log says that it was done, not to whom.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/erase.h"

#include <string.h>

#include "codec/activity-build.h"
#include "core/clock.h"
#include "core/error.h"
#include "fed/publish.h"
#include "fed/withdrawal.h"
#include "store/purge.h"
#include "store/table-actors.h"
#include "store/table-audit.h"
#include "store/trace.h"
#include "store/work.h"

#define SLICE      100 /* reports in one change */
#define ROUNDS_MAX 8   /* of looking again, while a flood of reports about it comes in */

typedef struct
{
  TocsinFederation *fed; /* (unowned) */
  TocsinStore *store;    /* (unowned) outlives what a thread does with it */
  TocsinPolicy *policy;  /* (owned) */
  TocsinSubject subject; /* (owned) */
  char *who;             /* (owned) */
  gint64 now_us;
  TocsinTrace trace; /* (owned) of the newest look */
  TocsinTrace sweep; /* (owned) what all looks found beside reports */
  guint rounds;
  guint next;         /* of the reports and then the mentions in @trace */
  GPtrArray *removes; /* (owned) (element-type TocsinPrepared) nullable elements: of this slice */
  TocsinErased slice; /* what the slice took; its write may be run twice */
  TocsinErased erased;
} Erase;

static void
erase_free (gpointer data)
{
  Erase *self = data;

  tocsin_policy_unref (self->policy);
  tocsin_subject_clear (&self->subject);
  g_free (self->who);
  tocsin_trace_clear (&self->trace);
  tocsin_trace_clear (&self->sweep);
  g_clear_pointer (&self->removes, g_ptr_array_unref);
  g_free (self);
}

static void look (GTask *task);
static void take_slice (GTask *task);

static guint
n_found (const Erase *self)
{
  return self->trace.reports->len + self->trace.mentions->len;
}

static guint64
number_at (const Erase *self, guint i)
{
  const GArray *reports = self->trace.reports;

  return i < reports->len ? g_array_index (reports, guint64, i)
                          : g_array_index (self->trace.mentions, guint64, i - reports->len);
}

/* ---- on the writer thread ---- */

static void
take_own (TocsinTxn *txn,
          const Erase *self,
          const TocsinReportRecord *record,
          const TocsinPrepared *prepared)
{
  TocsinWithdrawal remove = {
    .reason = TOCSIN_REASON_ERASED,
    .signer = TOCSIN_ACTOR_LOCAL,
  };

  /* What was derived here never left. */
  if (prepared == NULL)
    {
      tocsin_reports_withdraw (txn, record->number, TOCSIN_REASON_ERASED, self->now_us,
                               self->now_us + tocsin_store_keep_us (self->store));
      return;
    }
  remove.removed_us = prepared->published_us;
  remove.activity_id = prepared->id;
  remove.activity = prepared->activity;
  tocsin_withdrawal_apply (txn, self->policy, record, &remove, self->now_us);
}

static void
take_one (TocsinTxn *txn, Erase *self, guint64 number, const TocsinPrepared *prepared)
{
  g_auto (TocsinReportRecord) record = { 0 };

  if (!tocsin_reports_get (txn, number, &record))
    return;
  if (record.id == NULL)
    {
      tocsin_reports_withdraw (txn, number, TOCSIN_REASON_ERASED, self->now_us, self->now_us);
      self->slice.imported++;
    }
  else if (record.actor == TOCSIN_ACTOR_LOCAL)
    {
      take_own (txn, self, &record, prepared);
      self->slice.withdrawn++;
    }
  else if (tocsin_trace_erase_received (txn, number, &self->subject, self->now_us,
                                        self->now_us + tocsin_store_keep_us (self->store)))
    self->slice.erased++;
}

static gboolean
write_slice (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  Erase *self = data;

  self->slice = (TocsinErased){ 0 };
  for (guint i = 0; i < self->removes->len; i++)
    {
      take_one (txn, self, number_at (self, self->next + i), self->removes->pdata[i]);
      if (self->next + i >= self->trace.reports->len)
        self->slice.mentions++;
    }
  return TRUE;
}

static gboolean
write_end (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  Erase *self = data;
  const TocsinErased *n = &self->erased;
  g_autofree char *detail = g_strdup_printf ("%s: withdrawn %u, erased %u, imported %u, other %u",
                                             tocsin_subject_type_to_string (self->subject.type),
                                             n->withdrawn, n->erased, n->imported, n->other);

  tocsin_trace_sweep (txn, &self->sweep, &self->subject, self->who, self->now_us);
  tocsin_audit_append (txn, self->now_us, self->who, "subject.erase", NULL, detail);
  return TRUE;
}

/* ---- main ---- */

static void
on_slice_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Erase *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  self->erased.withdrawn += self->slice.withdrawn;
  self->erased.erased += self->slice.erased;
  self->erased.imported += self->slice.imported;
  self->erased.mentions += self->slice.mentions;
  self->next += self->removes->len;
  if (self->next < n_found (self))
    take_slice (g_steal_pointer (&task));
  else
    look (g_steal_pointer (&task));
}

/* A Remove for each report of ours that was published; %FALSE if one cannot be made. */
static gboolean
prepare_slice (Erase *self, GError **error)
{
  guint end = MIN (self->next + SLICE, n_found (self));

  g_clear_pointer (&self->removes, g_ptr_array_unref);
  self->removes = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_prepared_free);
  for (guint i = self->next; i < end; i++)
    {
      TocsinPrepared *prepared = NULL;

      if (!tocsin_publish_prepare_remove (self->fed, number_at (self, i), TOCSIN_REASON_ERASED,
                                          self->now_us, &prepared, error))
        return FALSE;
      g_ptr_array_add (self->removes, prepared);
    }
  return TRUE;
}

static void
take_slice (GTask *task)
{
  Erase *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!prepare_slice (self, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      g_object_unref (task);
      return;
    }
  tocsin_writer_submit_async (self->fed->writer, write_slice, self, NULL, NULL, on_slice_written,
                              task);
}

/* Adds what is not there yet. */
static void
merge (GArray *into, const GArray *from, gsize size)
{
  for (guint i = 0; i < from->len; i++)
    {
      gconstpointer element = from->data + i * size;
      gboolean known = FALSE;

      for (guint k = 0; !known && k < into->len; k++)
        known = memcmp (into->data + k * size, element, size) == 0;
      if (!known)
        g_array_append_vals (into, element, 1);
    }
}

static void
on_looked (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Erase *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  merge (self->sweep.reviews, self->trace.reviews, sizeof (guint64));
  merge (self->sweep.imports, self->trace.imports, sizeof (guint64));
  merge (self->sweep.allowed, self->trace.allowed, sizeof (TocsinSubjectKey));
  if (n_found (self) > 0 && self->rounds++ < ROUNDS_MAX)
    {
      self->next = 0;
      take_slice (g_steal_pointer (&task));
      return;
    }
  if (n_found (self) > 0)
    {
      g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_BUSY,
                               "Reports about it come in faster than they can be erased; block "
                               "who sends them, then ask again");
      return;
    }
  self->erased.other =
      self->sweep.reviews->len + self->sweep.imports->len + self->sweep.allowed->len;
  tocsin_writer_submit_async (self->fed->writer, write_end, self, NULL, NULL,
                              tocsin_writer_return_task, g_steal_pointer (&task));
}

static void
run_look (GTask *task,
          gpointer source G_GNUC_UNUSED,
          gpointer data,
          GCancellable *cancellable G_GNUC_UNUSED)
{
  Erase *self = data;
  g_autoptr (GError) error = NULL;

  tocsin_trace_clear (&self->trace);
  if (tocsin_trace_find (self->store, &self->subject, &self->trace, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Takes @task over. */
static void
look (GTask *task)
{
  Erase *self = g_task_get_task_data (task);
  g_autoptr (GTask) looking = g_task_new (NULL, NULL, on_looked, task);

  g_task_set_task_data (looking, self, NULL);
  tocsin_store_run_in_thread (self->store, looking, run_look);
}

/**
 * tocsin_erase_run_async:
 * @fed: the federation
 * @subject: whom to forget; copied. Parsed from clear text
 * @who: for the audit log
 * @callback: called in the thread-default context of the caller once everything is durable
 * @user_data: data for @callback
 *
 * Takes every trace of @subject out of this node. Copies that were made before, and what peers
 * hold that do not honour a Remove, are beyond its reach. If the node stops meanwhile, ask again.
 */
void
tocsin_erase_run_async (TocsinFederation *fed,
                        const TocsinSubject *subject,
                        const char *who,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Erase *self = g_new0 (Erase, 1);

  self->fed = fed;
  self->store = fed->store;
  self->policy = tocsin_policy_ref (fed->policy);
  tocsin_subject_copy (&self->subject, subject);
  self->who = g_strdup (who);
  self->now_us = tocsin_time_now_us ();
  self->sweep.reviews = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->sweep.imports = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->sweep.allowed = g_array_new (FALSE, FALSE, sizeof (TocsinSubjectKey));
  g_task_set_task_data (task, self, erase_free);
  look (task);
}

/**
 * tocsin_erase_run_finish:
 * @result: what the callback was given
 * @out: (out): what was taken
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_BUSY, %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE; part
 *   of it may have been taken by then
 */
gboolean
tocsin_erase_run_finish (GAsyncResult *result, TocsinErased *out, GError **error)
{
  const Erase *self = g_task_get_task_data (G_TASK (result));

  *out = self->erased;
  return g_task_propagate_boolean (G_TASK (result), error);
}
