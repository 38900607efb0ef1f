/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * RFC 9421, and what both schemes share. What the request was sent to is rebuilt from our own
 * base URL: a proxy may have changed the Host field, and a signature for another host must not
 * count here whatever the connection says.
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/httpsig.h"

#include <string.h>

#include "codec/httpsig-draft.h"
#include "codec/httpsig-private.h"
#include "codec/multibase.h"
#include "codec/sfv.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/limits.h"

#define MAX_HEADERS         128
#define MAX_FIELD_BYTES     8192 /* a field that is read here, or covered */
#define MAX_COMPONENTS      32
#define MAX_PARAMETERS      16
#define MAX_DIGESTS         8
#define MAX_SIGNATURE_BYTES 512 /* RSA of 4096 bits */
#define WRONG_TYPE          "A parameter of Signature-Input has the wrong type"

struct _TocsinVerified
{
  TocsinScheme scheme;
  char *key_id; /* (owned) */
};

gboolean
tocsin_httpsig_fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error,
                     g_error_new_valist (TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED, format, args));
  va_end (args);
  return FALSE;
}

const char *
tocsin_httpsig_authority (const char *origin)
{
  const char *at = strstr (origin, "://");

  g_return_val_if_fail (at != NULL, "");

  return at + 3;
}

gboolean
tocsin_httpsig_has_body_method (const TocsinEnvelope *envelope)
{
  return strcmp (envelope->method, "GET") != 0 && strcmp (envelope->method, "HEAD") != 0;
}

char *
tocsin_httpsig_field (const TocsinEnvelope *envelope, const char *name)
{
  GString *value = NULL;

  for (guint i = 0; i < envelope->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      if (strcmp (header->name, name) != 0)
        continue;
      if (value == NULL)
        value = g_string_new (NULL);
      else
        g_string_append (value, ", ");
      g_string_append (value, header->value);
    }
  return value != NULL ? g_string_free (value, FALSE) : NULL;
}

gboolean
tocsin_httpsig_check_created (gint64 created_seconds, gint64 now_us, GError **error)
{
  gint64 now = now_us / TOCSIN_SECOND_US;

  if (created_seconds > now + TOCSIN_MAX_AHEAD_SECONDS)
    return tocsin_httpsig_fail (error, "Signature is dated more than an hour ahead");
  if (created_seconds < now - TOCSIN_SIGNATURE_MAX_AGE_SECONDS)
    return tocsin_httpsig_fail (error, "Signature is more than 12 hours old");
  return TRUE;
}

gboolean
tocsin_httpsig_check_expires (gint64 expires_seconds, gint64 now_us, GError **error)
{
  if (expires_seconds <= now_us / TOCSIN_SECOND_US)
    return tocsin_httpsig_fail (error, "Signature has expired");
  return TRUE;
}

/* A request without a body has an empty one. */
static void
hash_body (const TocsinEnvelope *envelope, guint8 out[TOCSIN_SHA256_BYTES])
{
  gsize size = 0;
  gconstpointer data = envelope->body != NULL ? g_bytes_get_data (envelope->body, &size) : NULL;

  tocsin_sha256 (data, size, out);
}

char *
tocsin_httpsig_body_digest (const TocsinEnvelope *envelope)
{
  guint8 hash[TOCSIN_SHA256_BYTES];

  hash_body (envelope, hash);
  return tocsin_base64_encode (hash, sizeof hash);
}

/* Content-Digest, RFC 9530 section 2, which is covered and so is there. Other algorithms may stand
 * beside ours; unread. */
static gboolean
check_content_digest (const TocsinEnvelope *envelope, GError **error)
{
  g_autofree char *field = tocsin_httpsig_field (envelope, "content-digest");
  g_autoptr (GString) name = g_string_new (NULL);
  const char *at = field;
  gboolean found = FALSE;
  gboolean last = FALSE;

  for (guint i = 0; !last; i++)
    {
      g_autoptr (GBytes) bytes = NULL;
      guint8 hash[TOCSIN_SHA256_BYTES];

      if (i == MAX_DIGESTS || !tocsin_sfv_key (&at, name) || *at++ != '=')
        return tocsin_httpsig_fail (error, "Content-Digest is malformed");
      bytes = tocsin_sfv_bytes (&at, 128);
      if (bytes == NULL || !tocsin_sfv_end_of_member (&at, &last))
        return tocsin_httpsig_fail (error, "Content-Digest is malformed");
      if (strcmp (name->str, "sha-256") != 0)
        continue;
      hash_body (envelope, hash);
      if (found || g_bytes_get_size (bytes) != sizeof hash ||
          memcmp (g_bytes_get_data (bytes, NULL), hash, sizeof hash) != 0)
        return tocsin_httpsig_fail (error, "Content-Digest does not match the body");
      found = TRUE;
    }
  return found || tocsin_httpsig_fail (error, "Content-Digest has no sha-256");
}

/* What counts towards the coverage that we ask for. */
static guint
component_covers (const char *name)
{
  static const struct
  {
    const char *name;
    TocsinCovers flag;
  } flags[] = {
    { "@method", TOCSIN_COVERS_METHOD },       { "@target-uri", TOCSIN_COVERS_TARGET_URI },
    { "@authority", TOCSIN_COVERS_AUTHORITY }, { "@path", TOCSIN_COVERS_PATH },
    { "@request-target", TOCSIN_COVERS_PATH }, { "content-digest", TOCSIN_COVERS_DIGEST },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
    if (strcmp (flags[i].name, name) == 0)
      return flags[i].flag;
  return 0;
}

/* A derived component, RFC 9421 section 2.2, or a field, section 2.1; NULL if there is none. */
static char *
component_value (const TocsinEnvelope *envelope, const char *origin, const char *name)
{
  const char *authority = tocsin_httpsig_authority (origin);
  gsize path = strcspn (envelope->target, "?");

  if (strcmp (name, "@method") == 0)
    return g_strdup (envelope->method);
  if (strcmp (name, "@target-uri") == 0)
    return g_strconcat (origin, envelope->target, NULL);
  if (strcmp (name, "@authority") == 0 || strcmp (name, "host") == 0)
    return g_strdup (authority);
  if (strcmp (name, "@path") == 0)
    return g_strndup (envelope->target, path);
  if (strcmp (name, "@request-target") == 0)
    return g_strdup (envelope->target);
  if (strcmp (name, "@query") == 0)
    return g_strdup (envelope->target[path] == '?' ? envelope->target + path : "?");
  if (strcmp (name, "@scheme") == 0)
    return g_strndup (origin, (gsize) (authority - origin) - 3);
  return tocsin_httpsig_field (envelope, name);
}

typedef struct
{
  const TocsinEnvelope *envelope;
  const char *origin;
  const char *at;              /* in Signature-Input */
  GString *base;               /* (owned) lines so far */
  GString *params;             /* (owned) the inner list again, in canonical form */
  GString *text;               /* (owned) scratch */
  GPtrArray *names;            /* (owned) (element-type utf8) components so far */
  TocsinSignatureInput *input; /* (unowned) */
  TocsinSignature *signature;  /* (unowned) being filled */
} Reader;

static gboolean
add_component (Reader *r, GError **error)
{
  const char *name = r->text->str;
  g_autofree char *value = NULL;

  if (r->names->len == MAX_COMPONENTS)
    return tocsin_httpsig_fail (error, "Signature-Input covers too many components");
  for (guint i = 0; i < r->names->len; i++)
    if (strcmp (g_ptr_array_index (r->names, i), name) == 0)
      return tocsin_httpsig_fail (error, "Signature-Input names a component twice");
  g_ptr_array_add (r->names, g_strdup (name));
  value = component_value (r->envelope, r->origin, name);
  r->input->covers |= component_covers (name);
  if (value == NULL)
    return tocsin_httpsig_fail (
        error, "Signature covers %s, which this request does not have or we do not read",
        strspn (name, "abcdefghijklmnopqrstuvwxyz-@") == strlen (name) && strlen (name) < 64
            ? name
            : "a component");
  if (strlen (value) > MAX_FIELD_BYTES)
    return tocsin_httpsig_fail (error, "A covered field is too long");
  g_string_append_c (r->params, r->names->len > 1 ? ' ' : '(');
  tocsin_sfv_append_string (r->params, name);
  tocsin_sfv_append_string (r->base, name);
  g_string_append (r->base, ": ");
  g_string_append (r->base, value);
  g_string_append_c (r->base, '\n');
  return TRUE;
}

/* ( "a" "b" ), RFC 8941 section 4.2.1.2. */
static gboolean
read_components (Reader *r, GError **error)
{
  if (*r->at++ != '(')
    return tocsin_httpsig_fail (error, "Signature-Input is malformed");
  for (;;)
    {
      tocsin_sfv_skip (&r->at, " ");
      if (*r->at == ')')
        break;
      if (!tocsin_sfv_string (&r->at, r->text))
        return tocsin_httpsig_fail (error, "Signature-Input is malformed");
      if (*r->at == ';')
        return tocsin_httpsig_fail (error, "Components with parameters are not supported");
      if (*r->at != ' ' && *r->at != ')')
        return tocsin_httpsig_fail (error, "Signature-Input is malformed");
      if (!add_component (r, error))
        return FALSE;
    }
  r->at++;
  g_string_append (r->params, r->names->len > 0 ? ")" : "()");
  return TRUE;
}

static gboolean
read_algorithm (TocsinSignature *signature, const char *name, GError **error)
{
  if (strcmp (name, "rsa-v1_5-sha256") == 0)
    signature->need = TOCSIN_KEY_NEED_RSA;
  else if (strcmp (name, "ed25519") == 0)
    signature->need = TOCSIN_KEY_NEED_ED25519;
  else
    return tocsin_httpsig_fail (error, "Algorithm is neither rsa-v1_5-sha256 nor ed25519");
  return TRUE;
}

/* The value of the parameter @name, whose "=" has been read. */
static gboolean
read_parameter_value (Reader *r, const char *name, GError **error)
{
  const char *again = r->at;
  gboolean ok = TRUE;

  g_string_append_c (r->params, '=');
  if (!tocsin_sfv_copy_item (&r->at, r->params))
    return tocsin_httpsig_fail (error, "Signature-Input is malformed");
  if (strcmp (name, "created") == 0)
    ok = tocsin_sfv_integer (&again, &r->input->created_seconds);
  else if (strcmp (name, "expires") == 0)
    ok = tocsin_sfv_integer (&again, &r->input->expires_seconds);
  else if (strcmp (name, "keyid") == 0)
    {
      ok = tocsin_sfv_string (&again, r->text);
      r->signature->key_id = g_strdup (r->text->str);
    }
  else if (strcmp (name, "alg") == 0)
    {
      ok = tocsin_sfv_string (&again, r->text);
      if (ok && !read_algorithm (r->signature, r->text->str, error))
        return FALSE;
    }
  return ok || tocsin_httpsig_fail (error, WRONG_TYPE);
}

/* ;created=1;keyid="…", RFC 8941 section 4.2.3.2. What has no value is true, which none of those
 * that we read may be. */
static gboolean
read_parameters (Reader *r, GError **error)
{
  static const char *const valued[] = { "created", "expires", "keyid", "alg", NULL };
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  while (*r->at == ';')
    {
      char *name;

      r->at++;
      tocsin_sfv_skip (&r->at, " ");
      if (names->len == MAX_PARAMETERS || !tocsin_sfv_key (&r->at, r->text))
        return tocsin_httpsig_fail (error, "Signature-Input is malformed");
      if (g_ptr_array_find_with_equal_func (names, r->text->str, g_str_equal, NULL))
        return tocsin_httpsig_fail (error, "Signature-Input has a parameter twice");
      name = g_strdup (r->text->str);
      g_ptr_array_add (names, name);
      g_string_append_printf (r->params, ";%s", name);
      if (*r->at != '=')
        {
          if (g_strv_contains (valued, name))
            return tocsin_httpsig_fail (error, WRONG_TYPE);
          continue;
        }
      r->at++;
      if (!read_parameter_value (r, name, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_input (Reader *r, GString *label, GError **error)
{
  gboolean last;

  if (!tocsin_sfv_key (&r->at, label) || *r->at++ != '=')
    return tocsin_httpsig_fail (error, "Signature-Input is malformed");
  if (!read_components (r, error) || !read_parameters (r, error))
    return FALSE;
  if (!tocsin_sfv_end_of_member (&r->at, &last))
    return tocsin_httpsig_fail (error, "Signature-Input is malformed");
  if (!last)
    return tocsin_httpsig_fail (error, "There must be exactly one signature");
  if (r->signature->key_id == NULL || *r->signature->key_id == '\0')
    return tocsin_httpsig_fail (error, "Signature-Input has no keyid");
  if (strlen (r->signature->key_id) > TOCSIN_URI_MAX_BYTES)
    return tocsin_httpsig_fail (error, "keyid is too long");
  g_string_append_printf (r->base, "\"@signature-params\": %s", r->params->str);
  return TRUE;
}

static gboolean
read_signature (const char *field, const char *label, GBytes **out, GError **error)
{
  g_autoptr (GString) name = g_string_new (NULL);
  const char *at = field;
  gboolean last;

  if (!tocsin_sfv_key (&at, name) || *at++ != '=')
    return tocsin_httpsig_fail (error, "Signature is malformed");
  *out = tocsin_sfv_bytes (&at, MAX_SIGNATURE_BYTES);
  if (*out == NULL || !tocsin_sfv_end_of_member (&at, &last))
    return tocsin_httpsig_fail (error, "Signature is malformed");
  if (!last)
    return tocsin_httpsig_fail (error, "There must be exactly one signature");
  if (strcmp (name->str, label) != 0)
    return tocsin_httpsig_fail (error, "Signature and Signature-Input have different labels");
  return TRUE;
}

TocsinSignature *
tocsin_signature_read_rfc9421 (const TocsinEnvelope *envelope,
                               const char *base_origin,
                               TocsinSignatureInput *input,
                               GError **error)
{
  g_autoptr (TocsinSignature) self = g_new0 (TocsinSignature, 1);
  g_autoptr (GString) base = g_string_sized_new (1024);
  g_autoptr (GString) params = g_string_sized_new (256);
  g_autoptr (GString) text = g_string_sized_new (128);
  g_autoptr (GString) label = g_string_new (NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *field = tocsin_envelope_get_header (envelope, "signature-input");
  const char *signature = tocsin_envelope_get_header (envelope, "signature");
  Reader r = { .envelope = envelope,
               .origin = base_origin,
               .at = field,
               .base = base,
               .params = params,
               .text = text,
               .names = names,
               .input = input,
               .signature = self };

  *input = (TocsinSignatureInput){ .created_seconds = TOCSIN_NO_SECONDS,
                                   .expires_seconds = TOCSIN_NO_SECONDS };
  self->scheme = TOCSIN_SCHEME_RFC9421;
  if (field == NULL || signature == NULL ||
      tocsin_envelope_count_header (envelope, "signature-input") != 1 ||
      tocsin_envelope_count_header (envelope, "signature") != 1)
    return tocsin_httpsig_fail (error, "There must be exactly one signature"), NULL;
  if (strlen (field) > MAX_FIELD_BYTES || strlen (signature) > MAX_FIELD_BYTES)
    return tocsin_httpsig_fail (error, "Signature is too long"), NULL;
  if (!read_input (&r, label, error) ||
      !read_signature (signature, label->str, &self->signature, error))
    return NULL;
  self->base[0] = g_string_free (g_steal_pointer (&base), FALSE);
  return g_steal_pointer (&self);
}

static TocsinSignature *
parse_rfc9421 (const TocsinEnvelope *envelope, const char *origin, gint64 now_us, GError **error)
{
  TocsinSignatureInput input;
  g_autoptr (TocsinSignature) self =
      tocsin_signature_read_rfc9421 (envelope, origin, &input, error);
  const guint whole = TOCSIN_COVERS_AUTHORITY | TOCSIN_COVERS_PATH;

  if (self == NULL)
    return NULL;
  if ((input.covers & TOCSIN_COVERS_METHOD) == 0 ||
      ((input.covers & TOCSIN_COVERS_TARGET_URI) == 0 && (input.covers & whole) != whole))
    return tocsin_httpsig_fail (error, "Signature does not cover the method and the target"), NULL;
  if (input.created_seconds == TOCSIN_NO_SECONDS)
    return tocsin_httpsig_fail (error, "Signature has no time of creation"), NULL;
  if (!tocsin_httpsig_check_created (input.created_seconds, now_us, error) ||
      (input.expires_seconds != TOCSIN_NO_SECONDS &&
       !tocsin_httpsig_check_expires (input.expires_seconds, now_us, error)))
    return NULL;
  if ((input.covers & TOCSIN_COVERS_DIGEST) == 0)
    {
      if (tocsin_httpsig_has_body_method (envelope))
        return tocsin_httpsig_fail (error, "Signature does not cover Content-Digest"), NULL;
    }
  else if (!check_content_digest (envelope, error))
    return NULL;
  self->created_us = input.created_seconds * TOCSIN_SECOND_US;
  return g_steal_pointer (&self);
}

/* What a component is built of must not be able to look like the next line. */
static gboolean
is_plain (const char *text)
{
  for (; *text != '\0'; text++)
    if ((guchar) *text <= 0x20 || (guchar) *text >= 0x7F)
      return FALSE;
  return TRUE;
}

static gboolean
check_request (const TocsinEnvelope *envelope, GError **error)
{
  if (envelope->headers->len > MAX_HEADERS)
    return tocsin_httpsig_fail (error, "There are too many header fields");
  if (envelope->target[0] != '/' || strlen (envelope->target) > TOCSIN_URI_MAX_BYTES ||
      !is_plain (envelope->target) || !is_plain (envelope->method))
    return tocsin_httpsig_fail (error, "Request target is not a path");
  for (guint i = 0; i < envelope->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      if (strpbrk (header->value, "\r\n") != NULL)
        return tocsin_httpsig_fail (error, "A header field has a line break");
    }
  return TRUE;
}

/**
 * tocsin_signature_parse:
 * @envelope: a request as it was received
 * @base_origin: our own origin, "https://host" or "https://host:port", lower case, no default
 *   port, no slash
 * @now_us: the time, in microseconds since the epoch
 *
 * Does all of checking a signature that needs no key (docs/wire "Requests"): there is
 * exactly one; it covers method, target, host, time and, unless the method is GET or HEAD, a
 * digest that matches the body; it is not over 1 h ahead, 12 h old or expired. Scheme by the
 * presence of Signature-Input. Pure, any thread.
 *
 * Returns: (transfer full) (nullable): the signature; else %NULL and
 *   %TOCSIN_ERROR_UNAUTHENTICATED.
 */
TocsinSignature *
tocsin_signature_parse (const TocsinEnvelope *envelope,
                        const char *base_origin,
                        gint64 now_us,
                        GError **error)
{
  if (!check_request (envelope, error))
    return NULL;
  if (tocsin_envelope_count_header (envelope, "signature-input") > 0)
    return parse_rfc9421 (envelope, base_origin, now_us, error);
  return tocsin_signature_parse_draft (envelope, base_origin, now_us, error);
}

void
tocsin_signature_free (TocsinSignature *self)
{
  if (self == NULL)
    return;
  g_free (self->key_id);
  g_free (self->base[0]);
  g_free (self->base[1]);
  g_clear_pointer (&self->signature, g_bytes_unref);
  g_free (self);
}

const char *
tocsin_signature_key_id (const TocsinSignature *self)
{
  return self->key_id;
}

TocsinScheme
tocsin_signature_scheme (const TocsinSignature *self)
{
  return self->scheme;
}

gint64
tocsin_signature_created_us (const TocsinSignature *self)
{
  return self->created_us;
}

/**
 * tocsin_signature_verify:
 * @key: the key that tocsin_signature_key_id() names; the caller's part to find
 *
 * Returns: (transfer full) (nullable): the proof that it was checked; else %NULL and
 *   %TOCSIN_ERROR_UNAUTHENTICATED.
 */
TocsinVerified *
tocsin_signature_verify (const TocsinSignature *self, const TocsinPublicKey *key, GError **error)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (self->signature, &size);
  TocsinKeyKind kind = tocsin_public_key_kind (key);

  if ((self->need == TOCSIN_KEY_NEED_RSA && kind != TOCSIN_KEY_RSA) ||
      (self->need == TOCSIN_KEY_NEED_ED25519 && kind != TOCSIN_KEY_ED25519))
    return tocsin_httpsig_fail (error, "Key is not of the signature's algorithm"), NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (self->base) && self->base[i] != NULL; i++)
    if (tocsin_public_key_verify (key, self->base[i], strlen (self->base[i]), data, size))
      {
        TocsinVerified *verified = g_new0 (TocsinVerified, 1);

        verified->scheme = self->scheme;
        verified->key_id = g_strdup (self->key_id);
        return verified;
      }
  return tocsin_httpsig_fail (error, "Signature does not fit the request and the key"), NULL;
}

void
tocsin_verified_free (TocsinVerified *self)
{
  if (self == NULL)
    return;
  g_free (self->key_id);
  g_free (self);
}

const char *
tocsin_verified_key_id (const TocsinVerified *self)
{
  return self->key_id;
}

TocsinScheme
tocsin_verified_scheme (const TocsinVerified *self)
{
  return self->scheme;
}

/* Host and Date, which both schemes cover. */
gboolean
tocsin_httpsig_begin_signing (
    TocsinEnvelope *request, const char *origin, const char *key_id, gint64 now_us, GError **error)
{
  g_autofree char *date = NULL;

  g_return_val_if_fail (tocsin_envelope_count_header (request, "signature") == 0, FALSE);

  if (!tocsin_time_is_sane (now_us))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "The clock of this machine is wrong, so nothing is signed");
      return FALSE;
    }
  if (request->target[0] != '/' || !is_plain (request->target) || !is_plain (key_id) ||
      strpbrk (key_id, "\"\\") != NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "Request target or key id cannot be signed");
      return FALSE;
    }
  if (tocsin_envelope_count_header (request, "host") == 0)
    tocsin_envelope_add_header (request, "Host", tocsin_httpsig_authority (origin));
  date = tocsin_http_date_format (now_us);
  if (tocsin_envelope_count_header (request, "date") == 0)
    tocsin_envelope_add_header (request, "Date", date);
  return TRUE;
}

static const char *const rfc9421_components[] = { "@method", "@target-uri",  "@authority",
                                                  "date",    "content-type", "content-digest" };

static void
add_signature (TocsinEnvelope *request, const char *params, GBytes *signature)
{
  g_autofree char *input = g_strconcat ("sig1=", params, NULL);
  g_autofree char *base64 =
      tocsin_base64_encode (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  g_autofree char *value = g_strdup_printf ("sig1=:%s:", base64);

  tocsin_envelope_add_header (request, "Signature-Input", input);
  tocsin_envelope_add_header (request, "Signature", value);
}

/**
 * tocsin_sign_request_rfc9421:
 * @request: a request without a signature; gets Host, Date, Content-Digest (if it has a body),
 *   Signature-Input and Signature
 * @origin: where it goes, "https://host[:port]"; with the target it is the URL
 * @key: RSA or Ed25519
 *
 * Covers @method, @target-uri, @authority, date, and content-type and content-digest where
 * they are. Any thread.
 *
 * Returns: %FALSE and %TOCSIN_ERROR_UNAVAILABLE if the clock is insane or signing failed,
 *   %TOCSIN_ERROR_INVALID for a target or key id that cannot be signed.
 */
gboolean
tocsin_sign_request_rfc9421 (TocsinEnvelope *request,
                             const char *origin,
                             const TocsinPrivateKey *key,
                             const char *key_id,
                             gint64 now_us,
                             GError **error)
{
  g_autoptr (GString) base = g_string_sized_new (1024);
  g_autoptr (GString) params = g_string_new ("(");
  g_autoptr (GBytes) signature = NULL;
  gboolean rsa = tocsin_public_key_kind (tocsin_private_key_public (key)) == TOCSIN_KEY_RSA;

  if (!tocsin_httpsig_begin_signing (request, origin, key_id, now_us, error))
    return FALSE;
  if (request->body != NULL)
    {
      g_autofree char *digest = tocsin_httpsig_body_digest (request);
      g_autofree char *field = g_strdup_printf ("sha-256=:%s:", digest);

      tocsin_envelope_add_header (request, "Content-Digest", field);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (rfc9421_components); i++)
    {
      const char *name = rfc9421_components[i];
      g_autofree char *value = component_value (request, origin, name);

      if (value == NULL)
        continue;
      g_string_append_printf (params, "%s\"%s\"", i > 0 ? " " : "", name);
      g_string_append_printf (base, "\"%s\": %s\n", name, value);
    }
  g_string_append_printf (params, ");created=%" G_GINT64_FORMAT ";keyid=\"%s\";alg=\"%s\"",
                          now_us / TOCSIN_SECOND_US, key_id, rsa ? "rsa-v1_5-sha256" : "ed25519");
  g_string_append_printf (base, "\"@signature-params\": %s", params->str);
  signature = tocsin_private_key_sign (key, base->str, base->len, error);
  if (signature == NULL)
    return FALSE;
  add_signature (request, params->str, signature);
  return TRUE;
}
