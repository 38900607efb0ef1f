/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/disk.h"

/* What a store believes of its disk, in place of what is so; test_wraps in tests/meson.build names
 * each test that has this. A store looks when it is opened, and once a second. */
typedef enum
{
  DISK_AS_IT_IS,
  DISK_SMALL,
  DISK_MUTE, /* it cannot say */
} DiskKind;

static DiskKind disk_kind;
static TocsinDisk disk_told; /* of DISK_SMALL */

gboolean __real_tocsin_disk_look (int fd, TocsinDisk *out);
gboolean __wrap_tocsin_disk_look (int fd, TocsinDisk *out);

gboolean
__wrap_tocsin_disk_look (int fd, TocsinDisk *out)
{
  if (disk_kind == DISK_AS_IT_IS)
    return __real_tocsin_disk_look (fd, out);
  if (disk_kind == DISK_SMALL)
    *out = disk_told;
  return disk_kind == DISK_SMALL;
}
