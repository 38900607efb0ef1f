/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include "cli/terminal.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NAME_MAX_CHARS 64 /* a name longer than this is no typing mistake of another */
#define MARKS_MAX      8  /* on one character; no script needs as many */
#define BAR_CHARS      24
#define REFRESH_US     (G_USEC_PER_SEC / 10)

/**
 * tocsin_terminal_width:
 * @fd: a descriptor
 *
 * Returns: its columns; 0 if it is no terminal or does not say
 */
guint
tocsin_terminal_width (int fd)
{
  struct winsize size = { 0 };

  if (!isatty (fd) || ioctl (fd, TIOCGWINSZ, &size) != 0)
    return 0;
  return size.ws_col;
}

/**
 * tocsin_terminal_has_colour:
 * @fd: a descriptor
 *
 * Returns: %TRUE if it is a terminal that is not dumb, and NO_COLOR is unset or empty
 *   (https://no-color.org)
 */
gboolean
tocsin_terminal_has_colour (int fd)
{
  const char *no_color = g_getenv ("NO_COLOR");
  const char *term = g_getenv ("TERM");

  return isatty (fd) && (no_color == NULL || *no_color == '\0') && term != NULL &&
         !g_str_equal (term, "dumb");
}

/**
 * tocsin_terminal_paint:
 * @text: a text
 * @tone: what it means
 *
 * Returns: (transfer full): @text, in colour if standard output takes it; free with g_free()
 */
char *
tocsin_terminal_paint (const char *text, TocsinTone tone)
{
  static const char *const codes[] = {
    [TOCSIN_TONE_PLAIN] = "",  [TOCSIN_TONE_STRONG] = "1", [TOCSIN_TONE_FAINT] = "2",
    [TOCSIN_TONE_GOOD] = "32", [TOCSIN_TONE_WARN] = "33",  [TOCSIN_TONE_BAD] = "1;31",
  };

  if (tone == TOCSIN_TONE_PLAIN || !tocsin_terminal_has_colour (STDOUT_FILENO))
    return g_strdup (text);
  return g_strdup_printf ("\033[%sm%s\033[0m", codes[tone], text);
}

/* Characters that move the cursor, turn the line round or are not seen, also those that are kept
 * for such (Default_Ignorable_Code_Point). The two joiners stay: some scripts cannot be written
 * without them. */
static gboolean
is_dangerous (gunichar c)
{
  return g_unichar_iscntrl (c) || c == 0x2028 || c == 0x2029 || c == 0x2065 ||
         (c >= 0xFFF0 && c <= 0xFFF8) || (c >= 0xE0000 && c <= 0xE00FF) ||
         (c >= 0xE01F0 && c <= 0xE0FFF) ||
         (g_unichar_type (c) == G_UNICODE_FORMAT && c != 0x200C && c != 0x200D);
}

/**
 * tocsin_text_clean:
 * @text: words of a peer, of a file, of anyone
 *
 * Returns: (transfer full): valid UTF-8 on one line that a terminal shows as it is; free with
 *   g_free()
 */
char *
tocsin_text_clean (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_sized_new (strlen (valid));
  guint marks = 0;

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);

      marks = g_unichar_iszerowidth (u) ? marks + 1 : 0;
      /* A pile of them covers the lines above. */
      if (marks > MARKS_MAX)
        continue;
      if (u == '\n' || u == '\t')
        g_string_append_c (out, ' ');
      else
        g_string_append_unichar (out, is_dangerous (u) ? 0xFFFD : u);
    }
  return g_string_free (out, FALSE);
}

/**
 * tocsin_text_escape_json:
 * @json: a document that has been parsed, so that such characters are in its strings alone, but for
 *   CR, which is between tokens
 * @size: of it
 *
 * Returns: (transfer full): the same document, which a terminal shows as it is; free with g_free()
 */
char *
tocsin_text_escape_json (const char *json, gsize size)
{
  GString *out = g_string_sized_new (size + 1);
  const char *end = json + size;
  const char *run = json;

  for (const char *c = json; c < end; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);

      if (u != '\r' && (u < 0x7F || !is_dangerous (u)))
        continue;
      g_string_append_len (out, run, c - run);
      if (u == '\r')
        g_string_append_c (out, ' ');
      else if (u <= 0xFFFF)
        g_string_append_printf (out, "\\u%04x", u);
      else
        g_string_append_printf (out, "\\u%04x\\u%04x", 0xD7C0 + (u >> 10), 0xDC00 + (u & 0x3FF));
      run = g_utf8_next_char (c);
    }
  g_string_append_len (out, run, end - run);
  return g_string_free (out, FALSE);
}

static guint
char_width (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

/**
 * tocsin_text_width:
 * @text: clean text
 *
 * Returns: the columns it takes on a terminal
 */
guint
tocsin_text_width (const char *text)
{
  guint width = 0;

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    width += char_width (g_utf8_get_char (c));
  return width;
}

/**
 * tocsin_text_append_cut:
 * @out: where to
 * @text: clean text
 * @width: columns, at least 1
 *
 * Appends @text, or as much of it as leaves room for an ellipsis.
 */
void
tocsin_text_append_cut (GString *out, const char *text, guint width)
{
  guint used = 0;

  if (tocsin_text_width (text) <= width)
    {
      g_string_append (out, text);
      return;
    }
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);

      if (used + char_width (u) > width - 1)
        break;
      used += char_width (u);
      g_string_append_unichar (out, u);
    }
  g_string_append (out, "…");
  /* Half of a wide character was left. */
  if (used + 1 < width)
    g_string_append_c (out, ' ');
}

/* Optimal string alignment: insert, delete, replace, swap neighbours. */
static guint
distance (const gunichar *a, glong a_len, const gunichar *b, glong b_len)
{
  guint rows[3][NAME_MAX_CHARS + 1];

  for (glong j = 0; j <= b_len; j++)
    rows[0][j] = (guint) j;
  for (glong i = 1; i <= a_len; i++)
    {
      guint *row = rows[i % 3];
      const guint *above = rows[(i - 1) % 3];
      const guint *two_above = rows[(i + 1) % 3];

      row[0] = (guint) i;
      for (glong j = 1; j <= b_len; j++)
        {
          row[j] = MIN (MIN (above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
          if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            row[j] = MIN (row[j], two_above[j - 2] + 1);
        }
    }
  return rows[a_len % 3][b_len];
}

/**
 * tocsin_text_closest:
 * @typed: what someone typed, UTF-8
 * @names: %NULL-terminated: what there is
 *
 * For "did you mean": at most a third of the characters may be wrong.
 *
 * Returns: (nullable): the name that looks most like it, one of @names
 */
const char *
tocsin_text_closest (const char *typed, const char *const *names)
{
  glong typed_len = 0;
  g_autofree gunichar *typed_chars = g_utf8_to_ucs4_fast (typed, -1, &typed_len);
  const char *best = NULL;
  guint best_distance = G_MAXUINT;

  if (typed_len < 1 || typed_len > NAME_MAX_CHARS)
    return NULL;
  for (gsize i = 0; names[i] != NULL; i++)
    {
      glong len = 0;
      g_autofree gunichar *chars = g_utf8_to_ucs4_fast (names[i], -1, &len);
      guint d;

      if (len < 1 || len > NAME_MAX_CHARS)
        continue;
      d = distance (typed_chars, typed_len, chars, len);
      if (d < best_distance && d <= MAX (1, (guint) MAX (typed_len, len) / 3))
        {
          best = names[i];
          best_distance = d;
        }
    }
  return best;
}

/**
 * tocsin_progress_start:
 * @self: overwritten
 * @label: (unowned): what is being done
 * @total: how much there is; 0 if that is unknown
 */
void
tocsin_progress_start (TocsinProgress *self, const char *label, guint64 total)
{
  const char *term = g_getenv ("TERM");

  *self = (TocsinProgress){ .label = label, .total = total };
  self->active = isatty (STDERR_FILENO) && term != NULL && !g_str_equal (term, "dumb");
  self->started_us = g_get_monotonic_time ();
  tocsin_progress_show (self, 0);
}

/**
 * tocsin_progress_show:
 * @self: a bar
 * @done: how much of the total
 */
void
tocsin_progress_show (TocsinProgress *self, guint64 done)
{
  gint64 now_us = g_get_monotonic_time ();
  char bar[BAR_CHARS + 1];
  guint filled;

  if (!self->active || (now_us - self->shown_us < REFRESH_US && done != self->total))
    return;
  self->shown_us = now_us;
  if (self->total == 0)
    {
      g_printerr ("\r\033[K%s %" G_GINT64_FORMAT " s", self->label,
                  (now_us - self->started_us) / G_USEC_PER_SEC);
      return;
    }
  filled = (guint) (MIN (done, self->total) * BAR_CHARS / self->total);
  memset (bar, '-', BAR_CHARS);
  memset (bar, '#', filled);
  bar[BAR_CHARS] = '\0';
  g_printerr ("\r\033[K%s [%s] %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " %u %%", self->label, bar,
              done, self->total, (guint) (MIN (done, self->total) * 100 / self->total));
}

/* For tocsin_control_set_pulse(). */
void
tocsin_progress_pulse (gpointer self)
{
  TocsinProgress *progress = self;

  if (progress->total == 0)
    tocsin_progress_show (progress, 1);
}

/* Clears the line, so that what follows begins on it. */
void
tocsin_progress_stop (TocsinProgress *self)
{
  if (self->active)
    g_printerr ("\r\033[K");
  self->active = FALSE;
}
