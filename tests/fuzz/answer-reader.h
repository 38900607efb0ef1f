/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>
#include <string.h>

/* A reader of answers to the letter of RFC 9112, and narrower: what it takes has one meaning only;
 * of everything else it says nothing. */

/* How the body of an answer ends. */
typedef enum
{
  READ_WHOLE,    /* by its length or its last chunk */
  READ_TO_END,   /* with the connection */
  READ_CUT,      /* before the length that was announced */
  READ_BODYLESS, /* by the status, which has none */
} ReadEnd;

/* All of it is the reader's own. */
typedef struct
{
  guint interim; /* answers before it */
  guint status;
  GHashTable *fields; /* names in lower case */
  GByteArray *body;
  ReadEnd end;
  gboolean has_more; /* something is left behind it */
} ReadAnswer;

typedef struct
{
  const char *at;
  const char *end;
} ReadInput;

static inline void
read_answer_free (ReadAnswer *self)
{
  g_hash_table_unref (self->fields);
  g_byte_array_unref (self->body);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReadAnswer, read_answer_free)

static inline const char *
read_field (const ReadAnswer *self, const char *name)
{
  return g_hash_table_lookup (self->fields, name);
}

/* Up to CR LF, of visible ASCII and single spaces inside. */
static inline char *
read_line (ReadInput *in)
{
  const char *end = in->at;
  char *line = NULL;

  while (end < in->end && (g_ascii_isgraph (*end) || (*end == ' ' && end > in->at)))
    end++;
  if (in->end - end < 2 || end[0] != '\r' || end[1] != '\n' || (end > in->at && end[-1] == ' '))
    return NULL;
  line = g_strndup (in->at, (gsize) (end - in->at));
  in->at = end + 2;
  return line;
}

/* Digits of @base alone, at most six; -1: it is none. */
static inline gint64
read_number (const char *text, guint base)
{
  gint64 number = 0;
  gsize digits = strlen (text);

  if (digits < 1 || digits > 6)
    return -1;
  for (gsize i = 0; i < digits; i++)
    {
      gint value = g_ascii_xdigit_value (text[i]);

      if (value < 0 || (guint) value >= base)
        return -1;
      number = number * base + value;
    }
  return number;
}

static inline gboolean
read_token (const char *text, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (!g_ascii_isalnum (text[i]) && strchr ("-_.+", text[i]) == NULL)
      return FALSE;
  return size > 0;
}

/* One head; FALSE: it is not of the narrow kind. */
static inline gboolean
read_head (ReadInput *in, ReadAnswer *out)
{
  g_autofree char *status_line = read_line (in);
  g_autofree char *digits = NULL;

  g_hash_table_remove_all (out->fields);
  if (status_line == NULL || strlen (status_line) < 14 ||
      !g_str_has_prefix (status_line, "HTTP/1.1 ") || status_line[12] != ' ')
    return FALSE;
  digits = g_strndup (status_line + 9, 3);
  if (read_number (digits, 10) < 100 || digits[0] > '5')
    return FALSE;
  out->status = (guint) read_number (digits, 10);
  for (;;)
    {
      g_autofree char *line = read_line (in);
      const char *colon = line != NULL ? strstr (line, ": ") : NULL;
      g_autofree char *name = NULL;

      if (line == NULL || *line == '\0')
        return line != NULL;
      if (colon == NULL || !read_token (line, (gsize) (colon - line)) || colon[2] == ' ')
        return FALSE;
      name = g_ascii_strdown (line, colon - line);
      if (g_hash_table_contains (out->fields, name))
        return FALSE;
      g_hash_table_insert (out->fields, g_steal_pointer (&name), g_strdup (colon + 2));
    }
}

static inline gboolean
read_bytes (ReadInput *in, gsize size, ReadAnswer *out)
{
  gsize there = MIN (size, (gsize) (in->end - in->at));

  if (there > 0)
    g_byte_array_append (out->body, (const guint8 *) in->at, (guint) there);
  in->at += there;
  return there == size;
}

/* Chunks without extensions and trailers. */
static inline gboolean
read_chunks (ReadInput *in, ReadAnswer *out)
{
  for (;;)
    {
      g_autofree char *line = read_line (in);
      gint64 size = line != NULL ? read_number (line, 16) : -1;
      g_autofree char *blank = NULL;

      if (size < 0 || (size > 0 && !read_bytes (in, (gsize) size, out)))
        return FALSE;
      blank = read_line (in);
      if (blank == NULL || *blank != '\0')
        return FALSE;
      if (size == 0)
        return TRUE;
    }
}

static inline gboolean
read_body (ReadInput *in, ReadAnswer *out)
{
  const char *coding = read_field (out, "transfer-encoding");
  const char *length = read_field (out, "content-length");
  const char *connection = read_field (out, "connection");

  if ((connection != NULL && g_ascii_strcasecmp (connection, "close") != 0 &&
       g_ascii_strcasecmp (connection, "keep-alive") != 0) ||
      (out->status == 204 && (length != NULL || coding != NULL)))
    return FALSE;
  out->end = READ_WHOLE;
  if (out->status == 204 || out->status == 304)
    out->end = READ_BODYLESS;
  else if (coding != NULL)
    return length == NULL && g_ascii_strcasecmp (coding, "chunked") == 0 && read_chunks (in, out);
  else if (length == NULL)
    {
      out->end = READ_TO_END;
      read_bytes (in, (gsize) (in->end - in->at), out);
    }
  else if (read_number (length, 10) < 0)
    return FALSE;
  else if (!read_bytes (in, (gsize) read_number (length, 10), out))
    out->end = READ_CUT;
  return TRUE;
}

/* NULL: nothing can be said of it. */
static inline ReadAnswer *
read_answer (GBytes *sent)
{
  gsize size;
  const char *data = g_bytes_get_data (sent, &size);
  ReadInput in = { data, size > 0 ? data + size : data };
  g_autoptr (ReadAnswer) out = g_new0 (ReadAnswer, 1);

  out->fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  out->body = g_byte_array_new ();
  for (;; out->interim++)
    {
      if (size == 0 || !read_head (&in, out) || out->status == 101)
        return NULL;
      if (out->status >= 200)
        break;
    }
  if (!read_body (&in, out))
    return NULL;
  out->has_more = in.at < in.end;
  return g_steal_pointer (&out);
}
