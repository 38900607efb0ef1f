/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "api-node.h"

#include "codec/json-strict.h"

/* A reader that keeps a copy, as a firewall would. */
typedef struct
{
  GHashTable *copy; /* key → verdict and score */
  char *cursor;
  gboolean more;
  guint resets;
} Reader;

static void
reader_init (Reader *self)
{
  *self = (Reader){ .copy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };
}

static void
reader_clear (Reader *self)
{
  g_hash_table_unref (self->copy);
  g_free (self->cursor);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

static void
reader_apply (Reader *self, JsonObject *change)
{
  const char *key = json_object_get_string_member (change, "key");
  const char *verdict = json_object_get_string_member (change, "verdict");

  if (g_str_equal (json_object_get_string_member (change, "change"), "removed"))
    g_hash_table_remove (self->copy, key);
  else
    g_hash_table_replace (
        self->copy, g_strdup (key),
        g_strdup_printf ("%s %d", verdict, (int) json_object_get_int_member (change, "score")));
}

static void
reader_take (Reader *self, const Answer *answer)
{
  g_autoptr (GError) error = NULL;
  TocsinJsonLimits limits = tocsin_json_default_limits;
  g_autoptr (JsonNode) document = NULL;
  JsonObject *page;
  JsonArray *changes;

  g_assert_cmpuint (answer->status, ==, 200);
  limits.max_bytes = 1 << 20;
  document = tocsin_json_parse (answer->body->str, answer->body->len, &limits, NULL, &error);
  g_assert_no_error (error);
  page = json_node_get_object (document);
  if (json_object_get_boolean_member (page, "reset"))
    {
      g_hash_table_remove_all (self->copy);
      self->resets++;
    }
  changes = json_object_get_array_member (page, "changes");
  for (guint i = 0; i < json_array_get_length (changes); i++)
    reader_apply (self, json_array_get_object_element (changes, i));
  self->more = json_object_get_boolean_member (page, "more");
  g_free (self->cursor);
  self->cursor = g_strdup (json_object_get_string_member (page, "cursor"));
}

static char *
reader_target (const Reader *self, const char *rest)
{
  return self->cursor == NULL ? g_strdup_printf ("/v1/changes?%s", rest)
                              : g_strdup_printf ("/v1/changes?cursor=%s&%s", self->cursor, rest);
}

/* One page. */
G_GNUC_UNUSED static void
reader_step (Reader *self, Node *node, const char *rest)
{
  g_autofree char *target = reader_target (self, rest);
  g_auto (Answer) answer = { 0 };

  node_ask (node, "GET", target, NULL, NULL, &answer);
  reader_take (self, &answer);
}
