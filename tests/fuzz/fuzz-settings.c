/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A settings file that passes the check means to GKeyFile what it means to the check: it loads,
 * it has no group but [node], and each of its keys is one of the schema with a value in range.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "core/error.h"
#include "node/settings-value.h"
#include "node/settings.h"

static void
assert_key_is_sound (GKeyFile *file, GSettingsSchema *schema, const char *key)
{
  g_autofree char *text = g_key_file_get_value (file, TOCSIN_SETTINGS_GROUP, key, NULL);
  g_autoptr (GSettingsSchemaKey) schema_key = NULL;
  g_autoptr (GVariant) value = NULL;

  g_assert_true (g_settings_schema_has_key (schema, key));
  schema_key = g_settings_schema_get_key (schema, key);
  value =
      g_variant_parse (g_settings_schema_key_get_value_type (schema_key), text, NULL, NULL, NULL);
  if (value == NULL) /* text of a string key need not be quoted; what it escapes is escaped */
    {
      g_auto (GStrv) pieces = g_strsplit (text, "\"", -1);
      g_autofree char *escaped = g_strjoinv ("\\\"", pieces);
      g_autofree char *quoted = g_strdup_printf ("\"%s\"", escaped);

      value = g_variant_parse (G_VARIANT_TYPE_STRING, quoted, NULL, NULL, NULL);
    }
  g_assert_nonnull (value);
  g_assert_true (g_variant_is_of_type (value, g_settings_schema_key_get_value_type (schema_key)));
  g_assert_true (g_settings_schema_key_range_check (schema_key, value));
}

static void
assert_key_file_agrees (GSettingsSchema *schema, const char *text, gsize size)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) groups = NULL;
  g_auto (GStrv) keys = NULL;

  g_assert_true (
      g_key_file_load_from_data (file, text, size, G_KEY_FILE_KEEP_TRANSLATIONS, &error));
  groups = g_key_file_get_groups (file, NULL);
  g_assert_cmpuint (g_strv_length (groups), <=, 1);
  if (groups[0] == NULL)
    return;
  g_assert_cmpstr (groups[0], ==, TOCSIN_SETTINGS_GROUP);
  keys = g_key_file_get_keys (file, TOCSIN_SETTINGS_GROUP, NULL, NULL);
  for (gsize i = 0; keys[i] != NULL; i++)
    assert_key_is_sound (file, schema, keys[i]);
}

static void
assert_origin_is_fixed_point (const char *text)
{
  g_autofree char *origin = tocsin_settings_canonicalise_origin (text, NULL);
  g_autofree char *again = NULL;

  if (origin == NULL)
    return;
  again = tocsin_settings_canonicalise_origin (origin, NULL);
  g_assert_cmpstr (again, ==, origin);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  static GSettingsSchema *schema = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strndup ((const char *) data, size);

  if (schema == NULL)
    schema = tocsin_settings_schema_load (&error);
  g_assert_no_error (error);
  assert_origin_is_fixed_point (text);
  if (tocsin_settings_check_text (schema, (const char *) data, size, "fuzz", &error))
    assert_key_file_agrees (schema, (const char *) data, size);
  else
    g_assert_true (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID) ||
                   g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE));
}
