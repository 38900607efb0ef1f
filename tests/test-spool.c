/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A list that is longer than memory is good for.
 */
#include <string.h>

#include "core/error.h"
#include "http/spool.h"

#define MANY 60000 /* lines: more than a spool holds in memory */

static void
test_spool (void)
{
  g_auto (TocsinSpool) spool = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) all = NULL;
  const char *data;
  gsize size;

  tocsin_spool_init (&spool, g_get_tmp_dir ());
  for (guint i = 0; i < MANY; i++)
    {
      g_string_append_printf (spool.buffer, "%031u\n", i);
      g_assert_true (tocsin_spool_keep_short (&spool, &error));
      g_assert_cmpuint (spool.buffer->len, <, 2 << 20);
    }
  all = tocsin_spool_finish (&spool, &error);
  g_assert_no_error (error);
  data = g_bytes_get_data (all, &size);
  g_assert_cmpuint (size, ==, MANY * 32);
  g_assert_true (g_str_has_prefix (data + size - 32, "0000000000000000000000000059999"));
}

static void
test_spool_without_room (void)
{
  g_auto (TocsinSpool) spool = { 0 };
  g_autoptr (GError) error = NULL;

  tocsin_spool_init (&spool, "/dev/null"); /* no directory, whoever asks */
  g_string_set_size (spool.buffer, 2 << 20);
  g_assert_false (tocsin_spool_keep_short (&spool, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spool/long", test_spool);
  g_test_add_func ("/spool/without-room", test_spool_without_room);
  return g_test_run ();
}
