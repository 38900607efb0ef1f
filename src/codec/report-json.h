/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "core/report.h"

G_BEGIN_DECLS

gboolean tocsin_report_from_json (JsonObject *object,
                                  const char *where,
                                  TocsinReport *out,
                                  gboolean *has_unknown_members,
                                  GError **error);
gboolean tocsin_report_outline_from_json (JsonObject *object,
                                          const char *where,
                                          TocsinReport *out,
                                          GError **error);
JsonObject *tocsin_report_to_json (const TocsinReport *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
