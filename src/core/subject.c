/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/subject.h"

#include <string.h>

#include "core/error.h"

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
}

void
tocsin_subject_clear (TocsinSubject *self)
{
  g_free (self->value);
  g_free (self->key_value);
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
