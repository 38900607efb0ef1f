/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Property: canonical form is JSON, and a fixed point of canonicalisation; it is refused
 * exactly when the scanner met a number that is no integer of 53 bits.
 */
#include "codec/jcs.h"
#include "codec/json-strict.h"
#include "fuzz/fuzz.h"

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  TocsinJsonFacts facts;
  g_autoptr (JsonNode) node = tocsin_json_parse ((const char *) data, size, NULL, &facts, NULL);
  g_autoptr (GString) once = g_string_new (NULL);
  g_autoptr (GString) twice = g_string_new (NULL);
  g_autoptr (JsonNode) again = NULL;
  TocsinJsonLimits limits = tocsin_json_default_limits;

  if (node == NULL)
    return;
  g_assert_true (tocsin_jcs_append_node (once, node, NULL) == !facts.non_integer);
  if (facts.non_integer)
    return;
  limits.max_bytes = G_MAXSIZE; /* control characters grow sixfold */
  again = tocsin_json_parse (once->str, once->len, &limits, NULL, NULL);
  g_assert_nonnull (again);
  g_assert_true (tocsin_jcs_append_node (twice, again, NULL));
  g_assert_cmpstr (once->str, ==, twice->str);
}
