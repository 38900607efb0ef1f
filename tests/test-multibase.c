/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "codec/multibase.h"
#include "core/error.h"
#include "core/hash.h"

/* draft-msporny-base58-03, section 5, and the Multibase specification. */
static const struct
{
  const char *text;
  const char *hex;
} base58[] = {
  { "z2NEpo7TZRRrLZSi2U", "48656c6c6f20576f726c6421" },
  { "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
    "54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e" },
  { "z11233QC4", "0000287fb4cd" },
  { "z7paNL19xttacUY", "796573206d616e692021" },
  { "z", "" },
  { "z1", "00" },
  { "z111", "000000" },
  { "z5Q", "ff" },
};

static void
test_base58 (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (base58); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = tocsin_multibase_decode (base58[i].text, &error);
      g_autofree char *hex = NULL;
      g_autofree char *again = NULL;
      gsize size;
      gconstpointer data;

      g_assert_no_error (error);
      data = g_bytes_get_data (bytes, &size);
      hex = tocsin_hex_encode (data, size);
      g_assert_cmpstr (hex, ==, base58[i].hex);
      again = tocsin_multibase_encode (data, size);
      g_assert_cmpstr (again, ==, base58[i].text);
    }
}

static void
test_base64url (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = tocsin_multibase_decode ("ueWVzIG1hbmkgIQ", &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "yes mani !", 10);
}

static void
test_refused (void)
{
  static const char *const refused[] = { "",
                                         "x123",
                                         "z0",
                                         "zO",
                                         "zI",
                                         "zl",
                                         "z 2",
                                         "z2NEpo7TZRRrLZSi2U ",
                                         "uA+==",
                                         "uAA==",
                                         "uA",
                                         "ueWVzIG1h/",
                                         "ueWVzIG1hbmkgIR",
                                         "meQ",
                                         "Z2N",
                                         "z\xC3\xA9" };

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (tocsin_multibase_decode (refused[i], &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
    }
}

static void
test_sizes (void)
{
  guint8 data[TOCSIN_MULTIBASE_MAX_BYTES];
  g_autofree char *longest = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *ones = g_strnfill (TOCSIN_MULTIBASE_MAX_BYTES + 1, '1');
  g_autofree char *zeds = g_strnfill (5000, 'z');
  g_autofree char *ayes = g_strnfill (TOCSIN_MULTIBASE_MAX_BYTES / 3 * 4 + 4, 'A');
  g_autofree char *too_many_zeros = g_strconcat ("z", ones, NULL);
  g_autofree char *too_much_base64 = g_strconcat ("u", ayes, NULL);
  const char *too_long[] = { too_many_zeros, zeds, too_much_base64 };

  memset (data, 0xFF, sizeof data);
  longest = tocsin_multibase_encode (data, sizeof data);
  bytes = tocsin_multibase_decode (longest, NULL);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), data, sizeof data);
  for (gsize i = 0; i < G_N_ELEMENTS (too_long); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (tocsin_multibase_decode (too_long[i], &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
    }
}

/* Texts that are not too long by themselves, but as numbers: 768 bytes of 0xFF are 1,049 digits,
 * the first of them a V. */
static void
test_largest_number (void)
{
  guint8 ones[TOCSIN_MULTIBASE_MAX_BYTES];
  g_autofree char *largest = NULL;

  memset (ones, 0xFF, sizeof ones);
  largest = tocsin_multibase_encode (ones, sizeof ones);
  for (gsize digits = strlen (largest) - 1; digits <= 1060; digits++)
    for (const char *leading = "2PRSz"; *leading != '\0'; leading++)
      {
        g_autofree char *rest = g_strnfill (digits - 1, 'z');
        g_autofree char *text = g_strdup_printf ("z%c%s", *leading, rest);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) bytes = tocsin_multibase_decode (text, &error);

        if (strlen (text) > strlen (largest) || strcmp (text, largest) > 0)
          {
            g_assert_null (bytes);
            g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
            continue;
          }
        g_assert_no_error (error);
        g_assert_cmpuint (g_bytes_get_size (bytes), ==, TOCSIN_MULTIBASE_MAX_BYTES);
      }
}

static void
test_base64 (void)
{
  static const struct
  {
    const char *text;
    gssize size; /* −1: refused */
  } cases[] = {
    { "", 0 },       { "Zg==", 1 },  { "Zg", 1 },     { "Zm8=", 2 },  { "Zm9v", 3 },
    { "Zh==", -1 },  { "Zg=", -1 },  { "Zg===", -1 }, { "Z", -1 },    { "Zm9v\n", -1 },
    { "Zm 9v", -1 }, { "Zm-_", -1 }, { "Zm+/", 3 },   { "=Zm9", -1 }, { "Zm9vZm9v", -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes =
          tocsin_base64_decode (cases[i].text, strlen (cases[i].text), 3, NULL);

      g_assert_true ((bytes != NULL) == (cases[i].size >= 0));
      if (bytes != NULL)
        g_assert_cmpuint (g_bytes_get_size (bytes), ==, (gsize) cases[i].size);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/multibase/base58", test_base58);
  g_test_add_func ("/multibase/base64url", test_base64url);
  g_test_add_func ("/multibase/refused", test_refused);
  g_test_add_func ("/multibase/sizes", test_sizes);
  g_test_add_func ("/multibase/largest-number", test_largest_number);
  g_test_add_func ("/multibase/base64", test_base64);
  return g_test_run ();
}
