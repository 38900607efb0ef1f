/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What this node's operator reports. Activities are built and proven on the main thread, then
 * stored, queued and audited in one transaction; the caller is told once that is durable. Of one
 * subject and category no more reports of ours are live than evidence keeps: one more withdraws
 * the oldest. The Remove for it is made beforehand, so if another is the oldest by then, the main
 * thread is asked again.
 *
 * In order: prepare_all → submit → write_reports → on_reports_written → submit or the callback.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/publish.h"

#include <string.h>

#include "codec/activity-build.h"
#include "codec/proof.h"
#include "core/clock.h"
#include "core/error.h"
#include "fed/guards.h"
#include "fed/relay.h"
#include "fed/withdrawal.h"
#include "store/table-actors.h"
#include "store/table-audit.h"
#include "store/table-evidence.h"
#include "store/table-meta.h"
#include "store/table-reports.h"
#include "store/table-subjects.h"

void
tocsin_draft_init (TocsinDraft *self)
{
  *self = (TocsinDraft){
    .subjects = g_array_new (FALSE, TRUE, sizeof (TocsinSubject)),
    .opinion = TOCSIN_OPINION_MALICIOUS,
    .confidence = 100,
    .action = TOCSIN_ACTION_NONE,
  };
  g_array_set_clear_func (self->subjects, (GDestroyNotify) tocsin_subject_clear);
}

void
tocsin_draft_clear (TocsinDraft *self)
{
  g_clear_pointer (&self->subjects, g_array_unref);
  g_clear_pointer (&self->category_text, g_free);
  g_clear_pointer (&self->comment, g_free);
}

void
tocsin_published_free (TocsinPublished *self)
{
  g_strfreev (self->ids);
  g_free (self);
}

/* ---- prepared activities ---- */

/**
 * tocsin_prepare_id:
 * @fed: the federation
 * @folder: "reports" or "activities"
 * @now_us: the time
 *
 * Returns: (transfer full): a new id on our origin
 */
char *
tocsin_prepare_id (const TocsinFederation *fed, const char *folder, gint64 now_us)
{
  g_autofree char *uuid = tocsin_uuid7_new (now_us);

  return g_strdup_printf ("%s/%s/%s", tocsin_identity_get_base (fed->identity), folder, uuid);
}

/**
 * tocsin_prepare_new:
 * @fed: the federation
 * @activity: (transfer full): an Add, Remove or Update of ours, without its proof
 * @id: its id
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Proves an activity and writes it down.
 *
 * Returns: (transfer full) (nullable): the activity. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_UNAVAILABLE (the clock is wrong) or %TOCSIN_ERROR_TOO_LARGE
 */
TocsinPrepared *
tocsin_prepare_new (const TocsinFederation *fed,
                    JsonObject *activity,
                    const char *id,
                    gint64 now_us,
                    GError **error)
{
  g_autoptr (JsonObject) owned = activity;
  g_autoptr (TocsinPrepared) self = g_new0 (TocsinPrepared, 1);

  self->id = g_strdup (id);
  if (!tocsin_proof_document_hash (owned, self->content_hash, error) ||
      !tocsin_identity_prove (fed->identity, owned, now_us, error))
    return NULL;
  self->activity = tocsin_activity_to_bytes (owned, error);
  return self->activity != NULL ? g_steal_pointer (&self) : NULL;
}

void
tocsin_prepared_free (TocsinPrepared *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_clear_pointer (&self->activity, g_bytes_unref);
  g_free (self);
}

/* ---- reports ---- */

#define ATTEMPTS_MAX 64 /* one of those under way gets through each time */

/* Which report makes room for another: a stored one, or one of the same draft. */
typedef struct
{
  guint64 number; /* 0: it is @item */
  guint item;     /* index + 1; both 0: there is room */
} Oldest;

typedef struct
{
  TocsinReport report;
  TocsinPrepared *prepared; /* (owned) (nullable) of a derived one */
  Oldest oldest;
  TocsinPrepared *remove; /* (owned) (nullable) of @oldest */
  guint64 number;         /* once it is written */
} Item;

typedef struct
{
  TocsinFederation *fed; /* (unowned) */
  TocsinPolicy *policy;  /* (owned) */
  GArray *items;         /* (owned) of Item */
  char *who;             /* (owned) */
  gint64 now_us;
  guint64 batch;
  guint64 bundle;   /* out */
  gboolean crowded; /* out: the Removes are not of the oldest ones */
  guint attempts;
} PublishChange;

static void
item_clear (gpointer data)
{
  Item *item = data;

  tocsin_report_clear (&item->report);
  g_clear_pointer (&item->prepared, tocsin_prepared_free);
  g_clear_pointer (&item->remove, tocsin_prepared_free);
}

static void
publish_change_free (gpointer data)
{
  PublishChange *change = data;

  tocsin_policy_unref (change->policy);
  g_array_unref (change->items);
  g_free (change->who);
  g_free (change);
}

static gint64
cut_to_hour (gint64 time_us)
{
  return time_us - time_us % TOCSIN_HOUR_US;
}

static void
fill_report (const TocsinFederation *fed,
             const TocsinDraft *draft,
             const TocsinSubject *subject,
             gint64 now_us,
             TocsinReport *out)
{
  /* Seen once, at the time that was given. */
  gint64 seen_us = draft->observed_us != 0 ? draft->observed_us : now_us;
  gint64 last_us = draft->last_observed_us != 0 ? draft->last_observed_us : seen_us;
  gint64 first_us = draft->observed_us != 0 ? draft->observed_us : last_us;
  const TocsinCategory *category = tocsin_category_by_id (draft->category);

  out->id = tocsin_prepare_id (fed, "reports", now_us);
  out->attributed_to = g_strdup (tocsin_identity_get_actor (fed->identity));
  tocsin_subject_copy (&out->subject, subject);
  out->category = draft->category;
  out->category_text =
      g_strdup (draft->category_text != NULL ? draft->category_text : category->slug);
  out->basis = draft->derived ? TOCSIN_BASIS_DERIVED : TOCSIN_BASIS_FIRST_HAND;
  out->opinion = draft->opinion;
  out->confidence = draft->confidence;
  out->action = draft->action;
  out->sharing = draft->sharing_set
                     ? draft->sharing
                     : tocsin_report_default_sharing (draft->category, subject->type);
  /* A text makes amber of the default: it may speak of people. */
  if (draft->comment != NULL && !draft->sharing_set)
    out->sharing = TOCSIN_SHARING_AMBER;
  out->content = g_strdup (draft->comment);
  out->published_us = out->updated_us = now_us;
  out->observed_us = cut_to_hour (first_us);
  out->last_observed_us = cut_to_hour (last_us);
  out->end_us = draft->end_us != 0 ? draft->end_us
                                   : tocsin_report_default_end (draft->category, subject->type,
                                                                out->last_observed_us);
}

static gboolean
prepare_item (const TocsinFederation *fed, gint64 now_us, Item *item, GError **error)
{
  g_autofree char *id = NULL;
  g_autofree char *followers = tocsin_identity_url (fed->identity, "/followers");
  g_autofree char *target = tocsin_identity_url (fed->identity, "/reports");
  TocsinActivityHead head = { .actor = tocsin_identity_get_actor (fed->identity),
                              .to = followers,
                              .published_us = now_us };

  if (item->report.basis != TOCSIN_BASIS_FIRST_HAND)
    return TRUE;
  id = tocsin_prepare_id (fed, "activities", now_us);
  head.id = id;
  item->prepared = tocsin_prepare_new (
      fed, tocsin_activity_build_add_report (&head, &item->report, target), id, now_us, error);
  return item->prepared != NULL;
}

static Item *
item_at (const PublishChange *change, guint i)
{
  return &g_array_index (change->items, Item, i);
}

/* Whether one of the items before @end takes the place of that report. */
static gboolean
is_replaced (const PublishChange *change, guint end, guint64 number, guint item)
{
  for (guint i = 0; i < end; i++)
    {
      const Oldest *oldest = &item_at (change, i)->oldest;

      if (oldest->number == number && oldest->item == item)
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_same (const Item *a, const Item *b)
{
  TocsinSubjectKey x = tocsin_subject_key (&a->report.subject);
  TocsinSubjectKey y = tocsin_subject_key (&b->report.subject);

  return b->prepared != NULL && tocsin_id_equal (&x, &y);
}

/* What makes room for item @at, when those before it are written. */
static Oldest
find_oldest (TocsinTxn *txn, const PublishChange *change, guint at)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  const Item *item = item_at (change, at);
  TocsinSubjectKey key = tocsin_subject_key (&item->report.subject);
  const TocsinEvidence *rows;
  gsize n = tocsin_evidence_read (txn, &key, &buffer, &rows);
  Oldest oldest = { 0 };
  guint32 oldest_s = 0;
  guint count = 0;

  for (gsize i = 0; i < n; i++)
    {
      const TocsinEvidence *row = &rows[i];

      if (row->reporter != TOCSIN_ACTOR_LOCAL || row->category != item->report.category ||
          (row->flags & TOCSIN_EVIDENCE_IMPORTED) != 0 || is_replaced (change, at, row->report, 0))
        continue;
      count++;
      if (oldest.number == 0 || row->observed_s < oldest_s)
        {
          oldest.number = row->report;
          oldest_s = row->observed_s;
        }
    }
  for (guint i = 0; i < at; i++)
    if (is_same (item, item_at (change, i)) && !is_replaced (change, at, 0, i + 1))
      {
        count++;
        if (oldest.number == 0 && oldest.item == 0)
          oldest.item = i + 1;
      }
  if (count < TOCSIN_EVIDENCE_MAX_SAME)
    oldest = (Oldest){ 0 };
  return oldest;
}

/* A Remove for each report that makes room, as the store is now. */
static gboolean
prepare_room (PublishChange *change, GError **error)
{
  TocsinFederation *fed = change->fed;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));

  for (guint i = 0; i < change->items->len; i++)
    {
      Item *item = item_at (change, i);
      g_auto (TocsinReportRecord) record = { 0 };
      const char *id = NULL;
      gint64 updated_us = change->now_us;

      g_clear_pointer (&item->remove, tocsin_prepared_free);
      item->oldest = (Oldest){ 0 };
      if (item->prepared != NULL)
        item->oldest = find_oldest (txn, change, i);
      if (item->oldest.item != 0)
        id = item_at (change, item->oldest.item - 1)->report.id;
      else if (item->oldest.number != 0 && tocsin_reports_get (txn, item->oldest.number, &record))
        {
          id = record.id;
          updated_us = record.updated_us;
        }
      if (id != NULL)
        item->remove =
            tocsin_prepare_remove (fed, id, updated_us, TOCSIN_REASON_OTHER, change->now_us, error);
      if (id != NULL && item->remove == NULL)
        return FALSE;
    }
  return tocsin_txn_check (txn, error);
}

/* Whether what makes room is still what it was. Writes nothing. */
static gboolean
has_room (TocsinTxn *txn, const PublishChange *change)
{
  for (guint i = 0; i < change->items->len; i++)
    {
      const Item *item = item_at (change, i);
      Oldest oldest = { 0 };

      if (item->prepared != NULL)
        oldest = find_oldest (txn, change, i);
      if (oldest.number != item->oldest.number || oldest.item != item->oldest.item ||
          (item->remove == NULL) != (oldest.number == 0 && oldest.item == 0))
        return FALSE;
    }
  return TRUE;
}

static void
make_room (TocsinTxn *txn,
           const PublishChange *change,
           const TocsinPrepared *prepared,
           const TocsinReportRecord *oldest)
{
  TocsinWithdrawal remove = {
    .reason = TOCSIN_REASON_OTHER,
    .removed_us = prepared->published_us,
    .signer = TOCSIN_ACTOR_LOCAL,
    .activity_id = prepared->id,
    .activity = prepared->activity,
  };

  tocsin_withdrawal_apply (txn, change->policy, oldest, &remove, change->now_us);
  tocsin_audit_append (txn, change->now_us, change->who, "report.withdraw", oldest->id,
                       tocsin_reason_to_string (remove.reason));
}

static void
fill_record (const PublishChange *change, const Item *item, TocsinReportRecord *record)
{
  tocsin_report_record_fill (record, &item->report);
  record->actor = record->via = TOCSIN_ACTOR_LOCAL;
  record->state = TOCSIN_STATE_LIVE;
  record->verified = TRUE;
  record->received_us = change->now_us;
  record->bundle = change->bundle;
  record->batch = change->batch;
  if (item->prepared != NULL)
    {
      record->activity_id = g_strdup (item->prepared->id);
      record->activity = g_bytes_ref (item->prepared->activity);
      memcpy (record->content_hash, item->prepared->content_hash, sizeof record->content_hash);
    }
}

/* The Mastodon form of an address can only be computed where the address is in clear: here. */
static void
note_mastodon_form (TocsinTxn *txn, const TocsinReport *report)
{
  TocsinSubjectRecord subject = {
    .key = tocsin_subject_key (&report->subject),
    .type = report->subject.key_type,
    .value = report->subject.key_value,
    .has_mastodon = TRUE,
  };
  g_autofree char *form = NULL;

  if (report->subject.type != TOCSIN_SUBJECT_EMAIL || report->subject.value == NULL)
    return;
  form = tocsin_subject_mastodon_email (
      report->subject.written != NULL ? report->subject.written : report->subject.value, NULL);
  if (form == NULL)
    return;
  tocsin_sha256 (form, strlen (form), subject.mastodon);
  tocsin_subjects_put (txn, &subject);
}

static void
add_item (TocsinTxn *txn, const PublishChange *change, Item *item)
{
  g_auto (TocsinReportRecord) record = { 0 };

  fill_record (change, item, &record);
  tocsin_guards_note_own (txn, change->policy, &record, change->now_us);
  tocsin_reports_put (txn, &record, change->now_us);
  item->number = record.number;
  note_mastodon_form (txn, &item->report);
  if (item->prepared != NULL)
    {
      TocsinOutboxRecord entry = {
        .kind = TOCSIN_OUTBOX_ADD,
        .audience = TOCSIN_AUDIENCE_FOLLOWERS,
        .origin = TOCSIN_ACTOR_LOCAL,
        .report = record.number,
        .sharing = record.sharing,
        .created_us = change->now_us,
        .activity_id = item->prepared->id,
        .activity = item->prepared->activity,
      };

      tocsin_reports_set_sequence (
          txn, &record, tocsin_relay_publish (txn, change->policy, &entry, 0, change->now_us), 0);
    }
  tocsin_audit_append (txn, change->now_us, change->who, "report.add", record.id, NULL);
}

/* Followers get the Add first, unless it is the older one: then their evidence has let go of what
 * the Remove names, and misses nothing. */
static void
write_item (TocsinTxn *txn, const PublishChange *change, Item *item)
{
  guint64 number = item->oldest.item != 0 ? item_at (change, item->oldest.item - 1)->number
                                          : item->oldest.number;
  g_auto (TocsinReportRecord) oldest = { 0 };
  gboolean full = item->remove != NULL && tocsin_reports_get (txn, number, &oldest);
  gboolean older = full && item->report.last_observed_us < oldest.last_observed_us;

  if (older)
    make_room (txn, change, item->remove, &oldest);
  add_item (txn, change, item);
  if (full && !older)
    make_room (txn, change, item->remove, &oldest);
}

static gboolean
write_reports (TocsinTxn *txn, gpointer data, GError **error)
{
  PublishChange *change = data;

  change->crowded = !has_room (txn, change);
  if (change->crowded)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "Others report the same just now; ask again");
      return FALSE;
    }
  change->bundle = tocsin_meta_next (txn, "bundle");
  for (guint i = 0; i < change->items->len; i++)
    write_item (txn, change, item_at (change, i));
  return TRUE;
}

static void submit (GTask *task);

static void
on_reports_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  PublishChange *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  TocsinPublished *published;

  if (!tocsin_writer_submit_finish (result, &error))
    {
      if (change->crowded && change->attempts < ATTEMPTS_MAX)
        submit (g_steal_pointer (&task));
      else
        g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  published = g_new0 (TocsinPublished, 1);
  published->bundle = change->bundle;
  published->ids = g_new0 (char *, change->items->len + 1);
  for (guint i = 0; i < change->items->len; i++)
    published->ids[i] = g_strdup (item_at (change, i)->report.id);
  g_task_return_pointer (task, published, (GDestroyNotify) tocsin_published_free);
}

/* Takes @task over. */
static void
submit (GTask *task)
{
  g_autoptr (GTask) owned = task;
  PublishChange *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  change->attempts++;
  change->crowded = FALSE;
  if (prepare_room (change, &error))
    tocsin_writer_submit_async (change->fed->writer, write_reports, change, NULL, NULL,
                                on_reports_written, g_steal_pointer (&owned));
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Drafts name the members of a report in their own way. */
static void
name_member (const TocsinDraft *draft, guint subject, TocsinReportPart part, GError **error)
{
  const char *seen = draft->last_observed_us != 0 ? "last_observed_at" : "observed_at";

  switch (part)
    {
    case TOCSIN_REPORT_PART_CONFIDENCE:
      g_prefix_error (error, "/confidence: ");
      break;
    case TOCSIN_REPORT_PART_SHARING:
      g_prefix_error (error, "/sharing: ");
      break;
    case TOCSIN_REPORT_PART_CONTENT:
      g_prefix_error (error, "/comment: ");
      break;
    case TOCSIN_REPORT_PART_OBSERVED:
      g_prefix_error (error, "/observed_at: ");
      break;
    case TOCSIN_REPORT_PART_LAST_OBSERVED:
      g_prefix_error (error, "/%s: ", seen);
      break;
    case TOCSIN_REPORT_PART_END:
      g_prefix_error (error, "/expires: ");
      break;
    case TOCSIN_REPORT_PART_SUBJECT:
    case TOCSIN_REPORT_PART_UPDATED:
    default:
      g_prefix_error (error, "/subjects/%u: ", subject);
    }
}

/* One of ours has to count for a while; a peer's that has ended may still be read. */
static gboolean
check_report (const TocsinDraft *draft,
              guint subject,
              const TocsinReport *report,
              gint64 now_us,
              GError **error)
{
  TocsinReportPart part = TOCSIN_REPORT_PART_LAST_OBSERVED;

  if (tocsin_report_validate (report, now_us, &part, error))
    {
      if (tocsin_report_evidence_end (report) > now_us)
        return TRUE;
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STALE,
                   "this is so long ago that such a report about a subject of type %s has ended",
                   tocsin_subject_type_to_string (report->subject.type));
    }
  name_member (draft, subject, part, error);
  return FALSE;
}

static gboolean
check_draft (const TocsinDraft *draft, gint64 now_us, GError **error)
{
  if (draft->subjects->len == 0 || draft->subjects->len > TOCSIN_PUBLISH_SUBJECTS_MAX)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "/subjects: 1 to %d are needed",
                 TOCSIN_PUBLISH_SUBJECTS_MAX);
  else if (draft->end_us != 0 && draft->end_us <= now_us)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "/expires is in the past");
  else
    return TRUE;
  return FALSE;
}

/* The report that @draft makes about that subject of it. */
static gboolean
make_report (const TocsinFederation *fed,
             const TocsinDraft *draft,
             guint subject,
             gint64 now_us,
             TocsinReport *out,
             GError **error)
{
  fill_report (fed, draft, &g_array_index (draft->subjects, TocsinSubject, subject), now_us, out);
  return check_report (draft, subject, out, now_us, error);
}

static gboolean
prepare_all (const TocsinFederation *fed,
             const TocsinDraft *draft,
             PublishChange *change,
             GError **error)
{
  if (!check_draft (draft, change->now_us, error))
    return FALSE;
  for (guint i = 0; i < draft->subjects->len; i++)
    {
      Item empty = { 0 };
      Item *item;

      g_array_append_val (change->items, empty);
      item = item_at (change, i);
      if (!make_report (fed, draft, i, change->now_us, &item->report, error))
        return FALSE;
      if (!prepare_item (fed, change->now_us, item, error))
        {
          g_prefix_error (error, "/subjects/%u: ", i);
          return FALSE;
        }
    }
  return TRUE;
}

/**
 * tocsin_publish_check:
 * @fed: the federation
 * @draft: what might be reported
 * @error: return location for an error, or %NULL
 *
 * Whether tocsin_publish_reports_async() takes it, as far as the draft decides that.
 *
 * Returns: %TRUE, or %FALSE with %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_UNPROCESSABLE,
 *   %TOCSIN_ERROR_STALE or %TOCSIN_ERROR_FUTURE
 */
gboolean
tocsin_publish_check (const TocsinFederation *fed, const TocsinDraft *draft, GError **error)
{
  gint64 now_us = tocsin_time_now_us ();

  if (!check_draft (draft, now_us, error))
    return FALSE;
  for (guint i = 0; i < draft->subjects->len; i++)
    {
      g_auto (TocsinReport) report = { 0 };

      if (!make_report (fed, draft, i, now_us, &report, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * tocsin_publish_reports_async:
 * @fed: the federation
 * @draft: what to report; read before this returns
 * @who: for the audit log: the token's name, or "socket"
 * @callback: called in the thread-default context of the caller once everything is durable
 * @user_data: data for @callback
 */
void
tocsin_publish_reports_async (TocsinFederation *fed,
                              const TocsinDraft *draft,
                              const char *who,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  PublishChange *change = g_new0 (PublishChange, 1);
  g_autoptr (GError) error = NULL;

  g_task_set_task_data (task, change, publish_change_free);
  change->fed = fed;
  change->policy = tocsin_policy_ref (fed->policy);
  change->items = g_array_new (FALSE, TRUE, sizeof (Item));
  g_array_set_clear_func (change->items, item_clear);
  change->who = g_strdup (who);
  change->batch = draft->batch;
  change->now_us = tocsin_time_now_us ();
  if (prepare_all (fed, draft, change, &error))
    submit (g_steal_pointer (&task));
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * tocsin_publish_reports_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): what was published. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_UNPROCESSABLE, %TOCSIN_ERROR_STALE, %TOCSIN_ERROR_FUTURE,
 *   %TOCSIN_ERROR_CONFLICT, %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE
 */
TocsinPublished *
tocsin_publish_reports_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
