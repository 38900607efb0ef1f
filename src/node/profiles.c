/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-node"

#include "node/profiles.h"

#include <string.h>

#include "core/error.h"

#define FILE_MAX_BYTES 65536
#define SUFFIX         ".conf"

static gboolean
load_file (GPtrArray *profiles, const char *dir, const char *file, GError **error)
{
  g_autofree char *path = g_build_filename (dir, file, NULL);
  g_autofree char *name = g_strndup (file, strlen (file) - strlen (SUFFIX));
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;
  TocsinProfile *profile;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, &local))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s", local->message);
      return FALSE;
    }
  if (size > FILE_MAX_BYTES || memchr (text, '\0', size) != NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: not a profile", path);
      return FALSE;
    }
  profile = tocsin_profile_new_from_text (name, text, error);
  if (profile == NULL)
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  g_ptr_array_add (profiles, profile);
  return TRUE;
}

static void
free_profiles (GPtrArray *profiles)
{
  g_ptr_array_foreach (profiles, (GFunc) (void (*) (void)) tocsin_profile_free, NULL);
  g_ptr_array_unref (profiles);
}

/**
 * tocsin_profiles_load:
 * @dir: a folder of `NAME.conf` files; one that does not exist is empty
 * @error: return location for an error, or %NULL
 *
 * Reads the operator's own profiles. Does I/O; called once, at start.
 *
 * Returns: (transfer full) (nullable) (element-type TocsinProfile): the profiles; their array
 *   does not free them. On error, %NULL, and @error is %TOCSIN_ERROR_INVALID
 */
GPtrArray *
tocsin_profiles_load (const char *dir, GError **error)
{
  GPtrArray *profiles = g_ptr_array_new ();
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) listing = g_dir_open (dir, 0, &local);
  const char *file;

  if (listing == NULL && !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s", local->message);
      free_profiles (profiles);
      return NULL;
    }
  while (listing != NULL && (file = g_dir_read_name (listing)) != NULL)
    if (g_str_has_suffix (file, SUFFIX) && !load_file (profiles, dir, file, error))
      {
        free_profiles (profiles);
        return NULL;
      }
  return profiles;
}

/**
 * tocsin_profiles_check:
 * @dir: as for tocsin_profiles_load()
 * @default_profile: the name that a setting gives
 * @error: return location for an error, or %NULL
 *
 * Returns: whether a node with these profiles can start. On error, %FALSE, and @error is
 *   %TOCSIN_ERROR_INVALID, its message naming the file and the line
 */
gboolean
tocsin_profiles_check (const char *dir, const char *default_profile, GError **error)
{
  GPtrArray *profiles = tocsin_profiles_load (dir, error);
  g_autoptr (TocsinProfile) builtin = tocsin_profile_new_builtin (default_profile);
  gboolean known = builtin != NULL;

  if (profiles == NULL)
    return FALSE;
  for (guint i = 0; i < profiles->len; i++)
    known = known || g_str_equal (((TocsinProfile *) g_ptr_array_index (profiles, i))->name,
                                  default_profile);
  free_profiles (profiles);
  if (!known)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 "default-profile: there is no profile “%.64s” in %s", default_profile, dir);
  return known;
}
