/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#define DEADLINE_US (G_GINT64_CONSTANT (60000000))

static inline gboolean
keep_waking (gpointer data G_GNUC_UNUSED)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the main loop until @condition holds; says which did not. */
#define WAIT_FOR(condition)                                                                        \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gint64 wait_until_us = g_get_monotonic_time () + DEADLINE_US;                                  \
    guint wake = g_timeout_add (20, keep_waking, NULL);                                            \
    while (!(condition))                                                                           \
      {                                                                                            \
        if (g_get_monotonic_time () >= wait_until_us)                                              \
          g_assertion_message (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC,                        \
                               "waited in vain for " #condition);                                  \
        g_main_context_iteration (NULL, TRUE);                                                     \
      }                                                                                            \
    g_source_remove (wake);                                                                        \
  }                                                                                                \
  G_STMT_END
