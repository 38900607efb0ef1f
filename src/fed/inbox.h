/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"

G_BEGIN_DECLS

void tocsin_inbox_receive_async (TocsinFederation *fed,
                                 TocsinEnvelope *envelope,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean
tocsin_inbox_receive_finish (GAsyncResult *result, guint *retry_after_seconds, GError **error);

G_END_DECLS
