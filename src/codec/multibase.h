/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A 4096-bit RSA key is 530 bytes. Base58 takes quadratic time: the cap keeps it under 0.1 ms. */
#define TOCSIN_MULTIBASE_MAX_BYTES 768

char *tocsin_multibase_encode (gconstpointer data, gsize size) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_multibase_decode (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

char *tocsin_base64_encode (gconstpointer data, gsize size) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_base64_decode (const char *text, gsize length, gsize max_bytes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
