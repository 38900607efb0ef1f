/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_FETCH_MAX_URI_BYTES 2048

/* URLs of peers, checked before anything is sent to them. What these functions make is absolute,
 * http or https, with a host, without user name, and visible ASCII throughout. */
GUri *tocsin_fetch_uri_parse (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GUri *tocsin_fetch_uri_parse_relative (GUri *base,
                                       const char *text,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_fetch_uri_same_origin (GUri *a, GUri *b);
char *tocsin_fetch_uri_host_field (GUri *uri) G_GNUC_WARN_UNUSED_RESULT;
char *tocsin_fetch_uri_authority (GUri *uri) G_GNUC_WARN_UNUSED_RESULT;
char *tocsin_fetch_authority (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
