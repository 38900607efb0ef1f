/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/changes: keeps a copy of the verdicts, such as a firewall's set, in step.
 *
 * Without a cursor, or with one from which the log cannot be read on, the answer says
 * "reset": true: the reader drops its copy, and this and the following pages have every known key
 * whose verdict is at least min_verdict. After the last page of it the cursor goes on with what
 * happened since the first. Then "added" and "changed" are to be stored alike ("added": one report
 * is all there is), "removed" is to be dropped, known to the reader or not. While "more" is true
 * the next call answers at once.
 *
 * A key is told as it was reported: a network that holds what is allowed or shared is not cut in
 * pieces, as it is in a list, and what nobody reported is no key, allowed or not.
 *
 * Verdicts here are those of the beginning of the hour, so that what a reader holds is a function
 * of the store, the trust, the lists in force and that hour, and time is one more change: once the
 * hour has gone by, the pages after it also tell of every key whose verdict or score faded
 * meanwhile ("a sweep"), found by judging each key at both hours. The budget of single voices
 * (http/api.h) counts events that are asked about; here nobody asks, and it does not apply. While
 * this node observes, verdicts are advice, as those of a check are, and "mode" says so.
 *
 * A cursor names the generation, the version of trust and lists, the start of this process (another
 * one may have other profiles), the hour and min_verdict that the reader's copy is of, and by an
 * "o" before them that it was made while observing; within a reset also the last key, and within a
 * sweep the hour that the keys up to the last one are at. Another trust, a list that counts again
 * after it had not been read for too long, or is new or gone, a change of the allow list or more
 * changes at once than the log names may alter any verdict, and observing or no longer what a
 * verdict is for, so they lead to a reset. What could not be read, or while it is not known who is
 * believed, is a 503, never an empty page.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "codec/json-writer.h"
#include "core/clock.h"
#include "core/error.h"
#include "http/export-query.h"
#include "http/judge.h"
#include "http/poll.h"
#include "http/routes.h"
#include "store/table-changes.h"
#include "store/table-evidence.h"

#define PAGE_KEYS_MAX 1000 /* looked at for one answer */

typedef enum
{
  AT_REST, /* the reader's copy is whole */
  IN_RESET,
  IN_SWEEP,
} Stage;

typedef struct
{
  gboolean observe;
  guint64 generation;
  guint64 version;
  guint64 started;
  guint64 hour; /* since the epoch */
  guint64 min_verdict;
  Stage stage;
  TocsinSubjectKey key; /* the last one of the page before, unless @stage is AT_REST */
  guint64 next_hour;    /* of the keys up to @key, if @stage is IN_SWEEP */
} Cursor;

typedef struct
{
  TocsinApi *api; /* (unowned) */
  gboolean has_cursor;
  Cursor cursor;
  guint64 page_keys;
} Poll;

/* One page being put together. */
typedef struct
{
  TocsinJudge *judge;
  TocsinJsonWriter json;
  GHashTable *seen; /* (owned) (element-type TocsinSubjectKey): of the log, each key once */
  gboolean observe; /* now, whichever hour is judged */
  guint64 page_keys;
  guint64 n_looked;
  guint n_written;
  gboolean more;
  gboolean must_reset;
  Cursor cursor;
} Page;

static guint
key_hash (gconstpointer key)
{
  guint hash;

  memcpy (&hash, key, sizeof hash);
  return hash;
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  return tocsin_id_equal (a, b);
}

/* ---- cursors ---- */

static void
append_cursor (GString *out, const Cursor *cursor)
{
  g_string_append_printf (out,
                          "%s%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT
                          ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT,
                          cursor->observe ? "o" : "", cursor->generation, cursor->version,
                          cursor->started, cursor->hour, cursor->min_verdict);
  if (cursor->stage != AT_REST)
    {
      g_autofree char *hex = tocsin_hex_encode (cursor->key.bytes, sizeof cursor->key.bytes);

      g_string_append_printf (out, ".%s", hex);
    }
  if (cursor->stage == IN_SWEEP)
    g_string_append_printf (out, ".%" G_GUINT64_FORMAT, cursor->next_hour);
}

static gboolean
parse_number (const char *text, guint64 *out)
{
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, out, NULL);
}

/* A bare generation is taken too: it leads to a reset, as every cursor of another process does. */
static gboolean
parse_cursor (const char *text, Cursor *out)
{
  gboolean observe = *text == 'o';
  g_auto (GStrv) parts = g_strsplit (text + (observe ? 1 : 0), ".", 8);
  guint n = g_strv_length (parts);

  *out = (Cursor){ .observe = observe, .stage = n == 6 ? IN_RESET : n == 7 ? IN_SWEEP : AT_REST };
  if (n == 1)
    return parse_number (parts[0], &out->generation);
  return n >= 5 && n <= 7 && parse_number (parts[0], &out->generation) &&
         parse_number (parts[1], &out->version) && parse_number (parts[2], &out->started) &&
         parse_number (parts[3], &out->hour) && parse_number (parts[4], &out->min_verdict) &&
         (n < 6 ||
          tocsin_hex_decode (parts[5], strlen (parts[5]), out->key.bytes, sizeof out->key.bytes)) &&
         (n < 7 || parse_number (parts[6], &out->next_hour));
}

/* ---- pages ---- */

static void
write_change (Page *page,
              const TocsinSubjectKey *key,
              const TocsinSubjectRecord *record,
              const TocsinSubjectFinding *finding,
              const char *change)
{
  g_autofree char *hex = tocsin_hex_encode (key->bytes, sizeof key->bytes);

  page->n_written++;
  tocsin_json_writer_begin_object (&page->json);
  tocsin_json_writer_member_string (&page->json, "key", hex);
  if (record != NULL)
    tocsin_json_writer_member_string (
        &page->json, "type",
        tocsin_subject_type_to_string (finding != NULL ? finding->matched_type : record->type));
  if (record != NULL && record->value != NULL)
    tocsin_json_writer_member_string (&page->json, "value", record->value);
  tocsin_json_writer_member_string (
      &page->json, "verdict",
      tocsin_verdict_to_string (finding != NULL ? finding->verdict : TOCSIN_VERDICT_ALLOW));
  tocsin_json_writer_member_int (&page->json, "score", finding != NULL ? finding->score : 0);
  tocsin_json_writer_member_string (&page->json, "change", change);
  tocsin_json_writer_end_object (&page->json);
}

/* What is known of a key at @hour, or NULL if it is not enough for the reader. */
static const TocsinSubjectFinding *
judge_at (Page *page, const TocsinSubjectRecord *record, guint64 hour, TocsinFinding *finding)
{
  const TocsinSubjectFinding *found;
  TocsinSubject subject;

  page->judge->scoring.now_us = (gint64) hour * TOCSIN_HOUR_US;
  tocsin_judge_key (page->judge, record, &subject, finding);
  found = &g_array_index (finding->subjects, TocsinSubjectFinding, 0);
  return found->known && (guint64) found->verdict >= page->cursor.min_verdict ? found : NULL;
}

static gboolean
may_look (Page *page)
{
  page->more = page->n_looked >= page->page_keys;
  if (!page->more)
    page->n_looked++;
  return !page->more;
}

static gboolean
on_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Page *page = data;
  g_auto (TocsinFinding) finding = { 0 };
  const TocsinSubjectFinding *found;

  if (!may_look (page))
    return FALSE;
  page->cursor.key = record->key;
  found = judge_at (page, record, page->cursor.hour, &finding);
  if (found != NULL)
    write_change (page, &record->key, record, found, "added");
  return TRUE;
}

/* Whether time alone changed what the reader holds. */
static gboolean
on_swept (const TocsinSubjectRecord *record, gpointer data)
{
  Page *page = data;
  g_auto (TocsinFinding) before_finding = { 0 };
  g_auto (TocsinFinding) after_finding = { 0 };
  const TocsinSubjectFinding *before, *after;

  if (!may_look (page))
    return FALSE;
  page->cursor.key = record->key;
  before = judge_at (page, record, page->cursor.hour, &before_finding);
  after = judge_at (page, record, page->cursor.next_hour, &after_finding);
  if (after != NULL &&
      (before == NULL || before->verdict != after->verdict || before->score != after->score))
    write_change (page, &record->key, record, after, before == NULL ? "added" : "changed");
  else if (after == NULL && before != NULL)
    write_change (page, &record->key, record, NULL, "removed");
  return TRUE;
}

static void
write_key (Page *page, const TocsinSubjectKey *key)
{
  gboolean swept = page->cursor.stage == IN_SWEEP &&
                   memcmp (key->bytes, page->cursor.key.bytes, sizeof key->bytes) <= 0;
  g_auto (TocsinFinding) finding = { 0 };
  const TocsinSubjectFinding *found;
  TocsinSubjectRecord record;

  if (!tocsin_subjects_get (page->judge->txn, key, &record))
    {
      write_change (page, key, NULL, NULL, "removed");
      return;
    }
  found = judge_at (page, &record, swept ? page->cursor.next_hour : page->cursor.hour, &finding);
  write_change (page, key, &record, found,
                found == NULL         ? "removed"
                : found->origins <= 1 ? "added"
                                      : "changed");
}

static gboolean
on_change (const TocsinChange *change, gpointer data)
{
  Page *page = data;

  page->must_reset = change->kind == TOCSIN_CHANGE_ALLOW || change->kind == TOCSIN_CHANGE_MANY;
  if (page->must_reset || !may_look (page))
    return FALSE;
  page->cursor.generation = change->generation;
  /* What trust changes is told by the version of the snapshot that is made from it. */
  if (change->kind == TOCSIN_CHANGE_EVIDENCE &&
      g_hash_table_add (page->seen, g_memdup2 (&change->key, sizeof change->key)))
    write_key (page, &change->key);
  return TRUE;
}

static void
begin_page (Page *page, GString *out, gboolean reset)
{
  g_string_truncate (out, 0);
  page->json = (TocsinJsonWriter) TOCSIN_JSON_WRITER_INIT (out);
  page->n_looked = page->n_written = 0;
  page->must_reset = page->more = FALSE;
  tocsin_json_writer_begin_object (&page->json);
  tocsin_json_writer_member_bool (&page->json, "reset", reset);
  tocsin_json_writer_name (&page->json, "changes");
  tocsin_json_writer_begin_array (&page->json);
}

static void
end_page (Page *page)
{
  g_autoptr (GString) cursor = g_string_new (NULL);

  append_cursor (cursor, &page->cursor);
  tocsin_json_writer_end_array (&page->json);
  tocsin_json_writer_member_bool (&page->json, "more", page->more);
  tocsin_json_writer_member_string (&page->json, "cursor", cursor->str);
  tocsin_json_writer_member_int (&page->json, "generation", (gint64) page->judge->generation);
  if (page->observe)
    tocsin_json_writer_member_string (&page->json, "mode", "observe");
  tocsin_json_writer_end_object (&page->json);
  g_string_append_c (page->json.out, '\n');
}

static void
write_reset (Page *page, const Poll *poll, gboolean begins, guint64 hour, GString *out)
{
  begin_page (page, out, begins);
  if (begins)
    page->cursor = (Cursor){
      .observe = page->observe,
      .generation = page->judge->generation,
      .version = tocsin_judge_version (page->judge),
      .started = (guint64) poll->api->started_us,
      .hour = hour,
      .min_verdict = poll->cursor.min_verdict,
      .stage = IN_RESET,
    };
  tocsin_subjects_foreach (page->judge->txn, "", begins ? NULL : &poll->cursor.key, on_subject,
                           page);
  if (!page->more)
    {
      page->cursor.stage = AT_REST;
      /* What happened while it was read comes next. */
      page->more = page->cursor.generation < page->judge->generation || page->cursor.hour < hour;
    }
  end_page (page);
}

/* What time changed, as far as the page has room after what happened. */
static void
sweep (Page *page, guint64 hour)
{
  gboolean begins = page->cursor.stage == AT_REST;
  TocsinSubjectKey after = page->cursor.key;

  if (page->more || (begins && page->cursor.hour >= hour))
    return;
  if (begins)
    {
      page->cursor.stage = IN_SWEEP;
      page->cursor.next_hour = hour;
    }
  tocsin_subjects_foreach (page->judge->txn, "", begins ? NULL : &after, on_swept, page);
  if (page->more)
    return;
  page->cursor.stage = AT_REST;
  page->cursor.hour = page->cursor.next_hour;
  page->more = page->cursor.hour < hour;
}

static gboolean
fits (const Poll *poll, const Page *page, guint64 hour)
{
  const Cursor *cursor = &poll->cursor;
  TocsinJudge *judge = page->judge;

  return poll->has_cursor && cursor->started == (guint64) poll->api->started_us &&
         cursor->observe == page->observe && cursor->version == tocsin_judge_version (judge) &&
         cursor->hour <= hour && (cursor->stage != IN_SWEEP || cursor->next_hour <= hour) &&
         tocsin_changes_covers (judge->txn, cursor->generation);
}

/* A #TocsinPollFunc. FALSE: nothing happened since the cursor. */
static gboolean
answer (TocsinReply *reply, gpointer data)
{
  const Poll *poll = data;
  g_auto (TocsinJudge) judge = { 0 };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (key_hash, key_equal, g_free, NULL);
  g_autoptr (GError) error = NULL;
  Page page = {
    .judge = &judge, .seen = seen, .page_keys = poll->page_keys, .cursor = poll->cursor
  };
  GString *out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  gboolean news = TRUE;
  guint64 hour;

  tocsin_judge_begin (&judge, poll->api, NULL, FALSE);
  judge.scoring.n_over_budget = 0;
  page.observe = tocsin_api_is_observing (judge.state, judge.scoring.now_us);
  hour = (guint64) (judge.scoring.now_us / TOCSIN_HOUR_US);
  if (!tocsin_export_trust_check (&judge, &error))
    {
      tocsin_reply_set_error (reply, error);
      return TRUE;
    }
  if (!fits (poll, &page, hour))
    write_reset (&page, poll, TRUE, hour, out);
  else if (poll->cursor.stage == IN_RESET)
    write_reset (&page, poll, FALSE, hour, out);
  else
    {
      begin_page (&page, out, FALSE);
      tocsin_changes_foreach (judge.txn, poll->cursor.generation, on_change, &page);
      if (page.must_reset)
        write_reset (&page, poll, TRUE, hour, out);
      else
        {
          sweep (&page, hour);
          end_page (&page);
          news = page.n_written > 0 || page.more || page.cursor.hour != poll->cursor.hour;
        }
    }
  if (tocsin_txn_check (judge.txn, &error))
    return news;
  tocsin_reply_set_error (reply, error);
  return TRUE;
}

/* ---- the question ---- */

static gboolean
parse_poll (TocsinRequest *request, Poll *out, guint *wait_seconds, GError **error)
{
  const char *cursor = tocsin_request_get_query (request, "cursor");
  const char *limit = tocsin_request_get_query (request, "limit");
  const char *verdict = tocsin_request_get_given (request, "min_verdict");
  TocsinVerdict min_verdict = TOCSIN_VERDICT_NOTE;

  out->has_cursor = cursor != NULL && *cursor != '\0';
  out->page_keys = PAGE_KEYS_MAX;
  if (!tocsin_poll_read_wait (request, wait_seconds, error))
    return FALSE;
  if (out->has_cursor && !parse_cursor (cursor, &out->cursor))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                         "cursor is none that /v1/changes gave");
  else if (limit != NULL &&
           !g_ascii_string_to_unsigned (limit, 10, 1, PAGE_KEYS_MAX, &out->page_keys, NULL))
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "limit is not a number from 1 to %d",
                 PAGE_KEYS_MAX);
  else if (verdict != NULL && !tocsin_verdict_from_string (verdict, &min_verdict))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                         "min_verdict is not one of allow, note, review, block");
  else
    {
      /* A copy of other verdicts is another copy. */
      if (out->cursor.min_verdict != (guint64) min_verdict)
        out->has_cursor = FALSE;
      out->cursor.min_verdict = (guint64) min_verdict;
      return TRUE;
    }
  return FALSE;
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (GError) error = NULL;
  Poll poll = { .api = data };
  guint wait_seconds;

  if (!parse_poll (request, &poll, &wait_seconds, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
  tocsin_poll_answer (poll.api, request, wait_seconds,
                      TOCSIN_NOTE_EVIDENCE_CHANGED | TOCSIN_NOTE_ALLOW_CHANGED, answer,
                      g_memdup2 (&poll, sizeof poll), g_free);
}

static const char *const query[] = { "cursor", "wait", "limit", "min_verdict", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/changes", on_get, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_STREAM, 0, NULL, query },
};

void
tocsin_route_changes_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
