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
 * A cursor names the generation, the version of the trust it was judged by, the start of this
 * process and, within a reset, the last key: another trust, a change of the allow list or more
 * changes at once than the log names may alter any verdict, so they lead to a reset. That a score
 * fades with time is not told: a reader begins anew once a day. What could not be read is a 503,
 * never an empty page.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "codec/json-writer.h"
#include "core/error.h"
#include "http/judge.h"
#include "http/routes.h"
#include "store/table-changes.h"
#include "store/table-evidence.h"

#define PAGE_KEYS        1000 /* looked at for one answer */
#define WAIT_MAX_SECONDS 60
#define POLLS_MAX        256 /* at a time */
#define TICK_MS          250

typedef struct
{
  guint64 generation;
  guint64 version;
  guint64 started;
  gboolean in_reset;
  TocsinSubjectKey key; /* the last one of the page before, if @in_reset */
} Cursor;

typedef struct
{
  TocsinApi *api;         /* (unowned) */
  TocsinRequest *request; /* (unowned) until it is suspended, then owned */
  gboolean has_cursor;
  Cursor cursor;
  TocsinVerdict min_verdict;
  gint64 deadline_us; /* monotonic */
  guint listener;
  GSource *tick; /* (owned) (nullable) */
} Poll;

/* One page being put together. */
typedef struct
{
  TocsinJudge *judge;
  TocsinJsonWriter json;
  TocsinVerdict min_verdict;
  GHashTable *seen; /* (owned) (element-type TocsinSubjectKey): of the log, each key once */
  guint n_looked;
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
  g_string_append_printf (out, "%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT,
                          cursor->generation, cursor->version, cursor->started);
  if (cursor->in_reset)
    {
      g_autofree char *hex = tocsin_hex_encode (cursor->key.bytes, sizeof cursor->key.bytes);

      g_string_append_printf (out, ".%s", hex);
    }
}

/* A bare generation is taken too: it leads to a reset, as every cursor of another process does. */
static gboolean
parse_cursor (const char *text, Cursor *out)
{
  g_auto (GStrv) parts = g_strsplit (text, ".", 5);
  guint n = g_strv_length (parts);

  *out = (Cursor){ .in_reset = n == 4 };
  if (n == 1)
    return g_ascii_string_to_unsigned (parts[0], 10, 0, G_MAXUINT64, &out->generation, NULL);
  return (n == 3 || n == 4) &&
         g_ascii_string_to_unsigned (parts[0], 10, 0, G_MAXUINT64, &out->generation, NULL) &&
         g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT64, &out->version, NULL) &&
         g_ascii_string_to_unsigned (parts[2], 10, 0, G_MAXUINT64, &out->started, NULL) &&
         (n == 3 ||
          tocsin_hex_decode (parts[3], strlen (parts[3]), out->key.bytes, sizeof out->key.bytes));
}

/* ---- pages ---- */

static void
write_change (Page *page,
              const TocsinSubjectKey *key,
              const TocsinSubjectRecord *record,
              const TocsinSubjectFinding *finding)
{
  g_autofree char *hex = tocsin_hex_encode (key->bytes, sizeof key->bytes);
  gboolean single = finding != NULL && finding->origins <= 1;

  page->n_written++;
  tocsin_json_writer_begin_object (&page->json);
  tocsin_json_writer_member_string (&page->json, "key", hex);
  if (record != NULL)
    tocsin_json_writer_member_string (&page->json, "type",
                                      tocsin_subject_type_to_string (record->type));
  if (record != NULL && record->value != NULL)
    tocsin_json_writer_member_string (&page->json, "value", record->value);
  tocsin_json_writer_member_string (
      &page->json, "verdict",
      tocsin_verdict_to_string (finding != NULL ? finding->verdict : TOCSIN_VERDICT_ALLOW));
  tocsin_json_writer_member_int (&page->json, "score", finding != NULL ? finding->score : 0);
  tocsin_json_writer_member_string (&page->json, "change",
                                    finding == NULL                   ? "removed"
                                    : single || page->cursor.in_reset ? "added"
                                                                      : "changed");
  tocsin_json_writer_end_object (&page->json);
}

/* FALSE if what is known of the key is not enough for the reader. */
static gboolean
write_if_known (Page *page, const TocsinSubjectRecord *record)
{
  g_auto (TocsinFinding) finding = { 0 };
  const TocsinSubjectFinding *found;
  TocsinSubject subject;

  tocsin_judge_key (page->judge, record, &subject, &finding);
  found = &g_array_index (finding.subjects, TocsinSubjectFinding, 0);
  if (!found->known || found->verdict < page->min_verdict)
    return FALSE;
  write_change (page, &record->key, record, found);
  return TRUE;
}

static gboolean
on_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Page *page = data;

  page->more = page->n_looked == PAGE_KEYS;
  if (page->more)
    return FALSE;
  page->n_looked++;
  page->cursor.key = record->key;
  write_if_known (page, record);
  return TRUE;
}

static gboolean
on_change (const TocsinChange *change, gpointer data)
{
  Page *page = data;
  TocsinSubjectRecord record;

  page->more = page->n_looked == PAGE_KEYS;
  if (page->more)
    return FALSE;
  page->must_reset = change->kind == TOCSIN_CHANGE_ALLOW || change->kind == TOCSIN_CHANGE_MANY;
  if (page->must_reset)
    return FALSE;
  page->n_looked++;
  page->cursor.generation = change->generation;
  /* What trust changes is told by the version of the snapshot that is made from it. */
  if (change->kind != TOCSIN_CHANGE_EVIDENCE ||
      !g_hash_table_add (page->seen, g_memdup2 (&change->key, sizeof change->key)))
    return TRUE;
  if (!tocsin_subjects_get (page->judge->txn, &change->key, &record))
    write_change (page, &change->key, NULL, NULL);
  else if (!write_if_known (page, &record))
    write_change (page, &change->key, &record, NULL);
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

  page->cursor.in_reset = page->cursor.in_reset && page->more;
  append_cursor (cursor, &page->cursor);
  tocsin_json_writer_end_array (&page->json);
  tocsin_json_writer_member_bool (&page->json, "more", page->more);
  tocsin_json_writer_member_string (&page->json, "cursor", cursor->str);
  tocsin_json_writer_member_int (&page->json, "generation", (gint64) page->judge->generation);
  tocsin_json_writer_end_object (&page->json);
  g_string_append_c (page->json.out, '\n');
}

static void
write_reset (Page *page, const Poll *poll, gboolean begins, GString *out)
{
  const TocsinSubjectKey *after = NULL;

  begin_page (page, out, begins);
  if (begins)
    page->cursor = (Cursor){
      .generation = page->judge->generation,
      .version = tocsin_trust_snapshot_version (page->judge->scoring.trust),
      .started = (guint64) poll->api->started_us,
      .in_reset = TRUE,
    };
  else
    after = &poll->cursor.key;
  tocsin_subjects_foreach (page->judge->txn, "", after, on_subject, page);
  end_page (page);
}

/* Fills @reply. FALSE: nothing happened since the cursor, and waiting is worth while. */
static gboolean
answer (const Poll *poll, TocsinReply *reply)
{
  g_auto (TocsinJudge) judge = { 0 };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (key_hash, key_equal, g_free, NULL);
  g_autoptr (GError) error = NULL;
  Page page = { .judge = &judge, .min_verdict = poll->min_verdict, .seen = seen };
  GString *out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  gboolean fits;

  tocsin_judge_begin (&judge, poll->api, NULL, FALSE);
  fits = poll->has_cursor && poll->cursor.started == (guint64) poll->api->started_us &&
         poll->cursor.version == tocsin_trust_snapshot_version (judge.scoring.trust) &&
         tocsin_changes_covers (judge.txn, poll->cursor.generation);
  page.cursor = poll->cursor;
  if (!fits || poll->cursor.in_reset)
    write_reset (&page, poll, !fits, out);
  else
    {
      begin_page (&page, out, FALSE);
      tocsin_changes_foreach (judge.txn, poll->cursor.generation, on_change, &page);
      if (page.must_reset)
        write_reset (&page, poll, TRUE, out);
      else
        end_page (&page);
    }
  if (!tocsin_txn_check (judge.txn, &error))
    {
      tocsin_reply_set_error (reply, error);
      return TRUE;
    }
  return !fits || poll->cursor.in_reset || page.n_written > 0 || page.more;
}

/* ---- waiting ---- */

static void
poll_free (Poll *poll)
{
  if (poll->listener != 0)
    tocsin_store_unlisten (poll->api->store, poll->listener);
  if (poll->tick != NULL)
    {
      g_source_destroy (poll->tick);
      g_source_unref (poll->tick);
    }
  g_free (poll);
}

/* Not from the store's own call: the list of its listeners must not change under it. */
static gboolean
on_tick (gpointer data)
{
  Poll *poll = data;
  TocsinRequest *request = poll->request;
  gboolean ends = g_get_monotonic_time () >= poll->deadline_us ||
                  g_cancellable_is_cancelled (tocsin_request_get_cancellable (request));

  if (!answer (poll, tocsin_request_get_reply (request)) && !ends)
    return G_SOURCE_CONTINUE;
  poll->api->n_polls--;
  poll_free (poll);
  tocsin_request_complete (request);
  return G_SOURCE_REMOVE;
}

static void
on_committed (TocsinNotes notes, gpointer data)
{
  Poll *poll = data;

  if ((notes & (TOCSIN_NOTE_EVIDENCE_CHANGED | TOCSIN_NOTE_ALLOW_CHANGED)) != 0)
    g_source_set_ready_time (poll->tick, 0);
}

static void
wait (const Poll *from, TocsinRequest *request)
{
  Poll *poll = g_memdup2 (from, sizeof *from);

  tocsin_request_suspend (request);
  poll->request = request;
  poll->api->n_polls++;
  poll->listener = tocsin_store_listen (poll->api->store, on_committed, poll);
  poll->tick = g_timeout_source_new (TICK_MS);
  g_source_set_callback (poll->tick, on_tick, poll, NULL);
  g_source_attach (poll->tick, g_main_context_get_thread_default ());
}

static gboolean
parse_poll (TocsinRequest *request, Poll *out, guint64 *wait_seconds, GError **error)
{
  const char *cursor = tocsin_request_get_query (request, "cursor");
  const char *wait_text = tocsin_request_get_query (request, "wait");
  const char *verdict = tocsin_request_get_query (request, "min_verdict");

  out->min_verdict = TOCSIN_VERDICT_NOTE;
  out->has_cursor = cursor != NULL && *cursor != '\0';
  *wait_seconds = 0;
  if (out->has_cursor && !parse_cursor (cursor, &out->cursor))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                         "cursor is none that /v1/changes gave");
  else if (wait_text != NULL &&
           !g_ascii_string_to_unsigned (wait_text, 10, 0, WAIT_MAX_SECONDS, wait_seconds, NULL))
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 "wait is not a number of seconds from 0 to %d", WAIT_MAX_SECONDS);
  else if (verdict != NULL && !tocsin_verdict_from_string (verdict, &out->min_verdict))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                         "min_verdict is not one of allow, note, review, block");
  else
    return TRUE;
  return FALSE;
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (GError) error = NULL;
  Poll poll = { .api = data };
  guint64 wait_seconds;

  if (!parse_poll (request, &poll, &wait_seconds, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
  if (answer (&poll, reply) || wait_seconds == 0)
    return;
  if (poll.api->n_polls >= POLLS_MAX)
    {
      tocsin_reply_set_problem (reply, 503, "unavailable", "Too many readers wait already");
      tocsin_reply_set_retry_after (reply, WAIT_MAX_SECONDS);
      return;
    }
  poll.deadline_us = g_get_monotonic_time () + (gint64) wait_seconds * G_USEC_PER_SEC;
  wait (&poll, request);
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/changes", on_get, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_STREAM, 0, NULL },
};

void
tocsin_route_changes_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
