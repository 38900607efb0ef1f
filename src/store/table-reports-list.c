/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

/* Listings of reports: one index is walked, the rest of the filter is applied to each row. */

#include "store/reports-private.h"
#include "store/table-evidence.h"

/* An index whose keys are @prefix and then a report number. */
typedef struct
{
  TocsinTable table;
  TocsinKey prefix;
} Source;

static Source
choose_source (const TocsinReportFilter *filter)
{
  if (filter->batch != 0)
    return (Source){ TOCSIN_TABLE_REPORT_BATCHES, tocsin_key_u64 (filter->batch) };
  if (filter->bundle != 0)
    return (Source){ TOCSIN_TABLE_REPORT_BUNDLES, tocsin_key_u64 (filter->bundle) };
  if (filter->has_actor && !filter->include_imports)
    return (Source){ TOCSIN_TABLE_REPORT_ACTORS, tocsin_key_u32 (filter->actor) };
  return (Source){ TOCSIN_TABLE_REPORTS, { .size = 0 } };
}

static gboolean
matches (const TocsinReportFilter *filter, const TocsinReportRecord *r)
{
  if (r->id == NULL && !filter->include_imports && filter->batch == 0)
    return FALSE;
  return (!filter->has_actor || r->actor == filter->actor) &&
         (filter->category == 0 || r->category == filter->category) &&
         (filter->state == 0 ||
          (int) tocsin_report_record_state (r, filter->state_at_us) + 1 == filter->state) &&
         (filter->batch == 0 || r->batch == filter->batch) &&
         (filter->bundle == 0 || r->bundle == filter->bundle) &&
         (!filter->most_set || r->sharing <= filter->most) &&
         (filter->key == NULL || tocsin_id_equal (&r->key, filter->key));
}

static gboolean
current_number (const TocsinCursor *cursor, const Source *source, guint64 *number)
{
  if (memcmp (cursor->key.data, source->prefix.bytes, source->prefix.size) != 0)
    return FALSE;
  *number = tocsin_key_read_u64 ((const guint8 *) cursor->key.data + source->prefix.size);
  return TRUE;
}

/* The first row past @after in the direction asked for. */
static gboolean
start (TocsinCursor *cursor, const Source *source, gboolean ascending, guint64 after)
{
  TocsinKey key = source->prefix;

  if (ascending)
    {
      tocsin_key_add_u64 (&key, after + 1);
      return tocsin_cursor_seek (cursor, &key);
    }
  tocsin_key_add_u64 (&key, after == 0 ? G_MAXUINT64 : after);
  return tocsin_cursor_seek_before (cursor, &key);
}

static void
take_if_match (TocsinTxn *txn, const TocsinReportFilter *filter, guint64 number, GPtrArray *page)
{
  TocsinReportRecord *record = g_new0 (TocsinReportRecord, 1);

  if (tocsin_report_get_row (txn, number, record) && matches (filter, record))
    {
      tocsin_report_add_text (txn, record);
      g_ptr_array_add (page, record);
    }
  else
    tocsin_report_record_free (record);
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;

  return x < y ? -1 : x > y;
}

/* Few rows, so they are all looked at; the evidence has the numbers. */
static void
list_subject (TocsinTxn *txn,
              const TocsinReportFilter *filter,
              guint64 cursor,
              guint limit,
              GPtrArray *page,
              guint64 *next)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  const TocsinEvidence *rows;
  gsize n = tocsin_evidence_read (txn, filter->key, &buffer, &rows);

  for (gsize i = 0; i < n; i++)
    {
      guint64 number = rows[i].report;

      if (cursor == 0 || (filter->ascending ? number > cursor : number < cursor))
        g_array_append_val (numbers, number);
    }
  g_array_sort (numbers, compare_numbers);
  for (guint i = 0; i < numbers->len; i++)
    {
      guint at = filter->ascending ? i : numbers->len - 1 - i;
      guint64 number = g_array_index (numbers, guint64, at);

      take_if_match (txn, filter, number, page);
      if ((page->len >= limit || i + 1 >= TOCSIN_REPORTS_SCAN) && i + 1 < numbers->len)
        {
          *next = number;
          return;
        }
    }
}

GPtrArray *
tocsin_reports_list (
    TocsinTxn *txn, const TocsinReportFilter *filter, guint64 cursor, guint limit, guint64 *next)
{
  g_autoptr (GPtrArray) page =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_report_record_free);
  Source source = choose_source (filter);
  g_auto (TocsinCursor) walk = { 0 };
  guint64 number = cursor;
  guint looked = 0;
  gboolean more;

  *next = 0;
  if (limit == 0)
    return g_steal_pointer (&page);
  if (filter->key != NULL)
    {
      list_subject (txn, filter, cursor, limit, page, next);
      return g_steal_pointer (&page);
    }

  tocsin_cursor_init (&walk, txn, source.table);
  more = start (&walk, &source, filter->ascending, cursor);
  while (more)
    {
      guint64 here;

      if (!current_number (&walk, &source, &here))
        break;
      /* There is another row, but this page is over. */
      if (page->len >= limit || looked >= TOCSIN_REPORTS_SCAN)
        {
          *next = number;
          break;
        }
      number = here;
      looked++;
      take_if_match (txn, filter, number, page);
      more = filter->ascending ? tocsin_cursor_next (&walk) : tocsin_cursor_prev (&walk);
    }
  return g_steal_pointer (&page);
}

gboolean
tocsin_reports_next (TocsinTxn *txn, gboolean skip, TocsinReportPlace *place)
{
  g_auto (TocsinCursor) cursor = { 0 };
  TocsinKey key = tocsin_key_u32_u64 (place->actor, skip ? G_MAXUINT64 : place->number + 1);

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_REPORT_ACTORS);
  if (!tocsin_cursor_seek (&cursor, &key))
    {
      *place = (TocsinReportPlace){ 0 };
      return FALSE;
    }
  place->actor = tocsin_key_read_u32 (cursor.key.data);
  place->number = tocsin_key_read_u64 ((const guint8 *) cursor.key.data + sizeof (guint32));
  return TRUE;
}

static GArray *
numbers_of (TocsinTxn *txn, const Source *source, guint64 after, guint limit)
{
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_auto (TocsinCursor) cursor = { 0 };
  guint64 number;
  gboolean more;

  tocsin_cursor_init (&cursor, txn, source->table);
  more = start (&cursor, source, TRUE, after);
  while (more && numbers->len < limit && current_number (&cursor, source, &number))
    {
      g_array_append_val (numbers, number);
      more = tocsin_cursor_next (&cursor);
    }
  return numbers;
}

GArray *
tocsin_reports_in_batch (TocsinTxn *txn, guint64 batch, guint64 after, guint limit)
{
  Source source = { TOCSIN_TABLE_REPORT_BATCHES, tocsin_key_u64 (batch) };

  return numbers_of (txn, &source, after, limit);
}

GArray *
tocsin_reports_held (TocsinTxn *txn, guint64 after, guint limit)
{
  Source source = { TOCSIN_TABLE_REPORT_HELD, { .size = 0 } };

  return numbers_of (txn, &source, after, limit);
}
