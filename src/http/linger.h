/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinLingers:
 *
 * Connections that are over for us, while their clients still send a body that was refused: closing
 * them would have the kernel reset them, and most clients then never read why (RFC 9112, section
 * 9.6). What comes is read and dropped. Belongs to the thread of its context.
 */
typedef struct
{
  GPtrArray *sources; /* (owned) (element-type GSource) */
} TocsinLingers;

/* Of no connection; to be cleared. */
void tocsin_lingers_init (TocsinLingers *self);

/* Hangs up at once on all that are left. */
void tocsin_lingers_clear (TocsinLingers *self);

/**
 * tocsin_lingers_add:
 * @self: the others
 * @context: where what comes is dropped
 * @fd: a connected socket; stays the caller's, which may close it at once
 * @bytes_max: after so many the client is hung up on
 * @limit_us: and after that time
 *
 * Ends our side of the connection, and that of the client when it closes its own or is past a
 * limit. Does nothing while there are many others.
 */
void tocsin_lingers_add (
    TocsinLingers *self, GMainContext *context, int fd, gsize bytes_max, gint64 limit_us);

G_END_DECLS
