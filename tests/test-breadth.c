/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What covers strangers stops at note or review (model.md 4), in checks and in lists, and an
 * address has the same verdict as the network of that one address.
 */
#include "api-node.h"

#define ACTOR   TOCSIN_SUBJECT_ACTOR
#define DOMAIN  TOCSIN_SUBJECT_DOMAIN
#define IP      TOCSIN_SUBJECT_IP
#define NETWORK TOCSIN_SUBJECT_NETWORK
#define URL     TOCSIN_SUBJECT_URL
#define SPAM    1

/* Who reports: this node; or one peer of weight 80, enough for a review by itself. */
#define US   0
#define PEER 1

static void
trust_one_peer (Node *node)
{
  const TocsinTrustPeer peer = { .actor = PEER, .area = TOCSIN_AREA_ANY, .weight = 0.8 };
  const TocsinTrustInput input = { .peers = &peer, .n_peers = 1 };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 2, 1);

  tocsin_api_set_trust (node->api, trust);
}

static const struct
{
  guint32 who;
  TocsinSubjectType type;
  const char *reported;
  TocsinSubjectType asked_type;
  const char *asked;
  const char *verdict;
} cases[] = {
  /* Somebody's own site: nothing is broad. */
  { US, URL, "https://www.a.example/watch", URL, "https://www.a.example/watch?v=1", "block" },
  { US, URL, "https://a.example/d/", URL, "https://a.example/d/e", "block" },
  { US, URL, "https://someone.github.io/", URL, "https://someone.github.io/x", "block" },
  { US, DOMAIN, "m.github.io", DOMAIN, "m.github.io", "block" },
  { PEER, URL, "https://a.example/d/", URL, "https://a.example/d/e", "review" },
  /* A page that stands for what strangers made. */
  { US, URL, "https://www.youtube.com/watch", URL, "https://www.youtube.com/watch?v=1", "review" },
  { PEER, URL, "https://www.youtube.com/watch", URL, "https://www.youtube.com/watch?v=1", "note" },
  { US, URL, "https://docs.google.com/document/", URL, "https://docs.google.com/document/d/1",
    "review" },
  { PEER, URL, "https://docs.google.com/document/", URL, "https://docs.google.com/document/d/1",
    "note" },
  { US, URL, "https://tumblr.com/post/1", URL, "https://someone.tumblr.com/post/1", "review" },
  { US, URL, "https://google.com/d/1", URL, "https://docs.google.com/d/1", "review" },
  /* The first page, whatever name it is called by. */
  { US, URL, "https://youtube.com/", URL, "https://www.youtube.com/watch?v=1", "review" },
  { US, URL, "https://www.youtube.com/", URL, "http://www.youtube.com/watch?v=1", "review" },
  { PEER, URL, "https://m.youtube.com/", URL, "https://m.youtube.com/watch?v=1", "note" },
  { PEER, URL, "https://old.reddit.com/", URL, "https://old.reddit.com/", "note" },
  { US, DOMAIN, "www.youtube.com", DOMAIN, "www.youtube.com", "review" },
  { PEER, DOMAIN, "www.youtube.com", URL, "https://www.youtube.com/watch?v=1", "note" },
  { PEER, DOMAIN, "www.facebook.com", ACTOR, "https://www.facebook.com/u", "note" },
  /* The page itself keeps its force. */
  { US, URL, "https://www.youtube.com/watch?v=1", URL, "https://www.youtube.com/watch?v=1",
    "block" },
  { US, URL, "https://www.youtube.com/watch?v=1", URL, "http://www.youtube.com/watch?v=1",
    "block" },
  { US, URL, "https://youtube.com/watch?v=1", URL, "https://www.youtube.com/watch?v=1", "block" },
  { US, URL, "https://www.youtube.com/watch", URL, "https://www.youtube.com/watch", "block" },
  { PEER, URL, "https://docs.google.com/document/d/1", URL, "https://docs.google.com/document/d/1",
    "review" },
  /* An address by either name. */
  { US, IP, "192.0.2.9", NETWORK, "192.0.2.9/32", "block" },
  { US, NETWORK, "192.0.2.9/32", IP, "192.0.2.9", "block" },
  { US, IP, "192.0.2.9", NETWORK, "192.0.2.8/31", "allow" },
  { US, IP, "2001:db8:1:2::9", NETWORK, "2001:db8:1:2::/64", "block" },
  { US, IP, "2001:db8:1:2::9", NETWORK, "2001:db8:1:2::7/128", "block" },
  { US, NETWORK, "2001:db8:1:2::9/128", IP, "2001:db8:1:2::9", "block" },
};

static void
test_check (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };
  g_autofree char *body =
      g_strdup_printf ("{\"subjects\":[{\"type\":\"%s\",\"value\":\"%s\"}]}",
                       tocsin_subject_type_to_string (cases[i].asked_type), cases[i].asked);
  g_autofree char *expected = g_strdup_printf ("{\"verdict\":\"%s\"", cases[i].verdict);

  node_init (&node);
  trust_one_peer (&node);
  node_report (&node, cases[i].who, cases[i].type, cases[i].reported, SPAM);
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, body, &answer);
  if (!g_str_has_prefix (answer.body->str, expected))
    g_error ("%s %s: no %s in %s", cases[i].reported, cases[i].asked, expected, answer.body->str);
}

/* What came as a digest, as a report of csam does. */
static gboolean
put_digest (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinReportRecord) record = {
    .actor = PEER,
    .via = PEER,
    .state = TOCSIN_STATE_LIVE,
    .category = SPAM,
    .subject_type = URL,
    .key_type = URL,
    .confidence = 100,
    .published_us = T0,
    .updated_us = T0,
    .observed_us = T0,
    .last_observed_us = T0,
    .end_us = T0 + TOCSIN_DAY_US,
    .evidence_end_us = T0 + TOCSIN_DAY_US,
    .received_us = T0,
  };

  if (!tocsin_subject_parse (&subject, URL, data, error))
    return FALSE;
  record.key = tocsin_subject_key (&subject);
  memcpy (record.subject_digest, subject.digest, sizeof subject.digest);
  record.id = g_strconcat ("https://p1.example/reports/", (const char *) data, NULL);
  tocsin_sha256 (record.id, strlen (record.id), record.content_hash);
  tocsin_reports_put (txn, &record, T0);
  return TRUE;
}

static char *
verdict_of (Node *node, const char *target)
{
  g_auto (Answer) answer = { 0 };
  const char *verdict;

  node_ask (node, "GET", target, NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  verdict = strstr (answer.body->str, "\"verdict\":\"");
  if (verdict == NULL)
    g_error ("%s: no verdict", target);
  verdict += strlen ("\"verdict\":\"");
  return g_strndup (verdict, strcspn (verdict, "\""));
}

/* A copy that is kept by /v1/changes says what a check says, also of what is known by digest. */
static void
test_digest (void)
{
  static const struct
  {
    const char *url;
    const char *verdict;
  } urls[] = {
    { "https://www.youtube.com/", "note" },
    { "http://github.com/", "note" },
    { "https://a.example/", "review" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      g_auto (Node) node = { 0 };
      g_autofree char *check = g_strdup_printf ("/v1/check?url=%s", urls[i].url);
      g_autofree char *checked = NULL;
      g_autofree char *listed = NULL;

      node_init (&node);
      trust_one_peer (&node);
      g_assert_true (
          tocsin_store_write (node.store, put_digest, (gpointer) (gintptr) urls[i].url, NULL));
      checked = verdict_of (&node, check);
      listed = verdict_of (&node, "/v1/changes");
      g_test_message ("%s", urls[i].url);
      g_assert_cmpstr (checked, ==, urls[i].verdict);
      g_assert_cmpstr (listed, ==, urls[i].verdict);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/breadth/check/%02" G_GSIZE_FORMAT, i);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_check);
    }
  g_test_add_func ("/breadth/digest", test_digest);
  return g_test_run ();
}
