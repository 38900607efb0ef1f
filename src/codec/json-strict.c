/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * RFC 8259, and nothing besides. json-glib's own parser takes comments, single quotes, hex
 * numbers and two documents in a row, wraps large integers and recurses until the stack ends.
 * A validator in front of it would leave two parsers that may disagree about what was signed;
 * so the scanner builds json-glib's values itself and json_parser_* is called nowhere.
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/json-strict.h"

#include <math.h>
#include <string.h>

#include "core/error.h"

const TocsinJsonLimits tocsin_json_default_limits = {
  .max_bytes = TOCSIN_BODY_MAX_BYTES,
  .max_depth = TOCSIN_JSON_MAX_DEPTH,
  .max_members = TOCSIN_JSON_MAX_MEMBERS,
  .max_object_members = 1000,
  .max_string_bytes = 64 * 1024,
  .max_name_bytes = 1024,
};

/* Exactly one of the two is set: the container being filled. It belongs to the tree. */
typedef struct
{
  JsonObject *object; /* (unowned) */
  JsonArray *array;   /* (unowned) */
  gsize name_at;      /* where, in names, the member being read has its name */
} Frame;

typedef struct
{
  const char *start;
  const char *at;
  const char *end;
  const TocsinJsonLimits *limits;
  TocsinJsonFacts facts;
  JsonNode *root; /* (owned) */
  GString *text;  /* (owned) the string last read, unescaped */
  GString *names; /* (owned) of the open members, each with its NUL */
  guint depth;
  Frame frames[TOCSIN_JSON_MAX_DEPTH];
} Scanner;

#define PLACE_BYTES        120
#define POINTER_NAME_CHARS 48

/* Where we are, as a JSON pointer; a peer's names are cut and cleaned. */
static void
describe_place (const Scanner *s, char *out)
{
  gsize used = 0;

  for (guint i = 0; i < s->depth && used < PLACE_BYTES - 24; i++)
    {
      const Frame *frame = &s->frames[i];

      out[used++] = '/';
      if (frame->array != NULL)
        {
          /* An open container is an element already, a value being read not yet. */
          guint index = json_array_get_length (frame->array) - (i + 1 < s->depth ? 1 : 0);

          used += (gsize) g_snprintf (out + used, 12, "%u", index);
          continue;
        }
      for (const char *c = s->names->str + frame->name_at; *c != '\0' && used < PLACE_BYTES - 24;
           c++)
        {
          gboolean escape = *c == '~' || *c == '/';

          out[used++] = (char) (escape ? '~' : g_ascii_isgraph (*c) ? *c : '?');
          if (escape)
            out[used++] = *c == '~' ? '0' : '1';
        }
    }
  out[used] = '\0';
}

static gboolean
fail (Scanner *s, int code, const char *what, GError **error)
{
  char place[PLACE_BYTES];

  describe_place (s, place);
  g_set_error (error, TOCSIN_ERROR, code, "JSON byte %" G_GSIZE_FORMAT "%s%s: %s",
               (gsize) (s->at - s->start), place[0] != '\0' ? ", at " : "", place, what);
  return FALSE;
}

static gboolean
fail_syntax (Scanner *s, const char *what, GError **error)
{
  return fail (s, TOCSIN_ERROR_INVALID, what, error);
}

static void
skip_space (Scanner *s)
{
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
    s->at++;
}

static int
peek (const Scanner *s)
{
  return s->at < s->end ? (guchar) *s->at : -1;
}

/* Four hex digits at the cursor, or -1. */
static gint32
read_hex4 (Scanner *s)
{
  gint32 value = 0;

  if (s->end - s->at < 4)
    return -1;
  for (int i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (s->at[i]);

      if (digit < 0)
        return -1;
      value = value * 16 + digit;
    }
  s->at += 4;
  return value;
}

/* After "\u". */
static gboolean
read_unicode_escape (Scanner *s, GError **error)
{
  gint32 c = read_hex4 (s);

  if (c < 0)
    return fail_syntax (s, "\\u without four hexadecimal digits", error);
  if (c == 0)
    return fail_syntax (s, "\\u0000 is not taken", error);
  if (c >= 0xDC00 && c <= 0xDFFF)
    return fail_syntax (s, "lone low surrogate", error);
  if (c >= 0xD800 && c <= 0xDBFF)
    {
      gint32 low = -1;

      if (s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u')
        {
          s->at += 2;
          low = read_hex4 (s);
        }
      if (low < 0xDC00 || low > 0xDFFF)
        return fail_syntax (s, "lone high surrogate", error);
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
  g_string_append_unichar (s->text, (gunichar) c);
  return TRUE;
}

/* After the backslash. */
static gboolean
read_escape (Scanner *s, GError **error)
{
  static const char from[] = "\"\\/bfnrt";
  static const char to[] = "\"\\/\b\f\n\r\t";
  const char *found;

  if (s->at == s->end)
    return fail_syntax (s, "string without end", error);
  if (*s->at == 'u')
    {
      s->at++;
      return read_unicode_escape (s, error);
    }
  found = strchr (from, *s->at);
  if (found == NULL || *found == '\0')
    return fail_syntax (s, "unknown escape", error);
  g_string_append_c (s->text, to[found - from]);
  s->at++;
  return TRUE;
}

/* Reads the string at the cursor, which stands on its opening quote, into text. */
static gboolean
read_string (Scanner *s, gsize max_bytes, GError **error)
{
  g_string_truncate (s->text, 0);
  s->at++;
  for (;;)
    {
      const char *from = s->at;

      while (s->at < s->end && *s->at != '"' && *s->at != '\\' && (guchar) *s->at >= 0x20)
        s->at++;
      if ((gsize) (s->at - from) > max_bytes - s->text->len)
        return fail (s, TOCSIN_ERROR_TOO_LARGE, "string is too long", error);
      g_string_append_len (s->text, from, s->at - from);
      if (s->at == s->end)
        return fail_syntax (s, "string without end", error);
      if (*s->at == '"')
        {
          s->at++;
          return TRUE;
        }
      if (*s->at != '\\')
        return fail_syntax (s, "control character in a string", error);
      s->at++;
      if (!read_escape (s, error))
        return FALSE;
      if (s->text->len > max_bytes)
        return fail (s, TOCSIN_ERROR_TOO_LARGE, "string is too long", error);
    }
}

/* Gives a finished or just opened value to the container at the top. Takes @node. */
static gboolean
put (Scanner *s, JsonNode *node, GError **error)
{
  Frame *frame;

  if (s->depth == 0)
    {
      s->root = node;
      return TRUE;
    }
  if (++s->facts.members > s->limits->max_members)
    {
      json_node_unref (node);
      return fail (s, TOCSIN_ERROR_TOO_LARGE, "too many members", error);
    }
  frame = &s->frames[s->depth - 1];
  if (frame->object != NULL)
    json_object_set_member (frame->object, s->names->str + frame->name_at, node);
  else
    json_array_add_element (frame->array, node);
  return TRUE;
}

/* The name of the next member, and its colon. */
static gboolean
read_name (Scanner *s, GError **error)
{
  Frame *frame = &s->frames[s->depth - 1];

  skip_space (s);
  if (peek (s) != '"')
    return fail_syntax (s, "a member name was expected", error);
  if (!read_string (s, s->limits->max_name_bytes, error))
    return FALSE;
  g_string_truncate (s->names, frame->name_at);
  g_string_append_len (s->names, s->text->str, (gssize) s->text->len + 1);
  if (json_object_has_member (frame->object, s->text->str))
    return fail_syntax (s, "duplicate member name", error);
  if (json_object_get_size (frame->object) >= s->limits->max_object_members)
    return fail (s, TOCSIN_ERROR_TOO_LARGE, "too many members in one object", error);
  skip_space (s);
  if (peek (s) != ':')
    return fail_syntax (s, "a colon was expected", error);
  s->at++;
  return TRUE;
}

/* Opens the container at the cursor. *@complete if it is empty, and closed already. */
static gboolean
open_container (Scanner *s, gboolean *complete, GError **error)
{
  gboolean is_object = *s->at == '{';
  g_autoptr (JsonNode) node = json_node_new (is_object ? JSON_NODE_OBJECT : JSON_NODE_ARRAY);
  Frame frame = { .name_at = s->names->len };

  if (s->depth >= MIN (s->limits->max_depth, TOCSIN_JSON_MAX_DEPTH))
    return fail (s, TOCSIN_ERROR_INVALID, "nested too deep", error);
  if (is_object)
    {
      frame.object = json_object_new ();
      json_node_take_object (node, frame.object);
    }
  else
    {
      frame.array = json_array_new ();
      json_node_take_array (node, frame.array);
    }
  if (!put (s, g_steal_pointer (&node), error))
    return FALSE;
  s->frames[s->depth++] = frame;
  if (is_object)
    g_string_append_c (s->names, '\0'); /* until its first name is read */
  s->facts.depth = MAX (s->facts.depth, s->depth);
  s->at++;
  skip_space (s);
  *complete = peek (s) == (is_object ? '}' : ']');
  return *complete || !is_object || read_name (s, error);
}

static void
close_container (Scanner *s)
{
  s->at++;
  s->depth--;
  g_string_truncate (s->names, s->frames[s->depth].name_at);
}

static gboolean
skip_digits (Scanner *s)
{
  const char *from = s->at;

  while (s->at < s->end && g_ascii_isdigit (*s->at))
    s->at++;
  return s->at > from;
}

/* RFC 8259, section 6. An integer that an int64 cannot hold, and −0, become a double. */
static gboolean
read_number (Scanner *s, GError **error)
{
  const char *from = s->at;
  gboolean integer = TRUE;
  gint64 value = 0;
  JsonNode *node;

  if (peek (s) == '-')
    s->at++;
  if (peek (s) == '0')
    s->at++;
  else if (!skip_digits (s))
    return fail_syntax (s, "a value was expected", error);
  if (peek (s) == '.')
    {
      integer = FALSE;
      s->at++;
      if (!skip_digits (s))
        return fail_syntax (s, "a number ends in its point", error);
    }
  if (peek (s) == 'e' || peek (s) == 'E')
    {
      integer = FALSE;
      s->at++;
      if (peek (s) == '+' || peek (s) == '-')
        s->at++;
      if (!skip_digits (s))
        return fail_syntax (s, "a number lacks its exponent", error);
    }
  g_string_truncate (s->text, 0);
  g_string_append_len (s->text, from, s->at - from);
  integer = integer && strcmp (s->text->str, "-0") != 0 &&
            g_ascii_string_to_signed (s->text->str, 10, G_MININT64, G_MAXINT64, &value, NULL);
  if (integer)
    node = json_node_init_int (json_node_alloc (), value);
  else /* json-glib would print an infinity, which is no JSON */
    node = json_node_init_double (
        json_node_alloc (), CLAMP (g_ascii_strtod (s->text->str, NULL), -G_MAXDOUBLE, G_MAXDOUBLE));
  if (!integer || value > TOCSIN_JSON_MAX_SAFE || value < -TOCSIN_JSON_MAX_SAFE)
    s->facts.non_integer = TRUE;
  return put (s, node, error);
}

static gboolean
read_literal (Scanner *s, const char *literal, JsonNode *node, GError **error)
{
  gsize length = strlen (literal);
  g_autoptr (JsonNode) owned = node;

  if ((gsize) (s->end - s->at) < length || memcmp (s->at, literal, length) != 0)
    return fail_syntax (s, "a value was expected", error);
  s->at += length;
  return put (s, g_steal_pointer (&owned), error);
}

/* *@complete unless a container was opened that has something in it. */
static gboolean
read_value (Scanner *s, gboolean *complete, GError **error)
{
  *complete = TRUE;
  skip_space (s);
  switch (peek (s))
    {
    case '{':
    case '[':
      if (!open_container (s, complete, error))
        return FALSE;
      if (*complete)
        close_container (s);
      return TRUE;
    case '"':
      return read_string (s, s->limits->max_string_bytes, error) &&
             put (s, json_node_init_string (json_node_alloc (), s->text->str), error);
    case 't':
      return read_literal (s, "true", json_node_init_boolean (json_node_alloc (), TRUE), error);
    case 'f':
      return read_literal (s, "false", json_node_init_boolean (json_node_alloc (), FALSE), error);
    case 'n':
      return read_literal (s, "null", json_node_init_null (json_node_alloc ()), error);
    default:
      return read_number (s, error);
    }
}

/* What follows a value: closes what it ends, until a comma asks for the next or all is closed. */
static gboolean
read_after_value (Scanner *s, GError **error)
{
  while (s->depth > 0)
    {
      const Frame *frame = &s->frames[s->depth - 1];

      skip_space (s);
      if (peek (s) == ',')
        {
          s->at++;
          return frame->array != NULL || read_name (s, error);
        }
      if (peek (s) != (frame->object != NULL ? '}' : ']'))
        return fail_syntax (s, "a comma or the closing bracket was expected", error);
      close_container (s);
    }
  return TRUE;
}

static gboolean
read_document (Scanner *s, GError **error)
{
  const char *invalid = NULL;

  if ((gsize) (s->end - s->start) > s->limits->max_bytes)
    return fail (s, TOCSIN_ERROR_TOO_LARGE, "document is too long", error);
  if (!g_utf8_validate_len (s->start, (gsize) (s->end - s->start), &invalid))
    {
      s->at = invalid;
      return fail_syntax (s, "not UTF-8, or a NUL", error);
    }
  if (s->end - s->start >= 3 && memcmp (s->start, "\xEF\xBB\xBF", 3) == 0)
    return fail_syntax (s, "a byte order mark is not taken", error);
  do
    {
      gboolean complete;

      if (!read_value (s, &complete, error))
        return FALSE;
      if (complete && !read_after_value (s, error))
        return FALSE;
    }
  while (s->depth > 0);
  skip_space (s);
  return s->at == s->end || fail_syntax (s, "something follows the document", error);
}

/**
 * tocsin_json_parse:
 * @data: (array length=size): the document
 * @limits: (nullable): limits, or %NULL for %tocsin_json_default_limits
 * @facts: (out) (optional): what was met; set on success alone
 *
 * Reads exactly one JSON text as RFC 8259 has it: UTF-8 without a byte order mark, no NUL
 * even as an escape, no lone surrogate, no duplicate name (compared after unescaping). One
 * pass, no recursion, any thread. Integers of an int64 stay integers; every other number is
 * a double, cut to the finite range. This is the project's only JSON parser.
 *
 * Returns: (transfer full) (nullable): the document. On error, %NULL and
 *   %TOCSIN_ERROR_INVALID or %TOCSIN_ERROR_TOO_LARGE, with byte offset and place.
 */
JsonNode *
tocsin_json_parse (const char *data,
                   gsize size,
                   const TocsinJsonLimits *limits,
                   TocsinJsonFacts *facts,
                   GError **error)
{
  g_autoptr (GString) text = g_string_sized_new (256);
  g_autoptr (GString) names = g_string_sized_new (256);
  Scanner s = { .limits = limits != NULL ? limits : &tocsin_json_default_limits };

  g_return_val_if_fail (data != NULL || size == 0, NULL);

  s.start = s.at = data != NULL ? data : "";
  s.end = s.start + size;
  s.text = text;
  s.names = names;
  if (!read_document (&s, error))
    {
      g_clear_pointer (&s.root, json_node_unref);
      return NULL;
    }
  if (facts != NULL)
    *facts = s.facts;
  return s.root;
}

/**
 * tocsin_json_node_object:
 *
 * Returns: (transfer none) (nullable): the object that @node is; else %NULL and
 *   %TOCSIN_ERROR_INVALID.
 */
JsonObject *
tocsin_json_node_object (JsonNode *node, GError **error)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_node_get_object (node);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "The document is not an object");
  return NULL;
}

char *
tocsin_json_pointer_member (const char *pointer, const char *name)
{
  GString *out = g_string_new (pointer);
  const char *c = name;

  g_string_append_c (out, '/');
  for (guint n = 0; *c != '\0' && n < POINTER_NAME_CHARS; c = g_utf8_next_char (c), n++)
    if (*c == '~')
      g_string_append (out, "~0");
    else if (*c == '/')
      g_string_append (out, "~1");
    else
      g_string_append_len (out, c, g_utf8_next_char (c) - c);
  return g_string_free (out, FALSE);
}

/**
 * tocsin_json_object_only:
 * @object: an object of whom nothing is taken that is not understood
 * @pointer: its JSON pointer
 * @members: (array zero-terminated=1): what it may have
 * @nullable: (nullable) (array zero-terminated=1): of these, what may be null
 *
 * A null is refused because clients write one for what they meant to leave out and for what they
 * have not filled in: taken for absent, the "dry_run" that somebody forgot to set would be false.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID, which names the first member that is not taken.
 */
gboolean
tocsin_json_object_only (JsonObject *object,
                         const char *pointer,
                         const char *const *members,
                         const char *const *nullable,
                         GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    {
      gboolean known = g_strv_contains (members, name);
      g_autofree char *member = NULL;

      if (known &&
          (!JSON_NODE_HOLDS_NULL (node) || (nullable != NULL && g_strv_contains (nullable, name))))
        continue;
      member = tocsin_json_pointer_member (pointer, name);
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   known ? "%s is null: give it a value, or leave it out"
                         : "%s is not a member of this",
                   member);
      return FALSE;
    }
  return TRUE;
}

static gboolean
fail_member (const char *pointer, const char *name, const char *what, GError **error)
{
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%.100s/%.60s %s", pointer, name, what);
  return FALSE;
}

/* The member, or NULL if it is absent or null, which JSON-LD takes for the same. */
static JsonNode *
find (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

static gboolean
holds (JsonNode *node, GType type)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

/* (nullable): the string that @node holds, owned by it; NULL if it is anything else. */
const char *
tocsin_json_string (JsonNode *node)
{
  return node != NULL && holds (node, G_TYPE_STRING) ? json_node_get_string (node) : NULL;
}

gboolean
tocsin_json_opt_string (
    JsonObject *object, const char *pointer, const char *name, const char **out, GError **error)
{
  JsonNode *node = find (object, name);

  if (node == NULL)
    return TRUE;
  if (!holds (node, G_TYPE_STRING))
    return fail_member (pointer, name, "is not a string", error);
  *out = json_node_get_string (node);
  return TRUE;
}

gboolean
tocsin_json_opt_object (
    JsonObject *object, const char *pointer, const char *name, JsonObject **out, GError **error)
{
  JsonNode *node = find (object, name);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail_member (pointer, name, "is not an object", error);
  *out = json_node_get_object (node);
  return TRUE;
}

gboolean
tocsin_json_opt_array (
    JsonObject *object, const char *pointer, const char *name, JsonArray **out, GError **error)
{
  JsonNode *node = find (object, name);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return fail_member (pointer, name, "is not an array", error);
  *out = json_node_get_array (node);
  return TRUE;
}

gboolean
tocsin_json_opt_int (JsonObject *object,
                     const char *pointer,
                     const char *name,
                     gint64 min,
                     gint64 max,
                     gint64 *out,
                     GError **error)
{
  JsonNode *node = find (object, name);

  if (node == NULL)
    return TRUE;
  if (!holds (node, G_TYPE_INT64))
    return fail_member (pointer, name, "is not an integer", error);
  if (json_node_get_int (node) < min || json_node_get_int (node) > max)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "%.100s/%.60s is not between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT,
                   pointer, name, min, max);
      return FALSE;
    }
  *out = json_node_get_int (node);
  return TRUE;
}

gboolean
tocsin_json_opt_bool (
    JsonObject *object, const char *pointer, const char *name, gboolean *out, GError **error)
{
  JsonNode *node = find (object, name);

  if (node == NULL)
    return TRUE;
  if (!holds (node, G_TYPE_BOOLEAN))
    return fail_member (pointer, name, "is not true or false", error);
  *out = json_node_get_boolean (node);
  return TRUE;
}

const char *
tocsin_json_get_string (JsonObject *object, const char *pointer, const char *name, GError **error)
{
  const char *value = NULL;

  if (tocsin_json_opt_string (object, pointer, name, &value, error) && value == NULL)
    fail_member (pointer, name, "is missing", error);
  return value;
}

JsonObject *
tocsin_json_get_object (JsonObject *object, const char *pointer, const char *name, GError **error)
{
  JsonObject *value = NULL;

  if (tocsin_json_opt_object (object, pointer, name, &value, error) && value == NULL)
    fail_member (pointer, name, "is missing", error);
  return value;
}

JsonArray *
tocsin_json_get_array (JsonObject *object, const char *pointer, const char *name, GError **error)
{
  JsonArray *value = NULL;

  if (tocsin_json_opt_array (object, pointer, name, &value, error) && value == NULL)
    fail_member (pointer, name, "is missing", error);
  return value;
}

gboolean
tocsin_json_get_int (JsonObject *object,
                     const char *pointer,
                     const char *name,
                     gint64 min,
                     gint64 max,
                     gint64 *out,
                     GError **error)
{
  if (find (object, name) == NULL)
    return fail_member (pointer, name, "is missing", error);
  return tocsin_json_opt_int (object, pointer, name, min, max, out, error);
}

gboolean
tocsin_json_get_bool (
    JsonObject *object, const char *pointer, const char *name, gboolean *out, GError **error)
{
  if (find (object, name) == NULL)
    return fail_member (pointer, name, "is missing", error);
  return tocsin_json_opt_bool (object, pointer, name, out, error);
}

/* Whether the ActivityStreams "type" of @object is, or has among others, @type. */
gboolean
tocsin_json_type_is (JsonObject *object, const char *type)
{
  JsonNode *node = json_object_get_member (object, "type");

  if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        if (g_strcmp0 (tocsin_json_string (json_array_get_element (array, i)), type) == 0)
          return TRUE;
      return FALSE;
    }
  return g_strcmp0 (tocsin_json_string (node), type) == 0;
}
