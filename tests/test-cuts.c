/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What lists tell of networks in which something is allowed.
 */
#include "export-case.h"

#include "http/listing.h"
#include "store/table-allow.h"

/* What is told under one key is told for all that were reported there. */
static void
test_categories_within (void)
{
  static const char *const inner[] = { "203.0.113.0/25", "203.0.113.64/26" };

  for (guint order = 0; order < 4; order++)
    {
      g_auto (Node) node = { 0 };

      node_init (&node);
      /* Once the wider one is the stronger, once the narrower. */
      node_report (&node, order % 2 == 0 ? 0 : 1, TOCSIN_SUBJECT_NETWORK, "203.0.113.0/24", 3);
      node_report (&node, order % 2 == 0 ? 1 : 0, TOCSIN_SUBJECT_NETWORK, inner[order / 2], 1);
      allow (&node, TOCSIN_SUBJECT_IP, "203.0.113.1");
      expect_match (&node, "/v1/export/lines?type=network&category=scam",
                    "(?s)^(?=.*\\b203\\.0\\.113\\.0/32\n)(?=.*\\b203\\.0\\.113\\.2/31\n)"
                    "(?=.*\\b203\\.0\\.113\\.64/26\n)(?=.*\\b203\\.0\\.113\\.128/25\n)");
      expect_match (&node, "/v1/export/lines?type=network&category=spam",
                    "203\\.0\\.113\\.64/26\n");
    }
}

/* An address that is a piece of a network is in a list once, whatever was listed before. Where the
 * piece says more it comes after, as nginx takes the later line. */
static void
test_address_within (void)
{
  static const struct
  {
    guint32 network_by; /* 0: a block, else a note */
    guint32 address_by;
    const char *geo;
  } vectors[] = {
    { 0, 0, "\n192\\.0\\.2\\.8 block;\n" },
    { 1, 1, "\n192\\.0\\.2\\.8 note;\n" },
    { 1, 0, "\n192\\.0\\.2\\.8 block;\n" },
    { 0, 1, "\n192\\.0\\.2\\.8 note;\n(.*\n)?192\\.0\\.2\\.8/32 block;\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_auto (Node) node = { 0 };
      g_auto (Answer) answer = { 0 };
      const char *verdict = vectors[i].network_by * vectors[i].address_by == 0 ? "block" : "note";
      g_autofree char *csv = g_strdup_printf ("\n[^\n]*192\\.0\\.2\\.8/32\",%s,", verdict);
      gboolean twice = vectors[i].network_by == 0 && vectors[i].address_by != 0;

      node_init (&node);
      node_report (&node, vectors[i].network_by, TOCSIN_SUBJECT_NETWORK, "192.0.2.8/31", 17);
      node_report (&node, vectors[i].address_by, TOCSIN_SUBJECT_IP, "192.0.2.8", 17);
      allow (&node, TOCSIN_SUBJECT_IP, "192.0.2.9");
      expect_match (&node, "/v1/export/nginx-geo?min_verdict=note", vectors[i].geo);
      node_ask (&node, "GET", "/v1/export/nginx-geo?min_verdict=note", NULL, NULL, &answer);
      g_assert_cmpint (strstr (answer.body->str, "192.0.2.8/32") != NULL, ==, twice);
      expect_match (&node, "/v1/export/csv?type=network", csv);
      expect (&node, "/v1/export/lines?type=ip", 200, "192.0.2.8\n");
    }
}

typedef struct
{
  const char *prefix;
  guint n;
  guint step;
  guint length;
} Allowed;

static gboolean
allow_many (TocsinTxn *txn, gpointer data, GError **error)
{
  const Allowed *allowed = data;

  for (guint i = 0; i < allowed->n; i++)
    {
      g_auto (TocsinAllowRecord) record = { .type = TOCSIN_SUBJECT_NETWORK };
      g_auto (TocsinSubject) subject = { 0 };

      record.value =
          g_strdup_printf ("%s:%x::/%u", allowed->prefix, i * allowed->step, allowed->length);
      if (!tocsin_subject_parse (&subject, TOCSIN_SUBJECT_NETWORK, record.value, error))
        return FALSE;
      record.key = tocsin_subject_key (&subject);
      tocsin_allow_put (txn, &record);
    }
  return TRUE;
}

/* What is around a long allow list is not looked up to its end once the node stops. */
static void
test_stop_among_cuts (void)
{
  Allowed allowed = { "2001:db8:1", 1100, 32, 64 };
  gint stop = 0;
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "2001:db8:1::/48", 17);
  g_assert_true (tocsin_store_write (node.store, allow_many, &allowed, NULL));
  for (; stop < 2; stop++)
    {
      TocsinListingFilter filter = { .types = 0xfe, .verdicts = 0xf };
      g_auto (TocsinJudge) judge = { 0 };
      g_autoptr (TocsinListing) listing = NULL;
      g_autoptr (GError) error = NULL;
      TocsinExportMoment moment;
      gboolean too_long;

      tocsin_judge_begin (&judge, node.api, NULL, FALSE);
      g_assert_true (tocsin_export_moment (&judge, &moment, NULL));
      listing = tocsin_listing_new (&judge, &filter, &moment, NULL, 1000, &stop, &too_long, &error);
      g_assert_cmpint (listing == NULL, ==, stop);
      g_assert_cmpint (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE), ==, stop);
    }
}

static gboolean
report_around (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint length = 20; length < 100; length++)
    {
      g_autofree char *value = g_strdup_printf ("2001:db8:1::/%u", length);
      Report report = { 0, TOCSIN_SUBJECT_NETWORK, value, 17, 0 };

      if (!put_report (txn, &report, error))
        return FALSE;
    }
  return TRUE;
}

/* Many networks around many allowed ones: each falls into no more pieces than it may, and all
 * together do not either. */
static void
test_too_many_pieces_in_all (void)
{
  Allowed allowed = { "2001:db8:1:0:0:0", 3900, 2, 112 };
  g_auto (Node) node = { 0 };
  g_autoptr (JsonNode) root = NULL;
  JsonObject *manifest;

  node_init (&node);
  g_assert_true (tocsin_store_write (node.store, report_around, NULL, NULL));
  g_assert_true (tocsin_store_write (node.store, allow_many, &allowed, NULL));
  manifest =
      read_manifest (&node, "/v1/export/lines/manifest?type=network&min_verdict=note", &root);
  /* Of 80 networks some 66 have room. */
  g_assert_cmpint (json_object_get_int_member (manifest, "skipped"), >, 10);
  g_assert_cmpint (json_object_get_int_member (manifest, "skipped"), <, 20);
  g_assert_cmpint (json_object_get_int_member (manifest, "count"), >, 3900);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuts/categories-within", test_categories_within);
  g_test_add_func ("/cuts/address-within", test_address_within);
  g_test_add_func ("/cuts/stop-among-cuts", test_stop_among_cuts);
  g_test_add_func ("/cuts/too-many-pieces-in-all", test_too_many_pieces_in_all);
  return g_test_run ();
}
