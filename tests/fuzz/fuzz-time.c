/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any text as a timestamp and as an HTTP date: what is taken is written again and means the same.
 */
#include "fuzz/fuzz.h"

#include "core/clock.h"

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *input = g_strndup ((const char *) data, size);
  gint64 time_us = 0;
  gint64 back_us = -1;

  if (tocsin_time_parse (input, &time_us, NULL))
    {
      g_autofree char *text = tocsin_time_format (time_us);

      if (!tocsin_time_parse (text, &back_us, NULL) || back_us != time_us)
        g_error ("%s is another time", text);
    }
  if (tocsin_http_date_parse (input, &time_us))
    {
      g_autofree char *text = tocsin_http_date_format (time_us);

      if (!tocsin_http_date_parse (text, &back_us) ||
          back_us != time_us - time_us % TOCSIN_SECOND_US)
        g_error ("%s is another time", text);
    }
}
