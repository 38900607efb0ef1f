/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* The public side of a whole node, over HTTP: `us` answers; `reader`, `guest` and `stranger` ask.
 */
#include "codec/collection-json.h"
#include "codec/discovery-json.h"
#include "codec/json-strict.h"
#include "fed/publish.h"
#include "public-node.h"
#include "store/table-reports.h"

static PublicNode us, reader, guest, stranger;

/* ---- without a node ---- */

static void
test_prefers_html (void)
{
  static const struct
  {
    const char *accept;
    gboolean html;
  } rows[] = {
    { NULL, FALSE },
    { "", FALSE },
    { "*/*", FALSE },
    { "text/html", TRUE },
    { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TRUE },
    { "application/activity+json, text/html;q=0.5", FALSE },
    { "application/activity+json;q=0.5, text/html", TRUE },
    { "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\", text/html", FALSE },
    { "TEXT/HTML ; Q=0.3 , application/json;q=0.2", TRUE },
    { "text/html;q=0", FALSE },
    { "text/html;q=nonsense", FALSE },
    { ",;,=;q=,", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].accept);
      g_assert_cmpint (tocsin_public_prefers_html (rows[i].accept), ==, rows[i].html);
    }
}

static void
test_is_activity_type (void)
{
  static const struct
  {
    const char *type;
    gboolean ok;
  } rows[] = {
    { "application/activity+json", TRUE },
    { "APPLICATION/activity+json;charset=utf-8", TRUE },
    { "application/ld+json", TRUE },
    { "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"", TRUE },
    { "application/ld+json; Profile=\"https://www.w3.org/ns/activitystreams#\"", TRUE },
    { "application/ld+json; profile=\"a:b https://www.w3.org/ns/activitystreams\"", TRUE },
    { "application/ld+json; profile=\"http://www.w3.org/ns/json-ld#expanded\"", FALSE },
    { "application/ld+json; profile=", FALSE },
    { "application/json", FALSE },
    { "text/plain", FALSE },
    { "", FALSE },
    { NULL, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].type);
      g_assert_cmpint (tocsin_public_is_activity_type (rows[i].type), ==, rows[i].ok);
    }
}

static char *
page_of (const TocsinPublicOptions *options)
{
  g_autofree char *policy = NULL;
  g_autoptr (GBytes) page = tocsin_public_page ("https://a.example", options, &policy);
  gsize size;
  const char *text = g_bytes_get_data (page, &size);

  g_assert_nonnull (strstr (policy, "default-src 'none'; style-src 'sha256-"));
  return g_strndup (text, size);
}

/* What the operator says is text, whatever it holds. */
static void
test_page_escapes (void)
{
  const TocsinPublicOptions options = { .name = "<script>alert(1)</script>",
                                        .username = "a\"b",
                                        .summary = "@NAME@ & <b>",
                                        .contact = "javascript:alert(1)",
                                        .appeal_url = "https://x.example/\"onclick=\"",
                                        .version = "1<2" };
  g_autofree char *page = page_of (&options);

  g_assert_null (strstr (page, "<script"));
  g_assert_null (strstr (page, "href=\"javascript:"));
  g_assert_nonnull (strstr (page, "<p>@NAME@ &amp; &lt;b&gt;</p>"));
  g_assert_nonnull (strstr (page, "href=\"https://x.example/&quot;onclick=&quot;\""));
  g_assert_nonnull (strstr (page, "@a&quot;b@a.example"));
  g_assert_nonnull (strstr (page, "1&lt;2"));
}

static void
test_page_says (void)
{
  const TocsinPublicOptions full = { .contact = "ops@a.example",
                                     .appeal_url = "mailto:appeal@a.example",
                                     .version = "1" };
  const TocsinPublicOptions bare = { .version = "1" };
  g_autofree char *page = page_of (&full);
  g_autofree char *short_page = page_of (&bare);

  g_assert_nonnull (strstr (page, "<html lang=\"en\">"));
  g_assert_nonnull (strstr (page, "<h1>a.example</h1>"));
  g_assert_nonnull (strstr (page, "<a href=\"mailto:ops@a.example\">ops@a.example</a>"));
  g_assert_nonnull (strstr (page, "<a href=\"mailto:appeal@a.example\">appeal@a.example</a>"));
  g_assert_nonnull (strstr (page, "href=\"https://a.example/actor\""));
  g_assert_nonnull (strstr (page, "@tocsin@a.example"));
  g_assert_null (strstr (short_page, "href=\"mailto:"));
  /* Every placeholder was filled. */
  g_assert_null (strstr (short_page, "@NAME@"));
  g_assert_null (strstr (short_page, "@CONTACT@"));
  g_assert_null (strstr (short_page, "@APPEAL@"));
}

/* ---- with one ---- */

static char *
get (const char *target, const char *name, const char *value)
{
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("GET", target);

  if (name != NULL)
    tocsin_envelope_add_header (envelope, name, value);
  return public_node_ask (&us, envelope);
}

static void
assert_has (const char *answer, const char *part)
{
  if (strstr (answer, part) == NULL)
    g_error ("no “%s” in: %s", part, answer);
}

static const char *
body_of (const char *answer)
{
  const char *body = strstr (answer, "\r\n\r\n");

  if (body == NULL)
    g_error ("An answer without a body: %.200s", answer);
  return body + 4;
}

static void
test_discovery (void)
{
  g_autofree char *acct = g_strdup_printf ("acct:tocsin@127.0.0.1:%u", us.port);
  g_autofree char *by_name = g_strconcat ("/.well-known/webfinger?resource=", acct, NULL);
  g_autofree char *by_base = g_strdup_printf (
      "/.well-known/webfinger?resource=http%%3A%%2F%%2F127.0.0.1%%3A%u%%2F", us.port);
  g_autofree char *index = get ("/.well-known/nodeinfo", NULL, NULL);
  g_autofree char *nodeinfo = get ("/nodeinfo/2.1", NULL, NULL);
  const char *const ours[] = { by_name, by_base };
  static const struct
  {
    const char *target;
    guint status;
  } wrong[] = {
    { "/.well-known/webfinger", 400 },
    { "/.well-known/webfinger?resource=", 400 },
    { "/.well-known/webfinger?resource=acct:other@127.0.0.1", 404 },
    { "/.well-known/webfinger?resource=https://evil.example/", 404 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (ours); i++)
    {
      g_autofree char *answer = get (ours[i], NULL, NULL);
      g_autoptr (GBytes) body = g_bytes_new (body_of (answer), strlen (body_of (answer)));
      g_autoptr (GError) error = NULL;
      g_autofree char *found = tocsin_webfinger_find_actor (body, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (found, ==, public_node_actor (&us));
      g_assert_cmpuint (raw_status (answer), ==, 200);
      assert_has (answer, "Content-Type: application/jrd+json");
      assert_has (answer, "Access-Control-Allow-Origin: *");
    }
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *answer = get (wrong[i].target, NULL, NULL);

      g_assert_cmpuint (raw_status (answer), ==, wrong[i].status);
      assert_has (answer, "application/problem+json");
    }
  assert_has (index, "/nodeinfo/2.1\"");
  assert_has (nodeinfo, "\"name\":\"tocsin\"");
  assert_has (nodeinfo, "nodeinfo.diaspora.software/ns/schema/2.1#");
}

static void
test_actor (void)
{
  GBytes *document = tocsin_identity_get_document_bytes (us.fed->identity);
  g_autofree char *answer = get ("/actor", "Accept", "application/activity+json");
  g_autofree char *person = get ("/actor", "Accept", "text/html,*/*;q=0.8");
  g_autofree char *etag = NULL;
  g_autofree char *again = NULL;
  const char *at;

  g_assert_cmpuint (raw_status (answer), ==, 200);
  assert_has (answer, "Content-Type: application/activity+json");
  assert_has (answer, "Vary: Accept");
  assert_has (answer, "X-Content-Type-Options: nosniff");
  g_assert_cmpmem (body_of (answer), strlen (body_of (answer)), g_bytes_get_data (document, NULL),
                   g_bytes_get_size (document));
  at = strstr (answer, "ETag: ");
  if (at == NULL)
    g_error ("no ETag in: %s", answer);
  etag = g_strndup (at + 6, strcspn (at + 6, "\r"));
  again = get ("/actor", "If-None-Match", etag);
  g_assert_cmpuint (raw_status (again), ==, 304);
  g_assert_cmpstr (body_of (again), ==, "");

  g_assert_cmpuint (raw_status (person), ==, 303);
  at = strstr (person, "Location: ");
  if (at == NULL)
    g_error ("no Location in: %s", person);
  g_assert_true (g_str_has_prefix (at + 10, tocsin_identity_get_base (us.fed->identity)));
}

static void
test_people (void)
{
  g_autofree char *home = get ("/", NULL, NULL);
  g_autofree char *live = get ("/health/live", NULL, NULL);
  g_autofree char *ready = get ("/health/ready", NULL, NULL);
  g_autofree char *api = get ("/v1/status", NULL, NULL);

  g_assert_cmpuint (raw_status (home), ==, 200);
  assert_has (home, "Content-Type: text/html; charset=utf-8");
  assert_has (home, "Content-Security-Policy: default-src 'none'; style-src 'sha256-");
  assert_has (home, "Referrer-Policy: no-referrer");
  g_assert_cmpuint (raw_status (live), ==, 200);
  g_assert_cmpuint (raw_status (ready), ==, 404);
  g_assert_cmpuint (raw_status (api), ==, 404);
}

/* A field may hold any bytes (RFC 9110, section 5.5), JSON may not. */
static void
test_echo (void)
{
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("POST", "/health/echo");
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *unknown = NULL;
  g_autofree char *answer = NULL;

  tocsin_envelope_add_header (envelope, "Tocsin-Probe", "secret");
  tocsin_envelope_add_header (envelope, "Date", "a\xcf\xcd");
  unknown = public_node_ask (&us, envelope);
  g_assert_cmpuint (raw_status (unknown), ==, 404);
  us.fed->probe = g_strdup ("secret");
  us.fed->probe_until_us = tocsin_time_now_us () + TOCSIN_MINUTE_US;
  answer = public_node_ask (&us, envelope);
  g_clear_pointer (&us.fed->probe, g_free);
  g_assert_cmpuint (raw_status (answer), ==, 200);
  root = tocsin_json_parse (body_of (answer), strlen (body_of (answer)), NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (root);
  assert_has (answer, "\"Date\":\"a\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* ---- what is not for everyone ---- */

static char *
get_as (const PublicNode *signer, TocsinSignScheme scheme, const char *target)
{
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("GET", target);

  if (signer != NULL)
    public_node_sign (signer, &us, scheme, envelope, tocsin_time_now_us ());
  return public_node_ask (&us, envelope);
}

typedef struct
{
  GAsyncResult *result;
} Waiting;

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Waiting *waiting = data;

  waiting->result = g_object_ref (result);
}

/* Publishes a report about @address; gives the path of its URI. */
static char *
publish (const char *address, TocsinSharing sharing)
{
  g_auto (TocsinDraft) draft = { 0 };
  Waiting waiting = { NULL };
  TocsinSubject subject = { 0 };
  g_autoptr (TocsinPublished) published = NULL;
  g_autoptr (GError) error = NULL;
  char *path;

  tocsin_draft_init (&draft);
  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_NETWORK, address, NULL));
  g_array_append_val (draft.subjects, subject);
  draft.category = tocsin_category_by_slug ("spam")->id;
  draft.sharing_set = TRUE;
  draft.sharing = sharing;
  tocsin_publish_reports_async (us.fed, &draft, "test", on_done, &waiting);
  while (waiting.result == NULL)
    g_main_context_iteration (NULL, TRUE);
  published = tocsin_publish_reports_finish (waiting.result, &error);
  g_assert_no_error (error);
  path = g_strdup (published->ids[0] + strlen (tocsin_identity_get_base (us.fed->identity)));
  g_object_unref (waiting.result);
  return path;
}

static void
withdraw (const char *path)
{
  g_autofree char *id = tocsin_identity_url (us.fed->identity, path);
  Waiting waiting = { NULL };
  g_autoptr (GError) error = NULL;
  guint64 number = 0;

  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_true (tocsin_reports_find (txn, TOCSIN_ACTOR_LOCAL, id, &number));
  }
  tocsin_publish_withdraw_async (us.fed, number, TOCSIN_REASON_ERROR, "test", on_done, &waiting);
  while (waiting.result == NULL)
    g_main_context_iteration (NULL, TRUE);
  tocsin_publish_withdraw_finish (waiting.result, &error);
  g_assert_no_error (error);
  g_object_unref (waiting.result);
}

static void
test_single_things (void)
{
  g_autofree char *clear = publish ("198.51.100.0/24", TOCSIN_SHARING_CLEAR);
  g_autofree char *amber = publish ("203.0.113.0/24", TOCSIN_SHARING_AMBER);
  g_autofree char *gone = publish ("192.0.2.0/24", TOCSIN_SHARING_GREEN);
  const struct
  {
    const char *target;
    const PublicNode *signer;
    guint status;
  } rows[] = {
    { clear, NULL, 401 },
    { clear, &stranger, 404 },
    { clear, &guest, 200 },
    { clear, &reader, 200 },
    { amber, &guest, 404 },
    { amber, &reader, 200 },
    { gone, NULL, 401 },
    { gone, &guest, 404 },
    { gone, &stranger, 404 },
    { gone, &reader, 410 },
    { "/reports/none", NULL, 401 },
    { "/reports/none", &reader, 404 },
    { "/activities/none", NULL, 401 },
    { "/activities/none", &reader, 404 },
    { "/outbox/after/0", NULL, 401 },
    { "/outbox/after/0", &stranger, 404 },
    { "/outbox/after/0", &guest, 200 },
    { "/outbox/after/0", &reader, 200 },
    { "/outbox/after/00", &reader, 404 },
    { "/outbox/after/-1", &reader, 404 },
    { "/outbox/after/+1", &reader, 404 },
    { "/outbox/after/99999999999999999999", &reader, 404 },
    { "/outbox/after/x", &reader, 404 },
  };
  static const TocsinSignScheme schemes[] = { TOCSIN_SIGN_DRAFT_RSA, TOCSIN_SIGN_RFC9421_RSA,
                                              TOCSIN_SIGN_RFC9421_ED25519 };

  withdraw (gone);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *answer =
          get_as (rows[i].signer, schemes[i % G_N_ELEMENTS (schemes)], rows[i].target);

      if (raw_status (answer) != rows[i].status)
        g_error ("%s: expected %u, got: %s", rows[i].target, rows[i].status, answer);
      assert_has (answer, "Cache-Control: no-store");
    }
}

static void
test_heads (void)
{
  static const char *const heads[] = { "/outbox", "/reports", "/trust", "/followers",
                                       "/following" };

  for (gsize i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autofree char *bare = get_as (NULL, 0, heads[i]);
      g_autofree char *strangers = get_as (&stranger, TOCSIN_SIGN_DRAFT_RSA, heads[i]);
      g_autofree char *readers = get_as (&reader, TOCSIN_SIGN_RFC9421_ED25519, heads[i]);
      g_autofree char *id = tocsin_identity_url (us.fed->identity, heads[i]);
      g_autoptr (GBytes) body = g_bytes_new (body_of (bare), strlen (body_of (bare)));
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinCollectionHead) head = tocsin_collection_head_parse (body, id, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (raw_status (bare), ==, 200);
      g_assert_cmpint (head->last_sequence, ==, -1);
      g_assert_cmpint (head->total_items, ==, -1);
      g_assert_null (head->first);
      g_assert_cmpstr (body_of (strangers), ==, body_of (bare));
      g_assert_cmpuint (raw_status (readers), ==, 200);
      if (i < 3)
        assert_has (readers, "\"lastSequence\":");
      else
        g_assert_cmpstr (body_of (readers), ==, body_of (bare));
    }
}

/* A signature that is there and wrong is told to its maker, even for what all may see. */
static void
test_wrong_signatures (void)
{
  g_autoptr (TocsinEnvelope) moved = tocsin_envelope_new ("GET", "/reports");
  g_autofree char *answer = NULL;
  g_autofree char *garbage = get ("/outbox", "Signature", "nonsense");

  public_node_sign (&reader, &us, TOCSIN_SIGN_DRAFT_RSA, moved, tocsin_time_now_us ());
  g_free (moved->target);
  moved->target = g_strdup ("/outbox");
  answer = public_node_ask (&us, moved);
  g_assert_cmpuint (raw_status (answer), ==, 401);
  assert_has (answer, "\"type\":\"bad-signature\"");
  g_assert_cmpuint (raw_status (garbage), ==, 401);
}

static void
test_rate (void)
{
  g_autofree char *last = NULL;

  us.fed->peer_requests_per_minute = 2;
  g_hash_table_remove_all (us.fed->signer_rates);
  for (guint i = 0; i < 3; i++)
    {
      g_free (last);
      last = get_as (&guest, TOCSIN_SIGN_DRAFT_RSA, "/outbox");
    }
  us.fed->peer_requests_per_minute = 1000;
  g_hash_table_remove_all (us.fed->signer_rates);
  g_assert_cmpuint (raw_status (last), ==, 429);
  assert_has (last, "Retry-After: ");
}

int
main (int argc, char **argv)
{
  Befriend as_reader = { .peer = &reader, .follower = TOCSIN_FOLLOWER_READER };
  Befriend as_guest = { .peer = &guest, .follower = TOCSIN_FOLLOWER_GUEST };
  int status;

  g_test_init (&argc, &argv, NULL);
  public_node_start (&us);
  public_node_start (&reader);
  public_node_start (&guest);
  public_node_start (&stranger);
  public_node_befriend (&us, &as_reader);
  public_node_befriend (&us, &as_guest);

  g_test_add_func ("/public/prefers-html", test_prefers_html);
  g_test_add_func ("/public/is-activity-type", test_is_activity_type);
  g_test_add_func ("/public/page/escapes", test_page_escapes);
  g_test_add_func ("/public/page/says", test_page_says);
  g_test_add_func ("/public/discovery", test_discovery);
  g_test_add_func ("/public/actor", test_actor);
  g_test_add_func ("/public/people", test_people);
  g_test_add_func ("/public/echo", test_echo);
  g_test_add_func ("/public/single-things", test_single_things);
  g_test_add_func ("/public/heads", test_heads);
  g_test_add_func ("/public/wrong-signatures", test_wrong_signatures);
  g_test_add_func ("/public/rate", test_rate);
  status = g_test_run ();

  public_node_stop (&stranger);
  public_node_stop (&guest);
  public_node_stop (&reader);
  public_node_stop (&us);
  return status;
}
