/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "core/error.h"
#include "core/hash.h"

#define TOKEN_RANDOM_BYTES     32
#define BASIC_MAX_BYTES        1024
#define BEARER                 "Bearer"
#define TOKEN_BYTES_MAX        256
#define ADMIN_TOKEN_FILE       "admin.token"
#define ADMIN_TOKEN_CREDENTIAL "tocsin.admin-token"

/* One set, never changed after it was published. */
typedef struct
{
  gint refs; /* atomic: the TocsinAuth has one, and each thread that looked a token up in it last */
  gsize n_tokens;
  TocsinToken tokens[];
} TokenSet;

/* A program presents the same token with every request: what this thread found it to be, and the
 * set it found that in, which lives as long as the thread goes by it. */
typedef struct
{
  TokenSet *set; /* (owned) (nullable) */
  char token[TOKEN_BYTES_MAX];
  gsize size;
  guint scopes;     /* 0: nothing was found in @set yet */
  const char *name; /* (unowned) in @set */
} Recent;

struct _TocsinAuth
{
  TokenSet *current;   /* (owned): read and swapped atomically */
  gint n_entering;     /* atomic: threads that may be about to count themselves in the set they read
                        * from @current */
  GPtrArray *replaced; /* (owned) (element-type TokenSet): while somebody was entering */
};

static gint n_sets; /* atomic */

static const struct
{
  const char *name;
  TocsinScope scope;
} scope_names[] = {
  { "check", TOCSIN_SCOPE_CHECK },   { "range", TOCSIN_SCOPE_RANGE },
  { "report", TOCSIN_SCOPE_REPORT }, { "stream", TOCSIN_SCOPE_STREAM },
  { "admin", TOCSIN_SCOPE_ADMIN },   { "metrics", TOCSIN_SCOPE_METRICS },
};

static void
token_set_unref (gpointer data)
{
  TokenSet *set = data;

  if (!g_atomic_int_dec_and_test (&set->refs))
    return;
  for (gsize i = 0; i < set->n_tokens; i++)
    g_free (set->tokens[i].name);
  g_free (set);
  g_atomic_int_add (&n_sets, -1);
}

static void
recent_free (gpointer data)
{
  Recent *recent = data;

  g_clear_pointer (&recent->set, token_set_unref);
  explicit_bzero (recent->token, sizeof recent->token);
  g_free (recent);
}

static GPrivate recent_key = G_PRIVATE_INIT (recent_free);

TocsinAuth *
tocsin_auth_new (void)
{
  TocsinAuth *self = g_new0 (TocsinAuth, 1);

  self->replaced = g_ptr_array_new_with_free_func (token_set_unref);
  tocsin_auth_replace (self, NULL, 0);
  return self;
}

void
tocsin_auth_free (TocsinAuth *self)
{
  if (self == NULL)
    return;
  token_set_unref (self->current);
  g_ptr_array_unref (self->replaced);
  g_free (self);
}

guint
tocsin_auth_count_sets (void)
{
  return (guint) g_atomic_int_get (&n_sets);
}

void
tocsin_auth_replace (TocsinAuth *self, const TocsinToken *tokens, gsize n_tokens)
{
  TokenSet *set = g_malloc0 (sizeof (TokenSet) + n_tokens * sizeof (TocsinToken));

  set->refs = 1;
  set->n_tokens = n_tokens;
  for (gsize i = 0; i < n_tokens; i++)
    {
      set->tokens[i] = tokens[i];
      set->tokens[i].name = g_strdup (tokens[i].name);
    }
  g_atomic_int_inc (&n_sets);
  if (self->current != NULL)
    g_ptr_array_add (self->replaced, self->current);
  g_atomic_pointer_set (&self->current, set);
  /* Whoever enters from here on finds the new set, and whoever has one of those before has counted
   * itself in it. Else the next replacement looks again. */
  if (g_atomic_int_get (&self->n_entering) == 0)
    g_ptr_array_set_size (self->replaced, 0);
}

/* Returns: (transfer full): the set in force */
static TokenSet *
enter (TocsinAuth *self)
{
  TokenSet *set;

  g_atomic_int_inc (&self->n_entering);
  set = g_atomic_pointer_get (&self->current);
  g_atomic_int_inc (&set->refs);
  g_atomic_int_add (&self->n_entering, -1);
  return set;
}

/* Returns: (transfer none): what this thread found last, in the set in force. Only the first lookup
 * after a replacement writes what other threads read. */
static Recent *
get_recent (TocsinAuth *self)
{
  Recent *recent = g_private_get (&recent_key);

  if (G_UNLIKELY (recent == NULL))
    {
      recent = g_new0 (Recent, 1);
      g_private_set (&recent_key, recent);
    }
  /* No other set can be where one is that this thread holds. */
  if (G_UNLIKELY (recent->set != g_atomic_pointer_get (&self->current)))
    {
      g_clear_pointer (&recent->set, token_set_unref);
      recent->set = enter (self);
      recent->scopes = 0;
      explicit_bzero (recent->token, sizeof recent->token);
    }
  return recent;
}

static guint
find_token (const TokenSet *set, const char *presented, const char **out_name)
{
  guint8 hash[TOCSIN_TOKEN_HASH_BYTES];
  guint scopes = 0;

  *out_name = NULL;
  tocsin_auth_token_hash (presented, hash);
  /* No break: which one matched must not show in the time. */
  for (gsize i = 0; i < set->n_tokens; i++)
    if (tocsin_equal_constant_time (hash, set->tokens[i].hash, sizeof hash))
      {
        scopes = set->tokens[i].scopes;
        *out_name = set->tokens[i].name;
      }
  return (scopes & TOCSIN_SCOPE_ADMIN) != 0 ? TOCSIN_SCOPE_ALL : scopes;
}

guint
tocsin_auth_lookup (const TocsinAuth *self, const char *presented, const char **out_name)
{
  Recent *recent = get_recent ((TocsinAuth *) self);
  gsize size = strnlen (presented, TOKEN_BYTES_MAX + 1);
  const char *name = NULL;
  guint scopes = 0;

  if (recent->scopes != 0 && recent->size == size &&
      tocsin_equal_constant_time (recent->token, presented, size))
    {
      scopes = recent->scopes;
      name = recent->name;
    }
  else if (size <= TOKEN_BYTES_MAX)
    {
      scopes = find_token (recent->set, presented, &name);
      if (scopes != 0)
        {
          recent->size = size;
          recent->scopes = scopes;
          recent->name = name;
          memcpy (recent->token, presented, size);
        }
    }
  if (out_name != NULL)
    *out_name = name;
  return scopes;
}

const char *
tocsin_auth_presented (const char *authorization, const char *api_key)
{
  const char *token;

  if (authorization == NULL || g_ascii_strncasecmp (authorization, BEARER, strlen (BEARER)) != 0)
    return api_key;
  token = authorization + strlen (BEARER);
  if (*token != '\0' && *token != ' ')
    return api_key;
  while (*token == ' ')
    token++;
  return token;
}

char *
tocsin_auth_basic (const char *authorization)
{
  g_autofree char *decoded = NULL;
  const char *colon;
  gsize size;

  if (authorization == NULL || g_ascii_strncasecmp (authorization, "Basic ", 6) != 0 ||
      strlen (authorization) > BASIC_MAX_BYTES)
    return NULL;
  decoded = (char *) g_base64_decode (authorization + 6, &size);
  colon = decoded != NULL ? memchr (decoded, ':', size) : NULL;
  return colon != NULL ? g_strndup (colon + 1, (gsize) (decoded + size - colon - 1)) : NULL;
}

char *
tocsin_auth_token_new (void)
{
  guint8 random[TOKEN_RANDOM_BYTES];
  g_autofree char *base64 = NULL;

  tocsin_random_bytes (random, sizeof random);
  base64 = g_base64_encode (random, sizeof random);
  g_strdelimit (base64, "+", '-');
  g_strdelimit (base64, "/", '_');
  g_strdelimit (base64, "=", '\0');
  return g_strconcat (TOCSIN_TOKEN_PREFIX, base64, NULL);
}

void
tocsin_auth_token_hash (const char *token, guint8 out[TOCSIN_TOKEN_HASH_BYTES])
{
  tocsin_sha256 (token, strlen (token), out);
}

gboolean
tocsin_auth_scopes_parse (const char *names, guint *out, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (names, ", ", -1);
  guint scopes = 0;

  for (gsize i = 0; words[i] != NULL; i++)
    {
      gsize k = 0;

      if (words[i][0] == '\0')
        continue;
      while (k < G_N_ELEMENTS (scope_names) && strcmp (scope_names[k].name, words[i]) != 0)
        k++;
      if (k == G_N_ELEMENTS (scope_names))
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "“%.32s” is not a scope",
                       words[i]);
          return FALSE;
        }
      scopes |= scope_names[k].scope;
    }
  if (scopes == 0)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "No scope was named");
      return FALSE;
    }
  *out = scopes;
  return TRUE;
}

/* Returns: (transfer full): names separated by commas, in the order of the documentation */
char *
tocsin_auth_scopes_format (guint scopes)
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (scope_names); i++)
    if ((scopes & scope_names[i].scope) != 0)
      g_string_append_printf (out, "%s%s", out->len > 0 ? "," : "", scope_names[i].name);
  return g_string_free (out, FALSE);
}

static gboolean
looks_like_token (const char *text)
{
  gsize len = strlen (text);
  gsize prefix = strlen (TOCSIN_TOKEN_PREFIX);

  return g_str_has_prefix (text, TOCSIN_TOKEN_PREFIX) && len >= prefix + 32 &&
         len <= TOKEN_BYTES_MAX &&
         strspn (text + prefix,
                 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
             len - prefix;
}

static char *
read_admin_token (const char *path, GError **error)
{
  g_autofree char *token = NULL;

  if (!g_file_get_contents (path, &token, NULL, error))
    return NULL;
  g_strchomp (token);
  if (!looks_like_token (token))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s does not hold a token", path);
      return NULL;
    }
  return g_steal_pointer (&token);
}

char *
tocsin_auth_ensure_admin_token (const char *dir, GError **error)
{
  const char *credentials = g_getenv ("CREDENTIALS_DIRECTORY"); /* systemd.exec(5) */
  g_autofree char *path = g_build_filename (dir, ADMIN_TOKEN_FILE, NULL);
  g_autofree char *handed =
      credentials != NULL ? g_build_filename (credentials, ADMIN_TOKEN_CREDENTIAL, NULL) : NULL;
  g_autofree char *token = NULL;
  g_autofree char *line = NULL;
  struct stat status;

  if (handed != NULL && g_file_test (handed, G_FILE_TEST_EXISTS))
    return read_admin_token (handed, error);
  if (g_stat (path, &status) != 0)
    {
      token = tocsin_auth_token_new ();
      line = g_strconcat (token, "\n", NULL);
      if (!g_file_set_contents_full (path, line, -1,
                                     G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                     0600, error))
        return NULL;
      return g_steal_pointer (&token);
    }
  if ((status.st_mode & 0077) != 0 && g_chmod (path, 0600) != 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
                   "%s may be read by others, and that cannot be changed: %s", path,
                   g_strerror (errno));
      return NULL;
    }
  return read_admin_token (path, error);
}
