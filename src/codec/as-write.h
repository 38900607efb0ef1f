/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define TOCSIN_CONTEXT_ACTIVITYSTREAMS "https://www.w3.org/ns/activitystreams"
#define TOCSIN_CONTEXT_DATA_INTEGRITY  "https://w3id.org/security/data-integrity/v1"
#define TOCSIN_CONTEXT_SECURITY        "https://w3id.org/security/v1"
#define TOCSIN_CONTEXT_MULTIKEY        "https://w3id.org/security/multikey/v1"
#define TOCSIN_NAMESPACE               "https://w3id.org/tocsin/ns#"

/* Writers of what every document of ours has. Members keep the order in which they are set. */
void tocsin_as_set_context (JsonObject *object);
void tocsin_as_set_actor_context (JsonObject *object);
void tocsin_as_set_strings (JsonObject *object, const char *name, const char *const *values);
void tocsin_as_set_time (JsonObject *object, const char *name, gint64 time_us);
GBytes *tocsin_as_to_bytes (JsonObject *object) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
