/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include "cli/answer.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/json-strict.h"
#include "core/clock.h"
#include "core/error.h"

#define INDENT   2
#define NEST_MAX 6
#define MINUTE   60
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)

/* Prints a JSON document as it came, but for what would steer a terminal, which is escaped, and
 * nothing else; an answer without one is an empty object. */
void
tocsin_answer_write (GBytes *answer)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (answer, &size);
  g_autofree char *json = size > 0 ? tocsin_text_escape_json (data, size) : g_strdup ("{}");

  /* What cannot be written is noticed at the end, in tocsin_cli_main(). */
  (void) fputs (json, stdout);
  if (!g_str_has_suffix (json, "\n"))
    (void) fputc ('\n', stdout);
}

/* The same for a document that this program made. */
void
tocsin_answer_write_text (const char *document)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (document, strlen (document));

  tocsin_answer_write (bytes);
}

/**
 * tocsin_answer_get:
 * @self: the running command
 * @method: of HTTP
 * @path: escaped
 * @body: (nullable): a JSON document
 * @out: (out) (transfer full): the answer, holding an object; free it with json_node_unref()
 * @error: return location for an error, or %NULL
 *
 * Calls the node. With --json the answer has been printed when this returns.
 *
 * Returns: %TRUE, or %FALSE as tocsin_control_call() and tocsin_control_parse()
 */
gboolean
tocsin_answer_get (TocsinInvocation *self,
                   const char *method,
                   const char *path,
                   const GString *body,
                   JsonNode **out,
                   GError **error)
{
  g_autoptr (GBytes) answer = tocsin_control_call (self->control, method, path, body, error);

  if (answer == NULL)
    return FALSE;
  *out = tocsin_control_parse (self->control, answer, error);
  if (*out == NULL)
    return FALSE;
  if (self->json)
    tocsin_answer_write (answer);
  return TRUE;
}

/* The same for a call whose answer is news to a program alone; people get @sentence. */
gboolean
tocsin_answer_done (TocsinInvocation *self,
                    const char *method,
                    const char *path,
                    const GString *body,
                    const char *sentence,
                    GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_get (self, method, path, body, &answer, error))
    return FALSE;
  if (!self->json)
    g_print ("%s\n", sentence);
  return TRUE;
}

/**
 * tocsin_answer_confirm:
 * @self: the running command
 * @question: what is going to happen, translated
 * @error: return location for an error, or %NULL
 *
 * Asks on a terminal. With --yes the command line is the answer; where nobody is there to answer,
 * it has to be.
 *
 * Returns: %TRUE to go on; else %FALSE with %TOCSIN_ERROR_CONFLICT, or %TOCSIN_ERROR_INVALID where
 *   --yes is missing
 */
gboolean
tocsin_answer_confirm (const TocsinInvocation *self, const char *question, GError **error)
{
  char line[16] = "";

  if (self->yes)
    return TRUE;
  if (!isatty (STDIN_FILENO) || !isatty (STDERR_FILENO))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   _ ("%s Nobody is here to be asked: give --yes if that is meant"), question);
      return FALSE;
    }
  g_printerr (_ ("%s Type “yes” to go on: "), question);
  if (fgets (line, sizeof line, stdin) == NULL)
    g_printerr ("\n");
  g_strstrip (line);
  if (g_str_equal (line, "yes") || g_str_equal (line, _ ("yes")))
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, _ ("Nothing was changed"));
  return FALSE;
}

static JsonNode *
member_of (JsonObject *object, const char *member)
{
  return json_object_has_member (object, member) ? json_object_get_member (object, member) : NULL;
}

/* (nullable): the text of a member that is a string. */
const char *
tocsin_answer_string (JsonObject *object, const char *member)
{
  JsonNode *node = member_of (object, member);

  return node != NULL ? tocsin_json_string (node) : NULL;
}

/* The value of a member that is a whole number; 0 otherwise. */
gint64
tocsin_answer_int (JsonObject *object, const char *member)
{
  JsonNode *node = member_of (object, member);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node)
                                                                         : 0;
}

/* (nullable): a member that is an array. */
JsonArray *
tocsin_answer_array (JsonObject *object, const char *member)
{
  JsonNode *node = member_of (object, member);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/* A subject as it is typed: "ip=203.0.113.7"; its digest where no more is known. */
static char *
subject_text (JsonObject *object)
{
  const char *value = tocsin_answer_string (object, "value");

  if (value == NULL)
    value = tocsin_answer_string (object, "digest");
  return g_strdup_printf ("%s=%s", tocsin_answer_string (object, "type"),
                          value != NULL ? value : "");
}

static char *
/* NOLINTNEXTLINE(misc-no-recursion): the parser bounds the depth. */
text_of (JsonNode *node)
{
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return g_strdup ("");
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObject *object = json_node_get_object (node);
      g_autoptr (GString) out = g_string_new (NULL);
      g_autoptr (GList) names = json_object_get_members (object);

      if (tocsin_answer_string (object, "type") != NULL)
        return subject_text (object);
      for (const GList *l = names; l != NULL; l = l->next)
        {
          g_autofree char *text = text_of (json_object_get_member (object, l->data));

          g_string_append_printf (out, "%s%s=%s", out->len > 0 ? " " : "", (char *) l->data, text);
        }
      return g_strdup (out->str);
    }
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      g_autoptr (GString) out = g_string_new (NULL);

      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          g_autofree char *text = text_of (json_array_get_element (array, i));

          g_string_append_printf (out, "%s%s", i > 0 ? ", " : "", text);
        }
      return g_strdup (out->str);
    }
  if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return g_strdup (json_node_get_boolean (node) ? _ ("yes") : _ ("no"));
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  if (json_node_get_value_type (node) == G_TYPE_DOUBLE)
    return g_strdup_printf ("%.4g", json_node_get_double (node));
  return g_strdup (json_node_get_string (node));
}

/* Any member in one clean line for a person; "" where there is none. */
char *
tocsin_answer_text (JsonObject *object, const char *member)
{
  g_autofree char *text = text_of (member_of (object, member));

  return tocsin_text_clean (text);
}

/**
 * tocsin_answer_ago:
 * @time: (nullable): RFC 3339
 * @now_us: the time
 *
 * Returns: (transfer full): "5 min ago", "in 3 d"; @time itself if it is none; free with g_free()
 */
char *
tocsin_answer_ago (const char *time, gint64 now_us)
{
  gint64 time_us = 0;
  gint64 seconds;
  gboolean ahead;
  g_autofree char *span = NULL;

  if (time == NULL || !tocsin_time_parse (time, &time_us, NULL))
    return g_strdup (time != NULL ? time : "");
  ahead = time_us > now_us;
  seconds = ABS (now_us - time_us) / G_USEC_PER_SEC;
  if (seconds < MINUTE)
    span = g_strdup_printf (_ ("%d s"), (int) seconds);
  else if (seconds < HOUR)
    span = g_strdup_printf (_ ("%d min"), (int) (seconds / MINUTE));
  else if (seconds < 2 * DAY)
    span = g_strdup_printf (_ ("%d h"), (int) (seconds / HOUR));
  else
    span = g_strdup_printf (_ ("%d d"), (int) (seconds / DAY));
  return g_strdup_printf (ahead ? _ ("in %s") : _ ("%s ago"), span);
}

/* The colour of a word of the API: a verdict, a breaker, a state. */
TocsinTone
tocsin_answer_tone (const char *state)
{
  static const struct
  {
    const char *word;
    TocsinTone tone;
  } words[] = {
    { "allow", TOCSIN_TONE_GOOD },      { "live", TOCSIN_TONE_GOOD },
    { "closed", TOCSIN_TONE_GOOD },     { "ok", TOCSIN_TONE_GOOD },
    { "review", TOCSIN_TONE_WARN },     { "held", TOCSIN_TONE_WARN },
    { "pending", TOCSIN_TONE_WARN },    { "half_open", TOCSIN_TONE_WARN },
    { "block", TOCSIN_TONE_BAD },       { "blocked", TOCSIN_TONE_BAD },
    { "open", TOCSIN_TONE_BAD },        { "refused", TOCSIN_TONE_BAD },
    { "withdrawn", TOCSIN_TONE_FAINT }, { "expired", TOCSIN_TONE_FAINT },
  };

  for (gsize i = 0; state != NULL && i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i].word, state))
      return words[i].tone;
  return TOCSIN_TONE_PLAIN;
}

/* As much of a report's URL as its node needs to know it; all of it for a program. Only a report of
 * this node names no actor, or the bundle of which it is. */
static const char *
report_name (JsonObject *row, const char *id)
{
  const char *slash = strrchr (id, '/');
  gboolean own =
      tocsin_answer_string (row, "actor") == NULL || json_object_has_member (row, "bundle");

  return own && tocsin_terminal_width (STDOUT_FILENO) > 0 && slash != NULL && slash[1] != '\0'
             ? slash + 1
             : id;
}

/* The host stands for its one node wherever an ACTOR is typed, and a URL of which a narrow terminal
 * shows the beginning for nobody. */
static char *
actor_name (const char *url)
{
  const char *host = g_str_has_prefix (url, "https://") ? url + strlen ("https://") : "";
  const char *slash = strchr (host, '/');

  return tocsin_terminal_width (STDOUT_FILENO) > 0 && g_strcmp0 (slash, "/actor") == 0
             ? g_strndup (host, (gsize) (slash - host))
             : g_strdup (url);
}

/* What fades with time has a fraction. */
static char *
count_text (JsonObject *row, const char *member)
{
  JsonNode *node = member_of (row, member);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_DOUBLE
             ? g_strdup_printf ("%.0f", json_node_get_double (node))
             : tocsin_answer_text (row, member);
}

static void
add_cell (TocsinTable *table, JsonObject *row, const TocsinColumn *column, gint64 now_us)
{
  g_autofree char *text = tocsin_answer_text (row, column->member);
  g_autofree char *ago = NULL;
  g_autofree char *name = NULL;

  switch (column->kind)
    {
    case TOCSIN_COLUMN_TIME:
      ago = tocsin_answer_ago (text, now_us);
      tocsin_table_add (table, ago);
      break;
    case TOCSIN_COLUMN_STATE:
      tocsin_table_add_toned (table, text, tocsin_answer_tone (text));
      break;
    case TOCSIN_COLUMN_COUNT:
      name = count_text (row, column->member);
      tocsin_table_add (table, name);
      break;
    case TOCSIN_COLUMN_ACTOR:
    case TOCSIN_COLUMN_PEER:
      name = actor_name (text);
      tocsin_table_add (table, name);
      break;
    case TOCSIN_COLUMN_REPORT:
      tocsin_table_add (table, report_name (row, text));
      break;
    case TOCSIN_COLUMN_PLAIN:
    case TOCSIN_COLUMN_NUMBER:
    case TOCSIN_COLUMN_WHOLE:
    default:
      tocsin_table_add (table, text);
      break;
    }
}

/**
 * tocsin_answer_print_list:
 * @rows: (nullable): objects; what is none is passed over
 * @columns: (array length=n_columns): what to show of each
 * @n_columns: 1 to 16
 * @none: what to say on standard error if there is no row, translated
 */
void
tocsin_answer_print_list (JsonArray *rows,
                          const TocsinColumn *columns,
                          guint n_columns,
                          const char *none)
{
  const char *titles[16];
  g_autoptr (TocsinTable) table = NULL;
  gint64 now_us = tocsin_time_now_us ();

  g_return_if_fail (n_columns >= 1 && n_columns <= G_N_ELEMENTS (titles));

  for (guint i = 0; i < n_columns; i++)
    titles[i] = _ (columns[i].title);
  table = tocsin_table_new (n_columns, titles);
  for (guint i = 0; i < n_columns; i++)
    if (columns[i].kind == TOCSIN_COLUMN_NUMBER || columns[i].kind == TOCSIN_COLUMN_COUNT)
      tocsin_table_align_right (table, i);
    else if (columns[i].kind == TOCSIN_COLUMN_WHOLE || columns[i].kind == TOCSIN_COLUMN_REPORT ||
             columns[i].kind == TOCSIN_COLUMN_PEER)
      tocsin_table_keep_whole (table, i);
  for (guint r = 0; rows != NULL && r < json_array_get_length (rows); r++)
    {
      JsonNode *row = json_array_get_element (rows, r);

      for (guint i = 0; JSON_NODE_HOLDS_OBJECT (row) && i < n_columns; i++)
        add_cell (table, json_node_get_object (row), &columns[i], now_us);
    }
  if (tocsin_table_n_rows (table) == 0)
    g_printerr ("%s\n", none);
  else
    tocsin_table_print (table);
}

/* Whether a shell takes it as it stands; it is there to be copied. */
static gboolean
is_plain_word (const char *text)
{
  return strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=") ==
         strlen (text);
}

/**
 * tocsin_answer_print_page:
 * @answer: an object with the array @member, and a `cursor` if more follow
 * @member: name of the rows
 * @columns: (array length=n_columns): as for tocsin_answer_print_list()
 * @n_columns: 1 to 16
 * @none: what to say on standard error if there is no row, translated
 *
 * Prints the rows, and on standard error how to go on.
 */
void
tocsin_answer_print_page (JsonObject *answer,
                          const char *member,
                          const TocsinColumn *columns,
                          guint n_columns,
                          const char *none)
{
  g_autofree char *cursor = tocsin_answer_text (answer, "cursor");
  g_autofree char *quoted = is_plain_word (cursor) ? g_strdup (cursor) : g_shell_quote (cursor);

  tocsin_answer_print_list (tocsin_answer_array (answer, member), columns, n_columns, none);
  if (*cursor != '\0')
    g_printerr (_ ("There are more: --cursor %s\n"), quoted);
}

static void
/* NOLINTNEXTLINE(misc-no-recursion): to NEST_MAX. */
add_members (TocsinTable *table, JsonObject *object, guint depth)
{
  g_autoptr (GList) names = json_object_get_members (object);

  for (const GList *l = names; l != NULL; l = l->next)
    {
      JsonNode *node = json_object_get_member (object, l->data);
      g_autofree char *label =
          g_strdup_printf ("%*s%s", (int) depth * INDENT, "", (char *) l->data);
      g_autofree char *text = NULL;

      g_strdelimit (label + depth * INDENT, "_", ' ');
      tocsin_table_add (table, label);
      if (JSON_NODE_HOLDS_OBJECT (node) && depth < NEST_MAX)
        {
          tocsin_table_add (table, " ");
          add_members (table, json_node_get_object (node), depth + 1);
          continue;
        }
      text = text_of (node);
      tocsin_table_add_toned (table, text, tocsin_answer_tone (text));
    }
}

/* Everything an object says, a line a member, one below the other. */
void
tocsin_answer_print_members (JsonObject *object)
{
  g_autoptr (TocsinTable) table = tocsin_table_new (2, NULL);

  tocsin_table_keep_whole (table, 1);
  add_members (table, object, 0);
  if (tocsin_table_n_rows (table) > 0)
    tocsin_table_print (table);
}

gboolean
tocsin_answer_show (TocsinInvocation *self, const char *path, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_get (self, "GET", path, NULL, &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_members (json_node_get_object (answer));
  return TRUE;
}
