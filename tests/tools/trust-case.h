/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/json-strict.h"
#include "trust/walks.h"

G_BEGIN_DECLS

/**
 * TrustCase:
 * @ids: (element-type utf8): actor number to id; the source is number 0
 * @statements: (element-type TocsinGraphStatement): all edges but the source's
 * @peers: (element-type TocsinTrustPeer): the source's edges
 * @voices: (element-type TocsinVoice): reports, if there are any
 * @has_reports: the case has a member for reports, perhaps an empty one
 * @object: (nullable): the case as it was read, for what it expects
 *
 * One trust graph from a file, in the shape of tests/golden/trust.
 */
typedef struct
{
  GPtrArray *ids;
  GHashTable *numbers; /* id to GUINT_TO_POINTER (actor number) */
  GArray *statements;
  GArray *peers;
  GArray *voices;
  gboolean has_reports;
  JsonObject *object;
} TrustCase;

void trust_case_free (TrustCase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TrustCase, trust_case_free)

GPtrArray *trust_cases_load (const char *path, gboolean *several, GError **error);
TrustCase *trust_case_load_csv (const char *path, const char *source, GError **error);
TocsinGraph *trust_case_graph (const TrustCase *self);
TocsinWalks *
trust_case_walks (const TrustCase *self, const TocsinGraph *graph, guint64 seed, guint32 n_walks);

G_END_DECLS
