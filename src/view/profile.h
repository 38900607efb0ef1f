/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/verdict.h"

G_BEGIN_DECLS

#define TOCSIN_N_CATEGORIES   64
#define TOCSIN_CEILING_IGNORE (-1)

/**
 * TocsinProfile:
 * @name: (owned): 1 to 32 letters, digits, "-" and "_"
 * @ceiling: by category id, how far reports of this category may go: a TocsinVerdict from
 *   note up, or %TOCSIN_CEILING_IGNORE
 *
 * How strict an operator is with each category (model.md 4). Immutable once made.
 */
typedef struct
{
  char *name;
  gint8 ceiling[TOCSIN_N_CATEGORIES];
} TocsinProfile;

/* The three built-in ones. */
TocsinProfile *tocsin_profile_new_builtin (const char *name) G_GNUC_WARN_UNUSED_RESULT;
TocsinProfile *tocsin_profile_new_from_text (const char *name,
                                             const char *text,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *tocsin_profile_to_text (const TocsinProfile *self) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_profile_free (TocsinProfile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinProfile, tocsin_profile_free)

G_END_DECLS
