/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"

G_BEGIN_DECLS

/**
 * TocsinErased: what was taken for a person who asked to be forgotten.
 * @withdrawn: reports of this node, whose followers were told
 * @erased: reports of others, of which an id and a hash are left
 * @imported: rows of lists
 * @mentions: of these: reports about something else whose text named the subject
 * @other: entries of the allow list, lines of review, sources of imports
 */
typedef struct
{
  guint withdrawn;
  guint erased;
  guint imported;
  guint mentions;
  guint other;
} TocsinErased;

void tocsin_erase_run_async (TocsinFederation *fed,
                             const TocsinSubject *subject,
                             const char *who,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean tocsin_erase_run_finish (GAsyncResult *result, TocsinErased *out, GError **error);

G_END_DECLS
