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

/**
 * tocsin_time_parse:
 * @text: a timestamp as a peer wrote it
 * @out_us: (out): microseconds since the epoch; untouched on error
 * @error: return location for an error, or %NULL
 *
 * Reads the whole of @text as a `date-time` of
 * [RFC 3339, section 5.6](https://www.rfc-editor.org/rfc/rfc3339#section-5.6): any offset, a
 * fraction of 1 to 9 digits (what is finer than a microsecond is cut), `t` and `z` in either
 * case. A leap second is the last microsecond before it.
 *
 * Returns: %TRUE, or %FALSE with %TOCSIN_ERROR_INVALID, also for a time outside of 1970–9999 UTC
 */
gboolean tocsin_time_parse (const char *text, gint64 *out_us, GError **error);

/**
 * tocsin_time_format:
 * @time_us: microseconds since the epoch; before 1970 counts as 1970, after 9999 as its end
 *
 * Returns: (transfer full): `2026-11-23T17:57:07Z`, with six digits of fraction unless these are
 *   all 0; free with g_free()
 */
char *tocsin_time_format (gint64 time_us) G_GNUC_WARN_UNUSED_RESULT;

#define TOCSIN_TIME_TEXT_BYTES 21 /* with the NUL */

/**
 * tocsin_time_write:
 * @seconds: since the epoch, clamped as tocsin_time_format() does
 * @out: gets `2026-11-23T17:57:07Z`
 *
 * Without an allocation or printf(): an answer to a check has three of these for each subject.
 */
void tocsin_time_write (gint64 seconds, char out[TOCSIN_TIME_TEXT_BYTES]);

/**
 * tocsin_http_date_parse:
 * @text: the value of a `Date` field
 * @out_us: (out): microseconds since the epoch; untouched if %FALSE is returned
 *
 * Reads the IMF-fixdate of
 * [RFC 9110, section 5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7). The obsolete
 * forms are not taken: nothing that signs requests sends them.
 *
 * Returns: %TRUE if @text is such a date, with the right name of its day
 */
gboolean tocsin_http_date_parse (const char *text, gint64 *out_us);

/**
 * tocsin_http_date_format:
 * @time_us: microseconds since the epoch, clamped as tocsin_time_format() does
 *
 * Returns: (transfer full): `Mon, 23 Nov 2026 17:57:07 GMT`; free with g_free()
 */
char *tocsin_http_date_format (gint64 time_us) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_time_now_us:
 *
 * For the edges alone: what is pure takes its time as an argument.
 *
 * Returns: the wall clock, in microseconds since the epoch
 */
gint64 tocsin_time_now_us (void);

/**
 * tocsin_time_due:
 * @due_us: when something is due, as it was noted
 * @now_us: the time
 * @longest_us: the longest that anything of its kind waits
 *
 * A clock that was ahead for a moment, as one is that a machine wakes up with, leaves times behind
 * that the right one reaches years later.
 *
 * Returns: @due_us, or @now_us where it is further ahead than it can be
 */
gint64 tocsin_time_due (gint64 due_us, gint64 now_us, gint64 longest_us);

/**
 * tocsin_time_boot_us:
 *
 * Returns: microseconds since the machine began, those that it slept among them, which a monotonic
 *   clock leaves out
 */
gint64 tocsin_time_boot_us (void);

/**
 * tocsin_time_is_sane:
 * @now_us: what the clock says, in microseconds since the epoch
 *
 * Returns: %FALSE for a clock before 2026 or after 2100, by which nothing may be signed
 */
gboolean tocsin_time_is_sane (gint64 now_us);

/**
 * TocsinClockWatch: whether the wall clock goes as that since the boot does. What cannot be undone,
 * as a purge cannot, does not follow a clock that has just jumped ahead.
 * @wall_us: what the wall clock said last; 0: never
 * @boot_us: what the other one said then
 * @quiet_until_us: on that one
 */
typedef struct
{
  gint64 wall_us;
  gint64 boot_us;
  gint64 quiet_until_us;
} TocsinClockWatch;

/**
 * tocsin_clock_watch_begin:
 * @self: (out): a watch
 * @last_us: what the wall clock said when it was watched the last time, before a restart; 0: never
 * @left_us: of a day for which it was in doubt then; 0: it was not
 * @wall_us: what it says now
 * @boot_us: what tocsin_time_boot_us() says now
 *
 * After more than a week it may be as well that the clock is wrong.
 */
void tocsin_clock_watch_begin (
    TocsinClockWatch *self, gint64 last_us, gint64 left_us, gint64 wall_us, gint64 boot_us);

/**
 * tocsin_clock_watch_look:
 * @self: a watch
 * @wall_us: what the wall clock says now
 * @boot_us: what tocsin_time_boot_us() says now
 *
 * Returns: %FALSE while the time is not sane, and for a day after it jumped ahead by more than an
 *   hour
 */
gboolean tocsin_clock_watch_look (TocsinClockWatch *self, gint64 wall_us, gint64 boot_us);

/**
 * tocsin_uuid7_new:
 * @now_us: the time, in microseconds since the epoch
 *
 * Makes a UUIDv7 ([RFC 9562, section 5.7](https://www.rfc-editor.org/rfc/rfc9562#section-5.7))
 * with 62 random bits from the system's generator. Ids of different microseconds sort by time.
 *
 * Returns: (transfer full): 36 lower-case characters; free with g_free()
 */
char *tocsin_uuid7_new (gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
