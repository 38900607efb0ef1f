/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* A network of the test's own, whose loopback device has addresses of the world. */
#include <arpa/inet.h>
#include <gio/gio.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define OWN_NETWORK_V6_PREFIX 64
#define OWN_NETWORK_LOOPBACK  "lo"
#define OWN_NETWORK_ALIAS     "lo:0"

/* As the kernel has it; <linux/ipv6.h> cannot stand beside <netinet/in.h>. */
typedef struct
{
  struct in6_addr address;
  guint32 prefix_length; /* cppcheck-suppress unusedStructMember ; ioctl() reads it */
  int interface;         /* cppcheck-suppress unusedStructMember ; as above */
} AddressRequest;

/* Before there is a thread: each is in the network in which it was made. %FALSE: it may not. */
static inline gboolean
own_network_enter (void)
{
  return unshare (geteuid () == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static inline gboolean
own_network_add_v6 (const char *text)
{
  AddressRequest request = { .prefix_length = OWN_NETWORK_V6_PREFIX,
                             .interface = (int) if_nametoindex (OWN_NETWORK_LOOPBACK) };
  int fd = socket (AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean ok = fd >= 0 && inet_pton (AF_INET6, text, &request.address) == 1 &&
                ioctl (fd, SIOCSIFADDR, &request) == 0;

  if (fd >= 0)
    close (fd);
  return ok;
}

static inline gboolean
own_network_add_v4 (const char *text)
{
  struct ifreq up = { .ifr_name = OWN_NETWORK_LOOPBACK, .ifr_flags = IFF_UP };
  struct ifreq request = { .ifr_name = OWN_NETWORK_ALIAS };
  struct sockaddr_in address = { .sin_family = AF_INET };
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean ok;

  g_assert_cmpint (inet_pton (AF_INET, text, &address.sin_addr), ==, 1);
  memcpy (&request.ifr_addr, &address, sizeof address);
  ok = fd >= 0 && ioctl (fd, SIOCSIFFLAGS, &up) == 0 && ioctl (fd, SIOCSIFADDR, &request) == 0;
  if (fd >= 0)
    close (fd);
  return ok;
}
