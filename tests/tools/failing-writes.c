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
 *
 * Whether a power cut would take back what was answered nobody can see by killing a daemon, whose
 * writes are in the page cache. So it looks at the order too, and aborts where the root of a store
 * is written past O_DSYNC, or before the pages that it leads to are synced. Of a copy, which is
 * below a directory "backup", only the end matters, and it is left out.
 */
#undef _FILE_OFFSET_BITS /* else pwrite and pwrite64 are one name */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
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
static atomic_bool unsynced; /* pages of the store were written, and nothing was synced since */
static atomic_bool lost;     /* its root could not be written: LMDB writes no more */

typedef enum
{
  OTHER,
  STORE,
  COPY,
} Kind;

static Kind
kind_of (int fd)
{
  static const char name[] = "/data.mdb";
  char link[64];
  char path[4096];
  ssize_t n;

  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  n = readlink (link, path, sizeof path - 1);
  if (n < (ssize_t) sizeof name - 1 ||
      memcmp (path + n - (sizeof name - 1), name, sizeof name - 1) != 0)
    return OTHER;
  path[n] = '\0';
  return strstr (path, "/backup/") != NULL ? COPY : STORE;
}

static void
give_up (const char *why)
{
  fprintf (stderr, "failing-writes: a power cut could take back what was answered: %s\n", why);
  abort ();
}

/* The two first pages of a new store lead to nothing: they may be written anyhow. */
static void
look_at_order (int fd, size_t size, off64_t offset)
{
  if (kind_of (fd) != STORE || (offset == 0 && size >= ROOT_BYTES) || lost)
    return;
  if (offset >= ROOT_BYTES)
    unsynced = true;
  else if ((fcntl (fd, F_GETFL) & O_DSYNC) == 0)
    give_up ("the root is written without O_DSYNC");
  else if (unsynced)
    give_up ("the root is written before its pages are synced");
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

  if (plan == NULL || kind_of (fd) == OTHER || (file = open (plan, O_RDONLY | O_CLOEXEC)) < 0)
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

  if (fault != 0 && offset < ROOT_BYTES && kind_of (fd) == STORE)
    lost = true;
  look_at_order (fd, size, offset);
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
  off64_t offset = lseek (fd, 0, SEEK_CUR);
  int fault = fault_of (fd, offset < ROOT_BYTES ? "root" : "write");

  look_at_order (fd, 0, offset);
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
  /* Before the call: who writes meanwhile has to sync again. */
  if (kind_of (fd) == STORE)
    unsynced = false;
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
