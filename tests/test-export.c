/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What is listed, how a reader knows that a list changed and is whole, and when there is none.
 */
#include "export-case.h"

#include "core/hash.h"
#include "http/exports.h"

#define TocsinField TocsinStoreField /* of the store; the server has one of its own */
#include "store/txn-private.h"
#undef TocsinField

/* A report and when it was observed. */
typedef struct
{
  Report report;
  gint64 at_us;
} Dated;

static gboolean
put_reports (TocsinTxn *txn, gpointer data, GError **error)
{
  GArray *reports = data;

  for (guint i = 0; i < reports->len; i++)
    {
      Dated *dated = &g_array_index (reports, Dated, i);

      now_us = dated->at_us;
      if (!put_report (txn, &dated->report, error))
        return FALSE;
    }
  now_us = T0;
  return TRUE;
}

static void
add_report (GArray *reports,
            GStringChunk *values,
            guint32 actor,
            TocsinSubjectType type,
            const char *value,
            guint8 category,
            gint64 at_us)
{
  Dated dated = { { actor, type, g_string_chunk_insert (values, value), category, 0 }, at_us };

  g_array_append_val (reports, dated);
}

static void
node_put_all (Node *node, GArray *reports)
{
  g_autoptr (GError) error = NULL;

  tocsin_store_write (node->store, put_reports, reports, &error);
  g_assert_no_error (error);
}

/* Reports of everybody about 60 subjects, of many ages. */
static void
node_report_at_random (Node *node, GRand *rand)
{
  static const guint8 categories[] = { 1, 3, 8, 17, 63 };
  g_autoptr (GArray) reports = g_array_new (FALSE, FALSE, sizeof (Dated));
  g_autoptr (GStringChunk) values = g_string_chunk_new (4096);

  for (guint i = 0; i < 200; i++)
    {
      guint n = (guint) g_rand_int_range (rand, 0, 60);
      g_autofree char *value =
          n % 3 == 0   ? g_strdup_printf ("192.0.2.%u", n)
          : n % 3 == 1 ? g_strdup_printf ("s%u.example", n)
                       : g_strdup_printf ("%u.0.0.0/%u", n + 1, 20 + n % 6); /* some are broad */
      TocsinSubjectType type = n % 3 == 0   ? TOCSIN_SUBJECT_IP
                               : n % 3 == 1 ? TOCSIN_SUBJECT_DOMAIN
                                            : TOCSIN_SUBJECT_NETWORK;

      add_report (reports, values, (guint32) g_rand_int_range (rand, n < 5 ? 0 : 1, PEERS + 1),
                  type, value, categories[g_rand_int_range (rand, 0, G_N_ELEMENTS (categories))],
                  T0 - g_rand_int_range (rand, 0, 1000) * TOCSIN_HOUR_US);
    }
  node_put_all (node, reports);
}

static void
test_formats (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_trust (&node, 2, 2);
  expect (&node, "/v1/export/lines", 200, "");
  expect (&node, "/v1/export/json", 200,
          "{\"subjects\":[],\"generation\":0,\"as_of\":\"2026-11-24T00:00:00Z\",\"count\":0}\n");
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  node_report (&node, 2, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  expect (&node, "/v1/export/lines", 200, "spam.example\n");
  expect (&node, "/v1/export/csv", 200,
          "type,value,verdict,score,categories\r\ndomain,\"spam.example\",review,75,spam\r\n");
  expect (&node, "/v1/export/json", 200,
          "{\"subjects\":[\n{\"type\":\"domain\",\"value\":\"spam.example\",\"verdict\":\"review\","
          "\"score\":75,\"categories\":\"spam\",\"first_seen\":\"2026-11-24T00:00:00Z\","
          "\"last_seen\":\"2026-11-24T00:00:00Z\",\"expires\":\"2027-01-23T00:00:00Z\"}],"
          "\"generation\":2,\"as_of\":\"2026-11-24T00:00:00Z\",\"count\":1}\n");
}

static void
test_filters (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_trust (&node, 2, 2);
  for (guint32 peer = 1; peer <= 2; peer++)
    {
      node_report (&node, peer, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
      node_report (&node, peer, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
    }
  node_report (&node, 1, TOCSIN_SUBJECT_USERNAME, "jdoe", 1); /* one voice: a note */
  expect (&node, "/v1/export/lines?type=ip", 200, "192.0.2.1\n");
  expect (&node, "/v1/export/lines?type=ip&category=spam", 200, "");
  expect (&node, "/v1/export/lines?category=intrusion", 200, "192.0.2.1\n");
  expect (&node, "/v1/export/lines?category=intrusion,spam&type=domain,ip&min_verdict=review", 200,
          NULL);
  expect (&node, "/v1/export/lines?type=username&min_verdict=review", 200, "");
  expect (&node, "/v1/export/lines?type=username", 200, "jdoe\n");
  expect (&node, "/v1/export/lines?min_verdict=block", 200, "");
  /* In lenient nothing of these groups is more than a note. */
  expect (&node, "/v1/export/lines?profile=lenient&type=domain&min_verdict=review", 200, "");
  expect (&node, "/v1/export/lines?profile=lenient&type=domain", 200, "spam.example\n");
}

static void
test_many (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) list = { 0 };
  g_auto (Answer) manifest = { 0 };
  g_autoptr (GArray) reports = g_array_new (FALSE, FALSE, sizeof (Dated));
  g_autoptr (GStringChunk) values = g_string_chunk_new (4096);
  g_auto (GStrv) lines = NULL;

  node_init (&node);
  node_trust (&node, 2, 2);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *address = g_strdup_printf ("192.0.%u.%u", i / 250, i % 250);

      add_report (reports, values, 1, TOCSIN_SUBJECT_IP, address, 1, T0);
    }
  node_put_all (&node, reports);
  node_ask (&node, "GET", "/v1/export/lines", NULL, NULL, &list);
  g_assert_cmpuint (list.status, ==, 200);
  lines = g_strsplit (list.body->str, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 501);
  node_ask (&node, "GET", "/v1/export/lines/manifest", NULL, NULL, &manifest);
  g_assert_nonnull (strstr (manifest.body->str, "\"count\":500,"));
}

static void
test_manifest (void)
{
  static const struct
  {
    const char *format;
    const char *canary;
    gint64 count;
  } vectors[] = {
    { "csv", "spam.example", 1 },
    { "nginx-map", "canary.test", 0 }, /* of blocks */
    { "rbldnsd", "127.0.0.2", 1 },
    { "mastodon-email-hashes", NULL, 0 },
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_trust (&node, 2, 2);
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  node_report (&node, 2, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *target = g_strconcat ("/v1/export/", vectors[i].format, NULL);
      g_autofree char *manifest_target = g_strconcat (target, "/manifest", NULL);
      g_auto (Answer) list = { 0 };
      g_autoptr (JsonNode) root = NULL;
      JsonObject *manifest = read_manifest (&node, manifest_target, &root);
      guint8 digest[TOCSIN_SHA256_BYTES];
      g_autofree char *hex = NULL;

      node_ask (&node, "GET", target, NULL, NULL, &list);
      tocsin_sha256 (list.body->str, list.body->len, digest);
      hex = tocsin_hex_encode (digest, sizeof digest);
      g_assert_cmpstr (json_object_get_string_member (manifest, "sha256"), ==, hex);
      g_assert_cmpint (json_object_get_int_member (manifest, "bytes"), ==, (gint64) list.body->len);
      g_assert_cmpint (json_object_get_int_member (manifest, "count"), ==, vectors[i].count);
      g_assert_cmpint (json_object_get_int_member (manifest, "generation"), ==, 2);
      g_assert_cmpstr (json_object_get_string_member (manifest, "etag"), ==, list.etag);
      if (vectors[i].canary == NULL)
        g_assert_true (json_object_get_null_member (manifest, "canary"));
      else
        {
          g_assert_cmpstr (json_object_get_string_member (manifest, "canary"), ==,
                           vectors[i].canary);
          g_assert_nonnull (strstr (list.body->str, vectors[i].canary));
        }
    }
}

static void
ask_if_none_match (Node *node, const char *target, const char *etag, guint status)
{
  TocsinRequest *request = node_begin (node, "GET", target, NULL, NULL);
  g_auto (Answer) answer = { 0 };

  tocsin_request_add_header (request, "If-None-Match", etag);
  node_run (node, request);
  node_end (node, request, &answer);
  g_assert_cmpuint (answer.status, ==, status);
  if (status == 304)
    g_assert_cmpuint (answer.body->len, ==, 0);
}

static void
test_etag (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) first = { 0 };
  g_auto (Answer) same = { 0 };
  g_auto (Answer) later = { 0 };
  g_autofree char *list = NULL;

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  node_ask (&node, "GET", "/v1/export/csv", NULL, NULL, &first);
  now_us = T0 + 30 * TOCSIN_MINUTE_US;
  node_ask (&node, "GET", "/v1/export/csv", NULL, NULL, &same);
  g_assert_cmpstr (same.etag, ==, first.etag);
  g_assert_cmpstr (same.body->str, ==, first.body->str);
  ask_if_none_match (&node, "/v1/export/csv", first.etag, 304);
  ask_if_none_match (&node, "/v1/export/csv/manifest", first.etag, 304);
  list = g_strdup_printf ("\"x\", W/%s", first.etag);
  ask_if_none_match (&node, "/v1/export/csv", list, 304);
  ask_if_none_match (&node, "/v1/export/csv?type=domain", first.etag, 200);
  ask_if_none_match (&node, "/v1/export/lines", first.etag, 200);
  ask_if_none_match (&node, "/v1/export/csv?profile=strict", first.etag, 200);
  /* Scores fade. */
  now_us = T0 + 61 * TOCSIN_MINUTE_US;
  ask_if_none_match (&node, "/v1/export/csv", first.etag, 200);
  now_us = T0;
  ask_if_none_match (&node, "/v1/export/csv", first.etag, 304);
  /* Somebody reports, or another is believed. */
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "scam.example", 3);
  ask_if_none_match (&node, "/v1/export/csv", first.etag, 200);
  node_ask (&node, "GET", "/v1/export/csv", NULL, NULL, &later);
  node_trust (&node, 2, 9);
  ask_if_none_match (&node, "/v1/export/csv", later.etag, 200);
}

static void
test_doubt (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  now_us = 0;
  expect (&node, "/v1/export/lines", 503, NULL);
  expect (&node, "/v1/export/lines/manifest", 503, NULL);
  ask_if_none_match (&node, "/v1/export/lines", "*", 503);
  now_us = T0;
  node_trust (&node, 2, 0); /* not worked out yet */
  expect (&node, "/v1/export/lines", 503, NULL);
  ask_if_none_match (&node, "/v1/export/lines", "*", 503);
  node_trust (&node, 2, 1);
  expect (&node, "/v1/export/lines", 200, "spam.example\n");
}

static gboolean
damage_subjects (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey key = { .size = 0 };

  for (guint i = 0; i < TOCSIN_ID_BYTES; i++)
    tocsin_key_add_u8 (&key, 0xff); /* the last one: half of the list is made by then */
  tocsin_txn_put (txn, TOCSIN_TABLE_SUBJECTS, &key, "?", 1);
  return TRUE;
}

/* A store that cannot be read is never a short list. */
static void
test_damaged_store (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.1", 1);
  tocsin_store_write (node.store, damage_subjects, NULL, NULL);
  expect (&node, "/v1/export/lines", 503, NULL);
  expect (&node, "/v1/export/rbldnsd", 503, NULL);
  expect (&node, "/v1/export/json/manifest", 503, NULL);
  expect (&node, "/v1/decisions", 503, NULL);
  expect (&node, "/v1/decisions/stream?startup=true", 503, NULL);
}

/* While observing a list has what the operator saw, and not what came from elsewhere. */
static void
test_observing (void)
{
  Report not_own[] = {
    { .type = TOCSIN_SUBJECT_DOMAIN,
      .value = "listed.example",
      .category = 1,
      .basis = TOCSIN_BASIS_IMPORTED },
    { .type = TOCSIN_SUBJECT_DOMAIN,
      .value = "told.example",
      .category = 1,
      .basis = TOCSIN_BASIS_DERIVED },
  };
  g_auto (Node) node = { 0 };
  g_auto (Answer) manifest = { 0 };
  g_auto (Answer) before = { 0 };

  node_init (&node);
  for (guint32 peer = 1; peer <= 3; peer++)
    {
      node_report (&node, peer, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
      node_report (&node, peer, TOCSIN_SUBJECT_DOMAIN, "both.example", 1);
    }
  node_report (&node, 0, TOCSIN_SUBJECT_DOMAIN, "both.example", 3);
  for (guint i = 0; i < G_N_ELEMENTS (not_own); i++)
    tocsin_store_write (node.store, put_report, &not_own[i], NULL);
  node_ask (&node, "GET", "/v1/export/csv?type=domain&min_verdict=note", NULL, NULL, &before);
  g_assert_nonnull (strstr (before.body->str, "spam.example"));
  g_assert_nonnull (strstr (before.body->str, "listed.example"));
  g_assert_null (strstr (before.body->str, "told.example"));
  tocsin_api_set_observe (node.api, TRUE, 0);
  expect (&node, "/v1/export/csv?min_verdict=note", 200,
          "type,value,verdict,score,categories\r\ndomain,\"both.example\",block,100,scam\r\n");
  ask_if_none_match (&node, "/v1/export/csv?type=domain&min_verdict=note", before.etag, 200);
  node_ask (&node, "GET", "/v1/export/rpz/manifest", NULL, NULL, &manifest);
  g_assert_nonnull (strstr (manifest.body->str, "\"mode\":\"observe\""));
}

static void
test_refusals (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  expect (&node, "/v1/export/xml", 404, NULL);
  expect (&node, "/v1/export/xml/manifest", 404, NULL);
  expect (&node, "/v1/export/csv?min_verdict=ban", 422, NULL);
  expect (&node, "/v1/export/csv?type=planet", 422, NULL);
  expect (&node, "/v1/export/csv?type=", 422, NULL);
  expect (&node, "/v1/export/csv?type=ip,", 422, NULL);
  expect (&node, "/v1/export/nginx-geo?type=domain", 422, NULL);
  expect (&node, "/v1/export/csv?category=rudeness", 422, NULL);
  expect (&node, "/v1/export/csv?profile=harsh", 422, NULL);
}

/* What is read every hour is made ready in time; what nobody reads any more is not. */
static void
test_warm (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  tocsin_exports_tidy (node.api->exports);
  g_assert_false (tocsin_exports_is_warm (node.api->exports, node.api->default_profile));
  expect (&node, "/v1/export/lines?min_verdict=note", 200, "spam.example\n");
  g_assert_true (tocsin_exports_is_warm (node.api->exports, node.api->default_profile));
  for (guint i = 0; i < 4; i++)
    {
      if (i == 0 || i == 3) /* then two since somebody asked */
        now_us += TOCSIN_HOUR_US;
      else if (i == 1)
        node_trust (&node, 2, 7);
      else
        node_report (&node, 2, TOCSIN_SUBJECT_DOMAIN, "worse.example", 1);
      g_assert_false (tocsin_exports_is_warm (node.api->exports, node.api->default_profile));
      tocsin_exports_tidy (node.api->exports);
      g_assert_cmpint (tocsin_exports_is_warm (node.api->exports, node.api->default_profile), ==,
                       i < 3);
    }
  expect (&node, "/v1/export/csv?min_verdict=note&type=domain", 200, NULL);
  g_assert_true (tocsin_exports_is_warm (node.api->exports, node.api->default_profile));
}

/* Whoever asks by other profiles by turns has nothing judged anew each time, and all are made
 * ready; but each only while somebody asks for it. */
static void
test_warm_profiles (void)
{
  static const char *const names[] = { "default", "strict", "lenient" };
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  for (guint round = 0; round < 3; round++)
    {
      for (gsize i = 0; i < G_N_ELEMENTS (names) - (round > 0 ? 1 : 0); i++)
        {
          g_autofree char *target = g_strdup_printf ("/v1/export/lines?profile=%s", names[i]);

          expect (&node, target, 200, NULL);
        }
      for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
        g_assert_cmpint (tocsin_exports_is_warm (
                             node.api->exports, g_hash_table_lookup (node.api->profiles, names[i])),
                         ==, round < 2 || i < 2);
      now_us += TOCSIN_HOUR_US;
      tocsin_exports_tidy (node.api->exports);
    }
}

typedef struct
{
  TocsinJudge *judge;
  guint n;
  guint of_verdict[TOCSIN_N_VERDICTS];
} Comparison;

static gboolean
compare_row (const TocsinSubjectRecord *record, gpointer data)
{
  Comparison *comparison = data;
  TocsinExportRow row = { .type = record->type, .value = record->value, .key = &record->key };
  gboolean known = tocsin_judge_row (comparison->judge, record, &row);
  g_auto (TocsinFinding) finding = { 0 };
  const TocsinSubjectFinding *found;
  TocsinSubject subject;
  guint64 categories = 0;

  tocsin_judge_key (comparison->judge, record, &subject, &finding);
  found = &g_array_index (finding.subjects, TocsinSubjectFinding, 0);
  for (guint i = 0; i < found->categories->len; i++)
    categories |= G_GUINT64_CONSTANT (1)
                  << g_array_index (found->categories, TocsinCategoryFinding, i).category;
  g_assert_cmpint (known, ==, found->known);
  g_assert_cmpint (row.verdict, ==, found->verdict);
  g_assert_cmpuint (row.score, ==, found->score);
  g_assert_cmpuint (row.categories, ==, categories);
  g_assert_cmpuint (row.first_seen_s, ==, found->first_seen_s);
  g_assert_cmpuint (row.last_seen_s, ==, found->last_seen_s);
  g_assert_cmpuint (row.expires_s, ==, found->expires_s);
  comparison->n++;
  comparison->of_verdict[row.verdict]++;
  return TRUE;
}

/* A list asks for less than a check shows, and must come to the same. */
static void
test_judged_as_a_check (void)
{
  static const char *const profiles[] = { "lenient", "default", "strict" };
  g_auto (Node) node = { 0 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  guint of_verdict[TOCSIN_N_VERDICTS] = { 0 };

  node_init (&node);
  node_report_at_random (&node, rand);
  for (guint32 trusted = 1; trusted <= PEERS; trusted++)
    for (gsize p = 0; p < G_N_ELEMENTS (profiles); p++)
      {
        g_auto (TocsinJudge) judge = { 0 };
        Comparison comparison = { .judge = &judge };

        node_trust (&node, trusted, trusted + 1);
        tocsin_judge_begin (&judge, node.api, g_hash_table_lookup (node.api->profiles, profiles[p]),
                            FALSE);
        tocsin_subjects_foreach (judge.txn, "", NULL, compare_row, &comparison);
        g_assert_cmpuint (comparison.n, >, 50);
        for (guint v = 0; v < TOCSIN_N_VERDICTS; v++)
          of_verdict[v] += comparison.of_verdict[v];
      }
  for (guint v = 0; v < TOCSIN_N_VERDICTS; v++)
    g_assert_cmpuint (of_verdict[v], >, 10);
}

/* What was judged for the list before, and what is judged on the way, make the same bytes. */
static void
test_listing_is_a_walk (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  g_autoptr (TocsinListing) before = NULL;
  TocsinListingFilter filter = { .types = 0xfe, .verdicts = 0xf, .digested = TRUE };
  gint stop = 0;
  gsize n;
  const TocsinExportFormat *const *formats = tocsin_export_formats (&n);

  node_init (&node);
  allow (&node, TOCSIN_SUBJECT_IP, "3.0.0.9");
  allow (&node, TOCSIN_SUBJECT_DOMAIN, "good.s4.example");
  for (guint round = 0; round < 3; round++)
    {
      g_auto (TocsinJudge) judge = { 0 };
      g_autoptr (TocsinListing) listing = NULL;
      TocsinExportMoment moment;
      gboolean too_long;

      node_report_at_random (&node, rand);
      tocsin_judge_begin (&judge, node.api, NULL, FALSE);
      g_assert_true (tocsin_export_moment (&judge, &moment, NULL));
      listing = tocsin_listing_new (&judge, &filter, &moment, before, 1000, &stop, &too_long, NULL);
      for (gsize f = 0; f < n; f++)
        {
          TocsinExportQuery query = { .format = formats[f],
                                      .profile = node.api->default_profile,
                                      .least = TOCSIN_VERDICT_NOTE,
                                      .types = formats[f]->types };
          g_autoptr (TocsinMadeExport) kept =
              tocsin_export_make (&judge, node.api, &query, &moment, listing, &stop, NULL);
          g_autoptr (TocsinMadeExport) walked =
              tocsin_export_make (&judge, node.api, &query, &moment, NULL, &stop, NULL);

          g_assert_true (g_bytes_equal (kept->body, walked->body));
          g_assert_cmpuint (kept->count, ==, walked->count);
          g_assert_cmpuint (kept->skipped, ==, walked->skipped);
        }
      g_clear_pointer (&before, tocsin_listing_unref);
      before = g_steal_pointer (&listing);
    }
  {
    g_auto (TocsinJudge) judge = { 0 };
    g_autoptr (GError) error = NULL;
    TocsinExportMoment moment;
    gboolean too_long = FALSE;

    tocsin_judge_begin (&judge, node.api, NULL, FALSE);
    g_assert_true (tocsin_export_moment (&judge, &moment, NULL));
    g_assert_null (
        tocsin_listing_new (&judge, &filter, &moment, NULL, 10, &stop, &too_long, &error));
    g_assert_true (too_long);
    g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  }
}

/* ---- what is allowed or shared in what is listed ---- */

/* The strictest that a listing says of an address. */
typedef struct
{
  guint32 address;
  TocsinVerdict verdict;
} Said;

static gboolean
on_listed (const TocsinExportRow *row, gpointer data)
{
  Said *said = data;
  guint a, b, c, d, length = 32;

  if (row->type != TOCSIN_SUBJECT_IP && row->type != TOCSIN_SUBJECT_NETWORK)
    return TRUE;
  g_assert_cmpint (sscanf (row->value, "%u.%u.%u.%u/%u", &a, &b, &c, &d, &length), >=, 4);
  if (((said->address ^ (a << 24 | b << 16 | c << 8 | d)) >> (32 - length)) == 0)
    said->verdict = MAX (said->verdict, row->verdict);
  return TRUE;
}

/* A list says of each address what a check says. 198.51.100.128/25 is shared. */
static void
test_addresses_as_checked (void)
{
  static const char *const networks[] = { "198.51.96.0/20",    "198.51.100.0/24",
                                          "198.51.100.32/27",  "198.51.100.0/26",
                                          "198.51.100.192/26", "198.51.101.0/24" };
  static const char *const allowed[] = { "198.51.100.40/29", "198.51.100.44/31",
                                         "198.51.100.190/31", "198.51.101.0/25" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_auto (Node) node = { 0 };
  TocsinListingFilter filter = { .types = 0xfe, .verdicts = 0xf };
  guint of_verdict[TOCSIN_N_VERDICTS] = { 0 };
  gint stop = 0;

  node_init (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (networks); i++)
    for (guint32 peer = 0; peer <= PEERS; peer++)
      if (g_rand_int_range (rand, 0, 3) == 0)
        node_report (&node, peer, TOCSIN_SUBJECT_NETWORK, networks[i], 17);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *value = g_strdup_printf ("198.51.100.%d", g_rand_int_range (rand, 0, 256));

      node_report (&node, (guint32) g_rand_int_range (rand, 0, PEERS + 1), TOCSIN_SUBJECT_IP, value,
                   17);
      if (i % 4 == 0)
        allow (&node, TOCSIN_SUBJECT_IP, value);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (allowed); i++)
    allow (&node, TOCSIN_SUBJECT_NETWORK, allowed[i]);
  {
    g_auto (TocsinJudge) judge = { 0 };
    g_autoptr (TocsinListing) listing = NULL;
    TocsinExportMoment moment;
    gboolean too_long;

    tocsin_judge_begin (&judge, node.api, NULL, FALSE);
    g_assert_true (tocsin_export_moment (&judge, &moment, NULL));
    listing = tocsin_listing_new (&judge, &filter, &moment, NULL, 1000, &stop, &too_long, NULL);
    for (guint i = 0; i < 512; i++)
      {
        g_autofree char *value = g_strdup_printf ("198.51.%u.%u", 100 + i / 256, i % 256);
        Said said = { .address = 198u << 24 | 51u << 16 | (100 + i / 256) << 8 | i % 256 };
        g_auto (TocsinSubject) subject = { 0 };
        g_auto (TocsinFinding) finding = { 0 };

        g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_IP, value, NULL));
        tocsin_judge_event (&judge, &subject, 1, &finding);
        tocsin_listing_foreach_beyond (listing, NULL, FALSE, on_listed, &said);
        if (said.verdict != finding.verdict)
          g_error ("%s: %u in the list, %u by a check", value, (guint) said.verdict,
                   (guint) finding.verdict);
        of_verdict[finding.verdict]++;
      }
  }
  for (guint v = 0; v < TOCSIN_N_VERDICTS; v++)
    g_assert_cmpuint (of_verdict[v], >, 10);
}

/* An allowed name below a listed one: excepted where a list has a form for that, else the listed
 * one is left out. What is allowed needs to be in no network that is left. */
static void
test_allowed_within (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  node_report (&node, 0, TOCSIN_SUBJECT_DOMAIN, "more.spam.example", 1);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "203.0.113.4/30", 1);
  allow (&node, TOCSIN_SUBJECT_DOMAIN, "good.more.spam.example");
  allow (&node, TOCSIN_SUBJECT_IP, "203.0.113.5");
  expect (&node, "/v1/export/mastodon-csv?min_verdict=block", 200,
          "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\r\n");
  expect_match (&node, "/v1/export/mastodon-csv/manifest", "\"count\":0,\"skipped\":2,");
  expect_match (&node, "/v1/export/lines?type=domain", "^(more\\.)?spam.example\n");
  expect_match (&node, "/v1/export/lines?type=network",
                "^203\\.0\\.113\\.[46]/3[12]\n203\\.0\\.113\\.[46]/3[12]\n$");
  expect_match (&node, "/v1/export/nftables", "203\\.0\\.113\\.4/32");
  expect_match (&node, "/v1/export/rpz",
                "good.more.spam.example CNAME rpz-passthru.\n"
                "\\*.good.more.spam.example CNAME rpz-passthru.\n");
  expect_match (&node, "/v1/export/nginx-map", "\n.good.more.spam.example allow;\n");
  expect_match (&node, "/v1/export/postfix", "\ngood.more.spam.example DUNNO\n");
  expect_match (&node, "/v1/export/rbldnsd", "\n!.good.more.spam.example\n");
  /* Once, though it is below both. */
  expect_match (&node, "/v1/export/nginx-map",
                "^((?!good.more.spam)[^;]*;)*[^;]*good.more.spam.example allow;"
                "((?!good.more.spam)[^;]*;)*((?!good.more.spam)[^;])*$");
}

/* With an entry that is allowed: told as such, or not at all. */
static void
test_allowed_as_such (void)
{
  static const char *const say_so[] = { "json", "csv", "nginx-geo", "nginx-map", NULL };
  g_auto (Node) node = { 0 };
  gsize n;
  const TocsinExportFormat *const *formats = tocsin_export_formats (&n);

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_DOMAIN, "good.example", 1);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "203.0.113.5", 1);
  allow (&node, TOCSIN_SUBJECT_DOMAIN, "good.example");
  allow (&node, TOCSIN_SUBJECT_IP, "203.0.113.5");
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *target =
          g_strdup_printf ("/v1/export/%s?min_verdict=allow", formats[i]->name);
      g_autofree char *from_note =
          g_strdup_printf ("/v1/export/%s?min_verdict=note", formats[i]->name);
      gboolean says_so = g_strv_contains (say_so, formats[i]->name);
      g_auto (Answer) answer = { 0 };

      expect (&node, target, says_so ? 200 : 422, NULL);
      node_ask (&node, "GET", from_note, NULL, NULL, &answer);
      g_assert_null (strstr (answer.body->str, "good.example"));
      g_assert_null (strstr (answer.body->str, "203.0.113.5"));
    }
  expect_match (&node, "/v1/export/csv?min_verdict=allow", "\"good.example\",allow,");
  expect_match (&node, "/v1/export/json?min_verdict=allow",
                "\"203.0.113.5\",\"verdict\":\"allow\"");
  expect_match (&node, "/v1/export/nginx-geo?min_verdict=allow", "\n203.0.113.5 allow;\n");
  expect_match (&node, "/v1/export/nginx-map?min_verdict=allow", "\n.good.example allow;\n");
}

static gint64
read_serial (Node *node)
{
  g_autoptr (JsonNode) root = NULL;

  return json_object_get_int_member (read_manifest (node, "/v1/export/rpz/manifest", &root),
                                     "serial");
}

/* A secondary takes no other zone of the same serial, nor one of a lower. */
static void
test_serial (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) before = { 0 };
  gint64 last;

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  last = read_serial (&node);
  node_ask (&node, "GET", "/v1/export/rpz", NULL, NULL, &before);
  for (guint i = 0; i < 5; i++)
    {
      if (i < 2)
        tocsin_api_set_observe (node.api, i == 0, 0);
      else if (i == 2)
        node_trust (&node, 2, 7);
      else if (i == 3)
        now_us += TOCSIN_HOUR_US; /* more seconds than lists were made */
      else
        {
          node_restart (&node);
          node_trust (&node, 0, 1);
        }
      g_assert_cmpint (read_serial (&node), >, last);
      last = read_serial (&node);
      expect (&node, "/v1/export/csv", 200, NULL);
      g_assert_cmpint (read_serial (&node), ==, last);
      ask_if_none_match (&node, "/v1/export/rpz", before.etag, 200);
    }
  now_us = T0;
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/export/formats", test_formats);
  g_test_add_func ("/export/filters", test_filters);
  g_test_add_func ("/export/many", test_many);
  g_test_add_func ("/export/manifest", test_manifest);
  g_test_add_func ("/export/etag", test_etag);
  g_test_add_func ("/export/doubt", test_doubt);
  g_test_add_func ("/export/damaged-store", test_damaged_store);
  g_test_add_func ("/export/observing", test_observing);
  g_test_add_func ("/export/refusals", test_refusals);
  g_test_add_func ("/export/judged-as-a-check", test_judged_as_a_check);
  g_test_add_func ("/export/listing-is-a-walk", test_listing_is_a_walk);
  g_test_add_func ("/export/addresses-as-checked", test_addresses_as_checked);
  g_test_add_func ("/export/allowed-within", test_allowed_within);
  g_test_add_func ("/export/allowed-as-such", test_allowed_as_such);
  g_test_add_func ("/export/serial", test_serial);
  g_test_add_func ("/export/warm", test_warm);
  g_test_add_func ("/export/warm-profiles", test_warm_profiles);
  return g_test_run ();
}
