/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinDisk: what the file system of a file has left, in bytes
 * @free_bytes: for who is not root
 * @reserve_bytes: of the whole of it, what is left to withdrawals, erasures and purging, and to the
 *   programs beside us: a small part, bounded
 */
typedef struct
{
  guint64 free_bytes;
  guint64 reserve_bytes;
} TocsinDisk;

/**
 * tocsin_disk_look:
 * @fd: an open file
 * @out: (out): untouched if %FALSE is returned
 *
 * Any thread.
 *
 * Returns: %FALSE if the file system cannot say
 */
gboolean tocsin_disk_look (int fd, TocsinDisk *out);

G_END_DECLS
