/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A bouncer cannot say what it has got, so its answers are differences between listings. The one it
 * was given last is kept, and the one before, in case that the last answer did not arrive. Bouncers
 * of one filter that ask at the same time share one.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/decisions.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "http/list-thread.h"
#include "http/spool.h"

#define DECISIONS_MAX 5000000
#define NEWEST_US     TOCSIN_HOUR_US /* as long as other lists are kept */
#define IDLE_US       TOCSIN_DAY_US
#define TIDY_US       (10 * TOCSIN_MINUTE_US)

typedef struct
{
  TocsinListing *listing; /* (owned) what it was told last */
  TocsinListing *before;  /* (owned) (nullable) and before that */
  gboolean startup;       /* the last was for one who knew nothing, and would ask so again */
  gint64 whole_at_us;     /* monotonic: when it was last told everything */
  gint64 asked_at_us;     /* monotonic */
} Reader;

struct _TocsinDecisions
{
  TocsinApi *api;        /* (unowned) */
  GHashTable *readers;   /* (owned) (element-type utf8 Reader) */
  TocsinListing *newest; /* (owned) (nullable) of whoever asked last */
  gint64 newest_at_us;   /* monotonic */
  GSource *timer;        /* (owned) of the main thread */
};

static void
reader_free (gpointer data)
{
  Reader *reader = data;

  g_clear_pointer (&reader->listing, tocsin_listing_unref);
  g_clear_pointer (&reader->before, tocsin_listing_unref);
  g_free (reader);
}

static gboolean
is_idle (gpointer name G_GNUC_UNUSED, gpointer value, gpointer now_us)
{
  return ((Reader *) value)->asked_at_us + IDLE_US <= *(gint64 *) now_us;
}

/* What was erased in the meantime is in no old listing either. */
void
tocsin_decisions_tidy (TocsinDecisions *self, gint64 now_us)
{
  g_hash_table_foreach_remove (self->readers, is_idle, &now_us);
  if (self->newest_at_us + NEWEST_US <= now_us)
    g_clear_pointer (&self->newest, tocsin_listing_unref);
}

static void
tidy (TocsinRequest *request G_GNUC_UNUSED, gpointer data)
{
  tocsin_decisions_tidy (data, g_get_monotonic_time ());
}

static gboolean
on_timer (gpointer data)
{
  TocsinDecisions *self = data;

  tocsin_list_thread_tidy (self->api->lists, tidy, self);
  return G_SOURCE_CONTINUE;
}

TocsinDecisions *
tocsin_decisions_new (TocsinApi *api)
{
  TocsinDecisions *self = g_new0 (TocsinDecisions, 1);

  self->timer = g_timeout_source_new (TIDY_US / 1000);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
  self->api = api;
  self->readers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, reader_free);
  return self;
}

void
tocsin_decisions_free (TocsinDecisions *self)
{
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_hash_table_unref (self->readers);
  g_clear_pointer (&self->newest, tocsin_listing_unref);
  g_free (self);
}

static gboolean
is_of (const TocsinListing *listing, const TocsinListingFilter *filter)
{
  return listing != NULL && tocsin_listing_filter_equal (tocsin_listing_filter (listing), filter);
}

/* What is so now. @before: (nullable): of the same filter. */
static TocsinListing *
find_current (TocsinDecisions *self,
              const TocsinListingFilter *filter,
              TocsinListing *before,
              GError **error)
{
  g_auto (TocsinJudge) judge = { 0 };
  TocsinExportMoment moment;
  TocsinListing *current;
  gboolean too_long;

  tocsin_judge_begin (&judge, self->api, NULL, FALSE);
  if (!tocsin_export_moment (&judge, &moment, error))
    return NULL;
  if (is_of (self->newest, filter))
    before = self->newest;
  if (before != NULL && tocsin_export_moment_equal (tocsin_listing_moment (before), &moment))
    return tocsin_listing_ref (before);
  current = tocsin_listing_new (&judge, filter, &moment, before, DECISIONS_MAX,
                                tocsin_list_thread_stop_flag (self->api->lists), &too_long, error);
  if (current == NULL)
    return NULL;
  g_clear_pointer (&self->newest, tocsin_listing_unref);
  self->newest = tocsin_listing_ref (current);
  self->newest_at_us = g_get_monotonic_time ();
  return current;
}

/* ---- answers ---- */

typedef struct
{
  TocsinSpool spool;
  gint64 now_us;
  guint types;                /* of the listing that is told */
  gboolean as_long;           /* as of tocsin_listing_tells() */
  const TocsinListing *older; /* (unowned) (nullable) rows that it tells, or not, are left out */
  gboolean older_tells;       /* which of both */
  guint n;
  GError *error; /* (owned) (nullable) */
} Answer;

static gboolean
on_decision (const TocsinExportRow *row, gpointer data)
{
  Answer *answer = data;

  if (row->withheld || tocsin_listing_doubles (answer->types, row) ||
      tocsin_export_is_own_address (row) ||
      (answer->older != NULL && tocsin_listing_tells (answer->older, answer->types, row,
                                                      answer->as_long) == answer->older_tells))
    return TRUE;
  if (answer->n++ > 0)
    g_string_append_c (answer->spool.buffer, ',');
  tocsin_decision_append (answer->spool.buffer, row, answer->now_us);
  return tocsin_spool_keep_short (&answer->spool, &answer->error);
}

static void
append_beyond (Answer *answer, const TocsinListing *listing, const TocsinListing *other)
{
  if (answer->error != NULL)
    return;
  answer->types = tocsin_listing_filter (listing)->types;
  tocsin_listing_foreach_beyond (listing, other, answer->as_long, on_decision, answer);
}

static void
append_all (Answer *answer, const TocsinListing *current)
{
  answer->n = 0;
  append_beyond (answer, current, NULL);
}

/* What is no longer so of either of the last two answers. As in append_new(), after the first one
 * for who knew nothing that alone counts, unless it is asked for again. */
static void
append_deleted (Answer *answer,
                const Reader *reader,
                const TocsinListing *current,
                gboolean startup)
{
  const TocsinListing *before = reader->startup && !startup ? NULL : reader->before;

  answer->n = 0;
  answer->as_long = FALSE;
  if (before != NULL)
    append_beyond (answer, before, current);
  answer->older = before;
  answer->older_tells = TRUE;
  append_beyond (answer, reader->listing, current);
  answer->older = NULL;
}

/* What one of the last two answers lacked, or told for a shorter time. After the first one for who
 * knew nothing the last alone counts: it has arrived, or it is asked for again. */
static void
append_new (Answer *answer, const Reader *reader, const TocsinListing *current)
{
  answer->n = 0;
  answer->as_long = TRUE;
  if (!reader->startup)
    {
      append_beyond (answer, current, reader->before);
      answer->older = reader->before;
      answer->older_tells = FALSE;
    }
  append_beyond (answer, current, reader->listing);
  answer->older = NULL;
}

static void
answer_init (Answer *self, TocsinApi *api)
{
  *self = (Answer){ .now_us = tocsin_api_now_us (api) };
  tocsin_spool_init (&self->spool, api->data_dir != NULL ? api->data_dir : g_get_tmp_dir ());
}

static GBytes *
answer_finish (Answer *self, GError **error)
{
  GBytes *bytes = NULL;

  if (self->error != NULL)
    g_propagate_error (error, self->error);
  else
    bytes = tocsin_spool_finish (&self->spool, error);
  tocsin_spool_clear (&self->spool);
  return bytes;
}

static void
remember (TocsinDecisions *self,
          const char *name,
          TocsinListing *listing,
          gboolean startup,
          gboolean whole)
{
  Reader *reader = g_hash_table_lookup (self->readers, name);

  if (reader == NULL)
    {
      reader = g_new0 (Reader, 1);
      g_hash_table_insert (self->readers, g_strdup (name), reader);
    }
  g_clear_pointer (&reader->before, tocsin_listing_unref);
  reader->before = g_steal_pointer (&reader->listing);
  reader->listing = tocsin_listing_ref (listing);
  reader->startup = startup;
  reader->asked_at_us = g_get_monotonic_time ();
  if (whole)
    reader->whole_at_us = reader->asked_at_us;
}

/* Whether differences to what the bouncer was told are enough. Not if the last answer was the first
 * of this filter, which it may not have got. */
static gboolean
is_known (const Reader *reader, const TocsinListingFilter *filter)
{
  return reader != NULL && is_of (reader->listing, filter) &&
         (reader->startup || is_of (reader->before, filter)) &&
         reader->whole_at_us + TOCSIN_DAY_US > g_get_monotonic_time ();
}

static gboolean
can_arrive (TocsinRequest *request)
{
  return strcmp (tocsin_request_get_method (request), "HEAD") != 0 &&
         !g_cancellable_is_cancelled (tocsin_request_get_cancellable (request));
}

GBytes *
tocsin_decisions_stream (TocsinDecisions *self,
                         const char *name,
                         const TocsinListingFilter *filter,
                         gboolean startup,
                         TocsinRequest *request,
                         GError **error)
{
  const Reader *reader = g_hash_table_lookup (self->readers, name);
  TocsinListing *told = reader != NULL && is_of (reader->listing, filter) ? reader->listing : NULL;
  g_autoptr (TocsinListing) current = NULL;
  gboolean whole = startup || !is_known (reader, filter);
  GBytes *bytes;
  Answer answer;

  if (reader == NULL && g_hash_table_size (self->readers) >= TOCSIN_DECISIONS_READERS_MAX)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "Too many bouncers have asked within a day");
      return NULL;
    }
  current = find_current (self, filter, told, error);
  if (current == NULL)
    return NULL;
  answer_init (&answer, self->api);
  g_string_append (answer.spool.buffer, "{\"deleted\":[");
  if (reader != NULL)
    append_deleted (&answer, reader, current, startup);
  g_string_append (answer.spool.buffer, "],\"new\":[");
  if (whole)
    append_all (&answer, current);
  else
    append_new (&answer, reader, current);
  g_string_append (answer.spool.buffer, "]}\n");
  bytes = answer_finish (&answer, error);
  if (bytes != NULL && can_arrive (request))
    remember (self, name, current, startup, whole);
  return bytes;
}

GBytes *
tocsin_decisions_list (TocsinDecisions *self, const TocsinListingFilter *filter, GError **error)
{
  g_autoptr (TocsinListing) current = find_current (self, filter, NULL, error);
  Answer answer;

  if (current == NULL)
    return NULL;
  answer_init (&answer, self->api);
  g_string_append_c (answer.spool.buffer, '[');
  append_all (&answer, current);
  g_string_append_c (answer.spool.buffer, ']');
  if (answer.n == 0)
    g_string_assign (answer.spool.buffer, "null");
  g_string_append_c (answer.spool.buffer, '\n');
  return answer_finish (&answer, error);
}
