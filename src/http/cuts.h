/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/judge.h"

G_BEGIN_DECLS

/**
 * TocsinCuts:
 *
 * What lists tell otherwise than it is stored, at one moment: a check lets through what is allowed
 * in a network that is kept out, and what is shared in it is a note; the network of a list would
 * take that along. Immutable.
 */
typedef struct _TocsinCuts TocsinCuts;

/**
 * tocsin_cuts_new:
 * @judge: made ready by tocsin_export_moment()
 * @types: bits of the types that are listed
 * @stop: (nullable): atomic: not zero ends it early
 *
 * Costs a look-up for each stored length of networks around each entry of the allow list.
 *
 * Returns: (transfer full) (nullable): the cuts of all networks that hold what is allowed or
 *   shared, in as many pieces as it takes, and of all domains above an allowed name; %NULL if it
 *   was stopped
 */
TocsinCuts *
tocsin_cuts_new (TocsinJudge *judge, guint types, const gint *stop) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_cuts_free (TocsinCuts *self);

/**
 * tocsin_cuts_find:
 * @key: of a row
 * @row: (out) (optional) (nullable): what is told in the place of what is stored under @key; %NULL:
 *   nothing
 *
 * Returns: %FALSE if it is told as it is stored
 */
gboolean
tocsin_cuts_find (const TocsinCuts *self, const TocsinSubjectKey *key, const TocsinExportRow **row);

/* All of them, by key. */
guint tocsin_cuts_count (const TocsinCuts *self);
const TocsinSubjectKey *
tocsin_cuts_get (const TocsinCuts *self, guint i, const TocsinExportRow **row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinCuts, tocsin_cuts_free)

G_END_DECLS
