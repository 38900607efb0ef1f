/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a text means, for its colour on a terminal. */
typedef enum
{
  TOCSIN_TONE_PLAIN,
  TOCSIN_TONE_STRONG,
  TOCSIN_TONE_FAINT,
  TOCSIN_TONE_GOOD,
  TOCSIN_TONE_WARN,
  TOCSIN_TONE_BAD,
} TocsinTone;

guint tocsin_terminal_width (int fd);
gboolean tocsin_terminal_has_colour (int fd);
char *tocsin_terminal_paint (const char *text, TocsinTone tone) G_GNUC_WARN_UNUSED_RESULT;

char *tocsin_text_clean (const char *text) G_GNUC_WARN_UNUSED_RESULT;
char *tocsin_text_escape_json (const char *json, gsize size) G_GNUC_WARN_UNUSED_RESULT;
guint tocsin_text_width (const char *text);
void tocsin_text_append_cut (GString *out, const char *text, guint width);
const char *tocsin_text_closest (const char *typed, const char *const *names);

/**
 * TocsinProgress:
 *
 * A bar on standard error, if that is a terminal; nothing otherwise. A plain value on the stack.
 */
typedef struct
{
  const char *label; /* (unowned) translated */
  guint64 total;     /* 0 if unknown: shows the time */
  gint64 started_us; /* monotonic */
  gint64 shown_us;
  gboolean active;
} TocsinProgress;

void tocsin_progress_start (TocsinProgress *self, const char *label, guint64 total);
void tocsin_progress_show (TocsinProgress *self, guint64 done);
void tocsin_progress_pulse (gpointer self);
void tocsin_progress_stop (TocsinProgress *self);

G_END_DECLS
