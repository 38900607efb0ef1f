/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <errno.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "core/error.h"
#include "http/auth.h"

static void
test_lookup (void)
{
  g_autoptr (TocsinAuth) auth = tocsin_auth_new ();
  TocsinToken tokens[2] = { { (char *) "reader", { 0 }, TOCSIN_SCOPE_CHECK | TOCSIN_SCOPE_RANGE },
                            { (char *) "root", { 0 }, TOCSIN_SCOPE_ADMIN } };
  g_autofree char *endless = g_strnfill (100000, 'x');
  const char *name = NULL;

  g_assert_cmpuint (tocsin_auth_lookup (auth, "a", NULL), ==, 0);
  tocsin_auth_token_hash ("a", tokens[0].hash);
  tocsin_auth_token_hash ("b", tokens[1].hash);
  tocsin_auth_replace (auth, tokens, 2);
  g_assert_cmpuint (tocsin_auth_lookup (auth, "a", &name), ==,
                    TOCSIN_SCOPE_CHECK | TOCSIN_SCOPE_RANGE);
  g_assert_cmpstr (name, ==, "reader");
  g_assert_cmpuint (tocsin_auth_lookup (auth, "b", NULL), ==, TOCSIN_SCOPE_ALL);
  g_assert_cmpuint (tocsin_auth_lookup (auth, "", NULL), ==, 0);
  g_assert_cmpuint (tocsin_auth_lookup (auth, endless, NULL), ==, 0);

  tocsin_auth_replace (auth, tokens + 1, 1);
  g_assert_cmpuint (tocsin_auth_lookup (auth, "a", NULL), ==, 0);
}

static void
test_presented (void)
{
  g_assert_cmpstr (tocsin_auth_presented ("Bearer abc", "key"), ==, "abc");
  g_assert_cmpstr (tocsin_auth_presented ("bearer  abc", NULL), ==, "abc");
  g_assert_cmpstr (tocsin_auth_presented (NULL, "key"), ==, "key");
  g_assert_cmpstr (tocsin_auth_presented ("Bearer", "key"), ==, "");
  g_assert_cmpstr (tocsin_auth_presented ("Bearer ", "key"), ==, "");
  g_assert_cmpstr (tocsin_auth_presented ("Basic abc", "key"), ==, "key");
  g_assert_cmpstr (tocsin_auth_presented ("Bearers abc", "key"), ==, "key");
  g_assert_cmpstr (tocsin_auth_presented ("", "key"), ==, "key");
  g_assert_null (tocsin_auth_presented ("Basic abc", NULL));
  g_assert_null (tocsin_auth_presented (NULL, NULL));
}

static void
test_basic (void)
{
  static const struct
  {
    const char *authorization;
    const char *password;
  } vectors[] = {
    { "Basic YW55b25lOnRva2VuOjE=", "token:1" }, /* anyone:token:1 */
    { "basic OnRva2Vu", "token" },               /* :token */
    { "Basic YW55b25l", NULL },                  /* anyone */
    { "Basic ", NULL },
    { "Bearer YW55b25lOnRva2Vu", NULL },
    { NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *password = tocsin_auth_basic (vectors[i].authorization);

      g_assert_cmpstr (password, ==, vectors[i].password);
    }
}

static void
test_scopes (void)
{
  g_autoptr (GError) unknown = NULL;
  g_autoptr (GError) empty = NULL;
  g_autofree char *names = NULL;
  guint scopes = 0;

  g_assert_true (tocsin_auth_scopes_parse ("stream, check", &scopes, NULL));
  g_assert_cmpuint (scopes, ==, TOCSIN_SCOPE_CHECK | TOCSIN_SCOPE_STREAM);
  names = tocsin_auth_scopes_format (scopes);
  g_assert_cmpstr (names, ==, "check,stream");
  g_assert_false (tocsin_auth_scopes_parse ("check,root", &scopes, &unknown));
  g_assert_error (unknown, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_false (tocsin_auth_scopes_parse (" ,", &scopes, &empty));
  g_assert_error (empty, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
}

static void
test_admin_token (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("tocsin-auth-XXXXXX", &error);
  g_autofree char *path = g_build_filename (dir, "admin.token", NULL);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;
  struct stat status;

  g_assert_no_error (error);
  first = tocsin_auth_ensure_admin_token (dir, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (first, "tocsin_"));
  g_assert_cmpuint (strlen (first), ==, strlen ("tocsin_") + 43);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);

  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  second = tocsin_auth_ensure_admin_token (dir, &error);
  g_assert_cmpstr (second, ==, first);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);

  g_assert_true (g_file_set_contents (path, "tocsin_short\n", -1, NULL));
  third = tocsin_auth_ensure_admin_token (dir, &error);
  g_assert_null (third);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_unlink (path);
  g_rmdir (dir);
}

/* As systemd hands it over: no file is made beside it, and a bad one is told, not replaced. */
static void
test_admin_credential (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("tocsin-auth-XXXXXX", &error);
  g_autofree char *handed = g_build_filename (dir, "tocsin.admin-token", NULL);
  g_autofree char *path = g_build_filename (dir, "admin.token", NULL);
  g_autofree char *own = tocsin_auth_token_new ();
  g_autofree char *line = g_strconcat (own, "\n", NULL);
  g_autofree char *token = NULL;
  g_autofree char *bad = NULL;

  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (handed, line, -1, NULL));
  g_setenv ("CREDENTIALS_DIRECTORY", dir, TRUE);
  token = tocsin_auth_ensure_admin_token (dir, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (token, ==, own);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));

  g_assert_true (g_file_set_contents (handed, "letmein\n", -1, NULL));
  bad = tocsin_auth_ensure_admin_token (dir, &error);
  g_assert_null (bad);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  g_unlink (handed);
  g_rmdir (dir);
}

/* What is remembered of the last token says nothing once the tokens are others, nor of another. */
static void
test_lookup_again (void)
{
  TocsinAuth *auth = tocsin_auth_new ();
  g_autofree char *text = tocsin_auth_token_new ();
  g_autofree char *longer = g_strconcat (text, "x", NULL);
  g_autofree char *other = g_strdup (text);
  TocsinToken token = { .name = (char *) "one", .scopes = TOCSIN_SCOPE_CHECK };
  const char *name = NULL;

  other[strlen (other) - 1] ^= 1;
  tocsin_auth_token_hash (text, token.hash);
  tocsin_auth_replace (auth, &token, 1);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpuint (tocsin_auth_lookup (auth, text, &name), ==, TOCSIN_SCOPE_CHECK);
      g_assert_cmpstr (name, ==, "one");
      g_assert_cmpuint (tocsin_auth_lookup (auth, other, &name), ==, 0);
      g_assert_null (name);
      g_assert_cmpuint (tocsin_auth_lookup (auth, longer, NULL), ==, 0);
      g_assert_cmpuint (tocsin_auth_lookup (auth, "", NULL), ==, 0);
    }

  token.scopes = TOCSIN_SCOPE_RANGE;
  token.name = (char *) "two";
  tocsin_auth_replace (auth, &token, 1);
  g_assert_cmpuint (tocsin_auth_lookup (auth, text, &name), ==, TOCSIN_SCOPE_RANGE);
  g_assert_cmpstr (name, ==, "two");
  tocsin_auth_replace (auth, NULL, 0);
  g_assert_cmpuint (tocsin_auth_lookup (auth, text, NULL), ==, 0);
  tocsin_auth_free (auth);

  auth = tocsin_auth_new ();
  g_assert_cmpuint (tocsin_auth_lookup (auth, text, NULL), ==, 0);
  tocsin_auth_free (auth);
}

/* ---- how many sets there are ---- */

#define N_REPLACEMENTS 1000
#define N_READERS      4

typedef struct
{
  TocsinAuth *auth;
  GThread *threads[N_READERS];
  gint n_ready; /* atomic: readers that have looked a token up */
  gint stop;    /* atomic */
} Readers;

/* Sets of one token, whose name says which it is. */
static void
replace_numbered (TocsinAuth *auth, guint number)
{
  g_autofree char *name = g_strdup_printf ("token-%u", number);
  TocsinToken token = { .name = name, .scopes = TOCSIN_SCOPE_CHECK };

  tocsin_auth_token_hash ("tocsin_text", token.hash);
  tocsin_auth_replace (auth, &token, 1);
}

static void
look_up (TocsinAuth *auth)
{
  const char *name = NULL;

  g_assert_cmpuint (tocsin_auth_lookup (auth, "tocsin_text", &name), ==, TOCSIN_SCOPE_CHECK);
  g_assert_true (g_str_has_prefix (name, "token-"));
}

static gpointer
read_once (gpointer data)
{
  look_up (data);
  return NULL;
}

static gpointer
read_on (gpointer data)
{
  Readers *readers = data;

  look_up (readers->auth);
  g_atomic_int_inc (&readers->n_ready);
  while (g_atomic_int_get (&readers->stop) == 0)
    look_up (readers->auth);
  return NULL;
}

/* A thread that holds no set yet. */
static gpointer
replace_and_read (gpointer data)
{
  TocsinAuth *auth = data;
  guint n_before = tocsin_auth_count_sets ();
  const char *name = NULL;

  for (guint i = 0; i < N_REPLACEMENTS; i++)
    {
      replace_numbered (auth, i);
      g_assert_cmpuint (tocsin_auth_count_sets (), ==, n_before);
    }
  g_assert_cmpuint (tocsin_auth_lookup (auth, "tocsin_text", &name), ==, TOCSIN_SCOPE_CHECK);
  for (guint i = 0; i < N_REPLACEMENTS; i++)
    {
      replace_numbered (auth, i);
      /* What this thread looked up is what it was. */
      g_assert_cmpstr (name, ==, "token-999");
      g_assert_cmpuint (tocsin_auth_count_sets (), ==, n_before + 1);
    }
  look_up (auth);
  g_assert_cmpuint (tocsin_auth_count_sets (), ==, n_before);
  for (guint i = 0; i < N_READERS; i++)
    {
      g_thread_join (g_thread_new ("reader", read_once, auth));
      replace_numbered (auth, i);
      g_assert_cmpuint (tocsin_auth_count_sets (), ==, n_before + 1);
    }
  return NULL;
}

/* A set is kept by the thread that looked it up, until that looks again or ends. */
static void
test_replaced_sets_go (void)
{
  guint n_before = tocsin_auth_count_sets ();
  TocsinAuth *auth = tocsin_auth_new ();

  g_thread_join (g_thread_new ("replacer", replace_and_read, auth));
  g_assert_cmpuint (tocsin_auth_count_sets (), ==, n_before + 1);
  tocsin_auth_free (auth);
  g_assert_cmpuint (tocsin_auth_count_sets (), ==, n_before);
}

/* Beside those that readers have, there is the one in force and what came while some were entering:
 * that goes with the next replacement that finds none. */
static void
test_replaced_beside_readers (void)
{
  guint n_before = tocsin_auth_count_sets ();
  Readers readers = { .auth = tocsin_auth_new () };

  replace_numbered (readers.auth, 0);
  for (guint i = 0; i < N_READERS; i++)
    readers.threads[i] = g_thread_new ("reader", read_on, &readers);
  while (g_atomic_int_get (&readers.n_ready) < N_READERS)
    g_thread_yield ();
  for (guint i = 0; i < N_REPLACEMENTS; i++)
    replace_numbered (readers.auth, i);
  g_atomic_int_set (&readers.stop, 1);
  for (guint i = 0; i < N_READERS; i++)
    g_thread_join (readers.threads[i]);
  replace_numbered (readers.auth, 0);
  g_assert_cmpuint (tocsin_auth_count_sets (), ==, n_before + 1);
  tocsin_auth_free (readers.auth);
  g_assert_cmpuint (tocsin_auth_count_sets (), ==, n_before);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/lookup", test_lookup);
  g_test_add_func ("/auth/lookup-again", test_lookup_again);
  g_test_add_func ("/auth/presented", test_presented);
  g_test_add_func ("/auth/basic", test_basic);
  g_test_add_func ("/auth/scopes", test_scopes);
  g_test_add_func ("/auth/admin-token", test_admin_token);
  g_test_add_func ("/auth/admin-credential", test_admin_credential);
  g_test_add_func ("/auth/replaced-sets-go", test_replaced_sets_go);
  g_test_add_func ("/auth/replaced-beside-readers", test_replaced_beside_readers);
  return g_test_run ();
}
