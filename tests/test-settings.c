/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "node/settings.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/error.h"
#include "node/settings-value.h"

static const struct
{
  const char *name;
  const char *text;
  guint line; /* of the fault; 0: none */
} FILES[] = {
  { "empty", "", 0 },
  { "comment-only", "# nothing\n\n", 0 },
  { "group-only", "[node]", 0 },
  { "plain", "[node]\nlisten=127.0.0.1:80\nburst-per-hour=7\n", 0 },
  { "blanks-after-choice", "[node]\nfollow-policy=open \n", 2 },
  { "blanks-after-text", "[node]\nname=Bell\t\n", 2 },
  { "blanks-in-quotes", "[node]\nname='Bell '\n", 2 },
  { "blanks-after-quotes", "[node]\nname='Bell' \n", 0 },
  { "blanks-after-number", "[node]\nburst-per-hour=7 \n", 0 },
  { "spaces", "  [node]  \n\tlisten  =  [::1]:80\n", 0 },
  { "crlf", "[node]\r\nlisten=127.0.0.1:80\r\nfollow-policy=open\r\n", 0 },
  { "quoted", "[node]\nbase-url='https://tocsin.example'\n", 0 },
  { "unquoted", "[node]\nbase-url=https://tocsin.example\nname=The \"Bell\"\n", 0 },
  { "list", "[node]\ntrusted-proxies=['192.0.2.0/24', '2001:db8::1']\n", 0 },
  { "empty-list", "[node]\nfollow-allow-domains=[]\n", 0 },
  { "api-none", "[node]\napi-listen=none\n", 0 },
  { "equals-in-value", "[node]\nappeal-url=https://a.example/?q=1\n", 0 },
  { "low-bound", "[node]\nretention-days=400\n", 0 },
  { "high-bound", "[node]\nretention-days=3650\n", 0 },
  { "unknown-group", "[node]\n[Node]\n", 2 },
  { "unknown-key", "[node]\nlisten=127.0.0.1:80\nfollow-polcy=open\n", 3 },
  { "upper-case-key", "[node]\nListen=127.0.0.1:80\n", 2 },
  { "translated-key", "[node]\nlisten[de]=127.0.0.1:80\n", 2 },
  { "no-key", "[node]\n=1\n", 2 },
  { "before-group", "\nlisten=127.0.0.1:80\n[node]\n", 2 },
  { "twice", "[node]\nburst-per-hour=7\n#\nburst-per-hour=8\n", 4 },
  { "group-twice", "[node]\nburst-per-hour=7\n[node]\n", 3 },
  { "two-returns-after-group", "[node]\t\r\r\n", 1 },
  { "junk", "[node]\nhello\n", 2 },
  { "open-group", "[node\n", 1 },
  { "byte-order-mark", "\xEF\xBB\xBF[node]\n", 1 },
  { "not-utf8", "[node]\nname=\xFF\n", 2 },
  { "not-a-number", "[node]\nburst-per-hour=many\n", 2 },
  { "quoted-number", "[node]\nburst-per-hour='7'\n", 2 },
  { "negative", "[node]\nburst-per-hour=-1\n", 2 },
  { "fraction", "[node]\nburst-per-hour=1.5\n", 2 },
  { "zero", "[node]\nburst-per-hour=0\n", 2 },
  { "too-low", "[node]\nretention-days=399\n", 2 },
  { "too-high", "[node]\nretention-days=3651\n", 2 },
  { "past-u32", "[node]\nretention-days=4294967696\n", 2 },
  { "empty-number", "[node]\nburst-per-hour=\n", 2 },
  { "not-a-field-name", "[node]\nname=x\nauthz-client-header=X Real\n", 3 },
  { "no-field-name", "[node]\nauthz-client-header=\n", 2 },
  { "not-a-boolean", "[node]\nallow-get-checks=yes\n", 2 },
  { "no-such-choice", "[node]\nfollow-policy=closed\n", 2 },
  { "choice-with-case", "[node]\nfollow-policy=Open\n", 2 },
  { "not-a-list", "[node]\ntrusted-proxies=127.0.0.1\n", 2 },
  { "bad-list-entry", "[node]\ntrusted-proxies=['127.0.0.1', 'proxy']\n", 2 },
  { "shared-host-bits", "[node]\nshared-networks=['192.0.2.1/24']\n", 2 },
  { "shared-leading-zero", "[node]\nshared-networks=['192.0.2.0/024']\n", 2 },
  { "shared-zeros", "[node]\nshared-networks=['2001:db8::1', '0.0.0.0/00']\n", 2 },
  { "half-a-pair", "[node]\nname=x\\ud800\n", 2 },
  { "beyond-unicode", "[node]\nname='\\U00110000'\n", 2 },
  { "too-long-mask", "[node]\ntrusted-proxies=['2001:db8::/129']\n", 2 },
  { "host-bits", "[node]\ntrusted-proxies=['192.0.2.1/24']\n", 2 },
  { "bad-domain", "[node]\nfollow-allow-domains=['https://a.example']\n", 2 },
  { "address-as-domain", "[node]\nfollow-allow-domains=['192.0.2.1']\n", 2 },
  { "listen-name", "[node]\nlisten=tocsin.example:80\n", 2 },
  { "listen-none", "[node]\nlisten=none\n", 2 },
  { "listen-port-0", "[node]\nlisten=127.0.0.1:0\n", 2 },
  { "listen-port-65536", "[node]\nlisten=127.0.0.1:65536\n", 2 },
  { "listen-no-port", "[node]\nlisten=127.0.0.1\n", 2 },
  { "listen-bare-v6", "[node]\nlisten=::1:80\n", 2 },
  { "url-path", "[node]\nbase-url=https://tocsin.example/node\n", 2 },
  { "contact-text", "[node]\ncontact=ask me\n", 2 },
  { "contact-line-break", "[node]\ncontact='a@b.example\\nBcc: c@d.example'\n", 2 },
  { "name-line-break", "[node]\nname='a\\nb'\n", 2 },
  { "username-dot", "[node]\npreferred-username=.a\n", 2 },
  { "username-empty", "[node]\npreferred-username=\n", 2 },
  { "own-profile", "[node]\ndefault-profile=my_own-1\n", 0 },
  { "profile-path", "[node]\ndefault-profile=../strict\n", 2 },
  { "appeal-script", "[node]\nappeal-url=javascript:alert(1)\n", 2 },
  { "appeal-http", "[node]\nappeal-url=http://a.example/\n", 2 },
};

static void
test_text (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSettingsSchema) schema = tocsin_settings_schema_load (&error);
  g_autofree char *prefix = g_strdup_printf ("t.conf:%u: ", FILES[i].line);
  gboolean ok = FALSE;

  g_assert_no_error (error);
  ok = tocsin_settings_check_text (schema, FILES[i].text, strlen (FILES[i].text), "t.conf", &error);
  if (FILES[i].line == 0)
    {
      g_assert_no_error (error);
      g_assert_true (ok);
      return;
    }
  g_assert_false (ok);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, prefix));
  g_assert_null (strchr (error->message, '\n'));
}

static void
test_nul_and_size (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSettingsSchema) schema = tocsin_settings_schema_load (&error);
  g_autofree char *big = g_strnfill (TOCSIN_SETTINGS_FILE_MAX_BYTES + 1, '\n');

  g_assert_no_error (error);
  g_assert_false (tocsin_settings_check_text (schema, "[node]\n\0x", 9, "t.conf", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (
      tocsin_settings_check_text (schema, big, TOCSIN_SETTINGS_FILE_MAX_BYTES + 1, "t", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_true (
      tocsin_settings_check_text (schema, big, TOCSIN_SETTINGS_FILE_MAX_BYTES, "t", &error));
  g_assert_no_error (error);
}

static void
test_long_text_is_cut (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSettingsSchema) schema = tocsin_settings_schema_load (&error);
  g_autofree char *filler = g_strnfill (5000, 'x');
  g_autofree char *text = g_strdup_printf ("[node]\n%s=1\n", filler);

  g_assert_false (tocsin_settings_check_text (schema, text, strlen (text), "t.conf", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_cmpuint (strlen (error->message), <, 200);
}

static const struct
{
  const char *text;
  const char *origin; /* NULL: refused */
} ORIGINS[] = {
  { "https://tocsin.example", "https://tocsin.example" },
  { "https://tocsin.example/", "https://tocsin.example" },
  { "HTTPS://Tocsin.Example:443", "https://tocsin.example" },
  { "http://127.0.0.1:8477", "http://127.0.0.1:8477" },
  { "http://[::1]:80", "http://[::1]" },
  { "https://xn--bcher-kva.example:8443", "https://xn--bcher-kva.example:8443" },
  { "https://tocsin.example//", NULL },
  { "https://tocsin.example/a", NULL },
  { "https://tocsin.example?a", NULL },
  { "https://tocsin.example#a", NULL },
  { "https://u:p@tocsin.example", NULL },
  { "https://tocsin.example:0", NULL },
  { "https://tocsin.example:65536", NULL },
  { "https://tocsin.example.", NULL },
  { "https://b\xC3\xBC"
    "cher.example",
    NULL },
  { "https://a%2eexample", NULL },
  { "https://a_b.example", NULL },
  { "https://[fe80::1%25eth0]", NULL },
  { "https://", NULL },
  { "https:///", NULL },
  { "https:tocsin.example", NULL },
  { "ftp://tocsin.example", NULL },
  { "tocsin.example", NULL },
  { "https://tocsin.example ", NULL },
  { "", NULL },
};

static void
test_origins (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ORIGINS); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *origin = tocsin_settings_canonicalise_origin (ORIGINS[i].text, &error);
      g_autofree char *again = NULL;

      g_test_message ("%s", ORIGINS[i].text);
      g_assert_cmpstr (origin, ==, ORIGINS[i].origin);
      if (origin == NULL)
        {
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
          continue;
        }
      again = tocsin_settings_canonicalise_origin (origin, &error);
      g_assert_cmpstr (again, ==, origin);
    }
}

static void
test_open (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("tocsin-settings-XXXXXX", &error);
  g_autofree char *path = g_build_filename (dir, "etc", "node.conf", NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *policy = NULL;
  g_autoptr (GSettings) settings = tocsin_settings_open (path, TRUE, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_settings_get_uint (settings, "burst-per-hour"), ==, 200);
  g_assert_false (g_file_test (parent, G_FILE_TEST_EXISTS));
  g_assert_null (tocsin_settings_open (path, FALSE, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (tocsin_settings_open (dir, TRUE, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_clear_error (&error);

  g_assert_cmpint (g_mkdir (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (
      path, "[node]\nburst-per-hour = 7  \nfollow-policy = open\r\n", -1, &error));
  g_clear_object (&settings);
  settings = tocsin_settings_open (path, FALSE, &error);
  g_assert_no_error (error);
  policy = g_settings_get_string (settings, "follow-policy");
  g_assert_cmpstr (policy, ==, "open");
  g_assert_cmpuint (g_settings_get_uint (settings, "burst-per-hour"), ==, 7);

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (parent), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

/* Every setting is in the shipped example, commented out, with a value that passes. */
static void
test_example (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSettingsSchema) schema = tocsin_settings_schema_load (&error);
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "..", "data", "node.conf.example", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) keys = g_settings_schema_list_keys (schema);
  g_autoptr (GRegex) comment = g_regex_new ("^#(?=[a-z-]+=)", G_REGEX_MULTILINE, 0, &error);
  g_autofree char *live = NULL;

  g_assert_no_error (error);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (tocsin_settings_check_text (schema, text, strlen (text), "example", &error));
  g_assert_no_error (error);
  live = g_regex_replace_literal (comment, text, -1, 0, "", 0, &error);
  g_assert_true (tocsin_settings_check_text (schema, live, strlen (live), "example", &error));
  g_assert_no_error (error);
  for (gsize i = 0; keys[i] != NULL; i++)
    {
      g_autofree char *line = g_strdup_printf ("\n%s=", keys[i]);

      g_test_message ("%s", keys[i]);
      g_assert_nonnull (strstr (live, line));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (FILES); i++)
    {
      g_autofree char *path = g_strdup_printf ("/settings/text/%s", FILES[i].name);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_text);
    }
  g_test_add_func ("/settings/nul-and-size", test_nul_and_size);
  g_test_add_func ("/settings/long-text-is-cut", test_long_text_is_cut);
  g_test_add_func ("/settings/origins", test_origins);
  g_test_add_func ("/settings/open", test_open);
  g_test_add_func ("/settings/example", test_example);
  return g_test_run ();
}
