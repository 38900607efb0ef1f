/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * RFC 4180, strict: what stands beside a quoted field, and a quote within a plain one, is an error.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/format.h"

enum
{
  AT_START, /* of a field */
  IN_PLAIN,
  IN_QUOTED,
  AFTER_QUOTE, /* an end, or the first of two */
  AFTER_CR,
};

void
tocsin_feed_records_init (TocsinFeedRecords *self, TocsinFeedRecordFunc func, gpointer owner)
{
  self->func = func;
  self->owner = owner;
  self->fields = g_ptr_array_new_with_free_func (g_free);
  self->field = g_string_new (NULL);
  self->line = 1;
}

void
tocsin_feed_records_clear (TocsinFeedRecords *self)
{
  g_ptr_array_unref (self->fields);
  g_string_free (self->field, TRUE);
}

static gboolean
end_field (TocsinFeedRecords *self, GError **error)
{
  if (self->fields->len == TOCSIN_FEED_FIELDS_MAX)
    return tocsin_feed_fail (error, self->line, "it has more than %d fields",
                             TOCSIN_FEED_FIELDS_MAX);
  g_ptr_array_add (self->fields, g_strndup (self->field->str, self->field->len));
  g_string_truncate (self->field, 0);
  self->state = AT_START;
  return TRUE;
}

static gboolean
end_record (TocsinFeedRecords *self, GError **error)
{
  gboolean blank = self->fields->len == 0 && self->field->len == 0 && self->state != AFTER_QUOTE;

  if (!blank &&
      (!end_field (self, error) || !self->func (self->owner, self->fields, self->line, error)))
    return FALSE;
  g_ptr_array_set_size (self->fields, 0);
  self->bytes = 0;
  self->state = AT_START;
  self->line = self->lines + 1;
  return TRUE;
}

static gboolean
take_outside (TocsinFeedRecords *self, char c, GError **error)
{
  if (self->state == AFTER_CR && c != '\n')
    return tocsin_feed_fail (error, self->line, "there is a stray carriage return");
  switch (c)
    {
    case '\n':
      self->lines++;
      return end_record (self, error);
    case '\r':
      self->state = AFTER_CR;
      return TRUE;
    case ',':
      return end_field (self, error);
    case '"':
      if (self->state == AT_START)
        {
          self->state = IN_QUOTED;
          return TRUE;
        }
      return tocsin_feed_fail (error, self->line, "there is a quote within a field");
    default:
      if (self->state == AFTER_QUOTE)
        return tocsin_feed_fail (error, self->line, "there is text after a quoted field");
      self->state = IN_PLAIN;
      g_string_append_c (self->field, c);
      return TRUE;
    }
}

static gboolean
take (TocsinFeedRecords *self, char c, GError **error)
{
  if (self->state == AFTER_QUOTE && c == '"')
    {
      g_string_append_c (self->field, c);
      self->state = IN_QUOTED;
      return TRUE;
    }
  if (self->state != IN_QUOTED)
    return take_outside (self, c, error);
  if (c == '"')
    self->state = AFTER_QUOTE;
  else
    {
      self->lines += c == '\n';
      g_string_append_c (self->field, c);
    }
  return TRUE;
}

gboolean
tocsin_feed_is_header (const char *field, const char *name)
{
  g_autofree char *word = g_strstrip (g_strdup (*field == '#' ? field + 1 : field));

  return g_ascii_strcasecmp (word, name) == 0;
}

gboolean
tocsin_feed_records_push (TocsinFeedRecords *self, const char *text, gsize size, GError **error)
{
  for (gsize i = 0; i < size; i++)
    {
      if (++self->bytes > TOCSIN_FEED_LINE_MAX_BYTES)
        return tocsin_feed_fail (error, self->line, "it is longer than %d bytes",
                                 TOCSIN_FEED_LINE_MAX_BYTES);
      if (!take (self, text[i], error))
        return FALSE;
    }
  return TRUE;
}

gboolean
tocsin_feed_records_end (TocsinFeedRecords *self, GError **error)
{
  if (self->state == IN_QUOTED)
    return tocsin_feed_fail (error, self->line, "the list ends within a quoted field");
  return end_record (self, error);
}
