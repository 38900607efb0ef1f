/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * draft-cavage-http-signatures-12, as the fediverse speaks it.
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/httpsig-draft.h"

#include <string.h>

#include "codec/httpsig-private.h"
#include "codec/multibase.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/limits.h"

#define MAX_FIELD_BYTES     8192
#define MAX_PARAMETERS      16
#define MAX_NAMES           32
#define MAX_DIGESTS         8
#define MAX_SIGNATURE_BYTES 512

/* The parameters of the Signature field, section 2.1. */
typedef struct
{
  char *key_id;    /* (owned) (nullable) */
  char *algorithm; /* (owned) (nullable) */
  char *headers;   /* (owned) (nullable) */
  char *signature; /* (owned) (nullable) */
  char *created;   /* (owned) (nullable) */
  char *expires;   /* (owned) (nullable) */
} Params;

static void
params_clear (Params *self)
{
  g_free (self->key_id);
  g_free (self->algorithm);
  g_free (self->headers);
  g_free (self->signature);
  g_free (self->created);
  g_free (self->expires);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Params, params_clear)

static char **
params_slot (Params *self, const char *name, gsize length)
{
  const struct
  {
    const char *name;
    char **slot;
  } slots[] = {
    { "keyId", &self->key_id },    { "algorithm", &self->algorithm },
    { "headers", &self->headers }, { "signature", &self->signature },
    { "created", &self->created }, { "expires", &self->expires },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (slots); i++)
    if (strlen (slots[i].name) == length && strncmp (slots[i].name, name, length) == 0)
      return slots[i].slot;
  return NULL;
}

/* name="value" or name=number at the cursor. */
static gboolean
read_param (Params *self, const char **at, GError **error)
{
  const char *name = *at;
  gsize name_length = strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
  const char *value = name + name_length + 1;
  gboolean quoted;
  gsize length;
  char **slot;

  if (name_length == 0 || name[name_length] != '=')
    return tocsin_httpsig_fail (error, "Signature is malformed");
  quoted = *value == '"';
  if (quoted)
    value++;
  length = quoted ? strcspn (value, "\"\\") : strspn (value, "0123456789");
  if (quoted ? value[length] != '"' : length == 0)
    return tocsin_httpsig_fail (error, "Signature is malformed");
  slot = params_slot (self, name, name_length);
  if (slot != NULL && *slot != NULL)
    return tocsin_httpsig_fail (error, "Signature has a parameter twice");
  if (slot != NULL)
    *slot = g_strndup (value, length);
  *at = value + length + (quoted ? 1 : 0);
  return TRUE;
}

static gboolean
read_params (Params *self, const char *field, GError **error)
{
  const char *at = field;

  for (guint i = 0;; i++)
    {
      if (i == MAX_PARAMETERS)
        return tocsin_httpsig_fail (error, "Signature has too many parameters"), FALSE;
      if (!read_param (self, &at, error))
        return FALSE;
      at += strspn (at, " \t");
      if (*at == '\0')
        break;
      if (*at++ != ',')
        return tocsin_httpsig_fail (error, "Signature is malformed"), FALSE;
      at += strspn (at, " \t");
    }
  if (self->key_id == NULL || *self->key_id == '\0' || self->signature == NULL ||
      self->headers == NULL)
    return tocsin_httpsig_fail (error, "Signature lacks keyId, headers or signature"), FALSE;
  if (strlen (self->key_id) > TOCSIN_URI_MAX_BYTES)
    return tocsin_httpsig_fail (error, "keyId is too long");
  if (self->algorithm != NULL && strcmp (self->algorithm, "rsa-sha256") != 0 &&
      strcmp (self->algorithm, "hs2019") != 0)
    return tocsin_httpsig_fail (error, "Algorithm is neither rsa-sha256 nor hs2019");
  return TRUE;
}

/* Digest, RFC 3230 section 4.3.2: "SHA-256=…", other algorithms may stand beside it. */
static gboolean
check_digest (const TocsinEnvelope *envelope, GError **error)
{
  g_autofree char *field = tocsin_httpsig_field (envelope, "digest");
  g_autofree char *expected = tocsin_httpsig_body_digest (envelope);
  g_auto (GStrv) parts = NULL;
  gboolean found = FALSE;

  if (field == NULL)
    return tocsin_httpsig_fail (error, "There is no Digest");
  parts = g_strsplit (field, ",", MAX_DIGESTS);
  for (gsize i = 0; parts[i] != NULL; i++)
    {
      const char *part = g_strstrip (parts[i]);

      if (g_ascii_strncasecmp (part, "sha-256=", 8) != 0)
        continue;
      if (found || strcmp (part + 8, expected) != 0)
        return tocsin_httpsig_fail (error, "Digest does not match the body");
      found = TRUE;
    }
  return found || tocsin_httpsig_fail (error, "Digest has no SHA-256");
}

typedef enum
{
  COVERS_TARGET = 1 << 0,
  COVERS_HOST = 1 << 1,
  COVERS_DATE = 1 << 2,
  COVERS_CREATED = 1 << 3,
  COVERS_EXPIRES = 1 << 4,
  COVERS_DIGEST = 1 << 5,
} Covers;

static const struct
{
  const char *name;
  Covers flag;
} special_names[] = {
  { "(request-target)", COVERS_TARGET },
  { "host", COVERS_HOST },
  { "date", COVERS_DATE },
  { "(created)", COVERS_CREATED },
  { "(expires)", COVERS_EXPIRES },
  { "digest", COVERS_DIGEST },
};

/* The value of a line of the signing string, section 2.3, or NULL. */
static char *
line_value (const TocsinEnvelope *envelope,
            const char *origin,
            const Params *params,
            const char *name,
            gsize target_length)
{
  if (strcmp (name, "(request-target)") == 0)
    {
      g_autofree char *method = g_ascii_strdown (envelope->method, -1);

      return g_strdup_printf ("%s %.*s", method, (int) target_length, envelope->target);
    }
  if (strcmp (name, "(created)") == 0)
    return g_strdup (params->created);
  if (strcmp (name, "(expires)") == 0)
    return g_strdup (params->expires);
  if (strcmp (name, "host") == 0)
    return g_strdup (tocsin_httpsig_authority (origin));
  return tocsin_httpsig_field (envelope, name);
}

static char *
build_base (const TocsinEnvelope *envelope,
            const char *origin,
            const Params *params,
            const char *const *names,
            gsize target_length,
            GError **error)
{
  g_autoptr (GString) base = g_string_sized_new (512);

  for (gsize i = 0; names[i] != NULL; i++)
    {
      g_autofree char *value = line_value (envelope, origin, params, names[i], target_length);

      if (value == NULL || strlen (value) > MAX_FIELD_BYTES)
        {
          tocsin_httpsig_fail (error, "Signature covers a field that the request does not have");
          return NULL;
        }
      if (i > 0)
        g_string_append_c (base, '\n');
      g_string_append_printf (base, "%s: %s", names[i], value);
    }
  return g_string_free (g_steal_pointer (&base), FALSE);
}

static gboolean
read_covers (const char *const *names, guint *covers, GError **error)
{
  *covers = 0;
  for (gsize i = 0; names[i] != NULL; i++)
    {
      if (i == MAX_NAMES)
        return tocsin_httpsig_fail (error, "Signature covers too many fields");
      if (g_strv_contains (names + i + 1, names[i]))
        return tocsin_httpsig_fail (error, "Signature names a field twice");
      for (gsize j = 0; j < G_N_ELEMENTS (special_names); j++)
        if (strcmp (special_names[j].name, names[i]) == 0)
          *covers |= special_names[j].flag;
    }
  return TRUE;
}

static gboolean
read_seconds (const char *text, gint64 *out, GError **error)
{
  if (text == NULL || *text == '\0' || strlen (text) > 15 ||
      text[strspn (text, "0123456789")] != '\0')
    return tocsin_httpsig_fail (error, "created or expires is not a number of seconds");
  *out = g_ascii_strtoll (text, NULL, 10);
  return TRUE;
}

static gboolean
check_times (const TocsinEnvelope *envelope,
             const Params *params,
             guint covers,
             gint64 now_us,
             gint64 *created_us,
             GError **error)
{
  gint64 seconds = 0;

  if ((covers & COVERS_DATE) != 0)
    {
      g_autofree char *date = tocsin_httpsig_field (envelope, "date");

      if (date == NULL || !tocsin_http_date_parse (date, created_us))
        return tocsin_httpsig_fail (error, "Date is missing or malformed");
      if (!tocsin_httpsig_check_created (*created_us / TOCSIN_SECOND_US, now_us, error))
        return FALSE;
    }
  if ((covers & COVERS_CREATED) != 0)
    {
      /* Section 2.3: these names promise a signature that knows no (created). */
      if (g_strcmp0 (params->algorithm, "rsa-sha256") == 0)
        return tocsin_httpsig_fail (error, "(created) does not go with rsa-sha256");
      if (!read_seconds (params->created, &seconds, error) ||
          !tocsin_httpsig_check_created (seconds, now_us, error))
        return FALSE;
      *created_us = seconds * TOCSIN_SECOND_US;
    }
  if (params->expires == NULL)
    return TRUE;
  return read_seconds (params->expires, &seconds, error) &&
         tocsin_httpsig_check_expires (seconds, now_us, error);
}

static gboolean
check_policy (const TocsinEnvelope *envelope,
              const Params *params,
              guint covers,
              gint64 now_us,
              gint64 *created_us,
              GError **error)
{
  if ((covers & COVERS_TARGET) == 0 || (covers & COVERS_HOST) == 0)
    return tocsin_httpsig_fail (error, "Signature does not cover (request-target) and host");
  if ((covers & (COVERS_DATE | COVERS_CREATED)) == 0)
    return tocsin_httpsig_fail (error, "Signature covers neither date nor (created)");
  if (!check_times (envelope, params, covers, now_us, created_us, error))
    return FALSE;
  if ((covers & COVERS_DIGEST) != 0)
    return check_digest (envelope, error);
  return !tocsin_httpsig_has_body_method (envelope) ||
         tocsin_httpsig_fail (error, "Signature does not cover digest");
}

/**
 * tocsin_signature_parse_draft:
 *
 * The half of tocsin_signature_parse() for a request without Signature-Input. A GET with a
 * query gets a second signing string without it, for some sign it so.
 */
TocsinSignature *
tocsin_signature_parse_draft (const TocsinEnvelope *envelope,
                              const char *base_origin,
                              gint64 now_us,
                              GError **error)
{
  g_autoptr (TocsinSignature) self = g_new0 (TocsinSignature, 1);
  g_auto (Params) params = { 0 };
  g_auto (GStrv) names = NULL;
  const char *field = tocsin_envelope_get_header (envelope, "signature");
  gsize path = strcspn (envelope->target, "?");
  guint covers;

  if (field == NULL || tocsin_envelope_count_header (envelope, "signature") != 1)
    return tocsin_httpsig_fail (error, "There must be exactly one signature"), NULL;
  if (strlen (field) > MAX_FIELD_BYTES)
    return tocsin_httpsig_fail (error, "Signature is too long"), NULL;
  if (!read_params (&params, field, error))
    return NULL;
  names = g_strsplit (params.headers, " ", MAX_NAMES + 1);
  if (!read_covers ((const char *const *) names, &covers, error) ||
      !check_policy (envelope, &params, covers, now_us, &self->created_us, error))
    return NULL;
  self->scheme = TOCSIN_SCHEME_DRAFT;
  self->need = TOCSIN_KEY_NEED_RSA;
  self->signature =
      tocsin_base64_decode (params.signature, strlen (params.signature), MAX_SIGNATURE_BYTES, NULL);
  if (self->signature == NULL)
    return tocsin_httpsig_fail (error, "Signature is not base64"), NULL;
  self->base[0] = build_base (envelope, base_origin, &params, (const char *const *) names,
                              strlen (envelope->target), error);
  if (self->base[0] == NULL)
    return NULL;
  if (strcmp (envelope->method, "GET") == 0 && envelope->target[path] == '?')
    self->base[1] =
        build_base (envelope, base_origin, &params, (const char *const *) names, path, NULL);
  self->key_id = g_steal_pointer (&params.key_id);
  return g_steal_pointer (&self);
}

/**
 * tocsin_sign_request_draft:
 * @request: a request without a signature; gets Host, Date, Digest (if it has a body) and
 *   Signature
 * @origin: where it goes, "https://host[:port]"
 * @key: an RSA key
 *
 * Covers (request-target), host, date, and digest and content-type where they are. Says
 * rsa-sha256, which every implementation reads. Any thread.
 *
 * Returns: %FALSE and %TOCSIN_ERROR_UNAVAILABLE if the clock is insane or signing failed,
 *   %TOCSIN_ERROR_INVALID for a target, key or key id that cannot sign.
 */
gboolean
tocsin_sign_request_draft (TocsinEnvelope *request,
                           const char *origin,
                           const TocsinPrivateKey *key,
                           const char *key_id,
                           gint64 now_us,
                           GError **error)
{
  const Params params = { 0 };
  const char *names[] = { "(request-target)", "host", "date", NULL, NULL, NULL };
  gsize n = 3;
  g_autofree char *base = NULL;
  g_autofree char *base64 = NULL;
  g_autofree char *list = NULL;
  g_autofree char *field = NULL;
  g_autoptr (GBytes) signature = NULL;

  if (tocsin_public_key_kind (tocsin_private_key_public (key)) != TOCSIN_KEY_RSA)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "This scheme is for RSA keys alone");
      return FALSE;
    }
  if (!tocsin_httpsig_begin_signing (request, origin, key_id, now_us, error))
    return FALSE;
  if (request->body != NULL)
    {
      g_autofree char *digest = tocsin_httpsig_body_digest (request);
      g_autofree char *value = g_strconcat ("SHA-256=", digest, NULL);

      tocsin_envelope_add_header (request, "Digest", value);
      names[n++] = "digest";
    }
  if (tocsin_envelope_count_header (request, "content-type") > 0)
    names[n++] = "content-type";
  base = build_base (request, origin, &params, names, strlen (request->target), error);
  if (base == NULL)
    return FALSE;
  signature = tocsin_private_key_sign (key, base, strlen (base), error);
  if (signature == NULL)
    return FALSE;
  base64 = tocsin_base64_encode (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  list = g_strjoinv (" ", (char **) names);
  field = g_strdup_printf ("keyId=\"%s\",algorithm=\"rsa-sha256\",headers=\"%s\",signature=\"%s\"",
                           key_id, list, base64);
  tocsin_envelope_add_header (request, "Signature", field);
  return TRUE;
}
