/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-evidence.h"

#include "core/subject.h"
#include "store/table-changes.h"
#include "store/table-reports.h"
#include "store/table-subjects.h"
#include "store/txn-private.h"

#define STEPS_MAX 4 /* to the next key that is asked for; farther, looking it up is quicker */

void
tocsin_evidence_buffer_clear (TocsinEvidenceBuffer *self)
{
  g_clear_pointer (&self->rows, g_free);
  self->size = 0;
}

/* Only what identifies a row: so that a row can be found without knowing the rest of it. */
int
tocsin_evidence_compare (const MDB_val *a, const MDB_val *b)
{
  TocsinEvidence x, y;

  /* Rows within a branch page may lie at any even address. */
  memcpy (&x, a->mv_data, sizeof x);
  memcpy (&y, b->mv_data, sizeof y);
  if (x.reporter != y.reporter)
    return x.reporter < y.reporter ? -1 : 1;
  if (x.category != y.category)
    return x.category < y.category ? -1 : 1;
  return x.report < y.report ? -1 : x.report > y.report;
}

/* The one cursor of this table that a transaction keeps: opening one costs an allocation. */
static MDB_cursor *
get_cursor (TocsinTxn *txn)
{
  MDB_dbi dbi = tocsin_store_get_tables (txn->store)[TOCSIN_TABLE_EVIDENCE];
  int rc = MDB_SUCCESS;

  if (txn->rc != MDB_SUCCESS)
    return NULL;
  if (txn->evidence == NULL)
    rc = mdb_cursor_open (txn->txn, dbi, &txn->evidence);
  else if (txn->reader != NULL && !txn->evidence_renewed)
    rc = mdb_cursor_renew (txn->txn, txn->evidence);
  txn->evidence_renewed = TRUE;
  if (rc != MDB_SUCCESS)
    {
      tocsin_txn_fail (txn, rc);
      return NULL;
    }
  return txn->evidence;
}

/* FALSE if there is none, or on failure. */
static gboolean
cursor_get (TocsinTxn *txn, MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
  int rc = mdb_cursor_get (cursor, key, value, op);

  if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
    tocsin_txn_fail (txn, rc);
  return rc == MDB_SUCCESS;
}

static MDB_val
key_val (const TocsinSubjectKey *key)
{
  return (MDB_val){ .mv_size = sizeof key->bytes, .mv_data = (void *) key->bytes };
}

static TocsinEvidence *
reserve (TocsinEvidenceBuffer *buffer, gsize n)
{
  if (buffer->size < n)
    {
      buffer->rows = g_renew (TocsinEvidence, buffer->rows, n);
      buffer->size = n;
    }
  return buffer->rows;
}

/* All rows of the key the cursor is on, joined. @page is the first page of them. */
static gsize
join_pages (TocsinTxn *txn,
            MDB_cursor *cursor,
            MDB_val *key,
            MDB_val *page,
            gsize count,
            TocsinEvidenceBuffer *buffer)
{
  TocsinEvidence *rows = reserve (buffer, count);
  gsize n = 0;

  do
    {
      gsize here = page->mv_size / sizeof *rows;

      if (n + here > count)
        {
          tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
          return 0;
        }
      memcpy (rows + n, page->mv_data, here * sizeof *rows);
      n += here;
    }
  while (n < count && cursor_get (txn, cursor, key, page, MDB_NEXT_MULTIPLE));
  return n;
}

/* The rows of the key that the cursor is on; @v is the first. */
static gsize
read_here (TocsinTxn *txn,
           MDB_cursor *cursor,
           MDB_val k,
           MDB_val v,
           TocsinEvidenceBuffer *buffer,
           const TocsinEvidence **out)
{
  size_t count = 0;

  if (mdb_cursor_count (cursor, &count) != MDB_SUCCESS || v.mv_size != sizeof **out)
    {
      tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
      return 0;
    }
  /* With one record GET_MULTIPLE succeeds and leaves the value as it was: MDB_SET's is used. */
  if (count > 1 && !cursor_get (txn, cursor, &k, &v, MDB_GET_MULTIPLE))
    return 0;
  if (v.mv_size / sizeof **out < count || (guintptr) v.mv_data % G_ALIGNOF (TocsinEvidence) != 0)
    {
      count = join_pages (txn, cursor, &k, &v, count, buffer);
      *out = buffer->rows;
    }
  else
    *out = v.mv_data;
  return count;
}

gsize
tocsin_evidence_read (TocsinTxn *txn,
                      const TocsinSubjectKey *key,
                      TocsinEvidenceBuffer *buffer,
                      const TocsinEvidence **out)
{
  MDB_cursor *cursor = get_cursor (txn);
  MDB_val k = key_val (key);
  MDB_val v;

  *out = NULL;
  if (cursor == NULL || !cursor_get (txn, cursor, &k, &v, MDB_SET))
    return 0;
  return read_here (txn, cursor, k, v, buffer, out);
}

gsize
tocsin_evidence_read_onward (TocsinTxn *txn,
                             const TocsinSubjectKey *key,
                             TocsinEvidenceBuffer *buffer,
                             const TocsinEvidence **out)
{
  MDB_cursor *cursor = get_cursor (txn);
  MDB_val k, v;

  *out = NULL;
  if (cursor == NULL)
    return 0;
  for (guint step = 0; step < STEPS_MAX; step++)
    {
      int order;

      if (!cursor_get (txn, cursor, &k, &v, MDB_NEXT_NODUP) || k.mv_size != sizeof key->bytes)
        break;
      order = memcmp (k.mv_data, key->bytes, sizeof key->bytes);
      if (order == 0)
        return read_here (txn, cursor, k, v, buffer, out);
      if (order > 0)
        break;
    }
  return tocsin_evidence_read (txn, key, buffer, out);
}

gboolean
tocsin_evidence_exists (TocsinTxn *txn, const TocsinSubjectKey *key)
{
  MDB_cursor *cursor = get_cursor (txn);
  MDB_val k = key_val (key);
  MDB_val v;

  return cursor != NULL && cursor_get (txn, cursor, &k, &v, MDB_SET);
}

/* Puts the cursor on the row of (reporter, category, report) and copies it out. */
static MDB_cursor *
find_row (TocsinTxn *txn, const TocsinSubjectKey *key, TocsinEvidence *row)
{
  MDB_cursor *cursor = get_cursor (txn);
  MDB_val k = key_val (key);
  MDB_val v = { .mv_size = sizeof *row, .mv_data = row };

  if (cursor == NULL || !cursor_get (txn, cursor, &k, &v, MDB_GET_BOTH))
    return NULL;
  /* GET_BOTH leaves the value that was asked for; the stored one is read at the cursor. */
  if (!cursor_get (txn, cursor, &k, &v, MDB_GET_CURRENT))
    return NULL;
  memcpy (row, v.mv_data, sizeof *row);
  return cursor;
}

static void
put_row (TocsinTxn *txn, const TocsinSubjectKey *key, const TocsinEvidence *row)
{
  TocsinKey k = tocsin_key_id (key);

  tocsin_txn_put (txn, TOCSIN_TABLE_EVIDENCE, &k, row, sizeof *row);
}

static gboolean
delete_row (TocsinTxn *txn, const TocsinSubjectKey *key, const TocsinEvidence *row)
{
  TocsinEvidence found = *row;
  MDB_cursor *cursor = find_row (txn, key, &found);

  if (cursor == NULL)
    return FALSE;
  txn->writes++;
  tocsin_txn_fail (txn, mdb_cursor_del (cursor, 0));
  return TRUE;
}

static gboolean
is_only_shown (const TocsinEvidence *row)
{
  return (row->flags & (TOCSIN_EVIDENCE_IMPORTED | TOCSIN_EVIDENCE_HELD)) != 0;
}

static gboolean
goes_before (const TocsinEvidence *a, const TocsinEvidence *b)
{
  /* What counts is not to make room for what is only shown: what is held may be a stranger's. */
  if (is_only_shown (a) != is_only_shown (b))
    return is_only_shown (a);
  return a->observed_s < b->observed_s || (a->observed_s == b->observed_s && a->report < b->report);
}

/* What peers may tell by a digest, so that not every report of it has it in clear. */
static gboolean
may_be_digest (TocsinSubjectType type)
{
  return tocsin_subject_type_is_digested (type) || type == TOCSIN_SUBJECT_URL;
}

/* Whether the report of @row says in clear what its key, of @key_type, stands for, as lists do.
 * What is no digest always does; what claims another type is one. */
static gboolean
says_in_clear (TocsinTxn *txn, const TocsinEvidence *row, TocsinSubjectType key_type)
{
  g_auto (TocsinReportRecord) record = { 0 };

  if (!may_be_digest (key_type))
    return tocsin_evidence_is_of (row, key_type);
  return tocsin_reports_get (txn, row->report, &record) &&
         (record.id == NULL || tocsin_report_says_in_clear (&record));
}

/* Whether it may be that nobody says in clear any more what @key stands for, since @gone says it no
 * longer and the same reporter has said @added. To look at all others is dear. */
static gboolean
may_be_forgotten (TocsinTxn *txn,
                  const TocsinSubjectKey *key,
                  const TocsinEvidence *gone,
                  const TocsinEvidence *added)
{
  TocsinSubjectRecord subject;

  return tocsin_subjects_get (txn, key, &subject) &&
         (subject.value != NULL || subject.has_mastodon) &&
         says_in_clear (txn, gone, subject.type) &&
         (gone->report == added->report || !says_in_clear (txn, added, subject.type));
}

/* Of the rows of one (reporter, category) the oldest goes while there are more than may be. */
static void
keep_newest (TocsinTxn *txn, const TocsinSubjectKey *key, const TocsinEvidence *added)
{
  MDB_cursor *cursor = get_cursor (txn);
  TocsinEvidence from = { .reporter = added->reporter, .category = added->category };
  MDB_val k = key_val (key);
  MDB_val v = { .mv_size = sizeof from, .mv_data = &from };
  TocsinEvidence oldest = { 0 };
  guint n = 0;
  gboolean more;

  if (cursor == NULL)
    return;
  for (more = cursor_get (txn, cursor, &k, &v, MDB_GET_BOTH_RANGE); more;
       more = cursor_get (txn, cursor, &k, &v, MDB_NEXT_DUP))
    {
      TocsinEvidence row;

      memcpy (&row, v.mv_data, sizeof row);
      if (row.reporter != added->reporter || row.category != added->category)
        break;
      if (n++ == 0 || goes_before (&row, &oldest))
        oldest = row;
    }
  if (n <= TOCSIN_EVIDENCE_MAX_SAME)
    return;
  delete_row (txn, key, &oldest);
  if (may_be_forgotten (txn, key, &oldest, added))
    tocsin_evidence_forget_clear (txn, key);
}

void
tocsin_evidence_add_quietly (TocsinTxn *txn,
                             const TocsinSubjectKey *key,
                             const TocsinEvidence *evidence)
{
  /* An equal key would be left as it is, so the old row goes first. */
  delete_row (txn, key, evidence);
  put_row (txn, key, evidence);
  keep_newest (txn, key, evidence);
}

/* A report beside which others know the digest alone may have been the last to say what that is of.
 * Of what is no digest their claim of a type is left, as if there had been nothing else. */
void
tocsin_evidence_forget_clear (TocsinTxn *txn, const TocsinSubjectKey *key)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  TocsinSubjectRecord subject;
  const TocsinEvidence *rows;
  gsize n;

  if (!tocsin_subjects_get (txn, key, &subject) || (subject.value == NULL && !subject.has_mastodon))
    return;
  n = tocsin_evidence_read (txn, key, &buffer, &rows);
  for (gsize i = 0; i < n; i++)
    if (says_in_clear (txn, &rows[i], subject.type))
      return;
  if (n > 0 && !may_be_digest (subject.type))
    subject.type = (TocsinSubjectType) rows[0].subject_type;
  tocsin_subjects_forget_clear (txn, key, subject.type);
}

gboolean
tocsin_evidence_remove_quietly (
    TocsinTxn *txn, const TocsinSubjectKey *key, guint32 reporter, guint8 category, guint64 report)
{
  TocsinEvidence row = { .reporter = reporter, .category = category, .report = report };

  if (!delete_row (txn, key, &row))
    return FALSE;
  if (!tocsin_evidence_exists (txn, key))
    tocsin_subjects_remove (txn, key);
  else
    tocsin_evidence_forget_clear (txn, key);
  return TRUE;
}

void
tocsin_evidence_add (TocsinTxn *txn, const TocsinSubjectKey *key, const TocsinEvidence *evidence)
{
  tocsin_evidence_add_quietly (txn, key, evidence);
  tocsin_changes_add (txn, TOCSIN_CHANGE_EVIDENCE, key);
}

gboolean
tocsin_evidence_remove (
    TocsinTxn *txn, const TocsinSubjectKey *key, guint32 reporter, guint8 category, guint64 report)
{
  if (!tocsin_evidence_remove_quietly (txn, key, reporter, category, report))
    return FALSE;
  tocsin_changes_add (txn, TOCSIN_CHANGE_EVIDENCE, key);
  return TRUE;
}

gboolean
tocsin_evidence_update_flags (TocsinTxn *txn,
                              const TocsinSubjectKey *key,
                              guint32 reporter,
                              guint8 category,
                              guint64 report,
                              guint8 set,
                              guint8 clear)
{
  TocsinEvidence row = { .reporter = reporter, .category = category, .report = report };
  guint8 flags;

  if (find_row (txn, key, &row) == NULL)
    return FALSE;
  flags = (guint8) ((row.flags & ~clear) | set);
  if (flags == row.flags)
    return TRUE;
  delete_row (txn, key, &row);
  row.flags = flags;
  put_row (txn, key, &row);
  tocsin_changes_add (txn, TOCSIN_CHANGE_EVIDENCE, key);
  return TRUE;
}

guint64
tocsin_evidence_count (TocsinTxn *txn)
{
  return tocsin_txn_entries (txn, TOCSIN_TABLE_EVIDENCE);
}
