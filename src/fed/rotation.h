/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"

G_BEGIN_DECLS

void tocsin_rotation_run_async (TocsinFederation *fed,
                                const char *who,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
char *tocsin_rotation_run_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
