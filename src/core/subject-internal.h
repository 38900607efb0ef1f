/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The parts of subject.c that are kept by kind of subject. For these files alone.
 */
#pragma once

#include "core/host.h"
#include "core/subject.h"

G_BEGIN_DECLS

/* An address or network in binary: @bytes is 4 or 16 long, by @family_bytes. */
typedef struct
{
  guint8 bytes[16];
  guint8 family_bytes;
  guint8 length; /* of the prefix in bits */
} TocsinPrefix;

#define TOCSIN_PREFIX_TEXT_BYTES 64 /* room for any address with its length */

/* Parsers give @value and, where it differs, @key_value, both owned by the caller. */
gboolean
tocsin_subject_parse_ip (const char *input, char **value, char **key_value, GError **error);
gboolean tocsin_subject_parse_network (const char *input, char **value, GError **error);
gboolean tocsin_subject_parse_email (const char *input, char **value, GError **error);
gboolean tocsin_subject_parse_username (const char *input, char **value, GError **error);
gboolean tocsin_subject_parse_url (const char *input, char **value, GError **error);

gboolean tocsin_prefix_text_is_global (const char *text);
/* Of a canonical text "1.2.3.4" or "1.2.3.0/24". */
gboolean tocsin_prefix_read (const char *text, TocsinPrefix *out);
void tocsin_prefix_write (const TocsinPrefix *prefix,
                          gboolean with_length,
                          char out[TOCSIN_PREFIX_TEXT_BYTES]);
gboolean tocsin_prefix_is_within (const TocsinPrefix *inner, const TocsinPrefix *outer);
void tocsin_prefix_cut (TocsinPrefix *prefix, guint8 length);
/* Makes IPv4 of what is IPv4 within IPv6. */
void tocsin_prefix_unmap (TocsinPrefix *prefix);

/* The key under which @value, the text that is hashed, is stored. */
void tocsin_subject_hash_key (TocsinSubjectType type, const char *value, TocsinSubjectKey *key);

void tocsin_probe_append (GArray *probes,
                          TocsinSubjectType type,
                          const char *value,
                          guint8 prefix_length,
                          gboolean exact);
/* The key of the address that the whole network @prefix is, if it is no more than one. */
void tocsin_probes_add_lone_address (GArray *probes, const TocsinPrefix *prefix);
void tocsin_probes_add_networks (GArray *probes,
                                 const TocsinPrefix *prefix,
                                 const TocsinNetworkLengths *lengths);
/* Every check asks for each length, so it is compiled where it is asked. @bits: of a network. */
static inline gboolean
tocsin_network_lengths_have (const TocsinNetworkLengths *lengths, guint8 family_bytes, guint bits)
{
  guint64 word = family_bytes == 4 ? lengths->v4 : lengths->v6[bits / 64];

  return (word >> (bits % 64) & 1) != 0;
}

/* The host of a URL, an actor or an address: names as domain with their parents, addresses as ip.
 */
void tocsin_probes_add_host (GArray *probes, const char *host, const TocsinNetworkLengths *lengths);
void tocsin_probes_add_url (GArray *probes, const char *url);
/* (transfer full): the host of a canonical URL, without brackets. */
char *tocsin_url_host (const char *url);
/* The same without memory of its own; FALSE if it is longer than a name may be. */
gboolean tocsin_url_copy_host (const char *url, char out[TOCSIN_HOST_MAX_BYTES + 1]);
/* What of a canonical URL follows the host: "/", "/a?b". */
const char *tocsin_url_path (const char *url);

G_END_DECLS
