/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "core/hash.h"

/* FIPS 180-4 examples; BLAKE2b-256 from the reference implementation. */
static const struct
{
  const char *input;
  const char *sha256;
  const char *blake2b;
} digests[] = {
  { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8" },
  { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319" },
};

static void
test_digests (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (digests); i++)
    {
      const char *input = digests[i].input;
      const char *parts[] = { "", input, "", NULL };
      guint8 out[32];
      g_autofree char *sha256 = NULL;
      g_autofree char *in_parts = NULL;
      g_autofree char *blake2b = NULL;

      tocsin_sha256 (input, strlen (input), out);
      sha256 = tocsin_hex_encode (out, sizeof out);
      g_assert_cmpstr (sha256, ==, digests[i].sha256);
      tocsin_sha256_parts (parts, out);
      in_parts = tocsin_hex_encode (out, sizeof out);
      g_assert_cmpstr (in_parts, ==, digests[i].sha256);
      tocsin_blake2b_256 (input, strlen (input), out);
      blake2b = tocsin_hex_encode (out, sizeof out);
      g_assert_cmpstr (blake2b, ==, digests[i].blake2b);
    }
}

static void
test_ids (void)
{
  TocsinId abc = tocsin_id_for_string ("abc");
  TocsinId pair = tocsin_id_for_pair (0x01020304, "abc");
  const guint8 joined[] = { 1, 2, 3, 4, 'a', 'b', 'c' };
  guint8 expected[TOCSIN_SHA256_BYTES];
  g_autofree char *hex = tocsin_hex_encode (abc.bytes, sizeof abc.bytes);

  g_assert_cmpstr (hex, ==, "ba7816bf8f01cfea414140de5dae2223");
  tocsin_sha256 (joined, sizeof joined, expected);
  g_assert_cmpmem (pair.bytes, TOCSIN_ID_BYTES, expected, TOCSIN_ID_BYTES);
  g_assert_false (tocsin_id_equal (&abc, &pair));
  g_assert_true (tocsin_id_equal (&abc, &abc));
}

static void
test_hex (void)
{
  static const struct
  {
    const char *hex;
    gsize out_size;
    gboolean ok;
  } cases[] = {
    { "00ffA5a5", 4, TRUE }, { "", 0, TRUE },      { "00ff", 4, FALSE }, { "00ffa5a5b6", 4, FALSE },
    { "00fg", 2, FALSE },    { "0x12", 2, FALSE }, { " 123", 2, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 out[8] = { 0x77 };

      g_assert_cmpint (
          tocsin_hex_decode (cases[i].hex, strlen (cases[i].hex), out, cases[i].out_size), ==,
          cases[i].ok);
      if (cases[i].ok)
        {
          g_autofree char *hex = tocsin_hex_encode (out, cases[i].out_size);

          g_assert_cmpint (g_ascii_strcasecmp (hex, cases[i].hex), ==, 0);
        }
      else
        g_assert_cmpint (out[0], ==, 0x77);
    }
}

static void
test_compare_and_random (void)
{
  guint8 a[32] = { 0 };
  guint8 b[32] = { 0 };

  g_assert_true (tocsin_equal_constant_time (a, b, sizeof a));
  tocsin_random_bytes (a, sizeof a);
  tocsin_random_bytes (b, sizeof b);
  g_assert_false (tocsin_equal_constant_time (a, b, sizeof a));
}

static gpointer
hash_in_thread (gpointer data)
{
  for (int i = 0; i < 200; i++)
    {
      TocsinId id = tocsin_id_for_string ("abc");

      g_assert_cmpint (id.bytes[0], ==, 0xba);
    }
  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[4];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("hash", hash_in_thread, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* In parts it is what it is at once, however often it is looked at. */
static void
test_parts (void)
{
  static const char text[] = "what comes in parts, a byte at a time";
  g_autoptr (TocsinHasher) hasher = tocsin_hasher_new ();
  guint8 whole[TOCSIN_SHA256_BYTES], parts[TOCSIN_SHA256_BYTES];

  for (gsize n = 0; n <= strlen (text); n++)
    {
      tocsin_sha256 (text, n, whole);
      tocsin_hasher_peek (hasher, parts);
      g_assert_cmpmem (parts, sizeof parts, whole, sizeof whole);
      tocsin_hasher_add (hasher, text + n, 1);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hash/digests", test_digests);
  g_test_add_func ("/hash/ids", test_ids);
  g_test_add_func ("/hash/hex", test_hex);
  g_test_add_func ("/hash/compare-and-random", test_compare_and_random);
  g_test_add_func ("/hash/threads", test_threads);
  g_test_add_func ("/hash/parts", test_parts);
  return g_test_run ();
}
