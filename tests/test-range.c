/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "api-node.h"

#include "core/hash.h"
#include "core/limits.h"
#include "store/table-evidence.h"
#include "store/table-subjects.h"
#include "view/score.h"

#define SUFFIX_DIGITS 27

static char *
hex_of (TocsinSubjectType type, const char *value)
{
  g_auto (TocsinSubject) subject = { 0 };
  TocsinSubjectKey key;

  g_assert_true (tocsin_subject_parse (&subject, type, value, NULL));
  key = tocsin_subject_key (&subject);
  return tocsin_hex_encode (key.bytes, sizeof key.bytes);
}

static void
ask (Node *node, const char *hex, const char *if_none_match, Answer *out)
{
  g_autofree char *target = g_strdup_printf ("/v1/range/%.5s", hex);
  TocsinRequest *request = node_begin (node, "GET", target, NULL, NULL);

  if (if_none_match != NULL)
    tocsin_request_add_header (request, "If-None-Match", if_none_match);
  node_run (node, request);
  node_end (node, request, out);
}

static void
assert_shape (const Answer *answer, guint n_lines)
{
  g_auto (GStrv) lines = g_strsplit (answer->body->str, "\n", -1);

  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpuint (g_strv_length (lines), ==, n_lines + 1);
  g_assert_cmpstr (lines[n_lines], ==, "");
  for (guint i = 0; i < n_lines; i++)
    {
      guint score, origins;
      int end = 0;

      g_assert_cmpuint (strspn (lines[i], "0123456789abcdef"), ==, SUFFIX_DIGITS);
      g_assert_cmpint (sscanf (lines[i] + SUFFIX_DIGITS, ":%u:%u%n", &score, &origins, &end), ==,
                       2);
      g_assert_cmpint (lines[i][SUFFIX_DIGITS + end], ==, '\0');
      if (i > 0)
        g_assert_cmpstr (lines[i - 1], <, lines[i]);
    }
}

static void
assert_has (const Answer *answer, const char *hex, const char *rest)
{
  g_autofree char *line = g_strdup_printf ("%s%s\n", hex + TOCSIN_RANGE_PREFIX_DIGITS, rest);

  g_assert_nonnull (strstr (answer->body->str, line));
}

static void
test_known (void)
{
  g_autofree char *ip = hex_of (TOCSIN_SUBJECT_IP, "192.0.2.9");
  g_autofree char *email = hex_of (TOCSIN_SUBJECT_EMAIL, "a@example.org");
  g_auto (Node) node = { 0 };
  g_auto (Answer) first = { 0 };
  g_auto (Answer) second = { 0 };

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_report (&node, 2, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_report (&node, 1, TOCSIN_SUBJECT_EMAIL, "a@example.org", 1);
  ask (&node, ip, NULL, &first);
  assert_shape (&first, TOCSIN_RANGE_PADDING_LINES);
  assert_has (&first, ip, ":75:2");
  ask (&node, email, NULL, &second);
  assert_has (&second, email, ":50:1");
}

/* Where sharing makes a note of a review, so does the score, which is all that a reader has. */
static void
test_shared (void)
{
  g_autofree char *ip = hex_of (TOCSIN_SUBJECT_IP, "192.0.2.200");
  g_auto (Node) node = { 0 };
  g_auto (Answer) one = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.200", 1);
  ask (&node, ip, NULL, &one);
  assert_has (&one, ip, ":54:1");
}

static void
assert_check (Node *node, const char *type, const char *value, const char *expected)
{
  g_autofree char *target = g_strdup_printf ("/v1/check?%s=%s", type, value);
  g_auto (Answer) answer = { 0 };

  node_ask (node, "GET", target, NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  if (strstr (answer.body->str, expected) == NULL)
    g_error ("%s: no %s in %s", target, expected, answer.body->str);
}

/* A digest travels without what it is of, so that nothing but a word says of which type it is. A
 * check knows better; a range tells it, for nobody knows that it is wrong, until somebody says what
 * has the key. */
static void
test_claimed (void)
{
  g_autofree char *domain = hex_of (TOCSIN_SUBJECT_DOMAIN, "bad.example.org");
  g_auto (Node) node = { 0 };
  g_auto (Answer) claimed = { 0 };
  g_auto (Answer) said = { 0 };

  node_init (&node);
  node_claim (&node, 1, TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_DOMAIN, "bad.example.org");
  node_claim (&node, 2, TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_DOMAIN, "bad.example.org");
  assert_check (&node, "domain", "bad.example.org", "\"known\":false");
  ask (&node, domain, NULL, &claimed);
  assert_has (&claimed, domain, ":75:2");
  node_report (&node, 3, TOCSIN_SUBJECT_DOMAIN, "bad.example.org", 1);
  assert_check (&node, "domain", "bad.example.org", "\"score\":50");
  ask (&node, domain, NULL, &said);
  assert_has (&said, domain, ":50:1");
}

/* Whoever is first to claim a wrong type hides nothing of what others say. */
static void
test_claimed_first (void)
{
  g_autofree char *email = hex_of (TOCSIN_SUBJECT_EMAIL, "x@example.org");
  g_auto (Node) node = { 0 };
  g_auto (Answer) range = { 0 };
  g_auto (Answer) changes = { 0 };

  node_init (&node);
  node_claim (&node, 5, TOCSIN_SUBJECT_USERNAME, TOCSIN_SUBJECT_EMAIL, "x@example.org");
  node_claim (&node, 1, TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_EMAIL, "x@example.org");
  node_claim (&node, 2, TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_EMAIL, "x@example.org");
  assert_check (&node, "email", "x@example.org", "\"score\":75");
  ask (&node, email, NULL, &range);
  assert_has (&range, email, ":75:3");
  node_ask (&node, "GET", "/v1/changes", NULL, NULL, &changes);
  g_assert_nonnull (strstr (changes.body->str, "\"type\":\"email\",\"verdict\":\"review\""));
}

/* That many share it is known whatever its digest is said to be of. */
static void
test_claimed_provider (void)
{
  static const TocsinTrustPeer loud = { 1, TOCSIN_AREA_ANY, 0.9, FALSE };
  static const TocsinTrustInput input = { .peers = &loud, .n_peers = 1 };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 2, 1);
  g_autofree char *domain = hex_of (TOCSIN_SUBJECT_DOMAIN, "gmail.com");
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };

  node_init (&node);
  tocsin_api_set_trust (node.api, trust);
  node_claim (&node, 1, TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_DOMAIN, "gmail.com");
  ask (&node, domain, NULL, &answer);
  assert_has (&answer, domain, ":54:1");
}

/* A voice that has had its reviews of the day is charged by no reader, and no ETag tells of it. */
static void
test_budget (void)
{
  static const TocsinTrustPeer loud = { 1, TOCSIN_AREA_ANY, 0.9, FALSE };
  static const TocsinTrustInput input = { .peers = &loud, .n_peers = 1 };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 2, 1);
  g_autofree char *ip = hex_of (TOCSIN_SUBJECT_IP, "192.0.2.9");
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };

  node_init (&node);
  tocsin_api_set_trust (node.api, trust);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  for (guint i = 0; i < TOCSIN_VOICE_BUDGET_DAY; i++)
    tocsin_api_charge (node.api, 1, i, now_us);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  ask (&node, ip, NULL, &answer);
  assert_has (&answer, ip, ":79:1");
}

/* The padding of one state is one padding; another state has another. */
static void
test_etag (void)
{
  g_autofree char *ip = hex_of (TOCSIN_SUBJECT_IP, "192.0.2.9");
  g_auto (Node) node = { 0 };
  g_auto (Answer) first = { 0 };
  g_auto (Answer) again = { 0 };
  g_auto (Answer) same = { 0 };
  g_auto (Answer) changed = { 0 };
  g_auto (Answer) retrusted = { 0 };
  g_auto (Answer) later = { 0 };

  node_init (&node);
  ask (&node, ip, NULL, &first);
  assert_shape (&first, TOCSIN_RANGE_PADDING_LINES);
  ask (&node, ip, NULL, &again);
  g_assert_cmpstr (again.body->str, ==, first.body->str);
  ask (&node, ip, first.etag, &same);
  g_assert_cmpuint (same.status, ==, 304);
  /* Of which the server sends the length alone. */
  g_assert_cmpuint (same.body->len, >, 0);
  g_assert_cmpstr (same.etag, ==, first.etag);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  ask (&node, ip, first.etag, &changed);
  g_assert_cmpuint (changed.status, ==, 200);
  g_assert_cmpstr (changed.body->str, !=, first.body->str);
  node_trust (&node, 0, 2);
  ask (&node, ip, changed.etag, &retrusted);
  g_assert_cmpuint (retrusted.status, ==, 200);
  assert_shape (&retrusted, TOCSIN_RANGE_PADDING_LINES);
  g_assert_null (strstr (retrusted.body->str, ip + TOCSIN_RANGE_PREFIX_DIGITS));
  now_us += TOCSIN_HOUR_US;
  ask (&node, ip, retrusted.etag, &later);
  g_assert_cmpuint (later.status, ==, 200);
}

static gboolean
fill (TocsinTxn *txn, gpointer data, GError **error)
{
  guint n = *(guint *) data;

  for (guint i = 0; i < n; i++)
    {
      TocsinSubjectRecord record = { .type = TOCSIN_SUBJECT_USERNAME };
      TocsinEvidence row = { .reporter = 1,
                             .category = 1,
                             .confidence = 100,
                             .subject_type = TOCSIN_SUBJECT_USERNAME,
                             .observed_s = T0 / TOCSIN_SECOND_US,
                             .expires_s = T0 / TOCSIN_SECOND_US + 1000,
                             .report = i + 1 };

      memcpy (record.key.bytes, "\xab\xcd\xe0", 3);
      record.key.bytes[4] = (guint8) (i >> 8);
      record.key.bytes[5] = (guint8) i;
      tocsin_subjects_put (txn, &record);
      tocsin_evidence_add (txn, &record.key, &row);
    }
  return TRUE;
}

static void
test_padding (void)
{
  static const guint counts[][2] = { { 0, 64 }, { 1, 64 }, { 64, 64 }, { 65, 128 } };

  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_auto (Node) node = { 0 };
      g_auto (Answer) answer = { 0 };
      guint n = counts[i][0];

      node_init (&node);
      tocsin_store_write (node.store, fill, &n, NULL);
      ask (&node, "ABCDE", NULL, &answer);
      assert_shape (&answer, counts[i][1]);
    }
}

/* How long the header is that evens out the answer to @method, and how long both are. */
static gsize
measure (Node *node, const char *method, const char *if_none_match, gsize *both)
{
  TocsinRequest *request = node_begin (node, method, "/v1/range/abcde", NULL, NULL);
  g_auto (Answer) answer = { 0 };
  const char *header;
  gsize n;

  if (if_none_match != NULL)
    tocsin_request_add_header (request, "If-None-Match", if_none_match);
  node_run (node, request);
  header = tocsin_reply_get_header (request->reply, "X-Tocsin-Padding");
  n = header != NULL ? strlen (header) : 0;
  /* Each takes 8 bits in HPACK: RFC 7541, appendix B. */
  g_assert_cmpuint (n, ==, header != NULL ? strspn (header, "XZ") : 0);
  node_end (node, request, &answer);
  *both = answer.body->len + n;
  return n;
}

static guint
digits (gsize n)
{
  guint count = 1;

  for (; n >= 10; n /= 10)
    count++;
  return count;
}

/* Whatever is known of the keys, the length tells how many times 64 lines there are; until that is
 * more than the header may make up for. As long as that goes, the number in Content-Length has as
 * many digits as that of the longest body, which needs a header of one letter. */
static void
test_length (void)
{
  static const struct
  {
    guint n_known;
    gsize both; /* 0: without the header */
  } cases[] = {
    { 0, 64 * 36 + 1 },    { 1, 64 * 36 + 1 },    { 64, 64 * 36 + 1 },   { 65, 128 * 36 + 1 },
    { 128, 128 * 36 + 1 }, { 250, 256 * 36 + 1 }, { 256, 256 * 36 + 1 }, { 257, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Node) node = { 0 };
      guint n = cases[i].n_known;
      gsize both, length;

      node_init (&node);
      tocsin_store_write (node.store, fill, &n, NULL);
      length = measure (&node, "GET", NULL, &both);
      if (cases[i].both != 0)
        {
          g_assert_cmpuint (both, ==, cases[i].both);
          g_assert_cmpuint (digits (both - length), ==, digits (both - 1));
        }
      g_assert_cmpint (length != 0, ==, cases[i].both != 0);
      g_assert_cmpuint (measure (&node, "HEAD", NULL, &both), ==, 0);
      g_assert_cmpuint (measure (&node, "GET", "*", &both), ==, 0);
    }
}

#define N_LONG 1000

/* What somebody made up many keys for is answered a few at a time, while others are too; and who
 * has it already learns that without the rest. */
static void
test_long (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) first = { 0 };
  g_auto (Answer) changed = { 0 };
  g_auto (Answer) same = { 0 };
  guint n = N_LONG;
  TocsinRequest *request;

  node_init (&node);
  tocsin_store_write (node.store, fill, &n, NULL);
  request = node_begin (&node, "GET", "/v1/range/abcde", NULL, NULL);
  node_run (&node, request);
  g_assert_true (request->handler_suspended);
  g_assert_false (tocsin_request_is_complete (request));
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_end (&node, request, &first);
  assert_shape (&first, 1024);
  ask (&node, "abcde", first.etag, &changed);
  assert_shape (&changed, 1024);
  g_assert_cmpstr (changed.etag, !=, first.etag);
  ask (&node, "abcde", changed.etag, &same);
  g_assert_cmpuint (same.status, ==, 304);
  g_assert_cmpuint (same.body->len, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&node.api->n_ranges), ==, 0);
}

/* Each holds its lines, so there are only so many at a time; who leaves makes room. */
static void
test_many_long (void)
{
  TocsinRequest *requests[8];
  g_auto (Node) node = { 0 };
  g_auto (Answer) refused = { 0 };
  guint n = N_LONG;

  node_init (&node);
  tocsin_store_write (node.store, fill, &n, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      requests[i] = node_begin (&node, "GET", "/v1/range/abcde", NULL, NULL);
      node_run (&node, requests[i]);
    }
  ask (&node, "abcde", NULL, &refused);
  g_assert_cmpuint (refused.status, ==, 503);
  for (gsize i = 0; i < G_N_ELEMENTS (requests); i += 2)
    g_cancellable_cancel (tocsin_request_get_cancellable (requests[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_auto (Answer) answer = { 0 };

      node_end (&node, requests[i], &answer);
      g_assert_cmpuint (answer.status, ==, i % 2 == 0 ? 503 : 200);
    }
  g_assert_cmpint (g_atomic_int_get (&node.api->n_ranges), ==, 0);
}

static void
test_bad (void)
{
  static const char *const targets[] = { "/v1/range/abcd", "/v1/range/abcdef", "/v1/range/abcdg",
                                         "/v1/range/abc%20" };
  g_auto (Node) node = { 0 };

  node_init (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_auto (Answer) answer = { 0 };

      node_ask (&node, "GET", targets[i], NULL, NULL, &answer);
      g_assert_cmpuint (answer.status, ==, 400);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/range/known", test_known);
  g_test_add_func ("/range/shared", test_shared);
  g_test_add_func ("/range/claimed", test_claimed);
  g_test_add_func ("/range/claimed-first", test_claimed_first);
  g_test_add_func ("/range/claimed-provider", test_claimed_provider);
  g_test_add_func ("/range/budget", test_budget);
  g_test_add_func ("/range/etag", test_etag);
  g_test_add_func ("/range/padding", test_padding);
  g_test_add_func ("/range/length", test_length);
  g_test_add_func ("/range/long", test_long);
  g_test_add_func ("/range/many-long", test_many_long);
  g_test_add_func ("/range/bad", test_bad);
  return g_test_run ();
}
