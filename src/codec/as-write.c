/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/as-write.h"

#include <string.h>

#include "core/clock.h"

#define XSD_DATE_TIME "http://www.w3.org/2001/XMLSchema#dateTime"

/* Every term of ours is in one vocabulary; named are those alone to which JSON-LD has to be told a
 * type. Each activity carries this, is parsed, canonicalised and hashed with it: so it is short.
 * schemas/context.jsonld is the same text. */
static const struct
{
  const char *term;
  const char *type;
} terms[] = {
  { "observedAt", XSD_DATE_TIME },
  { "lastObservedAt", XSD_DATE_TIME },
  { "asOf", XSD_DATE_TIME },
  { "about", "@id" },
  { "reports", "@id" },
  { "trust", "@id" },
};

static JsonObject *
inline_context (void)
{
  JsonObject *context = json_object_new ();

  json_object_set_string_member (context, "@vocab", TOCSIN_NAMESPACE);
  for (gsize i = 0; i < G_N_ELEMENTS (terms); i++)
    {
      JsonObject *typed = json_object_new ();

      json_object_set_string_member (typed, "@type", terms[i].type);
      json_object_set_object_member (context, terms[i].term, typed);
    }
  return context;
}

static void
set_context (JsonObject *object, const char *const *uris, JsonObject *last)
{
  JsonArray *array = json_array_new ();

  for (; *uris != NULL; uris++)
    json_array_add_string_element (array, *uris);
  json_array_add_object_element (array, last);
  json_object_set_array_member (object, "@context", array);
}

/**
 * tocsin_as_set_context:
 *
 * Gives @object the `@context` of our activities and collections.
 */
void
tocsin_as_set_context (JsonObject *object)
{
  static const char *const uris[] = { TOCSIN_CONTEXT_ACTIVITYSTREAMS, TOCSIN_CONTEXT_DATA_INTEGRITY,
                                      NULL };

  set_context (object, uris, inline_context ());
}

/**
 * tocsin_as_set_actor_context:
 *
 * Gives @object the `@context` of our actor document: the same, with the terms of its keys
 * and of [FEP-844e](https://codeberg.org/fediverse/fep/src/branch/main/fep/844e/fep-844e.md).
 */
void
tocsin_as_set_actor_context (JsonObject *object)
{
  static const char *const uris[] = { TOCSIN_CONTEXT_ACTIVITYSTREAMS, TOCSIN_CONTEXT_DATA_INTEGRITY,
                                      TOCSIN_CONTEXT_SECURITY, TOCSIN_CONTEXT_MULTIKEY, NULL };
  JsonObject *context = inline_context ();
  JsonObject *implements = json_object_new ();
  JsonObject *assertion_method = json_object_new ();

  /* None of the contexts above defines it at the top of a document, and who reads JSON-LD would
   * not see the Ed25519 key. As in https://www.w3.org/ns/did/v1, which defines much else too. */
  json_object_set_string_member (assertion_method, "@id",
                                 "https://w3id.org/security#assertionMethod");
  json_object_set_string_member (assertion_method, "@type", "@id");
  json_object_set_string_member (assertion_method, "@container", "@set");
  json_object_set_object_member (context, "assertionMethod", assertion_method);
  json_object_set_string_member (context, "manuallyApprovesFollowers",
                                 "as:manuallyApprovesFollowers");
  json_object_set_string_member (implements, "@id", "https://w3id.org/fep/844e/implements");
  json_object_set_string_member (implements, "@type", "@id");
  json_object_set_string_member (implements, "@container", "@list");
  json_object_set_object_member (context, "implements", implements);
  set_context (object, uris, context);
}

/**
 * tocsin_as_set_strings:
 * @values: (array zero-terminated=1)
 */
void
tocsin_as_set_strings (JsonObject *object, const char *name, const char *const *values)
{
  JsonArray *array = json_array_new ();

  for (; *values != NULL; values++)
    json_array_add_string_element (array, *values);
  json_object_set_array_member (object, name, array);
}

/**
 * tocsin_as_set_time:
 * @time_us: microseconds since the epoch
 */
void
tocsin_as_set_time (JsonObject *object, const char *name, gint64 time_us)
{
  g_autofree char *text = tocsin_time_format (time_us);

  json_object_set_string_member (object, name, text);
}

/**
 * tocsin_as_to_bytes:
 *
 * Returns: (transfer full): @object as JSON without white space, in the order of its members
 */
GBytes *
tocsin_as_to_bytes (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  char *text;

  json_node_set_object (node, object);
  text = json_to_string (node, FALSE);
  return g_bytes_new_take (text, strlen (text));
}
