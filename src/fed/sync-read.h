/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"

G_BEGIN_DECLS

/* Private to sync.c: one reading of one outbox, from its head to the comparison of digests. */

/**
 * TocsinReadResult:
 * @actor: whose outbox
 * @incomplete: an author of something in it could not be asked for its key, or it is dated ahead
 * @again: the digests differ, and it is to be read from 0 at once
 *
 * How a reading ended.
 */
typedef struct
{
  guint32 actor;
  gboolean incomplete;
  gboolean again;
} TocsinReadResult;

void tocsin_sync_read_async (TocsinFederation *fed,
                             guint32 actor,
                             gboolean from_zero,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean tocsin_sync_read_finish (GAsyncResult *result, TocsinReadResult *out, GError **error);

G_END_DECLS
