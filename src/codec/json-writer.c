/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/json-writer.h"

#include <math.h>
#include <string.h>

/* Times 10^6 this still is an integer that a double holds exactly. */
#define MAX_FIXED_POINT 1e9

#define EACH_BYTE(byte) (G_GUINT64_CONSTANT (0x0101010101010101) * (byte))

/* Makes room for @n more bytes, which the caller writes at the result and counts itself. */
static inline char *
make_room (GString *out, gsize n)
{
  if (G_UNLIKELY (out->len + n >= out->allocated_len))
    {
      gsize len = out->len;

      g_string_set_size (out, len + n);
      g_string_truncate (out, len);
    }
  return out->str + out->len;
}

static inline void
end_at (GString *out, char *end)
{
  *end = '\0';
  out->len = (gsize) (end - out->str);
}

static inline void
append (GString *out, const char *text, gsize size)
{
  char *at = make_room (out, size);

  memcpy (at, text, size);
  end_at (out, at + size);
}

static inline void
append_c (GString *out, char c)
{
  append (out, &c, 1);
}

/* Whether one of eight bytes is a control character, a quote or a backslash. */
static inline gboolean
any_to_escape (guint64 eight)
{
  guint64 quote = eight ^ EACH_BYTE ('"');
  guint64 backslash = eight ^ EACH_BYTE ('\\');

  return ((((eight - EACH_BYTE (0x20)) & ~eight) | ((quote - EACH_BYTE (1)) & ~quote) |
           ((backslash - EACH_BYTE (1)) & ~backslash)) &
          EACH_BYTE (0x80)) != 0;
}

/* How many bytes from @at on stand for themselves. */
static inline gsize
plain_run (const char *at, const char *end)
{
  const char *begin = at;
  guint64 eight;

  for (; end - at >= (gssize) sizeof eight; at += sizeof eight)
    {
      memcpy (&eight, at, sizeof eight);
      if (any_to_escape (eight))
        break;
    }
  while (at < end && (guchar) *at >= 0x20 && *at != '"' && *at != '\\')
    at++;
  return (gsize) (at - begin);
}

static void
append_escape (GString *out, guchar c)
{
  static const char hex[] = "0123456789abcdef";
  static const char from[] = "\b\t\n\f\r\"\\";
  static const char to[] = "btnfr\"\\u"; /* the last for all others */
  const char *found = memchr (from, c, sizeof from - 1);
  const char two[] = { '\\', to[found != NULL ? (gsize) (found - from) : sizeof from - 1] };
  const char four[] = { '0', '0', hex[c >> 4], hex[c & 15] };

  append (out, two, sizeof two);
  if (found == NULL)
    append (out, four, sizeof four);
}

/**
 * tocsin_json_append_string:
 * @value: (array length=size): UTF-8
 *
 * Appends @value in quotes, with the escapes of [RFC 8785, section
 * 3.2.2.2](https://www.rfc-editor.org/rfc/rfc8785#section-3.2.2.2) and no other, so that
 * canonical JSON and our answers share it.
 */
void
tocsin_json_append_string (GString *out, const char *value, gsize size)
{
  const char *end = value + size;
  gsize run = plain_run (value, end);
  char *at = make_room (out, run + 2);

  *at = '"';
  memcpy (at + 1, value, run);
  at[run + 1] = '"';
  end_at (out, at + run + (run == size ? 2 : 1));
  if (run == size)
    return;
  for (value += run; value < end; value += run)
    {
      append_escape (out, (guchar) *value++);
      run = plain_run (value, end);
      append (out, value, run);
    }
  append_c (out, '"');
}

void
tocsin_json_append_int (GString *out, gint64 value)
{
  char digits[24];
  gsize at = sizeof digits;
  guint64 rest = value < 0 ? -(guint64) value : (guint64) value;

  do
    {
      digits[--at] = (char) ('0' + rest % 10);
      rest /= 10;
    }
  while (rest > 0);
  if (value < 0)
    digits[--at] = '-';
  append (out, digits + at, sizeof digits - at);
}

static void
begin_value (TocsinJsonWriter *self)
{
  if (self->comma)
    append_c (self->out, ',');
  self->comma = TRUE;
}

void
tocsin_json_writer_begin_object (TocsinJsonWriter *self)
{
  begin_value (self);
  append_c (self->out, '{');
  self->comma = FALSE;
}

void
tocsin_json_writer_end_object (TocsinJsonWriter *self)
{
  append_c (self->out, '}');
  self->comma = TRUE;
}

void
tocsin_json_writer_begin_array (TocsinJsonWriter *self)
{
  begin_value (self);
  append_c (self->out, '[');
  self->comma = FALSE;
}

void
tocsin_json_writer_end_array (TocsinJsonWriter *self)
{
  append_c (self->out, ']');
  self->comma = TRUE;
}

void
tocsin_json_writer_name (TocsinJsonWriter *self, const char *name)
{
  begin_value (self);
  tocsin_json_append_string (self->out, name, strlen (name));
  append_c (self->out, ':');
  self->comma = FALSE;
}

void
tocsin_json_writer_string_len (TocsinJsonWriter *self, const char *value, gsize size)
{
  begin_value (self);
  tocsin_json_append_string (self->out, value, size);
}

void
tocsin_json_writer_string (TocsinJsonWriter *self, const char *value)
{
  if (value == NULL)
    tocsin_json_writer_null (self);
  else
    tocsin_json_writer_string_len (self, value, strlen (value));
}

void
tocsin_json_writer_int (TocsinJsonWriter *self, gint64 value)
{
  begin_value (self);
  tocsin_json_append_int (self->out, value);
}

static void
append_millionths (GString *out, gint64 millionths)
{
  guint64 size = millionths < 0 ? -(guint64) millionths : (guint64) millionths;
  guint32 fraction = (guint32) (size % 1000000);
  char digits[7] = ".000000";
  gsize n = 7;

  if (millionths < 0)
    g_string_append_c (out, '-');
  tocsin_json_append_int (out, (gint64) (size / 1000000));
  if (fraction == 0)
    return;
  for (gsize i = 6; i > 0; i--, fraction /= 10)
    digits[i] = (char) ('0' + fraction % 10);
  while (digits[n - 1] == '0')
    n--;
  append (out, digits, n);
}

/**
 * tocsin_json_writer_double:
 *
 * Writes @value rounded to six decimals, without trailing zeros; 1.0 is written 1. What has
 * no JSON, NaN and infinities, is written null.
 */
void
tocsin_json_writer_double (TocsinJsonWriter *self, double value)
{
  if (!isfinite (value))
    {
      tocsin_json_writer_null (self);
      return;
    }
  begin_value (self);
  if (fabs (value) < MAX_FIXED_POINT)
    append_millionths (self->out, llround (value * 1e6));
  else
    {
      char buffer[G_ASCII_DTOSTR_BUF_SIZE];

      g_string_append (self->out, g_ascii_dtostr (buffer, sizeof buffer, value));
    }
}

void
tocsin_json_writer_raw (TocsinJsonWriter *self, const char *json, gsize size)
{
  begin_value (self);
  append (self->out, json, size);
}

void
tocsin_json_writer_bool (TocsinJsonWriter *self, gboolean value)
{
  tocsin_json_writer_raw (self, value ? "true" : "false", value ? 4 : 5);
}

void
tocsin_json_writer_null (TocsinJsonWriter *self)
{
  tocsin_json_writer_raw (self, "null", 4);
}

void
tocsin_json_writer_member_string (TocsinJsonWriter *self, const char *name, const char *value)
{
  tocsin_json_writer_name (self, name);
  tocsin_json_writer_string (self, value);
}

void
tocsin_json_writer_member_int (TocsinJsonWriter *self, const char *name, gint64 value)
{
  tocsin_json_writer_name (self, name);
  tocsin_json_writer_int (self, value);
}

void
tocsin_json_writer_member_double (TocsinJsonWriter *self, const char *name, double value)
{
  tocsin_json_writer_name (self, name);
  tocsin_json_writer_double (self, value);
}

void
tocsin_json_writer_member_bool (TocsinJsonWriter *self, const char *name, gboolean value)
{
  tocsin_json_writer_name (self, name);
  tocsin_json_writer_bool (self, value);
}
