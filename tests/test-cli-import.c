/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "cli/import-file.h"
#include "core/error.h"

static TocsinImport *
parse (const char *text, TocsinImportFormat format, TocsinSubjectType type, GError **error)
{
  return tocsin_import_parse (text, strlen (text), format, type, error);
}

/* Entries as "type:value:category:comment@place" with a space between. */
static char *
describe (const TocsinImport *list)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < list->entries->len; i++)
    {
      const TocsinImportEntry *e = &g_array_index (list->entries, TocsinImportEntry, i);

      g_string_append_printf (
          out, "%s%s:%s:%s:%s@%u", i > 0 ? " " : "", e->type != NULL ? e->type : "", e->value,
          e->category != NULL ? e->category : "", e->comment != NULL ? e->comment : "", e->place);
    }
  return g_string_free (out, FALSE);
}

static void
test_lists (void)
{
  static const struct
  {
    const char *text;
    TocsinImportFormat format; /* what it is found to be */
    TocsinSubjectType type;
    const char *entries;
    guint skipped;
  } vectors[] = {
    { "192.0.2.1\n\n# a comment\n192.0.2.2 # why\r\n192.0.2.3", TOCSIN_IMPORT_LINES,
      TOCSIN_SUBJECT_IP, ":192.0.2.1::@1 :192.0.2.2::@4 :192.0.2.3::@5", 0 },
    { "\xEF\xBB\xBF"
      "192.0.2.1\n",
      TOCSIN_IMPORT_LINES, TOCSIN_SUBJECT_IP, ":192.0.2.1::@1", 0 },
    /* The type says which of the two; the entry which it is. */
    { "; drop list\n192.0.2.0/24 ; SBL1\n192.0.2.1\n", TOCSIN_IMPORT_LINES, TOCSIN_SUBJECT_IP,
      "network:192.0.2.0/24::@2 :192.0.2.1::@3", 0 },
    { "192.0.2.0/24\n192.0.2.1\n", TOCSIN_IMPORT_LINES, TOCSIN_SUBJECT_NETWORK,
      ":192.0.2.0/24::@1 ip:192.0.2.1::@2", 0 },
    { "a.example\nnot a domain\nb.example\n", TOCSIN_IMPORT_LINES, TOCSIN_SUBJECT_DOMAIN,
      ":a.example::@1 :not a domain::@2 :b.example::@3", 0 },
    { "value,comment\r\na.example,\"why, \"\"so\"\"\"\r\n\r\nb.example,\r\n", TOCSIN_IMPORT_CSV,
      TOCSIN_SUBJECT_DOMAIN, ":a.example::why, \"so\"@2 :b.example::@4", 0 },
    { "Type,Value,Category\nip,192.0.2.1,spam\nemail,a@b.example,\n", TOCSIN_IMPORT_CSV,
      TOCSIN_SUBJECT_NONE, "ip:192.0.2.1:spam:@2 email:a@b.example::@3", 0 },
    { "network,comment\n192.0.2.0/24,\n192.0.2.1,\n", TOCSIN_IMPORT_CSV, TOCSIN_SUBJECT_NONE,
      "network:192.0.2.0/24::@2 ip:192.0.2.1::@3", 0 },
    { "domain,comment\na.example,\"two\nlines\"\nb.example,x\n", TOCSIN_IMPORT_CSV,
      TOCSIN_SUBJECT_NONE, "domain:a.example::two\nlines@2 domain:b.example::x@4", 0 },
    { "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n"
      "bad.example,suspend,false,false,spam,false\nso***so.example,silence,false,false,,true\n"
      "fine.example,noop,true,false,,false\n",
      TOCSIN_IMPORT_MASTODON_CSV, TOCSIN_SUBJECT_NONE, "domain:bad.example::spam@2", 2 },
    { "#domain\nbad.example\n", TOCSIN_IMPORT_MASTODON_CSV, TOCSIN_SUBJECT_DOMAIN,
      "domain:bad.example::@2", 0 },
    /* As FediBlockHole writes it. */
    { "domain,severity,reject_media,public_comment\r\nbad.example,suspend,False,spam\r\n"
      "fine.example,noop,False,\r\nso***so.example,silence,False,\r\n",
      TOCSIN_IMPORT_MASTODON_CSV, TOCSIN_SUBJECT_NONE, "domain:bad.example::spam@2", 2 },
    /* As a spreadsheet saves Mastodon's own. */
    { "\"#domain\",\"#severity\",\"#public_comment\"\r\n\"bad.example\",\"suspend\",\"\"\r\n"
      "\"fine.example\",\"noop\",\"\"\r\n",
      TOCSIN_IMPORT_MASTODON_CSV, TOCSIN_SUBJECT_NONE, "domain:bad.example::@2", 1 },
    { "\"#domain\"\r\n\"bad.example\"\r\n\"b*d.example\"\r\n", TOCSIN_IMPORT_MASTODON_CSV,
      TOCSIN_SUBJECT_NONE, "domain:bad.example::@2", 1 },
    { "Severity,Domain\nSuspend,bad.example\nNoop,fine.example\n NOOP ,fine.example\n"
      "noopt,odd.example\n",
      TOCSIN_IMPORT_MASTODON_CSV, TOCSIN_SUBJECT_NONE,
      "domain:bad.example::@2 domain:odd.example::@5", 2 },
    /* Neither is: the severity is of something else, or a remark comes first. */
    { "email,severity\na@b.example,noop\n", TOCSIN_IMPORT_CSV, TOCSIN_SUBJECT_NONE,
      "email:a@b.example::@2", 0 },
    { "#domains, by severity\nbad.example\n", TOCSIN_IMPORT_LINES, TOCSIN_SUBJECT_DOMAIN,
      ":bad.example::@2", 0 },
    { "{\"type\":\"cidr\",\"list\":[\"192.0.2.0/24\",\"192.0.2.1\"]}",
      TOCSIN_IMPORT_MISP_WARNINGLIST, TOCSIN_SUBJECT_NETWORK, ":192.0.2.0/24::@1 ip:192.0.2.1::@2",
      0 },
    { "{\"type\":\"hostname\",\"list\":[\".a.example\",\"b.example\"]}",
      TOCSIN_IMPORT_MISP_WARNINGLIST, TOCSIN_SUBJECT_DOMAIN, ":a.example::@1 :b.example::@2", 0 },
    { "[\"192.0.2.1\",{\"value\":\"a.example\",\"type\":\"domain\",\"category\":\"spam\"}]",
      TOCSIN_IMPORT_JSON, TOCSIN_SUBJECT_IP, ":192.0.2.1::@1 domain:a.example:spam:@2", 0 },
    { "{\"entries\":[{\"value\":\"192.0.2.1\",\"comment\":\"x\"}]}", TOCSIN_IMPORT_JSON,
      TOCSIN_SUBJECT_IP, ":192.0.2.1::x@1", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinImport) list =
          parse (vectors[i].text, TOCSIN_IMPORT_AUTO, vectors[i].type, &error);
      g_autofree char *entries = NULL;

      g_assert_no_error (error);
      entries = describe (list);
      g_assert_cmpstr (entries, ==, vectors[i].entries);
      g_assert_cmpint (list->format, ==, vectors[i].format);
      g_assert_cmpuint (list->skipped, ==, vectors[i].skipped);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    TocsinImportFormat format;
    TocsinSubjectType type;
    const char *words; /* of the message */
  } vectors[] = {
    { "", TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_IP, "empty" },
    { "# nothing\n\n", TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_IP, "empty" },
    { "  <!DOCTYPE html><html>", TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_DOMAIN, "HTML" },
    { "<?xml version='1.0'?>", TOCSIN_IMPORT_LINES, TOCSIN_SUBJECT_DOMAIN, "HTML" },
    { "404: Not Found\n", TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_DOMAIN, "no valid domain" },
    { "a.example\nb.example\n", TOCSIN_IMPORT_LINES, TOCSIN_SUBJECT_IP, "line 1" },
    { "a.example\n\nb\xE9.example\n", TOCSIN_IMPORT_LINES, TOCSIN_SUBJECT_DOMAIN, "line 3" },
    { "\xFF\xFE"
      "a",
      TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_DOMAIN, "UTF-16" },
    { "\x1F\x8B\x08", TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_DOMAIN, "compressed" },
    { "a.example\x07\n", TOCSIN_IMPORT_LINES, TOCSIN_SUBJECT_DOMAIN, "control" },
    { "value\n\"a.example", TOCSIN_IMPORT_CSV, TOCSIN_SUBJECT_DOMAIN, "cut short" },
    { "value,comment\na.example,x\nb.exam", TOCSIN_IMPORT_CSV, TOCSIN_SUBJECT_DOMAIN, "line 3" },
    { "value\n\"a\"b\n", TOCSIN_IMPORT_CSV, TOCSIN_SUBJECT_DOMAIN, "quoted" },
    { "a.example,x\n", TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_DOMAIN, "no column" },
    { "value\nb.example\n", TOCSIN_IMPORT_MASTODON_CSV, TOCSIN_SUBJECT_DOMAIN, "Mastodon" },
    { "{\"list\":[\"a.example\"", TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_DOMAIN, "JSON" },
    { "{\"list\":[\"^a\"],\"type\":\"regex\"}", TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_DOMAIN,
      "regular expressions" },
    { "{\"list\":[1]}", TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_DOMAIN, "line 1" },
    { "{\"a\":1}", TOCSIN_IMPORT_JSON, TOCSIN_SUBJECT_DOMAIN, "entries" },
    { "[{\"type\":\"ip\"}]", TOCSIN_IMPORT_JSON, TOCSIN_SUBJECT_DOMAIN, "value" },
    { "[{\"type\":\"iq\",\"value\":\"x\"}]", TOCSIN_IMPORT_JSON, TOCSIN_SUBJECT_NONE,
      "no type “iq”" },
    { "[\"\"]", TOCSIN_IMPORT_JSON, TOCSIN_SUBJECT_DOMAIN, "empty" },
    { "[]", TOCSIN_IMPORT_JSON, TOCSIN_SUBJECT_DOMAIN, "empty" },
    { "\"a\"", TOCSIN_IMPORT_JSON, TOCSIN_SUBJECT_DOMAIN, "neither" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinImport) list =
          parse (vectors[i].text, vectors[i].format, vectors[i].type, &error);

      g_assert_null (list);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      if (strstr (error->message, vectors[i].words) == NULL)
        g_error ("vector %" G_GSIZE_FORMAT ": “%s” lacks “%s”", i, error->message,
                 vectors[i].words);
    }
}

/* What the command line lacks is no fault of the file. */
static void
test_needs_type (void)
{
  static const char *const texts[] = { "192.0.2.1\n", "value\n192.0.2.1\n",
                                       "type,value\nip,192.0.2.1\n,192.0.2.2\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinImport) list =
          parse (texts[i], TOCSIN_IMPORT_AUTO, TOCSIN_SUBJECT_NONE, &error);

      g_assert_null (list);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
    }
}

/* A NUL does not end a list early. */
static void
test_nul (void)
{
  static const char text[] = "a.example\n\0b.example\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinImport) list = tocsin_import_parse (text, sizeof text - 1, TOCSIN_IMPORT_LINES,
                                                       TOCSIN_SUBJECT_DOMAIN, &error);

  g_assert_null (list);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/import/lists", test_lists);
  g_test_add_func ("/cli/import/refused", test_refused);
  g_test_add_func ("/cli/import/needs-type", test_needs_type);
  g_test_add_func ("/cli/import/nul", test_nul);
  return g_test_run ();
}
