/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TocsinPhase:
 * @TOCSIN_PHASE_RECEIVING: a request is on its way, or the connection is new
 * @TOCSIN_PHASE_IDLE: between two requests
 * @TOCSIN_PHASE_SUSPENDED: a handler will answer later
 * @TOCSIN_PHASE_SENDING: the answer is on its way
 *
 * What a connection is doing, and so which limit it is under.
 */
typedef enum
{
  TOCSIN_PHASE_RECEIVING,
  TOCSIN_PHASE_IDLE,
  TOCSIN_PHASE_SUSPENDED,
  TOCSIN_PHASE_SENDING,
} TocsinPhase;
#define TOCSIN_N_PHASES 4

#define TOCSIN_ADDRESS_KEY_BYTES 16

/* An IPv4 address, mapped, or the first 64 bits of an IPv6 one: what one subscriber has. */
typedef struct
{
  guint8 bytes[TOCSIN_ADDRESS_KEY_BYTES];
} TocsinAddressKey;

/* What one client's addresses have in common: a v4 address, or the /64 of a v6 one. */
TocsinAddressKey tocsin_address_key (GInetAddress *address);

/* Takes @address (transfer full) and gives the IPv4 address (transfer full) if it is one mapped
 * into IPv6: on a socket of both families, and to a proxy that has one, IPv4 clients look like
 * that. */
GInetAddress *tocsin_address_unmap (GInetAddress *address) G_GNUC_WARN_UNUSED_RESULT;

/* Whether one of @masks (nullable, element-type GInetAddressMask) holds @address. */
gboolean tocsin_address_in (GPtrArray *masks, GInetAddress *address);

/**
 * TocsinConnection:
 * @fd: its socket, for shutdown(); the HTTP library closes it
 * @phase: what it is doing
 * @since_us: since when, on the monotonic clock
 * @is_counted: whether @key counts it
 * @is_dying: whether it was shut down and is about to go
 * @is_gone: whether the client's side was found closed at the last look
 * @unsent: bytes that the client had not taken when it was past its limit; -1: it was not
 * @linger_bytes: what the client may still send when the connection is over; 0: it is closed then
 * @handle: the HTTP library's connection (unowned)
 * @exchange: (nullable): the server's state of the request being served (unowned)
 * @peer: (nullable): the other end; %NULL on a Unix socket (owned)
 * @peer_text: @peer as text, or "unix"
 * @is_exempt: from limits by address: loopback and trusted proxies
 * @is_proxy: whether its X-Forwarded-For counts
 */
typedef struct
{
  GList link;
  int fd;
  GInetAddress *peer;
  char peer_text[48];
  gboolean is_exempt;
  gboolean is_proxy;
  TocsinPhase phase;
  gint64 since_us;
  TocsinAddressKey key;
  gboolean is_counted;
  gboolean is_dying;
  gboolean is_gone;
  int unsent;
  gsize linger_bytes;
  gpointer handle;
  gpointer exchange;
} TocsinConnection;

/**
 * TocsinConnections:
 *
 * The open connections of one server, each phase in the order of entering it, so that a sweep looks
 * only at what has expired. Belongs to the server's thread.
 */
typedef struct
{
  GQueue phases[TOCSIN_N_PHASES]; /* (element-type TocsinConnection) */
  gint64 limits_us[TOCSIN_N_PHASES];
  GHashTable *addresses; /* (owned) TocsinAddressKey -> count */
  guint per_address_max;
  guint n_open;
} TocsinConnections;

/* Of no connection; to be cleared. */
void tocsin_connections_init (TocsinConnections *self);
void tocsin_connections_clear (TocsinConnections *self);

/* Whether another connection from @peer stays within the limit of an address. */
gboolean
tocsin_connections_allow (const TocsinConnections *self, GInetAddress *peer, GPtrArray *trusted);

/**
 * tocsin_connections_add:
 * @self: the connections
 * @fd: the new one's socket
 * @peer: (nullable) (transfer full): where it comes from
 * @trusted: (nullable) (element-type GInetAddressMask): proxies that may speak for others
 * @now_us: the monotonic clock
 *
 * Returns: (transfer none): it, receiving, until tocsin_connections_remove()
 */
TocsinConnection *tocsin_connections_add (
    TocsinConnections *self, int fd, GInetAddress *peer, GPtrArray *trusted, gint64 now_us);
void tocsin_connections_remove (TocsinConnections *self, TocsinConnection *connection);
void tocsin_connections_enter (TocsinConnections *self,
                               TocsinConnection *connection,
                               TocsinPhase phase,
                               gint64 now_us);

/* Shuts every connection down that is past the limit of its phase, except suspended ones, whose
 * handler holds them, and those whose client has taken something of its answer since they were past
 * it before. Returns how many. */
guint tocsin_connections_expire (TocsinConnections *self, gint64 now_us);

/* Shuts every connection down whose client closed its side while it had a request to send or none:
 * an end of stream that came together with data does not wake the HTTP library again. Looks twice
 * before it does, for what was read may not be looked at yet. Returns how many. */
guint tocsin_connections_drop_gone (TocsinConnections *self);

/* Whether there is nothing more to read, now or ever. */
gboolean tocsin_connection_is_gone (const TocsinConnection *self);

/* Shuts the connection down that has been waiting longest for a client, idle ones first. Returns
 * whether there was one. */
gboolean tocsin_connections_evict (TocsinConnections *self);
void tocsin_connections_shutdown (TocsinConnections *self, TocsinPhase phase);

G_END_DECLS
