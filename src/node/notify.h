/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean tocsin_notify_send (const char *state, GError **error);
gint64 tocsin_notify_watchdog_us (void);
GSource *tocsin_notify_watchdog_source_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
