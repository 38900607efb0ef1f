/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/clock.h"

#include <time.h>

#include <string.h>

#include "core/error.h"
#include "core/hash.h"

#define FIRST_SANE_YEAR 2026
#define LAST_SANE_YEAR  2100
#define MAX_TIME_US     (days_of (10000, 1, 1) * TOCSIN_DAY_US - 1)

/* A date and time as a calendar writes it, before it is known to exist. */
typedef struct
{
  int year;
  int month;
  int day;
  int hour;
  int minute;
  int second; /* 60 in a leap second */
  int micros;
} Civil;

static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Days since 1970-01-01 in the Gregorian calendar. The year begins in March here, so that the
 * leap day is its last one and months have a regular length (153 days in five). */
static gint64
days_of (int year, int month, int day)
{
  int y = month <= 2 ? year - 1 : year;
  int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

  return G_GINT64_CONSTANT (365) * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static void
civil_from_days (gint64 days, Civil *civil)
{
  gint64 shifted = days + 719468;
  int era = (int) (shifted / 146097);
  int day_of_era = (int) (shifted % 146097);
  int year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int m = (5 * day_of_year + 2) / 153;

  civil->day = day_of_year - (153 * m + 2) / 5 + 1;
  civil->month = m < 10 ? m + 3 : m - 9;
  civil->year = era * 400 + year_of_era + (civil->month <= 2 ? 1 : 0);
}

static Civil
civil_from_time (gint64 time_us)
{
  gint64 clamped = CLAMP (time_us, 0, MAX_TIME_US);
  int second_of_day = (int) (clamped % TOCSIN_DAY_US / TOCSIN_SECOND_US);
  Civil civil = {
    .hour = second_of_day / 3600,
    .minute = second_of_day / 60 % 60,
    .second = second_of_day % 60,
    .micros = (int) (clamped % TOCSIN_SECOND_US),
  };

  civil_from_days (clamped / TOCSIN_DAY_US, &civil);
  return civil;
}

static int
days_in_month (int year, int month)
{
  return g_date_get_days_in_month ((GDateMonth) month, (GDateYear) year);
}

/* The time of @civil, @offset_minutes ahead of UTC. FALSE if there is no such time. */
static gboolean
time_from_civil (const Civil *civil, int offset_minutes, gint64 *out_us)
{
  gboolean leap = civil->second == 60;
  gint64 time_us;

  if (civil->year < 1970 || civil->month < 1 || civil->month > 12 || civil->day < 1 ||
      civil->day > days_in_month (civil->year, civil->month) || civil->hour > 23 ||
      civil->minute > 59 || civil->second > 60)
    return FALSE;

  time_us = days_of (civil->year, civil->month, civil->day) * TOCSIN_DAY_US +
            civil->hour * TOCSIN_HOUR_US + (civil->minute - offset_minutes) * TOCSIN_MINUTE_US +
            (leap ? 60 * TOCSIN_SECOND_US - 1 : civil->second * TOCSIN_SECOND_US + civil->micros);
  if (time_us < 0 || time_us > MAX_TIME_US)
    return FALSE;
  /* Leap seconds end a day of UTC, nothing else. */
  if (leap && time_us % TOCSIN_DAY_US != TOCSIN_DAY_US - 1)
    return FALSE;

  *out_us = time_us;
  return TRUE;
}

/* Reads exactly @n digits and steps over them. */
static gboolean
take_number (const char **at, int n, int *out)
{
  int value = 0;

  for (int i = 0; i < n; i++)
    {
      if (!g_ascii_isdigit ((*at)[i]))
        return FALSE;
      value = value * 10 + ((*at)[i] - '0');
    }
  *at += n;
  *out = value;
  return TRUE;
}

static gboolean
take_char (const char **at, char c)
{
  if (g_ascii_toupper (**at) != c)
    return FALSE;
  (*at)++;
  return TRUE;
}

/* 1 to 9 digits; what is finer than a microsecond is cut, not rounded. */
static gboolean
take_fraction (const char **at, int *micros)
{
  int n = 0;

  *micros = 0;
  for (; g_ascii_isdigit (**at); (*at)++, n++)
    if (n < 6)
      *micros = *micros * 10 + (**at - '0');
  for (int i = n; i < 6; i++)
    *micros *= 10;
  return n >= 1 && n <= 9;
}

static gboolean
take_offset (const char **at, int *minutes)
{
  int sign;
  int hour;
  int minute;

  *minutes = 0;
  if (take_char (at, 'Z'))
    return TRUE;
  if (**at != '+' && **at != '-')
    return FALSE;
  sign = *(*at)++ == '-' ? -1 : 1;
  if (!take_number (at, 2, &hour) || !take_char (at, ':') || !take_number (at, 2, &minute) ||
      hour > 23 || minute > 59)
    return FALSE;
  *minutes = sign * (hour * 60 + minute);
  return TRUE;
}

gboolean
tocsin_time_parse (const char *text, gint64 *out_us, GError **error)
{
  const char *at = text;
  Civil civil = { 0 };
  int offset_minutes = 0;

  if (take_number (&at, 4, &civil.year) && take_char (&at, '-') &&
      take_number (&at, 2, &civil.month) && take_char (&at, '-') &&
      take_number (&at, 2, &civil.day) && take_char (&at, 'T') &&
      take_number (&at, 2, &civil.hour) && take_char (&at, ':') &&
      take_number (&at, 2, &civil.minute) && take_char (&at, ':') &&
      take_number (&at, 2, &civil.second) &&
      (!take_char (&at, '.') || take_fraction (&at, &civil.micros)) &&
      take_offset (&at, &offset_minutes) && *at == '\0' &&
      time_from_civil (&civil, offset_minutes, out_us))
    return TRUE;

  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "Not a time of the years 1970 to 9999 in the form 2026-11-23T17:57:07Z");
  return FALSE;
}

char *
tocsin_time_format (gint64 time_us)
{
  Civil civil = civil_from_time (time_us);

  if (civil.micros != 0)
    return g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", civil.year, civil.month,
                            civil.day, civil.hour, civil.minute, civil.second, civil.micros);
  return g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02dZ", civil.year, civil.month, civil.day,
                          civil.hour, civil.minute, civil.second);
}

static void
write_digits (char *out, int value, int n)
{
  for (; n > 0; n--, value /= 10)
    out[n - 1] = (char) ('0' + value % 10);
}

void
tocsin_time_write (gint64 seconds, char out[TOCSIN_TIME_TEXT_BYTES])
{
  Civil civil =
      civil_from_time (CLAMP (seconds, 0, MAX_TIME_US / TOCSIN_SECOND_US) * TOCSIN_SECOND_US);

  memcpy (out, "0000-00-00T00:00:00Z", TOCSIN_TIME_TEXT_BYTES);
  write_digits (out, civil.year, 4);
  write_digits (out + 5, civil.month, 2);
  write_digits (out + 8, civil.day, 2);
  write_digits (out + 11, civil.hour, 2);
  write_digits (out + 14, civil.minute, 2);
  write_digits (out + 17, civil.second, 2);
}

static gboolean
take_name (const char **at, const char *const *names, int n, int *out)
{
  for (int i = 0; i < n; i++)
    if (strncmp (*at, names[i], 3) == 0)
      {
        *at += 3;
        *out = i;
        return TRUE;
      }
  return FALSE;
}

static int
weekday_of (gint64 time_us)
{
  return (int) ((time_us / TOCSIN_DAY_US + 4) % 7); /* 1970-01-01 was a Thursday */
}

gboolean
tocsin_http_date_parse (const char *text, gint64 *out_us)
{
  const char *at = text;
  Civil civil = { 0 };
  int weekday = 0;
  int month = 0;
  gint64 time_us = 0;

  if (!take_name (&at, weekdays, G_N_ELEMENTS (weekdays), &weekday) || !take_char (&at, ',') ||
      !take_char (&at, ' ') || !take_number (&at, 2, &civil.day) || !take_char (&at, ' ') ||
      !take_name (&at, months, G_N_ELEMENTS (months), &month) || !take_char (&at, ' ') ||
      !take_number (&at, 4, &civil.year) || !take_char (&at, ' ') ||
      !take_number (&at, 2, &civil.hour) || !take_char (&at, ':') ||
      !take_number (&at, 2, &civil.minute) || !take_char (&at, ':') ||
      !take_number (&at, 2, &civil.second) || strcmp (at, " GMT") != 0)
    return FALSE;
  civil.month = month + 1;
  if (!time_from_civil (&civil, 0, &time_us) || weekday_of (time_us) != weekday)
    return FALSE;

  *out_us = time_us;
  return TRUE;
}

char *
tocsin_http_date_format (gint64 time_us)
{
  Civil civil = civil_from_time (time_us);

  return g_strdup_printf (
      "%s, %02d %s %04d %02d:%02d:%02d GMT", weekdays[weekday_of (CLAMP (time_us, 0, MAX_TIME_US))],
      civil.day, months[civil.month - 1], civil.year, civil.hour, civil.minute, civil.second);
}

gint64
tocsin_time_now_us (void)
{
  return g_get_real_time ();
}

gboolean
tocsin_time_is_sane (gint64 now_us)
{
  return now_us >= days_of (FIRST_SANE_YEAR, 1, 1) * TOCSIN_DAY_US &&
         now_us < days_of (LAST_SANE_YEAR + 1, 1, 1) * TOCSIN_DAY_US;
}

gint64
tocsin_time_boot_us (void)
{
  struct timespec now;

  /* Linux has had it since 2.6.39, and it cannot fail. */
  (void) clock_gettime (CLOCK_BOOTTIME, &now);
  return (gint64) now.tv_sec * TOCSIN_SECOND_US + now.tv_nsec / 1000;
}

gint64
tocsin_time_due (gint64 due_us, gint64 now_us, gint64 longest_us)
{
  return due_us > now_us && due_us - now_us > longest_us ? now_us : due_us;
}

void
tocsin_clock_watch_begin (
    TocsinClockWatch *self, gint64 last_us, gint64 left_us, gint64 wall_us, gint64 boot_us)
{
  *self = (TocsinClockWatch){ .wall_us = wall_us, .boot_us = boot_us };
  if (last_us != 0 && wall_us - last_us > 7 * TOCSIN_DAY_US)
    left_us = TOCSIN_DAY_US;
  if (left_us > 0)
    self->quiet_until_us = boot_us + MIN (left_us, TOCSIN_DAY_US);
}

gboolean
tocsin_clock_watch_look (TocsinClockWatch *self, gint64 wall_us, gint64 boot_us)
{
  gint64 ahead_us = (wall_us - self->wall_us) - (boot_us - self->boot_us);

  if (ahead_us > TOCSIN_HOUR_US)
    self->quiet_until_us = boot_us + TOCSIN_DAY_US;
  self->wall_us = wall_us;
  self->boot_us = boot_us;
  return tocsin_time_is_sane (wall_us) && boot_us >= self->quiet_until_us;
}

char *
tocsin_uuid7_new (gint64 now_us)
{
  guint64 ms = (guint64) (CLAMP (now_us, 0, MAX_TIME_US) / 1000);
  guint64 micros = (guint64) (CLAMP (now_us, 0, MAX_TIME_US) % 1000);
  guint8 bytes[16];
  g_autofree char *hex = NULL;

  tocsin_random_bytes (bytes, sizeof bytes);
  for (int i = 0; i < 6; i++)
    bytes[i] = (guint8) (ms >> (8 * (5 - i)));
  /* RFC 9562, section 6.2, method 3: the fraction of the millisecond, in units of 1/4096, leads
   * the random part, so that ids of one millisecond sort as they were made. */
  guint64 fraction = micros * 4096 / 1000;
  bytes[6] = (guint8) (0x70 | fraction >> 8);
  bytes[7] = (guint8) fraction;
  bytes[8] = (guint8) (0x80 | (bytes[8] & 0x3f));

  hex = tocsin_hex_encode (bytes, sizeof bytes);
  return g_strdup_printf ("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}
