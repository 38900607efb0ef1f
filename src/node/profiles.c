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
  g_autoptr (GDir) listing = g_dir_open (dir, 0, NULL);
  const char *file;

  while (listing != NULL && (file = g_dir_read_name (listing)) != NULL)
    if (g_str_has_suffix (file, SUFFIX) && !load_file (profiles, dir, file, error))
      {
        g_ptr_array_foreach (profiles, (GFunc) (void (*) (void)) tocsin_profile_free, NULL);
        g_ptr_array_unref (profiles);
        return NULL;
      }
  return profiles;
}
