/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "codec/json-slice.h"
#include "codec/json-writer.h"
#include "core/error.h"

#define LIST_DEFAULT 200
#define LIST_MAX     1000000

static struct
{
  char *cursor;
  char *limit;
} given;

/* Appends at most @room entries of a page, byte for byte. @cursor becomes what the page says, or
 * where it was cut. */
static gboolean
take_page (GBytes *page,
           JsonObject *parsed,
           guint room,
           TocsinJsonWriter *rows,
           guint *taken,
           char **cursor,
           GError **error)
{
  g_autoptr (GBytes) rest = NULL;
  JsonArray *entries = tocsin_answer_array (parsed, "entries");
  guint n = entries != NULL ? json_array_get_length (entries) : 0;
  g_autoptr (GPtrArray) elements = tocsin_json_slice (page, "entries", n, &rest, NULL);

  if (elements == NULL || elements->len != n)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           _ ("The node answered without a list of entries"));
      return FALSE;
    }
  for (guint i = 0; i < MIN (n, room); i++)
    {
      gsize size = 0;
      const char *data = g_bytes_get_data (elements->pdata[i], &size);

      tocsin_json_writer_raw (rows, data, size);
    }
  *taken += MIN (n, room);
  /* An entry's number is the cursor behind it. */
  if (n > room)
    {
      JsonNode *last = json_array_get_element (entries, room - 1);

      *cursor = JSON_NODE_HOLDS_OBJECT (last)
                    ? tocsin_answer_text (json_node_get_object (last), "number")
                    : NULL;
    }
  else
    *cursor = tocsin_answer_text (parsed, "cursor");
  return TRUE;
}

/* Page after page, as one document of the same shape. */
static GBytes *
load_pages (TocsinInvocation *self, guint limit, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (out);
  g_autofree char *cursor = g_strdup (given.cursor);
  gint64 number = 0;
  guint taken = 0;

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "entries");
  tocsin_json_writer_begin_array (&json);
  do
    {
      g_autoptr (GString) path = g_string_new ("/v1/audit");
      g_autofree char *before = g_steal_pointer (&cursor);
      g_autoptr (GBytes) page = NULL;
      g_autoptr (JsonNode) node = NULL;

      tocsin_argument_add_query (path, "cursor", before);
      page = tocsin_control_call (self->control, "GET", path->str, NULL, error);
      node = page != NULL ? tocsin_control_parse (self->control, page, error) : NULL;
      if (node == NULL || !take_page (page, json_node_get_object (node), limit - taken, &json,
                                      &taken, &cursor, error))
        return NULL;
      /* One that leads nowhere must not keep us here. */
      if (g_strcmp0 (cursor, before) == 0)
        g_clear_pointer (&cursor, g_free);
    }
  while (cursor != NULL && *cursor != '\0' && taken < limit);
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_name (&json, "cursor");
  if (cursor != NULL && g_ascii_string_to_signed (cursor, 10, 0, G_MAXINT64, &number, NULL))
    tocsin_json_writer_int (&json, number);
  else
    tocsin_json_writer_null (&json);
  tocsin_json_writer_end_object (&json);
  return g_string_free_to_bytes (g_steal_pointer (&out));
}

static gboolean
run_list (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "number", N_ ("NUMBER"), TOCSIN_COLUMN_NUMBER },
    { "time", N_ ("TIME"), TOCSIN_COLUMN_PLAIN },
    { "who", N_ ("WHO"), TOCSIN_COLUMN_PLAIN },
    { "action", N_ ("ACTION"), TOCSIN_COLUMN_PLAIN },
    { "object", N_ ("OBJECT"), TOCSIN_COLUMN_PLAIN },
    { "detail", N_ ("DETAIL"), TOCSIN_COLUMN_PLAIN },
  };
  g_autoptr (GBytes) document = NULL;
  g_autoptr (JsonNode) answer = NULL;
  guint limit = LIST_DEFAULT;

  if (given.limit != NULL &&
      !tocsin_argument_number ("--limit", given.limit, 1, LIST_MAX, &limit, error))
    return FALSE;
  document = load_pages (self, limit, error);
  answer = document != NULL ? tocsin_control_parse (self->control, document, error) : NULL;
  if (answer == NULL)
    return FALSE;
  if (self->json)
    {
      tocsin_answer_write (document);
      return TRUE;
    }
  tocsin_answer_print_page (json_node_get_object (answer), "entries", columns,
                            G_N_ELEMENTS (columns), _ ("Nothing was written down"));
  return TRUE;
}

static gboolean
run_verify (TocsinInvocation *self, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  JsonNode *ok;

  if (!tocsin_answer_get (self, "POST", "/v1/audit/verify", NULL, &answer, error))
    return FALSE;
  ok = json_object_get_member (json_node_get_object (answer), "ok");
  if (ok != NULL && json_node_get_value_type (ok) == G_TYPE_BOOLEAN && json_node_get_boolean (ok))
    {
      if (!self->json)
        g_print (_ ("The audit log is whole: %d entries, each fits the one before\n"),
                 (int) tocsin_answer_int (json_node_get_object (answer), "checked"));
      return TRUE;
    }
  if (self->json)
    self->status = TOCSIN_EXIT_FAILED;
  else
    {
      g_autofree char *text = tocsin_answer_text (json_node_get_object (answer), "error");

      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, _ ("The audit log is broken: %s"),
                   text);
    }
  return self->json;
}

static const GOptionEntry options[] = {
  { "cursor", 0, 0, G_OPTION_ARG_STRING, &given.cursor, N_ ("Go on where the last listing ended"),
    N_ ("CURSOR") },
  { "limit", 0, 0, G_OPTION_ARG_STRING, &given.limit, N_ ("At most so many (default: 200)"),
    N_ ("N") },
  G_OPTION_ENTRY_NULL,
};

static const TocsinCommand commands[] = {
  { "list", "", N_ ("List who did what, newest first"), NULL, options, 0, 0, FALSE, run_list },
  { "verify", "", N_ ("Check that no entry was changed, lost or put in between"), NULL, NULL, 0, 0,
    FALSE, run_verify },
  { NULL },
};

const TocsinCommand tocsin_cmd_audit = {
  .name = "audit",
  .synopsis = N_ ("list|verify"),
  .summary = N_ ("Who did what on this node"),
  .commands = commands,
};
