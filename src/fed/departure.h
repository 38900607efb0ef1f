/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"

G_BEGIN_DECLS

void tocsin_departure_confirm_async (TocsinFederation *fed,
                                     const char *actor,
                                     TocsinFetchAllowance *allowance,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean tocsin_departure_confirm_finish (GAsyncResult *result, GError **error);

G_END_DECLS
