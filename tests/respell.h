/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/multibase.h"

/* The same key in base64url, "u…", the other encoding that a Multikey may have. */
static inline char *
respell (const char *multikey)
{
  g_autoptr (GBytes) bytes = tocsin_multibase_decode (multikey, NULL);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree char *base64 = g_base64_encode (data, size);

  g_strdelimit (g_strdelimit (base64, "+", '-'), "/", '_')[strcspn (base64, "=")] = '\0';
  return g_strconcat ("u", base64, NULL);
}
