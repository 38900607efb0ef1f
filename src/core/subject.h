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

/* The first 16 bytes of the digest: index key and k-anonymity prefix (scoring.md 5). */
typedef TocsinId TocsinSubjectKey;

/**
 * TocsinSubject:
 * @type: what was reported
 * @key_type: under what it is keyed: %TOCSIN_SUBJECT_NETWORK for an IPv6 address, else @type
 * @value: (owned) (nullable): the canonical form; %NULL where only the digest is known
 * @key_value: (owned) (nullable): the text that was hashed: "2001:db8:1:2::/64" for an IPv6
 *   address, else the same as @value
 * @digest: SHA-256("tocsin:1:KEYTYPE:" + @key_value)
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

const char *tocsin_subject_type_to_string (TocsinSubjectType type);
TocsinSubjectType tocsin_subject_type_from_string (const char *name); /* NONE if unknown */
gboolean tocsin_subject_type_is_person (TocsinSubjectType type); /* ip email username actor url */
gboolean tocsin_subject_type_is_digested (
    TocsinSubjectType type); /* email, username: never in clear on the wire */

gboolean tocsin_subject_parse (TocsinSubject *self,
                               TocsinSubjectType type,
                               const char *input,
                               GError **error);
gboolean tocsin_subject_from_digest (TocsinSubject *self,
                                     TocsinSubjectType type,
                                     const char *digest,
                                     GError **error); /* "sha-256:HEX" */
void tocsin_subject_copy (TocsinSubject *self, const TocsinSubject *from);
void tocsin_subject_clear (TocsinSubject *self);
TocsinSubjectKey tocsin_subject_key (const TocsinSubject *self);
char *tocsin_subject_digest_string (const TocsinSubject *self)
    G_GNUC_WARN_UNUSED_RESULT; /* "sha-256:HEX" */
GArray *tocsin_subject_probes (const TocsinSubject *self, const TocsinNetworkLengths *lengths)
    G_GNUC_WARN_UNUSED_RESULT; /* of TocsinProbe, with a clear func; the subject itself first */
gboolean tocsin_subject_is_global (
    const TocsinSubject *self); /* FALSE: private, loopback, reserved… (held for a person) */
char *tocsin_subject_mastodon_email (const char *input, GError **error)
    G_GNUC_WARN_UNUSED_RESULT; /* dots and tag cut for all */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinSubject, tocsin_subject_clear)

G_END_DECLS
