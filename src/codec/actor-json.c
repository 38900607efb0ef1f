/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/actor-json.h"

#include <string.h>

#include "codec/as-read.h"
#include "codec/as-write.h"
#include "codec/json-strict.h"
#include "codec/key.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/uri.h"

#define PEM_MAX_BYTES       4096 /* RSA 4096 is 800; what is larger is refused before use */
#define MULTIBASE_MAX_BYTES 2048
#define NAME_MAX_BYTES      1024
#define SUMMARY_MAX_BYTES   16384

TocsinActorKey *
tocsin_actor_key_new (const char *id, const char *owner)
{
  TocsinActorKey *self = g_new0 (TocsinActorKey, 1);

  self->id = g_strdup (id);
  self->owner = g_strdup (owner);
  return self;
}

void
tocsin_actor_key_free (TocsinActorKey *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_free (self->owner);
  g_free (self->pem);
  g_free (self->multibase);
  g_free (self);
}

/**
 * tocsin_actor_document_new:
 * @id: the actor
 *
 * Returns: (transfer full): a document with nothing but its id
 */
TocsinActorDocument *
tocsin_actor_document_new (const char *id)
{
  TocsinActorDocument *self = g_new0 (TocsinActorDocument, 1);

  self->id = g_strdup (id);
  self->keys = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_actor_key_free);
  return self;
}

/**
 * tocsin_actor_document_new_for_base:
 * @base: our own origin, without a path or a slash at the end
 *
 * Returns: (transfer full): the document of this node's actor, but for its name, user name,
 *   summary and keys, which the caller adds
 */
TocsinActorDocument *
tocsin_actor_document_new_for_base (const char *base)
{
  g_autofree char *id = g_strconcat (base, "/actor", NULL);
  TocsinActorDocument *self = tocsin_actor_document_new (id);

  self->type = g_strdup ("Application");
  self->inbox = g_strconcat (base, "/inbox", NULL);
  self->shared_inbox = g_strdup (self->inbox);
  self->outbox = g_strconcat (base, "/outbox", NULL);
  self->followers = g_strconcat (base, "/followers", NULL);
  self->following = g_strconcat (base, "/following", NULL);
  self->reports = g_strconcat (base, "/reports", NULL);
  self->trust = g_strconcat (base, "/trust", NULL);
  self->url = g_strconcat (base, "/", NULL);
  self->protocol_version = g_strdup (TOCSIN_PROTOCOL_VERSION);
  return self;
}

void
tocsin_actor_document_free (TocsinActorDocument *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_free (self->type);
  g_free (self->inbox);
  g_free (self->shared_inbox);
  g_free (self->outbox);
  g_free (self->followers);
  g_free (self->following);
  g_free (self->reports);
  g_free (self->trust);
  g_free (self->name);
  g_free (self->preferred_username);
  g_free (self->summary);
  g_free (self->url);
  g_free (self->protocol_version);
  g_ptr_array_unref (self->keys);
  g_free (self);
}

static gboolean
is_key_object (JsonObject *object)
{
  return tocsin_as_string (object, "publicKeyPem") != NULL ||
         tocsin_as_string (object, "publicKeyMultibase") != NULL;
}

/* A key is used up by whichever comes first; `revoked` is that of a Multikey too. */
static gboolean
read_end (JsonObject *object, const char *where, gint64 *out_us, GError **error)
{
  gint64 revoked_us = 0;

  if (!tocsin_as_time (object, where, "expires", out_us, error) ||
      !tocsin_as_time (object, where, "revoked", &revoked_us, error))
    return FALSE;
  if (revoked_us != 0 && (*out_us == 0 || revoked_us < *out_us))
    *out_us = revoked_us;
  return TRUE;
}

/* NULL without an error is a key that we cannot use, or that another owns: such a key is as
 * absent, because a document may name keys of kinds that we do not know. */
static TocsinActorKey *
key_from_json (JsonObject *object, const char *where, gboolean assertion, GError **error)
{
  const char *id = tocsin_as_uri (object, json_object_has_member (object, "@id") ? "@id" : "id");
  const char *owner = tocsin_as_uri (object, "owner");
  const char *pem = tocsin_as_string (object, "publicKeyPem");
  const char *multibase = tocsin_as_string (object, "publicKeyMultibase");
  g_autoptr (TocsinActorKey) key = NULL;

  if (owner == NULL)
    owner = tocsin_as_uri (object, "controller");
  if (id == NULL || owner == NULL || (pem == NULL) == (multibase == NULL))
    return NULL;
  if (!tocsin_uri_check_id (id, TRUE, NULL) || !tocsin_uri_check_id (owner, FALSE, NULL))
    return NULL;
  if ((pem != NULL && strlen (pem) > PEM_MAX_BYTES) ||
      (multibase != NULL && strlen (multibase) > MULTIBASE_MAX_BYTES))
    return NULL;
  key = tocsin_actor_key_new (id, owner);
  key->pem = g_strdup (pem);
  key->multibase = multibase != NULL ? tocsin_multikey_normalize (multibase) : NULL;
  key->assertion = assertion;
  if (!read_end (object, where, &key->expires_us, error))
    return NULL;
  return g_steal_pointer (&key);
}

/* Never two keys under one id; the same key in both members may make proofs. */
static void
take_key (TocsinActorDocument *self, TocsinActorKey *key)
{
  TocsinActorKey *known = (TocsinActorKey *) tocsin_actor_document_find_key (self, key->id);

  if (known == NULL)
    {
      g_ptr_array_add (self->keys, key);
      return;
    }
  if (g_strcmp0 (known->pem, key->pem) == 0 && g_strcmp0 (known->multibase, key->multibase) == 0)
    known->assertion = known->assertion || key->assertion;
  tocsin_actor_key_free (key);
}

/* Keys of one member. A bare URI in place of a key is a key elsewhere; whoever needs it
 * fetches it by its id. */
static gboolean
read_keys (TocsinActorDocument *self,
           JsonObject *object,
           const char *where,
           const char *member,
           GError **error)
{
  g_autoptr (GPtrArray) list = tocsin_as_list (object, member);
  g_autofree char *inner = g_strdup_printf ("%s/%s", where, member);
  gboolean assertion = strcmp (member, "assertionMethod") == 0;

  for (guint i = 0; i < MIN (list->len, TOCSIN_ACTOR_KEYS_MAX); i++)
    {
      g_autoptr (TocsinActorKey) key = NULL;
      g_autoptr (GError) fault = NULL;

      if (!JSON_NODE_HOLDS_OBJECT ((JsonNode *) list->pdata[i]))
        continue;
      key = key_from_json (json_node_get_object (list->pdata[i]), inner, assertion, &fault);
      if (fault != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&fault));
          return FALSE;
        }
      if (key != NULL && strcmp (key->owner, self->id) == 0)
        take_key (self, g_steal_pointer (&key));
    }
  return TRUE;
}

static gboolean
read_uri (JsonObject *object, const char *where, const char *name, char **out, GError **error)
{
  g_autofree char *inner = NULL;
  const char *uri = NULL;

  if (tocsin_as_member (object, name) == NULL)
    return TRUE;
  inner = g_strdup_printf ("%s/%s", where, name);
  if (!tocsin_as_require_uri (object, where, name, &uri, error) ||
      !tocsin_as_check_id (uri, FALSE, inner, error))
    return FALSE;
  *out = g_strdup (uri);
  return TRUE;
}

/* What is only shown is never a reason to refuse an actor: too long, or of another kind, it is
 * left out. */
static char *
read_text (JsonObject *object, const char *name, gsize max_bytes)
{
  const char *text = tocsin_as_string (object, name);

  return text != NULL && strlen (text) <= max_bytes ? g_strdup (text) : NULL;
}

/* The type of @object if it is one of an actor: Activity Vocabulary, section 3.2. A post with a
 * publicKey is no actor: on many servers anyone may write posts. */
const char *
tocsin_actor_type_of (JsonObject *object)
{
  static const char *const types[] = { "Application", "Group", "Organization", "Person",
                                       "Service" };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (tocsin_as_has_type (object, types[i]))
      return types[i];
  return NULL;
}

static gboolean
read_actor (TocsinActorDocument *self, JsonObject *object, const char *where, GError **error)
{
  JsonObject *endpoints = tocsin_as_object (object, "endpoints");
  g_autofree char *inner = g_strconcat (where, "/endpoints", NULL);
  const char *type = tocsin_actor_type_of (object);

  if (type == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, "%s/type: not a type of actor",
                   where);
      return FALSE;
    }
  self->type = g_strdup (type);
  if (!read_uri (object, where, "inbox", &self->inbox, error) ||
      !read_uri (object, where, "outbox", &self->outbox, error) ||
      !read_uri (object, where, "followers", &self->followers, error) ||
      !read_uri (object, where, "following", &self->following, error) ||
      !read_uri (object, where, "reports", &self->reports, error) ||
      !read_uri (object, where, "trust", &self->trust, error) ||
      (endpoints != NULL &&
       !read_uri (endpoints, inner, "sharedInbox", &self->shared_inbox, error)) ||
      !read_keys (self, object, where, "publicKey", error) ||
      !read_keys (self, object, where, "assertionMethod", error))
    return FALSE;
  self->name = read_text (object, "name", NAME_MAX_BYTES);
  self->preferred_username = read_text (object, "preferredUsername", NAME_MAX_BYTES);
  self->summary = read_text (object, "summary", SUMMARY_MAX_BYTES);
  self->protocol_version = read_text (object, "protocolVersion", 16);
  self->url = read_text (object, "url", TOCSIN_URI_MAX_BYTES);
  return TRUE;
}

static TocsinActorDocument *
key_document_from_json (JsonObject *object, const char *where, GError **error)
{
  g_autoptr (GError) fault = NULL;
  g_autoptr (TocsinActorKey) key =
      key_from_json (object, where, tocsin_as_has_type (object, "Multikey"), &fault);
  TocsinActorDocument *self;

  if (key == NULL)
    {
      if (fault != NULL)
        g_propagate_error (error, g_steal_pointer (&fault));
      else
        g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                     "%s: a key without an id and an owner in canonical form",
                     *where != '\0' ? where : "/");
      return NULL;
    }
  self = tocsin_actor_document_new (key->owner);
  self->is_key_document = TRUE;
  g_ptr_array_add (self->keys, g_steal_pointer (&key));
  return self;
}

/**
 * tocsin_actor_document_from_json:
 * @object: an actor, or a key alone
 * @where: the JSON pointer of @object
 * @error: return location for an error, or %NULL
 *
 * Reads an actor in the forms that peers send: `publicKey` as an object or an array, the stub
 * with little but a key that GoToSocial serves unsigned, a document that is the key itself.
 * A key whose owner or controller is not the actor is left out.
 *
 * That the document came from where its id says is the caller's to check.
 *
 * Returns: (transfer full): the document; on error %NULL, with %TOCSIN_ERROR_INVALID for an id
 *   that is not canonical and %TOCSIN_ERROR_UNPROCESSABLE otherwise
 */
TocsinActorDocument *
tocsin_actor_document_from_json (JsonObject *object, const char *where, GError **error)
{
  g_autoptr (TocsinActorDocument) self = NULL;
  g_autofree char *inner = g_strconcat (where, "/id", NULL);
  const char *id = NULL;

  if (is_key_object (object))
    return key_document_from_json (object, where, error);
  if (!tocsin_as_require_uri (object, where, "id", &id, error) ||
      !tocsin_as_check_id (id, FALSE, inner, error))
    return NULL;
  self = tocsin_actor_document_new (id);
  return read_actor (self, object, where, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * tocsin_actor_document_parse:
 * @body: a fetched document
 * @error: return location for an error, or %NULL
 *
 * As tocsin_actor_document_from_json(), from its bytes.
 *
 * Returns: (transfer full): the document; on error %NULL, with %TOCSIN_ERROR_TOO_LARGE,
 *   %TOCSIN_ERROR_INVALID or %TOCSIN_ERROR_UNPROCESSABLE
 */
TocsinActorDocument *
tocsin_actor_document_parse (GBytes *body, GError **error)
{
  g_autoptr (JsonNode) root = NULL;
  JsonObject *object;
  gsize size = 0;
  const char *data = g_bytes_get_data (body, &size);

  root = tocsin_json_parse (data, size, &tocsin_json_default_limits, NULL, error);
  object = root != NULL ? tocsin_json_node_object (root, error) : NULL;
  return object != NULL ? tocsin_actor_document_from_json (object, "", error) : NULL;
}

/**
 * tocsin_actor_document_find_key:
 *
 * Returns: (transfer none) (nullable): the key of exactly this id
 */
const TocsinActorKey *
tocsin_actor_document_find_key (const TocsinActorDocument *self, const char *key_id)
{
  for (guint i = 0; i < self->keys->len; i++)
    {
      const TocsinActorKey *key = self->keys->pdata[i];

      if (strcmp (key->id, key_id) == 0)
        return key;
    }
  return NULL;
}

/**
 * tocsin_actor_document_protocol_major:
 *
 * Returns: the major number of `protocolVersion`, 0 to 999; -1 where the actor does not speak
 *   this protocol
 */
int
tocsin_actor_document_protocol_major (const TocsinActorDocument *self)
{
  const char *text = self->protocol_version;
  gsize digits = text != NULL ? strspn (text, "0123456789") : 0;

  if (digits == 0 || digits > 3 || (text[digits] != '.' && text[digits] != '\0'))
    return -1;
  return (int) g_ascii_strtoull (text, NULL, 10);
}

static JsonObject *
key_to_json (const TocsinActorKey *key)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", key->id);
  json_object_set_string_member (object, "type",
                                 key->pem != NULL ? "CryptographicKey" : "Multikey");
  if (key->pem != NULL)
    {
      json_object_set_string_member (object, "owner", key->owner);
      json_object_set_string_member (object, "publicKeyPem", key->pem);
    }
  else
    {
      json_object_set_string_member (object, "controller", key->owner);
      json_object_set_string_member (object, "publicKeyMultibase", key->multibase);
    }
  if (key->expires_us != 0)
    tocsin_as_set_time (object, "expires", key->expires_us);
  return object;
}

/* One PEM key is an object, as every server expects it; a retired one beside it makes an array. */
static void
set_keys (JsonObject *object, const TocsinActorDocument *self)
{
  g_autoptr (JsonArray) public_keys = json_array_new ();
  g_autoptr (JsonArray) multikeys = json_array_new ();

  for (guint i = 0; i < self->keys->len; i++)
    {
      const TocsinActorKey *key = self->keys->pdata[i];

      json_array_add_object_element (key->pem != NULL ? public_keys : multikeys, key_to_json (key));
    }
  if (json_array_get_length (public_keys) == 1)
    json_object_set_member (object, "publicKey", json_array_dup_element (public_keys, 0));
  else if (json_array_get_length (public_keys) > 1)
    json_object_set_array_member (object, "publicKey", json_array_ref (public_keys));
  json_object_set_array_member (object, "assertionMethod", json_array_ref (multikeys));
}

/* What a peer may rely on:
 * [FEP-844e](https://codeberg.org/fediverse/fep/src/branch/main/fep/844e/fep-844e.md). */
static void
set_implements (JsonObject *object)
{
  static const char *const specs[][2] = {
    { "https://datatracker.ietf.org/doc/html/rfc9421", "RFC-9421: HTTP Message Signatures" },
    { "https://datatracker.ietf.org/doc/html/rfc9421#name-eddsa-using-curve-edwards25",
      "RFC-9421 signatures using the Ed25519 algorithm" },
    { "https://w3id.org/fep/8b32", "FEP-8b32: Object Integrity Proofs" },
    { "https://w3id.org/fep/521a", "FEP-521a: Representing actor's public keys" },
    { "https://w3id.org/fep/fe34", "FEP-fe34: Origin-based security model" },
  };
  JsonArray *array = json_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      JsonObject *link = json_object_new ();

      json_object_set_string_member (link, "type", "Link");
      json_object_set_string_member (link, "href", specs[i][0]);
      json_object_set_string_member (link, "name", specs[i][1]);
      json_array_add_object_element (array, link);
    }
  json_object_set_array_member (object, "implements", array);
}

static void
set_if (JsonObject *object, const char *name, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
}

/**
 * tocsin_actor_document_to_json:
 * @self: the document of this node's actor
 *
 * Returns: (transfer full): all members of the wire form; json_object_unref() it
 */
JsonObject *
tocsin_actor_document_to_json (const TocsinActorDocument *self)
{
  JsonObject *object = json_object_new ();

  tocsin_as_set_actor_context (object);
  json_object_set_string_member (object, "id", self->id);
  set_if (object, "type", self->type);
  set_if (object, "preferredUsername", self->preferred_username);
  set_if (object, "name", self->name);
  set_if (object, "summary", self->summary);
  set_if (object, "url", self->url);
  set_if (object, "inbox", self->inbox);
  set_if (object, "outbox", self->outbox);
  set_if (object, "followers", self->followers);
  set_if (object, "following", self->following);
  set_if (object, "reports", self->reports);
  set_if (object, "trust", self->trust);
  json_object_set_boolean_member (object, "manuallyApprovesFollowers", TRUE);
  if (self->shared_inbox != NULL)
    {
      JsonObject *endpoints = json_object_new ();

      json_object_set_string_member (endpoints, "sharedInbox", self->shared_inbox);
      json_object_set_object_member (object, "endpoints", endpoints);
    }
  set_keys (object, self);
  set_implements (object);
  set_if (object, "protocolVersion", self->protocol_version);
  return object;
}

/**
 * tocsin_actor_document_to_bytes:
 *
 * Returns: (transfer full): tocsin_actor_document_to_json() as JSON text
 */
GBytes *
tocsin_actor_document_to_bytes (const TocsinActorDocument *self)
{
  g_autoptr (JsonObject) object = tocsin_actor_document_to_json (self);

  return tocsin_as_to_bytes (object);
}
