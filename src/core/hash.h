/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_SHA256_BYTES 32
#define TOCSIN_ID_BYTES     16

/**
 * TocsinId:
 *
 * The first 16 bytes of the SHA-256 of something long, such as a URI: what a
 * table is keyed by where the thing itself may be longer than a key can be.
 */
typedef struct
{
  guint8 bytes[TOCSIN_ID_BYTES];
} TocsinId;

void tocsin_sha256 (gconstpointer data, gsize size, guint8 out[TOCSIN_SHA256_BYTES]);
void tocsin_blake2b_256 (gconstpointer data, gsize size, guint8 out[32]);
TocsinId tocsin_id_for_string (const char *string);
TocsinId tocsin_id_for_pair (guint32 actor, const char *string);
gboolean tocsin_id_equal (const TocsinId *a, const TocsinId *b);
char *tocsin_hex_encode (gconstpointer data, gsize size) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_hex_decode (const char *hex, gsize hex_len, guint8 *out, gsize out_size);
gboolean tocsin_equal_constant_time (gconstpointer a, gconstpointer b, gsize size);
void tocsin_random_bytes (gpointer out, gsize size);

G_END_DECLS
