/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "cli/command-line.h"

G_BEGIN_DECLS

/**
 * tocsin_catch_up_wait:
 * @self: the running command
 * @actor: URI of a peer
 * @timeout_seconds: how long to wait; 0: until it is over
 * @error: return location for an error, or %NULL
 *
 * Shows on a terminal how far the node is with reading the peer's outbox, until it is at its end;
 * without --json, says so. Ctrl-C ends the program, not what the node does.
 *
 * Returns: %TRUE if it is at its end; else %FALSE with %TOCSIN_ERROR_UNAVAILABLE (the reading
 *   failed, or the time is over), %TOCSIN_ERROR_FORBIDDEN (it may not be followed),
 *   %TOCSIN_ERROR_CONFLICT (it is not read), or as tocsin_control_call()
 */
gboolean tocsin_catch_up_wait (TocsinInvocation *self,
                               const char *actor,
                               guint timeout_seconds,
                               GError **error);

G_END_DECLS
