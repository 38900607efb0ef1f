/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What each format makes of its bytes, whole and in pieces of every size.
 */
#include <string.h>

#include "core/error.h"
#include "feeds/reader.h"

#define BOM "\xEF\xBB\xBF"

typedef struct
{
  const char *format;
  const char *text;
  const char *rows; /* "type:value@place" with a space between, "-" before one that is gone; NULL:
                     * it is refused */
  const char *column;
  const char *service;
} Vector;

static const Vector vectors[] = {
  { "lines", "192.0.2.1\n", ":192.0.2.1@1" },
  { "lines", BOM "# a\n\n 192.0.2.1 # b\r\n;c\nb.example;d\n", ":192.0.2.1@3 :b.example;d@5" },
  { "lines", "a.example\nb.example", ":a.example@1 :b.example@2" },
  { "lines", "m\xc3\xbcnchen.example\n", ":m\xc3\xbcnchen.example@1" },
  { "lines", "", NULL },
  { "lines", " \n\n", NULL },
  { "lines", BOM, NULL },
  { "lines", "\n <html>", NULL },
  { "lines", "a\xff\n", NULL },
  { "lines", "a\xc3", NULL },
  { "lines", "\x1f\x8b\x08", NULL },
  { "lines", "PK\x03\x04", NULL },
  { "lines", "\xff\xfe\x61", NULL },
  { "tor-exits", "192.0.2.1\n2001:db8::1\n", "ip:192.0.2.1@1 ip:2001:db8::1@2" },
  { "tor-exits",
    "ExitNode 0011BD2485AD45D984EC4159C88FC066E5E3300E\nPublished 2024-02-01 05:05:15\n"
    "LastStatus 2024-02-01 16:00:00\nExitAddress 192.0.2.1 2024-02-01 16:10:05\n",
    "ip:192.0.2.1@4" },
  { "tor-exits", "ExitAddress 192.0.2.1\n", NULL },
  { "tor-exits", "two words\n", NULL },
  { "csv", "ip,note\n192.0.2.1,\"a, \"\"b\"\"\nc\"\n192.0.2.2,\n", ":192.0.2.1@2 :192.0.2.2@4" },
  { "csv", "192.0.2.1,x\r\n192.0.2.2,y\r\n", ":192.0.2.1@1 :192.0.2.2@2" },
  { "csv", "a,b\n1,192.0.2.1\n", ":192.0.2.1@2", "b" },
  { "csv", "1,192.0.2.1\n", ":192.0.2.1@1", "2" },
  { "csv", "a,ip\n1,192.0.2.1\n", ":192.0.2.1@2", "2" },
  { "csv", "#c\n192.0.2.1\n", ":192.0.2.1@2" },
  { "csv", "a,b\n1,2\n", NULL, "c" },
  { "csv", "1\n", NULL, "2" },
  { "csv", "\"a\n", NULL },
  { "csv", "a\"b\n", NULL },
  { "csv", "\"a\"b\n", NULL },
  { "csv", "a\rb\n", NULL },
  { "mastodon-csv",
    "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n"
    "bad.example,suspend,true,true,spam,false\nb**.example,suspend,,,,\nfine.example,noop,,,,\n",
    "domain:bad.example@2" },
  { "mastodon-csv", "domain\nbad.example\n", "domain:bad.example@2" },
  { "mastodon-csv",
    "\" Domain\",\"#Severity\"\r\n\"bad.example\",\"Suspend\"\r\n\"fine.example\",\" Noop \"\r\n",
    "domain:bad.example@2" },
  { "mastodon-csv", "bad.example\n", NULL },
  { "mastodon-csv", "#domain,#severity\nbad.example\n", NULL },
  { "misp-warninglist",
    "{\"description\":\"x\",\"list\":[\"192.0.2.0/24\",\"\\u0061.example\"],\"name\":\"n\","
    "\"type\":\"cidr\",\"version\":1.5e3}",
    ":192.0.2.0/24@1 :a.example@2" },
  { "misp-warninglist", "{\"list\":[\"a\"]", NULL },
  { "misp-warninglist", "{\"list\":[1]}", NULL },
  { "misp-warninglist", "{\"list\":[[\"a\"]]}", NULL },
  { "misp-warninglist", "{\"list\":[\"a\"],\"type\":\"regex\"}", NULL },
  { "misp-warninglist", "{\"name\":\"n\"}", NULL },
  { "misp-warninglist", "[\"a\"]", NULL },
  { "misp-warninglist", "{\"list\":[\"a\"]} x", NULL },
  { "misp-warninglist", "{\"list\":[\"\\ud800\"]}", NULL },
  { "misp-warninglist", "{\"list\":[\"\\u0000\"]}", NULL },
  { "misp-warninglist", "{\"list\":[\"a\",]}", NULL },
  { "misp-warninglist", "{\"list\":[\"a\"],\"n\":01}", NULL },
  { "misp-warninglist", "{\"list\":[\"a\"],\"n\":nul}", NULL },
  { "cloud-ranges",
    "{\"syncToken\":\"1\",\"prefixes\":[{\"ip_prefix\":\"192.0.2.0/24\",\"region\":\"x\","
    "\"service\":\"EC2\"},{\"service\":\"S3\",\"ip_prefix\":\"198.51.100.0/24\"}],"
    "\"ipv6_prefixes\":[{\"ipv6_prefix\":\"2001:db8::/32\",\"service\":\"EC2\"}]}",
    "network:192.0.2.0/24@1 network:198.51.100.0/24@2 network:2001:db8::/32@1" },
  { "cloud-ranges",
    "{\"prefixes\":[{\"ip_prefix\":\"192.0.2.0/24\",\"service\":\"EC2\"},"
    "{\"service\":\"S3\",\"ip_prefix\":\"198.51.100.0/24\"}]}",
    "network:192.0.2.0/24@1", NULL, "EC2" },
  { "cloud-ranges",
    "{\"prefixes\":[{\"ipv4Prefix\":\"192.0.2.0/24\"},{\"ipv6Prefix\":\"2001:db8::/32\"}]}",
    "network:192.0.2.0/24@1 network:2001:db8::/32@2" },
  { "cloud-ranges",
    "{\"cloud\":\"Public\",\"values\":[{\"name\":\"AzureCloud\",\"properties\":{\"region\":\"\","
    "\"addressPrefixes\":[\"192.0.2.0/24\",\"2001:db8::/32\"],\"networkFeatures\":[\"API\"]}}]}",
    "network:192.0.2.0/24@1 network:2001:db8::/32@1" },
  { "cloud-ranges", "{\"prefixes\":[{\"ip_prefix\":\"192.0.2.0/24\",\"service\":\"S3\"}]}", NULL,
    NULL, "EC2" },
  { "cloud-ranges", "{\"x\":[]}", NULL },
  { "cloud-ranges", "{\"prefixes\":[\"192.0.2.0/24\"]}", NULL },
  { "fires",
    "{\"type\":\"OrderedCollection\",\"totalItems\":4,\"orderedItems\":["
    "{\"type\":\"Recommendation\",\"entityKind\":\"domain\",\"entityKey\":\"a.example\","
    "\"recommendedPolicy\":\"drop\",\"labels\":[\"x\"]},"
    "{\"type\":\"Advisory\",\"entityKind\":\"actor\",\"entityKey\":\"https://b.example/u\"},"
    "{\"type\":\"Retraction\",\"entityKind\":\"domain\",\"entityKey\":\"c.example\"},"
    "{\"type\":\"Recommendation\",\"entityKind\":\"domain\",\"entityKey\":\"d.example\","
    "\"recommendedPolicy\":\"accept\"},{\"type\":\"Tombstone\",\"id\":\"https://x.example/1\"},"
    "{\"type\":\"Advisory\",\"entityKind\":\"hashtag\",\"entityKey\":\"e\"}]}",
    "domain:a.example@1 actor:https://b.example/u@2 -domain:c.example@3 -domain:d.example@4" },
  { "fires",
    "{\"type\":\"OrderedCollection\",\"orderedItems\":[{\"type\":\"Retraction\",\"id\":\"https://x/"
    "1\"},"
    "{\"type\":\"Advisory\",\"entityKind\":\"domain\",\"entityKey\":\"a.example\"}]}",
    "domain:a.example@2" },
  { "fires", "{\"type\":\"OrderedCollection\",\"first\":\"/p1\"}", "" },
  { "fires", "{\"type\":\"Dataset\",\"endpoints\":{\"snapshot\":\"/s\",\"changes\":\"/c\"}}", "" },
  { "fires", "{\"type\":\"Note\",\"orderedItems\":[]}", NULL },
  { "fires", "{\"type\":\"OrderedCollection\",\"orderedItems\":[{\"type\":\"Advisory\"}]}", NULL },
  { "fires", "{\"type\":\"OrderedCollection\",\"orderedItems\":{}}", NULL },
};

static gboolean
add_row (const TocsinFeedRow *row, gpointer data, GError **error G_GNUC_UNUSED)
{
  GString *out = data;
  const char *type = tocsin_subject_type_to_string (row->type);

  g_string_append_printf (out, "%s%s%s:%s@%" G_GUINT64_FORMAT, out->len > 0 ? " " : "",
                          row->gone ? "-" : "", type != NULL ? type : "", row->value, row->place);
  return TRUE;
}

/* The rows, or NULL with @error. */
static char *
read_in_pieces (const Vector *v, gsize piece, GError **error)
{
  TocsinFeedReadOptions options = { .column = v->column, .service = v->service };
  g_autoptr (GString) rows = g_string_new (NULL);
  g_autoptr (TocsinFeedReader) reader = tocsin_feed_reader_new (v->format, &options, add_row, rows);
  gsize size = strlen (v->text);

  g_assert_nonnull (reader);
  for (gsize at = 0; at < size; at += piece)
    if (!tocsin_feed_reader_push (reader, v->text + at, MIN (piece, size - at), error))
      return NULL;
  if (!tocsin_feed_reader_end (reader, error))
    return NULL;
  return g_string_free (g_steal_pointer (&rows), FALSE);
}

static void
test_vector (gconstpointer data)
{
  const Vector *v = data;
  static const gsize pieces[] = { 1, 2, 3, 7, 1000 };

  for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *rows = read_in_pieces (v, pieces[i], &error);

      if (v->rows == NULL)
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      else
        g_assert_no_error (error);
      g_assert_cmpstr (rows, ==, v->rows);
    }
}

/* Reads it; free it with tocsin_feed_reader_free(). */
static TocsinFeedReader *
read_fires (const char *text, GString *rows)
{
  static const TocsinFeedReadOptions options = { NULL, NULL };
  TocsinFeedReader *reader = tocsin_feed_reader_new ("fires", &options, add_row, rows);
  g_autoptr (GError) error = NULL;

  tocsin_feed_reader_push (reader, text, strlen (text), &error);
  g_assert_no_error (error);
  tocsin_feed_reader_end (reader, &error);
  g_assert_no_error (error);
  return reader;
}

static void
test_links (void)
{
  static const char text[] =
      "{\"type\":\"OrderedCollectionPage\",\"first\":\"/1\",\"next\":\"/3\",\"changes\":\"/c\","
      "\"orderedItems\":[]}";
  g_autoptr (GString) rows = g_string_new (NULL);
  g_autoptr (TocsinFeedReader) reader = read_fires (text, rows);
  TocsinFeedLinks links;

  tocsin_feed_reader_links (reader, &links);
  /* A page with items was read; its "first" is behind it. */
  g_assert_cmpstr (links.first, ==, NULL);
  g_assert_cmpstr (links.next, ==, "/3");
  g_assert_cmpstr (links.changes, ==, "/c");
  g_assert_false (links.unnamed);
}

/* What takes something back without a name is told; the entities of the rest are there. */
static void
test_unnamed (void)
{
  static const char *const items[] = { "{\"type\":\"Tombstone\",\"id\":\"https://x.example/1\"}",
                                       "{\"type\":\"Retraction\",\"id\":\"https://x.example/1\"}" };

  for (gsize i = 0; i < G_N_ELEMENTS (items); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"type\":\"Collection\",\"orderedItems\":[%s]}", items[i]);
      g_autoptr (GString) rows = g_string_new (NULL);
      g_autoptr (TocsinFeedReader) reader = read_fires (text, rows);
      TocsinFeedLinks links;

      tocsin_feed_reader_links (reader, &links);
      g_assert_true (links.unnamed);
      g_assert_cmpstr (rows->str, ==, "");
    }
}

static void
test_long_line (void)
{
  g_autofree char *line = g_strnfill (TOCSIN_FEED_LINE_MAX_BYTES + 1, 'a');
  Vector v = { "lines", line, NULL };

  test_vector (&v);
  v.format = "csv";
  test_vector (&v);
}

static void
test_deep (void)
{
  g_autofree char *deep = g_strnfill (10000, '[');
  g_autofree char *text = g_strconcat ("{\"x\":", deep, NULL);
  Vector v = { "misp-warninglist", text, NULL };

  test_vector (&v);
}

static gboolean
refuse_row (const TocsinFeedRow *row G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED, GError **error)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE, "enough");
  return FALSE;
}

static void
test_stops (void)
{
  TocsinFeedReadOptions options = { NULL, NULL };
  g_autoptr (TocsinFeedReader) reader =
      tocsin_feed_reader_new ("lines", &options, refuse_row, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_feed_reader_push (reader, "a.example\nb.example\n", 20, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
  g_assert_null (tocsin_feed_reader_new ("tar", &options, refuse_row, NULL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/feed-readers/%s/%" G_GSIZE_FORMAT, vectors[i].format, i);

      g_test_add_data_func (path, &vectors[i], test_vector);
    }
  g_test_add_func ("/feed-readers/links", test_links);
  g_test_add_func ("/feed-readers/unnamed", test_unnamed);
  g_test_add_func ("/feed-readers/long-line", test_long_line);
  g_test_add_func ("/feed-readers/deep", test_deep);
  g_test_add_func ("/feed-readers/stops", test_stops);
  return g_test_run ();
}
