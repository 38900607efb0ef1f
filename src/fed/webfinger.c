/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From what a person writes to the URI of an actor. The steps, in order:
 *   tocsin_webfinger_resolve_async -> ask -> on_answer -> ask again, while another place is left
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/webfinger.h"

#include "codec/discovery-json.h"
#include "core/error.h"
#include "fed/fetch-uri.h"

#include <string.h>

#define MAX_ADDRESS_BYTES TOCSIN_FETCH_MAX_URI_BYTES
#define MAX_USER_BYTES    256
#define TOO_LONG          "The actor's address is too long"
#define MAX_JRD_BYTES     (256 * 1024)
#define OUR_KIND_OF_USER  "tocsin" /* what a node calls its actor unless its operator changed it */

/* Where the actor of a server is looked for, in this order. A user is looked for in one place. */
typedef enum
{
  PLACE_USER,     /* RFC 7033 */
  PLACE_SERVER,   /* FEP-d556 */
  PLACE_NODE,     /* a node that knows its user name only */
  PLACE_NODEINFO, /* FEP-2677 */
  PLACE_ACTOR,    /* where a node of ours has it */
  PLACE_NONE
} Place;

typedef struct
{
  TocsinActorAddress address;
  char *origin; /* (owned) without a slash at the end */
  char *uri;    /* (owned) (nullable) asked for last */
  Place place;
} ResolveOp;

static void ask (GTask *task);
static void on_answer (GObject *source, GAsyncResult *result, gpointer user_data);

static void
resolve_op_free (ResolveOp *op)
{
  tocsin_actor_address_clear (&op->address);
  g_free (op->origin);
  g_free (op->uri);
  g_free (op);
}

void
tocsin_actor_address_clear (TocsinActorAddress *self)
{
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->uri, g_free);
}

static gboolean
refuse (const char *message, GError **error)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, message);
  return FALSE;
}

static gboolean
is_user (const char *user)
{
  if (*user == '\0' || strlen (user) > MAX_USER_BYTES || !g_utf8_validate (user, -1, NULL))
    return FALSE;
  for (const char *c = user; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);

      if (!g_unichar_isgraph (u) || strchr ("@/?#\\", (int) MIN (u, 0x7f)) != NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_bare (GUri *uri)
{
  const char *path = g_uri_get_path (uri);

  return (*path == '\0' || g_str_equal (path, "/")) && g_uri_get_query (uri) == NULL;
}

/* A host without port is asked over https, whatever the scheme that was written. */
static char *
lower_host (GUri *uri)
{
  g_autofree char *field = tocsin_fetch_uri_host_field (uri);

  if (g_uri_get_port (uri) == 443 && g_str_has_suffix (field, ":443"))
    field[strlen (field) - strlen (":443")] = '\0';
  return g_ascii_strdown (field, -1);
}

static gboolean
parse_url (TocsinActorAddress *self, const char *text, GError **error)
{
  g_autoptr (GUri) uri = tocsin_fetch_uri_parse (text, error);

  if (uri == NULL)
    return FALSE;
  self->host = lower_host (uri);
  if (!is_bare (uri))
    self->uri = g_uri_to_string_partial (uri, G_URI_HIDE_FRAGMENT);
  /* Escaped it has up to three times as many bytes. */
  if (self->uri != NULL && strlen (self->uri) > MAX_ADDRESS_BYTES)
    return refuse (TOO_LONG, error);
  return TRUE;
}

/**
 * tocsin_actor_address_parse:
 * @self: (out caller-allocates): set on success; clear it with tocsin_actor_address_clear()
 * @text: what a person wrote
 * @error: return location for an error, or %NULL
 *
 * A URL without a path means the server's own actor, as the bare host does.
 *
 * Returns: whether @text names an actor; if not, @error is %TOCSIN_ERROR_INVALID
 */
gboolean
tocsin_actor_address_parse (TocsinActorAddress *self, const char *text, GError **error)
{
  g_auto (TocsinActorAddress) address = { 0 };
  g_autofree char *origin = NULL;
  g_autoptr (GUri) uri = NULL;
  const char *at = NULL;

  if (strlen (text) > MAX_ADDRESS_BYTES)
    return refuse (TOO_LONG, error);
  if (strstr (text, "://") != NULL)
    {
      if (!parse_url (&address, text, error))
        return FALSE;
      *self = address;
      address = (TocsinActorAddress){ 0 };
      return TRUE;
    }
  if (g_ascii_strncasecmp (text, "acct:", strlen ("acct:")) == 0)
    text += strlen ("acct:");
  else if (*text == '@')
    text++;
  at = strrchr (text, '@');
  if (at != NULL)
    {
      address.user = g_strndup (text, (gsize) (at - text));
      if (!is_user (address.user))
        return refuse ("The part before “@” is not a user name", error);
      text = at + 1;
    }
  if (strpbrk (text, "/?#\\") != NULL)
    return refuse ("The actor's address is neither USER@HOST, nor HOST, nor a URL", error);
  origin = g_strconcat ("https://", text, NULL);
  uri = tocsin_fetch_uri_parse (origin, NULL);
  if (uri == NULL)
    return refuse ("The host of the actor's address is not a host name", error);
  address.host = lower_host (uri);
  *self = address;
  address = (TocsinActorAddress){ 0 };
  return TRUE;
}

/* Without TLS where the operator named the address, else with it. */
static char *
make_origin (TocsinFetcher *fetcher, const char *host)
{
  TocsinAddressGuard *guard = tocsin_fetcher_get_guard (fetcher);
  g_autofree char *secure = g_strconcat ("https://", host, NULL);
  g_autoptr (GUri) uri = tocsin_fetch_uri_parse (secure, NULL);
  const char *name = g_uri_get_host (uri);
  g_autoptr (GInetAddress) literal =
      g_inet_address_new_from_string (g_str_equal (name, "localhost") ? "127.0.0.1" : name);

  if (literal != NULL && tocsin_address_guard_names (guard, literal))
    return g_strconcat ("http://", host, NULL);
  return g_steal_pointer (&secure);
}

static char *
webfinger_uri (const ResolveOp *op, const char *resource)
{
  g_autofree char *escaped = g_uri_escape_string (resource, NULL, FALSE);

  return g_strconcat (op->origin, "/.well-known/webfinger?resource=", escaped, NULL);
}

static char *
place_uri (const ResolveOp *op)
{
  g_autofree char *resource = NULL;

  switch (op->place)
    {
    case PLACE_USER:
      resource = g_strconcat ("acct:", op->address.user, "@", op->address.host, NULL);
      return webfinger_uri (op, resource);
    case PLACE_SERVER:
      resource = g_strconcat (op->origin, "/", NULL);
      return webfinger_uri (op, resource);
    case PLACE_NODE:
      resource = g_strconcat ("acct:" OUR_KIND_OF_USER "@", op->address.host, NULL);
      return webfinger_uri (op, resource);
    case PLACE_NODEINFO:
      return g_strconcat (op->origin, "/.well-known/nodeinfo", NULL);
    case PLACE_ACTOR:
      return g_strconcat (op->origin, "/actor", NULL);
    case PLACE_NONE:
    default:
      g_return_val_if_reached (NULL);
    }
}

static void
ask (GTask *task)
{
  static const char *const json_types[] = { "application/jrd+json", "application/json", NULL };
  ResolveOp *op = g_task_get_task_data (task);
  TocsinFetchRequest request = {
    .accept = "application/jrd+json, application/json",
    .media_types = json_types,
    .max_bytes = MAX_JRD_BYTES,
  };

  if (op->place == PLACE_ACTOR)
    {
      request.accept = TOCSIN_FETCH_ACCEPT_ACTIVITY;
      request.media_types = tocsin_fetch_activity_types;
    }
  g_free (op->uri);
  op->uri = place_uri (op);
  request.uri = op->uri;
  tocsin_fetcher_send_async (g_task_get_source_object (task), &request,
                             g_task_get_cancellable (task), on_answer, g_object_ref (task));
}

static char *
read_answer (const ResolveOp *op, const TocsinFetchResult *answer, GError **error)
{
  if (answer->status == 404 || answer->status == 410)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                           "The host has no such actor");
      return NULL;
    }
  if (answer->status != 200)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE,
                   "Asked for the actor, the host answered with status %u", answer->status);
      return NULL;
    }
  if (op->place == PLACE_ACTOR)
    return g_strdup (op->uri);
  if (op->place == PLACE_NODEINFO)
    return tocsin_nodeinfo_find_actor (answer->body, error);
  return tocsin_webfinger_find_actor (answer->body, error);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFetchResult) answer =
      tocsin_fetcher_send_finish (TOCSIN_FETCHER (source), result, &error);
  ResolveOp *op = g_task_get_task_data (task);
  char *actor = NULL;

  /* A host that does not answer at all need not be asked four times. */
  if (answer == NULL && !g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED) &&
      !g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  actor = answer != NULL ? read_answer (op, answer, &error) : NULL;
  if (actor != NULL)
    g_task_return_pointer (task, actor, g_free);
  else if (op->place == PLACE_USER)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (++op->place == PLACE_NONE)
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                             "The host names no actor of its own");
  else
    ask (task);
}

/**
 * tocsin_webfinger_resolve_async:
 * @fetcher: the way out
 * @text: an actor as a person writes it: see #TocsinActorAddress
 * @cancellable: (nullable): to give up early
 * @callback: called in the thread-default main context of the caller
 * @user_data: data for @callback
 *
 * Finds the URI of an actor. A user is asked for by WebFinger; the actor of a server by WebFinger
 * for the server
 * ([FEP-d556](https://codeberg.org/fediverse/fep/src/branch/main/fep/d556/fep-d556.md)) and for
 * `tocsin@HOST`, by the Application link of NodeInfo
 * ([FEP-2677](https://codeberg.org/fediverse/fep/src/branch/main/fep/2677/fep-2677.md)), and at
 * `/actor`. A URL with a path is taken as it is, without asking. What is found is a claim of the
 * host that was asked; the actor's document has to bear it out.
 */
void
tocsin_webfinger_resolve_async (TocsinFetcher *fetcher,
                                const char *text,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (fetcher, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  ResolveOp *op = g_new0 (ResolveOp, 1);

  g_task_set_source_tag (task, tocsin_webfinger_resolve_async);
  g_task_set_task_data (task, op, (GDestroyNotify) resolve_op_free);
  if (!tocsin_actor_address_parse (&op->address, text, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (op->address.uri != NULL)
    {
      g_task_return_pointer (task, g_strdup (op->address.uri), g_free);
      return;
    }
  op->origin = make_origin (fetcher, op->address.host);
  op->place = op->address.user != NULL ? PLACE_USER : PLACE_SERVER;
  ask (task);
}

/**
 * tocsin_webfinger_resolve_finish:
 * @fetcher: the way out
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the actor's URI. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID (no address of an actor), %TOCSIN_ERROR_NOT_FOUND, an error of
 *   tocsin_fetcher_send_finish(), or one of tocsin_webfinger_find_actor().
 */
char *
tocsin_webfinger_resolve_finish (TocsinFetcher *fetcher, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, fetcher), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
