/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Which peer is meant by an ACTOR on the command line: its URL, acct:user@host, @user@host,
 * user@host, or a host where only one peer lives.
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include "cli/actor-ref.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/terminal.h"
#include "core/error.h"

static JsonArray *
load_peers (TocsinControl *control, JsonNode **node, GError **error)
{
  g_autoptr (GBytes) answer = tocsin_control_call (control, "GET", "/v1/peers", NULL, error);
  JsonArray *peers;

  *node = answer != NULL ? tocsin_control_parse (control, answer, error) : NULL;
  if (*node == NULL)
    return NULL;
  peers = tocsin_answer_array (json_node_get_object (*node), "peers");
  if (peers == NULL)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                         _ ("The node's list of peers is not understood"));
  return peers;
}

/* Host and, where it is not the scheme's own, port: "b.example", "127.0.0.1:8478". */
static char *
host_of (const char *uri)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_SCHEME_NORMALIZE, NULL);
  const char *host = parsed != NULL ? g_uri_get_host (parsed) : NULL;
  gboolean is_v6 = host != NULL && strchr (host, ':') != NULL;
  int port = parsed != NULL ? g_uri_get_port (parsed) : -1;

  if (host == NULL)
    return g_strdup ("");
  if (port == -1 || port == (g_str_equal (g_uri_get_scheme (parsed), "http") ? 80 : 443))
    return g_strdup_printf (is_v6 ? "[%s]" : "%s", host);
  return g_strdup_printf (is_v6 ? "[%s]:%d" : "%s:%d", host, port);
}

/* "acct:", "@" and nothing are the same before user@host. */
static const char *
bare_account (const char *text)
{
  /* Not g_str_has_prefix(): with it, inlined, gcc 14 warns of a NULL that cannot be. */
  if (strncmp (text, "acct:", strlen ("acct:")) == 0)
    text += strlen ("acct:");
  return *text == '@' ? text + 1 : text;
}

typedef struct
{
  const char *actor;
  const char *account; /* (nullable) as WebFinger confirmed it, which follows a Follow */
  char *claimed;       /* (owned) (nullable) of the name that it gives itself, and its host */
  char *host;          /* (owned) */
} Known;

static void
known_clear (gpointer data)
{
  g_free (((Known *) data)->claimed);
  g_free (((Known *) data)->host);
}

/* The name is whatever the peer's document says: one that nobody can type, or that would do
 * something to a terminal, is none. */
static char *
claimed_account (const char *name, const char *host)
{
  if (name == NULL || *name == '\0' || *host == '\0')
    return NULL;
  for (const char *c = name; *c != '\0'; c = g_utf8_next_char (c))
    if (!g_unichar_isgraph (g_utf8_get_char (c)) || strchr ("@/:", *c) != NULL)
      return NULL;
  return g_strconcat (name, "@", host, NULL);
}

static GArray *
known_from (JsonArray *peers)
{
  GArray *list = g_array_new (FALSE, TRUE, sizeof (Known));

  g_array_set_clear_func (list, known_clear);
  for (guint i = 0; i < json_array_get_length (peers); i++)
    {
      JsonNode *node = json_array_get_element (peers, i);
      Known known = { 0 };

      if (!JSON_NODE_HOLDS_OBJECT (node))
        continue;
      known.actor = tocsin_answer_string (json_node_get_object (node), "actor");
      known.account = tocsin_answer_string (json_node_get_object (node), "acct");
      if (known.actor == NULL)
        continue;
      known.host = host_of (known.actor);
      known.claimed = claimed_account (
          tocsin_answer_string (json_node_get_object (node), "preferred_username"), known.host);
      if (known.account != NULL)
        known.account = bare_account (known.account);
      g_array_append_val (list, known);
    }
  return list;
}

static char **
names_of (const GArray *list)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < list->len; i++)
    {
      const Known *known = &g_array_index (list, Known, i);

      g_strv_builder_add (names, known->actor);
      if (known->account != NULL && *known->account != '\0')
        g_strv_builder_add (names, known->account);
      else if (known->claimed != NULL)
        g_strv_builder_add (names, known->claimed);
      g_strv_builder_add (names, known->host);
    }
  return g_strv_builder_end (names);
}

static gboolean
matches (const Known *known, const char *typed)
{
  const char *bare = bare_account (typed);

  if (strstr (typed, "://") != NULL)
    return g_str_equal (known->actor, typed);
  if (strchr (bare, '@') != NULL)
    return known->account != NULL && g_ascii_strcasecmp (known->account, bare) == 0;
  return g_ascii_strcasecmp (known->host, bare) == 0;
}

static gboolean
claims (const Known *known, const char *typed)
{
  return known->claimed != NULL && g_ascii_strcasecmp (known->claimed, bare_account (typed)) == 0;
}

/* The one that @fits, or NULL; NULL with @error if there are several. */
static const Known *
find (const GArray *list,
      const char *typed,
      gboolean (*fits) (const Known *known, const char *typed),
      GError **error)
{
  const Known *found = NULL;

  for (guint i = 0; i < list->len; i++)
    {
      const Known *known = &g_array_index (list, Known, i);

      if (!fits (known, typed))
        continue;
      if (found != NULL && !g_str_equal (found->actor, known->actor))
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       _ ("“%s” may be %s or %s; type the one you mean"), typed, found->actor,
                       known->actor);
          return NULL;
        }
      found = known;
    }
  return found;
}

static void
set_unknown (const GArray *list, const char *typed, GError **error)
{
  g_auto (GStrv) names = names_of (list);
  g_autofree char *clean = tocsin_text_clean (typed);
  const char *near = tocsin_text_closest (bare_account (typed), (const char *const *) names);

  if (near != NULL)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                 _ ("There is no peer “%s”; did you mean “%s”?"), clean, near);
  else
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, _ ("There is no peer “%s”"), clean);
}

/**
 * tocsin_actor_ref_resolve:
 * @control: the node whose peers are meant
 * @typed: an ACTOR
 * @may_be_new: whether a URL may be of someone whom the node does not know
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the actor's URI; free with g_free(). On error, %NULL:
 *   %TOCSIN_ERROR_NOT_FOUND, with a guess where there is one; %TOCSIN_ERROR_INVALID if several
 *   are at that host; or as tocsin_control_call()
 */
char *
tocsin_actor_ref_resolve (TocsinControl *control,
                          const char *typed,
                          gboolean may_be_new,
                          GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GArray) list = NULL;
  g_autoptr (GError) several = NULL;
  JsonArray *peers = load_peers (control, &node, error);
  const Known *found;

  if (peers == NULL)
    return NULL;
  list = known_from (peers);
  found = find (list, typed, matches, &several);
  if (found == NULL && several == NULL)
    found = find (list, typed, claims, &several);
  if (found != NULL)
    return g_strdup (found->actor);
  if (several != NULL)
    g_propagate_error (error, g_steal_pointer (&several));
  else if (may_be_new &&
           (g_str_has_prefix (typed, "https://") || g_str_has_prefix (typed, "http://")))
    return g_strdup (typed);
  else
    set_unknown (list, typed, error);
  return NULL;
}

/* Everything by which the node's peers can be named; for completion. */
char **
tocsin_actor_ref_names (TocsinControl *control, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GArray) list = NULL;
  JsonArray *peers = load_peers (control, &node, error);

  if (peers == NULL)
    return NULL;
  list = known_from (peers);
  return names_of (list);
}
