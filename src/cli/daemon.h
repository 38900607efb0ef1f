/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_DAEMON_CONFIG_FILE "/etc/tocsin/node.conf"

/**
 * tocsin_daemon_check_config:
 * @file: (nullable): a settings file; %NULL: %TOCSIN_DAEMON_CONFIG_FILE
 * @error: return location for an error, or %NULL
 *
 * Asks the daemon, who alone knows what it takes; it needs not run.
 *
 * Returns: %TRUE if it would start with it, after what it has to say about it went to standard
 *   error; else %FALSE with %TOCSIN_ERROR_UNSUPPORTED and its own
 *   sentence, or %TOCSIN_ERROR_UNAVAILABLE if it is not installed
 */
gboolean tocsin_daemon_check_config (const char *file, GError **error);

G_END_DECLS
