/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A profile file is a key file of one group:
 *
 *     [profile]
 *     base=default
 *     spam=block
 *     scraping=ignore
 *
 * Every category that it does not name has the ceiling of its base.
 */
#define G_LOG_DOMAIN "tocsin-view"

#include "view/profile.h"

#include <string.h>

#include "core/error.h"

#define GROUP          "profile"
#define KEY_BASE       "base"
#define NAME_MAX_BYTES 32

static const char *const builtin_names[] = { "lenient", "default", "strict" };

/* Scoring.md 4: conduct that a lenient operator looks at himself anyway. */
static gboolean
is_soft (const TocsinCategory *category)
{
  return category->group == TOCSIN_AREA_SPAM || (category->id >= 14 && category->id <= 16);
}

static gint8
builtin_ceiling (const char *name, const TocsinCategory *category)
{
  if (category->klass == TOCSIN_CLASS_INFORMAL || category->id == TOCSIN_CATEGORY_OTHER)
    return TOCSIN_VERDICT_NOTE;
  if (g_str_equal (name, "strict"))
    return TOCSIN_VERDICT_BLOCK;
  if (g_str_equal (name, "lenient") && is_soft (category))
    return TOCSIN_VERDICT_NOTE;
  return TOCSIN_VERDICT_REVIEW;
}

/**
 * tocsin_profile_new_builtin:
 * @name: lenient, default or strict
 *
 * Returns: (transfer full) (nullable): the profile, or %NULL if @name is none of the three
 */
TocsinProfile *
tocsin_profile_new_builtin (const char *name)
{
  TocsinProfile *self;
  gsize n;
  const TocsinCategory *categories = tocsin_categories (&n);
  gboolean known = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (builtin_names); i++)
    known = known || g_str_equal (name, builtin_names[i]);
  if (!known)
    return NULL;

  self = g_new0 (TocsinProfile, 1);
  self->name = g_strdup (name);
  memset (self->ceiling, TOCSIN_CEILING_IGNORE, sizeof self->ceiling);
  for (gsize i = 0; i < n; i++)
    self->ceiling[categories[i].id] = builtin_ceiling (name, &categories[i]);
  return self;
}

static gboolean
set_ceiling (TocsinProfile *self, const char *key, const char *value, GError **error)
{
  const TocsinCategory *category = tocsin_category_by_slug (key);
  TocsinVerdict verdict = TOCSIN_VERDICT_ALLOW;

  if (category == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "“%.64s” is not a category", key);
      return FALSE;
    }
  if (g_str_equal (value, "ignore"))
    {
      self->ceiling[category->id] = TOCSIN_CEILING_IGNORE;
      return TRUE;
    }
  if (!tocsin_verdict_from_string (value, &verdict) || verdict == TOCSIN_VERDICT_ALLOW)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "%s: “%.64s” is not one of ignore, note, review, block", key, value);
      return FALSE;
    }
  if (category->klass == TOCSIN_CLASS_INFORMAL && verdict > TOCSIN_VERDICT_NOTE)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "%s states a fact, not conduct: its ceiling is note or ignore", key);
      return FALSE;
    }
  self->ceiling[category->id] = (gint8) verdict;
  return TRUE;
}

static gboolean
name_is_valid (const char *name)
{
  gsize len = strlen (name);

  return len > 0 && len <= NAME_MAX_BYTES &&
         strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

/* A key file lets the last of two equal keys win in silence; here that is a mistake. */
static gboolean
check_duplicates (const char *text, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      const char *equals = strchr (lines[i], '=');
      g_autofree char *key = NULL;

      if (equals == NULL || lines[i][0] == '#')
        continue;
      key = g_strstrip (g_strndup (lines[i], (gsize) (equals - lines[i])));
      if (g_hash_table_contains (seen, key))
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "line %" G_GSIZE_FORMAT ": “%.64s” is given twice", i + 1, key);
          return FALSE;
        }
      g_hash_table_add (seen, g_steal_pointer (&key));
    }
  return TRUE;
}

/**
 * tocsin_profile_new_from_text:
 * @name: the name of the profile, such as the file's without its suffix
 * @text: a key file
 * @error: return location for an error, or %NULL
 *
 * Reads an operator's own profile strictly: an unknown group, category or ceiling is an error.
 *
 * Returns: (transfer full) (nullable): the profile. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID.
 */
TocsinProfile *
tocsin_profile_new_from_text (const char *name, const char *text, GError **error)
{
  g_autoptr (TocsinProfile) self = NULL;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;
  g_autofree char *base = NULL;
  g_auto (GStrv) groups = NULL;
  g_auto (GStrv) keys = NULL;

  if (!name_is_valid (name))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "“%.64s”: a profile's name is 1 to %d of a-z, 0-9, - and _", name,
                   NAME_MAX_BYTES);
      return NULL;
    }
  if (!g_key_file_load_from_data (file, text, (gsize) -1, G_KEY_FILE_KEEP_TRANSLATIONS, &local))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%.200s", local->message);
      return NULL;
    }
  if (!check_duplicates (text, error))
    return NULL;
  groups = g_key_file_get_groups (file, NULL);
  if (g_strv_length (groups) != 1 || !g_str_equal (groups[0], GROUP))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "A profile has one group, [" GROUP "]");
      return NULL;
    }

  base = g_key_file_get_string (file, GROUP, KEY_BASE, NULL);
  self = tocsin_profile_new_builtin (base != NULL ? base : "default");
  if (self == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "base: “%.64s” is not one of lenient, default, strict", base);
      return NULL;
    }
  g_free (self->name);
  self->name = g_strdup (name);

  keys = g_key_file_get_keys (file, GROUP, NULL, NULL);
  for (gsize i = 0; keys[i] != NULL; i++)
    {
      g_autofree char *value = g_key_file_get_value (file, GROUP, keys[i], NULL);

      if (!g_str_equal (keys[i], KEY_BASE) && !set_ceiling (self, keys[i], value, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * tocsin_profile_to_text:
 * @self: a profile
 *
 * Returns: (transfer full): @self as a key file with every category named
 */
char *
tocsin_profile_to_text (const TocsinProfile *self)
{
  GString *out = g_string_new ("[" GROUP "]\n");
  gsize n;
  const TocsinCategory *categories = tocsin_categories (&n);

  for (gsize i = 0; i < n; i++)
    {
      gint8 ceiling = self->ceiling[categories[i].id];

      g_string_append_printf (out, "%s=%s\n", categories[i].slug,
                              ceiling == TOCSIN_CEILING_IGNORE
                                  ? "ignore"
                                  : tocsin_verdict_to_string ((TocsinVerdict) ceiling));
    }
  return g_string_free (out, FALSE);
}

void
tocsin_profile_free (TocsinProfile *self)
{
  g_free (self->name);
  g_free (self);
}
