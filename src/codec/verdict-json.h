/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/json-writer.h"
#include "core/verdict.h"

G_BEGIN_DECLS

/**
 * TocsinVerdictJson: what an answer says besides the finding.
 * @profile: (unowned): name of the profile it was judged by
 * @generation: of the store it was read from
 * @decided_us: when, in microseconds since the epoch
 * @observe: whether the verdict is advice alone; adds `"mode":"observe"`
 * @explain: whether to write `evidence` and `without`
 * @actor_uri: (nullable): the URI of an actor number, or %NULL; borrowed until the next call
 * @report_uri: (nullable): the URI of a report number, or %NULL; freed with g_free()
 * @data: for both
 */
typedef struct
{
  const char *profile;
  guint64 generation;
  gint64 decided_us;
  gboolean observe;
  gboolean explain;
  const char *(*actor_uri) (guint32 actor, gpointer data);
  char *(*report_uri) (guint64 report, gpointer data);
  gpointer data;
} TocsinVerdictJson;

/**
 * tocsin_verdict_json_write:
 * @self: what the answer says besides @finding
 * @finding: a finding
 * @out: where the object goes, without a line end
 *
 * Writes the answer of POST /v1/check (openapi.yaml). Any thread.
 */
void tocsin_verdict_json_write (const TocsinVerdictJson *self,
                                const TocsinFinding *finding,
                                GString *out);

G_END_DECLS
