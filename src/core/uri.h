/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * URIs of actors, activities and what else has an id: https, or http between test nodes (which of
 * them may be spoken to is decided where connections are made, not here). All of it may be called
 * from any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * tocsin_uri_canonicalise:
 * @input: a URI of an actor as a person or another program wrote it
 * @error: return location for an error, or %NULL
 *
 * Gives the obvious canonical form: lower-case scheme and host, IDNA, no default port, no dot
 * segments, `/` for an empty path, no fragment; what may not stand in a URI is percent-encoded.
 * Escapes that are there already stay as they are. The result is a fixed point.
 *
 * Returns: (transfer full) (nullable): free with g_free(); %NULL with %TOCSIN_ERROR_TOO_LARGE if
 *   a form is longer than 2048 bytes, else with %TOCSIN_ERROR_INVALID
 */
char *tocsin_uri_canonicalise (const char *input, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_uri_check_id:
 * @uri: an id as a peer sent it
 * @allow_fragment: whether it may have a fragment: activity and key ids may
 * @error: return location for an error, or %NULL
 *
 * Checks that @uri is canonical already (docs/wire "Checks"): an id that two spellings
 * could mean is no id. Here an empty path stays empty.
 *
 * Returns: %TRUE, or %FALSE with %TOCSIN_ERROR_INVALID or %TOCSIN_ERROR_TOO_LARGE
 */
gboolean tocsin_uri_check_id (const char *uri, gboolean allow_fragment, GError **error);

/**
 * tocsin_uri_origin:
 * @uri: a URI
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): `https://host` or `https://host:port`, canonical; free with
 *   g_free(); %NULL with the errors of tocsin_uri_canonicalise()
 */
char *tocsin_uri_origin (const char *uri, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_uri_same_origin:
 * @a: a URI
 * @b: another
 *
 * Returns: %TRUE if both are valid and have the same scheme, host and port
 */
gboolean tocsin_uri_same_origin (const char *a, const char *b);

/**
 * tocsin_uri_host_port:
 * @uri: a URI
 * @error: return location for an error, or %NULL
 *
 * What limits and caches per host are keyed by: the port is always there, so that
 * `https://a.example` and `https://a.example:443` are one.
 *
 * Returns: (transfer full) (nullable): `host:port`, or `[address]:port`; free with g_free(); %NULL
 *   with the errors of tocsin_uri_canonicalise()
 */
char *tocsin_uri_host_port (const char *uri, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_uri_host:
 * @uri: a URI
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the canonical host, an IPv6 address without brackets; free
 *   with g_free(); %NULL with the errors of tocsin_uri_canonicalise()
 */
char *tocsin_uri_host (const char *uri, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
