/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What covers more than one of those who use it: wide networks, and the domains and pages of
 * providers that strangers share (model.md 4, "Breadth").
 */
#define G_LOG_DOMAIN "tocsin-core"

#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/subject-internal.h"

/* The provider at which a canonical URL is, NULL if it is at none. */
static const char *
url_provider (const char *url)
{
  char host[TOCSIN_HOST_MAX_BYTES + 1];

  return tocsin_url_copy_host (url, host) ? tocsin_domain_provider (host) : NULL;
}

/* The first page of a host stands for all below it: it is among the expressions that every URL
 * there is looked up by. */
static gboolean
is_first_page (const char *url)
{
  return strcmp (tocsin_url_path (url), "/") == 0;
}

/* ---- known by digest alone ---- */

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (TocsinSubjectKey));
}

static void
add_keys (const char *domain, gpointer data)
{
  static const char *const schemes[] = { "http://", "https://" };
  TocsinSubjectKey key;

  tocsin_subject_hash_key (TOCSIN_SUBJECT_DOMAIN, domain, &key);
  g_array_append_val ((GArray *) data, key);
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autofree char *page = g_strconcat (schemes[i], domain, "/", NULL);

      tocsin_subject_hash_key (TOCSIN_SUBJECT_URL, page, &key);
      g_array_append_val ((GArray *) data, key);
    }
}

/* Of all providers and their first pages, sorted; made once. */
static const GArray *
provider_keys (void)
{
  static gsize made;

  if (g_once_init_enter (&made))
    {
      GArray *keys = g_array_new (FALSE, FALSE, sizeof (TocsinSubjectKey));

      tocsin_domain_foreach_provider (add_keys, keys);
      g_array_sort (keys, compare_keys);
      g_once_init_leave (&made, GPOINTER_TO_SIZE (keys));
    }
  return GSIZE_TO_POINTER (made);
}

static gboolean
is_provider_key (const guint8 *key)
{
  const GArray *keys = provider_keys ();

  return bsearch (key, keys->data, keys->len, sizeof (TocsinSubjectKey), compare_keys) != NULL;
}

/* ---- what covers strangers ---- */

gboolean
tocsin_subject_is_provider (const TocsinSubject *self)
{
  /* A digest may be claimed to be that of anything. */
  if (self->value == NULL)
    return is_provider_key (self->digest);
  if (self->type == TOCSIN_SUBJECT_DOMAIN)
    return tocsin_domain_provider (self->value) != NULL;
  return self->type == TOCSIN_SUBJECT_URL && is_first_page (self->value) &&
         url_provider (self->value) != NULL;
}

gboolean
tocsin_subject_is_broad (const TocsinSubject *self)
{
  if (self->type == TOCSIN_SUBJECT_NETWORK)
    return self->value != NULL && tocsin_network_is_broad (self->value);
  return tocsin_subject_is_provider (self);
}

/* A folder or a page without its query stands for what strangers put there; the same page of the
 * other scheme, or under another name of the provider, does not. */
static gboolean
covers_strangers (const char *url, const char *asked)
{
  const char *provider = url_provider (url);

  return provider != NULL && (provider != url_provider (asked) ||
                              strcmp (tocsin_url_path (url), tocsin_url_path (asked)) != 0);
}

gboolean
tocsin_probe_is_broad (const TocsinProbe *self, const TocsinSubject *asked)
{
  TocsinSubject key = { .type = self->type, .value = self->value };

  memcpy (key.digest, self->key.bytes, sizeof self->key.bytes);
  if (tocsin_subject_is_broad (&key))
    return TRUE;
  return self->type == TOCSIN_SUBJECT_URL && !self->exact &&
         covers_strangers (self->value, asked->value);
}
