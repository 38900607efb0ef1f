/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/key.h"
#include "codec/multibase.h"
#include "core/error.h"
#include "core/hash.h"

#define RSA_2048_BODY                                                                              \
  "MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw\n"                             \
  "WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq\n"                             \
  "MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg\n"                             \
  "kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P\n"                             \
  "uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ\n"                             \
  "PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB\n"

/* RFC 9421, appendix B.1. */
static const char rsa_pkcs1[] =
    "-----BEGIN RSA PUBLIC KEY-----\n" RSA_2048_BODY "-----END RSA PUBLIC KEY-----\n";
static const char ed25519_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                                  "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
                                  "-----END PUBLIC KEY-----\n";
static const char ed25519_private_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
    "-----END PRIVATE KEY-----\n";

/* RFC 8032, section 7.1. */
static const struct
{
  const char *key;
  const char *message;
  const char *signature;
} rfc8032[] = {
  { "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b4"
    "6bd25bf5f0595bbe24655141438e7a100b" },
  { "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d"
    "8c387b2eaeb4302aeeb00d291612bb0c00" },
  { "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6"
    "594a7c15e9716ed28dc027beceea1ec40a" },
};

static void
test_rfc8032 (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rfc8032); i++)
    {
      guint8 bytes[32], signature[64], message[2];
      gsize size = strlen (rfc8032[i].message) / 2;
      g_autoptr (TocsinPublicKey) key = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_true (tocsin_hex_decode (rfc8032[i].key, 64, bytes, 32));
      g_assert_true (tocsin_hex_decode (rfc8032[i].signature, 128, signature, 64));
      g_assert_true (tocsin_hex_decode (rfc8032[i].message, size * 2, message, size));
      key = tocsin_public_key_from_ed25519 (bytes, &error);
      g_assert_no_error (error);
      g_assert_true (tocsin_public_key_verify (key, message, size, signature, 64));
      g_assert_false (tocsin_public_key_verify (key, message, size, signature, 63));
      for (guint bit = 0; bit < 512; bit++)
        {
          signature[bit / 8] ^= (guint8) (1u << bit % 8);
          g_assert_false (tocsin_public_key_verify (key, message, size, signature, 64));
          signature[bit / 8] ^= (guint8) (1u << bit % 8);
        }
    }
}

/* Points of small order, of no order, and not in canonical form. */
static void
test_weak_points (void)
{
  static const char *const weak[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0200000000000000000000000000000000000000000000000000000000000000",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (weak); i++)
    {
      guint8 bytes[32];
      g_autoptr (GError) error = NULL;

      g_assert_true (tocsin_hex_decode (weak[i], 64, bytes, 32));
      g_assert_null (tocsin_public_key_from_ed25519 (bytes, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
    }
}

/* RFC 9421, section 4.3: what the proxy signed. */
static const char rfc9421_base[] =
    "\"@method\": POST\n\"@authority\": origin.host.internal.example\n\"@path\": /foo\n"
    "\"content-digest\": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNN"
    "yealdVLvRwEmTHWXvJwew==:\n\"content-type\": application/json\n\"content-length\": 18\n"
    "\"forwarded\": for=192.0.2.123;host=example.com;proto=https\n\"@signature-params\": "
    "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" \"content-length\" "
    "\"forwarded\");created=1618884480;keyid=\"test-key-rsa\";alg=\"rsa-v1_5-sha256\";expires="
    "1618884540";
static const char rfc9421_signature[] =
    "S6ZzPXSdAMOPjN/6KXfXWNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+CM5g92iHgxtRPz+MjniOaYmdkD"
    "cnL9cCpXJleXsOckpURl49GwiyUpZ10KHgOEe11sx3G2gxI8S0jnxQB+Pu68U9vVcasqOWAEObtNKKZd8tSFu7LB5YAv0R"
    "AGhB8tmpv7sFnIm9y+7X5kXQfi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtflzvZdXAsD3LH2TwevU+/PBPv0B6NMNk93wUs/vf"
    "Jvye+YuI87HU38lZHowtznbLVdp770I6VHR6WfgS9ddzirrswsE1w5o0LV/g==";

static void
test_rfc9421_rsa (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPublicKey) key = tocsin_public_key_from_pem (rsa_pkcs1, &error);
  g_autoptr (GBytes) bytes =
      tocsin_base64_decode (rfc9421_signature, strlen (rfc9421_signature), 512, NULL);
  g_autofree guint8 *signature = g_memdup2 (g_bytes_get_data (bytes, NULL), 256);

  g_assert_no_error (error);
  g_assert_cmpuint (tocsin_public_key_bits (key), ==, 2048);
  g_assert_cmpint (tocsin_public_key_kind (key), ==, TOCSIN_KEY_RSA);
  g_assert_true (
      tocsin_public_key_verify (key, rfc9421_base, sizeof rfc9421_base - 1, signature, 256));
  g_assert_false (
      tocsin_public_key_verify (key, rfc9421_base, sizeof rfc9421_base - 2, signature, 256));
  g_assert_false (
      tocsin_public_key_verify (key, rfc9421_base, sizeof rfc9421_base - 1, signature, 255));
  signature[255] ^= 1;
  g_assert_false (
      tocsin_public_key_verify (key, rfc9421_base, sizeof rfc9421_base - 1, signature, 256));
}

static void
test_texts_round_trip (void)
{
  static const char *const texts[] = { rsa_pkcs1, ed25519_pem };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinPublicKey) key = tocsin_public_key_from_pem (texts[i], &error);
      g_autofree char *pem = NULL;
      g_autofree char *multikey = NULL;
      g_autofree char *fingerprint = NULL;
      g_autoptr (TocsinPublicKey) by_pem = NULL;
      g_autoptr (TocsinPublicKey) by_multikey = NULL;

      g_assert_no_error (error);
      pem = tocsin_public_key_to_pem (key);
      multikey = tocsin_public_key_to_multikey (key);
      fingerprint = tocsin_public_key_fingerprint (key);
      by_pem = tocsin_public_key_from_pem (pem, &error);
      g_assert_no_error (error);
      by_multikey = tocsin_public_key_from_multikey (multikey, &error);
      g_assert_no_error (error);
      g_assert_true (tocsin_public_key_equal (key, by_pem));
      g_assert_true (tocsin_public_key_equal (key, by_multikey));
      g_assert_cmpuint (strlen (fingerprint), ==, 7 + 79);
      if (i == 1)
        g_assert_cmpstr (pem, ==, ed25519_pem);
    }
}

/* An RSA key of @bits and exponent @e, whose modulus is all ones but for @last. */
static char *
make_rsa (guint bits, guint32 e, guint8 last)
{
  g_autoptr (GByteArray) der = g_byte_array_new ();
  g_autofree char *base64 = NULL;
  guint16 n = (guint16) (bits / 8);
  guint8 head[] = { 0x30, 0x82, (guint8) ((n + 11) >> 8), (guint8) (n + 11),
                    0x02, 0x82, (guint8) ((n + 1) >> 8),  (guint8) (n + 1),
                    0 };
  guint8 tail[] = {
    0x02, 4, (guint8) (e >> 24), (guint8) (e >> 16), (guint8) (e >> 8), (guint8) e
  };
  guint8 ones = 0xFF;

  g_byte_array_append (der, head, sizeof head);
  for (guint16 i = 1; i < n; i++)
    g_byte_array_append (der, &ones, 1);
  g_byte_array_append (der, &last, 1);
  g_byte_array_append (der, tail, sizeof tail);
  base64 = g_base64_encode (der->data, der->len);
  return g_strdup_printf ("-----BEGIN RSA PUBLIC KEY-----\n%s\n-----END RSA PUBLIC KEY-----",
                          base64);
}

static void
test_rsa_sizes (void)
{
  static const struct
  {
    guint bits;
    guint32 e;
    guint8 last;
    gboolean ok;
  } cases[] = {
    { 2048, 0x01000001, 0xFF, TRUE },  { 4096, 0x01000001, 0xFF, TRUE },
    { 2040, 0x01000001, 0xFF, FALSE }, { 1024, 0x01000001, 0xFF, FALSE },
    { 4104, 0x01000001, 0xFF, FALSE }, { 2048, 0x01000000, 0xFF, FALSE },
    { 2048, 0x01000001, 0xFE, FALSE }, { 2048, 0x00010001, 0xFF, FALSE }, /* not minimal */
    { 2048, 0x81000001, 0xFF, FALSE },                                    /* negative */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *pem = make_rsa (cases[i].bits, cases[i].e, cases[i].last);
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinPublicKey) key = tocsin_public_key_from_pem (pem, &error);

      g_assert_true ((key != NULL) == cases[i].ok);
      if (key == NULL)
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
    }
}

static void
test_refused_texts (void)
{
  g_autofree char *huge = g_strnfill (100000, 'A');
  const char *texts[] = {
    "",
    "x",
    huge,
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----",
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n",
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
    "-----END PUBLIC KEY-----\nmore",
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
    "-----END PUBLIC KEY-----\n", /* X25519 */
    "-----BEGIN PUBLIC KEY-----\n" RSA_2048_BODY "-----END PUBLIC KEY-----\n",
    ed25519_private_pem,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (tocsin_public_key_from_pem (texts[i], &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
    }
  g_assert_null (tocsin_public_key_from_multikey (
      "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", NULL)); /* X25519 */
  g_assert_null (tocsin_public_key_from_multikey ("z", NULL));
}

static void
test_generated (void)
{
  for (int kind = TOCSIN_KEY_RSA; kind <= TOCSIN_KEY_ED25519; kind++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate ((TocsinKeyKind) kind, &error);
      g_autoptr (GBytes) signature = NULL;
      TocsinPublicKey *public;

      g_assert_no_error (error);
      public = tocsin_private_key_public (key);
      g_assert_cmpint (tocsin_public_key_kind (public), ==, kind);
      g_assert_cmpuint (tocsin_public_key_bits (public), ==, kind == TOCSIN_KEY_RSA ? 3072 : 256);
      signature = tocsin_private_key_sign (key, "abc", 3, &error);
      g_assert_no_error (error);
      g_assert_true (tocsin_public_key_verify (public, "abc", 3, g_bytes_get_data (signature, NULL),
                                               g_bytes_get_size (signature)));
      g_assert_false (tocsin_public_key_verify (
          public, "abd", 3, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature)));
    }
}

static void
test_files (void)
{
  g_autofree char *directory = g_dir_make_tmp ("tocsin-key-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "key.pem", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPrivateKey) key =
      tocsin_private_key_from_pem (ed25519_private_pem, strlen (ed25519_private_pem), &error);
  g_autoptr (TocsinPrivateKey) loaded = NULL;
  struct stat status;

  g_assert_no_error (error);
  g_assert_null (tocsin_private_key_load (path, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (tocsin_private_key_save (key, path, &error));
  g_assert_no_error (error);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0600);
  g_assert_false (tocsin_private_key_save (key, path, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
  g_clear_error (&error);
  loaded = tocsin_private_key_load (path, &error);
  g_assert_no_error (error);
  g_assert_true (tocsin_public_key_equal (tocsin_private_key_public (key),
                                          tocsin_private_key_public (loaded)));
  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  g_assert_null (tocsin_private_key_load (path, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (tocsin_private_key_load (directory, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0); /* nothing else was left there */
}

static void
test_encrypted_file_is_refused (void)
{
  static const char pem[] =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg=\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_private_key_from_pem (pem, sizeof pem - 1, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/key/rfc8032", test_rfc8032);
  g_test_add_func ("/key/weak-points", test_weak_points);
  g_test_add_func ("/key/rfc9421-rsa", test_rfc9421_rsa);
  g_test_add_func ("/key/texts-round-trip", test_texts_round_trip);
  g_test_add_func ("/key/rsa-sizes", test_rsa_sizes);
  g_test_add_func ("/key/refused-texts", test_refused_texts);
  g_test_add_func ("/key/generated", test_generated);
  g_test_add_func ("/key/files", test_files);
  g_test_add_func ("/key/encrypted", test_encrypted_file_is_refused);
  return g_test_run ();
}
