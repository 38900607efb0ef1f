/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Properties: every key belongs to the document's id and stands there once; an actor that was
 * read and written again reads the same, with the same keys.
 */
#include <string.h>

#include "codec/actor-json.h"
#include "fuzz/fuzz.h"

#define MAX_KEYS_OF_ONE_MEMBER 32

static void
check_keys (const TocsinActorDocument *actor)
{
  for (guint i = 0; i < actor->keys->len; i++)
    {
      const TocsinActorKey *key = actor->keys->pdata[i];

      g_assert_cmpstr (key->owner, ==, actor->id);
      g_assert_true ((key->pem == NULL) != (key->multibase == NULL));
      g_assert_true (tocsin_actor_document_find_key (actor, key->id) == key);
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
  g_assert_cmpstr (again->inbox, ==, actor->inbox);
  g_assert_cmpstr (again->shared_inbox, ==, actor->shared_inbox);
  g_assert_cmpstr (again->reports, ==, actor->reports);
  g_assert_cmpstr (again->protocol_version, ==, actor->protocol_version);
  g_assert_cmpuint (again->keys->len, ==, actor->keys->len);
  for (guint i = 0; i < actor->keys->len; i++)
    {
      const TocsinActorKey *was = actor->keys->pdata[i];
      const TocsinActorKey *is = tocsin_actor_document_find_key (again, was->id);

      if (is == NULL)
        g_error ("A key was lost");
      g_assert_cmpstr (is->pem, ==, was->pem);
      g_assert_cmpstr (is->multibase, ==, was->multibase);
    }
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
  if (!actor->is_key_document && actor->keys->len <= MAX_KEYS_OF_ONE_MEMBER)
    check_round_trip (actor);
}
