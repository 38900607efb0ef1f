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

/* Model.md 4. What is mostly a nuisance a lenient operator looks at himself anyway. */
static gint8
builtin_ceiling (const char *name, const TocsinCategory *category)
{
  if (category->klass == TOCSIN_CLASS_INFORMAL || category->id == TOCSIN_CATEGORY_OTHER)
    return TOCSIN_VERDICT_NOTE;
  if (g_str_equal (name, "strict"))
    return TOCSIN_VERDICT_BLOCK;
  if (g_str_equal (name, "lenient") && category->group == TOCSIN_AREA_SPAM)
    return TOCSIN_VERDICT_NOTE;
  return TOCSIN_VERDICT_REVIEW;
}

/* @base is one of builtin_names. */
static TocsinProfile *
profile_new (const char *name, const char *base)
{
  TocsinProfile *self = g_new0 (TocsinProfile, 1);
  gsize n;
  const TocsinCategory *categories = tocsin_categories (&n);

  self->name = g_strdup (name);
  memset (self->ceiling, TOCSIN_CEILING_IGNORE, sizeof self->ceiling);
  for (gsize i = 0; i < n; i++)
    self->ceiling[categories[i].id] = builtin_ceiling (base, &categories[i]);
  return self;
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
  for (gsize i = 0; i < G_N_ELEMENTS (builtin_names); i++)
    if (g_str_equal (name, builtin_names[i]))
      return profile_new (name, name);
  return NULL;
}

/* A file being read. A key file would let the last of two equal keys win in silence, and its faults
 * have no lines; here every line has to mean what it seems to mean. */
typedef struct
{
  gboolean in_group;
  const char *base; /* static; NULL: not said */
  gboolean said[TOCSIN_N_CATEGORIES];
  gint8 ceiling[TOCSIN_N_CATEGORIES]; /* where @said */
} Reading;

static gboolean
parse_base (Reading *reading, const char *value, GError **error)
{
  if (reading->base != NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "“" KEY_BASE "” is given twice");
      return FALSE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (builtin_names); i++)
    if (g_str_equal (value, builtin_names[i]))
      reading->base = builtin_names[i];
  if (reading->base != NULL)
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               KEY_BASE ": “%.64s” is not one of lenient, default, strict", value);
  return FALSE;
}

static gboolean
parse_ceiling (Reading *reading, const char *key, const char *value, GError **error)
{
  const TocsinCategory *category = tocsin_category_by_slug (key);
  TocsinVerdict verdict = TOCSIN_VERDICT_ALLOW;
  gboolean ignore = g_str_equal (value, "ignore");

  if (category == NULL)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "“%.64s” is not a category", key);
  else if (reading->said[category->id])
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "“%s” is given twice", key);
  else if (!ignore &&
           (!tocsin_verdict_from_string (value, &verdict) || verdict == TOCSIN_VERDICT_ALLOW))
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 "%s: “%.64s” is not one of ignore, note, review, block", key, value);
  else if (category->klass == TOCSIN_CLASS_INFORMAL && verdict > TOCSIN_VERDICT_NOTE)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 "%s states a fact, not conduct: its ceiling is note or ignore", key);
  else
    {
      reading->said[category->id] = TRUE;
      reading->ceiling[category->id] = (gint8) (ignore ? TOCSIN_CEILING_IGNORE : (int) verdict);
      return TRUE;
    }
  return FALSE;
}

static gboolean
parse_line (Reading *reading, char *line, GError **error)
{
  char *equals = strchr (g_strstrip (line), '=');
  gboolean is_group = g_str_equal (line, "[" GROUP "]");

  if (line[0] == '\0' || line[0] == '#')
    return TRUE;
  if (line[0] == '[' && (!is_group || reading->in_group))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "A profile has one group, [" GROUP "]");
      return FALSE;
    }
  if (is_group)
    {
      reading->in_group = TRUE;
      return TRUE;
    }
  if (equals == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "“%.64s” is neither [" GROUP "], CATEGORY=CEILING nor a comment (#)", line);
      return FALSE;
    }
  if (!reading->in_group)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "The group [" GROUP "] has to come first");
      return FALSE;
    }
  *equals = '\0';
  return g_str_equal (g_strchomp (line), KEY_BASE)
             ? parse_base (reading, g_strchug (equals + 1), error)
             : parse_ceiling (reading, line, g_strchug (equals + 1), error);
}

static gboolean
parse_text (Reading *reading, const char *text, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  if (!g_utf8_validate (text, -1, NULL))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "It is not UTF-8");
      return FALSE;
    }
  for (gsize i = 0; lines[i] != NULL; i++)
    if (!parse_line (reading, lines[i], error))
      {
        g_prefix_error (error, "line %" G_GSIZE_FORMAT ": ", i + 1);
        return FALSE;
      }
  if (reading->in_group)
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "A profile has one group, [" GROUP "]");
  return FALSE;
}

static gboolean
name_is_valid (const char *name)
{
  gsize len = strlen (name);

  return len > 0 && len <= NAME_MAX_BYTES &&
         strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
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
 *   %TOCSIN_ERROR_INVALID, its message beginning with the line where there is one.
 */
TocsinProfile *
tocsin_profile_new_from_text (const char *name, const char *text, GError **error)
{
  Reading reading = { .in_group = FALSE };
  TocsinProfile *self;

  if (!name_is_valid (name))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "“%.64s”: a profile's name is 1 to %d of a-z, 0-9, - and _", name,
                   NAME_MAX_BYTES);
      return NULL;
    }
  if (!parse_text (&reading, text, error))
    return NULL;
  self = profile_new (name, reading.base != NULL ? reading.base : "default");
  for (gsize i = 0; i < TOCSIN_N_CATEGORIES; i++)
    if (reading.said[i])
      self->ceiling[i] = reading.ceiling[i];
  return self;
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
