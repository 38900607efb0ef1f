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
#define TOKEN_BYTES_MAX        256
#define ADMIN_TOKEN_FILE       "admin.token"
#define ADMIN_TOKEN_CREDENTIAL "tocsin.admin-token"

/* One set, never changed after it was published. */
typedef struct
{
  guint64 serial; /* no other set in this process has it */
  gsize n_tokens;
  TocsinToken tokens[];
} TokenSet;

/* A program presents the same token with every request: what this thread found it to be. */
typedef struct
{
  guint64 serial; /* of the set it was found in */
  char token[TOKEN_BYTES_MAX];
  gsize size;
  guint scopes;
  const char *name; /* (unowned) */
} Recent;

static _Thread_local Recent recent;

struct _TocsinAuth
{
  TokenSet *current; /* (unowned): read and swapped atomically */
  GPtrArray *sets;   /* (owned) (element-type TokenSet): all there ever were */
};

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
token_set_free (gpointer data)
{
  TokenSet *set = data;

  for (gsize i = 0; i < set->n_tokens; i++)
    g_free (set->tokens[i].name);
  g_free (set);
}

TocsinAuth *
tocsin_auth_new (void)
{
  TocsinAuth *self = g_new0 (TocsinAuth, 1);

  self->sets = g_ptr_array_new_with_free_func (token_set_free);
  tocsin_auth_replace (self, NULL, 0);
  return self;
}

void
tocsin_auth_free (TocsinAuth *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->sets);
  g_free (self);
}

void
tocsin_auth_replace (TocsinAuth *self, const TocsinToken *tokens, gsize n_tokens)
{
  static guint64 serials = 0;
  TokenSet *set = g_malloc0 (sizeof (TokenSet) + n_tokens * sizeof (TocsinToken));

  set->serial = __atomic_add_fetch (&serials, 1, __ATOMIC_RELAXED);
  set->n_tokens = n_tokens;
  for (gsize i = 0; i < n_tokens; i++)
    {
      set->tokens[i] = tokens[i];
      set->tokens[i].name = g_strdup (tokens[i].name);
    }
  g_ptr_array_add (self->sets, set);
  g_atomic_pointer_set (&self->current, set);
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
  const TokenSet *set = g_atomic_pointer_get (&((TocsinAuth *) self)->current);
  gsize size = strnlen (presented, TOKEN_BYTES_MAX + 1);
  const char *name = NULL;
  guint scopes = 0;

  if (recent.serial == set->serial && recent.size == size &&
      tocsin_equal_constant_time (recent.token, presented, size))
    {
      scopes = recent.scopes;
      name = recent.name;
    }
  else if (size <= TOKEN_BYTES_MAX)
    {
      scopes = find_token (set, presented, &name);
      if (scopes != 0)
        {
          recent = (Recent){ .serial = set->serial, .size = size, .scopes = scopes, .name = name };
          memcpy (recent.token, presented, size);
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

  if (authorization == NULL)
    return api_key;
  if (g_ascii_strncasecmp (authorization, "Bearer ", 7) != 0)
    return NULL;
  token = authorization + 7;
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
