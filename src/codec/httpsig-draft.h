/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/httpsig.h"

G_BEGIN_DECLS

TocsinSignature *tocsin_signature_parse_draft (const TocsinEnvelope *envelope,
                                               const char *base_origin,
                                               gint64 now_us,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_sign_request_draft (TocsinEnvelope *request,
                                    const char *origin,
                                    const TocsinPrivateKey *key,
                                    const char *key_id,
                                    gint64 now_us,
                                    GError **error);

G_END_DECLS
