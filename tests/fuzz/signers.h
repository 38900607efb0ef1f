/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* Actors whose private keys a target holds. They are always the same, so that an input which names
 * a key means the same tomorrow: of Ed25519 the secret is the first letter of the host, 32 times.
 */
#include <string.h>

#include "codec/activity.h"
#include "codec/actor-json.h"
#include "codec/httpsig-draft.h"
#include "codec/httpsig.h"
#include "codec/json-strict.h"
#include "codec/proof.h"
#include "core/clock.h"

/* Made for this and good for nothing. */
#define PRIVATE(body) "-----BEGIN PRIVATE KEY-----\n" body "-----END PRIVATE KEY-----\n"
#define RSA_OF_C                                                                                   \
  "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCshaX2wrE6d0O1\n"                             \
  "7x0gs9TZniaIwmQ6iAkf6VcNIAQak8Z9apCDalwKumL6kogtEtii3/z+OY4YB0sn\n"                             \
  "5QQUyOwPl9J+fZZWtZsn7gunpmDoU8jLWP6GICKpNBHE6tSgqP2qaWZS54ogvgKz\n"                             \
  "O8YshTx/E/09NcM6wNYAr3lO2P91zicEOoUHnbpnFE0DylgcIM2vr697D9KfPVCT\n"                             \
  "a7DM6rq2QHvY6LM4vUEZhdQ7x4c1BQhR5iX+H3SZCV357sbZ80hB9W06HV5Id+m2\n"                             \
  "Tp4G7EFJGz+31s7xPP/adKpdr1Lw/O7uzbecdY+mq7y4oX19pvvSGUmQg1Z0q+PO\n"                             \
  "na6nsnsfAgMBAAECggEAAmqk1n4HqX/+LNA6ojiipKG4fHXsnX1GU3IbTA3EwPKM\n"                             \
  "9zjE6XJV87iEpmnjCm6XJkDo9E6uFNwVS2vD0N63n8hKpIbx0ikdEUQeWazU8qwp\n"                             \
  "xd9rQUm18pTOIun/LHjxhK+RRVwE7Ux8ETKnJfx/ym/nPjJAl9QXq07J7jbP7UB+\n"                             \
  "EhFYTjp0Y/0HbpvIFGG1UEBdftQ2qZwNlksXkFaqvkwlsewZajNGeMvVVfrgiHtQ\n"                             \
  "QYBlNK6mPtai6joyatoj04C63fv1P654UxwmPYl4PRbaJsILMQb+KJVk4ubV1nVK\n"                             \
  "AdRq7ceZ9yQwGnqTHBnju0r8HE2WEVt2KhUcmprcYQKBgQDr+8WFsW9jKkybN/V8\n"                             \
  "aaelUhOO2+MGJZgbDmY9tw1ZLiGuhtgx10JuOxQDtYfGhZrkxyHP0v76dWomESl5\n"                             \
  "JKPQ0VnHN8M0GBBGs1hbf7NrdYDj3XdhOnxIF6PzEKJ/AfyzubKBn49dLcUkKBdY\n"                             \
  "82hYwBrAe6IICudR/maT4nf3NwKBgQC7J9pmou+zsp+zA0Q2j/PxuA1rBm/eXzt2\n"                             \
  "rYvnQL72LYTel0fn65r8Hw6AQ0L0u7o/M5QsmHuv0w/zESzcwN4Or3oUzJRiECJ5\n"                             \
  "2zsK153ZBGEfufhDBwPfem9CpuxF6I01UW6o03qgI4ZRi+N+tFqSAi2NLy2cymMZ\n"                             \
  "eEuMoJE/WQKBgQCFyViDYkP3IY0K1t/bJ/8+j9i8vlboLjoc5L38MSJlM+0uiA5b\n"                             \
  "u2FTIzVGoQ0X9LkLCQZXT5T1I8oJSOONZcNl6LqQYkHN7/KSUq0+OpjazGRFS1Ka\n"                             \
  "EdFSAe0WKZEmllbRAe9845wgxIkm5X/PEzhOUKMaCz2id6QLbUJ0hwliYwKBgFsX\n"                             \
  "iKuP/o8+D5C3tEnCQv+Rj6ZZ2bUoMO8QhRmnX8q+WP9mLm9pM2QnUY2IL1yiyoHc\n"                             \
  "fvA9v2XSmt65q1Y+4VXQfuEEuewI4l7hH5mlXIS2JvekMnudPHtXQjP0vuc/ywr6\n"                             \
  "eZveYr7yy3uBVNbkvXh3auhe4BqCPz20WUE3HbrxAoGBAOZsS97kPUteiF9RslqV\n"                             \
  "Hw6JUgo112cOT5XyV4KUEzgv8PoeLQ6+Iwla/bLEo3ZqNG8MLu7bdKJ9b72uh4ON\n"                             \
  "XLsKZMxzfnbT69iRxq5HKoOPUIbMMm123WXo4fua08o759zeVQWjemYqp4S7xyy7\n"                             \
  "d0YJRezr3FynuS5daCrxqbIT\n"
#define RSA_OF_S                                                                                   \
  "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDZT/tHOpvYUxav\n"                             \
  "a7hmdajX6WOqZQfU8bwTmZTHR+yWhCZBq+a+EYvWpHWk+vFAKdg1s04MKCG28/l2\n"                             \
  "a9SGUSCSIKzYz3zqi9TB8CAZEQAvF8OjuZOK+fSommaTf7yfnfFPsx85FrAmWFvd\n"                             \
  "yIVNV1Ss21SgbA+1dsQ6rbuRlh6Bo/DqFVuRjS8mW+i209ZMPawQoU8JJzTU9lF7\n"                             \
  "YQ1pm2TMoetLxR7RPoWE3Ef35Ve15xndI0WVU/l8XMV4W0NMaFB8hctpIfm8Mgkw\n"                             \
  "UxkIpyxROmqQ/PTxmvAZIThTfJ4q4QKPnNGUYUlnbekLfw7MIi8K1GgVNAcxvMzI\n"                             \
  "Ai0djwP3AgMBAAECggEAEDFtDIA6B7MdUCILQhtHYxthkVto63294YoCs5zQ7OBZ\n"                             \
  "B3C7R3OAQ5TKrWoDmx/jHBFJ4g8FgCAK+T+MvRuDfVARATDo4oNb7b2qbqO9K0Uu\n"                             \
  "j18vNt5sVDn5JcmRcSVwS1uSGottwdW4tryP7lTxGtZXJoMW4pNAiQzUGsOgb1F4\n"                             \
  "Yd8BN7cT/+GOmMCFtOZhYwXjSguWp+umv3HZHmQqasmfmWrykoY3ld2c04ox289b\n"                             \
  "n7uwWza9yUIazM1WvmHykd519F+nJSbUFoMYxbLwZcdczCL18xNUMXuftwu5m2I/\n"                             \
  "lIBLDBVMRsR5uN/cof7JCDi3zbDloCR3rZl4yddipQKBgQDzGRCF33jpg+Knu4sy\n"                             \
  "hu0ied5IbKOLPgzG/hzK6mJ37ziKVlRbsCR495DIYSvPZT8+qk59g3AkvWV44Y84\n"                             \
  "/M4udKwedSvnfcS3jnFi/05YaC4euxW0KzYQhNy0kMvKOH+4/qJ0+4juq4blPTto\n"                             \
  "vy0sfzlSMj7bEeRm2CaiFdPNPQKBgQDk2JLQQiuP5EkoiXh5+ABlcwxmQf0qLcPX\n"                             \
  "VYazWQS5O3Qa18swj3xwM2G9wKkn9tiwtMsvB9ic5BYKkbRyv79oNNOGe/05zln2\n"                             \
  "etghF31cRfOMoORJZXp7rH70RjFo3s7nBvWCm+t+4AikzL1YNlkbcfVoAm0fR3Hf\n"                             \
  "DZlQgvBRQwKBgAo2NlR5U7nzeVT0ct93fYSiO+0s6x3RSHYffJQljmddXDGreLW1\n"                             \
  "S4LtW16fflii9yopu0xYdiCE+DtAtmR9cifPbN+GqoZ56QaQ7EBtWxwpnC5cS4ga\n"                             \
  "/JVrD15iar0e7HaX87kYS+NCv1Ln5JP82+fvnDfQtoU7Vi3fzJeodRI9AoGBAMK3\n"                             \
  "cDwZgV1evczrI4KMPTIU8UD09wdzh0ZqtEFYBgfiCYlpga8g9520an79NjEV/Qxl\n"                             \
  "2Nh8kZf1DrgRf/t/Icr13+F3EGCmLq/lmI6XoQfpUTCgGX5GBTDD9gW8z//OTTgQ\n"                             \
  "GMf4CSmcUF6BAr7TB4Ctt0S3g8fwj3hd5sy1jOtnAoGALlQgDmmhNserhXtKlTiP\n"                             \
  "2sY8MltZsTbFVEpLzP2QNlyXupEAy5iye63AZwedZ2V5jQAiF5ZuFxRkJbFZR+c+\n"                             \
  "4uWYhpa7D4epQ5J07iWWkef90wx195vYpuTVlA9B8EOzcxwjztprsjCsbMSCCJqd\n"                             \
  "tKxtf1RDvtdyyUvicOcIkCs=\n"

typedef struct
{
  const char *host;
  const char *rsa_pem; /* (nullable) */
  gboolean is_node;
  char *uri;
  char *ed25519_id;
  char *rsa_id;
  TocsinPrivateKey *ed25519;
  TocsinPrivateKey *rsa; /* (nullable) */
  TocsinActorDocument *document;
  GBytes *document_bytes;
} Signer;

static inline TocsinPrivateKey *
signer_make_ed25519 (char letter)
{
  static const guint8 head[] = { 0x30, 0x2e, 2,    1,    0, 0x30, 5, 6,
                                 3,    0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20 };
  guint8 der[sizeof head + 32];
  g_autofree char *base64 = NULL;
  g_autofree char *pem = NULL;
  g_autoptr (GError) error = NULL;
  TocsinPrivateKey *key;

  memcpy (der, head, sizeof head);
  memset (der + sizeof head, letter, 32);
  base64 = g_base64_encode (der, sizeof der);
  pem = g_strdup_printf (PRIVATE ("%s\n"), base64);
  key = tocsin_private_key_from_pem (pem, strlen (pem), &error);
  g_assert_no_error (error);
  return key;
}

static inline void
signer_add_key (Signer *self, const char *id, const TocsinPrivateKey *private_key)
{
  TocsinPublicKey *public_key = tocsin_private_key_public (private_key);
  TocsinActorKey *key = tocsin_actor_key_new (id, self->uri);

  if (tocsin_public_key_kind (public_key) == TOCSIN_KEY_RSA)
    key->pem = tocsin_public_key_to_pem (public_key);
  else
    {
      key->multibase = tocsin_public_key_to_multikey (public_key);
      key->assertion = TRUE;
    }
  g_ptr_array_add (self->document->keys, key);
}

/* @self has its host, and what follows it in the struct as it likes. */
static inline void
signer_init (Signer *self)
{
  g_autoptr (GError) error = NULL;

  self->uri = g_strdup_printf ("https://%s/actor", self->host);
  self->ed25519_id = g_strconcat (self->uri, "#ed25519-1", NULL);
  self->rsa_id = g_strconcat (self->uri, "#main-key", NULL);
  self->document = tocsin_actor_document_new (self->uri);
  self->document->type = g_strdup ("Application");
  self->document->inbox = g_strdup_printf ("https://%s/inbox", self->host);
  self->document->outbox = g_strdup_printf ("https://%s/outbox", self->host);
  self->document->followers = g_strdup_printf ("https://%s/followers", self->host);
  self->document->reports = g_strdup_printf ("https://%s/reports", self->host);
  self->document->trust = g_strdup_printf ("https://%s/trust", self->host);
  self->document->preferred_username = g_strdup ("tocsin");
  if (self->is_node)
    self->document->protocol_version = g_strdup (TOCSIN_PROTOCOL_VERSION);
  self->ed25519 = signer_make_ed25519 (self->host[0]);
  signer_add_key (self, self->ed25519_id, self->ed25519);
  if (self->rsa_pem != NULL)
    {
      self->rsa = tocsin_private_key_from_pem (self->rsa_pem, strlen (self->rsa_pem), &error);
      g_assert_no_error (error);
      signer_add_key (self, self->rsa_id, self->rsa);
    }
  self->document_bytes = tocsin_actor_document_to_bytes (self->document);
}

static inline void
signer_clear (Signer *self)
{
  g_free (self->uri);
  g_free (self->ed25519_id);
  g_free (self->rsa_id);
  tocsin_private_key_free (self->ed25519);
  g_clear_pointer (&self->rsa, tocsin_private_key_free);
  tocsin_actor_document_free (self->document);
  g_bytes_unref (self->document_bytes);
}

/* The one of @all with this first letter. */
static inline Signer *
signer_find (Signer *all, gsize n, char letter)
{
  for (gsize i = 0; i < n; i++)
    if (all[i].host[0] == letter)
      return &all[i];
  return NULL;
}

/* By 'r' with RSA, by 'c' with RSA as of the draft, else with Ed25519. */
static inline const TocsinPrivateKey *
signer_key (const Signer *self, char scheme)
{
  return (scheme == 'r' || scheme == 'c') && self->rsa != NULL ? self->rsa : self->ed25519;
}

static inline const char *
signer_key_id (const Signer *self, char scheme)
{
  return signer_key (self, scheme) == self->rsa ? self->rsa_id : self->ed25519_id;
}

/* FALSE: what is to be signed cannot be. */
static inline gboolean
signer_sign (const Signer *self,
             char scheme,
             const char *key_id,
             TocsinEnvelope *envelope,
             const char *origin,
             gint64 at_us)
{
  const TocsinPrivateKey *key = signer_key (self, scheme);

  if (scheme == 'c')
    return tocsin_sign_request_draft (envelope, origin, key, key_id, at_us, NULL);
  return tocsin_sign_request_rfc9421 (envelope, origin, key, key_id, at_us, NULL);
}

/* Changes a bit or two of the signature that @envelope has. */
static inline void
signer_spoil (TocsinEnvelope *envelope, char scheme)
{
  const char *begins = scheme == 'c' ? "signature=\"" : ":";

  for (guint i = 0; i < envelope->headers->len; i++)
    {
      TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);
      char *at = g_str_equal (header->name, "signature") ? strstr (header->value, begins) : NULL;

      if (at == NULL)
        continue;
      at += strlen (begins) + 5;
      *at = *at == 'A' ? 'B' : 'A';
    }
}
