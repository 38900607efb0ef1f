/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Whether comparing a secret takes a time that depends on it, and whether tokens are compared so:
 * all of them, whichever it is. Under valgrind the secret is marked as undefined; memcheck then
 * complains of every branch and every address that hangs on it, which is what would show in the
 * time. The answer itself may be known. The program is linked so that all who call
 * tocsin_equal_constant_time() come by here.
 *
 * Run by build-aux/check-memory. With an argument it compares by memcmp() instead, to see that what
 * is not constant is found.
 */
#include <glib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "core/hash.h"
#include "http/auth.h"

#define N_TOKENS 5

gboolean __real_tocsin_equal_constant_time (gconstpointer a, gconstpointer b, gsize size);
gboolean __wrap_tocsin_equal_constant_time (gconstpointer a, gconstpointer b, gsize size);

static gboolean (*volatile compare) (gconstpointer a,
                                     gconstpointer b,
                                     gsize size) = __real_tocsin_equal_constant_time;
static guint n_compared;

static gboolean
equal_by_memcmp (gconstpointer a, gconstpointer b, gsize size)
{
  const guint8 *x = a, *y = b;

  for (gsize i = 0; i < size; i++)
    if (x[i] != y[i])
      return FALSE;
  return TRUE;
}

gboolean
__wrap_tocsin_equal_constant_time (gconstpointer a, gconstpointer b, gsize size)
{
  gboolean equal = compare (a, b, size);

  n_compared++;
  VALGRIND_MAKE_MEM_DEFINED (&equal, sizeof equal);
  return equal;
}

static void
compare_bytes (void)
{
  guint8 secret[TOCSIN_SHA256_BYTES], presented[TOCSIN_SHA256_BYTES];

  memset (secret, 7, sizeof secret);
  memcpy (presented, secret, sizeof presented);
  VALGRIND_MAKE_MEM_UNDEFINED (secret, sizeof secret);
  g_assert_true (tocsin_equal_constant_time (secret, presented, sizeof secret));
  for (gsize i = 0; i < sizeof presented; i++)
    {
      presented[i] ^= 0x40;
      g_assert_false (tocsin_equal_constant_time (secret, presented, sizeof secret));
      presented[i] ^= 0x40;
    }
}

/* What is kept of tokens is secret; the first one takes as many comparisons as the last, and as one
 * that is none. */
static void
look_tokens_up (void)
{
  TocsinAuth *auth = tocsin_auth_new ();
  TocsinToken tokens[N_TOKENS];
  char *texts[N_TOKENS];

  for (guint i = 0; i < N_TOKENS; i++)
    {
      texts[i] = tocsin_auth_token_new ();
      tokens[i] = (TocsinToken){ .name = (char *) "program", .scopes = TOCSIN_SCOPE_CHECK };
      tocsin_auth_token_hash (texts[i], tokens[i].hash);
      VALGRIND_MAKE_MEM_UNDEFINED (tokens[i].hash, sizeof tokens[i].hash);
    }
  tocsin_auth_replace (auth, tokens, N_TOKENS);
  for (guint i = 0; i < N_TOKENS; i++)
    {
      n_compared = 0;
      g_assert_cmpuint (tocsin_auth_lookup (auth, texts[i], NULL), ==, TOCSIN_SCOPE_CHECK);
      g_assert_cmpuint (n_compared, >=, N_TOKENS);
      /* Once more: it may be remembered, and is compared all the same. */
      n_compared = 0;
      g_assert_cmpuint (tocsin_auth_lookup (auth, texts[i], NULL), ==, TOCSIN_SCOPE_CHECK);
      g_assert_cmpuint (n_compared, >=, 1);
      n_compared = 0;
      g_assert_cmpuint (tocsin_auth_lookup (auth, "tocsin_none", NULL), ==, 0);
      g_assert_cmpuint (n_compared, >=, N_TOKENS);
    }
  for (guint i = 0; i < N_TOKENS; i++)
    g_free (texts[i]);
  tocsin_auth_free (auth);
}

int
main (int argc, char *argv[])
{
  if (RUNNING_ON_VALGRIND == 0)
    {
      g_printerr ("constant-time: run it under valgrind\n");
      return 2;
    }
  if (argc > 1)
    compare = equal_by_memcmp;
  compare_bytes ();
  look_tokens_up ();
  return 0;
}
