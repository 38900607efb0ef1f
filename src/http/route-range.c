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

#define SUFFIX_DIGITS  (2 * TOCSIN_ID_BYTES - TOCSIN_RANGE_PREFIX_DIGITS)
#define SECRET_BYTES   32
#define NOTE_SCORE_MAX 54 /* from 55 on a check says review (scoring.md 4) */

/* What an entry takes: of a key that nobody reported, and of a bad one. With a thousand origins it
 * would be longer, and seen to be. */
#define LINE_BYTES_MIN (SUFFIX_DIGITS + sizeof ":0:0\n" - 1)
#define LINE_BYTES_MAX (SUFFIX_DIGITS + sizeof ":100:999\n" - 1)
/* Of the header that makes up for the difference: with the rest of the head it has to fit into the
 * buffer of a proxy, of 4 KiB in nginx, and into what a long request left of our own. */
#define EVEN_BYTES_MAX 1024

typedef struct
{
  TocsinJudge *judge;
  const char *prefix;
  GPtrArray *lines; /* (owned) (element-type utf8) */
} Range;

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

      g_ptr_array_add (range->lines, g_strdup_printf ("%s:%u:%u", hex + TOCSIN_RANGE_PREFIX_DIGITS,
                                                      score, found->origins));
    }
  return TRUE;
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

/* Suffixes that no subject has, the same ones for one ETag. */
static void
add_padding (Range *range, const char *etag)
{
  guint n = range->lines->len / TOCSIN_RANGE_PADDING_LINES + 1;
  g_autoptr (GString) seed = g_string_new_len ((const char *) get_secret (), SECRET_BYTES);

  if (range->lines->len > 0 && range->lines->len % TOCSIN_RANGE_PADDING_LINES == 0)
    n--;
  g_string_append_printf (seed, "%s %s ", range->prefix, etag);
  while (range->lines->len < n * TOCSIN_RANGE_PADDING_LINES)
    {
      gsize len = seed->len;
      guint8 digest[TOCSIN_SHA256_BYTES];
      g_autofree char *hex = NULL;

      g_string_append_printf (seed, "%u", range->lines->len);
      tocsin_sha256 (seed->str, seed->len, digest);
      g_string_truncate (seed, len);
      hex = tocsin_hex_encode (digest, sizeof digest);
      g_ptr_array_add (range->lines, g_strdup_printf ("%.*s:0:0", SUFFIX_DIGITS, hex));
    }
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
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

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autofree char *prefix = g_ascii_strdown (tocsin_request_get_param (request, "prefix"), -1);
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autofree char *etag = NULL;
  g_auto (TocsinJudge) judge = { 0 };
  Range range = { .judge = &judge, .prefix = prefix, .lines = lines };
  GString *out;

  if (!is_prefix (prefix))
    {
      tocsin_reply_set_problem (reply, 400, "invalid",
                                "The prefix is not exactly 5 hexadecimal digits");
      return;
    }
  tocsin_judge_begin (&judge, data, NULL, FALSE);
  /* Nobody is charged here, nor does an ETag move with what others asked. */
  judge.scoring.over_budget = NULL;
  judge.scoring.n_over_budget = 0;
  etag = make_etag (&judge, data);
  tocsin_subjects_foreach (judge.txn, prefix, NULL, on_subject, &range);
  if (!tocsin_txn_check (judge.txn, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  add_padding (&range, etag);
  g_ptr_array_sort (lines, compare_lines);
  out = tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT);
  for (guint i = 0; i < lines->len; i++)
    g_string_append_printf (out, "%s\n", (const char *) g_ptr_array_index (lines, i));
  /* A range is a few lines of a million: made all the same, it gives the 304 its length. */
  if (tocsin_request_knows (request, etag))
    tocsin_reply_set_status (reply, 304);
  else if (strcmp (tocsin_request_get_method (request), "HEAD") != 0)
    even_out (reply, lines->len, out->len);
  tocsin_reply_add_header (reply, "ETag", etag);
  tocsin_reply_add_header (reply, "Cache-Control", "private, max-age=300");
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/range/{prefix}", on_get, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_RANGE, 0, NULL },
};

void
tocsin_route_range_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
