/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
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

/* Points of small order, of no order, and not in canonical form; last the base point and one of
 * order 2, 4 and 8 added up, of which libsodium takes the first without the fix of
 * CVE-2025-69277. */
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
    "9599999999999999999999999999999999999999999999999999999999999999",
    "5252cc0a7f208133b620acbd4537eba2a4123bf0a8c2e4f980c3b31bb69765ea",
    "98519eadf35b995233b51b5cd23e9cc5a28b639b5a4af0ec903cb960d81b7819",
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

static char *
to_pem (const char *label, const guint8 *der, gsize size)
{
  g_autofree char *base64 = g_base64_encode (der, size);

  return g_strdup_printf ("-----BEGIN %s-----\n%s\n-----END %s-----\n", label, base64, label);
}

#define POINT     "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb"
#define ED25519   "300506032b6570"
#define NO_DER    "Public key is not in DER"
#define NEITHER   "Public key is neither RSA nor Ed25519"
#define NO_POINT  "Ed25519 key is not a point of the main subgroup"
#define NO_PKCS1  "RSA key is not in DER"
#define RSA_ALG   "300d06092a864886f70d0101010500"
#define WRONG_RSA "RSA key does not have 2048 to 4096 bits"

/* SubjectPublicKeyInfo in hexadecimal: one spelling and no other. */
static const struct
{
  const char *der;
  const char *says; /* NULL: taken */
} infos[] = {
  { "302a" ED25519 "032100" POINT, NULL },
  { "", NO_DER },
  { "30", NO_DER },
  { "3000", NO_DER },
  { "3081", NO_DER },
  { "308201", NO_DER },
  { "312a" ED25519 "032100" POINT, NO_DER },
  { "302b" ED25519 "032100" POINT, NO_DER },        /* longer than what is there */
  { "3029" ED25519 "032100" POINT, NO_DER },        /* shorter */
  { "302a" ED25519 "032100" POINT "00", NO_DER },   /* something follows */
  { "302c" ED25519 "032100" POINT "0500", NO_DER }, /* something follows inside */
  { "3080" ED25519 "032100" POINT "0000", NO_DER }, /* of indefinite length */
  { "30812a" ED25519 "032100" POINT, NO_DER },      /* not the shortest length */
  { "3082002a" ED25519 "032100" POINT, NO_DER },
  { "308300002a" ED25519 "032100" POINT, NO_DER },
  { "30ff" ED25519 "032100" POINT, NO_DER },
  { "3007" ED25519, NO_DER },
  { "3009" ED25519 "0300", NO_DER },
  { "300a" ED25519 "030100", NEITHER },      /* no bit */
  { "302a" ED25519 "032101" POINT, NO_DER }, /* a bit is unused */
  { "302a" ED25519 "042100" POINT, NO_DER }, /* an octet string */
  { "302a"
    "310506032b6570"
    "032100" POINT,
    NO_DER },
  { "3029" ED25519 "032000"
    "b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb",
    NEITHER },
  { "302b" ED25519 "032200" POINT "00", NEITHER },
  { "302a"
    "300506032b656e"
    "032100" POINT,
    NEITHER }, /* X25519 */
  { "302c"
    "300706032b65700500"
    "032100" POINT,
    NEITHER }, /* with parameters */
  { "302a" ED25519 "032100"
    "0000000000000000000000000000000000000000000000000000000000000000",
    NO_POINT },
  { "3032" RSA_ALG "032100" POINT, NO_PKCS1 },
  { "301b" RSA_ALG "030a00"
    "30070202008102"
    "0103",
    WRONG_RSA },
};

static void
test_spki (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (infos); i++)
    {
      guint8 der[128];
      gsize size = strlen (infos[i].der) / 2;
      g_autofree char *pem = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinPublicKey) key = NULL;

      g_test_message ("%s", infos[i].der);
      g_assert_true (tocsin_hex_decode (infos[i].der, 2 * size, der, size));
      pem = to_pem ("PUBLIC KEY", der, size);
      key = tocsin_public_key_from_pem (pem, &error);
      if (infos[i].says == NULL)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_null (key);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, infos[i].says);
    }
}

#define UNUSABLE "RSA key has an unusable modulus or exponent"

/* RSAPublicKey: a modulus of 256 bytes between these, all ones but for its first. */
static const struct
{
  const char *sign; /* of the INTEGER, before its first byte */
  guint8 first;
  const char *exponent;
  guint bits;
  const char *says;
} rsa_keys[] = {
  { "00", 0xFF, "0203010001", 2048, NULL },
  { "00", 0x80, "020103", 2048, NULL },
  { "", 0x7F, "0203010001", 2047, WRONG_RSA },
  { "", 0x01, "0203010001", 2041, WRONG_RSA },
  { "00", 0x7F, "0203010001", 0, NO_PKCS1 }, /* not the shortest */
  { "", 0xFF, "0203010001", 0, NO_PKCS1 },   /* negative */
  { "00", 0xFF, "", 0, NO_PKCS1 },
  { "00", 0xFF, "0200", 0, NO_PKCS1 },
  { "00", 0xFF, "020100", 0, NO_PKCS1 },
  { "00", 0xFF, "02020003", 0, NO_PKCS1 },
  { "00", 0xFF, "020183", 0, NO_PKCS1 },
  { "00", 0xFF, "040103", 0, NO_PKCS1 },
  { "00", 0xFF, "0201030201", 0, NO_PKCS1 },
  { "00", 0xFF, "020103020103", 0, NO_PKCS1 },
  { "00", 0xFF, "020101", 0, UNUSABLE },
  { "00", 0xFF, "020102", 0, UNUSABLE },
  { "00", 0xFF, "02050100000001", 0, UNUSABLE },
  { "00", 0xFF, "020500ffffffff", 2048, NULL },
};

static void
test_pkcs1 (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rsa_keys); i++)
    {
      gsize signs = strlen (rsa_keys[i].sign) / 2;
      gsize size = strlen (rsa_keys[i].exponent) / 2;
      gsize n = 256 + signs;
      guint8 der[512] = { 0x30,
                          0x82,
                          (guint8) ((4 + n + size) >> 8),
                          (guint8) (4 + n + size),
                          0x02,
                          0x82,
                          (guint8) (n >> 8),
                          (guint8) n };
      guint8 *at = der + 8 + signs;
      g_autofree char *pem = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinPublicKey) key = NULL;

      g_test_message ("%s%02x %s", rsa_keys[i].sign, rsa_keys[i].first, rsa_keys[i].exponent);
      memset (at, 0xFF, 256);
      *at = rsa_keys[i].first;
      g_assert_true (tocsin_hex_decode (rsa_keys[i].exponent, 2 * size, at + 256, size));
      pem = to_pem ("RSA PUBLIC KEY", der, 8 + n + size);
      key = tocsin_public_key_from_pem (pem, &error);
      if (rsa_keys[i].says == NULL)
        {
          g_assert_no_error (error);
          g_assert_cmpuint (tocsin_public_key_bits (key), ==, rsa_keys[i].bits);
          continue;
        }
      g_assert_null (key);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, rsa_keys[i].says);
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

/* Made for this test and good for nothing. */
#define PRIVATE(body) "-----BEGIN PRIVATE KEY-----\n" body "-----END PRIVATE KEY-----\n"
#define EC_P256                                                                                    \
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgeLobws3nAUDR+ebi\n"                             \
  "IZm7NWMhwGdqnM2lYqvayGPZGOehRANCAARhXIatL8z+lo/XnPoiO5B20wM+FUAe\n"                             \
  "ynicRPQ1kmE0Fr8gnHLhSNg68hHanmp6xUhUMhu1ZGZoIAc33hjqqN0i\n"
#define X25519 "MC4CAQAwBQYDK2VuBCIEILiQFYVzPIa2z5V2bnJIV88zGp5ZN0GMgOmuOb5o+RBu\n"
#define RSA_512                                                                                    \
  "MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEA7F2FNSjWhfhJWB1M\n"                             \
  "fSA0TMpUueiDprZc20reOKpzu1JysEfQF1cuw6flLSpIWo1geISVWlp9LteRuBM0\n"                             \
  "fEdEOQIDAQABAkEAm5LymorGqGdD3ztpnPIVenWyTqs7+/8MH0qn+aQ3iJL4BoEq\n"                             \
  "cO2tJfBZG7ZKhXFtPJGxdTVj+DGqY2Ad61GSAQIhAPsqbMlM1xhPMsO4O0NgMLaj\n"                             \
  "HlDjugQ/b+Od1U1+d6o7AiEA8OorQiAybPAavRy5PNZNjLGz25dw2GE5IvZ56BAj\n"                             \
  "8BsCIE7VQBPmtFSC9zILLz60gFWy2R8Wexo+NwZAUeTi3vhlAiApi9il8LOBge66\n"                             \
  "ikePrE13Y/XmerllN28JDoR7dr0b3QIgHrLK/SZrD2ULEjDyEMtDkO482q8lGiEu\n"                             \
  "gKa1YM9DVng=\n"
#define ENCRYPTED                                                                                  \
  "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"                                                        \
  "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjD5p4hUAF02QICA+gw\n"                             \
  "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEHTvYFATANXIHpnE5iEoXaYEQB0+\n"                             \
  "uD92kMmo5rSgoU43Z0dD1iA9FMaPZHh2yNiYrMACmd1qULRy8Ui8vVNKZPGvaRtD\n"                             \
  "3hQY7mTBaniYzMqfhHM=\n"                                                                         \
  "-----END ENCRYPTED PRIVATE KEY-----\n"

/* One that is encrypted is refused without a question to the terminal. */
static void
test_refused_private_keys (void)
{
  static const char unreadable[] = "Not the PEM text of an unencrypted private key";
  g_autofree char *longest = g_strnfill (16384, ' ');
  g_autofree char *too_long = g_strnfill (16385, ' ');
  const struct
  {
    const char *pem;
    const char *says;
  } cases[] = {
    { "", unreadable },
    { ENCRYPTED, unreadable },
    { "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", unreadable },
    { ed25519_pem, unreadable },
    { longest, unreadable },
    { too_long, "PEM text is too long" },
    { PRIVATE (EC_P256), "Private key is neither RSA nor Ed25519" },
    { PRIVATE (X25519), "Private key is neither RSA nor Ed25519" },
    { PRIVATE (RSA_512), "RSA key does not have 2048 to 4096 bits" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (tocsin_private_key_from_pem (cases[i].pem, strlen (cases[i].pem), &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, cases[i].says);
    }
}

static void
assert_not_loaded (const char *path, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *message = g_strconcat (path, ": ", says, NULL);

  g_assert_null (tocsin_private_key_load (path, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_refused_files (void)
{
  static const char too_open[] = "others than its owner may open it; give it mode 0600";
  g_autofree char *directory = g_dir_make_tmp ("tocsin-key-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "key.pem", NULL);
  g_autofree char *below = g_build_filename (path, "key.pem", NULL);
  g_autofree char *text = g_strnfill (16385, ' ');

  g_assert_true (g_file_set_contents_full (path, ed25519_private_pem, -1,
                                           G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  assert_not_loaded (below, "Not a directory");
  for (int mode = 0601; mode <= 0640; mode = mode == 0607 ? 0610 : mode + 1)
    {
      g_assert_cmpint (g_chmod (path, mode), ==, 0);
      if ((mode & 077) != 0)
        assert_not_loaded (path, too_open);
    }
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  g_assert_true (
      g_file_set_contents_full (path, text, 16385, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  assert_not_loaded (path, "is too long for a key");
  g_assert_true (
      g_file_set_contents_full (path, text, 16384, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  assert_not_loaded (path, "Not the PEM text of an unencrypted private key");
  g_assert_cmpint (g_unlink (path), ==, 0);

  /* A pipe that nobody writes to must not keep the node waiting. */
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  assert_not_loaded (path, "is not a regular file");
  g_assert_cmpint (g_unlink (path), ==, 0);
  assert_not_loaded (directory, "is not a regular file");
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

/* What a run that was cut short left is in nobody's way; a key that cannot be saved leaves
 * nothing. */
static void
test_saving (void)
{
  g_autofree char *directory = g_dir_make_tmp ("tocsin-key-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "key.pem", NULL);
  g_autofree char *left = g_build_filename (directory, "key.pem.new", NULL);
  g_autofree char *nowhere = g_build_filename (directory, "no", "key.pem", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_RSA, &error);
  g_autoptr (TocsinPrivateKey) loaded = NULL;
  struct rlimit before, limit;

  g_assert_no_error (error);
  g_assert_false (tocsin_private_key_save (key, nowhere, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_true (g_str_has_prefix (error->message, nowhere));
  g_clear_error (&error);

  /* No room for all of it. */
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 100;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_assert_false (tocsin_private_key_save (key, path, &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_clear_error (&error);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));

  g_assert_true (g_file_set_contents (left, "half a k", -1, NULL));
  g_assert_true (tocsin_private_key_save (key, path, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  loaded = tocsin_private_key_load (path, &error);
  g_assert_no_error (error);
  g_assert_true (tocsin_public_key_equal (tocsin_private_key_public (key),
                                          tocsin_private_key_public (loaded)));

  g_assert_false (tocsin_private_key_save (key, path, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
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
  g_test_add_func ("/key/spki", test_spki);
  g_test_add_func ("/key/pkcs1", test_pkcs1);
  g_test_add_func ("/key/refused-texts", test_refused_texts);
  g_test_add_func ("/key/generated", test_generated);
  g_test_add_func ("/key/files", test_files);
  g_test_add_func ("/key/refused-private-keys", test_refused_private_keys);
  g_test_add_func ("/key/refused-files", test_refused_files);
  g_test_add_func ("/key/saving", test_saving);
  return g_test_run ();
}
