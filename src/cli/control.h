/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define TOCSIN_CONTROL_DEFAULT_SOCKET "/var/lib/tocsin/api.sock"

/**
 * TocsinControl:
 *
 * The API side of one node, over its Unix socket or over HTTP. Calls wait for their answer and
 * belong to one thread.
 */
typedef struct _TocsinControl TocsinControl;

TocsinControl *tocsin_control_new_for_socket (const char *path) G_GNUC_WARN_UNUSED_RESULT;
TocsinControl *tocsin_control_new_for_url (const char *url,
                                           const char *token_file,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_control_free (TocsinControl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinControl, tocsin_control_free)

void tocsin_control_set_pulse (TocsinControl *self, void (*pulse) (gpointer data), gpointer data);
void tocsin_control_set_cancellable (TocsinControl *self, GCancellable *cancellable);
void tocsin_control_set_timeout_seconds (TocsinControl *self, guint seconds);

void tocsin_control_add_header (TocsinControl *self, const char *name, const char *value);

GBytes *tocsin_control_call (TocsinControl *self,
                             const char *method,
                             const char *path,
                             const GString *body,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
JsonNode *tocsin_control_parse (TocsinControl *self,
                                GBytes *answer,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_control_download (TocsinControl *self, const char *path, int fd, GError **error);

G_END_DECLS
