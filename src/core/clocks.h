/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_CLOCKS_HOSTS 16 /* whose clocks are remembered, those that answered last */

/**
 * TocsinClocks:
 *
 * What clocks others have, by the `Date` of their answers (RFC 9110, section 6.6.1). To be zeroed.
 * It is pure: times are arguments, those of since the boot from tocsin_time_boot_us(). No thread
 * of its own, no lock.
 */
typedef struct
{
  struct
  {
    guint32 host;    /* hash of its name; 0: none */
    gint64 boot_us;  /* when it answered, since the boot here */
    gint64 begun_us; /* by its clock this machine had booted then */
  } hosts[TOCSIN_CLOCKS_HOSTS];
} TocsinClocks;

/* @host answered just now that it is @date_us. Forgets who answered longest ago. */
void tocsin_clocks_note (TocsinClocks *self, const char *host, gint64 date_us, gint64 boot_us);

/**
 * tocsin_clocks_compare:
 * @now_us: what this machine's clock says
 * @boot_us: since the boot
 * @ahead_us: (out): how far this clock is ahead of the median of those of the last day, negative if
 *   it is behind; of two medians the nearer, 0 if there is no clock to compare
 *
 * A clock that was set meanwhile is compared as it is now.
 *
 * Returns: with how many clocks it was compared
 */
guint
tocsin_clocks_compare (const TocsinClocks *self, gint64 now_us, gint64 boot_us, gint64 *ahead_us);

G_END_DECLS
