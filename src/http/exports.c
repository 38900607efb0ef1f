/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/exports.h"

#include "core/clock.h"
#include "core/error.h"
#include "http/spool.h"

#define WAITING_MAX  64
#define KEPT_MAX     8
#define KEPT_US      TOCSIN_HOUR_US /* what was erased in the meantime is in no old list */
#define TIDY_SECONDS 600
#define STOP_EVERY   1024 /* rows between two looks at the flag */

/* ---- one list ---- */

typedef struct
{
  TocsinJudge *judge;
  const TocsinExportQuery *query;
  const gint *stop;
  TocsinSpool spool;
  TocsinExportWriter writer;
  guint n_looked;
  GError *error; /* (owned) (nullable) */
} Making;

static gboolean
is_listed (const TocsinExportQuery *query, const TocsinExportRow *row)
{
  return row->verdict >= query->least &&
         (query->categories == 0 || (query->categories & row->categories) != 0);
}

static gboolean
on_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Making *making = data;
  TocsinExportRow row = { .type = record->type, .value = record->value, .key = &record->key };

  if (++making->n_looked % STOP_EVERY == 0 && making->stop != NULL &&
      g_atomic_int_get (making->stop))
    {
      g_set_error_literal (&making->error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "The node stops");
      return FALSE;
    }
  if ((making->query->types & TOCSIN_EXPORT_TYPE_BIT (record->type)) == 0 ||
      (record->value == NULL && !making->query->format->digested) ||
      !tocsin_export_takes (&making->writer, &row))
    return TRUE;
  row.mastodon = record->has_mastodon ? record->mastodon : NULL;
  if (!tocsin_judge_row (making->judge, record, &row) || !is_listed (making->query, &row))
    return TRUE;
  tocsin_export_row (&making->writer, &row);
  return tocsin_spool_keep_short (&making->spool, &making->error);
}

static gboolean
walk (Making *making, GError **error)
{
  guint n_sections = making->query->format->n_sections;

  for (guint section = 0; section < n_sections && making->error == NULL; section++)
    {
      tocsin_export_begin_section (&making->writer, section);
      tocsin_subjects_foreach (making->judge->txn, "", NULL, on_subject, making);
      tocsin_export_end_section (&making->writer);
    }
  if (making->error == NULL)
    return tocsin_txn_check (making->judge->txn, error);
  g_propagate_error (error, g_steal_pointer (&making->error));
  return FALSE;
}

static void
describe (const Making *making, const TocsinExportMoment *moment, TocsinMadeExport *made)
{
  const char *canary = tocsin_export_canary (&making->writer);

  made->query = *making->query;
  made->moment = *moment;
  made->count = making->writer.count;
  made->skipped = making->writer.skipped;
  made->canary = g_strdup (canary);
}

/* Both numbers only grow, and one of them does whenever the list can have changed. */
static guint32
serial_of (const TocsinExportMoment *moment)
{
  return (guint32) (moment->generation + (guint64) (moment->as_of_us / TOCSIN_HOUR_US));
}

TocsinMadeExport *
tocsin_export_make (TocsinJudge *judge,
                    TocsinApi *api,
                    const TocsinExportQuery *query,
                    const TocsinExportMoment *moment,
                    const gint *stop,
                    GError **error)
{
  TocsinExportInfo info = { .generation = moment->generation,
                            .as_of_us = moment->as_of_us,
                            .serial = serial_of (moment),
                            .base_url = api->base_url != NULL ? api->base_url : "",
                            .profile = query->profile->name,
                            .least = query->least,
                            .observe = moment->observe };
  Making making = { .judge = judge, .query = query, .stop = stop };
  TocsinMadeExport *made = NULL;
  gboolean done;

  tocsin_spool_init (&making.spool, api->data_dir != NULL ? api->data_dir : g_get_tmp_dir ());
  tocsin_export_begin (&making.writer, query->format, &info, making.spool.buffer);
  done = walk (&making, error);
  if (done)
    {
      g_autoptr (GBytes) body = NULL;

      tocsin_export_end (&making.writer);
      body = tocsin_spool_finish (&making.spool, error);
      if (body != NULL)
        {
          made = g_atomic_rc_box_new0 (TocsinMadeExport);
          describe (&making, moment, made);
          made->serial = info.serial;
          made->etag = tocsin_export_etag (query, moment, api);
          tocsin_sha256 (g_bytes_get_data (body, NULL), g_bytes_get_size (body), made->sha256);
          made->body = g_steal_pointer (&body);
        }
    }
  tocsin_export_clear (&making.writer);
  tocsin_spool_clear (&making.spool);
  return made;
}

static void
made_clear (gpointer data)
{
  TocsinMadeExport *self = data;

  g_free (self->etag);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->canary);
}

TocsinMadeExport *
tocsin_made_export_ref (TocsinMadeExport *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
tocsin_made_export_unref (TocsinMadeExport *self)
{
  g_atomic_rc_box_release_full (self, made_clear);
}

/* ---- the thread ---- */

typedef struct
{
  TocsinMadeExport *made; /* (owned) */
  gint64 made_at_us;      /* monotonic */
} Kept;

typedef struct
{
  TocsinExportQuery query;
  TocsinRequest *request; /* (owned) (nullable) suspended; NULL: only tidy */
  TocsinExportFunc func;
} Job;

struct _TocsinExports
{
  TocsinApi *api;       /* (unowned) */
  GThreadPool *threads; /* (owned): one */
  GSource *tidy;        /* (owned) */
  gint waiting;         /* atomic */
  gint stop;            /* atomic */
  GQueue kept;          /* (element-type Kept): newest first; of the thread */
};

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  tocsin_made_export_unref (kept->made);
  g_free (kept);
}

static void
drop_old (TocsinExports *self)
{
  gint64 now_us = g_get_monotonic_time ();

  while (self->kept.tail != NULL &&
         (self->kept.length > KEPT_MAX ||
          ((Kept *) self->kept.tail->data)->made_at_us + KEPT_US <= now_us))
    kept_free (g_queue_pop_tail (&self->kept));
}

/* An older answer to the same question goes: nobody will ask for it again. */
static TocsinMadeExport *
find_kept (TocsinExports *self, const TocsinExportQuery *query, const char *etag)
{
  for (GList *l = self->kept.head; l != NULL; l = l->next)
    {
      Kept *kept = l->data;

      if (!tocsin_export_query_equal (&kept->made->query, query))
        continue;
      if (g_str_equal (kept->made->etag, etag))
        return tocsin_made_export_ref (kept->made);
      kept_free (kept);
      g_queue_delete_link (&self->kept, l);
      return NULL;
    }
  return NULL;
}

static TocsinMadeExport *
find_or_make (TocsinExports *self, const TocsinExportQuery *query, GError **error)
{
  g_auto (TocsinJudge) judge = { 0 };
  g_autofree char *etag = NULL;
  TocsinExportMoment moment;
  TocsinMadeExport *made;
  Kept *kept;

  tocsin_judge_begin (&judge, self->api, query->profile, FALSE);
  if (!tocsin_export_moment (&judge, &moment, error))
    return NULL;
  etag = tocsin_export_etag (query, &moment, self->api);
  made = find_kept (self, query, etag);
  if (made != NULL)
    return made;
  made = tocsin_export_make (&judge, self->api, query, &moment, &self->stop, error);
  if (made == NULL)
    return NULL;
  kept = g_new (Kept, 1);
  *kept = (Kept){ tocsin_made_export_ref (made), g_get_monotonic_time () };
  g_queue_push_head (&self->kept, kept);
  return made;
}

static void
run (gpointer data, gpointer user_data)
{
  TocsinExports *self = user_data;
  Job *job = data;
  g_autoptr (TocsinMadeExport) made = NULL;
  g_autoptr (GError) error = NULL;

  drop_old (self);
  if (job->request != NULL)
    {
      if (g_cancellable_is_cancelled (tocsin_request_get_cancellable (job->request)))
        g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "It took too long");
      else
        made = find_or_make (self, &job->query, &error);
      job->func (job->request, made, error);
      g_atomic_int_add (&self->waiting, -1);
      tocsin_request_complete (job->request);
    }
  g_free (job);
}

static gboolean
on_tidy (gpointer data)
{
  TocsinExports *self = data;

  g_thread_pool_push (self->threads, g_new0 (Job, 1), NULL);
  return G_SOURCE_CONTINUE;
}

TocsinExports *
tocsin_exports_new (TocsinApi *api)
{
  TocsinExports *self = g_new0 (TocsinExports, 1);

  self->api = api;
  g_queue_init (&self->kept);
  /* Its own: the thread claims a slot of the api for good. */
  self->threads = g_thread_pool_new (run, self, 1, TRUE, NULL);
  self->tidy = g_timeout_source_new_seconds (TIDY_SECONDS);
  g_source_set_callback (self->tidy, on_tidy, self, NULL);
  g_source_attach (self->tidy, g_main_context_get_thread_default ());
  return self;
}

void
tocsin_exports_free (TocsinExports *self)
{
  g_source_destroy (self->tidy);
  g_source_unref (self->tidy);
  g_atomic_int_set (&self->stop, TRUE);
  g_thread_pool_free (self->threads, FALSE, TRUE);
  g_queue_clear_full (&self->kept, kept_free);
  g_free (self);
}

gboolean
tocsin_exports_submit (TocsinExports *self,
                       const TocsinExportQuery *query,
                       TocsinRequest *request,
                       TocsinExportFunc func)
{
  Job *job;

  if (g_atomic_int_add (&self->waiting, 1) >= WAITING_MAX)
    {
      g_atomic_int_add (&self->waiting, -1);
      return FALSE;
    }
  tocsin_request_suspend (request);
  job = g_new (Job, 1);
  *job = (Job){ *query, request, func };
  g_thread_pool_push (self->threads, job, NULL);
  return TRUE;
}
