/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Properties: every key belongs to the document's id and stands there once, an Ed25519 key by its
 * one spelling, and makes proofs only if it is listed for that; an actor that was read and written
 * again reads the same, member by member and key by key, but that every Multikey is listed for
 * proofs then.
 */
#include <string.h>

#include "codec/actor-json.h"
#include "codec/as-read.h"
#include "codec/json-strict.h"
#include "codec/key.h"
#include "fuzz/fuzz.h"

#define MAX_KEYS_OF_ONE_MEMBER 32

static void
check_spelling (const char *multibase)
{
  g_autoptr (TocsinPublicKey) key = tocsin_public_key_from_multikey (multibase, NULL);
  g_autofree char *text = key != NULL ? tocsin_public_key_to_multikey (key) : NULL;

  if (key != NULL && tocsin_public_key_kind (key) == TOCSIN_KEY_ED25519)
    g_assert_cmpstr (multibase, ==, text);
}

static void
check_keys (const TocsinActorDocument *actor)
{
  for (guint i = 0; i < actor->keys->len; i++)
    {
      const TocsinActorKey *key = actor->keys->pdata[i];

      g_assert_cmpstr (key->owner, ==, actor->id);
      g_assert_true ((key->pem == NULL) != (key->multibase == NULL));
      g_assert_true (tocsin_actor_document_find_key (actor, key->id) == key);
      if (key->multibase != NULL)
        check_spelling (key->multibase);
    }
}

static gboolean
is_listed (JsonObject *object, const char *id)
{
  g_autoptr (GPtrArray) list = tocsin_as_list (object, "assertionMethod");

  for (guint i = 0; i < list->len; i++)
    {
      JsonNode *node = list->pdata[i];
      JsonObject *key = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

      if (key != NULL && (g_strcmp0 (tocsin_as_uri (key, "id"), id) == 0 ||
                          g_strcmp0 (tocsin_as_uri (key, "@id"), id) == 0))
        return TRUE;
    }
  return FALSE;
}

static void
check_proof_keys (const TocsinActorDocument *actor, GBytes *body)
{
  gsize size;
  const char *data = g_bytes_get_data (body, &size);
  g_autoptr (JsonNode) root = tocsin_json_parse (data, size, NULL, NULL, NULL);

  g_assert_nonnull (root);
  for (guint i = 0; i < actor->keys->len; i++)
    {
      const TocsinActorKey *key = actor->keys->pdata[i];

      if (key->assertion)
        g_assert_true (is_listed (json_node_get_object (root), key->id));
    }
}

static void
check_same_keys (const TocsinActorDocument *actor, const TocsinActorDocument *again)
{
  g_assert_cmpuint (again->keys->len, ==, actor->keys->len);
  for (guint i = 0; i < actor->keys->len; i++)
    {
      const TocsinActorKey *was = actor->keys->pdata[i];
      const TocsinActorKey *is = tocsin_actor_document_find_key (again, was->id);

      if (is == NULL)
        g_error ("A key was lost");
      g_assert_cmpstr (is->owner, ==, was->owner);
      g_assert_cmpstr (is->pem, ==, was->pem);
      g_assert_cmpstr (is->multibase, ==, was->multibase);
      g_assert_cmpint (is->expires_us, ==, was->expires_us);
      g_assert_cmpint (is->assertion, ==, was->multibase != NULL);
    }
}

static void
check_round_trip (const TocsinActorDocument *actor)
{
  g_autoptr (GBytes) bytes = tocsin_actor_document_to_bytes (actor);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinActorDocument) again = tocsin_actor_document_parse (bytes, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (again->id, ==, actor->id);
  g_assert_cmpstr (again->type, ==, actor->type);
  g_assert_cmpstr (again->inbox, ==, actor->inbox);
  g_assert_cmpstr (again->shared_inbox, ==, actor->shared_inbox);
  g_assert_cmpstr (again->outbox, ==, actor->outbox);
  g_assert_cmpstr (again->followers, ==, actor->followers);
  g_assert_cmpstr (again->following, ==, actor->following);
  g_assert_cmpstr (again->reports, ==, actor->reports);
  g_assert_cmpstr (again->trust, ==, actor->trust);
  g_assert_cmpstr (again->name, ==, actor->name);
  g_assert_cmpstr (again->preferred_username, ==, actor->preferred_username);
  g_assert_cmpstr (again->summary, ==, actor->summary);
  g_assert_cmpstr (again->url, ==, actor->url);
  g_assert_cmpstr (again->protocol_version, ==, actor->protocol_version);
  g_assert_false (again->is_key_document);
  check_same_keys (actor, again);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) body = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinActorDocument) actor = tocsin_actor_document_parse (body, &error);

  g_assert_true ((actor == NULL) == (error != NULL));
  if (actor == NULL)
    return;
  check_keys (actor);
  if (!actor->is_key_document)
    check_proof_keys (actor, body);
  if (!actor->is_key_document && actor->keys->len <= MAX_KEYS_OF_ONE_MEMBER)
    check_round_trip (actor);
}
