/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/error.h"
#include "http/reply.h"

static const struct
{
  TocsinError code;
  guint status;
  const char *type;
} codes[] = {
  { TOCSIN_ERROR_INVALID, 400, "invalid" },
  { TOCSIN_ERROR_UNPROCESSABLE, 422, "unprocessable" },
  { TOCSIN_ERROR_STALE, 422, "stale" },
  { TOCSIN_ERROR_FUTURE, 422, "future" },
  { TOCSIN_ERROR_TOO_LARGE, 413, "too-large" },
  { TOCSIN_ERROR_UNSUPPORTED, 415, "unsupported" },
  { TOCSIN_ERROR_NOT_FOUND, 404, "not-found" },
  { TOCSIN_ERROR_GONE, 410, "gone" },
  { TOCSIN_ERROR_CONFLICT, 409, "conflict" },
  { TOCSIN_ERROR_UNAUTHENTICATED, 401, "unauthenticated" },
  { TOCSIN_ERROR_KEY_UNREACHABLE, 401, "key-unreachable" },
  { TOCSIN_ERROR_FORBIDDEN, 403, "forbidden" },
  { TOCSIN_ERROR_NOT_A_PEER, 403, "not-a-peer" },
  { TOCSIN_ERROR_OWNERSHIP, 403, "ownership" },
  { TOCSIN_ERROR_EQUIVOCATION, 403, "equivocation" },
  { TOCSIN_ERROR_REFUSED, 403, "refused" },
  { TOCSIN_ERROR_BUSY, 429, "busy" },
  { TOCSIN_ERROR_UNAVAILABLE, 503, "unavailable" },
  { TOCSIN_ERROR_UNREACHABLE, 502, "unreachable" },
  { TOCSIN_ERROR_STORE, 503, "store" },
};

static void
test_codes (void)
{
  g_autoptr (TocsinReply) reply = tocsin_reply_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (TOCSIN_ERROR, codes[i].code, "/var/x");
      g_autofree char *type = g_strdup_printf ("{\"type\":\"%s\",", codes[i].type);
      const char *body;

      tocsin_reply_reset (reply);
      tocsin_reply_set_error (reply, error);
      body = tocsin_reply_get_buffer (reply)->str;
      g_assert_cmpuint (tocsin_reply_get_status (reply), ==, codes[i].status);
      g_assert_true (g_str_has_prefix (body, type));
      g_assert_cmpstr (tocsin_reply_get_content_type (reply), ==, TOCSIN_TYPE_PROBLEM);
      g_assert_true ((codes[i].status == 429 || codes[i].status == 503) ==
                     (tocsin_reply_get_header (reply, "retry-after") != NULL));
      g_assert_true ((codes[i].status == 401) ==
                     (tocsin_reply_get_header (reply, "WWW-Authenticate") != NULL));
      /* Every code but the store's speaks of the caller's own doing. */
      g_assert_true ((codes[i].code == TOCSIN_ERROR_STORE) == (strstr (body, "/var/x") == NULL));
    }
}

static void
test_foreign_error_says_nothing (void)
{
  g_autoptr (TocsinReply) reply = tocsin_reply_new ();
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "write /secret/path");

  tocsin_reply_set_error (reply, error);
  g_assert_cmpuint (tocsin_reply_get_status (reply), ==, 500);
  g_assert_null (strstr (tocsin_reply_get_buffer (reply)->str, "secret"));
}

static void
test_signed_side (void)
{
  g_autoptr (TocsinReply) reply = tocsin_reply_new ();
  g_autoptr (GError) error = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED, "no");

  tocsin_reply_set_signed (reply, TRUE);
  tocsin_reply_set_error (reply, error);
  g_assert_cmpstr (tocsin_reply_get_buffer (reply)->str, ==,
                   "{\"type\":\"bad-signature\",\"title\":\"Unauthorized\",\"status\":401,"
                   "\"detail\":\"no\"}\n");
}

/* What a peer wrote may be in a message: the document stays JSON and the detail short. */
static void
test_detail (void)
{
  g_autofree char *tail = g_strnfill (150, 'a');
  g_autofree char *umlauts = g_strconcat (tail,
                                          "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                                          "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                                          "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                                          "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                                          "\xc3\xa4x\xc3\xa4",
                                          NULL);
  const char *messages[] = { "a \"b\" \\ c\r\nd\001", "bad \xff byte", umlauts + 1, umlauts };
  const char *details[] = { "a \\\"b\\\" \\\\ c  d ", "bad ? byte", NULL, NULL };
  g_autoptr (TocsinReply) reply = tocsin_reply_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      const GString *body;

      tocsin_reply_set_problem (reply, 400, "invalid", messages[i]);
      body = tocsin_reply_get_buffer (reply);
      g_assert_true (g_utf8_validate (body->str, (gssize) body->len, NULL));
      g_assert_cmpuint (body->len, <=, 200 + 80);
      if (details[i] != NULL)
        g_assert_nonnull (strstr (body->str, details[i]));
    }
}

static void
test_headers (void)
{
  g_autoptr (TocsinReply) reply = tocsin_reply_new ();

  tocsin_reply_add_header (reply, "ETag", "\"1\"");
  tocsin_reply_add_header (reply, "Location", "https://a.example/\r\nSet-Cookie: a=b");
  g_assert_cmpstr (tocsin_reply_get_header (reply, "etag"), ==, "\"1\"");
  g_assert_null (tocsin_reply_get_header (reply, "Location"));
  tocsin_reply_set_retry_after (reply, 5);
  tocsin_reply_set_retry_after (reply, 7);
  g_assert_cmpstr (tocsin_reply_get_header (reply, "Retry-After"), ==, "7");
  tocsin_reply_reset (reply);
  g_assert_null (tocsin_reply_get_header (reply, "ETag"));
}

/* Whoever is told to come later is told when. */
static void
test_retry_after (void)
{
  g_autoptr (TocsinReply) reply = tocsin_reply_new ();

  tocsin_reply_set_problem (reply, 409, "conflict", NULL);
  g_assert_null (tocsin_reply_get_header (reply, "Retry-After"));
  tocsin_reply_set_problem (reply, 503, "unavailable", "This node does not federate");
  g_assert_cmpstr (tocsin_reply_get_header (reply, "Retry-After"), ==, "60");
  tocsin_reply_set_retry_after (reply, 3);
  g_assert_cmpstr (tocsin_reply_get_header (reply, "Retry-After"), ==, "3");
}

static gssize
pull_nothing (gpointer data, guint8 *buffer, gsize size)
{
  return 0;
}

static void
count_destroy (gpointer data)
{
  (*(guint *) data)++;
}

static void
test_last_body_wins (void)
{
  TocsinReply *reply = tocsin_reply_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("abc", 3);
  guint n_destroyed = 0;

  tocsin_reply_set_stream (reply, TOCSIN_TYPE_TEXT, pull_nothing, &n_destroyed, count_destroy);
  tocsin_reply_set_bytes (reply, TOCSIN_TYPE_JSON, bytes);
  g_assert_cmpuint (n_destroyed, ==, 1);
  g_assert_cmpint (tocsin_reply_get_body_kind (reply), ==, TOCSIN_BODY_BYTES);
  g_string_append (tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT), "x");
  g_assert_cmpint (tocsin_reply_get_body_kind (reply), ==, TOCSIN_BODY_BUFFER);
  tocsin_reply_set_stream (reply, TOCSIN_TYPE_TEXT, pull_nothing, &n_destroyed, count_destroy);
  tocsin_reply_free (reply);
  g_assert_cmpuint (n_destroyed, ==, 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reply/codes", test_codes);
  g_test_add_func ("/reply/foreign-error-says-nothing", test_foreign_error_says_nothing);
  g_test_add_func ("/reply/signed-side", test_signed_side);
  g_test_add_func ("/reply/detail", test_detail);
  g_test_add_func ("/reply/headers", test_headers);
  g_test_add_func ("/reply/retry-after", test_retry_after);
  g_test_add_func ("/reply/last-body-wins", test_last_body_wins);
  return g_test_run ();
}
