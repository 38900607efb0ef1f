/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/domain-block.h"

#include <string.h>

#define NOOP "noop"

/* In any case and between blanks, as Mastodon's own import takes it. */
static gboolean
is_noop (const char *severity)
{
  while (g_ascii_isspace (*severity))
    severity++;
  if (g_ascii_strncasecmp (severity, NOOP, strlen (NOOP)) != 0)
    return FALSE;
  severity += strlen (NOOP);
  return severity[strspn (severity, " \t\r\n")] == '\0';
}

gboolean
tocsin_domain_block_accuses (const char *domain, const char *severity)
{
  return strchr (domain, '*') == NULL && (severity == NULL || !is_noop (severity));
}
