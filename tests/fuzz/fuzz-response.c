/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input are four bytes, which say what is fetched and how the peer sends, and the answers of
 * that peer, one behind the other with a line "===" between them. Properties: every fetch ends once
 * and in time; no more than the limit is delivered, and nothing of a type that was not asked for;
 * no redirect leads to an address that is not allowed, to our own host or, of keys and of a POST,
 * to another origin, and three are the most; no byte of an answer steers anything in a request;
 * where the strict reader says what an answer means, that is delivered or the failure is the right
 * one; tags and times are as they were sent; errors are text; a fetch takes no more turns than what
 * came explains; and no connection outlives its fetcher.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "fed/fetcher.h"
#include "fuzz/scripted-peer.h"

#define OPTION_BYTES    4
#define MARKER          "\n===\n"
#define ANSWERS_MAX     12
#define FETCHES_MAX     3
#define REDIRECTS_MAX   3
#define INTERIM_MAX     4
#define FIELD_MAX       1024
#define REFUSAL_MAX     4096
#define DAY_SECONDS     86400
#define IDLE_TURNS      8
#define TURNS_PER_HOP   16
#define TURNS_PER_PIECE 4
#define BYTES_PER_TURN  16
#define PATIENCE_US     (2 * G_USEC_PER_SEC)
#define SILENCE_US      (G_USEC_PER_SEC / 50)
#define SLACK_US        (2 * G_USEC_PER_SEC) /* of a machine that is busy */
#define OWN_ORIGIN      "https://tocsin.example"
#define PEER_URL        "http://127.0.0.1:8080/"

static const char *const json_types[] = { "application/jrd+json", "application/json", NULL };

/* What is fetched in the node. */
typedef struct
{
  const char *const *types; /* NULL: any */
  gboolean same_origin;
  gboolean to_fd;
  gboolean posts;
  gboolean asks_for_news;
} Kind;

static const Kind kinds[] = {
  { tocsin_fetch_activity_types, TRUE, FALSE, FALSE, FALSE }, /* keys, actors, collection pages */
  { json_types, FALSE, FALSE, FALSE, FALSE },                 /* accounts */
  { NULL, FALSE, TRUE, FALSE, TRUE },                         /* lists */
  { NULL, FALSE, FALSE, TRUE, FALSE },                        /* deliveries */
  { NULL, TRUE, FALSE, FALSE, FALSE },                        /* whether somebody is gone */
};

typedef struct
{
  const Kind *kind;
  gsize max_bytes;
  gboolean is_silent; /* the peer neither ends its connections nor says more */
  guint hops;         /* of this fetch */
  gboolean by_tls;    /* a hop was */
  guint turns;
  guint results;
  GAsyncResult *result; /* (owned) (nullable) */
  TocsinFetchResult *answer;
  GError *error;
} Fetch;

static int file = -1;

/* What was said with the last list, for the next request. */
static struct
{
  char *etag;
  char *last_modified;
} known;

static void
forget (void)
{
  g_clear_pointer (&known.etag, g_free);
  g_clear_pointer (&known.last_modified, g_free);
}

static void
end (void)
{
  peer_end ();
  close (file);
}

void
tocsin_fuzz_begin (void)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;

  peer_begin ();
  file = g_file_open_tmp ("response-XXXXXX", &name, &error);
  g_assert_no_error (error);
  unlink (name);
  atexit (end);
}

/* ---- a fetch ---- */

/* Looks at each hop before it is made. */
static gboolean
on_hop (TocsinEnvelope *envelope G_GNUC_UNUSED,
        const char *uri,
        gpointer data,
        GError **error G_GNUC_UNUSED)
{
  Fetch *fetch = data;
  gsize own = strlen (OWN_ORIGIN);

  /* And once more where a connection was kept too long. */
  g_assert_cmpuint (fetch->hops++, <=, REDIRECTS_MAX + 1);
  peer.is_hidden = g_str_has_prefix (uri, "https://");
  g_assert_true (peer.is_hidden || g_str_has_prefix (uri, "http://"));
  fetch->by_tls = fetch->by_tls || peer.is_hidden;
  if (fetch->kind->same_origin || fetch->kind->posts)
    g_assert_true (g_str_has_prefix (uri, PEER_URL));
  if (g_ascii_strncasecmp (uri, OWN_ORIGIN, own) == 0)
    {
      own += uri[own] == '.';
      g_assert_true (uri[own] == '.' || g_ascii_isalnum (uri[own]) || strchr ("-_:", uri[own]));
      g_assert_false (g_str_has_prefix (uri + own, ":443/"));
    }
  return TRUE;
}

static void
on_result (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;

  g_assert_cmpuint (fetch->results++, ==, 0);
  fetch->result = g_object_ref (result);
}

/* Turns of the main context until nothing is to be done in it. */
static gboolean
turn (Fetch *fetch)
{
  gboolean turned = FALSE;

  while (fetch->result == NULL && g_main_context_iteration (NULL, FALSE))
    {
      fetch->turns++;
      turned = TRUE;
    }
  return turned;
}

static void
wait_for_result (Fetch *fetch)
{
  gint64 start_us = g_get_monotonic_time ();
  gint64 most_us = (fetch->is_silent ? SILENCE_US : PATIENCE_US) + SLACK_US;
  guint idle = 0;

  while (fetch->result == NULL)
    {
      gboolean moved = turn (fetch);

      moved = peer_serve () || moved;
      idle = moved ? 0 : idle + 1;
      if (idle > IDLE_TURNS && !fetch->is_silent)
        peer_stop_all ();
      g_assert_cmpint (g_get_monotonic_time () - start_us, <, most_us);
    }
}

static void
send_request (TocsinFetcher *fetcher, Fetch *fetch)
{
  const Kind *kind = fetch->kind;
  g_autoptr (GBytes) body = kind->posts ? g_bytes_new_static ("{}", 2) : NULL;
  TocsinFetchRequest request = { .uri = PEER_URL "a/b?c",
                                 .body = body,
                                 .content_type = kind->posts ? "application/activity+json" : NULL,
                                 .accept = kind->types != NULL ? kind->types[0] : NULL,
                                 .media_types = kind->types,
                                 .etag = kind->asks_for_news ? known.etag : NULL,
                                 .last_modified = kind->asks_for_news ? known.last_modified : NULL,
                                 .max_bytes = fetch->max_bytes,
                                 .to_fd = kind->to_fd,
                                 .fd = file,
                                 .same_origin = kind->same_origin,
                                 .sign = on_hop,
                                 .sign_data = fetch };

  g_assert_cmpint (ftruncate (file, 0), ==, 0);
  g_assert_cmpint (lseek (file, 0, SEEK_SET), ==, 0);
  peer.first = peer.next;
  peer.requests = peer.pieces = 0;
  peer.sent = 0;
  tocsin_fetcher_send_async (fetcher, &request, NULL, on_result, fetch);
  wait_for_result (fetch);
  fetch->answer = tocsin_fetcher_send_finish (fetcher, fetch->result, &fetch->error);
}

/* ---- what holds for every fetch ---- */

static void
check_text (const char *text)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    if (g_unichar_iscntrl (g_utf8_get_char (c)))
      g_error ("an error with a control character: %s", text);
}

static void
check_error (const Fetch *fetch)
{
  const GError *error = fetch->error;
  gboolean answered = tocsin_fetcher_send_was_answered (fetch->result);

  check_text (error->message);
  g_assert_cmpint ((gint) error->domain, ==, (gint) TOCSIN_ERROR);
  g_assert_true (error->code == TOCSIN_ERROR_UNREACHABLE || error->code == TOCSIN_ERROR_FORBIDDEN ||
                 error->code == TOCSIN_ERROR_UNSUPPORTED || error->code == TOCSIN_ERROR_TOO_LARGE);
  if (error->code == TOCSIN_ERROR_UNSUPPORTED || error->code == TOCSIN_ERROR_TOO_LARGE)
    g_assert_true (answered);
  if (peer.requests == 0)
    g_assert_false (answered);
}

static void
check_field (const char *value)
{
  if (value == NULL)
    return;
  g_assert_cmpuint (strlen (value), <=, FIELD_MAX);
  for (const char *c = value; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      g_error ("a field with a control character: %s", value);
}

static gboolean
is_success (const Fetch *fetch)
{
  return fetch->answer->status >= 200 && fetch->answer->status < 300;
}

static GBytes *
dup_delivered (const Fetch *fetch)
{
  off_t size = lseek (file, 0, SEEK_END);
  char *data = NULL;

  if (!fetch->kind->to_fd || !is_success (fetch))
    {
      g_assert_cmpint (size, ==, 0);
      return g_bytes_ref (fetch->answer->body);
    }
  g_assert_cmpuint (g_bytes_get_size (fetch->answer->body), ==, 0);
  data = g_malloc ((gsize) size + 1);
  g_assert_cmpint (pread (file, data, (gsize) size, 0), ==, size);
  return g_bytes_new_take (data, (gsize) size);
}

static void
check_answer (const Fetch *fetch, gsize size)
{
  const TocsinFetchResult *answer = fetch->answer;
  gboolean wanted = is_success (fetch) && !fetch->kind->posts;

  g_assert_true (tocsin_fetcher_send_was_answered (fetch->result));
  g_assert_cmpuint (peer.requests, >, 0);
  g_assert_cmpuint (answer->status, >=, 100);
  g_assert_cmpuint (size, <=, wanted ? fetch->max_bytes : REFUSAL_MAX);
  g_assert_cmpint (answer->retry_after_seconds, >=, -1);
  g_assert_cmpint (answer->retry_after_seconds, <=, DAY_SECONDS);
  check_field (answer->etag);
  check_field (answer->last_modified);
  if (wanted && fetch->kind->types != NULL)
    g_assert_true (g_strv_contains (fetch->kind->types, answer->content_type));
  if (!fetch->kind->posts)
    g_assert_false (answer->status >= 301 && answer->status <= 303);
  g_assert_false (answer->status == 307 || answer->status == 308);
  g_assert_null (strchr (answer->uri, '#'));
}

/* Nobody outside was to be connected to but by TLS; and of an address that is not global and not
 * named nobody at all. */
static void
check_wanted (const Fetch *fetch)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, peer.wanted);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      g_auto (GStrv) words = g_strsplit (key, " ", 2);
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (words[0]);

      if (fetch->kind->same_origin || fetch->kind->posts)
        g_assert_cmpstr (key, ==, "127.0.0.1 8080");
      if (g_str_equal (words[0], "127.0.0.1"))
        continue;
      if (!fetch->by_tls || g_inet_address_get_is_loopback (address) ||
          g_inet_address_get_is_any (address) || g_inet_address_get_is_link_local (address) ||
          g_inet_address_get_is_site_local (address) || g_inet_address_get_is_multicast (address) ||
          (strchr (words[0], ':') != NULL && words[0][0] != '2' && words[0][0] != '3'))
        g_error ("a connection to %s", (char *) key);
    }
}

/* Whether it is the kind of answer that leads elsewhere. */
static gboolean
leads_on (const Fetch *fetch, guint status)
{
  return status == 307 || status == 308 || (!fetch->kind->posts && status >= 301 && status <= 303);
}

/* What was answered before the last answer of this fetch, and leads on, was followed. */
static void
check_redirects (const Fetch *fetch)
{
  guint followed = 0;

  for (guint i = peer.first; i + 1 < peer.next; i++)
    {
      g_autoptr (ReadAnswer) answer = read_answer (peer.script->pdata[i]);

      followed += answer != NULL && leads_on (fetch, answer->status);
    }
  g_assert_cmpuint (followed, <=, REDIRECTS_MAX);
}

/* So many for each connection and for each piece that came, and a few for what is long. */
static void
check_turns (const Fetch *fetch)
{
  guint most = TURNS_PER_HOP * (fetch->hops + 1) + TURNS_PER_PIECE * peer.pieces +
               (guint) (peer.sent / BYTES_PER_TURN);

  g_assert_cmpuint (fetch->turns, <=, most);
}

/* ---- what the strict reader expects ---- */

/* The media type; NULL: nothing can be said of it. */
static char *
type_of (const ReadAnswer *expected)
{
  const char *field = read_field (expected, "content-type");
  const char *slash = field != NULL ? strchr (field, '/') : NULL;
  gsize length = field != NULL ? strcspn (field, " ;") : 0;

  if (slash == NULL || field[length] == ' ' || slash > field + length ||
      !read_token (field, (gsize) (slash - field)) ||
      !read_token (slash + 1, (gsize) (field + length - slash - 1)))
    return NULL;
  return g_ascii_strdown (field, (gssize) length);
}

/* Why it is not delivered; 0: it is. */
static gint
expected_failure (const Fetch *fetch, const ReadAnswer *expected, const char *type)
{
  const char *length = read_field (expected, "content-length");
  gint64 announced =
      length != NULL && expected->end != READ_BODYLESS ? read_number (length, 10) : 0;

  if (fetch->kind->posts || expected->status >= 300)
    return 0;
  if (fetch->kind->types != NULL && !g_strv_contains (fetch->kind->types, type))
    return TOCSIN_ERROR_UNSUPPORTED;
  if ((gsize) announced > fetch->max_bytes || expected->body->len > fetch->max_bytes)
    return TOCSIN_ERROR_TOO_LARGE;
  return expected->end == READ_CUT ? TOCSIN_ERROR_UNREACHABLE : 0;
}

/* Whether it is sent back with a later request. */
static gboolean
is_validator (const char *field)
{
  for (const char *c = field; c != NULL && *c != '\0'; c++)
    if (*c < ' ' || *c > '~')
      return FALSE;
  return field != NULL && strlen (field) <= FIELD_MAX;
}

static void
check_fields (const Fetch *fetch, const ReadAnswer *expected, const char *type)
{
  const TocsinFetchResult *answer = fetch->answer;
  const char *etag = read_field (expected, "etag");
  const char *last_modified = read_field (expected, "last-modified");
  const char *retry_after = read_field (expected, "retry-after");
  gint64 seconds = retry_after != NULL ? read_number (retry_after, 10) : -1;

  g_assert_cmpuint (answer->status, ==, expected->status);
  g_assert_cmpstr (answer->etag, ==, is_validator (etag) ? etag : NULL);
  g_assert_cmpstr (answer->last_modified, ==, is_validator (last_modified) ? last_modified : NULL);
  if (seconds >= 0)
    g_assert_cmpint (answer->retry_after_seconds, ==, MIN (seconds, DAY_SECONDS));
  if (retry_after == NULL)
    g_assert_cmpint (answer->retry_after_seconds, ==, -1);
  if (type != NULL)
    g_assert_cmpstr (answer->content_type, ==, type);
}

/* What came of an answer that only a person may want to see is its beginning. */
static void
check_body (const Fetch *fetch, const ReadAnswer *expected, GBytes *delivered)
{
  gboolean wanted = !fetch->kind->posts && expected->status < 300;
  gsize most = wanted ? fetch->max_bytes : REFUSAL_MAX;
  gsize size;
  const char *data = g_bytes_get_data (delivered, &size);

  if (expected->end == READ_CUT)
    g_assert_cmpuint (size, <=, expected->body->len);
  else
    g_assert_cmpuint (size, ==, MIN (most, expected->body->len));
  if (size > 0)
    g_assert_cmpint (memcmp (data, expected->body->data, size), ==, 0);
}

static void
check_expected (const Fetch *fetch, GBytes *delivered)
{
  g_autoptr (ReadAnswer) expected =
      peer.next > 0 ? read_answer (peer.script->pdata[peer.next - 1]) : NULL;
  g_autofree char *type = expected != NULL ? type_of (expected) : NULL;
  gint failure = 0;

  /* What was said before at earlier hops counts as well. */
  if (expected == NULL || peer.last_unsure || fetch->by_tls || fetch->is_silent ||
      peer.requests == 0 || leads_on (fetch, expected->status) ||
      (peer.requests > 1 && expected->interim > 0) ||
      read_field (expected, "content-encoding") != NULL)
    return;
  if (expected->interim > INTERIM_MAX)
    {
      g_assert_null (fetch->answer);
      return;
    }
  if (expected->status == 421) /* libsoup says the request again, and is seldom given the time */
    {
      g_assert_true (fetch->answer != NULL ||
                     g_error_matches (fetch->error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE));
      return;
    }
  if (peer.requests > 1 || (fetch->kind->types != NULL && type == NULL && expected->status < 300 &&
                            read_field (expected, "content-type") != NULL))
    return;
  failure = expected_failure (fetch, expected, type != NULL ? type : "");
  if (failure != 0)
    g_assert_error (fetch->error, TOCSIN_ERROR, failure);
  else if (expected->end != READ_CUT)
    g_assert_no_error (fetch->error);
  if (fetch->answer == NULL)
    return;
  check_fields (fetch, expected, type);
  check_body (fetch, expected, delivered);
}

/* ---- an input ---- */

static void
fetch_once (TocsinFetcher *fetcher, const guint8 *options)
{
  Fetch fetch = { .kind = &kinds[options[0] % G_N_ELEMENTS (kinds)],
                  .max_bytes = 16 * (gsize) (options[1] + 1),
                  .is_silent = options[3] / 16 == 15 };
  g_autoptr (GBytes) delivered = NULL;

  g_hash_table_remove_all (peer.wanted);
  tocsin_fetcher_set_deadlines (fetcher, fetch.is_silent ? SILENCE_US : PATIENCE_US,
                                fetch.is_silent ? SILENCE_US : PATIENCE_US);
  send_request (fetcher, &fetch);
  g_assert_true ((fetch.answer == NULL) == (fetch.error != NULL));
  g_assert_cmpint (lseek (file, 0, SEEK_END), <=, (off_t) fetch.max_bytes);
  if (fetch.answer != NULL)
    {
      delivered = dup_delivered (&fetch);
      check_answer (&fetch, g_bytes_get_size (delivered));
    }
  else
    check_error (&fetch);
  check_wanted (&fetch);
  check_redirects (&fetch);
  check_turns (&fetch);
  check_expected (&fetch, delivered);
  forget ();
  if (fetch.answer != NULL)
    {
      known.etag = g_strdup (fetch.answer->etag);
      known.last_modified = g_strdup (fetch.answer->last_modified);
    }
  tocsin_fetch_result_free (fetch.answer);
  g_clear_error (&fetch.error);
  g_object_unref (fetch.result);
}

static GPtrArray *
split (const char *text, gsize size)
{
  GPtrArray *answers = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  gsize marker = strlen (MARKER);

  while (answers->len < ANSWERS_MAX && size > 0)
    {
      const char *end_of = memmem (text, size, MARKER, marker);
      gsize length = end_of != NULL ? (gsize) (end_of - text) : size;

      g_ptr_array_add (answers, g_bytes_new (text, length));
      length += end_of != NULL ? marker : 0;
      text += length;
      size -= length;
    }
  return answers;
}

static void
end_peer (void)
{
  gint64 start_us = g_get_monotonic_time ();

  while (!peer_is_alone ())
    {
      if (!g_main_context_iteration (NULL, FALSE))
        peer_serve ();
      g_assert_cmpint (g_get_monotonic_time () - start_us, <, SLACK_US);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_ptr_array_set_size (peer.connections, 0);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  static const char *const allow[] = { "127.0.0.1", NULL };
  g_autoptr (GPtrArray) script = NULL;
  g_autoptr (TocsinAddressGuard) guard = NULL;
  g_autoptr (GError) error = NULL;
  TocsinFetcher *fetcher = NULL;

  if (size <= OPTION_BYTES)
    return;
  script = split ((const char *) data + OPTION_BYTES, size - OPTION_BYTES);
  peer.script = script;
  peer.next = 0;
  peer.piece = data[2];
  peer.closes = (data[3] & 1) != 0;
  guard = tocsin_address_guard_new (allow, &error);
  fetcher = tocsin_fetcher_new (OWN_ORIGIN, guard, 16, 2, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < FETCHES_MAX && peer.next < script->len; i++)
    fetch_once (fetcher, data);
  g_object_add_weak_pointer (G_OBJECT (fetcher), (gpointer *) &fetcher);
  g_object_unref (fetcher);
  end_peer ();
  forget ();
  g_assert_null (fetcher);
}
