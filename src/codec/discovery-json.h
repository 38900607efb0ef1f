/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a stranger needs to find our actor, and we theirs: WebFinger (RFC 7033, FEP-d556) and
 * NodeInfo 2.1 with the Application link (FEP-2677). */

#define TOCSIN_MEDIA_TYPE_JRD "application/jrd+json"
#define TOCSIN_MEDIA_TYPE_NODEINFO                                                                 \
  "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\""

GBytes *tocsin_webfinger_answer (const char *base,
                                 const char *username,
                                 const char *resource,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *tocsin_webfinger_find_actor (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;

GBytes *tocsin_nodeinfo_index (const char *base) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_nodeinfo_document (const char *version,
                                  const char *node_name) G_GNUC_WARN_UNUSED_RESULT;
char *tocsin_nodeinfo_find_actor (GBytes *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
