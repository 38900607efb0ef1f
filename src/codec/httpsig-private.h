/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the two signature schemes share; for httpsig.c, httpsig-draft.c and their tests.
 */
#pragma once

#include "codec/httpsig.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_KEY_NEED_ANY,
  TOCSIN_KEY_NEED_RSA,
  TOCSIN_KEY_NEED_ED25519,
} TocsinKeyNeed;

struct _TocsinSignature
{
  TocsinScheme scheme;
  TocsinKeyNeed need;
  char *key_id;      /* (owned) */
  gint64 created_us; /* the time that it covers */
  char *base[2];     /* (owned) what was signed: the first or, where there is one, the second */
  GBytes *signature; /* (owned) */
};

typedef enum
{
  TOCSIN_COVERS_METHOD = 1 << 0,
  TOCSIN_COVERS_TARGET_URI = 1 << 1,
  TOCSIN_COVERS_AUTHORITY = 1 << 2,
  TOCSIN_COVERS_PATH = 1 << 3, /* or @request-target */
  TOCSIN_COVERS_DIGEST = 1 << 4,
} TocsinCovers;

/* No value of an integer of RFC 8941. */
#define TOCSIN_NO_SECONDS G_MININT64

/* What a Signature-Input says; times in seconds since the epoch, or %TOCSIN_NO_SECONDS. */
typedef struct
{
  guint covers;
  gint64 created_seconds;
  gint64 expires_seconds;
} TocsinSignatureInput;

/* Reads the syntax of RFC 9421 and builds the signature base; judges no coverage, no time, no
 * digest. */
TocsinSignature *tocsin_signature_read_rfc9421 (const TocsinEnvelope *envelope,
                                                const char *base_origin,
                                                TocsinSignatureInput *input,
                                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Always FALSE, with %TOCSIN_ERROR_UNAUTHENTICATED. */
gboolean tocsin_httpsig_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

const char *tocsin_httpsig_authority (const char *origin); /* points into @origin */
/* Whether the method is one whose body must be signed: any but GET and HEAD. */
gboolean tocsin_httpsig_has_body_method (const TocsinEnvelope *envelope);
char *tocsin_httpsig_field (const TocsinEnvelope *envelope, const char *name)
    G_GNUC_WARN_UNUSED_RESULT; /* (nullable) all lines of a field, joined by ", " */
/* 12 hours back at most, an hour ahead at most; a signature that has expired is none. */
gboolean tocsin_httpsig_check_created (gint64 created_seconds, gint64 now_us, GError **error);
gboolean tocsin_httpsig_check_expires (gint64 expires_seconds, gint64 now_us, GError **error);
char *tocsin_httpsig_body_digest (const TocsinEnvelope *envelope)
    G_GNUC_WARN_UNUSED_RESULT; /* base64 of the body's SHA-256 */
gboolean tocsin_httpsig_begin_signing (
    TocsinEnvelope *request, const char *origin, const char *key_id, gint64 now_us, GError **error);

G_END_DECLS
