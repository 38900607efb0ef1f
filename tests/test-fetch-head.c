/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/clock.h"
#include "fed/fetch-head.h"

#define UNTOUCHED (-7)

typedef struct
{
  const char *date; /* (nullable) */
  const char *age;  /* (nullable) */
  gint64 seconds;   /* UNTOUCHED: it does not say */
} Case;

/* What a cache kept says when it was made, and not what time it is. */
static void
test_date (void)
{
  static const Case cases[] = {
    { "Tue, 15 Nov 1994 08:12:31 GMT", NULL, 784887151 },
    { "Tue, 15 Nov 1994 08:12:31 GMT", "0", UNTOUCHED },
    { "Mon, 15 Nov 1994 08:12:31 GMT", NULL, UNTOUCHED },
    { "784887151", NULL, UNTOUCHED },
    { "", NULL, UNTOUCHED },
    { NULL, NULL, UNTOUCHED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SoupMessageHeaders *fields = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
      gint64 date_us = UNTOUCHED * TOCSIN_SECOND_US;

      if (cases[i].date != NULL)
        soup_message_headers_append (fields, "Date", cases[i].date);
      if (cases[i].age != NULL)
        soup_message_headers_append (fields, "Age", cases[i].age);
      g_assert_true (tocsin_fetch_head_date (fields, &date_us) == (cases[i].seconds != UNTOUCHED));
      g_assert_cmpint (date_us, ==, cases[i].seconds * TOCSIN_SECOND_US);
      soup_message_headers_unref (fields);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fetch-head/date", test_date);
  return g_test_run ();
}
