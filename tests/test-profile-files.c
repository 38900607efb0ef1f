/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The profile files that are installed for operators to copy say what the built-in ones do.
 */
#include "view/profile.h"

static void
test_file (gconstpointer name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *base = g_strconcat (name, ".conf", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "profiles", base, NULL);
  g_autofree char *text = NULL;
  g_autofree char *from_file = NULL;
  g_autofree char *from_code = NULL;
  g_autoptr (TocsinProfile) file = NULL;
  g_autoptr (TocsinProfile) builtin = tocsin_profile_new_builtin (name);

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  file = tocsin_profile_new_from_text (name, text, &error);
  g_assert_no_error (error);
  from_file = tocsin_profile_to_text (file);
  from_code = tocsin_profile_to_text (builtin);
  g_assert_cmpstr (from_file, ==, from_code);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/profile-files/lenient", "lenient", test_file);
  g_test_add_data_func ("/profile-files/default", "default", test_file);
  g_test_add_data_func ("/profile-files/strict", "strict", test_file);
  return g_test_run ();
}
