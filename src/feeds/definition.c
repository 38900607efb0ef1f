/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/definition.h"

#include <string.h>

#include "core/category.h"
#include "core/error.h"
#include "core/limits.h"
#include "feeds/reader.h"

#define GROUP             "[feed]"
#define TITLE_MAX_CHARS   60
#define VALUE_MAX_BYTES   2000
#define MIB               (1024 * 1024)
#define DEFAULT_MAX_BYTES ((gsize) 64 * MIB)

void
tocsin_feed_definition_free (TocsinFeedDefinition *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->title);
  g_free (self->url);
  g_free (self->path);
  g_free (self->format);
  g_free (self->canary);
  g_free (self->column);
  g_free (self->service);
  g_free (self);
}

gboolean
tocsin_feed_name_is_valid (const char *name)
{
  gsize length = strlen (name);

  return length >= 1 && length <= TOCSIN_FEED_NAME_MAX_BYTES &&
         strspn (name, G_CSET_a_2_z G_CSET_DIGITS "-") == length && name[0] != '-' &&
         name[length - 1] != '-';
}

/* ---- values: what is wrong with one begins with its key ---- */

G_GNUC_PRINTF (2, 3)
static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (error != NULL)
    *error = g_error_new_valist (TOCSIN_ERROR, TOCSIN_ERROR_INVALID, format, arguments);
  va_end (arguments);
  return FALSE;
}

/* A type or category that there is not, or not here. */
G_GNUC_PRINTF (2, 3)
static gboolean
refuse_kind (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (error != NULL)
    *error = g_error_new_valist (TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, format, arguments);
  va_end (arguments);
  return FALSE;
}

static gboolean
set_text (char **member, const char *key, const char *value, gsize max_chars, GError **error)
{
  for (const char *c = value; *c != '\0'; c = g_utf8_next_char (c))
    if (g_unichar_iscntrl (g_utf8_get_char (c)))
      return refuse (error, "%s has a control character", key);
  if (*value == '\0' || (gsize) g_utf8_strlen (value, -1) > max_chars)
    return refuse (error, "%s must be text of 1 to %" G_GSIZE_FORMAT " characters", key, max_chars);
  *member = g_strdup (value);
  return TRUE;
}

static gboolean
set_title (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  return set_text (&self->title, key, value, TITLE_MAX_CHARS, error);
}

static gboolean
set_url (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (value, G_URI_FLAGS_NONE, NULL);
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : "";
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  for (const char *c = value; *c != '\0'; c++)
    if (!g_ascii_isgraph (*c))
      return refuse (error, "%s must be a URL in ASCII", key);
  if (g_ascii_strcasecmp (scheme, "file") == 0)
    {
      self->path = g_filename_from_uri (value, NULL, NULL);
      if (self->path == NULL || !g_path_is_absolute (self->path) || g_uri_get_query (uri) != NULL)
        return refuse (error, "%s must have an absolute path, as file:///srv/list.txt", key);
    }
  else if ((g_ascii_strcasecmp (scheme, "https") != 0 &&
            g_ascii_strcasecmp (scheme, "http") != 0) ||
           host == NULL || *host == '\0' || g_uri_get_userinfo (uri) != NULL)
    return refuse (error, "%s must be an https URL without a user name, or file: with a path", key);
  self->url = g_strdup (value);
  return TRUE;
}

static gboolean
set_format (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  g_autofree char *names = NULL;

  self->format = g_strdup (value);
  if (g_str_equal (value, TOCSIN_FEED_FORMAT_MMDB) ||
      g_strv_contains (tocsin_feed_formats (), value))
    return TRUE;
  names = g_strjoinv (", ", (char **) tocsin_feed_formats ());
  return refuse (error, "%s must be one of %s, mmdb", key, names);
}

static gboolean
set_type (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  self->type = tocsin_subject_type_from_string (value);
  return self->type != TOCSIN_SUBJECT_NONE ||
         refuse_kind (error, "%s must be one of ip, network, email, domain, url, username, actor",
                      key);
}

static gboolean
set_category (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  const TocsinCategory *category = tocsin_category_by_slug (value);

  if (category == NULL)
    return refuse_kind (error, "%s must be the name of a category, such as tor_exit", key);
  self->category = category->id;
  return TRUE;
}

static gboolean
set_canary (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  return set_text (&self->canary, key, value, VALUE_MAX_BYTES, error);
}

static gboolean
set_column (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  return set_text (&self->column, key, value, TITLE_MAX_CHARS, error);
}

static gboolean
set_service (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  return set_text (&self->service, key, value, TITLE_MAX_CHARS, error);
}

static gboolean
set_every (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  guint64 hours;

  if (!g_ascii_string_to_unsigned (value, 10, 1, TOCSIN_FEED_HOURS_MAX, &hours, NULL))
    return refuse (error, "%s must be a number from 1 to %d", key, TOCSIN_FEED_HOURS_MAX);
  self->every_hours = (guint) hours;
  return TRUE;
}

static gboolean
set_max_mib (TocsinFeedDefinition *self, const char *key, const char *value, GError **error)
{
  guint64 mib;

  if (!g_ascii_string_to_unsigned (value, 10, 1, TOCSIN_FEED_MIB_MAX, &mib, NULL))
    return refuse (error, "%s must be a number from 1 to %d", key, TOCSIN_FEED_MIB_MAX);
  self->max_bytes = (gsize) mib * MIB;
  return TRUE;
}

static const struct
{
  const char *key;
  gboolean (*set) (TocsinFeedDefinition *self, const char *key, const char *value, GError **error);
} keys[] = {
  { "title", set_title },     { "url", set_url },           { "format", set_format },
  { "type", set_type },       { "category", set_category }, { "canary", set_canary },
  { "column", set_column },   { "service", set_service },   { "every-hours", set_every },
  { "max-mib", set_max_mib },
};

/* The text that is being read. */
typedef struct
{
  gboolean in_group;
  guint line;                       /* what is refused is there; 0: on none */
  guint lines[G_N_ELEMENTS (keys)]; /* where each key was set; 0: nowhere */
} Text;

static guint
line_of (const Text *text, const char *key)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i].key, key))
      return text->lines[i];
  return 0;
}

gboolean
tocsin_feed_definition_has_key (const char *key)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i].key, key))
      return TRUE;
  return FALSE;
}

gboolean
tocsin_feed_definition_is_http (const TocsinFeedDefinition *self)
{
  return g_ascii_strncasecmp (self->url, "http:", strlen ("http:")) == 0;
}

/* ---- what the keys must be together ---- */

static gboolean
check_rows (const TocsinFeedDefinition *self, Text *text, GError **error)
{
  const TocsinCategory *category = tocsin_category_by_id (self->category);
  gboolean typed = tocsin_feed_format_is_typed (self->format);

  if (category == NULL)
    return refuse (error, "category is missing");
  if (!typed && self->type == TOCSIN_SUBJECT_NONE)
    return refuse (error, "type is missing");
  text->line = line_of (text, "type");
  if (typed && self->type != TOCSIN_SUBJECT_NONE)
    return refuse (error, "type is not for the format %s, which says itself what its entries are",
                   self->format);
  text->line = line_of (text, "category");
  if (!typed && category->half_life_days[self->type] == TOCSIN_HALF_LIFE_REFUSED)
    return refuse_kind (error, "category %s says nothing about the type %s", category->slug,
                        tocsin_subject_type_to_string (self->type));
  text->line = line_of (text, "column");
  if (self->column != NULL && !g_str_equal (self->format, "csv"))
    return refuse (error, "column is for the format csv alone");
  text->line = line_of (text, "service");
  if (self->service != NULL && !g_str_equal (self->format, "cloud-ranges"))
    return refuse (error, "service is for the format cloud-ranges alone");
  return TRUE;
}

static gboolean
check_whole (TocsinFeedDefinition *self, Text *text, GError **error)
{
  static const char *const of_rows[] = { "type", "category", "canary", "column", "service" };

  text->line = 0;
  if (self->url == NULL)
    return refuse (error, "url is missing");
  if (self->format == NULL)
    return refuse (error, "format is missing");
  if (self->title == NULL)
    self->title = g_strdup (self->name);
  if (!g_str_equal (self->format, TOCSIN_FEED_FORMAT_MMDB))
    return check_rows (self, text, error);
  for (gsize i = 0; i < G_N_ELEMENTS (of_rows); i++)
    {
      text->line = line_of (text, of_rows[i]);
      if (text->line != 0)
        return refuse (error, "%s is not for the format mmdb", of_rows[i]);
    }
  return TRUE;
}

/* ---- the file ---- */

static gboolean
take_line (TocsinFeedDefinition *self, char *line, Text *text, GError **error)
{
  char *equals;

  g_strstrip (line);
  if (line[0] == '\0' || line[0] == '#')
    return TRUE;
  if (line[0] == '[')
    {
      if (!g_str_equal (line, GROUP) || text->in_group)
        return refuse (error, "there is one group, " GROUP);
      text->in_group = TRUE;
      return TRUE;
    }
  equals = strchr (line, '=');
  if (equals == NULL)
    return refuse (error, "this is neither a group, KEY=VALUE nor a comment (#)");
  if (!text->in_group)
    return refuse (error, "this stands before the group " GROUP);
  *equals = '\0';
  g_strchomp (line);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (line, keys[i].key))
      {
        if (text->lines[i] != 0)
          return refuse (error, "%s is set a second time", line);
        text->lines[i] = text->line;
        return keys[i].set (self, line, g_strchug (equals + 1), error);
      }
  return refuse (error, "there is no key “%.40s”", line);
}

static gboolean
take_text (TocsinFeedDefinition *self, const char *bytes, gsize size, Text *text, GError **error)
{
  g_autofree char *copy = g_strndup (bytes, size);
  g_auto (GStrv) lines = NULL;

  if (size > TOCSIN_FEED_FILE_MAX_BYTES || strlen (copy) != size ||
      !g_utf8_validate (copy, -1, NULL))
    return refuse (error, "it is no UTF-8 text of at most %d bytes", TOCSIN_FEED_FILE_MAX_BYTES);
  lines = g_strsplit (copy, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      text->line = i + 1;
      if (!take_line (self, lines[i], text, error))
        return FALSE;
    }
  self->url_line = line_of (text, "url");
  return TRUE;
}

static gboolean
check_name (const char *name, GError **error)
{
  return tocsin_feed_name_is_valid (name) ||
         refuse (error, "a feed's name must be " TOCSIN_FEED_NAME_RULE, TOCSIN_FEED_NAME_MAX_BYTES);
}

TocsinFeedDefinition *
tocsin_feed_definition_parse (
    const char *name, const char *bytes, gsize size, const char *source, GError **error)
{
  g_autoptr (TocsinFeedDefinition) self = g_new0 (TocsinFeedDefinition, 1);
  Text text = { 0 };

  self->name = g_strdup (name);
  self->max_bytes = DEFAULT_MAX_BYTES;
  if (check_name (name, error) && take_text (self, bytes, size, &text, error) &&
      check_whole (self, &text, error))
    return g_steal_pointer (&self);
  if (source != NULL && text.line != 0)
    g_prefix_error (error, "%s:%u: ", source, text.line);
  else if (source != NULL)
    g_prefix_error (error, "%s: ", source);
  return NULL;
}

char *
tocsin_feed_definition_reading (const TocsinFeedDefinition *self)
{
  return g_strdup_printf ("%s\n%u\n%u\n%s\n%s\n", self->format, (guint) self->type, self->category,
                          self->column != NULL ? self->column : "",
                          self->service != NULL ? self->service : "");
}
