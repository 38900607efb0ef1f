/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/exports.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "http/cuts.h"
#include "http/list-thread.h"
#include "http/listing.h"
#include "http/spool.h"

#define KEPT_MAX   8
#define KEPT_US    TOCSIN_HOUR_US
#define TIDY_US    (10 * TOCSIN_MINUTE_US)
#define WARM_US    (2 * TOCSIN_HOUR_US) /* since somebody asked: longer than a reader waits */
#define STOP_EVERY 1024                 /* rows between two looks at the flag */
#define LISTED_MAX 2000000              /* subjects; of more no listing is kept */
#define N_LISTED   3 /* profiles whose listings are kept, if these are no longer */

/* ---- one list ---- */

typedef struct
{
  TocsinJudge *judge;
  const TocsinExportQuery *query;
  const gint *stop;
  TocsinSpool spool;
  TocsinExportWriter writer;
  TocsinCuts *cuts; /* (owned) (nullable): in the listing, if there is one */
  guint n_looked;
  GError *error; /* (owned) (nullable) */
} Making;

static gboolean
is_listed (const Making *making, const TocsinExportRow *row)
{
  const TocsinExportQuery *query = making->query;

  return row->verdict >= query->least &&
         tocsin_export_takes_verdict (&making->writer, row->verdict) &&
         (query->categories == 0 || (query->categories & row->categories) != 0);
}

static gboolean
stops (GError **error)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The node stops");
  return FALSE;
}

static gboolean
on_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Making *making = data;
  TocsinExportRow row = { .type = record->type, .value = record->value, .key = &record->key };

  if (++making->n_looked % STOP_EVERY == 0 && making->stop != NULL &&
      g_atomic_int_get (making->stop))
    return stops (&making->error);
  if ((making->query->types & TOCSIN_EXPORT_TYPE_BIT (record->type)) == 0 ||
      (record->value == NULL && !(making->query->format->digested && record->has_mastodon)) ||
      tocsin_cuts_find (making->cuts, &record->key, NULL) ||
      !tocsin_export_takes (&making->writer, &row))
    return TRUE;
  row.mastodon = record->has_mastodon ? record->mastodon : NULL;
  if (!tocsin_judge_row (making->judge, record, &row) || !is_listed (making, &row))
    return TRUE;
  tocsin_export_row (&making->writer, &row);
  return tocsin_spool_keep_short (&making->spool, &making->error);
}

static gboolean
on_row (const TocsinExportRow *row, gpointer data)
{
  Making *making = data;

  if ((making->query->types & TOCSIN_EXPORT_TYPE_BIT (row->type)) == 0 ||
      (row->value == NULL && !making->query->format->digested) ||
      tocsin_listing_doubles (making->query->types, row) ||
      !tocsin_export_takes (&making->writer, row) || !is_listed (making, row))
    return TRUE;
  tocsin_export_row (&making->writer, row);
  return tocsin_spool_keep_short (&making->spool, &making->error);
}

/* What is told in the place of what was passed over, in the order that a listing has it in. */
static void
walk_cuts (Making *making)
{
  for (guint i = 0; making->error == NULL && i < tocsin_cuts_count (making->cuts); i++)
    {
      const TocsinExportRow *row;

      tocsin_cuts_get (making->cuts, i, &row);
      if (row != NULL)
        on_row (row, making);
    }
}

static gboolean
walk (Making *making, const TocsinListing *listing, GError **error)
{
  guint n_sections = making->query->format->n_sections;

  if (listing == NULL)
    {
      making->cuts = tocsin_cuts_new (making->judge, making->query->types, making->stop);
      if (making->cuts == NULL)
        return stops (error);
    }
  for (guint section = 0; section < n_sections && making->error == NULL; section++)
    {
      tocsin_export_begin_section (&making->writer, section);
      if (listing != NULL)
        tocsin_listing_foreach_beyond (listing, NULL, FALSE, on_row, making);
      else
        {
          tocsin_subjects_foreach (making->judge->txn, "", NULL, on_subject, making);
          walk_cuts (making);
        }
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

TocsinMadeExport *
tocsin_export_make (TocsinJudge *judge,
                    TocsinApi *api,
                    const TocsinExportQuery *query,
                    const TocsinExportMoment *moment,
                    const TocsinListing *listing,
                    const gint *stop,
                    GError **error)
{
  TocsinExportInfo info = { .generation = moment->generation,
                            .as_of_us = moment->as_of_us,
                            .serial = moment->serial,
                            .types = query->types,
                            .base_url = api->base_url != NULL ? api->base_url : "",
                            .profile = query->profile->name,
                            .least = query->least,
                            .observe = moment->observe };
  Making making = { .judge = judge, .query = query, .stop = stop };
  TocsinMadeExport *made = NULL;
  gboolean done;

  tocsin_spool_init (&making.spool, api->data_dir != NULL ? api->data_dir : g_get_tmp_dir ());
  tocsin_export_begin (&making.writer, query->format, &info, making.spool.buffer);
  done = walk (&making, listing, error);
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
  tocsin_cuts_free (making.cuts);
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

/* ---- the last few ---- */

typedef struct
{
  TocsinMadeExport *made; /* (owned) */
  gint64 made_at_us;      /* monotonic */
} Kept;

/* What lists of one profile are made from. */
typedef struct
{
  const TocsinProfile *profile; /* (unowned) (nullable) */
  TocsinListing *listing;       /* (owned) (nullable) */
  gint64 listed_at_us;          /* monotonic */
  gint64 asked_at_us;           /* the node's clock: the last list that somebody wanted */
} Listed;

struct _TocsinExports
{
  TocsinApi *api;            /* (unowned) */
  GSource *tidy;             /* (owned) of the main thread */
  GQueue kept;               /* (element-type Kept): newest first */
  Listed listed[N_LISTED];   /* the one asked for last comes first */
  TocsinExportMoment newest; /* of the last list that was made */
};

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  tocsin_made_export_unref (kept->made);
  g_free (kept);
}

/* Lets go of what is an hour old: what was erased in the meantime is in no old list. */
static void
drop_old (TocsinExports *self)
{
  gint64 now_us = g_get_monotonic_time ();

  while (self->kept.tail != NULL &&
         (self->kept.length > KEPT_MAX ||
          ((Kept *) self->kept.tail->data)->made_at_us + KEPT_US <= now_us))
    kept_free (g_queue_pop_tail (&self->kept));
  for (guint i = 0; i < N_LISTED; i++)
    if (self->listed[i].listing != NULL && self->listed[i].listed_at_us + KEPT_US <= now_us)
      g_clear_pointer (&self->listed[i].listing, tocsin_listing_unref);
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

/* Puts what is kept for @profile first, in the place of what nobody asked for the longest. */
static Listed *
take_listed (TocsinExports *self, const TocsinProfile *profile)
{
  Listed listed;
  guint i = 0;

  while (i < N_LISTED - 1 && self->listed[i].profile != profile)
    i++;
  listed = self->listed[i];
  if (listed.profile != profile)
    {
      g_clear_pointer (&listed.listing, tocsin_listing_unref);
      listed.profile = profile;
    }
  memmove (&self->listed[1], &self->listed[0], i * sizeof listed);
  self->listed[0] = listed;
  return &self->listed[0];
}

/* All of them, and @n rows that are still to be made, take no more memory than one may. */
static void
drop_beyond (TocsinExports *self, guint64 n)
{
  for (guint i = 0; i < N_LISTED; i++)
    {
      Listed *listed = &self->listed[i];

      n += listed->listing != NULL ? tocsin_listing_count (listed->listing) : 0;
      if (n > LISTED_MAX)
        g_clear_pointer (&listed->listing, tocsin_listing_unref);
    }
}

/* Whether the listing that is there still tells most of what a list of @moment needs. */
static gboolean
is_of_use (const Listed *listed, const TocsinExportMoment *moment)
{
  const TocsinExportMoment *its;

  if (listed->listing == NULL)
    return FALSE;
  its = tocsin_listing_moment (listed->listing);
  return its->version == moment->version && its->as_of_us == moment->as_of_us &&
         its->observe == moment->observe;
}

/* Judging is what costs; within the hour a list needs but what changed to be judged again, and
 * lists of other formats nothing. Leaves no listing where there is too much to keep. */
static gboolean
bring_up_to_date (TocsinExports *self,
                  Listed *listed,
                  TocsinJudge *judge,
                  guint types,
                  const TocsinExportMoment *moment,
                  GError **error)
{
  TocsinListingFilter filter = { .types = types,
                                 .verdicts = (1u << TOCSIN_N_VERDICTS) - 1,
                                 .digested = TRUE };
  gboolean useful = is_of_use (listed, moment);
  g_autoptr (TocsinListing) before = g_steal_pointer (&listed->listing);
  gboolean too_long;

  if (tocsin_subjects_count (judge->txn) > LISTED_MAX)
    return TRUE;
  if (useful)
    filter.types |= tocsin_listing_filter (before)->types;
  if (!useful || !tocsin_listing_filter_equal (tocsin_listing_filter (before), &filter))
    g_clear_pointer (&before, tocsin_listing_unref);
  if (before != NULL && tocsin_export_moment_equal (tocsin_listing_moment (before), moment))
    listed->listing = g_steal_pointer (&before);
  else
    listed->listing =
        tocsin_listing_new (judge, &filter, moment, before, LISTED_MAX,
                            tocsin_list_thread_stop_flag (self->api->lists), &too_long, error);
  listed->listed_at_us = g_get_monotonic_time ();
  return listed->listing != NULL;
}

/* While somebody reads lists every hour, all is judged before the next one is wanted: soon after
 * the hour, and soon after trust has changed. Whoever asks first then waits no longer than others.
 */
static gboolean
bring_up_to_date_early (TocsinExports *self, Listed *listed, GError **error)
{
  g_auto (TocsinJudge) judge = { 0 };
  TocsinExportMoment moment;

  tocsin_judge_begin (&judge, self->api, listed->profile, FALSE);
  return tocsin_export_moment (&judge, &moment, error) &&
         bring_up_to_date (self, listed, &judge, tocsin_listing_filter (listed->listing)->types,
                           &moment, error);
}

void
tocsin_exports_tidy (TocsinExports *self)
{
  drop_old (self);
  for (guint i = 0; i < N_LISTED; i++)
    {
      Listed *listed = &self->listed[i];
      g_autoptr (GError) error = NULL;

      if (listed->listing == NULL ||
          tocsin_api_now_us (self->api) - listed->asked_at_us >= WARM_US ||
          bring_up_to_date_early (self, listed, &error))
        continue;
      /* Whoever asks next is told the same, with what to do about it. */
      g_debug ("No list was made ready: %s", error->message);
      g_clear_pointer (&listed->listing, tocsin_listing_unref);
    }
  drop_beyond (self, 0);
}

gboolean
tocsin_exports_is_warm (const TocsinExports *self, const TocsinProfile *profile)
{
  g_auto (TocsinJudge) judge = { 0 };
  TocsinExportMoment moment;

  tocsin_judge_begin (&judge, self->api, profile, FALSE);
  if (!tocsin_export_moment (&judge, &moment, NULL))
    return FALSE;
  for (guint i = 0; i < N_LISTED; i++)
    if (self->listed[i].profile == profile && self->listed[i].listing != NULL)
      return tocsin_export_moment_equal (tocsin_listing_moment (self->listed[i].listing), &moment);
  return FALSE;
}

static void
tidy (TocsinRequest *request, gpointer data)
{
  tocsin_exports_tidy (data);
}

static gboolean on_tidy (gpointer data);

/* At the latest a second after the next full hour, of which lists are then. */
static void
schedule_tidy (TocsinExports *self)
{
  gint64 to_hour_us = TOCSIN_HOUR_US - tocsin_api_now_us (self->api) % TOCSIN_HOUR_US;
  gint64 delay_us = MIN (TIDY_US, to_hour_us + TOCSIN_SECOND_US);

  self->tidy = g_timeout_source_new ((guint) (delay_us / 1000));
  g_source_set_callback (self->tidy, on_tidy, self, NULL);
  g_source_attach (self->tidy, g_main_context_get_thread_default ());
}

static void
unschedule_tidy (TocsinExports *self)
{
  g_source_destroy (self->tidy);
  g_clear_pointer (&self->tidy, g_source_unref);
}

static gboolean
on_tidy (gpointer data)
{
  TocsinExports *self = data;

  tocsin_list_thread_tidy (self->api->lists, tidy, self);
  unschedule_tidy (self);
  schedule_tidy (self);
  return G_SOURCE_REMOVE;
}

/* Observing and trust may change a list in no new generation, and another process, or a store put
 * back from a copy, knows nothing of the last serial; so it is the time in seconds, and at least
 * one more than that of any other moment. Beyond that of the last process, too, for it begins with
 * that of the start. */
static void
give_serial (TocsinExports *self, TocsinExportMoment *moment)
{
  if (!tocsin_export_moment_equal (&self->newest, moment))
    {
      guint32 now_s = (guint32) (tocsin_api_now_us (self->api) / TOCSIN_SECOND_US);

      moment->serial = MAX (self->newest.serial + 1, now_s);
      self->newest = *moment;
    }
  moment->serial = self->newest.serial;
}

TocsinMadeExport *
tocsin_exports_get (TocsinExports *self, const TocsinExportQuery *query, GError **error)
{
  g_auto (TocsinJudge) judge = { 0 };
  g_autofree char *etag = NULL;
  TocsinExportMoment moment;
  TocsinMadeExport *made;
  Listed *listed;
  Kept *kept;

  drop_old (self);
  listed = take_listed (self, query->profile);
  listed->asked_at_us = tocsin_api_now_us (self->api);
  tocsin_judge_begin (&judge, self->api, query->profile, FALSE);
  if (!tocsin_export_moment (&judge, &moment, error))
    return NULL;
  etag = tocsin_export_etag (query, &moment, self->api);
  made = find_kept (self, query, etag);
  if (made != NULL)
    return made;
  if (listed->listing == NULL)
    drop_beyond (self, tocsin_subjects_count (judge.txn));
  if (!bring_up_to_date (self, listed, &judge, query->types, &moment, error))
    return NULL;
  drop_beyond (self, 0);
  give_serial (self, &moment);
  made = tocsin_export_make (&judge, self->api, query, &moment, listed->listing,
                             tocsin_list_thread_stop_flag (self->api->lists), error);
  if (made == NULL)
    return NULL;
  kept = g_new (Kept, 1);
  *kept = (Kept){ tocsin_made_export_ref (made), g_get_monotonic_time () };
  g_queue_push_head (&self->kept, kept);
  return made;
}

TocsinExports *
tocsin_exports_new (TocsinApi *api)
{
  TocsinExports *self = g_new0 (TocsinExports, 1);

  self->api = api;
  self->newest.serial = (guint32) (tocsin_api_now_us (api) / TOCSIN_SECOND_US);
  g_queue_init (&self->kept);
  schedule_tidy (self);
  return self;
}

void
tocsin_exports_free (TocsinExports *self)
{
  unschedule_tidy (self);
  g_queue_clear_full (&self->kept, kept_free);
  for (guint i = 0; i < N_LISTED; i++)
    g_clear_pointer (&self->listed[i].listing, tocsin_listing_unref);
  g_free (self);
}
