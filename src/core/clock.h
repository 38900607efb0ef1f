/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_SECOND_US (G_GINT64_CONSTANT (1000000))
#define TOCSIN_MINUTE_US (60 * TOCSIN_SECOND_US)
#define TOCSIN_HOUR_US   (60 * TOCSIN_MINUTE_US)
#define TOCSIN_DAY_US    (24 * TOCSIN_HOUR_US)

/* RFC 3339 timestamps, as activities and answers carry them: UTC, "Z". */
gboolean tocsin_time_parse (const char *text, gint64 *out_us, GError **error);
char *tocsin_time_format (gint64 time_us)
    G_GNUC_WARN_UNUSED_RESULT; /* "2026-11-23T17:57:07Z", micros only if not 0 */
gboolean tocsin_http_date_parse (const char *text,
                                 gint64 *out_us); /* IMF-fixdate, RFC 9110 section 5.6.7 */
char *tocsin_http_date_format (gint64 time_us) G_GNUC_WARN_UNUSED_RESULT;
gint64 tocsin_time_now_us (void);
gboolean tocsin_time_is_sane (gint64 now_us); /* a clock before 2026 or after 2100 signs nothing */
char *tocsin_uuid7_new (gint64 now_us)
    G_GNUC_WARN_UNUSED_RESULT; /* RFC 9562 section 5.7, random tail from the CSPRNG */

G_END_DECLS
