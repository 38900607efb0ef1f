/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/report-view.h"

#include <string.h>

#include "http/admin.h"
#include "store/table-subjects.h"

const char *
tocsin_hold_to_string (TocsinHold hold)
{
  static const char *const names[] = {
    [TOCSIN_HOLD_BURST] = "burst",     [TOCSIN_HOLD_EQUIVOCATION] = "equivocation",
    [TOCSIN_HOLD_SUBJECT] = "subject", [TOCSIN_HOLD_KEY] = "key",
    [TOCSIN_HOLD_SUFFIX] = "suffix",   [TOCSIN_HOLD_REJECTED] = "rejected",
  };

  return (gsize) hold < G_N_ELEMENTS (names) ? names[hold] : NULL;
}

void
tocsin_report_view_write_subject (TocsinJsonWriter *json,
                                  TocsinTxn *txn,
                                  const TocsinReportRecord *record)
{
  static const guint8 none[TOCSIN_SHA256_BYTES];
  TocsinSubjectRecord subject = { 0 };
  const char *value = record->value;

  tocsin_json_writer_name (json, "subject");
  if (record->state != TOCSIN_STATE_LIVE && record->state != TOCSIN_STATE_HELD)
    {
      tocsin_json_writer_null (json);
      return;
    }
  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "type",
                                    tocsin_subject_type_to_string (record->subject_type));
  if (value == NULL && tocsin_subjects_get (txn, &record->key, &subject) &&
      subject.type == record->key_type)
    value = subject.value;
  if (value != NULL)
    tocsin_json_writer_member_string (json, "value", value);
  else if (memcmp (record->subject_digest, none, sizeof none) != 0)
    {
      g_autofree char *hex = tocsin_hex_encode (record->subject_digest, TOCSIN_SHA256_BYTES);
      g_autofree char *digest = g_strconcat ("sha-256:", hex, NULL);

      tocsin_json_writer_member_string (json, "digest", digest);
    }
  tocsin_json_writer_end_object (json);
}

void
tocsin_report_view_write_category (TocsinJsonWriter *json, const TocsinReportRecord *record)
{
  const TocsinCategory *category = tocsin_category_by_id (record->category);
  const char *slug = category != NULL ? category->slug : NULL;

  tocsin_json_writer_member_string (json, "category",
                                    record->category_text != NULL ? record->category_text : slug);
}

static void
write_withdrawal (TocsinJsonWriter *json, const TocsinReportRecord *record)
{
  if (record->state == TOCSIN_STATE_WITHDRAWN)
    tocsin_json_writer_member_string (json, "reason",
                                      tocsin_reason_to_string (record->remove_reason));
  if (record->withdrawn_us != 0)
    tocsin_admin_member_time (json, "withdrawn", record->withdrawn_us);
}

void
tocsin_report_view_write (TocsinJsonWriter *json,
                          TocsinTxn *txn,
                          const TocsinReportRecord *record,
                          gint64 now_us,
                          gboolean with_activity)
{
  TocsinReportState state = tocsin_report_record_state (record, now_us);

  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "id", record->id);
  tocsin_json_writer_member_int (json, "number", (gint64) record->number);
  tocsin_json_writer_member_string (json, "state", tocsin_state_to_string (state));
  tocsin_json_writer_member_string (
      json, "hold", state == TOCSIN_STATE_HELD ? tocsin_hold_to_string (record->hold) : NULL);
  tocsin_admin_member_actor (json, "actor", txn, record->actor);
  tocsin_admin_member_actor (json, "via", txn, record->via);
  tocsin_report_view_write_subject (json, txn, record);
  tocsin_report_view_write_category (json, record);
  tocsin_json_writer_member_string (json, "opinion", tocsin_opinion_to_string (record->opinion));
  tocsin_json_writer_member_string (json, "basis", tocsin_basis_to_string (record->basis));
  tocsin_json_writer_member_int (json, "confidence", record->confidence);
  tocsin_json_writer_member_string (json, "action", tocsin_action_to_string (record->action));
  tocsin_json_writer_member_string (json, "sharing", tocsin_sharing_to_string (record->sharing));
  tocsin_json_writer_member_string (json, "comment", record->content);
  tocsin_admin_member_time (json, "published", record->published_us);
  tocsin_admin_member_time (json, "updated", record->updated_us);
  tocsin_admin_member_time (json, "observed_at", record->observed_us);
  tocsin_admin_member_time (json, "last_observed_at", record->last_observed_us);
  tocsin_admin_member_end (json, "expires", record->end_us);
  tocsin_admin_member_end (json, "counts_until", record->evidence_end_us);
  tocsin_admin_member_time (json, "received", record->received_us);
  if (record->bundle != 0)
    tocsin_json_writer_member_int (json, "bundle", (gint64) record->bundle);
  if (record->batch != 0)
    tocsin_json_writer_member_int (json, "batch", (gint64) record->batch);
  write_withdrawal (json, record);
  if (with_activity)
    {
      gsize size = 0;
      const char *text =
          record->activity != NULL ? g_bytes_get_data (record->activity, &size) : NULL;

      tocsin_json_writer_name (json, "activity");
      if (text != NULL)
        tocsin_json_writer_raw (json, text, size);
      else
        tocsin_json_writer_null (json);
    }
  tocsin_json_writer_end_object (json);
}
