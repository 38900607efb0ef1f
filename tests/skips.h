/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* Whether a test may leave out a part of what it shows; tests/skips.py is the same for Python. */
#include <glib.h>

/* Has the test that runs skipped, and says @why in one clause. With TOCSIN_SKIP=never in the
 * environment, as .ci/run has it where all is there, it has failed. */
static inline void
skip_test (const char *why)
{
  if (g_strcmp0 (g_getenv ("TOCSIN_SKIP"), "never") == 0)
    {
      g_test_message ("%s", why);
      g_test_fail ();
      return;
    }
  g_test_skip (why);
}
