/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GSettings reads a bad value as the default and never mentions a key it does not know. An
 * operator who mistypes `follow-polcy` would run an open door without a word, so the file is
 * checked here, line by line, before GSettings sees it.
 */
#define G_LOG_DOMAIN "tocsin-node"

#include "node/settings.h"

#include <gio/gsettingsbackend.h>
#include <string.h>

#include "core/error.h"
#include "node/settings-value.h"
#include <config.h> /* of the build; "config.h" would be the one beside this file */

/* A line is quoted in an error up to here; a settings file may be handed to us by anybody. */
#define QUOTE_MAX_BYTES 60

typedef struct
{
  GSettingsSchema *schema; /* (unowned) */
  const char *name;        /* (unowned) of the file, for messages */
  GHashTable *seen;        /* (owned) key -> line on which it was set */
  gboolean in_group;
  gboolean group_seen;
  guint line;
} Check;

G_GNUC_PRINTF (3, 4)
static gboolean
complain (const Check *check, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s:%u: %s", check->name, check->line,
               message);
  return FALSE;
}

/* At most QUOTE_MAX_BYTES of text, without control characters and never half a character. */
static char *
quote (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new ("“");

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (p - valid >= QUOTE_MAX_BYTES)
        {
          g_string_append (out, "…");
          break;
        }
      g_string_append_unichar (out, g_unichar_iscntrl (c) ? 0xFFFD : c);
    }
  g_string_append (out, "”");
  return g_string_free (out, FALSE);
}

/* Whether each \u and \U of four or eight digits is a character: of half a surrogate pair GLib 2.74
 * makes text that is none, and complains of that to the log. */
static gboolean
escapes_are_characters (const char *text)
{
  for (const char *c = strchr (text, '\\'); c != NULL && c[1] != '\0'; c = strchr (c + 2, '\\'))
    {
      gsize digits = c[1] == 'u' ? 4 : c[1] == 'U' ? 8 : 0;
      g_autofree char *hex = g_strndup (c + 2, digits);

      if (strlen (hex) == digits && strspn (hex, "0123456789abcdefABCDEF") == digits &&
          digits > 0 && !g_unichar_validate ((gunichar) g_ascii_strtoull (hex, NULL, 16)))
        return FALSE;
    }
  return TRUE;
}

/* Reads a value as the key-file backend does: text of a string key need not be quoted, and then
 * blanks at its end belong to it. */
static GVariant *
parse_value (const GVariantType *type, const char *text)
{
  g_autofree char *escaped = NULL;
  g_autofree char *quoted = NULL;
  g_auto (GStrv) pieces = NULL;
  GVariant *value;

  if (!escapes_are_characters (text))
    return NULL;
  value = g_variant_parse (type, text, NULL, NULL, NULL);
  if (value != NULL || !g_variant_type_equal (type, G_VARIANT_TYPE_STRING) || text[0] == '"')
    return value;
  pieces = g_strsplit (text, "\"", -1);
  escaped = g_strjoinv ("\\\"", pieces);
  quoted = g_strdup_printf ("\"%s\"", escaped);
  return g_variant_parse (type, quoted, NULL, NULL, NULL);
}

/* The backend would keep the blanks, find no such choice, and take the default. */
static gboolean
ends_in_blank (GVariant *value)
{
  const char *text = NULL;
  gsize length = 0;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return FALSE;
  text = g_variant_get_string (value, &length);
  return length > 0 && g_ascii_isspace (text[length - 1]);
}

static const char *
describe_type (const GVariantType *type)
{
  if (g_variant_type_equal (type, G_VARIANT_TYPE_BOOLEAN))
    return "true or false";
  if (g_variant_type_equal (type, G_VARIANT_TYPE_UINT32))
    return "a whole number that is not negative";
  if (g_variant_type_equal (type, G_VARIANT_TYPE_STRING_ARRAY))
    return "a list such as ['one', 'two']";
  return "text";
}

/* Says what the schema allows, for example "between 1 and 64" or "one of show, warn, pause". */
static char *
describe_range (GSettingsSchemaKey *key)
{
  g_autoptr (GVariant) range = g_settings_schema_key_get_range (key);
  g_autoptr (GVariant) detail = NULL;
  const char *kind = NULL;

  g_variant_get (range, "(&sv)", &kind, &detail);
  if (g_str_equal (kind, "range"))
    {
      g_autoptr (GVariant) low = g_variant_get_child_value (detail, 0);
      g_autoptr (GVariant) high = g_variant_get_child_value (detail, 1);
      g_autofree char *low_text = g_variant_print (low, FALSE);
      g_autofree char *high_text = g_variant_print (high, FALSE);

      return g_strdup_printf ("between %s and %s", low_text, high_text);
    }
  if (g_str_equal (kind, "enum"))
    {
      g_autofree const char **choices = g_variant_get_strv (detail, NULL);
      g_autofree char *joined = g_strjoinv (", ", (char **) choices);

      return g_strdup_printf ("one of %s", joined);
    }
  return g_strdup ("of the right kind");
}

static gboolean
check_setting (Check *check, const char *key, const char *text, GError **error)
{
  g_autoptr (GSettingsSchemaKey) schema_key = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) why = NULL;
  g_autofree char *quoted = quote (text);
  const GVariantType *type = NULL;

  schema_key = g_settings_schema_get_key (check->schema, key);
  type = g_settings_schema_key_get_value_type (schema_key);
  value = parse_value (type, text);
  if (value == NULL)
    return complain (check, error, "%s must be %s, not %s", key, describe_type (type), quoted);
  if (ends_in_blank (value))
    return complain (check, error, "%s has blanks after its value", key);
  if (!g_settings_schema_key_range_check (schema_key, value))
    {
      g_autofree char *range = describe_range (schema_key);

      return complain (check, error, "%s must be %s, not %s", key, range, quoted);
    }
  if (!tocsin_settings_check_value (key, value, &why))
    return complain (check, error, "%s", why->message);
  return TRUE;
}

static gboolean
check_assignment (Check *check, char *line, char *equals, GError **error)
{
  char *key = NULL;
  g_autofree char *quoted = NULL;
  guint before = 0;

  *equals = '\0';
  key = g_strstrip (line);
  quoted = quote (key);
  if (!check->in_group)
    return complain (check, error, "%s stands before the group [" TOCSIN_SETTINGS_GROUP "]",
                     quoted);
  if (!g_settings_schema_has_key (check->schema, key))
    return complain (check, error, "There is no setting %s", quoted);
  before = GPOINTER_TO_UINT (g_hash_table_lookup (check->seen, key));
  if (before != 0)
    return complain (check, error, "%s is set a second time; line %u sets it already", key, before);
  g_hash_table_insert (check->seen, g_strdup (key), GUINT_TO_POINTER (check->line));
  return check_setting (check, key, g_strchug (equals + 1), error);
}

static gboolean
check_group (Check *check, const char *line, GError **error)
{
  g_autofree char *quoted = quote (line);

  if (!g_str_equal (line, "[" TOCSIN_SETTINGS_GROUP "]"))
    return complain (check, error, "There is no group %s; settings belong to [%s]", quoted,
                     TOCSIN_SETTINGS_GROUP);
  if (check->group_seen)
    return complain (check, error, "The group [%s] begins a second time", TOCSIN_SETTINGS_GROUP);
  check->group_seen = TRUE;
  check->in_group = TRUE;
  return TRUE;
}

static gboolean
check_line (Check *check, char *line, GError **error)
{
  g_autofree char *quoted = NULL;
  char *equals = NULL;

  if (!g_utf8_validate (line, -1, NULL))
    return complain (check, error, "The line is not UTF-8");
  /* GKeyFile forgives blanks before the text, and blanks after a group. */
  g_strchug (line);
  if (line[0] == '\0' || line[0] == '#')
    return TRUE;
  if (line[0] == '[')
    {
      for (gsize end = strlen (line); end > 0 && strchr (" \t", line[end - 1]) != NULL; end--)
        line[end - 1] = '\0';
      return check_group (check, line, error);
    }
  equals = strchr (line, '=');
  if (equals != NULL)
    return check_assignment (check, line, equals, error);
  quoted = quote (line);
  return complain (check, error, "%s is neither a group, a setting (KEY=VALUE) nor a comment (#)",
                   quoted);
}

/**
 * tocsin_settings_check_text:
 * @schema: the node's schema, of tocsin_settings_schema_load()
 * @text: (array length=size): what the settings file holds; need not end in NUL
 * @size: length of @text in bytes
 * @name: name of the file, for messages
 * @error: return location for an error, or %NULL
 *
 * Checks a whole settings file: groups and keys against the schema, types, ranges, duplicates,
 * and the rules of tocsin_settings_check_value(). Stops at the first fault.
 *
 * Returns: %TRUE if every line means what it seems to mean. On error, %FALSE, and @error is
 *   %TOCSIN_ERROR_INVALID, its message beginning with @name and the line, or
 *   %TOCSIN_ERROR_TOO_LARGE.
 */
gboolean
tocsin_settings_check_text (
    GSettingsSchema *schema, const char *text, gsize size, const char *name, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *copy = NULL;
  Check check = { .schema = schema, .name = name, .seen = seen };

  if (size > TOCSIN_SETTINGS_FILE_MAX_BYTES)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE, "%s: longer than %d bytes", name,
                   TOCSIN_SETTINGS_FILE_MAX_BYTES);
      return FALSE;
    }
  copy = g_strndup (text, size);
  if (strlen (copy) != size)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: it holds a NUL byte", name);
      return FALSE;
    }
  for (char *line = copy, *next = NULL; line != NULL; line = next)
    {
      next = memchr (line, '\n', size - (gsize) (line - copy));
      if (next != NULL)
        {
          /* One carriage return belongs to the line's end, and only where a line feed follows. */
          if (next > line && next[-1] == '\r')
            next[-1] = '\0';
          *next++ = '\0';
        }
      check.line++;
      if (!check_line (&check, line, error))
        return FALSE;
    }
  return TRUE;
}

static GSettingsSchema *
look_up_in (const char *directory)
{
  g_autoptr (GSettingsSchemaSource) source = NULL;

  source = g_settings_schema_source_new_from_directory (directory, NULL, FALSE, NULL);
  return source != NULL ? g_settings_schema_source_lookup (source, TOCSIN_SETTINGS_SCHEMA_ID, FALSE)
                        : NULL;
}

/* Of a program in BUILD/src or BUILD/tests/…, and of one in PREFIX/bin. */
static GSettingsSchema *
look_up_beside (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *directory = program != NULL ? g_path_get_dirname (program) : NULL;
  g_autofree char *parent = directory != NULL ? g_path_get_dirname (directory) : NULL;
  g_autofree char *outer = parent != NULL ? g_path_get_dirname (parent) : NULL;
  const char *const places[][2] = {
    { parent, "schemas" },
    { outer, "schemas" },
    { parent, SCHEMADIR_IN_PREFIX },
  };
  GSettingsSchema *schema = NULL;

  for (gsize i = 0; parent != NULL && schema == NULL && i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *schemas = g_build_filename (places[i][0], places[i][1], NULL);

      schema = look_up_in (schemas);
    }
  return schema;
}

/**
 * tocsin_settings_schema_load:
 * @error: return location for an error, or %NULL
 *
 * Finds the node's schema: beside the program, when it runs from its build directory or from a
 * prefix that was moved, then where this build installs it, then where GSettings looks
 * (`$GSETTINGS_SCHEMA_DIR`, `$XDG_DATA_DIRS`). That of the system comes last so that a node never
 * reads another version's schema, nor needs one that a package manager has not compiled yet.
 *
 * Returns: (transfer full): the schema; free it with g_settings_schema_unref(). On error, %NULL,
 *   and @error is %TOCSIN_ERROR_NOT_FOUND.
 */
GSettingsSchema *
tocsin_settings_schema_load (GError **error)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  GSettingsSchema *schema = look_up_beside ();

  if (schema == NULL)
    schema = look_up_in (SCHEMADIR);
  if (schema == NULL && source != NULL)
    schema = g_settings_schema_source_lookup (source, TOCSIN_SETTINGS_SCHEMA_ID, TRUE);
  if (schema == NULL)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                 "The settings schema %s is not installed in %s", TOCSIN_SETTINGS_SCHEMA_ID,
                 SCHEMADIR);
  return schema;
}

/* Reads and checks the file. *found is FALSE if it is missing and that is allowed. */
static gboolean
check_file (GSettingsSchema *schema,
            const char *path,
            gboolean may_be_missing,
            gboolean *found,
            GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr (GError) why = NULL;
  gsize size = 0;

  *found = FALSE;
  /* A device or a pipe would be read without end. */
  if (g_file_test (path, G_FILE_TEST_EXISTS) && !g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: not a regular file", name);
      return FALSE;
    }
  if (!g_file_get_contents (path, &text, &size, &why))
    {
      if (may_be_missing && g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: it cannot be read (%s)", name,
                   g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT)   ? "no such file"
                   : g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? "permission denied"
                                                                             : why->message);
      return FALSE;
    }
  *found = TRUE;
  return tocsin_settings_check_text (schema, text, size, name, error);
}

/**
 * tocsin_settings_open:
 * @path: (type filename): the settings file
 * @may_be_missing: whether a missing file stands for the defaults
 * @error: return location for an error, or %NULL
 *
 * Checks the file and opens it.
 *
 * Returns: (transfer full): the settings. On error, %NULL, and @error is %TOCSIN_ERROR_INVALID,
 *   %TOCSIN_ERROR_TOO_LARGE or %TOCSIN_ERROR_NOT_FOUND (the schema is missing).
 */
GSettings *
tocsin_settings_open (const char *path, gboolean may_be_missing, GError **error)
{
  g_autoptr (GSettingsSchema) schema = tocsin_settings_schema_load (error);
  g_autoptr (GSettingsBackend) backend = NULL;
  gboolean found = FALSE;

  if (schema == NULL || !check_file (schema, path, may_be_missing, &found, error))
    return NULL;
  /* The key-file backend would make the directory of a missing file. */
  backend = found
                ? g_keyfile_settings_backend_new (path, TOCSIN_SETTINGS_PATH, TOCSIN_SETTINGS_GROUP)
                : g_memory_settings_backend_new ();
  return g_settings_new_full (schema, backend, NULL);
}
