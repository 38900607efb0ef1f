/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/actor-ref.h"
#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/catch-up.h"
#include "codec/json-writer.h"
#include "core/error.h"

#define FINGERPRINT         "SHA256:"
#define FINGERPRINT_DIGITS  64
#define DEFAULT_TRUST       50
#define TIMEOUT_MAX_SECONDS 604800

static struct
{
  char *trust;
  char **areas;
  char *area;
  gboolean full;
  gboolean not_full;
  gboolean private;
  gboolean public;
  gboolean pending;
  gboolean following;
  gboolean followers;
  gboolean wait;
  char *timeout;
} given;

/* AREA=N, each area at most once. @trust becomes that of "any", which is what --trust says. */
static gboolean
write_areas (TocsinJsonWriter *json, guint *trust, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  tocsin_json_writer_name (json, "areas");
  tocsin_json_writer_begin_object (json);
  for (gsize i = 0; given.areas != NULL && given.areas[i] != NULL; i++)
    {
      const char *equals = strchr (given.areas[i], '=');
      g_autofree char *area = NULL;
      guint weight = 0;

      if (equals == NULL)
        {
          g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                               _ ("--area is of the form AREA=N, such as spam=80"));
          return FALSE;
        }
      area = g_strndup (given.areas[i], (gsize) (equals - given.areas[i]));
      if (!tocsin_argument_name ("area", area, error) ||
          !tocsin_argument_number ("--area", equals + 1, 0, 100, &weight, error))
        return FALSE;
      tocsin_json_writer_member_int (json, area, weight);
      if (g_str_equal (area, "any") && given.trust != NULL)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       _ ("%s and %s exclude each other"), "--trust", "--area any");
          return FALSE;
        }
      if (g_str_equal (area, "any"))
        *trust = weight;
      if (!g_hash_table_add (seen, g_steal_pointer (&area)))
        {
          g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                               _ ("An area was given twice"));
          return FALSE;
        }
    }
  tocsin_json_writer_end_object (json);
  return TRUE;
}

/* What people compare over another channel, before they believe what the peer says. */
static void
print_fingerprints (JsonObject *answer)
{
  JsonArray *fingerprints = tocsin_answer_array (answer, "fingerprints");

  for (guint i = 0; fingerprints != NULL && i < json_array_get_length (fingerprints); i++)
    {
      JsonNode *node = json_array_get_element (fingerprints, i);
      const char *text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
      g_autofree char *clean = tocsin_text_clean (text != NULL ? text : "");

      if (*clean != '\0')
        g_print (_ ("Its key, to be compared with what its admin sees: %s\n"), clean);
    }
}

/* How long --wait waits; 0: until it is over. */
static gboolean
read_timeout (guint *out, GError **error)
{
  *out = 0;
  if (given.timeout != NULL && !given.wait)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("--timeout needs --wait"));
      return FALSE;
    }
  return given.timeout == NULL ||
         tocsin_argument_number ("--timeout", given.timeout, 1, TIMEOUT_MAX_SECONDS, out, error);
}

static gboolean
show_peer (TocsinInvocation *self, const char *actor, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/peers/", actor, "");

  return tocsin_answer_show (self, path, error);
}

/* With --wait, what --json prints is the peer once it is read. */
static gboolean
follow (TocsinInvocation *self, const GString *body, JsonNode **answer, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (!given.wait)
    return tocsin_answer_get (self, "POST", "/v1/peers", body, answer, error);
  bytes = tocsin_control_call (self->control, "POST", "/v1/peers", body, error);
  *answer = bytes != NULL ? tocsin_control_parse (self->control, bytes, error) : NULL;
  return *answer != NULL;
}

static void
print_followed (JsonObject *answer, const char *actor, guint trust)
{
  g_autofree char *clean = tocsin_text_clean (actor);
  gboolean set = given.trust != NULL || given.areas != NULL;

  if (g_strcmp0 (tocsin_answer_string (answer, "following"), "accepted") != 0)
    g_print (set ? _ ("Asked to follow %s, with trust %u\n")
                 : _ ("Asked to follow %s, with trust %u unless it has another\n"),
             clean, trust);
  else if (set)
    g_print (_ ("%s is followed already, now with trust %u\n"), clean, trust);
  else
    g_print (_ ("%s is followed already\n"), clean);
  print_fingerprints (answer);
}

static gboolean
run_follow (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  g_autoptr (JsonNode) answer = NULL;
  guint trust = DEFAULT_TRUST, timeout;
  const char *actor;

  if (!read_timeout (&timeout, error) ||
      (given.trust != NULL &&
       !tocsin_argument_number ("--trust", given.trust, 1, 100, &trust, error)))
    return FALSE;
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "actor", self->args[0]);
  /* Left out, the node keeps what it has, or takes the default for an actor that is new to it. */
  if (given.trust != NULL || given.areas != NULL)
    tocsin_json_writer_member_int (&json, "trust", trust);
  if (!write_areas (&json, &trust, error))
    return FALSE;
  tocsin_json_writer_end_object (&json);

  if (!follow (self, body, &answer, error))
    return FALSE;
  actor = tocsin_answer_string (json_node_get_object (answer), "actor");
  if (actor == NULL)
    actor = self->args[0];
  if (!self->json)
    print_followed (json_node_get_object (answer), actor, trust);
  if (!given.wait)
    return TRUE;
  return tocsin_catch_up_wait (self, actor, timeout, error) &&
         (!self->json || show_peer (self, actor, error));
}

/* One call about one peer that already exists. @after follows its ID in the path. */
static gboolean
act (TocsinInvocation *self,
     const char *method,
     const char *after,
     const GString *body,
     const char *sentence,
     GError **error)
{
  gboolean may_be_new = g_str_equal (after, "/block") || g_str_equal (after, "/trust");
  g_autofree char *actor =
      tocsin_actor_ref_resolve (self->control, self->args[0], may_be_new, error);
  g_autofree char *path = NULL;
  g_autofree char *clean = NULL;
  g_autofree char *line = NULL;

  if (actor == NULL)
    return FALSE;
  path = tocsin_argument_path ("/v1/peers/", actor, after);
  clean = tocsin_text_clean (actor);
  line = g_strconcat (clean, ": ", sentence, NULL);
  return tocsin_answer_done (self, method, path, body, line, error);
}

static gboolean
run_unfollow (TocsinInvocation *self, GError **error)
{
  return act (self, "DELETE", "", NULL, _ ("no longer followed"), error);
}

static gboolean
run_accept (TocsinInvocation *self, GError **error)
{
  return act (self, "POST", "/accept", NULL, _ ("may follow this node"), error);
}

static gboolean
run_reject (TocsinInvocation *self, GError **error)
{
  return act (self, "POST", "/reject", NULL, _ ("may not follow this node"), error);
}

static gboolean
run_block (TocsinInvocation *self, GError **error)
{
  return act (self, "POST", "/block", NULL, _ ("blocked"), error);
}

static gboolean
run_unblock (TocsinInvocation *self, GError **error)
{
  return act (self, "POST", "/unblock", NULL, _ ("no longer blocked"), error);
}

static gboolean
run_reset (TocsinInvocation *self, GError **error)
{
  return act (self, "POST", "/reset", NULL, _ ("breakers closed"), error);
}

/* As the node writes it, "SHA256:0123-4567-…", from whatever was copied: without its dashes, with
 * blanks, in parts. What is none stays as it was typed. */
static char *
read_fingerprint (char **typed)
{
  g_autofree char *joined = g_strjoinv (" ", typed);
  const char *at = g_ascii_strncasecmp (joined, FINGERPRINT, strlen (FINGERPRINT)) == 0
                       ? joined + strlen (FINGERPRINT)
                       : joined;
  g_autoptr (GString) out = g_string_new (FINGERPRINT);
  guint digits = 0;

  for (; *at != '\0'; at++)
    {
      if (strchr (" -:", *at) != NULL)
        continue;
      if (!g_ascii_isxdigit (*at))
        return g_steal_pointer (&joined);
      if (digits > 0 && digits % 4 == 0)
        g_string_append_c (out, '-');
      g_string_append_c (out, g_ascii_tolower (*at));
      digits++;
    }
  return digits == FINGERPRINT_DIGITS ? g_strdup (out->str) : g_steal_pointer (&joined);
}

static gboolean
run_confirm_key (TocsinInvocation *self, GError **error)
{
  g_autofree char *fingerprint = read_fingerprint (self->args + 1);
  g_autoptr (GString) body = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "fingerprint", fingerprint);
  tocsin_json_writer_end_object (&json);
  return act (self, "POST", "/confirm-key", body, _ ("key confirmed"), error);
}

/* @on or @off, or neither: then the node leaves it as it is. */
static gboolean
write_mark (TocsinJsonWriter *json,
            const char *member,
            gboolean on,
            gboolean off,
            const char *on_option,
            const char *off_option,
            GError **error)
{
  if (on && off)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("%s and %s exclude each other"),
                   on_option, off_option);
      return FALSE;
    }
  if (on || off)
    tocsin_json_writer_member_bool (json, member, on);
  return TRUE;
}

static gboolean
run_trust (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  const char *area = given.area != NULL ? given.area : "any";
  g_autofree char *sentence = NULL;
  guint weight = 0;

  if (!tocsin_argument_number ("N", self->args[1], 0, 100, &weight, error) ||
      !tocsin_argument_name ("area", area, error))
    return FALSE;
  if (weight == 0 && given.full)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("%s and %s exclude each other"),
                   "0", "--full");
      return FALSE;
    }
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "area", area);
  tocsin_json_writer_member_int (&json, "weight", weight);
  if (!write_mark (&json, "full", given.full, given.not_full, "--full", "--not-full", error) ||
      !write_mark (&json, "private", given.private, given.public, "--private", "--public", error))
    return FALSE;
  tocsin_json_writer_end_object (&json);
  sentence = weight == 0 ? g_strdup_printf (_ ("distrusted, area %s"), area)
                         : g_strdup_printf (_ ("trusted with %u of 100, area %s"), weight, area);
  return act (self, "PUT", "/trust", body, sentence, error);
}

static gboolean
run_show (TocsinInvocation *self, GError **error)
{
  g_autofree char *actor = NULL;
  guint timeout;

  if (!read_timeout (&timeout, error))
    return FALSE;
  actor = tocsin_actor_ref_resolve (self->control, self->args[0], FALSE, error);
  return actor != NULL && (!given.wait || tocsin_catch_up_wait (self, actor, timeout, error)) &&
         show_peer (self, actor, error);
}

/* Beside the table, whose columns are full. */
static void
mark_free_riders (JsonArray *peers)
{
  for (guint i = 0; peers != NULL && i < json_array_get_length (peers); i++)
    {
      JsonNode *peer = json_array_get_element (peers, i);
      JsonNode *mark = JSON_NODE_HOLDS_OBJECT (peer)
                           ? json_object_get_member (json_node_get_object (peer), "free_rider")
                           : NULL;
      g_autofree char *actor = NULL;

      if (mark == NULL || json_node_get_value_type (mark) != G_TYPE_BOOLEAN ||
          !json_node_get_boolean (mark))
        continue;
      actor = tocsin_answer_text (json_node_get_object (peer), "actor");
      g_print (_ ("free rider: %s takes many reports and gives hardly any\n"), actor);
    }
}

static gboolean
run_list (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "actor", N_ ("ACTOR"), TOCSIN_COLUMN_PEER },
    { "relation", N_ ("RELATION"), TOCSIN_COLUMN_STATE },
    { "trust", N_ ("TRUST"), TOCSIN_COLUMN_NUMBER },
    { "breaker", N_ ("BREAKER"), TOCSIN_COLUMN_STATE },
    { "last_seen", N_ ("LAST SEEN"), TOCSIN_COLUMN_TIME },
    { "given", N_ ("GIVEN"), TOCSIN_COLUMN_COUNT },
    { "got", N_ ("GOT"), TOCSIN_COLUMN_COUNT },
    { "ratio", N_ ("RATIO"), TOCSIN_COLUMN_NUMBER },
  };
  g_autoptr (GString) path = g_string_new ("/v1/peers");
  g_autoptr (JsonNode) answer = NULL;

  if (given.pending + given.following + given.followers > 1)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           _ ("--pending, --following and --followers exclude each other"));
      return FALSE;
    }
  tocsin_argument_add_query (path, "filter",
                             given.pending     ? "pending"
                             : given.following ? "following"
                             : given.followers ? "followers"
                                               : NULL);
  if (!tocsin_answer_get (self, "GET", path->str, NULL, &answer, error))
    return FALSE;
  if (!self->json)
    {
      JsonArray *peers = tocsin_answer_array (json_node_get_object (answer), "peers");

      tocsin_answer_print_list (peers, columns, G_N_ELEMENTS (columns), _ ("No peers"));
      mark_free_riders (peers);
    }
  return TRUE;
}

static gboolean
run_suggest (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "actor", N_ ("ACTOR"), TOCSIN_COLUMN_PEER },
    { "rank", N_ ("RANK"), TOCSIN_COLUMN_NUMBER },
    { "trusted_by", N_ ("TRUSTED BY"), TOCSIN_COLUMN_PLAIN },
  };
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_get (self, "GET", "/v1/peers/suggestions", NULL, &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_list (tocsin_answer_array (json_node_get_object (answer), "suggestions"),
                              columns, G_N_ELEMENTS (columns), _ ("Nobody to suggest"));
  return TRUE;
}

static const GOptionEntry follow_options[] = {
  { "trust", 0, 0, G_OPTION_ARG_STRING, &given.trust,
    N_ ("How far its reports are believed, 1 to 100 (default: 50)"), N_ ("N") },
  { "area", 0, 0, G_OPTION_ARG_STRING_ARRAY, &given.areas,
    N_ ("Another trust in one area: any, spam, abuse or security; may be repeated"),
    N_ ("AREA=N") },
  { "wait", 0, 0, G_OPTION_ARG_NONE, &given.wait,
    N_ ("Wait until all that it has is read, and show how far that is"), NULL },
  { "timeout", 0, 0, G_OPTION_ARG_STRING, &given.timeout,
    N_ ("With --wait: no longer than so many seconds"), N_ ("N") },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry show_options[] = {
  { "wait", 0, 0, G_OPTION_ARG_NONE, &given.wait,
    N_ ("Wait until all that it has is read, and show how far that is"), NULL },
  { "timeout", 0, 0, G_OPTION_ARG_STRING, &given.timeout,
    N_ ("With --wait: no longer than so many seconds"), N_ ("N") },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry trust_options[] = {
  { "area", 0, 0, G_OPTION_ARG_STRING, &given.area, N_ ("In this area only (default: any)"),
    N_ ("AREA") },
  { "full", 0, 0, G_OPTION_ARG_NONE, &given.full,
    N_ ("Its word alone may be enough for the strictest verdict"), NULL },
  { "not-full", 0, 0, G_OPTION_ARG_NONE, &given.not_full, N_ ("Its word alone is no longer enough"),
    NULL },
  { "private", 0, 0, G_OPTION_ARG_NONE, &given.private, N_ ("Do not tell other nodes"), NULL },
  { "public", 0, 0, G_OPTION_ARG_NONE, &given.public, N_ ("Tell other nodes again"), NULL },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry list_options[] = {
  { "pending", 0, 0, G_OPTION_ARG_NONE, &given.pending, N_ ("Only those that wait for an answer"),
    NULL },
  { "following", 0, 0, G_OPTION_ARG_NONE, &given.following, N_ ("Only those that we follow"),
    NULL },
  { "followers", 0, 0, G_OPTION_ARG_NONE, &given.followers, N_ ("Only those that follow us"),
    NULL },
  G_OPTION_ENTRY_NULL,
};

static const TocsinCommand peer_commands[] = {
  { "follow", N_ ("ACTOR"), N_ ("Follow a node: a URL, acct:user@host, @user@host or a host"), NULL,
    follow_options, 1, 1, FALSE, run_follow },
  { "unfollow", N_ ("ACTOR"), N_ ("Stop following"), NULL, NULL, 1, 1, FALSE, run_unfollow },
  { "show", N_ ("ACTOR"), N_ ("Show all about one peer"), NULL, show_options, 1, 1, FALSE,
    run_show },
  { "accept", N_ ("ACTOR"), N_ ("Let it follow this node"), NULL, NULL, 1, 1, FALSE, run_accept },
  { "reject", N_ ("ACTOR"), N_ ("Do not let it follow this node"), NULL, NULL, 1, 1, FALSE,
    run_reject },
  { "block", N_ ("ACTOR"), N_ ("Neither hear it nor tell it anything"), NULL, NULL, 1, 1, FALSE,
    run_block },
  { "unblock", N_ ("ACTOR"), N_ ("Take a block back"), NULL, NULL, 1, 1, FALSE, run_unblock },
  { "list", "", N_ ("List peers"), NULL, list_options, 0, 0, FALSE, run_list },
  { "trust", N_ ("ACTOR N"), N_ ("Set how far it is believed, 0 to 100; 0 is distrust"), NULL,
    trust_options, 2, 2, FALSE, run_trust },
  { "reset", N_ ("ACTOR"), N_ ("Close its breakers, so that it is called again"), NULL, NULL, 1, 1,
    FALSE, run_reset },
  { "confirm-key", N_ ("ACTOR FINGERPRINT"), N_ ("Take a new key that no known key has proved"),
    NULL, NULL, 2, 2 + FINGERPRINT_DIGITS / 4, FALSE, run_confirm_key },
  { "suggest", "", N_ ("List actors that peers trust and we do not follow"), NULL, NULL, 0, 0,
    FALSE, run_suggest },
  { NULL },
};

const TocsinCommand tocsin_cmd_peer = {
  .name = "peer",
  .synopsis = N_ ("follow|list|show|…"),
  .summary = N_ ("Nodes that this one follows or is followed by"),
  .commands = peer_commands,
};
