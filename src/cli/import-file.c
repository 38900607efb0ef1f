/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Lists of subjects in the formats in which they are commonly given away. All of a file is read
 * before anything is done with it: an error page, a list cut short, another encoding change
 * nothing.
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include "cli/import-file.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/import-private.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/limits.h"

#define QUOTE_MAX_CHARS 60

void
tocsin_import_free (TocsinImport *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->entries);
  g_string_chunk_free (self->strings);
  g_free (self);
}

/* FALSE for an unknown name; @out is then as it was. */
gboolean
tocsin_import_format_from_string (const char *name, TocsinImportFormat *out)
{
  static const char *const names[] = {
    [TOCSIN_IMPORT_AUTO] = "auto",
    [TOCSIN_IMPORT_LINES] = "lines",
    [TOCSIN_IMPORT_CSV] = "csv",
    [TOCSIN_IMPORT_MASTODON_CSV] = "mastodon-csv",
    [TOCSIN_IMPORT_MISP_WARNINGLIST] = "misp-warninglist",
    [TOCSIN_IMPORT_JSON] = "json",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], name))
      {
        *out = (TocsinImportFormat) i;
        return TRUE;
      }
  return FALSE;
}

gboolean
tocsin_import_fail (GError **error, guint place, const char *format, ...)
{
  va_list arguments;
  g_autofree char *what = NULL;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (place == 0)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, what);
  else
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("Entry or line %u: %s"), place,
                 what);
  return FALSE;
}

static char *
quote (const char *text)
{
  g_autofree char *clean = tocsin_text_clean (text);
  GString *out = g_string_new (NULL);

  tocsin_text_append_cut (out, clean, QUOTE_MAX_CHARS);
  return g_string_free (out, FALSE);
}

static gboolean
has_control (const char *text)
{
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    if (g_unichar_iscntrl (g_utf8_get_char (c)))
      return TRUE;
  return FALSE;
}

static const char *
keep (TocsinImport *self, const char *text)
{
  return text != NULL && *text != '\0' ? g_string_chunk_insert (self->strings, text) : NULL;
}

static const char *
keep_const (TocsinImport *self, const char *text)
{
  return text != NULL && *text != '\0' ? g_string_chunk_insert_const (self->strings, text) : NULL;
}

gboolean
tocsin_import_add (TocsinImport *self,
                   const char *type,
                   const char *value,
                   const char *category,
                   const char *comment,
                   guint place,
                   GError **error)
{
  TocsinImportEntry entry = { .place = place };
  g_autofree char *stripped = g_strstrip (g_strdup (value));

  if (*stripped == '\0')
    return tocsin_import_fail (error, place, "%s", _ ("the value is empty"));
  if (strlen (stripped) > TOCSIN_URI_MAX_BYTES)
    return tocsin_import_fail (error, place, _ ("the value is longer than %d bytes"),
                               TOCSIN_URI_MAX_BYTES);
  if (has_control (stripped))
    return tocsin_import_fail (error, place, "%s", _ ("the value has a control character"));
  if (self->entries->len >= TOCSIN_IMPORT_MAX_ENTRIES)
    return tocsin_import_fail (error, place, _ ("the list has more than %d entries"),
                               TOCSIN_IMPORT_MAX_ENTRIES);
  entry.type = keep_const (self, type);
  entry.value = keep (self, stripped);
  entry.category = keep_const (self, category);
  entry.comment = keep (self, comment);
  g_array_append_val (self->entries, entry);
  return TRUE;
}

/* What stands before a comment: "#" or ";" at the start of a line, or after a blank. */
static gsize
length_without_comment (const char *line, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if ((line[i] == '#' || line[i] == ';') && (i == 0 || g_ascii_isspace (line[i - 1])))
      return i;
  return size;
}

static gboolean
read_lines (TocsinImport *self, const char *text, GError **error)
{
  guint place = 1;

  for (const char *line = text; *line != '\0'; place++)
    {
      gsize size = strcspn (line, "\n");
      g_autofree char *value = g_strndup (line, length_without_comment (line, size));

      g_strstrip (value);
      if (*value != '\0' && !tocsin_import_add (self, NULL, value, NULL, NULL, place, error))
        return FALSE;
      line += size + (line[size] == '\n' ? 1 : 0);
    }
  return TRUE;
}

static TocsinImportFormat
detect (const char *text)
{
  gsize first = strcspn (text, "\r\n");
  g_autofree char *line = g_strndup (text, first);

  if (*text == '[')
    return TOCSIN_IMPORT_JSON;
  if (*text == '{')
    return strstr (text, "\"list\"") != NULL ? TOCSIN_IMPORT_MISP_WARNINGLIST : TOCSIN_IMPORT_JSON;
  if (tocsin_import_is_mastodon (text))
    return TOCSIN_IMPORT_MASTODON_CSV;
  if (line[0] != '#' && strchr (line, ',') != NULL)
    return TOCSIN_IMPORT_CSV;
  return TOCSIN_IMPORT_LINES;
}

/* What is certainly no list, whatever the format. Gives the text without its byte order mark. */
static const char *
check_bytes (const char *data, gsize *size, GError **error)
{
  const guchar *bytes = (const guchar *) data;
  const char *end = NULL;

  if (*size > TOCSIN_IMPORT_MAX_BYTES)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                   _ ("The list is longer than %d MiB"), TOCSIN_IMPORT_MAX_BYTES / (1024 * 1024));
      return NULL;
    }
  if (*size >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B)
    {
      tocsin_import_fail (error, 0, "%s", _ ("The list is compressed; gunzip it first"));
      return NULL;
    }
  if (*size >= 2 && (bytes[0] ^ bytes[1]) == 0x01 && bytes[0] >= 0xFE)
    {
      tocsin_import_fail (error, 0, "%s", _ ("The list is UTF-16; it must be UTF-8"));
      return NULL;
    }
  if (*size >= 3 && memcmp (bytes, "\xEF\xBB\xBF", 3) == 0)
    {
      data += 3;
      *size -= 3;
    }
  if (!g_utf8_validate_len (data, *size, &end))
    {
      guint place = 1;

      for (const char *c = data; c < end; c++)
        place += *c == '\n';
      tocsin_import_fail (error, place, "%s", _ ("this is not UTF-8 text"));
      return NULL;
    }
  return data;
}

/* Where only the command line could have said of which type an entry is, that is what lacks it. */
static gboolean
refuse_type (const TocsinImportEntry *entry, GError **error)
{
  g_autofree char *shown = entry->type != NULL ? quote (entry->type) : NULL;

  if (shown != NULL)
    return tocsin_import_fail (error, entry->place, _ ("there is no type “%s”"), shown);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       _ ("--type is missing: not every entry names its own"));
  return FALSE;
}

/* A message that came instead of a list, or another type's list: most of it is not what it is said
 * to be. Single bad entries are the node's to refuse, one by one. */
static gboolean
check_types (TocsinImport *self, TocsinSubjectType type, GError **error)
{
  const TocsinImportEntry *first_bad = NULL;
  guint bad = 0;

  for (guint i = 0; i < self->entries->len; i++)
    {
      TocsinImportEntry *entry = &g_array_index (self->entries, TocsinImportEntry, i);
      TocsinSubjectType its = type;
      g_auto (TocsinSubject) subject = { 0 };

      if (entry->type != NULL)
        its = tocsin_subject_type_from_string (entry->type);
      if (its == TOCSIN_SUBJECT_NONE)
        return refuse_type (entry, error);
      /* Lists of addresses and of networks are seldom only that, whatever their title says. */
      if (its == TOCSIN_SUBJECT_IP || its == TOCSIN_SUBJECT_NETWORK)
        its = strchr (entry->value, '/') != NULL ? TOCSIN_SUBJECT_NETWORK : TOCSIN_SUBJECT_IP;
      if (its != type)
        entry->type = tocsin_subject_type_to_string (its);
      if (tocsin_subject_parse (&subject, its, entry->value, NULL))
        continue;
      bad++;
      if (first_bad == NULL)
        first_bad = entry;
    }
  if (first_bad != NULL && bad * 2 > self->entries->len)
    {
      g_autofree char *shown = quote (first_bad->value);

      return tocsin_import_fail (
          error, first_bad->place,
          _ ("“%s” is no valid %s, as %u of %u entries; this is not such a "
             "list"),
          shown, first_bad->type != NULL ? first_bad->type : tocsin_subject_type_to_string (type),
          bad, self->entries->len);
    }
  return TRUE;
}

static gboolean
read_format (TocsinImport *self, const char *text, gsize size, GError **error)
{
  switch (self->format)
    {
    case TOCSIN_IMPORT_CSV:
    case TOCSIN_IMPORT_MASTODON_CSV:
      return tocsin_import_read_csv (self, text, error);
    case TOCSIN_IMPORT_MISP_WARNINGLIST:
    case TOCSIN_IMPORT_JSON:
      return tocsin_import_read_json (self, text, size, error);
    case TOCSIN_IMPORT_AUTO:
    case TOCSIN_IMPORT_LINES:
    default:
      return read_lines (self, text, error);
    }
}

/**
 * tocsin_import_parse:
 * @data: a file from anyone, with a terminating NUL after it
 * @size: its bytes, without that NUL
 * @format: what it is said to be, or %TOCSIN_IMPORT_AUTO
 * @type: of every entry that does not name its own; %TOCSIN_SUBJECT_NONE if all do
 * @error: return location for an error, or %NULL
 *
 * Reads a list to its end. Entries of type ip and network become what they are.
 *
 * Returns: (transfer full) (nullable): the list, never empty; free it with tocsin_import_free().
 *   On error, %NULL: %TOCSIN_ERROR_INVALID, with the line or element, %TOCSIN_ERROR_TOO_LARGE, or
 *   %TOCSIN_ERROR_UNPROCESSABLE where @type would be needed
 */
TocsinImport *
tocsin_import_parse (
    const char *data, gsize size, TocsinImportFormat format, TocsinSubjectType type, GError **error)
{
  g_autoptr (TocsinImport) self = g_new0 (TocsinImport, 1);
  const char *text;
  const char *content;

  self->entries = g_array_new (FALSE, FALSE, sizeof (TocsinImportEntry));
  self->strings = g_string_chunk_new (64 * 1024);
  text = check_bytes (data, &size, error);
  if (text == NULL)
    return NULL;
  content = text + strspn (text, " \t\r\n");
  if (*content == '<')
    {
      tocsin_import_fail (error, 0, "%s",
                          _ ("This is HTML or XML, such as an error page, no list"));
      return NULL;
    }
  self->format = format == TOCSIN_IMPORT_AUTO ? detect (content) : format;
  if (self->format == TOCSIN_IMPORT_MASTODON_CSV && type == TOCSIN_SUBJECT_NONE)
    type = TOCSIN_SUBJECT_DOMAIN;
  if (*content != '\0' && !read_format (self, text, size, error))
    return NULL;
  if (self->entries->len == 0)
    {
      tocsin_import_fail (error, 0, "%s", _ ("The list is empty"));
      return NULL;
    }
  return check_types (self, type, error) ? g_steal_pointer (&self) : NULL;
}
