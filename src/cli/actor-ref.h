/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "cli/control.h"

G_BEGIN_DECLS

char *tocsin_actor_ref_resolve (TocsinControl *control,
                                const char *typed,
                                gboolean may_be_new,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
char **tocsin_actor_ref_names (TocsinControl *control, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
