/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/discovery-json.h"

#include <string.h>

#include "codec/as-read.h"
#include "codec/as-write.h"
#include "codec/json-strict.h"
#include "core/error.h"
#include "core/uri.h"

#define REL_SELF         "self"
#define REL_SERVICE      "https://www.w3.org/ns/activitystreams#Service"
#define REL_APPLICATION  "https://www.w3.org/ns/activitystreams#Application"
#define REL_NODEINFO_2_1 "http://nodeinfo.diaspora.software/ns/schema/2.1"
#define TYPE_ACTIVITY    "application/activity+json"
#define TYPE_LD          "application/ld+json"

static void
add_link (JsonArray *links, const char *rel, const char *type, const char *href)
{
  JsonObject *link = json_object_new ();

  json_object_set_string_member (link, "rel", rel);
  if (type != NULL)
    json_object_set_string_member (link, "type", type);
  json_object_set_string_member (link, "href", href);
  json_array_add_object_element (links, link);
}

static const char *
host_of_base (const char *base)
{
  const char *host = strstr (base, "://");

  return host != NULL ? host + strlen ("://") : base;
}

/* acct:NAME@HOST with any case of both: RFC 7565 leaves the name's to us, and hosts have none. */
static gboolean
is_resource (const char *resource, const char *acct, const char *base, const char *actor)
{
  gsize len = strlen (base);

  return g_ascii_strcasecmp (resource, acct) == 0 || strcmp (resource, actor) == 0 ||
         (strncmp (resource, base, len) == 0 &&
          (resource[len] == '\0' || strcmp (resource + len, "/") == 0));
}

/**
 * tocsin_webfinger_answer:
 * @base: our origin, without a slash at the end
 * @username: the user name of our actor
 * @resource: what was asked for, percent-decoded
 * @error: return location for an error, or %NULL
 *
 * Answers for `acct:USERNAME@HOST`, for our actor's URI, and for `BASE/` as
 * [FEP-d556](https://codeberg.org/fediverse/fep/src/branch/main/fep/d556/fep-d556.md) asks.
 *
 * Returns: (transfer full): the JRD; %NULL with %TOCSIN_ERROR_NOT_FOUND for any other resource
 */
GBytes *
tocsin_webfinger_answer (const char *base,
                         const char *username,
                         const char *resource,
                         GError **error)
{
  g_autofree char *actor = g_strconcat (base, "/actor", NULL);
  g_autofree char *root = g_strconcat (base, "/", NULL);
  g_autofree char *acct = g_strdup_printf ("acct:%s@%s", username, host_of_base (base));
  g_autoptr (JsonObject) jrd = NULL;
  JsonArray *links;
  gboolean is_server;

  if (!is_resource (resource, acct, base, actor))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                           "No such resource on this node");
      return NULL;
    }
  is_server = g_str_has_prefix (resource, base) && strcmp (resource, actor) != 0;
  jrd = json_object_new ();
  links = json_array_new ();
  json_object_set_string_member (jrd, "subject", is_server ? root : acct);
  tocsin_as_set_strings (jrd, "aliases",
                         (const char *const[]){ is_server ? acct : root, actor, NULL });
  add_link (links, REL_SELF, TYPE_ACTIVITY, actor);
  add_link (links, REL_SERVICE, TYPE_ACTIVITY, actor);
  add_link (links, "http://webfinger.net/rel/profile-page", "text/html", root);
  json_object_set_array_member (jrd, "links", links);
  return tocsin_as_to_bytes (jrd);
}

static gboolean
is_activity_type (const char *type)
{
  return type != NULL &&
         (g_str_has_prefix (type, TYPE_ACTIVITY) || g_str_has_prefix (type, TYPE_LD));
}

static char *
find_link (JsonObject *document, const char *rel, gboolean typed)
{
  g_autoptr (GPtrArray) links = tocsin_as_list (document, "links");

  for (guint i = 0; i < links->len; i++)
    {
      JsonNode *node = links->pdata[i];
      JsonObject *link = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      const char *href = link != NULL ? tocsin_as_string (link, "href") : NULL;

      if (href == NULL || g_strcmp0 (tocsin_as_string (link, "rel"), rel) != 0)
        continue;
      if (typed && !is_activity_type (tocsin_as_string (link, "type")))
        continue;
      if (tocsin_uri_check_id (href, FALSE, NULL))
        return g_strdup (href);
    }
  return NULL;
}

static char *
find_actor (GBytes *body, const char *const *rels, gboolean typed, GError **error)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (body, &size);
  g_autoptr (JsonNode) root =
      tocsin_json_parse (data, size, &tocsin_json_default_limits, NULL, error);
  JsonObject *document = root != NULL ? tocsin_json_node_object (root, error) : NULL;

  if (document == NULL)
    return NULL;
  for (; *rels != NULL; rels++)
    {
      char *href = find_link (document, *rels, typed);

      if (href != NULL)
        return href;
    }
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       "/links: none leads to an actor with an id in canonical form");
  return NULL;
}

/**
 * tocsin_webfinger_find_actor:
 * @body: a JRD as another server sent it
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full): the actor that its `self` link names, or else its server actor;
 *   %NULL with %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_TOO_LARGE or %TOCSIN_ERROR_UNPROCESSABLE
 */
char *
tocsin_webfinger_find_actor (GBytes *body, GError **error)
{
  static const char *const rels[] = { REL_SELF, REL_SERVICE, NULL };

  return find_actor (body, rels, TRUE, error);
}

/**
 * tocsin_nodeinfo_find_actor:
 * @index: /.well-known/nodeinfo of another server
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full): the actor of the
 *   [Application link](https://codeberg.org/fediverse/fep/src/branch/main/fep/2677/fep-2677.md);
 *   errors as of tocsin_webfinger_find_actor()
 */
char *
tocsin_nodeinfo_find_actor (GBytes *index, GError **error)
{
  static const char *const rels[] = { REL_APPLICATION, NULL };

  return find_actor (index, rels, FALSE, error);
}

/**
 * tocsin_nodeinfo_index:
 * @base: our origin, without a slash at the end
 *
 * Returns: (transfer full): what /.well-known/nodeinfo answers
 */
GBytes *
tocsin_nodeinfo_index (const char *base)
{
  g_autofree char *document = g_strconcat (base, "/nodeinfo/2.1", NULL);
  g_autofree char *actor = g_strconcat (base, "/actor", NULL);
  g_autoptr (JsonObject) index = json_object_new ();
  JsonArray *links = json_array_new ();

  add_link (links, REL_NODEINFO_2_1, NULL, document);
  add_link (links, REL_APPLICATION, NULL, actor);
  json_object_set_array_member (index, "links", links);
  return tocsin_as_to_bytes (index);
}

/**
 * tocsin_nodeinfo_document:
 * @version: of this program
 * @node_name: (nullable): what the operator calls the node
 *
 * Returns: (transfer full): what /nodeinfo/2.1 answers. A node has no users and no posts, and
 *   says so.
 */
GBytes *
tocsin_nodeinfo_document (const char *version, const char *node_name)
{
  g_autoptr (JsonObject) document = json_object_new ();
  JsonObject *software = json_object_new (), *services = json_object_new ();
  JsonObject *usage = json_object_new (), *users = json_object_new ();
  JsonObject *metadata = json_object_new ();

  json_object_set_string_member (document, "version", "2.1");
  json_object_set_string_member (software, "name", "tocsin");
  json_object_set_string_member (software, "version", version);
  json_object_set_object_member (document, "software", software);
  tocsin_as_set_strings (document, "protocols", (const char *const[]){ "activitypub", NULL });
  tocsin_as_set_strings (services, "inbound", (const char *const[]){ NULL });
  tocsin_as_set_strings (services, "outbound", (const char *const[]){ NULL });
  json_object_set_object_member (document, "services", services);
  json_object_set_boolean_member (document, "openRegistrations", FALSE);
  json_object_set_int_member (users, "total", 0);
  json_object_set_object_member (usage, "users", users);
  json_object_set_int_member (usage, "localPosts", 0);
  json_object_set_object_member (document, "usage", usage);
  if (node_name != NULL)
    json_object_set_string_member (metadata, "nodeName", node_name);
  json_object_set_object_member (document, "metadata", metadata);
  return tocsin_as_to_bytes (document);
}
