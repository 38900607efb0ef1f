/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/connections.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define LEAST_TAKEN_BYTES 4096 /* of an answer, in the time that a client has for it */

TocsinAddressKey
tocsin_address_key (GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);
  TocsinAddressKey key = { { 0 } };

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    {
      key.bytes[10] = key.bytes[11] = 0xff;
      memcpy (key.bytes + 12, bytes, 4);
    }
  else
    memcpy (key.bytes, bytes, 8);
  return key;
}

GInetAddress *
tocsin_address_unmap (GInetAddress *address)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);
  GInetAddress *v4;

  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6 ||
      memcmp (bytes, mapped, sizeof mapped) != 0)
    return address;
  v4 = g_inet_address_new_from_bytes (bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);
  g_object_unref (address);
  return v4;
}

static guint
key_hash (gconstpointer data)
{
  guint64 halves[2];

  memcpy (halves, data, sizeof halves);
  return (guint) ((halves[0] ^ halves[1]) >> 32) * 31 + (guint) (halves[0] ^ halves[1]);
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, TOCSIN_ADDRESS_KEY_BYTES) == 0;
}

void
tocsin_connections_init (TocsinConnections *self)
{
  for (gsize i = 0; i < TOCSIN_N_PHASES; i++)
    g_queue_init (&self->phases[i]);
  self->addresses = g_hash_table_new_full (key_hash, key_equal, g_free, NULL);
  self->n_open = 0;
}

void
tocsin_connections_clear (TocsinConnections *self)
{
  g_clear_pointer (&self->addresses, g_hash_table_unref);
}

gboolean
tocsin_address_in (GPtrArray *masks, GInetAddress *address)
{
  for (guint i = 0; masks != NULL && i < masks->len; i++)
    if (g_inet_address_mask_matches (masks->pdata[i], address))
      return TRUE;
  return FALSE;
}

/* Behind a proxy everybody is the proxy, and often it is on this machine. */
static gboolean
is_exempt (GInetAddress *peer, GPtrArray *trusted)
{
  return g_inet_address_get_is_loopback (peer) || tocsin_address_in (trusted, peer);
}

gboolean
tocsin_connections_allow (const TocsinConnections *self, GInetAddress *peer, GPtrArray *trusted)
{
  TocsinAddressKey key = tocsin_address_key (peer);

  return is_exempt (peer, trusted) ||
         GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, &key)) < self->per_address_max;
}

static void
count (TocsinConnections *self, const TocsinAddressKey *key, int change)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, key)) + (guint) change;

  if (n == 0)
    g_hash_table_remove (self->addresses, key);
  else
    g_hash_table_replace (self->addresses, g_memdup2 (key, sizeof *key), GUINT_TO_POINTER (n));
}

TocsinConnection *
tocsin_connections_add (
    TocsinConnections *self, int fd, GInetAddress *peer, GPtrArray *trusted, gint64 now_us)
{
  TocsinConnection *connection = g_new0 (TocsinConnection, 1);
  g_autofree char *text = peer != NULL ? g_inet_address_to_string (peer) : NULL;

  connection->link.data = connection;
  connection->fd = fd;
  connection->phase = TOCSIN_PHASE_RECEIVING;
  connection->since_us = now_us;
  connection->peer = peer;
  connection->is_exempt = peer == NULL || is_exempt (peer, trusted);
  connection->is_proxy = peer == NULL || tocsin_address_in (trusted, peer);
  g_strlcpy (connection->peer_text, text != NULL ? text : "unix", sizeof connection->peer_text);
  if (peer != NULL)
    connection->key = tocsin_address_key (peer);
  if (!connection->is_exempt)
    {
      connection->is_counted = TRUE;
      count (self, &connection->key, 1);
    }
  self->n_open++;
  g_queue_push_tail_link (&self->phases[TOCSIN_PHASE_RECEIVING], &connection->link);
  return connection;
}

void
tocsin_connections_remove (TocsinConnections *self, TocsinConnection *connection)
{
  g_queue_unlink (&self->phases[connection->phase], &connection->link);
  if (connection->is_counted)
    count (self, &connection->key, -1);
  self->n_open--;
  g_clear_object (&connection->peer);
  g_free (connection);
}

void
tocsin_connections_enter (TocsinConnections *self,
                          TocsinConnection *connection,
                          TocsinPhase phase,
                          gint64 now_us)
{
  g_queue_unlink (&self->phases[connection->phase], &connection->link);
  connection->phase = phase;
  connection->is_gone = FALSE;
  connection->since_us = now_us;
  connection->unsent = -1;
  g_queue_push_tail_link (&self->phases[phase], &connection->link);
}

/* The library sees the end of the stream and closes the descriptor itself. */
static void
shut (TocsinConnections *self, TocsinConnection *connection)
{
  if (connection->is_dying)
    return;
  connection->is_dying = TRUE;
  (void) shutdown (connection->fd, SHUT_RDWR);
}

/* A client that reads slowly takes its answer all the same, unless it is there for the connection
 * alone. More is unsent than before where what it took made room. */
static gboolean
is_taking (TocsinConnection *connection)
{
  int before = connection->unsent;

  if (ioctl (connection->fd, SIOCOUTQ, &connection->unsent) != 0)
    return FALSE;
  return before < 0 || connection->unsent > before ||
         before - connection->unsent >= LEAST_TAKEN_BYTES;
}

guint
tocsin_connections_expire (TocsinConnections *self, gint64 now_us)
{
  guint n = 0;

  for (gsize phase = 0; phase < TOCSIN_N_PHASES; phase++)
    {
      if (phase == TOCSIN_PHASE_SUSPENDED)
        continue;
      for (GList *l = self->phases[phase].head, *next; l != NULL; l = next)
        {
          TocsinConnection *connection = l->data;

          next = l->next;
          if (now_us - connection->since_us < self->limits_us[phase])
            break;
          if (phase == TOCSIN_PHASE_SENDING && !connection->is_dying && is_taking (connection))
            {
              int unsent = connection->unsent;

              tocsin_connections_enter (self, connection, TOCSIN_PHASE_SENDING, now_us);
              connection->unsent = unsent;
              continue;
            }
          n += !connection->is_dying;
          shut (self, connection);
        }
    }
  return n;
}

gboolean
tocsin_connection_is_gone (const TocsinConnection *self)
{
  char byte;

  return recv (self->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

guint
tocsin_connections_drop_gone (TocsinConnections *self)
{
  const TocsinPhase phases[] = { TOCSIN_PHASE_RECEIVING, TOCSIN_PHASE_IDLE };
  guint n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (phases); i++)
    for (GList *l = self->phases[phases[i]].head; l != NULL; l = l->next)
      {
        TocsinConnection *connection = l->data;
        gboolean was_gone = connection->is_gone;

        if (connection->is_dying)
          continue;
        connection->is_gone = tocsin_connection_is_gone (connection);
        if (!was_gone || !connection->is_gone)
          continue;
        shut (self, connection);
        n++;
      }
  return n;
}

gboolean
tocsin_connections_evict (TocsinConnections *self)
{
  const TocsinPhase order[] = { TOCSIN_PHASE_IDLE, TOCSIN_PHASE_RECEIVING };

  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    for (GList *l = self->phases[order[i]].head; l != NULL; l = l->next)
      {
        TocsinConnection *connection = l->data;

        if (connection->is_dying)
          continue;
        shut (self, connection);
        return TRUE;
      }
  return FALSE;
}

void
tocsin_connections_shutdown (TocsinConnections *self, TocsinPhase phase)
{
  for (GList *l = self->phases[phase].head; l != NULL; l = l->next)
    shut (self, l->data);
}
