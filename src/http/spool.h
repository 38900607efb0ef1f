/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TocsinSpool:
 * @buffer: (owned): what is to be written next; append to it
 *
 * A long text that is made whole before any of it is sent. Short ones stay in memory; long ones go
 * to a file without a name, which the kernel takes back when nobody reads it any more.
 */
typedef struct
{
  GString *buffer;
  char *dir; /* (owned) */
  int fd;    /* -1: all of it is in @buffer */
} TocsinSpool;

/* @dir: where a file goes: the data directory, which only this node reads. */
void tocsin_spool_init (TocsinSpool *self, const char *dir);

/**
 * tocsin_spool_keep_short:
 *
 * To be called between two pieces of text: moves a long @buffer to the file.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNAVAILABLE if there is no room
 */
gboolean tocsin_spool_keep_short (TocsinSpool *self, GError **error);

/* Returns: (transfer full) (nullable): all of it; errors as tocsin_spool_keep_short(). */
GBytes *tocsin_spool_finish (TocsinSpool *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_spool_clear (TocsinSpool *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinSpool, tocsin_spool_clear)

G_END_DECLS
