/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* A client that sends exactly the bytes it is told to, for tests of the server. It blocks, with a
 * limit, so the server runs on another thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#define RAW_LIMIT_SECONDS 20
/* What waits for nobody takes less, however busy the machine is; what others wait for, longer. */
#define AT_ONCE_US (G_GINT64_CONSTANT (5) * G_USEC_PER_SEC)

/* Polls what another thread counts; a wait with a limit, not a sleep of hope. */
#define RAW_WAIT_FOR(condition)                                                                    \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gint64 limit_us = g_get_monotonic_time () + RAW_LIMIT_SECONDS * G_USEC_PER_SEC;                \
    while (!(condition))                                                                           \
      {                                                                                            \
        if (g_get_monotonic_time () >= limit_us)                                                   \
          g_assertion_message (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC,                        \
                               "waited in vain for " #condition);                                  \
        g_usleep (1000);                                                                           \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

G_GNUC_UNUSED static int
raw_connect (guint port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons ((guint16) port) };
  struct timeval limit = { .tv_sec = RAW_LIMIT_SECONDS };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

/* Returns FALSE if the server has closed its side. */
G_GNUC_UNUSED static gboolean
raw_send (int fd, gconstpointer data, gsize size)
{
  const char *p = data;

  while (size > 0)
    {
      ssize_t n = send (fd, p, size, MSG_NOSIGNAL);

      if (n <= 0)
        return FALSE;
      p += n;
      size -= (gsize) n;
    }
  return TRUE;
}

G_GNUC_UNUSED static gboolean
raw_send_text (int fd, const char *text)
{
  return raw_send (fd, text, strlen (text));
}

/* Everything until the server closes; a reset counts as the end. Fails at the limit. */
G_GNUC_UNUSED static char *
raw_read_to_end (int fd)
{
  GString *all = g_string_new (NULL);
  char buffer[16384];
  ssize_t n;

  while ((n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    g_string_append_len (all, buffer, n);
  if (n < 0)
    g_assert_cmpint (errno, ==, ECONNRESET);
  return g_string_free (all, FALSE);
}

/* One chunked reply, from a connection that stays open. */
G_GNUC_UNUSED static char *
raw_read_chunks (int fd)
{
  GString *all = g_string_new (NULL);
  char buffer[16384];
  ssize_t n;

  while (!g_str_has_suffix (all->str, "\r\n0\r\n\r\n") &&
         (n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    g_string_append_len (all, buffer, n);
  return g_string_free (all, FALSE);
}

/* One reply with a Content-Length, from a connection that stays open. */
G_GNUC_UNUSED static char *
raw_read_reply (int fd)
{
  GString *all = g_string_new (NULL);
  gsize want = G_MAXSIZE;
  char byte;

  while (all->len < want && recv (fd, &byte, 1, 0) == 1)
    {
      g_string_append_c (all, byte);
      if (want == G_MAXSIZE && g_str_has_suffix (all->str, "\r\n\r\n"))
        {
          const char *length = strstr (all->str, "Content-Length: ");

          want = all->len + (length != NULL ? strtoul (length + 16, NULL, 10) : 0);
        }
    }
  return g_string_free (all, FALSE);
}

/* One connection, one request, the whole answer. */
G_GNUC_UNUSED static char *
raw_exchange (guint port, gconstpointer data, gsize size)
{
  int fd = raw_connect (port);
  char *answer;

  (void) raw_send (fd, data, size);
  answer = raw_read_to_end (fd);
  close (fd);
  return answer;
}

G_GNUC_UNUSED static guint
raw_status (const char *answer)
{
  return g_str_has_prefix (answer, "HTTP/1.1 ") ? (guint) strtoul (answer + 9, NULL, 10) : 0;
}
