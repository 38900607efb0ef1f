/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/envelope.h"

static void
test_headers (void)
{
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("POST", "/inbox?a=%20");

  tocsin_envelope_add_header (envelope, "Host", " a.example\t ");
  tocsin_envelope_add_header (envelope, "X-Test", "");
  tocsin_envelope_add_header (envelope, "x-tesT", "second one");

  g_assert_cmpstr (envelope->method, ==, "POST");
  g_assert_cmpstr (envelope->target, ==, "/inbox?a=%20");
  g_assert_null (envelope->body);
  g_assert_cmpuint (envelope->headers->len, ==, 3);
  g_assert_cmpstr (g_array_index (envelope->headers, TocsinHeader, 0).name, ==, "host");
  g_assert_cmpstr (tocsin_envelope_get_header (envelope, "HOST"), ==, "a.example");
  g_assert_cmpstr (tocsin_envelope_get_header (envelope, "x-test"), ==, "");
  g_assert_cmpuint (tocsin_envelope_count_header (envelope, "X-Test"), ==, 2);
  g_assert_cmpuint (tocsin_envelope_count_header (envelope, "date"), ==, 0);
  g_assert_null (tocsin_envelope_get_header (envelope, "date"));
}

static void
test_owns_body (void)
{
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("POST", "/inbox");
  g_autoptr (TocsinEnvelope) none = NULL;

  envelope->body = g_bytes_new_static ("{}", 2);
  envelope->remote = g_strdup ("127.0.0.1");
  tocsin_envelope_free (none);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/envelope/headers", test_headers);
  g_test_add_func ("/envelope/owns-body", test_owns_body);
  return g_test_run ();
}
