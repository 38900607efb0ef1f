/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The key file of a feed, and the ready-made ones.
 */
#include <string.h>

#include "core/error.h"
#include "feeds/definition.h"

#define HEAD "[feed]\nurl=https://lists.example/a.txt\n"
#define GOOD HEAD "format=lines\ntype=ip\ncategory=hosting\n"

static const struct
{
  const char *text;
  const char *message; /* a part of it; NULL: it is right */
} vectors[] = {
  { GOOD, NULL },
  { "# c\r\n [feed] \r\nurl = https://lists.example/\r\nformat=csv\r\ntype=ip\r\n"
    "category=hosting\r\ncolumn=2\r\n",
    NULL },
  { GOOD "every-hours=6\nmax-mib=10\ntitle=Über\ncanary=127.0.0.2\n", NULL },
  { HEAD "format=tor-exits\ncategory=tor_exit\n", NULL },
  { HEAD "format=mmdb\n", NULL },
  { "[feed]\nurl=file:///srv/list\nformat=cloud-ranges\ncategory=hosting\nservice=EC2\n", NULL },
  { "", "feed.conf: url is missing" },
  { "url=https://a.example/\n", "feed.conf:1: this stands before the group" },
  { "[node]\n", "feed.conf:1: there is one group" },
  { GOOD "[feed]\n", "feed.conf:6: there is one group" },
  { GOOD "type=ip\n", "feed.conf:6: type is set a second time" },
  { GOOD "colour=red\n", "feed.conf:6: there is no key “colour”" },
  { GOOD "words\n", "feed.conf:6: this is neither" },
  { GOOD "every-hours=0\n", "feed.conf:6: every-hours must be" },
  { GOOD "every-hours=721\n", "feed.conf:6: every-hours must be" },
  { GOOD "max-mib=x\n", "max-mib must be" },
  { GOOD "title=\n", "title must be" },
  { GOOD "column=1\n", "feed.conf:6: column is for the format csv alone" },
  { GOOD "service=EC2\n", "feed.conf:6: service is for the format cloud-ranges alone" },
  { HEAD "format=lines\ncategory=hosting\n", "feed.conf: type is missing" },
  { HEAD "format=lines\ntype=ip\n", "feed.conf: category is missing" },
  { HEAD "format=lines\ntype=fax\n", "type must be one of" },
  { HEAD "format=lines\ntype=ip\ncategory=rude\n", "category must be" },
  { HEAD "format=lines\ntype=email\ncategory=tor_exit\n",
    "feed.conf:5: category tor_exit says nothing about the type email" },
  { HEAD "format=tor-exits\ntype=ip\ncategory=tor_exit\n",
    "feed.conf:4: type is not for the format" },
  { HEAD "format=mmdb\ncategory=hosting\n", "feed.conf:4: category is not for the format mmdb" },
  { HEAD "format=tar\n", "format must be one of" },
  { "[feed]\n\xFF", "feed.conf: it is no UTF-8 text" },
  { "[feed]\nurl=ftp://a.example/\n", "url must be" },
  { "[feed]\nurl=https://u:p@a.example/\n", "url must be" },
  { "[feed]\nurl=file:list\n", "url must have an absolute path" },
  { "[feed]\nurl=https://a.example/ x\n", "url must be a URL in ASCII" },
};

static void
test_texts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinFeedDefinition) definition = tocsin_feed_definition_parse (
          "a-feed", vectors[i].text, strlen (vectors[i].text), "feed.conf", &error);

      if (vectors[i].message == NULL)
        {
          g_assert_no_error (error);
          g_assert_nonnull (definition->title);
          continue;
        }
      g_assert_true (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID) ||
                     g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE));
      if (strstr (error->message, vectors[i].message) == NULL)
        g_error ("%s: %s", vectors[i].message, error->message);
    }
}

static void
test_names (void)
{
  static const char *const bad[] = {
    "", "-a", "a-", "A", "a.b", "a/b", "ä", "a2345678901234567890123456789012345678901"
  };

  g_assert_true (tocsin_feed_name_is_valid ("a"));
  g_assert_true (tocsin_feed_name_is_valid ("tor-exits-2"));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (tocsin_feed_name_is_valid (bad[i]));
}

/* Another way of reading is another list. */
static void
test_reading (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFeedDefinition) one =
      tocsin_feed_definition_parse ("a", GOOD, strlen (GOOD), "f", &error);
  g_autoptr (TocsinFeedDefinition) titled =
      tocsin_feed_definition_parse ("a", GOOD "title=x\n", strlen (GOOD "title=x\n"), "f", &error);
  g_autofree char *a = tocsin_feed_definition_reading (one);
  g_autofree char *b = tocsin_feed_definition_reading (titled);

  g_assert_no_error (error);
  g_assert_cmpstr (a, ==, b);
  titled->type = TOCSIN_SUBJECT_DOMAIN;
  g_free (b);
  b = tocsin_feed_definition_reading (titled);
  g_assert_cmpstr (a, !=, b);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/feed-definition/texts", test_texts);
  g_test_add_func ("/feed-definition/names", test_names);
  g_test_add_func ("/feed-definition/reading", test_reading);
  return g_test_run ();
}
