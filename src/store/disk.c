/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/disk.h"

#include <sys/statvfs.h>

#define RESERVE_PART      64
#define RESERVE_MAX_BYTES (G_GUINT64_CONSTANT (256) << 20)

gboolean
tocsin_disk_look (int fd, TocsinDisk *out)
{
  struct statvfs disk;

  /* What has no size, as /proc and some file systems in user space, does not count its room. */
  if (fstatvfs (fd, &disk) != 0 || disk.f_frsize == 0 || disk.f_blocks == 0)
    return FALSE;
  out->free_bytes = (guint64) disk.f_bavail * disk.f_frsize;
  out->reserve_bytes =
      MIN ((guint64) disk.f_blocks * disk.f_frsize / RESERVE_PART, RESERVE_MAX_BYTES);
  return TRUE;
}
