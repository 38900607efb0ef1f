/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The reader in pieces: what it tells of a document, wherever that is cut, and that it takes what
 * the strict reader takes, but for duplicate members.
 */
#include <string.h>

#include "codec/json-events.h"
#include "codec/json-strict.h"
#include "core/error.h"

/* One event as DEPTH, #ELEMENT, NAME= and what it is: { } [ ] "text" or a dot. */
static gboolean
write_event (const TocsinJsonEvent *event, gpointer data, GError **error)
{
  static const char *const marks[] = { "{", "}", "[", "]", "", "." };
  GString *out = data;

  g_string_append_printf (out, " %u", event->depth);
  if (event->element > 0)
    g_string_append_printf (out, "#%" G_GUINT64_FORMAT, event->element);
  if (event->name != NULL)
    g_string_append_printf (out, "%s=", event->name);
  g_string_append (out, marks[event->kind]);
  g_assert_true ((event->text != NULL) == (event->kind == TOCSIN_JSON_EVENT_STRING));
  if (event->text != NULL)
    g_string_append_printf (out, "\"%s\"", event->text);
  return TRUE;
}

/* The events of @text, pushed whole or a character at a time; NULL if it is refused. */
static char *
trace (const char *text, gsize size, gboolean in_pieces, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (TocsinJsonEvents) events = tocsin_json_events_new (write_event, out);
  const char *end = text + size;

  while (text < end)
    {
      gsize piece = in_pieces ? (gsize) (g_utf8_next_char (text) - text) : size;

      if (!tocsin_json_events_push (events, text, piece, error))
        return NULL;
      text += piece;
    }
  return tocsin_json_events_end (events, error) ? g_string_free (g_steal_pointer (&out), FALSE)
                                                : NULL;
}

static gboolean
strict_takes (const char *text, gsize size)
{
  g_autoptr (JsonNode) node = tocsin_json_parse (text, size, NULL, NULL, NULL);

  return node != NULL;
}

static const struct
{
  const char *text;
  const char *events;
} good[] = {
  { "{}", " 0{ 0}" },
  { "[]", " 0[ 0]" },
  { " \t\r\n[ ] \n", " 0[ 0]" },
  { "\"a\"", " 0\"a\"" },
  { "\"\"", " 0\"\"" },
  { "true", " 0." },
  { "null ", " 0." },
  { "-0", " 0." },
  { "1.5e+10\n", " 0." },
  { "{\"a\":1}", " 0{ 1a=. 0}" },
  { "{\"a\":\"b\",\"c\":false}", " 0{ 1a=\"b\" 1c=. 0}" },
  { "{\"\":\"\"}", " 0{ 1=\"\" 0}" },
  { "{ \"a\" : { \"b\" : [ ] } , \"c\" : null }", " 0{ 1a={ 2b=[ 2] 1} 1c=. 0}" },
  { "[1,\"x\",[2],{}]", " 0[ 1#1. 1#2\"x\" 1#3[ 2#1. 1#3] 1#4{ 1#4} 0]" },
  { "[0,-1,10,0.25,-0.5,1e5,1E-5,1.0E+9]", " 0[ 1#1. 1#2. 1#3. 1#4. 1#5. 1#6. 1#7. 1#8. 0]" },
  { "{\"a\":1,\"a\":2}", " 0{ 1a=. 1a=. 0}" }, /* told as they come */
  { "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", " 0[ 1#1\"\"\\/\b\f\n\r\t\" 0]" },
  { "[\"\\u0041\\u00e4\\u20AC\\uFFFF\"]", " 0[ 1#1\"A\xc3\xa4\xe2\x82\xac\xef\xbf\xbf\" 0]" },
  { "[\"\\ud83d\\uDE00x\"]", " 0[ 1#1\"\xf0\x9f\x98\x80x\" 0]" },
  { "{\"\xc3\xa4\\u0042\":\"\xf0\x9f\x98\x80\x7f\"}", " 0{ 1\xc3\xa4"
                                                      "B=\"\xf0\x9f\x98\x80\x7f\" 0}" },
};

static void
test_good (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    for (int in_pieces = 0; in_pieces < 2; in_pieces++)
      {
        g_autoptr (GError) error = NULL;
        g_autofree char *events = trace (good[i].text, strlen (good[i].text), in_pieces, &error);

        g_assert_no_error (error);
        g_assert_cmpstr (events, ==, good[i].events);
        if (strstr (good[i].text, "\"a\":2") == NULL)
          g_assert_true (strict_takes (good[i].text, strlen (good[i].text)));
      }
}

/* No beginning of an object or array is a document. */
static void
test_cut_short (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      gsize size = strlen (good[i].text);

      while (g_ascii_isspace (good[i].text[size - 1]))
        size--;
      if (good[i].text[size - 1] != '}' && good[i].text[size - 1] != ']')
        continue;
      for (gsize cut = 0; cut < size; cut++)
        {
          g_autoptr (GError) error = NULL;

          g_assert_null (trace (good[i].text, cut, FALSE, &error));
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
          g_assert_nonnull (strstr (error->message, ": the document is cut short"));
        }
    }
}

#define VALUE     "a value is expected"
#define NO_VALUE  "this is no value"
#define NAME      "the name of a member is expected"
#define COLON     "a colon is expected"
#define COMMA     "a comma is expected"
#define BRACKETS  "brackets do not match"
#define AFTER     "there is something after the document"
#define ESCAPE    "there is no such escape"
#define HEX       "four hexadecimal digits are expected"
#define HALF      "half a surrogate pair"
#define CHARACTER "this escape is no character"
#define CONTROL   "there is a control character in a string"
#define CUT       "the document is cut short"

static const struct
{
  const char *text;
  const char *says;
} bad[] = {
  { "", CUT },
  { " ", CUT },
  { ",", VALUE },
  { "]", VALUE },
  { "}", VALUE },
  { "'a'", VALUE },
  { "+1", VALUE },
  { ".5", VALUE },
  { "[,1]", VALUE },
  { "[1,]", VALUE },
  { "[1,,2]", VALUE },
  { "{\"a\":}", VALUE },
  { "{\"a\":]", VALUE },
  { "// a\n1", VALUE },
  { "\xef\xbb\xbf{}", VALUE },
  { "truE", NO_VALUE },
  { "nul", NO_VALUE },
  { "[True]", NO_VALUE },
  { "[NaN]", NO_VALUE },
  { "[undefined]", NO_VALUE },
  { "[-]", NO_VALUE },
  { "[-a]", NO_VALUE },
  { "[01]", NO_VALUE },
  { "[-01]", NO_VALUE },
  { "[0x10]", NO_VALUE },
  { "[1.]", NO_VALUE },
  { "[1.e5]", NO_VALUE },
  { "[1e]", NO_VALUE },
  { "[1e+]", NO_VALUE },
  { "[1E-]", NO_VALUE },
  { "[1e5.5]", NO_VALUE },
  { "[1-2]", NO_VALUE },
  { "[1.5.5]", NO_VALUE },
  { "{1:2}", NAME },
  { "{a:1}", NAME },
  { "{,}", NAME },
  { "{]", NAME },
  { "{\"a\":1,}", NAME },
  { "{\"a\":1,,", NAME },
  { "{\"a\",1}", COLON },
  { "{\"a\"}", COLON },
  { "{\"a\" \"b\"}", COLON },
  { "[1 2]", COMMA },
  { "[1:2]", COMMA },
  { "{\"a\":1 \"b\":2}", COMMA },
  { "{\"a\":1:2}", COMMA },
  { "[\"a\"\"b\"]", COMMA },
  { "[{}{}]", COMMA },
  { "[1}", BRACKETS },
  { "{\"a\":1]", BRACKETS },
  { "[[1]}", BRACKETS },
  { "{\"a\":{}]", BRACKETS },
  { "{}{}", AFTER },
  { "[]]", AFTER },
  { "{}}", AFTER },
  { "\"a\"1", AFTER },
  { "1 2", AFTER },
  { "1,", AFTER },
  { "true]", AFTER },
  { "\"\\x\"", ESCAPE },
  { "\"\\'\"", ESCAPE },
  { "\"\\U0041\"", ESCAPE },
  { "\"\\\n\"", ESCAPE },
  { "\"\\u00g0\"", HEX },
  { "\"\\u004\"", HEX },
  { "\"\\u 041\"", HEX },
  { "\"\\ud800\"", HALF },
  { "\"\\ud800x\"", HALF },
  { "\"\\ud800\\n\"", HALF },
  { "\"\\ud800\xc3\xa4\"", HALF },
  { "\"\\ud800\\ud800\"", CHARACTER },
  { "\"\\ud800\\u0041\"", CHARACTER },
  { "\"\\ud800\\ue000\"", CHARACTER },
  { "\"\\udc00\"", CHARACTER },
  { "\"\\udfff\\ud800\"", CHARACTER },
  { "\"\\u0000\"", CHARACTER },
  { "{\"\\u0000\":1}", CHARACTER },
  { "\"a\tb\"", CONTROL },
  { "\"a\nb\"", CONTROL },
  { "\"a\x1f\"", CONTROL },
  { "{\"\r\":1}", CONTROL },
  { "\"", CUT },
  { "\"a", CUT },
  { "\"\\", CUT },
  { "\"\\u12", CUT },
  { "[1", CUT },
  { "[tru", CUT },
};

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    for (int in_pieces = 0; in_pieces < 2; in_pieces++)
      {
        g_autoptr (GError) error = NULL;

        g_test_message ("%s", bad[i].text);
        g_assert_null (trace (bad[i].text, strlen (bad[i].text), in_pieces, &error));
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
        g_assert_true (g_str_has_suffix (error->message, bad[i].says));
        g_assert_false (strict_takes (bad[i].text, strlen (bad[i].text)));
      }
}

static void
test_nul (void)
{
  static const char *const texts[] = { "[1\0]", "[\"\0\"]", "[\"\\\0\"]", "\0[]" };
  static const gsize sizes[] = { 4, 5, 6, 3 };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (trace (texts[i], sizes[i], FALSE, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
    }
}

static void
test_line (void)
{
  static const struct
  {
    const char *text;
    const char *says;
  } cases[] = {
    { "x", "Line 1 of the JSON document: " NO_VALUE },
    { "[1,\n2,\r\n\n:]", "Line 4 of the JSON document: " VALUE },
    { "[\n1\n", "Line 3 of the JSON document: " CUT },
    { "[\n\"\n", "Line 2 of the JSON document: " CONTROL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (trace (cases[i].text, strlen (cases[i].text), FALSE, &error));
      g_assert_cmpstr (error->message, ==, cases[i].says);
    }
}

/* @n times @what between @before and @after: taken, and with one more refused. */
static void
check_limit (const char *before, const char *what, gsize n, const char *after, const char *says)
{
  for (gsize more = 0; more <= 1; more++)
    {
      g_autoptr (GString) text = g_string_new (before);
      g_autoptr (GError) error = NULL;
      g_autofree char *events = NULL;

      for (gsize i = 0; i < n + more; i++)
        g_string_append (text, what);
      g_string_append (text, after);
      events = trace (text->str, text->len, FALSE, &error);
      if (more == 0)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_null (events);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_true (g_str_has_suffix (error->message, says));
    }
}

/* A string is as long as what it says, however it is written. */
static void
test_limits (void)
{
  static const char too_long[] = "a string is too long";
  const gsize most = TOCSIN_JSON_EVENTS_STRING_BYTES;
  g_autofree char *closing = g_strnfill (TOCSIN_JSON_EVENTS_DEPTH - 1, ']');
  g_autofree char *inner = g_strconcat ("[]", closing, NULL);

  check_limit ("\"", "x", most, "\"", too_long);
  check_limit ("\"", "\\n", most, "\"", too_long);
  check_limit ("\"", "\\u0041", most, "\"", too_long);
  check_limit ("\"", "\\u00e4", most / 2, "\"", too_long);
  check_limit ("\"", "\\ud83d\\ude00", most / 4, "\"", too_long);
  check_limit ("{\"", "x", most, "\":1}", too_long);
  check_limit ("{\"", "\\t", most, "\":1}", too_long);
  check_limit ("[", "1", 32, "]", "a number is too long");
  check_limit ("", "[", TOCSIN_JSON_EVENTS_DEPTH - 1, inner, "it is nested too deeply");
}

static gboolean
stop_at_string (const TocsinJsonEvent *event, gpointer data, GError **error)
{
  ++*(guint *) data;
  if (event->kind != TOCSIN_JSON_EVENT_STRING)
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, "enough");
  return FALSE;
}

/* Whoever is told may stop it, at any kind of event, with an error of its own. */
static void
test_stopped (void)
{
  guint told = 0;
  g_autoptr (TocsinJsonEvents) events = tocsin_json_events_new (stop_at_string, &told);
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_json_events_push (events, "[1,\"x\",2]", 9, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
  g_assert_cmpuint (told, ==, 3);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-events/good", test_good);
  g_test_add_func ("/json-events/cut-short", test_cut_short);
  g_test_add_func ("/json-events/bad", test_bad);
  g_test_add_func ("/json-events/nul", test_nul);
  g_test_add_func ("/json-events/line", test_line);
  g_test_add_func ("/json-events/limits", test_limits);
  g_test_add_func ("/json-events/stopped", test_stopped);
  return g_test_run ();
}
