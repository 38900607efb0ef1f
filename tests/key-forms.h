/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* What others may do with the keys in their documents, and a node does not. */
#include "codec/activity-build.h"
#include "codec/actor-json.h"
#include "codec/multibase.h"

/* The same key in base64url, "u…", the other encoding that a Multikey may have. */
static inline char *
respell (const char *multikey)
{
  g_autoptr (GBytes) bytes = tocsin_multibase_decode (multikey, NULL);
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree char *base64 = g_base64_encode (data, size);

  g_strdelimit (g_strdelimit (base64, "+", '-'), "/", '_')[strcspn (base64, "=")] = '\0';
  return g_strconcat ("u", base64, NULL);
}

/* @document, but that it has the Ed25519 key @key_id in `publicKey` alone: for requests. */
static inline GBytes *
document_for_requests (const TocsinActorDocument *document, const char *key_id)
{
  g_autoptr (JsonObject) object = tocsin_actor_document_to_json (document);
  g_autoptr (JsonArray) public_keys = json_array_new ();
  JsonArray *listed = json_object_get_array_member (object, "assertionMethod");

  for (guint i = json_array_get_length (listed); i-- > 0;)
    {
      JsonObject *key = json_array_get_object_element (listed, i);

      if (!g_str_equal (json_object_get_string_member (key, "id"), key_id))
        continue;
      json_array_add_object_element (public_keys, json_object_ref (key));
      json_array_remove_element (listed, i);
    }
  if (json_object_has_member (object, "publicKey"))
    json_array_add_element (public_keys, json_object_dup_member (object, "publicKey"));
  json_object_set_array_member (object, "publicKey", json_array_ref (public_keys));
  return tocsin_activity_to_bytes (object, NULL);
}
