/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/reader.h"

#include <string.h>

#include "core/error.h"
#include "feeds/format.h"

#define HEAD_BYTES 3 /* what a byte order mark or the sign of a compressed file needs */
#define UTF8_BYTES 4 /* the longest character */

#define STRIPPED_BYTES 256 /* a value that is as long as most needs no allocation */

static const TocsinFeedFormat *const formats[] = {
  &tocsin_feed_format_lines, &tocsin_feed_format_csv, &tocsin_feed_format_misp,
  &tocsin_feed_format_cloud, &tocsin_feed_format_tor, &tocsin_feed_format_mastodon_csv,
  &tocsin_feed_format_fires,
};

struct _TocsinFeedReader
{
  const TocsinFeedFormat *format;
  TocsinFeedSink sink;
  gpointer state;        /* (owned) of @format */
  GByteArray *head;      /* (owned) (nullable) the first bytes; NULL: they were looked at */
  char part[UTF8_BYTES]; /* the beginning of a character */
  gsize n_part;
  guint64 lines; /* for errors */
  gboolean has_text;
};

static const TocsinFeedFormat *
find_format (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_equal (formats[i]->name, name))
      return formats[i];
  return NULL;
}

const char *const *
tocsin_feed_formats (void)
{
  static const char *names[G_N_ELEMENTS (formats) + 1];

  /* Every thread writes the same. */
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    __atomic_store_n (&names[i], formats[i]->name, __ATOMIC_RELAXED);
  return names;
}

gboolean
tocsin_feed_format_is_typed (const char *name)
{
  const TocsinFeedFormat *format = find_format (name);

  return format != NULL && format->typed;
}

gboolean
tocsin_feed_fail (GError **error, guint64 place, const char *format, ...)
{
  va_list arguments;
  g_autofree char *what = NULL;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (place == 0)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, what);
  else
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 "Line or entry %" G_GUINT64_FORMAT ": %s", place, what);
  return FALSE;
}

gboolean
tocsin_feed_sink_add (
    TocsinFeedSink *self, TocsinSubjectType type, const char *value, guint64 place, GError **error)
{
  char fixed[STRIPPED_BYTES];
  g_autofree char *more = NULL;
  TocsinFeedRow row = { .type = type, .place = place };
  gsize size;

  while (g_ascii_isspace (*value))
    value++;
  size = strlen (value);
  while (size > 0 && g_ascii_isspace (value[size - 1]))
    size--;
  if (size == 0)
    return TRUE;
  if (value[size] == '\0')
    row.value = value;
  else if (size < sizeof fixed)
    {
      memcpy (fixed, value, size);
      fixed[size] = '\0';
      row.value = fixed;
    }
  else
    {
      more = g_strndup (value, size);
      row.value = more;
    }
  self->rows++;
  return self->func (&row, self->data, error);
}

TocsinFeedReader *
tocsin_feed_reader_new (const char *format,
                        const TocsinFeedReadOptions *options,
                        TocsinFeedRowFunc func,
                        gpointer data)
{
  const TocsinFeedFormat *found = find_format (format);
  TocsinFeedReader *self;

  if (found == NULL)
    return NULL;
  self = g_new0 (TocsinFeedReader, 1);
  self->format = found;
  self->sink = (TocsinFeedSink){ .options = options, .func = func, .data = data };
  self->head = g_byte_array_new ();
  self->state = g_malloc0 (found->size);
  found->init (self->state, &self->sink);
  return self;
}

void
tocsin_feed_reader_free (TocsinFeedReader *self)
{
  if (self == NULL)
    return;
  self->format->clear (self->state);
  g_free (self->state);
  g_clear_pointer (&self->head, g_byte_array_unref);
  g_free (self);
}

/* Markup where a list should begin is a page that says why there is none. */
static gboolean
check_beginning (TocsinFeedReader *self, const char *text, gsize size, GError **error)
{
  for (gsize i = 0; i < size && !self->has_text; i++)
    if (text[i] == '<')
      return tocsin_feed_fail (error, 0, "This is HTML or XML, such as an error page, no list");
    else if (!g_ascii_isspace (text[i]))
      self->has_text = TRUE;
  return TRUE;
}

/* Whole characters. */
static gboolean
push_text (TocsinFeedReader *self, const char *text, gsize size, GError **error)
{
  if (size == 0)
    return TRUE;
  if (!self->has_text && !check_beginning (self, text, size, error))
    return FALSE;
  return self->format->push (self->state, text, size, error);
}

static gboolean
fail_encoding (TocsinFeedReader *self, const char *from, const char *to, GError **error)
{
  for (const char *c = from; c < to; c++)
    self->lines += *c == '\n';
  return tocsin_feed_fail (error, self->lines + 1, "%s",
                           *to == '\0' ? "there is a NUL byte" : "this is not UTF-8 text");
}

/* Bytes with which @self->part becomes a character. Gives how many it took. */
static gboolean
complete_part (TocsinFeedReader *self, const char *bytes, gsize size, gsize *taken, GError **error)
{
  for (*taken = 0; self->n_part > 0 && *taken < size;)
    {
      gunichar c;

      self->part[self->n_part++] = bytes[(*taken)++];
      c = g_utf8_get_char_validated (self->part, (gssize) self->n_part);
      if (c == (gunichar) -2 && self->n_part < UTF8_BYTES)
        continue;
      if (c == (gunichar) -2 || c == (gunichar) -1)
        return tocsin_feed_fail (error, self->lines + 1, "this is not UTF-8 text");
      if (!push_text (self, self->part, self->n_part, error))
        return FALSE;
      self->n_part = 0;
    }
  return TRUE;
}

static gboolean
push_bytes (TocsinFeedReader *self, const char *bytes, gsize size, GError **error)
{
  const char *end = NULL;
  gsize taken;

  if (!complete_part (self, bytes, size, &taken, error))
    return FALSE;
  bytes += taken;
  size -= taken;
  if (size == 0)
    return TRUE;
  if (!g_utf8_validate_len (bytes, size, &end))
    {
      gsize rest = size - (gsize) (end - bytes);

      if (*end == '\0' || rest >= UTF8_BYTES ||
          g_utf8_get_char_validated (end, (gssize) rest) != (gunichar) -2)
        return fail_encoding (self, bytes, end, error);
      memcpy (self->part, end, rest);
      self->n_part = rest;
    }
  if (!push_text (self, bytes, (gsize) (end - bytes), error))
    return FALSE;
  for (const char *c = bytes; (c = memchr (c, '\n', (gsize) (end - c))) != NULL; c++)
    self->lines++;
  return TRUE;
}

/* What the first bytes give away. They are pushed without a byte order mark. */
static gboolean
push_head (TocsinFeedReader *self, GError **error)
{
  g_autoptr (GByteArray) head = g_steal_pointer (&self->head);
  const guint8 *b = head->data;
  gsize skip = 0;

  if (head->len >= 2 && b[0] == 0x1F && b[1] == 0x8B)
    return tocsin_feed_fail (error, 0, "The list is compressed with gzip");
  if (head->len >= 3 && memcmp (b, "BZh", 3) == 0)
    return tocsin_feed_fail (error, 0, "The list is compressed with bzip2");
  if (head->len >= 2 && b[0] == 'P' && b[1] == 'K')
    return tocsin_feed_fail (error, 0, "The list is a zip archive");
  if (head->len >= 2 && (b[0] ^ b[1]) == 0x01 && b[0] >= 0xFE)
    return tocsin_feed_fail (error, 0, "The list is UTF-16; it must be UTF-8");
  if (head->len >= 3 && memcmp (b, "\xEF\xBB\xBF", 3) == 0)
    skip = 3;
  return head->len == skip || push_bytes (self, (const char *) b + skip, head->len - skip, error);
}

gboolean
tocsin_feed_reader_push (TocsinFeedReader *self, const char *bytes, gsize size, GError **error)
{
  if (self->head != NULL)
    {
      gsize n = MIN (size, HEAD_BYTES - self->head->len);

      g_byte_array_append (self->head, (const guint8 *) bytes, (guint) n);
      bytes += n;
      size -= n;
      if (self->head->len < HEAD_BYTES)
        return TRUE;
      if (!push_head (self, error))
        return FALSE;
    }
  return size == 0 || push_bytes (self, bytes, size, error);
}

gboolean
tocsin_feed_reader_end (TocsinFeedReader *self, GError **error)
{
  if (self->head != NULL && !push_head (self, error))
    return FALSE;
  if (self->n_part > 0)
    return tocsin_feed_fail (error, self->lines + 1, "the list ends within a character");
  if (!self->has_text)
    return tocsin_feed_fail (error, 0, "The list is empty");
  return self->format->end (self->state, error);
}

void
tocsin_feed_reader_links (const TocsinFeedReader *self, TocsinFeedLinks *out)
{
  *out = (TocsinFeedLinks){ 0 };
  if (self->format->links != NULL)
    self->format->links (self->state, out);
}
