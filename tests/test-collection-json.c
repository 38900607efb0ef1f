/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/collection-json.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "golden-body.h"

#define OUTBOX "https://a.example/outbox"
#define ACTOR  "https://a.example/actor"

static void
test_bare_head (void)
{
  g_autoptr (TocsinCollectionHead) head = tocsin_collection_head_new (OUTBOX, ACTOR);
  g_autoptr (GBytes) bytes = tocsin_collection_head_to_bytes (head);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinCollectionHead) read = tocsin_collection_head_parse (bytes, OUTBOX, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (read->id, ==, OUTBOX);
  g_assert_cmpstr (read->attributed_to, ==, ACTOR);
  g_assert_null (read->epoch);
  g_assert_null (read->first);
  g_assert_cmpint (read->last_sequence, ==, -1);
  g_assert_cmpint (read->total_items, ==, -1);
  g_assert_cmpint (read->as_of_us, ==, 0);
  g_assert_false (read->has_digest);
}

static void
test_full_head (void)
{
  g_autoptr (TocsinCollectionHead) head = tocsin_collection_head_new (OUTBOX, ACTOR);
  g_autoptr (TocsinCollectionHead) read = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  head->epoch = g_strdup ("5f1c");
  head->last_sequence = 0;
  head->total_items = 7;
  head->as_of_us = 20000 * TOCSIN_DAY_US;
  head->has_digest = TRUE;
  memset (head->digest, 0xa5, sizeof head->digest);
  head->first = g_strdup (OUTBOX "/after/0");
  bytes = tocsin_collection_head_to_bytes (head);
  read = tocsin_collection_head_parse (bytes, OUTBOX, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (read->epoch, ==, "5f1c");
  g_assert_cmpint (read->last_sequence, ==, 0);
  g_assert_cmpint (read->total_items, ==, 7);
  g_assert_cmpint (read->as_of_us, ==, head->as_of_us);
  g_assert_true (read->has_digest);
  g_assert_cmpmem (read->digest, sizeof read->digest, head->digest, sizeof head->digest);
  g_assert_cmpstr (read->first, ==, head->first);
}

#define NO_COUNT  ": not a count"
#define NOT_LATER ": not a later page of the same outbox"
#define NO_ARRAY  ": missing, or not an array"
#define NO_EPOCH  ": not a string of 1 to 64 bytes"
#define NO_OWNER  ": missing, or not an id in canonical form"

#define HEAD "'id':'" OUTBOX "','type':'OrderedCollection','attributedTo':'" ACTOR "'"

static void
test_refused_heads (void)
{
  static const struct
  {
    const char *json;
    const char *says;
  } rows[] = {
    { "[]", "The document is not an object" },
    { "{}", "/id: not where the collection was read" },
    { "{'id':'https://a.example/else','type':'OrderedCollection','attributedTo':'" ACTOR "'}",
      "/id: not where the collection was read" },
    { "{'id':'" OUTBOX "','type':'Collection','attributedTo':'" ACTOR "'}",
      "/type: not OrderedCollection" },
    { "{'id':'" OUTBOX "','type':'OrderedCollection'}", "/attributedTo" NO_OWNER },
    { "{'id':'" OUTBOX "','type':'OrderedCollection','attributedTo':'https://A.example/actor'}",
      "/attributedTo" NO_OWNER },
    { "{" HEAD ",'lastSequence':-1}", "/lastSequence" NO_COUNT },
    { "{" HEAD ",'lastSequence':1.5}", "/lastSequence" NO_COUNT },
    { "{" HEAD ",'lastSequence':'1'}", "/lastSequence" NO_COUNT },
    { "{" HEAD ",'totalItems':9007199254740992}", "/totalItems" NO_COUNT },
    { "{" HEAD ",'epoch':''}", "/epoch" NO_EPOCH },
    { "{" HEAD ",'epoch':5}", "/epoch" NO_EPOCH },
    { "{" HEAD ",'epoch':'12345678901234567890123456789012345678901234567890123456789012345'}",
      "/epoch" NO_EPOCH },
    { "{" HEAD ",'digest':'abc'}", "/digest: not 64 hexadecimal digits" },
    { "{" HEAD ",'digest':1}", "/digest: not 64 hexadecimal digits" },
    { "{" HEAD ",'asOf':'yesterday'}", "/asOf: not an RFC 3339 time" },
    { "{" HEAD ",'first':'https://b.example/outbox/after/0'}",
      "/first: on another origin than the collection" },
    { "{" HEAD ",'first':[1,2]}", "/first: not a URI" },
    { "{" HEAD ",'asOf':7}", "/asOf: not an RFC 3339 time" },
    { "{" HEAD ",'first':'x'}", "/first: Not a URI with a host" },
    { "{" HEAD ",'first':'" OUTBOX "#1'}", "/first: This id may not have a fragment" },
    { "{" HEAD ",'digest':'0000000000000000000000000000000000000000000000000000000000000000 '}",
      "/digest: not 64 hexadecimal digits" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) body = json_body (rows[i].json);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i].json);
      g_assert_null (tocsin_collection_head_parse (body, OUTBOX, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, rows[i].says);
    }
}

/* Fedify names no owner, so its collections are not ours to believe. */
static void
test_golden_head (void)
{
  g_autoptr (GBytes) body = golden_body ("10-fedify-collection-answer.json");
  g_autoptr (GError) error = NULL;

  g_assert_null (
      tocsin_collection_head_parse (body, "http://127.0.0.1:8502/actors/beta/reports", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
}

/* Activities with white space and escapes that a second writing would change. */
static void
test_page_keeps_bytes (void)
{
  static const char *const items[] = { "{ \"b\":1 , \"a\":\"\\u0041]}\" }", "{}", "[\"x\", 1.50]" };
  g_autoptr (TocsinOutboxPage) page = tocsin_outbox_page_new ("5f1c", 7);
  g_autoptr (TocsinOutboxPage) read = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (items); i++)
    g_ptr_array_add (page->activities, g_bytes_new_static (items[i], strlen (items[i])));
  page->last_sequence = 12;
  page->has_next = TRUE;
  bytes = tocsin_outbox_page_to_bytes (page, OUTBOX);
  read = tocsin_outbox_page_parse (bytes, OUTBOX, 7, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (read->epoch, ==, "5f1c");
  g_assert_cmpint (read->after, ==, 7);
  g_assert_cmpint (read->last_sequence, ==, 12);
  g_assert_true (read->has_next);
  g_assert_cmpuint (read->activities->len, ==, G_N_ELEMENTS (items));
  for (guint i = 0; i < read->activities->len; i++)
    g_assert_true (g_bytes_equal (read->activities->pdata[i], page->activities->pdata[i]));
}

static void
test_empty_last_page (void)
{
  g_autoptr (TocsinOutboxPage) page = tocsin_outbox_page_new (NULL, 0);
  g_autoptr (GBytes) bytes = tocsin_outbox_page_to_bytes (page, OUTBOX);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinOutboxPage) read = tocsin_outbox_page_parse (bytes, OUTBOX, 0, &error);

  g_assert_no_error (error);
  g_assert_null (read->epoch);
  g_assert_cmpint (read->last_sequence, ==, -1);
  g_assert_false (read->has_next);
  g_assert_cmpuint (read->activities->len, ==, 0);
}

#define PAGE "'id':'" OUTBOX "/after/7','type':'OrderedCollectionPage','orderedItems':[{}]"

static void
test_refused_pages (void)
{
  static const struct
  {
    const char *json;
    const char *says;
  } rows[] = {
    { "{}", "/orderedItems" NO_ARRAY },
    { "{'id':'" OUTBOX "/after/7','type':'OrderedCollectionPage'}", "/orderedItems" NO_ARRAY },
    { "{'id':'" OUTBOX "/after/8','type':'OrderedCollectionPage','orderedItems':[]}",
      "/id: not the page that was asked for" },
    { "{'id':'" OUTBOX "/after/7','type':'OrderedCollection','orderedItems':[]}",
      "/type: not OrderedCollectionPage" },
    { "{'id':'" OUTBOX "/after/7','type':'OrderedCollectionPage','orderedItems':{}}",
      "/orderedItems" NO_ARRAY },
    { "{" PAGE ",'next':'https://b.example/outbox/after/9'}", "/next" NOT_LATER },
    { "{" PAGE ",'next':'" OUTBOX "/after/7'}", "/next" NOT_LATER },
    { "{" PAGE ",'next':'" OUTBOX "/after/6'}", "/next" NOT_LATER },
    { "{" PAGE ",'next':'" OUTBOX "/after/-1'}", "/next" NOT_LATER },
    { "{" PAGE ",'next':'" OUTBOX "/after/9x'}", "/next" NOT_LATER },
    { "{" PAGE ",'next':'" OUTBOX "/after/99999999999999999999'}", "/next" NOT_LATER },
    { "{" PAGE ",'next':7}", "/next" NOT_LATER },
    { "{" PAGE ",'lastSequence':6}", "/lastSequence: before the page begins" },
    { "{" PAGE ",'lastSequence':9,'next':'" OUTBOX "/after/8'}",
      "/next: does not go on at lastSequence" },
    { "{" PAGE ",'epoch':[]} x", "JSON byte 102: something follows the document" },
    { "{" PAGE ",'orderedItems':[{'evil':1}]}",
      "JSON byte 104, at /orderedItems: duplicate member name" },
    { "{" PAGE ",'epoch':[]}", "/epoch" NO_EPOCH },
    { "{" PAGE ",'lastSequence':-1}", "/lastSequence" NO_COUNT },
    { "{" PAGE ",'lastSequence':7,'next':'" OUTBOX "/after/8'}",
      "/next: does not go on at lastSequence" },
    { "{'type':'OrderedCollectionPage','orderedItems':[]}",
      "/id: not the page that was asked for" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) body = json_body (rows[i].json);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i].json);
      g_assert_null (tocsin_outbox_page_parse (body, OUTBOX, 7, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, rows[i].says);
    }
}

static void
test_page_limits (void)
{
  g_autoptr (TocsinOutboxPage) page = tocsin_outbox_page_new (NULL, 0);
  g_autoptr (GBytes) small = g_bytes_new_static ("{}", 2);
  g_autoptr (GBytes) bytes = NULL, huge = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (tocsin_outbox_page_has_room (page, 500 * 1024));
  g_assert_false (tocsin_outbox_page_has_room (page, TOCSIN_PAGE_MAX_BYTES));
  while (tocsin_outbox_page_has_room (page, 2))
    g_ptr_array_add (page->activities, g_bytes_ref (small));
  g_assert_cmpuint (page->activities->len, ==, TOCSIN_PAGE_MAX_ACTIVITIES);
  g_ptr_array_add (page->activities, g_bytes_ref (small));
  bytes = tocsin_outbox_page_to_bytes (page, OUTBOX);
  g_assert_null (tocsin_outbox_page_parse (bytes, OUTBOX, 0, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_clear_error (&error);
  huge = g_bytes_new_take (g_malloc0 (TOCSIN_PAGE_MAX_BYTES + 1), TOCSIN_PAGE_MAX_BYTES + 1);
  g_assert_null (tocsin_outbox_page_parse (huge, OUTBOX, 0, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
}

/* What fills a page to the brim can be read again by a peer with the same limits. */
static void
test_full_page_can_be_read (void)
{
  g_autoptr (TocsinOutboxPage) page = tocsin_outbox_page_new ("5f1c", 0);
  g_autofree char *text = g_strnfill (16 * 1024, '1');
  g_autoptr (TocsinOutboxPage) read = NULL;
  g_autoptr (GBytes) bytes = NULL, item = NULL;
  g_autoptr (GError) error = NULL;

  text[0] = '[';
  for (gsize i = 2; i < 16 * 1024 - 1; i += 2)
    text[i] = ',';
  text[16 * 1024 - 1] = ']';
  text[16 * 1024 - 2] = '1';
  item = g_bytes_new (text, 16 * 1024);
  while (tocsin_outbox_page_has_room (page, 16 * 1024))
    g_ptr_array_add (page->activities, g_bytes_ref (item));
  page->last_sequence = 40;
  bytes = tocsin_outbox_page_to_bytes (page, OUTBOX);
  g_assert_cmpuint (g_bytes_get_size (bytes), <=, TOCSIN_PAGE_MAX_BYTES);
  read = tocsin_outbox_page_parse (bytes, OUTBOX, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (read->activities->len, ==, page->activities->len);
}

static void
test_reports_digest (void)
{
  static const guint8 content[2][TOCSIN_SHA256_BYTES] = { { 1 }, { 2 } };
  guint8 forward[TOCSIN_SHA256_BYTES] = { 0 }, backward[TOCSIN_SHA256_BYTES] = { 0 };
  static const guint8 zero[TOCSIN_SHA256_BYTES] = { 0 };
  guint8 expected[TOCSIN_SHA256_BYTES];
  const char *line = "https://a.example/reports/1\n"
                     "0100000000000000000000000000000000000000000000000000000000000000";

  tocsin_sha256 (line, strlen (line), expected);
  tocsin_reports_digest_add (forward, "https://a.example/reports/1", content[0]);
  g_assert_cmpmem (forward, sizeof forward, expected, sizeof expected);
  tocsin_reports_digest_add (forward, "https://a.example/reports/2", content[1]);
  tocsin_reports_digest_add (backward, "https://a.example/reports/2", content[1]);
  tocsin_reports_digest_add (backward, "https://a.example/reports/1", content[0]);
  g_assert_cmpmem (forward, sizeof forward, backward, sizeof backward);
  tocsin_reports_digest_add (forward, "https://a.example/reports/2", content[1]);
  tocsin_reports_digest_add (forward, "https://a.example/reports/1", content[0]);
  g_assert_cmpmem (forward, sizeof forward, zero, sizeof zero);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/collection/bare-head", test_bare_head);
  g_test_add_func ("/collection/full-head", test_full_head);
  g_test_add_func ("/collection/refused-heads", test_refused_heads);
  g_test_add_func ("/collection/golden-head", test_golden_head);
  g_test_add_func ("/collection/page-keeps-bytes", test_page_keeps_bytes);
  g_test_add_func ("/collection/empty-last-page", test_empty_last_page);
  g_test_add_func ("/collection/refused-pages", test_refused_pages);
  g_test_add_func ("/collection/page-limits", test_page_limits);
  g_test_add_func ("/collection/full-page-can-be-read", test_full_page_can_be_read);
  g_test_add_func ("/collection/reports-digest", test_reports_digest);
  return g_test_run ();
}
