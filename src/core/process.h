/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * tocsin_process_keep_private:
 *
 * Keeps the memory of this process, in which keys and tokens are, out of core dumps, and closes it
 * to other processes of its user. For the beginning of a program: a child that it runs may be
 * looked into, but leaves no core dump either. Warns if the system does not allow it.
 */
void tocsin_process_keep_private (void);

/**
 * tocsin_process_set_locale:
 *
 * Takes the locale of the environment. Where that knows ASCII alone, as under cron and in most
 * containers, text is UTF-8 all the same, if the system has C.UTF-8. For the beginning of a
 * program, while it has one thread.
 */
void tocsin_process_set_locale (void);

G_END_DECLS
