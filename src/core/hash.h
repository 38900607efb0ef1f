/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Digests, random bytes and comparison, for every layer. All of it may be called from any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_SHA256_BYTES  32
#define TOCSIN_BLAKE2B_BYTES 32
#define TOCSIN_ID_BYTES      16

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

/**
 * tocsin_sha256:
 * @data: (nullable): @size bytes; may be %NULL if @size is 0
 * @size: how many
 * @out: where the digest goes
 *
 * SHA-256 ([FIPS 180-4](https://csrc.nist.gov/pubs/fips/180-4/upd1/final)), by OpenSSL.
 */
void tocsin_sha256 (gconstpointer data, gsize size, guint8 out[TOCSIN_SHA256_BYTES]);

/**
 * tocsin_sha256_parts:
 * @parts: (array zero-terminated=1): strings, hashed as if they were one
 * @out: where the digest goes
 */
void tocsin_sha256_parts (const char *const *parts, guint8 out[TOCSIN_SHA256_BYTES]);

/**
 * TocsinHasher: SHA-256 of what comes in parts. Of one thread at a time.
 */
typedef struct _TocsinHasher TocsinHasher;

TocsinHasher *tocsin_hasher_new (void) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_hasher_free (TocsinHasher *self);
void tocsin_hasher_add (TocsinHasher *self, gconstpointer data, gsize size);
/* Of all that was added so far; more may follow. */
void tocsin_hasher_peek (const TocsinHasher *self, guint8 out[TOCSIN_SHA256_BYTES]);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinHasher, tocsin_hasher_free)

/**
 * tocsin_blake2b_256:
 * @data: (nullable): @size bytes; may be %NULL if @size is 0
 * @size: how many
 * @out: where the digest goes
 *
 * Unkeyed BLAKE2b with 32 bytes of output
 * ([RFC 7693](https://www.rfc-editor.org/rfc/rfc7693)), by libsodium.
 */
void tocsin_blake2b_256 (gconstpointer data, gsize size, guint8 out[TOCSIN_BLAKE2B_BYTES]);

/**
 * tocsin_hash_quick:
 * @data: (array length=size): bytes, which may be a stranger's
 *
 * For tables in memory: SipHash under a secret of this process, so that nobody can choose what
 * collides.
 *
 * Returns: a hash that is of no use in another process
 */
guint64 tocsin_hash_quick (gconstpointer data, gsize size);

/**
 * tocsin_id_for_string:
 * @string: a URI, or another text of any length
 *
 * Returns: the first 16 bytes of SHA-256(@string)
 */
TocsinId tocsin_id_for_string (const char *string);

/**
 * tocsin_id_for_pair:
 * @actor: an interned actor number
 * @string: what belongs to that actor, for example a report id
 *
 * Returns: the first 16 bytes of SHA-256(@actor as four bytes, most significant first ‖ @string)
 */
TocsinId tocsin_id_for_pair (guint32 actor, const char *string);

/**
 * tocsin_id_equal:
 * @a: an id
 * @b: another
 *
 * Not for secrets: see tocsin_equal_constant_time().
 *
 * Returns: %TRUE if @a and @b are the same
 */
gboolean tocsin_id_equal (const TocsinId *a, const TocsinId *b);

/**
 * tocsin_hex_encode:
 * @data: @size bytes
 * @size: how many
 *
 * Returns: (transfer full): 2 × @size lower-case digits; free with g_free()
 */
char *tocsin_hex_encode (gconstpointer data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_hex_decode:
 * @hex: (array length=hex_len): digits of either case; needs no terminating NUL
 * @hex_len: must be 2 × @out_size
 * @out: (array length=out_size): untouched if %FALSE is returned
 * @out_size: how many bytes are expected
 *
 * Returns: %TRUE if @hex was @hex_len hexadecimal digits and nothing else
 */
gboolean tocsin_hex_decode (const char *hex, gsize hex_len, guint8 *out, gsize out_size);

/**
 * tocsin_equal_constant_time:
 * @a: @size bytes
 * @b: @size bytes
 * @size: how many; not secret
 *
 * Compares secrets: the time taken says nothing about where they differ.
 *
 * Returns: %TRUE if @a and @b are the same
 */
gboolean tocsin_equal_constant_time (gconstpointer a, gconstpointer b, gsize size);

/**
 * tocsin_random_bytes:
 * @out: @size bytes to be overwritten
 * @size: how many
 *
 * Fills @out from the system's cryptographic random number generator.
 */
void tocsin_random_bytes (gpointer out, gsize size);

G_END_DECLS
