/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where an id may carry a fragment: activities and keys may, everything else may not. */
typedef enum
{
  TOCSIN_WIRE_ID_PLAIN,
  TOCSIN_WIRE_ID_FRAGMENT_ALLOWED,
} TocsinWireIdFlags;

gboolean
tocsin_wire_id_check (const char *id, TocsinWireIdFlags flags, const char *where, GError **error);
gboolean tocsin_wire_id_is_canonical (const char *id, TocsinWireIdFlags flags);
char *tocsin_wire_id_origin (const char *id) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_wire_id_same_origin (const char *a, const char *b);

G_END_DECLS
