/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What this node's operator takes back: the Remove is built and proven on the main thread, then
 * stored, queued and audited in one transaction.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include <string.h>

#include "codec/activity-build.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "fed/publish.h"
#include "fed/relay.h"
#include "fed/withdrawal.h"
#include "store/purge.h"
#include "store/table-actors.h"
#include "store/table-audit.h"
#include "store/table-outbox.h"
#include "store/table-reports.h"

typedef struct
{
  TocsinPolicy *policy;     /* (owned) */
  TocsinPrepared *prepared; /* (owned) */
  char *who;                /* (owned) */
  guint64 number;           /* 0: the store does not have it */
  char *id;                 /* (owned) (nullable) of what it does not have */
  TocsinRemoveReason reason;
  gint64 now_us;
} WithdrawChange;

static void
withdraw_change_free (WithdrawChange *change)
{
  tocsin_policy_unref (change->policy);
  g_clear_pointer (&change->prepared, tocsin_prepared_free);
  g_free (change->who);
  g_free (change->id);
  g_free (change);
}

static gboolean
write_withdrawal (TocsinTxn *txn, gpointer data, GError **error)
{
  WithdrawChange *change = data;
  g_auto (TocsinReportRecord) record = { 0 };
  TocsinWithdrawal remove = {
    .reason = change->reason,
    .removed_us = change->prepared->published_us,
    .signer = TOCSIN_ACTOR_LOCAL,
    .activity_id = change->prepared->id,
    .activity = change->prepared->activity,
  };

  if (!tocsin_reports_get (txn, change->number, &record) || record.actor != TOCSIN_ACTOR_LOCAL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                           "This node has made no such report");
      return FALSE;
    }
  if (record.state == TOCSIN_STATE_WITHDRAWN || record.state == TOCSIN_STATE_EXPIRED)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_GONE,
                           record.state == TOCSIN_STATE_EXPIRED
                               ? "The report has expired"
                               : "The report was withdrawn before");
      return FALSE;
    }
  tocsin_withdrawal_apply (txn, change->policy, &record, &remove, change->now_us);
  tocsin_audit_append (txn, change->now_us, change->who, "report.withdraw", record.id,
                       tocsin_reason_to_string (change->reason));
  return TRUE;
}

/* Nobody here knows how widely it went, so whoever reads us is told, guests too. */
static gboolean
write_unknown (TocsinTxn *txn, gpointer data, GError **error)
{
  WithdrawChange *change = data;
  gint64 until_us = change->now_us + tocsin_store_keep_us (tocsin_txn_get_store (txn));
  TocsinTombstone tombstone = { .removed_us = change->prepared->published_us,
                                .until_us = until_us };
  TocsinTombstone before;
  TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_REMOVE,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .origin = TOCSIN_ACTOR_LOCAL,
    .sharing = TOCSIN_SHARING_CLEAR,
    .created_us = change->now_us,
    .activity_id = change->prepared->id,
    .activity = change->prepared->activity,
  };

  if (tocsin_tombstones_get (txn, TOCSIN_ACTOR_LOCAL, change->id, &before))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_GONE,
                           "The report was withdrawn before");
      return FALSE;
    }
  tocsin_tombstones_put (txn, TOCSIN_ACTOR_LOCAL, change->id, &tombstone);
  tocsin_relay_publish (txn, change->policy, &entry, 0, change->now_us);
  tocsin_audit_append (txn, change->now_us, change->who, "report.withdraw", change->id,
                       tocsin_reason_to_string (change->reason));
  return TRUE;
}

/* Not before what it takes back, which a clock that was ahead may have dated, or peers keep that.
 * So far ahead that they read neither of the two, it is of now. */
static gint64
date_remove (gint64 updated_us, gint64 now_us)
{
  gboolean is_read = updated_us <= now_us + TOCSIN_READ_AGAIN_AHEAD_DAYS * TOCSIN_DAY_US;

  return is_read ? MAX (now_us, updated_us) : now_us;
}

/**
 * tocsin_prepare_remove:
 * @fed: the federation
 * @id: of a report of ours
 * @updated_us: its `updated`; 0: unknown
 * @reason: why it is taken back
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the Remove. On error, %NULL as tocsin_prepare_new()
 */
TocsinPrepared *
tocsin_prepare_remove (const TocsinFederation *fed,
                       const char *id,
                       gint64 updated_us,
                       TocsinRemoveReason reason,
                       gint64 now_us,
                       GError **error)
{
  g_autofree char *activity_id = tocsin_prepare_id (fed, "activities", now_us);
  g_autofree char *followers = tocsin_identity_url (fed->identity, "/followers");
  g_autofree char *target = tocsin_identity_url (fed->identity, "/reports");
  TocsinActivityHead head = {
    .id = activity_id,
    .actor = tocsin_identity_get_actor (fed->identity),
    .to = followers,
    .published_us = date_remove (updated_us, now_us),
  };
  TocsinPrepared *self = tocsin_prepare_new (
      fed, tocsin_activity_build_remove (&head, id, target, reason), activity_id, now_us, error);

  if (self != NULL)
    self->published_us = head.published_us;
  return self;
}

static TocsinPrepared *
prepare_stored (const TocsinFederation *fed,
                guint64 number,
                TocsinRemoveReason reason,
                gint64 now_us,
                GError **error)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));
  g_auto (TocsinReportRecord) record = { 0 };

  if (tocsin_reports_get (txn, number, &record) && record.id != NULL)
    return tocsin_prepare_remove (fed, record.id, record.updated_us, reason, now_us, error);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                       "This node has made no such report");
  return NULL;
}

/**
 * tocsin_publish_prepare_remove:
 * @fed: the federation
 * @number: a report
 * @reason: why it is taken back
 * @now_us: the time
 * @out: (out) (transfer full) (nullable): the Remove; %NULL if it is not of this node, or is not
 *   published
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE as tocsin_prepare_new()
 */
gboolean
tocsin_publish_prepare_remove (const TocsinFederation *fed,
                               guint64 number,
                               TocsinRemoveReason reason,
                               gint64 now_us,
                               TocsinPrepared **out,
                               GError **error)
{
  *out = NULL;
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));
    g_auto (TocsinReportRecord) record = { 0 };

    if (!tocsin_reports_get (txn, number, &record) || record.id == NULL ||
        record.actor != TOCSIN_ACTOR_LOCAL || record.basis != TOCSIN_BASIS_FIRST_HAND)
      return tocsin_txn_check (txn, error);
  }
  *out = prepare_stored (fed, number, reason, now_us, error);
  return *out != NULL;
}

/* As tocsin_prepare_id() makes them: nothing else can ever have been a report of ours. */
static gboolean
is_report_id (const TocsinFederation *fed, const char *id)
{
  g_autofree char *folder = tocsin_identity_url (fed->identity, "/reports/");
  const char *uuid = g_str_has_prefix (id, folder) ? id + strlen (folder) : "";
  g_autofree char *lower = g_ascii_strdown (uuid, -1);

  return g_uuid_string_is_valid (uuid) && g_str_equal (uuid, lower);
}

static void
submit (GTask *task,
        TocsinFederation *fed,
        TocsinWriteFunc write,
        TocsinPrepared *prepared,
        const WithdrawChange *what,
        const char *who)
{
  WithdrawChange *change = g_memdup2 (what, sizeof *what);

  change->policy = tocsin_policy_ref (fed->policy);
  change->prepared = prepared;
  change->who = g_strdup (who);
  tocsin_writer_submit_async (fed->writer, write, change, (GDestroyNotify) withdraw_change_free,
                              NULL, tocsin_writer_return_task, g_object_ref (task));
}

/**
 * tocsin_publish_withdraw_async:
 * @fed: the federation
 * @number: a report of our own
 * @reason: why; followers are told
 * @who: for the audit log
 * @callback: called in the thread-default context of the caller once it is durable
 * @user_data: data for @callback
 */
void
tocsin_publish_withdraw_async (TocsinFederation *fed,
                               guint64 number,
                               TocsinRemoveReason reason,
                               const char *who,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_autoptr (GError) error = NULL;
  gint64 now_us = tocsin_time_now_us ();
  TocsinPrepared *prepared = prepare_stored (fed, number, reason, now_us, &error);
  WithdrawChange change = { .number = number, .reason = reason, .now_us = now_us };

  g_task_set_task_data (task, fed, NULL);
  if (prepared == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    submit (task, fed, write_withdrawal, prepared, &change, who);
}

/**
 * tocsin_publish_withdraw_unknown_async:
 * @fed: the federation
 * @id: the URI of a report that the store does not have, as after going back to a backup
 * @reason: why; followers are told
 * @who: for the audit log
 * @callback: called in the thread-default context of the caller once it is durable
 * @user_data: data for @callback
 *
 * Has peers forget what this node no longer knows that it said. To be ended by
 * tocsin_publish_withdraw_finish(): %TOCSIN_ERROR_NOT_FOUND if @id is none that this node gives.
 */
void
tocsin_publish_withdraw_unknown_async (TocsinFederation *fed,
                                       const char *id,
                                       TocsinRemoveReason reason,
                                       const char *who,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_autoptr (GError) error = NULL;
  WithdrawChange change = { .reason = reason, .now_us = tocsin_time_now_us () };
  TocsinPrepared *prepared = NULL;

  g_task_set_task_data (task, fed, NULL);
  if (is_report_id (fed, id))
    prepared = tocsin_prepare_remove (fed, id, 0, reason, change.now_us, &error);
  else
    g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "There is no such report");
  if (prepared == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  change.id = g_strdup (id);
  submit (task, fed, write_unknown, prepared, &change, who);
}

/**
 * tocsin_publish_withdraw_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_NOT_FOUND, %TOCSIN_ERROR_GONE, %TOCSIN_ERROR_UNAVAILABLE or
 *   %TOCSIN_ERROR_STORE
 */
gboolean
tocsin_publish_withdraw_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
