/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What build-aux/gen-categories.py makes of data/shared-providers.txt. For host.c alone.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In the order of strcmp(). */
extern const char *const tocsin_shared_providers[];
extern const gsize tocsin_n_shared_providers;

G_END_DECLS
