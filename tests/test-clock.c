/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "core/clock.h"
#include "core/error.h"

#define NOV_23_US (G_GINT64_CONSTANT (1795456627) * TOCSIN_SECOND_US) /* 2026-11-23T17:57:07Z */

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    const char *canonical; /* NULL: refused */
  } cases[] = {
    { "2026-11-23T17:57:07Z", "2026-11-23T17:57:07Z" },
    { "2026-11-23t17:57:07z", "2026-11-23T17:57:07Z" },
    { "2026-11-23T17:57:07.5Z", "2026-11-23T17:57:07.500000Z" },
    { "2026-11-23T17:57:07.000000999Z", "2026-11-23T17:57:07Z" },
    { "2026-11-23T17:57:07.123456789Z", "2026-11-23T17:57:07.123456Z" },
    { "2026-11-23T18:57:07+01:00", "2026-11-23T17:57:07Z" },
    { "2026-11-23T17:57:07-00:00", "2026-11-23T17:57:07Z" },
    { "2026-12-31T20:00:00-05:30", "2027-01-01T01:30:00Z" },
    { "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z" },
    { "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z" },
    { "2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z" },
    { "2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z" },
    { "2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z" },
    { "1990-12-31T15:59:60-08:00", "1990-12-31T23:59:59.999999Z" },
    { "2026-11-23T17:57:60Z", NULL },
    { "2026-11-23T17:57:61Z", NULL },
    { "2100-02-29T00:00:00Z", NULL },
    { "2026-02-29T00:00:00Z", NULL },
    { "2026-04-31T00:00:00Z", NULL },
    { "2026-00-01T00:00:00Z", NULL },
    { "2026-13-01T00:00:00Z", NULL },
    { "2026-01-00T00:00:00Z", NULL },
    { "2026-11-23T24:00:00Z", NULL },
    { "2026-11-23T17:60:07Z", NULL },
    { "2026-11-23T17:57:07", NULL },
    { "2026-11-23T17:57:07.Z", NULL },
    { "2026-11-23T17:57:07.1234567890Z", NULL },
    { "2026-11-23T17:57:07+0100", NULL },
    { "2026-11-23T17:57:07+24:00", NULL },
    { "2026-11-23T17:57:07+01:60", NULL },
    { "2026-11-23T17:57:07+1:00", NULL },
    { "2026-11-23T17:57:07+01:0", NULL },
    { "2026-11-23T17:57:07+01", NULL },
    { "2026-11-23T17:57:07+-1:00", NULL },
    { "2026-11-23T17:57:07*01:00", NULL },
    { "2026-11-23T17:57:07.5", NULL },
    { "2026-11-23T 7:57:07Z", NULL },
    { "2026-11-23T1757:07Z", NULL },
    { "2026/11-23T17:57:07Z", NULL },
    { "2026-11/23T17:57:07Z", NULL },
    { "2026-11-23 17:57:07Z", NULL },
    { "2026-11-23T17:57:07Z ", NULL },
    { " 2026-11-23T17:57:07Z", NULL },
    { "2026-11-23T17:57Z", NULL },
    { "2026-11-23", NULL },
    { "+2026-11-23T17:57:07Z", NULL },
    { "1969-12-31T23:59:59Z", NULL },
    { "1970-01-01T00:00:00+00:01", NULL },
    { "9999-12-31T23:59:59-00:01", NULL },
    { "0000-01-01T00:00:00Z", NULL },
    { "", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *again = NULL;
      gint64 time_us = -7;

      g_test_message ("%s", cases[i].text);
      if (cases[i].canonical == NULL)
        {
          g_assert_false (tocsin_time_parse (cases[i].text, &time_us, &error));
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
          g_assert_cmpint (time_us, ==, -7);
          continue;
        }
      g_assert_true (tocsin_time_parse (cases[i].text, &time_us, &error));
      g_assert_no_error (error);
      again = tocsin_time_format (time_us);
      g_assert_cmpstr (again, ==, cases[i].canonical);
    }
}

/* A walk through the whole range, against GLib's calendar. */
static void
test_agrees_with_glib (void)
{
  for (gint64 s = 0; s < G_GINT64_CONSTANT (253402300800); s += 86400 * 97 + 3607)
    {
      g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (s);
      g_autofree char *expected = g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ");
      g_autofree char *ours = tocsin_time_format (s * TOCSIN_SECOND_US);
      gint64 back_us = 0;

      g_assert_cmpstr (ours, ==, expected);
      g_assert_true (tocsin_time_parse (ours, &back_us, NULL));
      g_assert_cmpint (back_us, ==, s * TOCSIN_SECOND_US);
    }
}

static void
test_http_date (void)
{
  static const struct
  {
    const char *text;
    gint64 seconds; /* -1: refused */
  } cases[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Mon, 23 Nov 2026 17:57:07 GMT", 1795456627 },
    { "Mon, 06 Nov 1994 08:49:37 GMT", -1 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", -1 },
    { "Sun Nov  6 08:49:37 1994", -1 },
    { "Sun, 6 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 06 Nov 1994 08:49:37 UTC", -1 },
    { "Sun, 06 Nov 1994 08:49:37 gmt", -1 },
    { "Sun, 06 Nov 1994 08:49:37 GMT ", -1 },
    { "Sun, 06 NOV 1994 08:49:37 GMT", -1 },
    { "Sun, 31 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 06 Nov 1994 08:49:37", -1 },
    { "", -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 time_us = -7;
      g_autofree char *again = NULL;

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (tocsin_http_date_parse (cases[i].text, &time_us), ==, cases[i].seconds >= 0);
      if (cases[i].seconds < 0)
        continue;
      g_assert_cmpint (time_us, ==, cases[i].seconds * TOCSIN_SECOND_US);
      again = tocsin_http_date_format (time_us);
      g_assert_cmpstr (again, ==, cases[i].text);
    }
}

/* Each character of a date is the one that it has to be. */
static void
test_http_date_spoilt (void)
{
  static const char good[] = "Sun, 06 Nov 1994 08:49:37 GMT";
  gint64 time_us = -7;

  g_assert_true (tocsin_http_date_parse (good, &time_us));
  for (gsize i = 0; i < strlen (good); i++)
    for (const char *other = "x0 "; *other != '\0'; other++)
      {
        g_autofree char *text = g_strdup (good);
        gboolean is_digit = g_ascii_isdigit (good[i]) && g_ascii_isdigit (*other);

        text[i] = *other;
        time_us = -7;
        if (good[i] == *other || is_digit)
          continue;
        g_test_message ("%s", text);
        g_assert_false (tocsin_http_date_parse (text, &time_us));
        g_assert_cmpint (time_us, ==, -7);
        text[i] = '\0';
        g_assert_false (tocsin_http_date_parse (text, &time_us));
      }
}

/* What no calendar of ours has is written as the first or the last moment that it has. */
static void
test_beyond (void)
{
  static const struct
  {
    gint64 time_us;
    const char *rfc3339;
    const char *short_form;
    const char *http;
  } cases[] = {
    { -1, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT" },
    { G_MININT64, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT" },
    { G_MAXINT64, "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59Z",
      "Fri, 31 Dec 9999 23:59:59 GMT" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *rfc3339 = tocsin_time_format (cases[i].time_us);
      g_autofree char *http = tocsin_http_date_format (cases[i].time_us);
      g_autofree char *uuid = tocsin_uuid7_new (cases[i].time_us);
      char text[TOCSIN_TIME_TEXT_BYTES];

      tocsin_time_write (cases[i].time_us, text);
      g_assert_cmpstr (rfc3339, ==, cases[i].rfc3339);
      g_assert_cmpstr (text, ==, cases[i].short_form);
      g_assert_cmpstr (http, ==, cases[i].http);
      g_assert_true (g_uuid_string_is_valid (uuid));
      /* 253402300799999 ms */
      g_assert_true (
          g_str_has_prefix (uuid, cases[i].time_us < 0 ? "00000000-0000-70" : "e677d21f-dbff-7f"));
    }
}

static void
test_sane (void)
{
  g_assert_false (tocsin_time_is_sane (0));
  g_assert_false (tocsin_time_is_sane (G_GINT64_CONSTANT (1767225599) * TOCSIN_SECOND_US));
  g_assert_true (tocsin_time_is_sane (G_GINT64_CONSTANT (1767225600) * TOCSIN_SECOND_US));
  g_assert_true (tocsin_time_is_sane (NOV_23_US));
  g_assert_false (tocsin_time_is_sane (G_GINT64_CONSTANT (4133980800) * TOCSIN_SECOND_US));
  g_assert_false (tocsin_time_is_sane (-1));
}

static void
test_uuid7 (void)
{
  g_autofree char *previous = g_strdup ("");

  for (int i = 0; i < 2000; i++)
    {
      g_autofree char *uuid = tocsin_uuid7_new (NOV_23_US + i);

      g_assert_true (g_uuid_string_is_valid (uuid));
      g_assert_cmpint (uuid[14], ==, '7');
      g_assert_nonnull (strchr ("89ab", uuid[19]));
      g_assert_cmpstr (uuid, >, previous);
      g_free (previous);
      previous = g_steal_pointer (&uuid);
    }
  /* RFC 9562, appendix A.6: the first 48 bits are Unix milliseconds. */
  g_autofree char *example = tocsin_uuid7_new (G_GINT64_CONSTANT (0x017F22E279B0) * 1000);
  g_assert_true (g_str_has_prefix (example, "017f22e2-79b0-7"));
}

static void
test_due (void)
{
  g_assert_cmpint (tocsin_time_due (5, 10, 3), ==, 5);
  g_assert_cmpint (tocsin_time_due (13, 10, 3), ==, 13);
  g_assert_cmpint (tocsin_time_due (14, 10, 3), ==, 10);
  g_assert_cmpint (tocsin_time_due (G_MAXINT64, NOV_23_US, TOCSIN_DAY_US), ==, NOV_23_US);
  g_assert_cmpint (tocsin_time_due (0, NOV_23_US, TOCSIN_DAY_US), ==, 0);
}

static void
test_watch (void)
{
  TocsinClockWatch watch;
  gint64 boot_us = 5 * TOCSIN_HOUR_US;
  gint64 jump_us = 700 * TOCSIN_DAY_US;

  tocsin_clock_watch_begin (&watch, 0, 0, NOV_23_US, boot_us);
  g_assert_true (
      tocsin_clock_watch_look (&watch, NOV_23_US + TOCSIN_MINUTE_US, boot_us + TOCSIN_MINUTE_US));
  /* A clock that is set a little, or back, purges nothing too early. */
  g_assert_true (
      tocsin_clock_watch_look (&watch, NOV_23_US + TOCSIN_HOUR_US, boot_us + TOCSIN_MINUTE_US));
  g_assert_true (tocsin_clock_watch_look (&watch, NOV_23_US, boot_us + 2 * TOCSIN_MINUTE_US));
  g_assert_false (
      tocsin_clock_watch_look (&watch, NOV_23_US + jump_us, boot_us + 3 * TOCSIN_MINUTE_US));
  g_assert_false (tocsin_clock_watch_look (&watch, NOV_23_US, boot_us + TOCSIN_DAY_US));
  g_assert_true (tocsin_clock_watch_look (&watch, NOV_23_US + TOCSIN_MINUTE_US,
                                          boot_us + TOCSIN_DAY_US + 3 * TOCSIN_MINUTE_US));
  g_assert_false (tocsin_clock_watch_look (&watch, 0, boot_us + 2 * TOCSIN_DAY_US));
  /* Over a restart: after a week nobody knows. */
  tocsin_clock_watch_begin (&watch, NOV_23_US, 0, NOV_23_US + 8 * TOCSIN_DAY_US, boot_us);
  g_assert_false (tocsin_clock_watch_look (&watch, NOV_23_US + 8 * TOCSIN_DAY_US, boot_us));
  g_assert_true (
      tocsin_clock_watch_look (&watch, NOV_23_US + 9 * TOCSIN_DAY_US, boot_us + TOCSIN_DAY_US));
  tocsin_clock_watch_begin (&watch, NOV_23_US, 0, NOV_23_US + 6 * TOCSIN_DAY_US, boot_us);
  g_assert_true (tocsin_clock_watch_look (&watch, NOV_23_US + 6 * TOCSIN_DAY_US, boot_us));
  /* What was left of the day is waited for, and no longer. */
  tocsin_clock_watch_begin (&watch, NOV_23_US, 2 * TOCSIN_HOUR_US, NOV_23_US, boot_us);
  g_assert_false (
      tocsin_clock_watch_look (&watch, NOV_23_US + TOCSIN_HOUR_US, boot_us + TOCSIN_HOUR_US));
  g_assert_true (tocsin_clock_watch_look (&watch, NOV_23_US + 2 * TOCSIN_HOUR_US,
                                          boot_us + 2 * TOCSIN_HOUR_US));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/parse", test_parse);
  g_test_add_func ("/clock/agrees-with-glib", test_agrees_with_glib);
  g_test_add_func ("/clock/http-date", test_http_date);
  g_test_add_func ("/clock/http-date-spoilt", test_http_date_spoilt);
  g_test_add_func ("/clock/beyond", test_beyond);
  g_test_add_func ("/clock/sane", test_sane);
  g_test_add_func ("/clock/due", test_due);
  g_test_add_func ("/clock/watch", test_watch);
  g_test_add_func ("/clock/uuid7", test_uuid7);
  return g_test_run ();
}
