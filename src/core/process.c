/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/process.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void
tocsin_process_keep_private (void)
{
  const struct rlimit none = { 0, 0 };

  /* A dump that goes to a program instead of a file does not ask for the limit. */
  if (setrlimit (RLIMIT_CORE, &none) != 0 || prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    g_warning ("The memory could not be kept out of core dumps: %s", g_strerror (errno));
}

void
tocsin_process_set_locale (void)
{
  const char *codeset;

  (void) setlocale (LC_ALL, "");   /* NOLINT(concurrency-mt-unsafe): there is one thread yet */
  codeset = nl_langinfo (CODESET); /* NOLINT(concurrency-mt-unsafe): as above */
  if (strcmp (codeset, "ANSI_X3.4-1968") == 0 || strcmp (codeset, "ASCII") == 0)
    (void) setlocale (LC_CTYPE, "C.UTF-8"); /* NOLINT(concurrency-mt-unsafe): as above */
}
