/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>
#include <string.h>

/* A file of tests/golden/bodies. */
static inline GBytes *
golden_body (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "bodies", name, NULL);
  g_autoptr (GError) error = NULL;
  char *data = NULL;
  gsize size = 0;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, size);
}

/* JSON written with single quotes, for tables that can be read. */
static inline GBytes *
json_body (const char *text)
{
  char *json = g_strdelimit (g_strdup (text), "'", '"');

  return g_bytes_new_take (json, strlen (json));
}
