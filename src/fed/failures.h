/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_FAILURE_SECONDS 300

/**
 * TocsinFailures:
 *
 * Documents that could not be had in the last five minutes, the newest of them. It reads no clock;
 * use it from one thread.
 */
typedef struct _TocsinFailures TocsinFailures;

TocsinFailures *tocsin_failures_new (guint max) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_failures_free (TocsinFailures *self);
void tocsin_failures_note (TocsinFailures *self, const char *uri, gint64 now_us);
gboolean tocsin_failures_has (const TocsinFailures *self, const char *uri, gint64 now_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinFailures, tocsin_failures_free)

G_END_DECLS
