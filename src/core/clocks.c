/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/clocks.h"

#include <stdlib.h>

#include "core/clock.h"

void
tocsin_clocks_note (TocsinClocks *self, const char *host, gint64 date_us, gint64 boot_us)
{
  guint32 hash = MAX (g_str_hash (host), 1);
  guint place = 0;

  for (guint i = 0; i < TOCSIN_CLOCKS_HOSTS; i++)
    {
      if (self->hosts[i].host == hash)
        {
          place = i;
          break;
        }
      if (self->hosts[i].boot_us < self->hosts[place].boot_us)
        place = i;
    }
  self->hosts[place].host = hash;
  self->hosts[place].boot_us = boot_us;
  self->hosts[place].begun_us = date_us - boot_us;
}

static int
compare (const void *a, const void *b)
{
  const gint64 *left = a;
  const gint64 *right = b;

  return (*left > *right) - (*left < *right);
}

guint
tocsin_clocks_compare (const TocsinClocks *self, gint64 now_us, gint64 boot_us, gint64 *ahead_us)
{
  gint64 ahead[TOCSIN_CLOCKS_HOSTS];
  guint n = 0;

  for (guint i = 0; i < TOCSIN_CLOCKS_HOSTS; i++)
    if (self->hosts[i].host != 0 && boot_us - self->hosts[i].boot_us <= TOCSIN_DAY_US)
      ahead[n++] = now_us - boot_us - self->hosts[i].begun_us;
  *ahead_us = 0;
  if (n == 0)
    return 0;
  qsort (ahead, n, sizeof ahead[0], compare);
  *ahead_us = ahead[n / 2];
  if (n % 2 == 0 && ABS (ahead[n / 2 - 1]) < ABS (*ahead_us))
    *ahead_us = ahead[n / 2 - 1];
  return n;
}
