/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A state a byte. What is under way lies in @word: a string without its quotes, or the letters of
 * a number or a name.
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/json-events.h"

#include <string.h>

#include "core/error.h"

#define WORD_BYTES 32 /* a number or a name */

typedef enum
{
  WANT_VALUE,
  WANT_VALUE_OR_END, /* after [ */
  WANT_NAME_OR_END,  /* after { */
  WANT_NAME,         /* after , in an object */
  WANT_COLON,
  WANT_COMMA_OR_END,
  IN_STRING,
  IN_ESCAPE,
  IN_HEX,
  IN_WORD,
  WANT_NOTHING, /* after the document */
} State;

typedef struct
{
  gboolean is_object;
  guint64 element;
} Level;

struct _TocsinJsonEvents
{
  TocsinJsonEventFunc func;
  gpointer data;
  State state;
  Level levels[TOCSIN_JSON_EVENTS_DEPTH];
  guint depth;
  gboolean is_name; /* the string is a member's */
  gboolean has_name;
  GString *name; /* (owned) */
  GString *word; /* (owned) */
  guint hex_digits;
  guint hex;
  guint high; /* a surrogate that waits for its other half; 0: none */
  guint64 line;
};

TocsinJsonEvents *
tocsin_json_events_new (TocsinJsonEventFunc func, gpointer data)
{
  TocsinJsonEvents *self = g_new0 (TocsinJsonEvents, 1);

  self->func = func;
  self->data = data;
  self->name = g_string_new (NULL);
  self->word = g_string_new (NULL);
  self->line = 1;
  return self;
}

void
tocsin_json_events_free (TocsinJsonEvents *self)
{
  if (self == NULL)
    return;
  g_string_free (self->name, TRUE);
  g_string_free (self->word, TRUE);
  g_free (self);
}

static gboolean
fail (const TocsinJsonEvents *self, const char *what, GError **error)
{
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               "Line %" G_GUINT64_FORMAT " of the JSON document: %s", self->line, what);
  return FALSE;
}

static gboolean
tell (TocsinJsonEvents *self, TocsinJsonEventKind kind, GError **error)
{
  Level *level = self->depth > 0 ? &self->levels[self->depth - 1] : NULL;
  TocsinJsonEvent event = {
    .kind = kind,
    .depth = self->depth,
    .name = self->has_name ? self->name->str : NULL,
    .text = kind == TOCSIN_JSON_EVENT_STRING ? self->word->str : NULL,
  };

  if (level != NULL && !level->is_object)
    event.element = level->element;
  return self->func (&event, self->data, error);
}

/* A value begins: it is the next of its array. */
static void
count_element (TocsinJsonEvents *self)
{
  if (self->depth > 0 && !self->levels[self->depth - 1].is_object)
    self->levels[self->depth - 1].element++;
}

static void
after_value (TocsinJsonEvents *self)
{
  self->has_name = FALSE;
  self->state = self->depth == 0 ? WANT_NOTHING : WANT_COMMA_OR_END;
}

static gboolean
begin (TocsinJsonEvents *self, gboolean is_object, GError **error)
{
  count_element (self);
  if (!tell (self, is_object ? TOCSIN_JSON_EVENT_BEGIN_OBJECT : TOCSIN_JSON_EVENT_BEGIN_ARRAY,
             error))
    return FALSE;
  if (self->depth == TOCSIN_JSON_EVENTS_DEPTH)
    return fail (self, "it is nested too deeply", error);
  self->levels[self->depth++] = (Level){ .is_object = is_object };
  self->has_name = FALSE;
  self->state = is_object ? WANT_NAME_OR_END : WANT_VALUE_OR_END;
  return TRUE;
}

static gboolean
end (TocsinJsonEvents *self, gboolean is_object, GError **error)
{
  if (self->depth == 0 || self->levels[self->depth - 1].is_object != is_object)
    return fail (self, "brackets do not match", error);
  self->depth--;
  self->has_name = FALSE;
  if (!tell (self, is_object ? TOCSIN_JSON_EVENT_END_OBJECT : TOCSIN_JSON_EVENT_END_ARRAY, error))
    return FALSE;
  after_value (self);
  return TRUE;
}

static void
begin_string (TocsinJsonEvents *self, gboolean is_name)
{
  g_string_truncate (self->word, 0);
  self->is_name = is_name;
  self->high = 0;
  self->state = IN_STRING;
}

static gboolean
end_string (TocsinJsonEvents *self, GError **error)
{
  if (self->high != 0)
    return fail (self, "half a surrogate pair", error);
  if (self->is_name)
    {
      g_string_assign (self->name, self->word->str);
      self->has_name = TRUE;
      self->state = WANT_COLON;
      return TRUE;
    }
  if (!tell (self, TOCSIN_JSON_EVENT_STRING, error))
    return FALSE;
  after_value (self);
  return TRUE;
}

/* ---- words ---- */

static gboolean
is_digits (const char **c)
{
  const char *from = *c;

  while (g_ascii_isdigit (**c))
    (*c)++;
  return *c > from;
}

/* RFC 8259, section 6. */
static gboolean
is_number (const char *c)
{
  c += *c == '-';
  if (*c == '0')
    c++;
  else if (!is_digits (&c))
    return FALSE;
  if (*c == '.' && (c++, !is_digits (&c)))
    return FALSE;
  if (*c == 'e' || *c == 'E')
    {
      c++;
      c += *c == '+' || *c == '-';
      if (!is_digits (&c))
        return FALSE;
    }
  return *c == '\0';
}

static gboolean
end_word (TocsinJsonEvents *self, GError **error)
{
  const char *word = self->word->str;

  if (!g_str_equal (word, "true") && !g_str_equal (word, "false") && !g_str_equal (word, "null") &&
      !is_number (word))
    return fail (self, "this is no value", error);
  if (!tell (self, TOCSIN_JSON_EVENT_OTHER, error))
    return FALSE;
  after_value (self);
  return TRUE;
}

/* ---- a byte ---- */

/* After each addition to a string, whether it was escaped or not. */
static gboolean
check_length (const TocsinJsonEvents *self, GError **error)
{
  return self->word->len <= TOCSIN_JSON_EVENTS_STRING_BYTES ||
         fail (self, "a string is too long", error);
}

static gboolean
take_escape (TocsinJsonEvents *self, char c, GError **error)
{
  static const char from[] = "\"\\/bfnrt";
  static const char to[] = "\"\\/\b\f\n\r\t";
  const char *at = strchr (from, c);

  if (c == 'u')
    {
      self->hex = self->hex_digits = 0;
      self->state = IN_HEX;
      return TRUE;
    }
  if (c == '\0' || at == NULL)
    return fail (self, "there is no such escape", error);
  if (self->high != 0)
    return fail (self, "half a surrogate pair", error);
  g_string_append_c (self->word, to[at - from]);
  self->state = IN_STRING;
  return check_length (self, error);
}

static gboolean
take_hex (TocsinJsonEvents *self, char c, GError **error)
{
  int digit = g_ascii_xdigit_value (c);

  if (digit < 0)
    return fail (self, "four hexadecimal digits are expected", error);
  self->hex = self->hex << 4 | (guint) digit;
  if (++self->hex_digits < 4)
    return TRUE;
  self->state = IN_STRING;
  if (self->high == 0 && self->hex >= 0xD800 && self->hex < 0xDC00)
    {
      self->high = self->hex;
      return TRUE;
    }
  if ((self->hex >= 0xDC00 && self->hex < 0xE000) != (self->high != 0) || self->hex == 0)
    return fail (self, "this escape is no character", error);
  if (self->high != 0)
    self->hex = 0x10000 + ((self->high - 0xD800) << 10) + (self->hex - 0xDC00);
  self->high = 0;
  g_string_append_unichar (self->word, self->hex);
  return check_length (self, error);
}

static gboolean
take_in_string (TocsinJsonEvents *self, char c, GError **error)
{
  if ((guchar) c < 0x20)
    return fail (self, "there is a control character in a string", error);
  if (c == '"')
    return end_string (self, error);
  if (c == '\\')
    {
      self->state = IN_ESCAPE;
      return TRUE;
    }
  if (self->high != 0)
    return fail (self, "half a surrogate pair", error);
  g_string_append_c (self->word, c);
  return check_length (self, error);
}

static gboolean
begin_value (TocsinJsonEvents *self, char c, GError **error)
{
  if (c == '{' || c == '[')
    return begin (self, c == '{', error);
  if (c == ']' && self->state == WANT_VALUE_OR_END)
    return end (self, FALSE, error);
  if (c == '"')
    {
      count_element (self);
      begin_string (self, FALSE);
      return TRUE;
    }
  if (c != '-' && !g_ascii_isalnum (c))
    return fail (self, "a value is expected", error);
  count_element (self);
  g_string_assign (self->word, "");
  g_string_append_c (self->word, c);
  self->state = IN_WORD;
  return TRUE;
}

static gboolean
take_between (TocsinJsonEvents *self, char c, GError **error)
{
  gboolean in_object = self->depth > 0 && self->levels[self->depth - 1].is_object;

  if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
    return TRUE;
  switch (self->state)
    {
    case WANT_VALUE:
    case WANT_VALUE_OR_END:
      return begin_value (self, c, error);
    case WANT_NAME:
    case WANT_NAME_OR_END:
      if (c == '"')
        {
          begin_string (self, TRUE);
          return TRUE;
        }
      if (c == '}' && self->state == WANT_NAME_OR_END)
        return end (self, TRUE, error);
      return fail (self, "the name of a member is expected", error);
    case WANT_COLON:
      self->state = WANT_VALUE;
      return c == ':' || fail (self, "a colon is expected", error);
    case WANT_COMMA_OR_END:
      if (c == '}' || c == ']')
        return end (self, c == '}', error);
      self->state = in_object ? WANT_NAME : WANT_VALUE;
      return c == ',' || fail (self, "a comma is expected", error);
    case WANT_NOTHING:
      return fail (self, "there is something after the document", error);
    case IN_STRING:
    case IN_ESCAPE:
    case IN_HEX:
    case IN_WORD:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
take (TocsinJsonEvents *self, char c, GError **error)
{
  switch (self->state)
    {
    case IN_STRING:
      return take_in_string (self, c, error);
    case IN_ESCAPE:
      return take_escape (self, c, error);
    case IN_HEX:
      return take_hex (self, c, error);
    case IN_WORD:
      if (g_ascii_isalnum (c) || c == '.' || c == '+' || c == '-')
        {
          if (self->word->len >= WORD_BYTES)
            return fail (self, "a number is too long", error);
          g_string_append_c (self->word, c);
          return TRUE;
        }
      return end_word (self, error) && take_between (self, c, error);
    case WANT_VALUE:
    case WANT_VALUE_OR_END:
    case WANT_NAME_OR_END:
    case WANT_NAME:
    case WANT_COLON:
    case WANT_COMMA_OR_END:
    case WANT_NOTHING:
    default:
      return take_between (self, c, error);
    }
}

gboolean
tocsin_json_events_push (TocsinJsonEvents *self, const char *text, gsize size, GError **error)
{
  for (gsize i = 0; i < size; i++)
    {
      if (!take (self, text[i], error))
        return FALSE;
      self->line += text[i] == '\n';
    }
  return TRUE;
}

gboolean
tocsin_json_events_end (TocsinJsonEvents *self, GError **error)
{
  if (self->state == IN_WORD && self->depth == 0 && !end_word (self, error))
    return FALSE;
  return self->state == WANT_NOTHING || fail (self, "the document is cut short", error);
}
