/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/network-list.h"

#include "core/subject-internal.h"

struct _TocsinNetworkList
{
  GArray *prefixes; /* of TocsinPrefix */
};

/**
 * tocsin_network_list_takes:
 * @network: an address, or a network in CIDR form
 *
 * Returns: whether a list would have it; lengths such as /024 are none
 */
gboolean
tocsin_network_list_takes (const char *network)
{
  TocsinPrefix prefix;

  return tocsin_prefix_read (network, &prefix);
}

/**
 * tocsin_network_list_new:
 * @networks: (nullable) (array zero-terminated=1): addresses and networks in CIDR form, as the
 *   settings were checked for; anything else is left out
 *
 * Returns: (transfer full): the list; free it with tocsin_network_list_free()
 */
TocsinNetworkList *
tocsin_network_list_new (const char *const *networks)
{
  TocsinNetworkList *self = g_new0 (TocsinNetworkList, 1);

  self->prefixes = g_array_new (FALSE, FALSE, sizeof (TocsinPrefix));
  for (gsize i = 0; networks != NULL && networks[i] != NULL; i++)
    {
      TocsinPrefix prefix;

      if (!tocsin_prefix_read (networks[i], &prefix))
        continue;
      tocsin_prefix_unmap (&prefix);
      g_array_append_val (self->prefixes, prefix);
    }
  return self;
}

void
tocsin_network_list_free (TocsinNetworkList *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->prefixes);
  g_free (self);
}

/**
 * tocsin_network_list_holds:
 * @subject: a subject
 *
 * Returns: %TRUE for an address or a network that lies wholly within one of the list
 */
gboolean
tocsin_network_list_holds (const TocsinNetworkList *self, const TocsinSubject *subject)
{
  TocsinPrefix prefix;

  if (self->prefixes->len == 0 ||
      (subject->type != TOCSIN_SUBJECT_IP && subject->type != TOCSIN_SUBJECT_NETWORK) ||
      subject->value == NULL || !tocsin_prefix_read (subject->value, &prefix))
    return FALSE;
  for (guint i = 0; i < self->prefixes->len; i++)
    if (tocsin_prefix_is_within (&prefix, &g_array_index (self->prefixes, TocsinPrefix, i)))
      return TRUE;
  return FALSE;
}

void
tocsin_network_list_foreach (const TocsinNetworkList *self, TocsinNetworkFunc func, gpointer data)
{
  for (guint i = 0; i < self->prefixes->len; i++)
    {
      char text[TOCSIN_PREFIX_TEXT_BYTES];

      tocsin_prefix_write (&g_array_index (self->prefixes, TocsinPrefix, i), TRUE, text);
      func (text, data);
    }
}
