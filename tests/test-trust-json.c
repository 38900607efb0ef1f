/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/json-strict.h"
#include "codec/trust-json.h"

#include <string.h>

#include "core/error.h"

#define STATEMENT(about, area, weight, published, more)                                            \
  "{\"type\":[\"Object\",\"TrustStatement\"],\"id\":\"https://a.example/trust/1\","                \
  "\"attributedTo\":\"https://a.example/actor\",\"about\":\"" about "\",\"area\":" area            \
  ",\"weight\":" weight ",\"published\":\"" published "\"" more "}"
#define B  "https://b.example/actor"
#define T0 "2026-11-24T00:00:00Z"

static const struct
{
  const char *name;
  const char *json;
  const char *says; /* NULL: taken */
} vectors[] = {
  { "plain", STATEMENT (B, "\"any\"", "50", T0, ""), NULL },
  { "all areas", STATEMENT (B, "\"security\"", "1", T0, ""), NULL },
  { "updated", STATEMENT (B, "\"spam\"", "100", T0, ",\"updated\":\"2026-11-25T00:00:00Z\""),
    NULL },
  { "unknown member", STATEMENT (B, "\"abuse\"", "7", T0, ",\"mood\":\"good\""), NULL },
  { "weight 0", STATEMENT (B, "\"any\"", "0", T0, ""), "/object/weight" },
  { "weight 101", STATEMENT (B, "\"any\"", "101", T0, ""), "/object/weight" },
  { "weight with a point", STATEMENT (B, "\"any\"", "50.5", T0, ""), "/object/weight" },
  { "weight a string", STATEMENT (B, "\"any\"", "\"50\"", T0, ""), "/object/weight" },
  { "unknown area", STATEMENT (B, "\"moon\"", "50", T0, ""), "/object/area" },
  { "area a number", STATEMENT (B, "1", "50", T0, ""), "/object/area" },
  { "about not canonical", STATEMENT ("https://B.example/actor", "\"any\"", "50", T0, ""),
    "/object/about" },
  { "about not a URI", STATEMENT ("b.example", "\"any\"", "50", T0, ""), "/object/about" },
  { "published not a time", STATEMENT (B, "\"any\"", "50", "yesterday", ""), "/object/published" },
  { "updated before published",
    STATEMENT (B, "\"any\"", "50", T0, ",\"updated\":\"2026-11-23T00:00:00Z\""),
    "/object/updated" },
  { "nothing", "{}", "/object/id" },
};

static void
test_vectors (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = tocsin_json_parse (vectors[i].json, strlen (vectors[i].json),
                                                     &tocsin_json_default_limits, NULL, &error);
      g_auto (TocsinTrustStatement) statement = { 0 };
      gboolean unknown = FALSE;
      gboolean taken;

      g_assert_no_error (error);
      g_test_message ("%s", vectors[i].name);
      taken = tocsin_trust_statement_from_json (json_node_get_object (node), "/object", &statement,
                                                &unknown, &error);
      g_assert_cmpint (taken, ==, vectors[i].says == NULL);
      if (!taken)
        {
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
          g_assert_nonnull (strstr (error->message, vectors[i].says));
          g_assert_null (statement.id);
          continue;
        }
      g_assert_cmpstr (statement.about, ==, B);
      g_assert_cmpint (unknown, ==, strstr (vectors[i].json, "mood") != NULL);
    }
}

/* What is written is read as the same. */
static void
test_round_trip (void)
{
  const TocsinTrustStatement in = {
    .id = (char *) "https://a.example/trust/1",
    .attributed_to = (char *) "https://a.example/actor",
    .about = (char *) B,
    .area = TOCSIN_AREA_ABUSE,
    .weight = 73,
    .published_us = G_GINT64_CONSTANT (1795478400) * G_USEC_PER_SEC,
    .updated_us = G_GINT64_CONSTANT (1795478401) * G_USEC_PER_SEC,
  };
  g_autoptr (JsonObject) object = tocsin_trust_statement_to_json (&in);
  g_auto (TocsinTrustStatement) out = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean unknown = FALSE;

  tocsin_trust_statement_from_json (object, "", &out, &unknown, &error);
  g_assert_no_error (error);
  g_assert_false (unknown);
  g_assert_cmpstr (out.id, ==, in.id);
  g_assert_cmpstr (out.attributed_to, ==, in.attributed_to);
  g_assert_cmpstr (out.about, ==, in.about);
  g_assert_cmpuint (out.area, ==, in.area);
  g_assert_cmpuint (out.weight, ==, in.weight);
  g_assert_cmpint (out.published_us, ==, in.published_us);
  g_assert_cmpint (out.updated_us, ==, in.updated_us);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust-json/vectors", test_vectors);
  g_test_add_func ("/trust-json/round-trip", test_round_trip);
  return g_test_run ();
}
