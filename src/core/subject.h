/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/hash.h"

G_BEGIN_DECLS

/* Numbers are stored and hashed: frozen. */
typedef enum
{
  TOCSIN_SUBJECT_NONE = 0,
  TOCSIN_SUBJECT_IP = 1,
  TOCSIN_SUBJECT_NETWORK = 2,
  TOCSIN_SUBJECT_EMAIL = 3,
  TOCSIN_SUBJECT_DOMAIN = 4,
  TOCSIN_SUBJECT_URL = 5,
  TOCSIN_SUBJECT_USERNAME = 6,
  TOCSIN_SUBJECT_ACTOR = 7,
} TocsinSubjectType;

/* The first 16 bytes of the digest: index key and k-anonymity prefix (model.md 5). */
typedef TocsinId TocsinSubjectKey;

/**
 * TocsinSubject:
 * @type: what was reported
 * @key_type: under what it is keyed: %TOCSIN_SUBJECT_NETWORK for an IPv6 address, else @type
 * @value: (owned) (nullable): the canonical form; %NULL where only the digest is known
 * @key_value: (owned) (nullable): the text that was hashed: "2001:db8:1:2::/64" for an IPv6
 *   address, else the same as @value
 * @digest: SHA-256("tocsin:1:KEYTYPE:" + @key_value)
 * @written: (owned) (nullable): an e-mail address as it was given, where that is not @value: of
 *   it Mastodon makes another form
 *
 * Something that a report can be about, in canonical form.
 */
typedef struct
{
  TocsinSubjectType type;
  TocsinSubjectType key_type;
  char *value;
  char *key_value;
  guint8 digest[TOCSIN_SHA256_BYTES];
  char *written;
} TocsinSubject;

/**
 * TocsinNetworkLengths: which prefix lengths the store holds, a bit each, so that a check
 * probes no other.
 */
typedef struct
{
  guint64 v4;    /* bit n: some /n is stored, n in 0..32 */
  guint64 v6[3]; /* bit n % 64 of word n / 64: some /n is stored, n in 0..128 */
} TocsinNetworkLengths;

/**
 * TocsinProbe: one look-up that a check of a subject makes.
 */
typedef struct
{
  TocsinSubjectType type; /* of the key */
  TocsinSubjectKey key;
  char *value;          /* (owned) the text that was hashed, for "matched" */
  guint8 prefix_length; /* of a network; 0 for other types */
  gboolean exact;       /* FALSE for a covering network, a parent domain, an e-mail's domain… */
} TocsinProbe;

/**
 * tocsin_subject_type_to_string:
 * @type: a type
 *
 * Returns: (nullable): its name on the wire, static; %NULL for %TOCSIN_SUBJECT_NONE and what is
 *   out of range
 */
const char *tocsin_subject_type_to_string (TocsinSubjectType type);

/**
 * tocsin_subject_type_from_string:
 * @name: a name as the wire writes it
 *
 * Returns: the type, %TOCSIN_SUBJECT_NONE if @name is unknown
 */
TocsinSubjectType tocsin_subject_type_from_string (const char *name);

/**
 * tocsin_subject_type_is_person:
 * @type: a type
 *
 * Returns: %TRUE for ip, email, username, actor and url: what may lead to a person is never shared
 *   as clear and ends after 3 years
 */
gboolean tocsin_subject_type_is_person (TocsinSubjectType type);

/**
 * tocsin_subject_type_is_digested:
 * @type: a type
 *
 * Returns: %TRUE for email and username, which travel as a digest alone
 */
gboolean tocsin_subject_type_is_digested (TocsinSubjectType type);

/**
 * tocsin_subject_parse:
 * @self: (out): a subject, overwritten, not freed; untouched on error
 * @type: what @input is said to be
 * @input: a text of any length from anyone
 * @error: return location for an error, or %NULL
 *
 * Brings @input into the canonical form of its type (model.md 5) and computes its digest. The
 * canonical form is a fixed point. Host bits of a network are cleared. May be called from any
 * thread; does no I/O.
 *
 * Returns: %TRUE, then @self is to be cleared by tocsin_subject_clear(); or %FALSE with
 *   %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_TOO_LARGE, or %TOCSIN_ERROR_UNPROCESSABLE for no type
 */
gboolean tocsin_subject_parse (TocsinSubject *self,
                               TocsinSubjectType type,
                               const char *input,
                               GError **error);

/**
 * tocsin_subject_parse_received:
 * @self: (out): as tocsin_subject_parse()
 * @type: as there
 * @input: a value from a peer's report
 * @error: as there
 *
 * Like tocsin_subject_parse(), but takes a public suffix as a domain: the peer's list may be
 * another, and a difference holds a report (tocsin_subject_is_public_suffix()), never refuses it.
 *
 * Returns: as tocsin_subject_parse()
 */
gboolean tocsin_subject_parse_received (TocsinSubject *self,
                                        TocsinSubjectType type,
                                        const char *input,
                                        GError **error);

/**
 * tocsin_subject_from_digest:
 * @self: (out): a subject, overwritten, not freed; untouched on error
 * @type: what was digested; the type of the key is taken to be the same
 * @digest: `sha-256:` and 64 hexadecimal digits
 * @error: return location for an error, or %NULL
 *
 * Returns: %TRUE, then @self has no value in clear; or %FALSE with %TOCSIN_ERROR_INVALID
 */
gboolean tocsin_subject_from_digest (TocsinSubject *self,
                                     TocsinSubjectType type,
                                     const char *digest,
                                     GError **error);

/**
 * tocsin_subject_parse_acct:
 * @input: `acct:user@host`, `@user@host` or `user@host`; the host may have a port
 * @user: (out) (transfer full): the name as written; untouched if %FALSE is returned
 * @host: (out) (transfer full): the canonical host, with its port unless that is 443; likewise
 *
 * Which actor that is, only a look-up can say; tocsin_subject_parse() takes no such form.
 *
 * Returns: %TRUE if @input is an account name
 */
gboolean tocsin_subject_parse_acct (const char *input, char **user, char **host);

/**
 * tocsin_subject_copy:
 * @self: (out): a subject, overwritten, not freed
 * @from: a subject
 */
void tocsin_subject_copy (TocsinSubject *self, const TocsinSubject *from);

/**
 * tocsin_subject_clear:
 * @self: a subject, or one zeroed
 *
 * Frees what @self owns and zeroes it.
 */
void tocsin_subject_clear (TocsinSubject *self);

/**
 * tocsin_subject_key:
 * @self: a subject
 *
 * Returns: the first 16 bytes of its digest
 */
TocsinSubjectKey tocsin_subject_key (const TocsinSubject *self);

/**
 * tocsin_subject_digest_string:
 * @self: a subject
 *
 * Returns: (transfer full): `sha-256:` and 64 lower-case digits; free with g_free()
 */
char *tocsin_subject_digest_string (const TocsinSubject *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_subject_probes:
 * @self: a subject
 * @lengths: (nullable): which network lengths are worth a look-up; %NULL: none
 *
 * Lists the keys under which evidence about @self may be stored (model.md 5): its own first,
 * then what covers it from near to far: networks, the host of an address or URL with its parents,
 * for a URL at most 5 hosts × 6 paths × http and https. A network of one IPv4 address has the key
 * of the address, too. No key is listed twice. Of a subject known
 * by its digest alone there is its own key and no other.
 *
 * Returns: (transfer full) (element-type TocsinProbe): free with g_array_unref()
 */
GArray *tocsin_subject_probes (const TocsinSubject *self,
                               const TocsinNetworkLengths *lengths) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_subject_is_global:
 * @self: a subject
 *
 * Private, loopback, reserved and multicast addresses, networks that touch such a range, hosts of
 * local names and addresses at them are not global: a report about them is held for a person. The
 * ranges and names for documentation count as ordinary ones.
 * See [RFC 6890](https://www.rfc-editor.org/rfc/rfc6890).
 *
 * Returns: %FALSE if what @self names differs from network to network
 */
gboolean tocsin_subject_is_global (const TocsinSubject *self);

/**
 * tocsin_subject_is_shared_address:
 * @self: a subject
 *
 * Returns: %TRUE for an address or network in 100.64.0.0/10
 *   ([RFC 6598](https://www.rfc-editor.org/rfc/rfc6598)), behind which are many subscribers
 */
gboolean tocsin_subject_is_shared_address (const TocsinSubject *self);

/**
 * tocsin_subject_is_provider:
 * @self: a subject; of one without a value the first 16 bytes of the digest are enough
 *
 * Returns: %TRUE for the domain of a shared provider (tocsin_domain_provider()), and for the URL
 *   of its first page, which covers all its pages; for the digest of either whatever its type is
 *   said to be
 */
gboolean tocsin_subject_is_provider (const TocsinSubject *self);

/**
 * tocsin_subject_is_broad:
 * @self: a subject, as for tocsin_subject_is_provider()
 *
 * Returns: %TRUE for a network shorter than /24 (IPv4) or /48 (IPv6), and for what
 *   tocsin_subject_is_provider() says; they stop at note or review (model.md 4)
 */
gboolean tocsin_subject_is_broad (const TocsinSubject *self);

/**
 * tocsin_probe_is_broad:
 * @self: one of the probes of @asked
 * @asked: the subject of a check
 *
 * Returns: %TRUE if what has the key @self is broad by itself, or is a URL at a shared provider
 *   that covers @asked and is not the same page
 */
gboolean tocsin_probe_is_broad (const TocsinProbe *self, const TocsinSubject *asked);

/**
 * tocsin_subject_is_public_suffix:
 * @self: a subject
 *
 * Returns: %TRUE if it is a domain below which anyone can register, by our list
 */
gboolean tocsin_subject_is_public_suffix (const TocsinSubject *self);

/**
 * tocsin_network_is_broad:
 * @text: a network in canonical form, for example the value of a #TocsinProbe
 *
 * Returns: %TRUE if it is shorter than /24 (IPv4) or /48 (IPv6)
 */
gboolean tocsin_network_is_broad (const char *text);

/**
 * tocsin_address_is_global:
 * @address: (array length=n_bytes): in network byte order
 * @n_bytes: 4 or 16
 *
 * For connections: the ranges for documentation are not global here, and of a v4-mapped or NAT64
 * address the IPv4 address inside decides.
 *
 * Returns: %TRUE if @address is the same machine from everywhere
 */
gboolean tocsin_address_is_global (const guint8 *address, gsize n_bytes);

/**
 * tocsin_subject_mastodon_email:
 * @input: an e-mail address
 * @error: return location for an error, or %NULL
 *
 * The form that Mastodon compares (`canonical_email_blocks`): lower case, dots and +tag of the
 * name cut whatever the provider, the domain as it was written.
 *
 * Returns: (transfer full) (nullable): free with g_free(); %NULL with %TOCSIN_ERROR_INVALID or
 *   %TOCSIN_ERROR_TOO_LARGE
 */
char *tocsin_subject_mastodon_email (const char *input, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_subject_mastodon_email_hash:
 * @input: an e-mail address
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the hexadecimal SHA-256 of
 *   tocsin_subject_mastodon_email(), which is what Mastodon stores and exports; errors as there
 */
char *tocsin_subject_mastodon_email_hash (const char *input,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinSubject, tocsin_subject_clear)

G_END_DECLS
