/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "http/connections.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_US 1000

/* A client and our side of it, whose buffer is full. */
typedef struct
{
  TocsinConnections all;
  TocsinConnection *connection;
  int client, ours;
} Pair;

static void
fill (int fd)
{
  static const char block[16384];

  while (send (fd, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
    ;
  g_assert_cmpint (errno, ==, EAGAIN);
}

static void
pair_init (Pair *self, TocsinPhase phase)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  self->client = fds[0];
  self->ours = fds[1];
  tocsin_connections_init (&self->all);
  for (gsize i = 0; i < TOCSIN_N_PHASES; i++)
    self->all.limits_us[i] = LIMIT_US;
  self->connection = tocsin_connections_add (&self->all, self->ours, NULL, NULL, 0);
  tocsin_connections_enter (&self->all, self->connection, phase, 0);
}

static void
pair_clear (Pair *self)
{
  tocsin_connections_remove (&self->all, self->connection);
  tocsin_connections_clear (&self->all);
  close (self->client);
  close (self->ours);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
take (Pair *self, gsize size)
{
  g_autofree char *buffer = g_malloc (size);

  g_assert_cmpint (recv (self->client, buffer, size, MSG_WAITALL), ==, (gssize) size);
}

/* Who reads slowly gets its answer; who has stopped is looked at twice. */
static void
test_slow (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, TOCSIN_PHASE_SENDING);
  fill (pair.ours);
  g_assert_cmpuint (tocsin_connections_expire (&pair.all, LIMIT_US - 1), ==, 0);
  g_assert_cmpuint (tocsin_connections_expire (&pair.all, LIMIT_US), ==, 0);
  take (&pair, 65536);
  g_assert_cmpuint (tocsin_connections_expire (&pair.all, 2 * LIMIT_US - 1), ==, 0);
  g_assert_cmpuint (tocsin_connections_expire (&pair.all, 2 * LIMIT_US), ==, 0);
  g_assert_cmpuint (tocsin_connections_expire (&pair.all, 3 * LIMIT_US - 1), ==, 0);
  g_assert_cmpuint (tocsin_connections_expire (&pair.all, 3 * LIMIT_US), ==, 1);
  g_assert_true (pair.connection->is_dying);
  g_assert_cmpuint (tocsin_connections_expire (&pair.all, 4 * LIMIT_US), ==, 0);
}

/* Who takes a byte now and then is there for the connection alone. */
static void
test_stingy (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, TOCSIN_PHASE_SENDING);
  fill (pair.ours);
  g_assert_cmpuint (tocsin_connections_expire (&pair.all, LIMIT_US), ==, 0);
  take (&pair, 1);
  g_assert_cmpuint (tocsin_connections_expire (&pair.all, 2 * LIMIT_US), ==, 1);
}

/* Only an answer can be taken. */
static void
test_other_phases (void)
{
  static const TocsinPhase phases[] = { TOCSIN_PHASE_RECEIVING, TOCSIN_PHASE_IDLE };

  for (gsize i = 0; i < G_N_ELEMENTS (phases); i++)
    {
      g_auto (Pair) pair = { 0 };

      pair_init (&pair, phases[i]);
      fill (pair.ours);
      g_assert_cmpuint (tocsin_connections_expire (&pair.all, LIMIT_US), ==, 1);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/connections/slow", test_slow);
  g_test_add_func ("/connections/stingy", test_stingy);
  g_test_add_func ("/connections/other-phases", test_other_phases);
  return g_test_run ();
}
