/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Everything that a store holds about one subject, for those who ask what that is and for those who
 * ask that it be gone. There is no index from a subject to its reports beyond their evidence, which
 * ends before they do; so all are looked at.
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/trace.h"

#include <string.h>

#include "core/category.h"
#include "core/error.h"
#include "store/reports-private.h"
#include "store/table-allow.h"
#include "store/table-changes.h"
#include "store/table-evidence.h"
#include "store/table-imports.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-review.h"
#include "store/table-subjects.h"
#include "store/table-voices.h"

#define SLICE        2000 /* rows a reading, so that old pages can be used again */
#define REASON_BLANK "(erased)"

void
tocsin_trace_clear (TocsinTrace *self)
{
  g_clear_pointer (&self->reports, g_array_unref);
  g_clear_pointer (&self->mentions, g_array_unref);
  g_clear_pointer (&self->reviews, g_array_unref);
  g_clear_pointer (&self->imports, g_array_unref);
  g_clear_pointer (&self->allowed, g_array_unref);
}

static gboolean
is_word (guchar c)
{
  return g_ascii_isalnum (c) || c == '_' || c >= 0x80;
}

static gboolean
has_word (const char *text, const char *word)
{
  gsize n = word != NULL ? strlen (word) : 0;

  for (const char *c = text; n > 0 && c != NULL && *c != '\0'; c++)
    if (g_ascii_strncasecmp (c, word, n) == 0 && (c == text || !is_word ((guchar) c[-1])) &&
        !is_word ((guchar) c[n]))
      return TRUE;
  return FALSE;
}

gboolean
tocsin_trace_names (const TocsinSubject *subject, const char *text)
{
  g_autofree char *digest = tocsin_subject_digest_string (subject);

  return has_word (text, subject->value) || has_word (text, digest);
}

/* The last segment of an id: its origin and folders name its reporter, whom nobody erases. */
static gboolean
id_names (const TocsinSubject *subject, const char *id)
{
  const char *slash = id != NULL ? strrchr (id, '/') : NULL;
  g_autofree char *segment = slash != NULL ? g_uri_unescape_string (slash + 1, NULL) : NULL;

  return tocsin_trace_names (subject, segment != NULL ? segment : slash);
}

/* ---- looking ---- */

typedef struct
{
  const TocsinSubject *subject;
  TocsinSubjectKey key;
  TocsinTrace *trace;
} Search;

static gboolean
is_about (const Search *search, const TocsinReportRecord *record)
{
  if (!tocsin_id_equal (&record->key, &search->key))
    return FALSE;
  /* A compact row keeps no more than that. */
  if (record->id == NULL)
    return record->subject_type == search->subject->type;
  /* The digest of an IPv6 address is that of its /64. */
  return record->value == NULL || search->subject->value == NULL ||
         g_str_equal (record->value, search->subject->value);
}

static void
look_at_report (Search *search, const TocsinReportRecord *record)
{
  if (is_about (search, record))
    g_array_append_val (search->trace->reports, record->number);
  else if (tocsin_trace_names (search->subject, record->content) ||
           (record->category == TOCSIN_CATEGORY_OTHER &&
            tocsin_trace_names (search->subject, record->category_text)) ||
           id_names (search->subject, record->id) ||
           id_names (search->subject, record->activity_id))
    g_array_append_val (search->trace->mentions, record->number);
}

/* Returns the number of the last report that was looked at; 0 at the end. */
static guint64
look_at_slice (TocsinTxn *txn, Search *search, guint64 after)
{
  TocsinKey from = tocsin_key_u64 (after + 1);
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_REPORTS);
  more = tocsin_cursor_seek (&cursor, &from);
  for (guint n = 0; more && n < SLICE; n++)
    {
      g_auto (TocsinReportRecord) record = { 0 };

      if (!tocsin_report_read (txn, &cursor.value, &record))
        return 0;
      look_at_report (search, &record);
      after = tocsin_key_read_u64 (cursor.key.data);
      more = tocsin_cursor_next (&cursor);
    }
  return more ? after : 0;
}

static gboolean
contains (const GArray *numbers, guint64 number)
{
  for (guint i = 0; number != 0 && i < numbers->len; i++)
    if (g_array_index (numbers, guint64, i) == number)
      return TRUE;
  return FALSE;
}

static gboolean
look_at_review (const TocsinReviewRecord *line, gpointer data)
{
  Search *search = data;

  if (tocsin_trace_names (search->subject, line->text) ||
      (line->state == TOCSIN_REVIEW_OPEN && (contains (search->trace->reports, line->report) ||
                                             contains (search->trace->mentions, line->report))))
    g_array_append_val (search->trace->reviews, line->id);
  return TRUE;
}

static gboolean
look_at_import (const TocsinImportRecord *import, gpointer data)
{
  Search *search = data;

  if (tocsin_trace_names (search->subject, import->source))
    g_array_append_val (search->trace->imports, import->batch);
  return TRUE;
}

static gboolean
look_at_allow (const TocsinAllowRecord *entry, gpointer data)
{
  Search *search = data;

  if (tocsin_id_equal (&entry->key, &search->key) ||
      tocsin_trace_names (search->subject, entry->reason))
    g_array_append_val (search->trace->allowed, entry->key);
  return TRUE;
}

static gboolean
look_at_rest (TocsinReader *reader, Search *search, GError **error)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (reader);

  tocsin_review_foreach (txn, 0, FALSE, look_at_review, search);
  tocsin_imports_foreach (txn, 0, look_at_import, search);
  tocsin_allow_foreach (txn, look_at_allow, search);
  return tocsin_txn_check (txn, error);
}

static gboolean
look_at_reports (TocsinReader *reader, Search *search, GError **error)
{
  guint64 after = 0;

  do
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (reader);

      if (tocsin_store_is_closing (tocsin_txn_get_store (txn)))
        {
          g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                               "The node is stopping");
          return FALSE;
        }
      after = look_at_slice (txn, search, after);
      if (!tocsin_txn_check (txn, error))
        return FALSE;
    }
  while (after != 0);
  return TRUE;
}

gboolean
tocsin_trace_find (TocsinStore *store,
                   const TocsinSubject *subject,
                   TocsinTrace *out,
                   GError **error)
{
  TocsinReader *reader;
  Search search = { .subject = subject, .key = tocsin_subject_key (subject), .trace = out };
  gboolean ok;

  *out = (TocsinTrace){
    .reports = g_array_new (FALSE, FALSE, sizeof (guint64)),
    .mentions = g_array_new (FALSE, FALSE, sizeof (guint64)),
    .reviews = g_array_new (FALSE, FALSE, sizeof (guint64)),
    .imports = g_array_new (FALSE, FALSE, sizeof (guint64)),
    .allowed = g_array_new (FALSE, FALSE, sizeof (TocsinSubjectKey)),
  };
  reader = tocsin_reader_new (store);
  ok = look_at_reports (reader, &search, error) && look_at_rest (reader, &search, error);
  tocsin_reader_free (reader);
  return ok;
}

/* ---- taking ---- */

gboolean
tocsin_trace_erase_received (
    TocsinTxn *txn, guint64 number, const TocsinSubject *subject, gint64 now_us, gint64 until_us)
{
  TocsinTombstone tombstone = { .until_us = until_us };
  g_auto (TocsinReportRecord) old = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };
  gboolean forget;

  if (!tocsin_reports_get (txn, number, &old) || old.id == NULL)
    return FALSE;
  /* A reporter whose clock is ahead may send the same again. */
  tombstone.removed_us = MAX (now_us, old.updated_us);
  forget = id_names (subject, old.id);
  tocsin_reports_get (txn, number, &record);
  tocsin_report_strip (&record);
  g_clear_pointer (&record.activity_id, g_free);
  if (record.state != TOCSIN_STATE_WITHDRAWN && record.state != TOCSIN_STATE_EXPIRED)
    {
      /* As past the quota: what is left counts in the digest and for nothing else, and not there
       * where its reporter has taken it back. */
      record.state = forget ? TOCSIN_STATE_WITHDRAWN : TOCSIN_STATE_REFUSED;
      if (forget)
        record.withdrawn_us = 0;
    }
  record.hold = TOCSIN_HOLD_NONE;
  record.held_us = 0;
  record.verified = FALSE;
  tocsin_report_replace (txn, &old, &record, now_us);
  if (old.sequence != 0)
    tocsin_outbox_forget (txn, old.sequence);
  tocsin_tombstones_put (txn, old.actor, old.id, &tombstone);
  if (forget)
    tocsin_report_forget (txn, &record);
  return TRUE;
}

static void
close_review (
    TocsinTxn *txn, guint64 id, const TocsinSubject *subject, const char *who, gint64 now_us)
{
  g_auto (TocsinReviewRecord) line = { 0 };

  if (!tocsin_review_get (txn, id, &line))
    return;
  if (tocsin_trace_names (subject, line.text))
    {
      g_free (line.text);
      line.text = g_strdup (REASON_BLANK);
    }
  /* Nothing is left to decide about a report that is gone. */
  if (line.state == TOCSIN_REVIEW_OPEN && line.report != 0)
    {
      line.state = TOCSIN_REVIEW_REJECTED;
      line.decided_us = now_us;
      g_free (line.decided_by);
      line.decided_by = g_strdup (who);
    }
  tocsin_review_put (txn, &line);
}

static void
blank_source (TocsinTxn *txn, guint64 batch)
{
  g_auto (TocsinImportRecord) import = { 0 };

  if (!tocsin_imports_get (txn, batch, &import))
    return;
  g_free (import.source);
  import.source = g_strdup (REASON_BLANK);
  tocsin_imports_put (txn, &import);
}

static void
take_allowed (TocsinTxn *txn, const TocsinSubjectKey *key, const TocsinSubject *subject)
{
  TocsinSubjectKey own = tocsin_subject_key (subject);
  g_auto (TocsinAllowRecord) entry = { 0 };

  if (tocsin_id_equal (key, &own))
    {
      tocsin_allow_remove (txn, key);
      return;
    }
  if (!tocsin_allow_get (txn, key, &entry))
    return;
  g_free (entry.reason);
  entry.reason = g_strdup (REASON_BLANK);
  tocsin_allow_put (txn, &entry);
}

typedef struct
{
  TocsinSubjectKey key;
  GArray *generations; /* of guint64 */
} ChangesOf;

static gboolean
collect_change (const TocsinChange *change, gpointer data)
{
  ChangesOf *of = data;

  if (tocsin_id_equal (&change->key, &of->key))
    g_array_append_val (of->generations, change->generation);
  return TRUE;
}

void
tocsin_trace_sweep (TocsinTxn *txn,
                    const TocsinTrace *trace,
                    const TocsinSubject *subject,
                    const char *who,
                    gint64 now_us)
{
  g_autoptr (GArray) generations = g_array_new (FALSE, FALSE, sizeof (guint64));
  ChangesOf of = { .key = tocsin_subject_key (subject), .generations = generations };
  guint64 event;

  for (guint i = 0; i < trace->reviews->len; i++)
    close_review (txn, g_array_index (trace->reviews, guint64, i), subject, who, now_us);
  for (guint i = 0; i < trace->imports->len; i++)
    blank_source (txn, g_array_index (trace->imports, guint64, i));
  for (guint i = 0; i < trace->allowed->len; i++)
    take_allowed (txn, &g_array_index (trace->allowed, TocsinSubjectKey, i), subject);
  if (tocsin_evidence_exists (txn, &of.key))
    return;
  tocsin_subjects_remove (txn, &of.key);
  memcpy (&event, of.key.bytes, sizeof event);
  tocsin_voices_forget (txn, event);
  tocsin_changes_foreach (txn, 0, collect_change, &of);
  for (guint i = 0; i < generations->len; i++)
    tocsin_changes_blank (txn, g_array_index (generations, guint64, i));
}
