/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Host names: the one spelling of each, and who may register below whom. All of it may be called
 * from any thread and does no I/O.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_HOST_MAX_BYTES 253

/**
 * tocsin_host_canonicalise:
 * @input: a host name as a peer or a person wrote it, in ASCII or in Unicode
 * @input_len: its length in bytes; it needs no terminating NUL
 * @out: where the canonical name goes, with a terminating NUL; undefined on error
 * @error: return location for an error, or %NULL
 *
 * Lower case, IDNA2008 with the non-transitional mapping of
 * [UTS 46](https://www.unicode.org/reports/tr46/), letters, digits and hyphens only, one trailing
 * dot cut. A name that ends in a number is an address and is refused. One label is enough here:
 * "localhost" has a canonical form. The result is a fixed point.
 *
 * Returns: %TRUE, or %FALSE with %TOCSIN_ERROR_INVALID
 */
gboolean tocsin_host_canonicalise (const char *input,
                                   gsize input_len,
                                   char out[TOCSIN_HOST_MAX_BYTES + 1],
                                   GError **error);

/**
 * tocsin_host_registrable:
 * @host: a canonical host name
 *
 * Finds the part of @host that someone registered, by the public suffix list that libpsl carries,
 * private section included: "a.b.example.co.uk" → "example.co.uk".
 *
 * Returns: (nullable): a pointer into @host; %NULL if @host is itself a public suffix
 */
const char *tocsin_host_registrable (const char *host);

/**
 * tocsin_host_is_local:
 * @host: a canonical host name
 *
 * Names that mean another machine to everyone or no machine at all: `localhost`, `local`,
 * `internal`, `test`, `invalid`, `onion`, `alt`, `home.arpa` and what is below
 * ([RFC 6761](https://www.rfc-editor.org/rfc/rfc6761), 6762, 7686, 8375, 9476). The names for
 * documentation, `example` and its like, count as ordinary ones.
 */
gboolean tocsin_host_is_local (const char *host);

/**
 * tocsin_domain_provider:
 * @domain: a canonical host name
 *
 * Looks @domain up in the shipped list of providers whose users have nothing to do with each other
 * (data/shared-providers.txt), also with one label before it by which providers call the same
 * pages: "www.", "m.", "old." and the like. Where anyone can register below a provider, as at
 * github.io, such a name is somebody's own.
 *
 * Returns: (nullable): the provider's name as the list has it, static; %NULL if it is none
 */
const char *tocsin_domain_provider (const char *domain);

typedef void (*TocsinDomainFunc) (const char *domain, gpointer data);

/**
 * tocsin_domain_foreach_provider:
 * @func: called for each name for which tocsin_domain_provider() finds one
 * @data: data for @func
 */
void tocsin_domain_foreach_provider (TocsinDomainFunc func, gpointer data);

G_END_DECLS
