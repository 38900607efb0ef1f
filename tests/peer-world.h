/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/error.h"
#include "fed-node.h"

/* A node, and a server with the actors of others: /NAME/actor is the actor NAME, and WebFinger
 * knows it as NAME. Whatever is posted is taken. */
typedef struct
{
  Node *node;
  SoupServer *server;   /* (owned) */
  char *base;           /* (owned) of @server */
  GHashTable *keys;     /* (owned) (element-type utf8 GStrv): multikeys by name */
  const char *no_inbox; /* whose document names none */
  gboolean seen_statement;
} World;

static inline void
serve_actor (World *world, const char *name, SoupServerMessage *message)
{
  g_autofree char *actor = g_strdup_printf ("%s/%s/actor", world->base, name);
  g_autoptr (TocsinActorDocument) document = tocsin_actor_document_new (actor);
  char **multikeys = g_hash_table_lookup (world->keys, name);
  g_autoptr (GBytes) body = NULL;

  document->type = g_strdup ("Application");
  document->preferred_username = g_strdup (name);
  document->protocol_version = g_strdup ("1.0");
  if (g_strcmp0 (world->no_inbox, name) != 0)
    document->inbox = g_strdup_printf ("%s/%s/inbox", world->base, name);
  for (guint i = 0; multikeys != NULL && multikeys[i] != NULL; i++)
    {
      g_autofree char *id = g_strdup_printf ("%s#ed25519-%u", actor, i + 1);
      TocsinActorKey *key = tocsin_actor_key_new (id, actor);

      key->multibase = g_strdup (multikeys[i]);
      key->assertion = TRUE;
      g_ptr_array_add (document->keys, key);
    }
  body = tocsin_actor_document_to_bytes (document);
  soup_server_message_set_response (message, "application/activity+json", SOUP_MEMORY_COPY,
                                    g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  soup_server_message_set_status (message, 200, NULL);
}

static inline void
serve_webfinger (World *world, GHashTable *query, SoupServerMessage *message)
{
  const char *resource = query != NULL ? g_hash_table_lookup (query, "resource") : NULL;
  g_auto (GStrv) words = resource != NULL ? g_strsplit_set (resource, ":@", 3) : NULL;
  char *text;

  if (words == NULL || g_strv_length (words) != 3 || !g_str_equal (words[0], "acct"))
    {
      soup_server_message_set_status (message, 404, NULL);
      return;
    }
  text = g_strdup_printf ("{\"subject\":\"%s\",\"links\":[{\"rel\":\"self\","
                          "\"type\":\"application/activity+json\",\"href\":\"%s/%s/actor\"}]}",
                          resource, world->base, words[1]);
  soup_server_message_set_response (message, "application/jrd+json", SOUP_MEMORY_TAKE, text,
                                    strlen (text));
  soup_server_message_set_status (message, 200, NULL);
}

static inline void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer data)
{
  World *world = data;
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);

  if (g_str_equal (path, "/.well-known/webfinger"))
    serve_webfinger (world, query, message);
  else if (g_strv_length (parts) == 3 && g_str_equal (parts[2], "actor") &&
           !g_str_equal (parts[1], "nobody"))
    serve_actor (world, parts[1], message);
  else
    soup_server_message_set_status (message, g_str_has_suffix (path, "/inbox") ? 202 : 404, NULL);
}

static inline void
world_set_up (World *world, gconstpointer data)
{
  world->node = node_new (1);
  world->server = loopback_server (&world->base);
  world->keys = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_strfreev);
  soup_server_add_handler (world->server, NULL, on_request, world, NULL);
}

static inline void
world_tear_down (World *world, gconstpointer data)
{
  node_free (world->node);
  soup_server_disconnect (world->server);
  g_object_unref (world->server);
  g_hash_table_unref (world->keys);
  g_free (world->base);
}

static inline char *
actor_named (World *world, const char *name)
{
  return g_strdup_printf ("%s/%s/actor", world->base, name);
}

static inline void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static inline int
code_of (const GError *error)
{
  if (error == NULL)
    return -1;
  g_test_message ("%s", error->message);
  g_assert_true (error->domain == TOCSIN_ERROR);
  return error->code;
}
