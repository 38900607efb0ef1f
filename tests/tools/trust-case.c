/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "tools/trust-case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"

#define SHOWN_BYTES 80

static TrustCase *
trust_case_new (void)
{
  TrustCase *self = g_new0 (TrustCase, 1);

  self->ids = g_ptr_array_new_with_free_func (g_free);
  self->numbers = g_hash_table_new (g_str_hash, g_str_equal);
  self->statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  self->peers = g_array_new (FALSE, FALSE, sizeof (TocsinTrustPeer));
  self->voices = g_array_new (FALSE, FALSE, sizeof (TocsinVoice));
  return self;
}

void
trust_case_free (TrustCase *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->numbers);
  g_ptr_array_unref (self->ids);
  g_array_unref (self->statements);
  g_array_unref (self->peers);
  g_array_unref (self->voices);
  g_clear_pointer (&self->object, json_object_unref);
  g_free (self);
}

static guint32
number_of (TrustCase *self, const char *id)
{
  gpointer number;

  if (g_hash_table_lookup_extended (self->numbers, id, NULL, &number))
    return GPOINTER_TO_UINT (number);
  g_ptr_array_add (self->ids, g_strdup (id));
  g_hash_table_insert (self->numbers, self->ids->pdata[self->ids->len - 1],
                       GUINT_TO_POINTER (self->ids->len - 1));
  return self->ids->len - 1;
}

static void
add_edge (TrustCase *self, const char *from, const char *to, double weight)
{
  guint32 x = number_of (self, from);
  guint32 u = number_of (self, to);

  if (!isfinite (weight))
    return; /* no statement at all, so that an earlier one of the pair stands */
  if (x == 0)
    {
      TocsinTrustPeer peer = { .actor = u, .area = TOCSIN_AREA_ANY, .weight = weight };

      g_array_append_val (self->peers, peer);
    }
  else
    {
      TocsinGraphStatement statement = {
        .from = x, .to = u, .weight_ppb = tocsin_trust_weight_ppb (weight) & 0x3fffffff
      };

      g_array_append_val (self->statements, statement);
    }
}

/* An id is a string or an integer; 5 and "5" are the same actor. */
static char *
read_id (JsonNode *node, const char *where, GError **error)
{
  if (node != NULL && JSON_NODE_HOLDS_VALUE (node))
    {
      if (json_node_get_value_type (node) == G_TYPE_STRING)
        return json_node_dup_string (node);
      if (json_node_get_value_type (node) == G_TYPE_INT64)
        return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
    }
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s has to be a string or an integer",
               where);
  return NULL;
}

static gboolean
read_number (JsonNode *node, const char *where, double *out, GError **error)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      (json_node_get_value_type (node) != G_TYPE_INT64 &&
       json_node_get_value_type (node) != G_TYPE_DOUBLE))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s has to be a number", where);
      return FALSE;
    }
  *out = json_node_get_double (node);
  return TRUE;
}

/* A number, or the null that stands for one that is none. */
static gboolean
read_weight (JsonNode *node, const char *where, double *out, GError **error)
{
  if (node == NULL || !JSON_NODE_HOLDS_NULL (node))
    return read_number (node, where, out, error);
  *out = NAN;
  return TRUE;
}

static gboolean
read_edges (TrustCase *self, JsonObject *object, GError **error)
{
  JsonArray *edges = tocsin_json_get_array (object, "", "edges", error);

  if (edges == NULL)
    return FALSE;
  for (guint i = 0; i < json_array_get_length (edges); i++)
    {
      JsonNode *node = json_array_get_element (edges, i);
      JsonArray *edge = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
      g_autofree char *where = g_strdup_printf ("/edges/%u", i);
      g_autofree char *from = NULL;
      g_autofree char *to = NULL;
      double weight = 0;

      if (edge == NULL || json_array_get_length (edge) != 3)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "%s has to be an array of from, to and weight", where);
          return FALSE;
        }
      from = read_id (json_array_get_element (edge, 0), where, error);
      to = from != NULL ? read_id (json_array_get_element (edge, 1), where, error) : NULL;
      if (to == NULL || !read_weight (json_array_get_element (edge, 2), where, &weight, error))
        return FALSE;
      add_edge (self, from, to, weight);
    }
  return TRUE;
}

static gboolean
read_report (TrustCase *self, JsonNode *node, const char *where, GError **error)
{
  TocsinVoice voice = { .strength = 1 };
  JsonObject *report = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autofree char *by = NULL;
  const char *opinion;

  if (report == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s has to be an object", where);
      return FALSE;
    }
  by = read_id (json_object_get_member (report, "by"), where, error);
  opinion = by != NULL ? tocsin_json_get_string (report, where, "opinion", error) : NULL;
  if (opinion == NULL)
    return FALSE;
  if (!g_str_equal (opinion, "malicious") && !g_str_equal (opinion, "benign"))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "%s/opinion has to be malicious or benign", where);
      return FALSE;
    }
  if (json_object_has_member (report, "strength") &&
      !read_number (json_object_get_member (report, "strength"), where, &voice.strength, error))
    return FALSE;
  voice.actor = number_of (self, by);
  voice.malicious = g_str_equal (opinion, "malicious");
  g_array_append_val (self->voices, voice);
  return TRUE;
}

/* "reports", or "bad" and "good": ids of reporters of strength 1. */
static gboolean
read_reports (TrustCase *self, JsonObject *object, GError **error)
{
  static const char *const members[] = { "reports", "bad", "good" };

  for (gsize m = 0; m < G_N_ELEMENTS (members); m++)
    {
      JsonArray *array = NULL;

      if (!tocsin_json_opt_array (object, "", members[m], &array, error))
        return FALSE;
      self->has_reports = self->has_reports || array != NULL;
      for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
        {
          JsonNode *node = json_array_get_element (array, i);
          g_autofree char *where = g_strdup_printf ("/%s/%u", members[m], i);
          g_autofree char *by = NULL;

          if (m == 0)
            {
              if (!read_report (self, node, where, error))
                return FALSE;
              continue;
            }
          by = read_id (node, where, error);
          if (by == NULL)
            return FALSE;
          TocsinVoice voice = { number_of (self, by), 1.0, m == 1 };
          g_array_append_val (self->voices, voice);
        }
    }
  return TRUE;
}

/* The damping is a constant of the product: a case for another one cannot be computed. */
static gboolean
check_damping (JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "d");
  double d = 0;

  if (node == NULL || g_strcmp0 (tocsin_json_string (node), "17/20") == 0)
    return TRUE;
  if (tocsin_json_string (node) == NULL && read_number (node, "/d", &d, error) &&
      d == TOCSIN_TRUST_DAMPING)
    return TRUE;
  if (error != NULL && *error == NULL)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, "/d has to be 0.85");
  return FALSE;
}

static TrustCase *
read_case (JsonObject *object, GError **error)
{
  g_autoptr (TrustCase) self = trust_case_new ();
  g_autofree char *source = NULL;

  source = read_id (json_object_get_member (object, "source"), "/source", error);
  if (source == NULL || !check_damping (object, error))
    return NULL;
  number_of (self, source);
  if (!read_edges (self, object, error) || !read_reports (self, object, error))
    return NULL;
  self->object = json_object_ref (object);
  return g_steal_pointer (&self);
}

/* Other implementations write NaN, Infinity and -Infinity, which are not JSON: null instead. */
static GString *
replace_not_numbers (const char *text, gsize size)
{
  static const char *const words[] = { "NaN", "Infinity", "-Infinity" };
  GString *out = g_string_sized_new (size + 1);
  gboolean in_string = FALSE;

  for (gsize i = 0; i < size; i++)
    {
      gsize word_bytes = 0;

      for (gsize w = 0; !in_string && w < G_N_ELEMENTS (words); w++)
        if (size - i >= strlen (words[w]) && memcmp (text + i, words[w], strlen (words[w])) == 0)
          word_bytes = strlen (words[w]);
      if (word_bytes > 0)
        {
          g_string_append (out, "null");
          i += word_bytes - 1;
          continue;
        }
      if (text[i] == '"')
        in_string = !in_string;
      g_string_append_c (out, text[i]);
      if (in_string && text[i] == '\\' && i + 1 < size)
        g_string_append_c (out, text[++i]);
    }
  return out;
}

/**
 * trust_cases_load:
 * @several: (out): whether the file is {"cases": […]} and not one case
 *
 * Returns: (transfer full) (element-type TrustCase): the cases of a JSON file
 */
GPtrArray *
trust_cases_load (const char *path, gboolean *several, GError **error)
{
  g_autoptr (GPtrArray) cases = g_ptr_array_new_with_free_func ((GDestroyNotify) trust_case_free);
  TocsinJsonLimits limits = tocsin_json_default_limits;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GString) json = NULL;
  g_autofree char *text = NULL;
  JsonObject *object;
  gsize size = 0;

  limits.max_bytes = G_MAXINT32;
  limits.max_members = G_MAXINT32;
  limits.max_object_members = G_MAXINT32;
  if (!g_file_get_contents (path, &text, &size, error))
    return NULL;
  json = replace_not_numbers (text, size);
  root = tocsin_json_parse (json->str, json->len, &limits, NULL, error);
  object = root != NULL ? tocsin_json_node_object (root, error) : NULL;
  if (object == NULL)
    return NULL;

  /* A recorded Appleseed vector has both: its cases are what came out of the one graph. */
  *several = json_object_has_member (object, "cases") && !json_object_has_member (object, "edges");
  JsonArray *array = *several ? tocsin_json_get_array (object, "", "cases", error) : NULL;
  if (*several && array == NULL)
    return NULL;
  for (guint i = 0; i < (*several ? json_array_get_length (array) : 1); i++)
    {
      JsonObject *one =
          *several ? tocsin_json_node_object (json_array_get_element (array, i), error) : object;
      TrustCase *self = one != NULL ? read_case (one, error) : NULL;

      if (self == NULL)
        {
          if (*several)
            g_prefix_error (error, "Case %u: ", i);
          return NULL;
        }
      g_ptr_array_add (cases, self);
    }
  return g_steal_pointer (&cases);
}

static gboolean
read_line (TrustCase *self, char *line, guint number, GError **error)
{
  char *from = g_strstrip (line);
  char *to = strchr (from, ',');
  char *weight = to != NULL ? strchr (to + 1, ',') : NULL;
  char *end = NULL;

  if (*from == '\0' || *from == '#')
    return TRUE;
  if (weight != NULL)
    {
      double value;

      *to++ = '\0';
      *weight++ = '\0';
      value = g_ascii_strtod (weight, &end);
      if (end != weight && *end == '\0')
        {
          add_edge (self, g_strstrip (from), g_strstrip (to), value);
          return TRUE;
        }
      if (number == 1)
        return TRUE; /* a line of titles */
    }
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "Line %u is not from,to,weight: %.*s",
               number, SHOWN_BYTES, from);
  return FALSE;
}

/* Ids go into the JSON that comes out. A 0 byte would end the text before its end. */
static gboolean
check_text (const char *text, gsize size, GError **error)
{
  const char *end = text;
  guint line = 1;

  if (g_utf8_validate_len (text, size, &end))
    return TRUE;
  for (const char *at = text; at < end; at++)
    line += *at == '\n' ? 1 : 0;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "Line %u is not UTF-8 text", line);
  return FALSE;
}

/**
 * trust_case_load_csv:
 * @source: id of the source
 *
 * Returns: (transfer full): the graph of a file of from,to,weight lines
 */
TrustCase *
trust_case_load_csv (const char *path, const char *source, GError **error)
{
  g_autoptr (TrustCase) self = trust_case_new ();
  g_autofree char *text = NULL;
  guint number = 0;
  gsize size = 0;

  if (!g_utf8_validate (source, -1, NULL))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "--source is not UTF-8");
      return NULL;
    }
  if (!g_file_get_contents (path, &text, &size, error) || !check_text (text, size, error))
    return NULL;
  number_of (self, source);
  for (char *line = text; line != NULL;)
    {
      char *end = strchr (line, '\n');

      if (end != NULL)
        *end++ = '\0';
      if (!read_line (self, line, ++number, error))
        return NULL;
      line = end;
    }
  return g_steal_pointer (&self);
}

/**
 * trust_case_graph:
 *
 * Returns: (transfer full): the case's graph. Where there are no reports to score, self loops stay,
 *   as in the published algorithm and the vectors recorded from it
 */
TocsinGraph *
trust_case_graph (const TrustCase *self)
{
  TocsinTrustInput input = { (const TocsinGraphStatement *) (gpointer) self->statements->data,
                             self->statements->len,
                             (const TocsinTrustPeer *) (gpointer) self->peers->data,
                             self->peers->len };

  return tocsin_graph_new (&input, TOCSIN_AREA_ANY,
                           self->object != NULL && !self->has_reports ? TOCSIN_GRAPH_KEEP_SELF_LOOPS
                                                                      : TOCSIN_GRAPH_DEFAULT);
}

/**
 * trust_case_walks:
 *
 * Returns: (transfer full): an evaluator that believes every actor
 */
TocsinWalks *
trust_case_walks (const TrustCase *self, const TocsinGraph *graph, guint64 seed, guint32 n_walks)
{
  TocsinWalks *walks = tocsin_walks_new (graph, graph->actor_of, graph->n_nodes, seed);

  tocsin_walks_set_walks (walks, n_walks);
  return walks;
}
