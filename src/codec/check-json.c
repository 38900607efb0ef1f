/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A check is asked at every sign-up, login and post, so there are two readers. read_plain() takes
 * what clients send nearly always: known members, no escapes, printable ASCII. It makes no tree
 * and gives up without a word at anything else; then read_any() reads the text from the start with
 * the parser that everything uses and has the last word, errors included. What read_plain() takes,
 * read_any() takes with the same meaning (fuzz-check asserts that).
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/check-json.h"

#include <string.h>

#include "codec/json-strict.h"
#include "core/error.h"

void
tocsin_check_question_clear (TocsinCheckQuestion *self)
{
  g_free (self->profile);
  for (guint i = 0; i < self->n_subjects; i++)
    g_free (self->subjects[i].value);
  *self = (TocsinCheckQuestion){ 0 };
}

/* ---- the common case ---- */

typedef struct
{
  const char *at;
  const char *end;
} Text;

static void
skip_space (Text *text)
{
  while (text->at < text->end &&
         (*text->at == ' ' || *text->at == '\t' || *text->at == '\n' || *text->at == '\r'))
    text->at++;
}

static gboolean
take (Text *text, char c)
{
  skip_space (text);
  if (text->at == text->end || *text->at != c)
    return FALSE;
  text->at++;
  return TRUE;
}

/* A string without escapes, in place. */
static gboolean
take_string (Text *text, gsize max_bytes, const char **out, gsize *size)
{
  if (!take (text, '"'))
    return FALSE;
  *out = text->at;
  while (text->at < text->end && *text->at >= 0x20 && *text->at < 0x7f && *text->at != '"' &&
         *text->at != '\\')
    text->at++;
  *size = (gsize) (text->at - *out);
  if (*size > max_bytes || text->at == text->end || *text->at != '"')
    return FALSE;
  text->at++;
  return TRUE;
}

static gboolean
take_word (Text *text, const char *word)
{
  gsize size = strlen (word);

  if (!take (text, word[0]) || (gsize) (text->end - text->at) < size - 1 ||
      memcmp (text->at, word + 1, size - 1) != 0)
    return FALSE;
  text->at += size - 1;
  return TRUE;
}

static gboolean
is (const char *text, gsize size, const char *name)
{
  return size == strlen (name) && memcmp (text, name, size) == 0;
}

static gboolean
plain_subject (Text *text, TocsinCheckQuestion *out)
{
  TocsinCheckSubject subject = { 0 };
  const char *name, *string, *value = NULL;
  gsize name_size, size, value_size = 0;
  char type[16];

  if (out->n_subjects == TOCSIN_CHECK_MAX_SUBJECTS || !take (text, '{'))
    return FALSE;
  do
    {
      if (!take_string (text, sizeof type - 1, &name, &name_size) || !take (text, ':') ||
          !take_string (text, TOCSIN_TEXT_MAX_BYTES, &string, &size))
        return FALSE;
      if (is (name, name_size, "type") && subject.type == TOCSIN_SUBJECT_NONE && size < sizeof type)
        {
          memcpy (type, string, size);
          type[size] = '\0';
          subject.type = tocsin_subject_type_from_string (type);
          if (subject.type == TOCSIN_SUBJECT_NONE)
            return FALSE;
        }
      else if (is (name, name_size, "value") && value == NULL)
        {
          value = string;
          value_size = size;
        }
      else
        return FALSE;
    }
  while (take (text, ','));
  if (subject.type == TOCSIN_SUBJECT_NONE || value == NULL || !take (text, '}'))
    return FALSE;
  subject.value = g_strndup (value, value_size);
  out->subjects[out->n_subjects++] = subject;
  return TRUE;
}

static gboolean
plain_member (Text *text, TocsinCheckQuestion *out, guint *seen)
{
  static const char *const names[] = { "event", "profile", "explain", "subjects" };
  const char *name, *string;
  gsize name_size, size;
  guint which = 0;

  if (!take_string (text, TOCSIN_NAME_MAX_BYTES, &name, &name_size) || !take (text, ':'))
    return FALSE;
  while (which < G_N_ELEMENTS (names) && !is (name, name_size, names[which]))
    which++;
  if (which == G_N_ELEMENTS (names) || (*seen & (1u << which)) != 0)
    return FALSE;
  *seen |= 1u << which;
  switch (which)
    {
    case 0:
      return take_string (text, TOCSIN_NAME_MAX_BYTES, &string, &size);
    case 1:
      if (!take_string (text, TOCSIN_NAME_MAX_BYTES, &string, &size))
        return FALSE;
      out->profile = g_strndup (string, size);
      return TRUE;
    case 2:
      out->explain = take_word (text, "true");
      return out->explain || take_word (text, "false");
    default:
      if (!take (text, '['))
        return FALSE;
      do
        if (!plain_subject (text, out))
          return FALSE;
      while (take (text, ','));
      return take (text, ']');
    }
}

static gboolean
read_plain (TocsinCheckQuestion *out, const char *data, gsize size)
{
  Text text = { data, data + size };
  guint seen = 0;

  if (!take (&text, '{'))
    return FALSE;
  do
    if (!plain_member (&text, out, &seen))
      return FALSE;
  while (take (&text, ','));
  if (!take (&text, '}'))
    return FALSE;
  skip_space (&text);
  return out->n_subjects > 0 && text.at == text.end;
}

/* ---- every case ---- */

static gboolean
refuse_longer (
    const char *pointer, const char *name, const char *value, gsize max_bytes, GError **error)
{
  if (value == NULL || strlen (value) <= max_bytes)
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               "%s/%s is longer than %" G_GSIZE_FORMAT " bytes", pointer, name, max_bytes);
  return FALSE;
}

static gboolean
read_subject (TocsinCheckQuestion *self, JsonNode *node, guint i, GError **error)
{
  static const char *const members[] = { "type", "value", NULL };
  g_autofree char *pointer = g_strdup_printf ("/subjects/%u", i);
  TocsinCheckSubject subject;
  JsonObject *object;
  const char *type, *value;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s is not an object", pointer);
      return FALSE;
    }
  object = json_node_get_object (node);
  if (!tocsin_json_object_only (object, pointer, members, NULL, error) ||
      (type = tocsin_json_get_string (object, pointer, "type", error)) == NULL ||
      (value = tocsin_json_get_string (object, pointer, "value", error)) == NULL ||
      !refuse_longer (pointer, "value", value, TOCSIN_TEXT_MAX_BYTES, error))
    return FALSE;
  subject.type = tocsin_subject_type_from_string (type);
  if (subject.type == TOCSIN_SUBJECT_NONE)
    {
      g_set_error (
          error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
          "%s/type: “%.64s” is not one of ip, network, email, domain, url, username, actor",
          pointer, type);
      return FALSE;
    }
  subject.value = g_strdup (value);
  self->subjects[self->n_subjects++] = subject;
  return TRUE;
}

static gboolean
read_any (TocsinCheckQuestion *self, JsonObject *object, GError **error)
{
  static const char *const members[] = { "event", "profile", "explain", "subjects", NULL };
  static const char *const nullable[] = { "event", "profile", NULL };
  const char *event = NULL, *profile = NULL;
  JsonArray *subjects;
  guint n;

  if (!tocsin_json_object_only (object, "", members, nullable, error) ||
      !tocsin_json_opt_string (object, "", "event", &event, error) ||
      !refuse_longer ("", "event", event, TOCSIN_NAME_MAX_BYTES, error) ||
      !tocsin_json_opt_string (object, "", "profile", &profile, error) ||
      !refuse_longer ("", "profile", profile, TOCSIN_NAME_MAX_BYTES, error) ||
      !tocsin_json_opt_bool (object, "", "explain", &self->explain, error) ||
      (subjects = tocsin_json_get_array (object, "", "subjects", error)) == NULL)
    return FALSE;
  n = json_array_get_length (subjects);
  if (n == 0)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "/subjects is empty");
      return FALSE;
    }
  if (n > TOCSIN_CHECK_MAX_SUBJECTS)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                   "/subjects has %u elements; at most %d are taken", n, TOCSIN_CHECK_MAX_SUBJECTS);
      return FALSE;
    }
  self->profile = g_strdup (profile);
  for (guint i = 0; i < n; i++)
    if (!read_subject (self, json_array_get_element (subjects, i), i, error))
      return FALSE;
  return TRUE;
}

gboolean
tocsin_check_question_parse (TocsinCheckQuestion *self,
                             const char *data,
                             gsize size,
                             GError **error)
{
  g_autoptr (JsonNode) document = NULL;
  TocsinJsonLimits limits = tocsin_json_default_limits;
  JsonObject *object;

  *self = (TocsinCheckQuestion){ 0 };
  if (size > 0 && size <= TOCSIN_API_BODY_MAX_BYTES && read_plain (self, data, size))
    return TRUE;
  tocsin_check_question_clear (self);
  limits.max_bytes = TOCSIN_API_BODY_MAX_BYTES;
  document = tocsin_json_parse (data, size, &limits, NULL, error);
  if (document == NULL || (object = tocsin_json_node_object (document, error)) == NULL)
    return FALSE;
  if (read_any (self, object, error))
    return TRUE;
  tocsin_check_question_clear (self);
  return FALSE;
}
