/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/subject.h"

#include <string.h>

#include "core/error.h"
#include "core/host.h"
#include "core/subject-internal.h"
#include "core/uri.h"

#define DIGEST_PREFIX "sha-256:"

static const char *const type_names[] = {
  [TOCSIN_SUBJECT_IP] = "ip",       [TOCSIN_SUBJECT_NETWORK] = "network",
  [TOCSIN_SUBJECT_EMAIL] = "email", [TOCSIN_SUBJECT_DOMAIN] = "domain",
  [TOCSIN_SUBJECT_URL] = "url",     [TOCSIN_SUBJECT_USERNAME] = "username",
  [TOCSIN_SUBJECT_ACTOR] = "actor",
};

const char *
tocsin_subject_type_to_string (TocsinSubjectType type)
{
  return (guint) type < G_N_ELEMENTS (type_names) ? type_names[type] : NULL;
}

TocsinSubjectType
tocsin_subject_type_from_string (const char *name)
{
  for (guint i = TOCSIN_SUBJECT_IP; i < G_N_ELEMENTS (type_names); i++)
    if (strcmp (type_names[i], name) == 0)
      return (TocsinSubjectType) i;
  return TOCSIN_SUBJECT_NONE;
}

gboolean
tocsin_subject_type_is_person (TocsinSubjectType type)
{
  return type == TOCSIN_SUBJECT_IP || type == TOCSIN_SUBJECT_EMAIL ||
         type == TOCSIN_SUBJECT_USERNAME || type == TOCSIN_SUBJECT_ACTOR ||
         type == TOCSIN_SUBJECT_URL;
}

gboolean
tocsin_subject_type_is_digested (TocsinSubjectType type)
{
  return type == TOCSIN_SUBJECT_EMAIL || type == TOCSIN_SUBJECT_USERNAME;
}

gboolean
tocsin_subject_from_digest (TocsinSubject *self,
                            TocsinSubjectType type,
                            const char *digest,
                            GError **error)
{
  TocsinSubject parsed = { .type = type, .key_type = type };

  if (!g_str_has_prefix (digest, DIGEST_PREFIX) ||
      !tocsin_hex_decode (digest + strlen (DIGEST_PREFIX), strlen (digest) - strlen (DIGEST_PREFIX),
                          parsed.digest, sizeof parsed.digest))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "Digest is not sha-256: and 64 hexadecimal digits");
      return FALSE;
    }
  *self = parsed;
  return TRUE;
}

void
tocsin_subject_copy (TocsinSubject *self, const TocsinSubject *from)
{
  *self = *from;
  self->value = g_strdup (from->value);
  self->key_value = g_strdup (from->key_value);
  self->written = g_strdup (from->written);
}

void
tocsin_subject_clear (TocsinSubject *self)
{
  g_free (self->value);
  g_free (self->key_value);
  g_free (self->written);
  memset (self, 0, sizeof *self);
}

TocsinSubjectKey
tocsin_subject_key (const TocsinSubject *self)
{
  TocsinSubjectKey key;

  memcpy (key.bytes, self->digest, sizeof key.bytes);
  return key;
}

char *
tocsin_subject_digest_string (const TocsinSubject *self)
{
  g_autofree char *hex = tocsin_hex_encode (self->digest, sizeof self->digest);

  return g_strconcat (DIGEST_PREFIX, hex, NULL);
}

static void
hash_value (TocsinSubjectType type, const char *value, guint8 digest[TOCSIN_SHA256_BYTES])
{
  const char *parts[] = { "tocsin:1:", type_names[type], ":", value, NULL };

  tocsin_sha256_parts (parts, digest);
}

void
tocsin_subject_hash_key (TocsinSubjectType type, const char *value, TocsinSubjectKey *key)
{
  guint8 digest[TOCSIN_SHA256_BYTES];

  hash_value (type, value, digest);
  memcpy (key->bytes, digest, sizeof key->bytes);
}

static gboolean
parse_domain (const char *input, gboolean strict, char **value, GError **error)
{
  char host[TOCSIN_HOST_MAX_BYTES + 1];

  if (!tocsin_host_canonicalise (input, strlen (input), host, error))
    return FALSE;
  if (strict && tocsin_host_registrable (host) == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "%.100s is a public suffix, below which anyone can register: it is no domain",
                   host);
      return FALSE;
    }
  *value = g_strdup (host);
  return TRUE;
}

static gboolean
parse_actor (const char *input, char **value, GError **error)
{
  if (input[0] == '@' || g_str_has_prefix (input, "acct:"))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "An account name is no actor: give the https address of the actor");
      return FALSE;
    }
  *value = tocsin_uri_canonicalise (input, error);
  return *value != NULL;
}

static gboolean
parse_value (TocsinSubject *self, const char *input, gboolean strict, GError **error)
{
  switch (self->type)
    {
    case TOCSIN_SUBJECT_IP:
      return tocsin_subject_parse_ip (input, &self->value, &self->key_value, error);
    case TOCSIN_SUBJECT_NETWORK:
      return tocsin_subject_parse_network (input, &self->value, error);
    case TOCSIN_SUBJECT_EMAIL:
      return tocsin_subject_parse_email (input, &self->value, error);
    case TOCSIN_SUBJECT_DOMAIN:
      return parse_domain (input, strict, &self->value, error);
    case TOCSIN_SUBJECT_URL:
      return tocsin_subject_parse_url (input, &self->value, error);
    case TOCSIN_SUBJECT_USERNAME:
      return tocsin_subject_parse_username (input, &self->value, error);
    case TOCSIN_SUBJECT_ACTOR:
      return parse_actor (input, &self->value, error);
    case TOCSIN_SUBJECT_NONE:
    default:
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                           "No such type of subject");
      return FALSE;
    }
}

static gboolean
parse (
    TocsinSubject *self, TocsinSubjectType type, const char *input, gboolean strict, GError **error)
{
  TocsinSubject parsed = { .type = type, .key_type = type };

  if (!parse_value (&parsed, input, strict, error))
    return FALSE;
  if (parsed.key_value != NULL)
    parsed.key_type = TOCSIN_SUBJECT_NETWORK;
  else
    parsed.key_value = g_strdup (parsed.value);
  if (type == TOCSIN_SUBJECT_EMAIL && strcmp (parsed.value, input) != 0)
    parsed.written = g_strdup (input);
  hash_value (parsed.key_type, parsed.key_value, parsed.digest);
  *self = parsed;
  return TRUE;
}

gboolean
tocsin_subject_parse (TocsinSubject *self,
                      TocsinSubjectType type,
                      const char *input,
                      GError **error)
{
  return parse (self, type, input, TRUE, error);
}

gboolean
tocsin_subject_parse_received (TocsinSubject *self,
                               TocsinSubjectType type,
                               const char *input,
                               GError **error)
{
  return parse (self, type, input, FALSE, error);
}

static void
clear_probe (gpointer data)
{
  g_free (((TocsinProbe *) data)->value);
}

void
tocsin_probe_append (
    GArray *probes, TocsinSubjectType type, const char *value, guint8 prefix_length, gboolean exact)
{
  TocsinProbe probe = {
    .type = type,
    .value = g_strdup (value),
    .prefix_length = prefix_length,
    .exact = exact,
  };

  tocsin_subject_hash_key (type, value, &probe.key);
  g_array_append_val (probes, probe);
}

/* A name with its parents, the nearest first, down to what someone registered. */
static void
add_domains (GArray *probes, const char *host, gboolean with_itself)
{
  const char *last = tocsin_host_registrable (host);

  /* What someone registered is below a suffix: up to there each name has a dot. */
  for (const char *at = host; last != NULL && at <= last; at = strchr (at, '.') + 1)
    if (at != host || with_itself)
      tocsin_probe_append (probes, TOCSIN_SUBJECT_DOMAIN, at, 0, FALSE);
}

void
tocsin_probes_add_host (GArray *probes, const char *host, const TocsinNetworkLengths *lengths)
{
  TocsinPrefix prefix;
  g_auto (TocsinSubject) address = { 0 };

  if (!tocsin_prefix_read (host, &prefix))
    {
      add_domains (probes, host, TRUE);
      return;
    }
  if (!tocsin_subject_parse (&address, TOCSIN_SUBJECT_IP, host, NULL) ||
      !tocsin_prefix_read (address.value, &prefix))
    return;
  tocsin_probe_append (probes, address.key_type, address.key_value,
                       address.key_type == TOCSIN_SUBJECT_NETWORK ? 64 : 0, FALSE);
  tocsin_probes_add_networks (probes, &prefix, lengths);
}

static void
add_related (GArray *probes, const TocsinSubject *self, const TocsinNetworkLengths *lengths)
{
  TocsinPrefix prefix;
  g_autofree char *host = NULL;

  switch (self->type)
    {
    case TOCSIN_SUBJECT_IP:
    case TOCSIN_SUBJECT_NETWORK:
      if (!tocsin_prefix_read (self->value, &prefix))
        break;
      if (self->type == TOCSIN_SUBJECT_NETWORK)
        tocsin_probes_add_lone_address (probes, &prefix);
      tocsin_probes_add_networks (probes, &prefix, lengths);
      break;
    case TOCSIN_SUBJECT_EMAIL:
      add_domains (probes, strrchr (self->value, '@') + 1, TRUE);
      break;
    case TOCSIN_SUBJECT_DOMAIN:
      add_domains (probes, self->value, FALSE);
      break;
    case TOCSIN_SUBJECT_URL:
      tocsin_probes_add_url (probes, self->value);
      host = tocsin_url_host (self->value);
      tocsin_probes_add_host (probes, host, lengths);
      break;
    case TOCSIN_SUBJECT_ACTOR:
      host = tocsin_url_host (self->value);
      tocsin_probes_add_host (probes, host, lengths);
      break;
    case TOCSIN_SUBJECT_USERNAME:
    case TOCSIN_SUBJECT_NONE:
    default:
      break;
    }
}

GArray *
tocsin_subject_probes (const TocsinSubject *self, const TocsinNetworkLengths *lengths)
{
  GArray *probes = g_array_sized_new (FALSE, FALSE, sizeof (TocsinProbe), 8);
  TocsinPrefix prefix = { 0 };
  TocsinProbe own = {
    .type = self->key_type,
    .key = tocsin_subject_key (self),
    .value = g_strdup (self->key_value),
    .exact = TRUE,
  };

  g_array_set_clear_func (probes, clear_probe);
  if (self->key_type == TOCSIN_SUBJECT_NETWORK && self->key_value != NULL &&
      tocsin_prefix_read (self->key_value, &prefix))
    own.prefix_length = prefix.length;
  g_array_append_val (probes, own);
  if (self->value != NULL)
    add_related (probes, self, lengths);
  return probes;
}

/* The host that @self is at, NULL if it has none or is known by its digest alone. */
static char *
subject_host (const TocsinSubject *self)
{
  if (self->value == NULL)
    return NULL;
  if (self->type == TOCSIN_SUBJECT_DOMAIN)
    return g_strdup (self->value);
  if (self->type == TOCSIN_SUBJECT_EMAIL)
    return g_strdup (strrchr (self->value, '@') + 1);
  if (self->type == TOCSIN_SUBJECT_URL || self->type == TOCSIN_SUBJECT_ACTOR)
    return tocsin_url_host (self->value);
  return NULL;
}

gboolean
tocsin_subject_is_global (const TocsinSubject *self)
{
  g_autofree char *host = subject_host (self);
  TocsinPrefix prefix;

  if (self->value != NULL &&
      (self->type == TOCSIN_SUBJECT_IP || self->type == TOCSIN_SUBJECT_NETWORK))
    return tocsin_prefix_text_is_global (self->value);
  if (host == NULL)
    return TRUE;
  if (tocsin_prefix_read (host, &prefix))
    return tocsin_prefix_text_is_global (host);
  return strchr (host, '.') != NULL && !tocsin_host_is_local (host);
}

gboolean
tocsin_subject_is_public_suffix (const TocsinSubject *self)
{
  return self->type == TOCSIN_SUBJECT_DOMAIN && self->value != NULL &&
         tocsin_host_registrable (self->value) == NULL;
}
