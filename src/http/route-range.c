/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/range/PREFIX: what is known of the keys that begin with five hexadecimal digits. The
 * client looks for its own among them, so that this node does not learn what it asks about; two
 * paddings keep the length of the answer from telling an onlooker more than how many times 64
 * lines there are: of the lines, and of their length.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/limits.h"
#include "http/judge.h"
#include "http/routes.h"
#include "http/steps.h"

#define SUFFIX_DIGITS  (2 * TOCSIN_ID_BYTES - TOCSIN_RANGE_PREFIX_DIGITS)
#define SECRET_BYTES   32
#define NOTE_SCORE_MAX 54 /* from 55 on a check says review (model.md 4) */

/* What an entry takes: of a key that nobody reported, and of a bad one. With a thousand origins it
 * would be longer, and seen to be. */
#define LINE_BYTES_MIN (SUFFIX_DIGITS + sizeof ":0:0\n" - 1)
#define LINE_BYTES_MAX (SUFFIX_DIGITS + sizeof ":100:999\n" - 1)
/* Of the header that makes up for the difference: with the rest of the head it has to fit into the
 * buffer of a proxy, of 4 KiB in nginx, and into what a long request left of our own. */
#define EVEN_BYTES_MAX 1024

/* Subjects judged between two looks at other requests. It takes a peer that makes up keys to have
 * so many under one prefix; the header above says nothing about these. */
#define SUBJECTS_AT_ONCE 300
#define AT_ONCE_MAX      8 /* ranges of more than these */

typedef struct
{
  TocsinApi *api; /* (unowned) */
  char *prefix;   /* (owned) in lower case */
  char *etag;     /* (owned) (nullable) of the state that the first step saw */
  GString *lines; /* (owned) by key */
  guint n_lines;
  guint n_judged;      /* in this step */
  gboolean is_long;    /* and counted among such */
  TocsinSubjectKey at; /* the last that was judged */
  TocsinJudge *judge;  /* (unowned) of this step */
} Range;

static void
range_free (gpointer data)
{
  Range *range = data;

  if (range->is_long)
    g_atomic_int_add (&range->api->n_ranges, -1);
  g_free (range->prefix);
  g_free (range->etag);
  g_string_free (range->lines, TRUE);
  g_free (range);
}

static gboolean
is_prefix (const char *text)
{
  gsize n = strspn (text, "0123456789abcdefABCDEF");

  return n == TOCSIN_RANGE_PREFIX_DIGITS && text[n] == '\0';
}

static gboolean
on_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Range *range = data;
  g_auto (TocsinFinding) finding = { 0 };
  g_autofree char *hex = tocsin_hex_encode (record->key.bytes, sizeof record->key.bytes);
  const TocsinSubjectFinding *found;
  TocsinSubject subject;

  tocsin_judge_key (range->judge, record, &subject, &finding);
  found = &g_array_index (finding.subjects, TocsinSubjectFinding, 0);
  if (found->known)
    {
      /* There is no verdict beside it by which a reader could see that this is no review. */
      guint score =
          found->bound != TOCSIN_BOUND_NONE ? MIN (found->score, NOTE_SCORE_MAX) : found->score;

      g_string_append_printf (range->lines, "%s:%u:%u\n", hex + TOCSIN_RANGE_PREFIX_DIGITS, score,
                              found->origins);
      range->n_lines++;
    }
  range->at = record->key;
  return ++range->n_judged < SUBJECTS_AT_ONCE;
}

/* The secret keeps a client from computing which lines are padding; it lasts as long as the
 * process, like the ETags that it belongs to. */
static const guint8 *
get_secret (void)
{
  static gsize made = 0;
  static guint8 secret[SECRET_BYTES];

  if (g_once_init_enter (&made))
    {
      tocsin_random_bytes (secret, sizeof secret);
      g_once_init_leave (&made, 1);
    }
  return secret;
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Suffixes that no subject has, the same ones for one ETag. */
static GPtrArray *
make_padding (const Range *range)
{
  guint n = MAX (range->n_lines, 1) + TOCSIN_RANGE_PADDING_LINES - 1;
  GPtrArray *padding = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) seed = g_string_new_len ((const char *) get_secret (), SECRET_BYTES);

  g_string_append_printf (seed, "%s %s ", range->prefix, range->etag);
  for (guint i = range->n_lines; i < n - n % TOCSIN_RANGE_PADDING_LINES; i++)
    {
      gsize len = seed->len;
      guint8 digest[TOCSIN_SHA256_BYTES];
      g_autofree char *hex = NULL;

      g_string_append_printf (seed, "%u", i);
      tocsin_sha256 (seed->str, seed->len, digest);
      g_string_truncate (seed, len);
      hex = tocsin_hex_encode (digest, sizeof digest);
      g_ptr_array_add (padding, g_strdup_printf ("%.*s:0:0\n", SUFFIX_DIGITS, hex));
    }
  g_ptr_array_sort (padding, compare_lines);
  return padding;
}

/* Returns: how many lines there are, of which nobody can tell which ones are padding */
static guint
write_lines (const Range *range, GString *out)
{
  g_autoptr (GPtrArray) padding = make_padding (range);
  const char *from = range->lines->str;
  const char *end = from + range->lines->len;

  for (guint i = 0; i < padding->len; i++)
    {
      const char *line = g_ptr_array_index (padding, i);
      const char *to = from;

      while (to < end && memcmp (to, line, SUFFIX_DIGITS) < 0)
        to = (const char *) memchr (to, '\n', (gsize) (end - to)) + 1;
      g_string_append_len (out, from, to - from);
      g_string_append (out, line);
      from = to;
    }
  g_string_append_len (out, from, end - from);
  return range->n_lines + padding->len;
}

/* Makes head and body together as long for any scores. The letters are two whose code in HPACK and
 * QPACK has 8 bits ([RFC 7541, appendix B]), so that a proxy that speaks HTTP/2 or 3 sends as many
 * bytes; and at random, since it sends a value that it remembers as an index. The rest of the head
 * is as long for all prefixes: as far as this goes a Content-Length has four digits, 3 bytes in
 * HPACK. The answer to HEAD has nothing to make up for. */
static void
even_out (TocsinReply *reply, guint n_lines, gsize body_bytes)
{
  gsize most = n_lines * LINE_BYTES_MAX;
  gsize n = 1 + (most > body_bytes ? most - body_bytes : 0);
  char letters[EVEN_BYTES_MAX + 2] = "";

  if (n_lines * (LINE_BYTES_MAX - LINE_BYTES_MIN) > EVEN_BYTES_MAX)
    return;
  tocsin_random_bytes ((guint8 *) letters, n);
  for (gsize i = 0; i < n; i++)
    letters[i] = (letters[i] & 1) != 0 ? 'X' : 'Z';
  tocsin_reply_add_header (reply, "X-Tocsin-Padding", letters);
}

/* Scores fade with time, so an answer is good for an hour at most even if nothing happens. */
static char *
make_etag (const TocsinJudge *judge, const TocsinApi *api)
{
  return g_strdup_printf ("\"%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "-%" G_GINT64_FORMAT
                          "-%" G_GINT64_MODIFIER "x\"",
                          judge->generation, tocsin_judge_version (judge),
                          judge->scoring.now_us / TOCSIN_HOUR_US, (guint64) api->started_us);
}

/* Judges the next subjects. Returns: %FALSE if these were the last */
static gboolean
judge_some (Range *range, GError **error)
{
  g_auto (TocsinJudge) judge = { 0 };

  tocsin_judge_begin (&judge, range->api, NULL, FALSE);
  /* Nobody is charged here, nor does an ETag move with what others asked. */
  judge.scoring.over_budget = NULL;
  judge.scoring.n_over_budget = 0;
  if (range->etag == NULL)
    range->etag = make_etag (&judge, range->api);
  range->judge = &judge;
  range->n_judged = 0;
  tocsin_subjects_foreach (judge.txn, range->prefix, range->is_long ? &range->at : NULL, on_subject,
                           range);
  range->judge = NULL;
  return tocsin_txn_check (judge.txn, error) && range->n_judged == SUBJECTS_AT_ONCE;
}

static void
finish (Range *range, TocsinRequest *request, TocsinReply *reply)
{
  gboolean is_known = tocsin_request_knows (request, range->etag);

  tocsin_reply_add_header (reply, "ETag", range->etag);
  tocsin_reply_add_header (reply, "Cache-Control", "private, max-age=300");
  /* A range is a few lines of a million: made all the same, it gives the 304 its length. */
  if (!is_known || !range->is_long)
    {
      GString *out = tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT);
      guint n_lines = write_lines (range, out);

      if (!is_known && strcmp (tocsin_request_get_method (request), "HEAD") != 0)
        even_out (reply, n_lines, out->len);
    }
  if (is_known)
    tocsin_reply_set_status (reply, 304);
}

/* Whether @range, of which there is more, is to go on: not if the reader has it already, nor if
 * many are under way, for each holds its lines. */
static gboolean
may_go_on (Range *range, TocsinRequest *request, GError **error)
{
  if (range->is_long)
    return TRUE;
  range->is_long = TRUE;
  if (g_atomic_int_add (&range->api->n_ranges, 1) < AT_ONCE_MAX)
    return !tocsin_request_knows (request, range->etag);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                       "As many long ranges are being answered as this node takes");
  return FALSE;
}

/* A TocsinStepFunc. What the steps see may differ. An ETag is that of the oldest, so whoever shows
 * it gets another answer. */
static gboolean
step (gpointer data, TocsinRequest *request)
{
  Range *range = data;
  TocsinReply *reply = tocsin_request_get_reply (request);
  g_autoptr (GError) error = NULL;

  if (judge_some (range, &error) && may_go_on (range, request, &error))
    return TRUE;
  if (error != NULL)
    tocsin_reply_set_error (reply, error);
  else
    finish (range, request, reply);
  range_free (range);
  return FALSE;
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autofree char *prefix = g_ascii_strdown (tocsin_request_get_param (request, "prefix"), -1);
  Range *range;

  if (!is_prefix (prefix))
    {
      tocsin_reply_set_problem (reply, 400, "invalid",
                                "The prefix is not exactly 5 hexadecimal digits");
      return;
    }
  range = g_new0 (Range, 1);
  range->api = data;
  range->prefix = g_steal_pointer (&prefix);
  range->lines = g_string_new (NULL);
  if (step (range, request))
    tocsin_steps_go_on (request, step, range, range_free);
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/range/{prefix}", on_get, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_RANGE, 0, NULL },
};

void
tocsin_route_range_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
