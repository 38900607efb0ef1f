/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "core/category.h"

G_BEGIN_DECLS

/**
 * TocsinTrustStatement: how far an actor follows another in an area, docs/wire/vocabulary.md.
 * One statement per (actor, about, area) is live: the one with the highest @updated_us.
 */
typedef struct
{
  char *id;            /* (owned) URI */
  char *attributed_to; /* (owned) actor URI */
  char *about;         /* (owned) actor URI */
  TocsinArea area;
  guint8 weight; /* 1..100 */
  gint64 published_us;
  gint64 updated_us;
} TocsinTrustStatement;

void tocsin_trust_statement_clear (TocsinTrustStatement *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinTrustStatement, tocsin_trust_statement_clear)

gboolean tocsin_trust_statement_from_json (JsonObject *object,
                                           const char *where,
                                           TocsinTrustStatement *out,
                                           gboolean *has_unknown_members,
                                           GError **error);
JsonObject *
tocsin_trust_statement_to_json (const TocsinTrustStatement *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
