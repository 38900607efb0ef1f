/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Whether comparing a secret takes a time that depends on it. Under valgrind the secret is marked
 * as undefined; memcheck then complains of every branch and every address that hangs on it, which
 * is what would show in the time. The answer itself may be known.
 *
 * Run by build-aux/check-memory. With an argument it compares by memcmp() instead, to see that what
 * is not constant is found.
 */
#include <glib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "core/hash.h"

static gboolean (*volatile compare) (gconstpointer a,
                                     gconstpointer b,
                                     gsize size) = tocsin_equal_constant_time;

static gboolean
equal_by_memcmp (gconstpointer a, gconstpointer b, gsize size)
{
  const guint8 *x = a, *y = b;

  for (gsize i = 0; i < size; i++)
    if (x[i] != y[i])
      return FALSE;
  return TRUE;
}

static gboolean
is_equal (const guint8 *secret, const guint8 *presented, gsize size)
{
  gboolean equal = compare (secret, presented, size);

  VALGRIND_MAKE_MEM_DEFINED (&equal, sizeof equal);
  return equal;
}

int
main (int argc, char *argv[])
{
  guint8 secret[TOCSIN_SHA256_BYTES], presented[TOCSIN_SHA256_BYTES];

  if (RUNNING_ON_VALGRIND == 0)
    {
      g_printerr ("constant-time: run it under valgrind\n");
      return 2;
    }
  if (argc > 1)
    compare = equal_by_memcmp;
  memset (secret, 7, sizeof secret);
  memcpy (presented, secret, sizeof presented);
  VALGRIND_MAKE_MEM_UNDEFINED (secret, sizeof secret);
  g_assert_true (is_equal (secret, presented, sizeof secret));
  for (gsize i = 0; i < sizeof presented; i++)
    {
      presented[i] ^= 0x40;
      g_assert_false (is_equal (secret, presented, sizeof secret));
      presented[i] ^= 0x40;
    }
  return 0;
}
