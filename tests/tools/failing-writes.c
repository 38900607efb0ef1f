/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Preloaded into a daemon, it fails what that writes into the file data.mdb. The file that
 * FAILING_WRITES names says how, and may change at any time:
 *
 *   ERROR PERCENT SEED [CALL…]
 *
 * ERROR is ENOSPC, EIO or SHORT, which writes half. CALL is write, sync or root, by which the first
 * two pages are meant; all of them if none is named. Without the file nothing fails.
 */
#undef _FILE_OFFSET_BITS /* else pwrite and pwrite64 are one name */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define ROOT_BYTES 8192

static atomic_uint_fast64_t turns;

static int
is_store (int fd)
{
  static const char name[] = "/data.mdb";
  char link[64];
  char path[4096];
  ssize_t n;

  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  n = readlink (link, path, sizeof path);
  return n >= (ssize_t) sizeof name - 1 &&
         memcmp (path + n - (sizeof name - 1), name, sizeof name - 1) == 0;
}

/* The numbers of splitmix64. */
static unsigned
percent_of_turn (uint64_t seed)
{
  uint64_t z = seed + atomic_fetch_add (&turns, 1) * UINT64_C (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C (0x94d049bb133111eb);
  return (unsigned) ((z ^ (z >> 31)) % 100);
}

/* The error with which @call is to fail, 0 for none and -1 for half of it. */
static int
fault_of (int fd, const char *call)
{
  const char *plan = getenv ("FAILING_WRITES");
  char text[128] = "";
  char error[16];
  unsigned percent;
  unsigned long seed;
  int file;
  int used = 0;
  ssize_t n;

  if (plan == NULL || !is_store (fd) || (file = open (plan, O_RDONLY | O_CLOEXEC)) < 0)
    return 0;
  n = read (file, text, sizeof text - 1);
  close (file);
  if (n <= 0 || sscanf (text, "%15s %u %lu%n", error, &percent, &seed, &used) != 3)
    return 0;
  if (text[used] == ' ' && strstr (text + used, call) == NULL)
    return 0;
  if (percent_of_turn (seed) >= percent)
    return 0;
  if (strcmp (error, "SHORT") == 0)
    return -1;
  return strcmp (error, "EIO") == 0 ? EIO : ENOSPC;
}

static ssize_t
write_at (int fd, const void *data, size_t size, off64_t offset)
{
  int fault = fault_of (fd, offset < ROOT_BYTES ? "root" : "write");

  if (fault > 0)
    {
      errno = fault;
      return -1;
    }
  return syscall (SYS_pwrite64, fd, data, fault < 0 ? size / 2 : size, offset);
}

ssize_t
pwrite (int fd, const void *data, size_t size, off_t offset)
{
  return write_at (fd, data, size, offset);
}

ssize_t
pwrite64 (int fd, const void *data, size_t size, off64_t offset)
{
  return write_at (fd, data, size, offset);
}

/* LMDB seeks, then writes many pages at once. */
ssize_t
writev (int fd, const struct iovec *parts, int n)
{
  int fault = fault_of (fd, lseek (fd, 0, SEEK_CUR) < ROOT_BYTES ? "root" : "write");

  if (fault > 0)
    {
      errno = fault;
      return -1;
    }
  if (fault < 0)
    return syscall (SYS_write, fd, parts[0].iov_base, parts[0].iov_len / 2);
  return syscall (SYS_writev, fd, parts, n);
}

static int
sync_with (int fd, long number)
{
  int fault = fault_of (fd, "sync");

  if (fault != 0)
    {
      errno = fault > 0 ? fault : EIO;
      return -1;
    }
  return (int) syscall (number, fd);
}

int
fsync (int fd)
{
  return sync_with (fd, SYS_fsync);
}

int
fdatasync (int fd)
{
  return sync_with (fd, SYS_fdatasync);
}
