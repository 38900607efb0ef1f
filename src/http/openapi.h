/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* schemas/openapi.yaml as JSON, without whitespace; build-aux/gen-openapi.py makes it. */
extern const guint8 tocsin_openapi[];
extern const gsize tocsin_openapi_bytes;

G_END_DECLS
