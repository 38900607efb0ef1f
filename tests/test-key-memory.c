/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Where private keys lie in memory: once a key was read from its file, or made and written there,
 * and has signed, its secret is in locked memory that no core dump has, and nowhere else. What was
 * freed does not count: the test runs with an allocator that overwrites it (tests/meson.build),
 * since OpenSSL's decoder does not.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/key.h"
#include "skips.h"

#define NEEDLE_BYTES  24
#define PIECE_BYTES   65536
#define MASK          0xa5
#define REGION_MAX    (G_GUINT64_CONSTANT (1) << 30) /* a sanitizer's shadow is larger */
#define LOCKED_BYTES  (1024 * 1024)                  /* more than keys take */
#define LEFT_OUT_FLAG " dd"                          /* VmFlags: not in a core dump */
#define LOCKED_FLAG   " lo"                          /* VmFlags: never in swap space */

/* What is looked for. It is masked, or it would be found here. */
typedef struct
{
  guint8 masked[NEEDLE_BYTES];
  guint locked;   /* places that a core dump leaves out, and that are locked */
  guint unlocked; /* places that it leaves out, too, but are not */
  guint ordinary; /* others */
} Needle;

static guint8 piece[PIECE_BYTES + NEEDLE_BYTES];

/* Of the C library, in whose place libsodium calls this: sanitizers have one that does nothing. */
int
mlock (const void *at, size_t size)
{
  return (int) syscall (SYS_mlock, at, size);
}

/* ---- a key, and what its secret is, by another process: nothing of it is in ours ---- */

static gboolean
read_secret (EVP_PKEY *key, guint8 *out, gsize size)
{
  g_autofree guint8 *bytes = g_malloc (size);
  BIGNUM *d = NULL;

  if (EVP_PKEY_get_base_id (key) == EVP_PKEY_ED25519)
    return EVP_PKEY_get_raw_private_key (key, out, &size) == 1;
  /* Numbers lie in memory with the lowest byte first. */
  return EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_RSA_D, &d) == 1 &&
         BN_bn2lebinpad (d, out, (int) size) == (int) size;
}

static EVP_PKEY *
make_key (TocsinKeyKind kind, const char *path)
{
  EVP_PKEY *key = kind == TOCSIN_KEY_RSA ? EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t) 3072)
                                         : EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
  FILE *file = fopen (path, "w");
  gboolean ok = key != NULL && file != NULL && g_chmod (path, 0600) == 0 &&
                PEM_write_PKCS8PrivateKey (file, key, NULL, NULL, 0, NULL, NULL) == 1;

  return file != NULL && fclose (file) == 0 && ok ? key : NULL;
}

static EVP_PKEY *
read_key (const char *path)
{
  FILE *file = fopen (path, "r");
  EVP_PKEY *key = file != NULL ? PEM_read_PrivateKey (file, NULL, NULL, NULL) : NULL;

  return file != NULL && fclose (file) == 0 ? key : NULL;
}

/* Of the key in the file, which is made where there is none. */
static int
tell_secret (TocsinKeyKind kind, const char *path, int out)
{
  EVP_PKEY *key = g_file_test (path, G_FILE_TEST_EXISTS) ? read_key (path) : make_key (kind, path);
  guint8 secret[512] = { 0 };

  if (key == NULL || !read_secret (key, secret, kind == TOCSIN_KEY_RSA ? 384 : 32))
    return 1;
  for (guint i = 0; i < NEEDLE_BYTES; i++)
    secret[i] ^= MASK;
  return write (out, secret, NEEDLE_BYTES) == NEEDLE_BYTES ? 0 : 1;
}

static void
look_elsewhere (TocsinKeyKind kind, const char *path, Needle *needle)
{
  int ends[2], status = -1;
  pid_t pid;

  *needle = (Needle){ 0 };
  g_assert_cmpint (pipe (ends), ==, 0);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    _exit (tell_secret (kind, path, ends[1]));
  g_assert_cmpint (read (ends[0], needle->masked, NEEDLE_BYTES), ==, NEEDLE_BYTES);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  close (ends[0]);
  close (ends[1]);
}

/* ---- the search ---- */

static gboolean
is_here (const Needle *needle, const guint8 *at)
{
  for (guint i = 0; i < NEEDLE_BYTES; i++)
    if ((at[i] ^ MASK) != needle->masked[i])
      return FALSE;
  return TRUE;
}

/* Where the secret may begin: at the next byte that is its first one. */
static const guint8 *
next_place (const Needle *needle, const guint8 *from, const guint8 *end)
{
  return from < end ? memchr (from, needle->masked[0] ^ MASK, (gsize) (end - from)) : NULL;
}

static void
search_region (Needle *needle, int memory, guint64 from, guint64 to, const char *flags)
{
  guint64 own = (guint64) (gsize) piece;
  gboolean left_out = strstr (flags, LEFT_OUT_FLAG) != NULL;
  gboolean locked = strstr (flags, LOCKED_FLAG) != NULL;

  for (guint64 start = from; start < to; start += PIECE_BYTES)
    {
      gssize got = pread (memory, piece, MIN (sizeof piece, to - start), (off_t) start);
      const guint8 *end = piece + MAX (0, MIN (PIECE_BYTES, got - NEEDLE_BYTES + 1));
      const guint8 *place = piece;

      for (; (place = next_place (needle, place, end)) != NULL; place++)
        {
          guint64 at = start + (guint64) (place - piece);

          if ((at >= own && at < own + sizeof piece) || !is_here (needle, place))
            continue;
          g_test_message ("at %" G_GINT64_MODIFIER "x, %s", at, flags);
          needle->locked += left_out && locked;
          needle->unlocked += left_out && !locked;
          needle->ordinary += !left_out;
        }
    }
}

/* Looks through all memory that this process has to itself. */
static void
search (Needle *needle)
{
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;
  guint64 from = 0, to = 0;
  int memory = g_open ("/proc/self/mem", O_RDONLY | O_CLOEXEC, 0);

  g_assert_cmpint (memory, >=, 0);
  g_assert_true (g_file_get_contents ("/proc/self/smaps", &maps, NULL, NULL));
  lines = g_strsplit (maps, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *end = NULL;
      guint64 first = g_ascii_strtoull (lines[i], &end, 16);

      if (end != lines[i] && *end == '-')
        {
          from = first;
          to = g_ascii_strtoull (end + 1, &end, 16);
          if (!g_str_has_prefix (end, " r") || to - from > REGION_MAX ||
              (!g_str_has_prefix (end, " rw") && strchr (end, '/') != NULL))
            to = from;
        }
      else if (g_str_has_prefix (lines[i], "VmFlags:"))
        search_region (needle, memory, from, to, lines[i]);
    }
  close (memory);
}

/* As a node does that starts for the first time, or whose operator has its key changed. */
static TocsinPrivateKey *
make (TocsinKeyKind kind, const char *path, GError **error)
{
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (kind, error);

  if (key == NULL || !tocsin_private_key_save (key, path, error))
    return NULL;
  return g_steal_pointer (&key);
}

typedef struct
{
  const char *name;
  TocsinKeyKind kind;
  gboolean made; /* %FALSE: read */
} Case;

static const Case cases[] = {
  { "/key-memory/ed25519/read", TOCSIN_KEY_ED25519, FALSE },
  { "/key-memory/ed25519/made", TOCSIN_KEY_ED25519, TRUE },
  { "/key-memory/rsa/read", TOCSIN_KEY_RSA, FALSE },
  { "/key-memory/rsa/made", TOCSIN_KEY_RSA, TRUE },
};

static void
test_memory (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("tocsin-key-XXXXXX", &error);
  g_autofree char *path = g_build_filename (dir, "key.pem", NULL);
  g_autoptr (TocsinPrivateKey) key = NULL;
  g_autoptr (GBytes) signature = NULL;
  struct rlimit may_lock = { 0 };
  Needle needle;

#ifdef __SANITIZE_THREAD__
  g_test_skip ("ThreadSanitizer's allocator keeps what is freed");
  return;
#endif
  if (one->made)
    key = make (one->kind, path, &error);
  g_assert_no_error (error);
  look_elsewhere (one->kind, path, &needle);
  if (!one->made)
    key = tocsin_private_key_load (path, &error);
  g_assert_no_error (error);
  signature = tocsin_private_key_sign (key, "abc", 3, &error);
  g_assert_no_error (error);
  g_assert_nonnull (signature);
  search (&needle);
  g_assert_cmpuint (needle.locked + needle.unlocked, >=, 1);
  g_assert_cmpuint (needle.ordinary, ==, 0);
  g_assert_cmpint (getrlimit (RLIMIT_MEMLOCK, &may_lock), ==, 0);
  if (may_lock.rlim_cur < LOCKED_BYTES)
    skip_test ("a process may not lock as much memory here");
  else
    g_assert_cmpuint (needle.unlocked, ==, 0);

  g_clear_pointer (&key, tocsin_private_key_free);
  needle.locked = needle.unlocked = needle.ordinary = 0;
  search (&needle);
  g_assert_cmpuint (needle.locked + needle.unlocked + needle.ordinary, ==, 0);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].name, &cases[i], test_memory);
  return g_test_run ();
}
