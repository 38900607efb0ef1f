/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include "cli/arguments.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/terminal.h"
#include "core/category.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/report.h"
#include "core/subject.h"

#define LONGEST_DAYS (100 * 366)

static const char *
area_name (guint i)
{
  return tocsin_area_to_string ((TocsinArea) i);
}

static const char *
action_name (guint i)
{
  return tocsin_action_to_string ((TocsinAction) i);
}

static const char *
opinion_name (guint i)
{
  return tocsin_opinion_to_string ((TocsinOpinion) i);
}

static const char *
sharing_name (guint i)
{
  return tocsin_sharing_to_string ((TocsinSharing) i);
}

static const char *
reason_name (guint i)
{
  return tocsin_reason_to_string ((TocsinRemoveReason) i);
}

static const char *
state_name (guint i)
{
  return tocsin_state_to_string ((TocsinReportState) i);
}

static const char *
type_name (guint i)
{
  return tocsin_subject_type_to_string ((TocsinSubjectType) (i + 1));
}

static const char *
category_name (guint i)
{
  gsize n = 0;
  const TocsinCategory *categories = tocsin_categories (&n);

  return i < n ? categories[i].slug : NULL;
}

/* Not every basis: what was derived, only the node can say. */
static const char *
as_name (guint i)
{
  static const char *const names[] = { "first_hand", "imported", NULL };

  return names[i];
}

static const char *
format_name (guint i)
{
  static const char *const names[] = { "auto", "lines", "csv", "mastodon-csv", "misp-warninglist",
                                       "json", NULL };

  return names[i];
}

static const char *
feed_format_name (guint i)
{
  static const char *const names[] = { "lines",        "csv",       "misp-warninglist",
                                       "cloud-ranges", "tor-exits", "mastodon-csv",
                                       "fires",        "mmdb",      NULL };

  return names[i];
}

static const char *
export_format_name (guint i)
{
  static const char *const names[] = {
    "json",    "csv",          "lines",    "mastodon-csv", "mastodon-email-hashes",
    "fires",   "rbldnsd",      "rpz",      "nginx-geo",    "nginx-map",
    "postfix", "postfix-cidr", "nftables", "stix",         NULL
  };

  return names[i];
}

static const char *
min_verdict_name (guint i)
{
  static const char *const names[] = { "allow", "note", "review", "block", NULL };

  return names[i];
}

static const char *
switch_name (guint i)
{
  static const char *const names[] = { "on", "off", NULL };

  return names[i];
}

static const char *
policy_name (guint i)
{
  static const char *const names[] = { "manual", "listed", "open", NULL };

  return names[i];
}

static const char *
scope_name (guint i)
{
  static const char *const names[] = { "check", "range",   "report", "stream",
                                       "admin", "metrics", NULL };

  return names[i];
}

/* Those that every node has. */
static const char *
profile_name (guint i)
{
  static const char *const names[] = { "lenient", "default", "strict", NULL };

  return names[i];
}

static const struct
{
  const char *what;
  const char *(*name) (guint i); /* NULL past the last */
} kinds[] = {
  { "action", action_name },        { "area", area_name },     { "as", as_name },
  { "category", category_name },    { "format", format_name }, { "opinion", opinion_name },
  { "follow-policy", policy_name }, { "reason", reason_name }, { "scope", scope_name },
  { "sharing", sharing_name },      { "state", state_name },   { "type", type_name },
};

/* What one command means by an option that others have, too. Which exist the node knows better,
 * and says: these are for completion alone. */
static const struct
{
  const char *group; /* (nullable) for a command of the program */
  const char *command;
  const char *option;
  const char *(*name) (guint i);
} own_kinds[] = {
  { "feed", "add", "format", feed_format_name },
  { "report", "export", "format", export_format_name },
  { "report", "export", "min-verdict", min_verdict_name },
  { "report", "export", "profile", profile_name },
  { NULL, "check", "profile", profile_name },
  { NULL, "observe", "on|off", switch_name },
};

static char **
list_names (const char *(*name) (guint i))
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; name (i) != NULL; i++)
    g_strv_builder_add (names, name (i));
  return g_strv_builder_end (names);
}

/**
 * tocsin_argument_names:
 * @what: an option or a kind of argument, such as `category`
 *
 * Returns: (transfer full) (nullable): every name it may have; %NULL if they are not known here
 */
char **
tocsin_argument_names (const char *what)
{
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    if (g_str_equal (kinds[k].what, what))
      return list_names (kinds[k].name);
  return NULL;
}

/**
 * tocsin_argument_names_of:
 * @group: (nullable): that has the command
 * @command: (nullable): that has the option
 * @option: without its dashes
 *
 * Returns: (transfer full) (nullable): the names to offer; %NULL if they are not known here
 */
char **
tocsin_argument_names_of (const char *group, const char *command, const char *option)
{
  for (gsize k = 0; k < G_N_ELEMENTS (own_kinds); k++)
    if (g_strcmp0 (own_kinds[k].group, group) == 0 &&
        g_strcmp0 (own_kinds[k].command, command) == 0 && g_str_equal (own_kinds[k].option, option))
      return list_names (own_kinds[k].name);
  return tocsin_argument_names (option);
}

/**
 * tocsin_argument_name:
 * @what: a kind that tocsin_argument_names() knows
 * @typed: what was typed
 * @error: return location for an error, or %NULL
 *
 * Returns: %TRUE if @typed is one of its names
 */
gboolean
tocsin_argument_name (const char *what, const char *typed, GError **error)
{
  g_auto (GStrv) names = tocsin_argument_names (what);
  g_autofree char *clean = NULL;
  /* No noun, as the others are. */
  const char *noun = g_str_equal (what, "as") ? "--as" : what;
  const char *near;

  g_return_val_if_fail (names != NULL, FALSE);

  if (g_strv_contains ((const char *const *) names, typed))
    return TRUE;
  clean = tocsin_text_clean (typed);
  near = tocsin_text_closest (typed, (const char *const *) names);
  if (near != NULL)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 _ ("There is no %s “%s”; did you mean “%s”?"), noun, clean, near);
  else
    {
      g_autofree char *list = g_strjoinv (", ", names);

      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   _ ("There is no %s “%s”; there are %s"), noun, clean, list);
    }
  return FALSE;
}

gboolean
tocsin_argument_number (
    const char *what, const char *typed, guint min, guint max, guint *out, GError **error)
{
  guint64 value = 0;

  if (g_ascii_string_to_unsigned (typed, 10, min, max, &value, NULL))
    {
      *out = (guint) value;
      return TRUE;
    }
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               _ ("%s must be a whole number from %u to %u"), what, min, max);
  return FALSE;
}

/**
 * tocsin_argument_subject:
 * @typed: TYPE=VALUE
 * @type: (out) (transfer full): TYPE, one that exists
 * @value: (out): VALUE, within @typed; whether it is one of its type, the node says
 * @error: return location for an error, or %NULL
 */
gboolean
tocsin_argument_subject (const char *typed, char **type, const char **value, GError **error)
{
  const char *equals = strchr (typed, '=');
  g_autofree char *name = NULL;

  if (equals == NULL || equals[1] == '\0')
    {
      g_autofree char *clean = tocsin_text_clean (typed);

      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   _ ("“%s” is not of the form TYPE=VALUE, such as ip=203.0.113.7"), clean);
      return FALSE;
    }
  name = g_strndup (typed, (gsize) (equals - typed));
  if (!tocsin_argument_name ("type", name, error))
    return FALSE;
  *type = g_steal_pointer (&name);
  *value = equals + 1;
  return TRUE;
}

static gint64
unit_days (char unit)
{
  switch (unit)
    {
    case 'd':
      return 1;
    case 'w':
      return 7;
    case 'm':
      return 30;
    case 'y':
      return 365;
    default:
      return 0;
    }
}

/**
 * tocsin_argument_time:
 * @typed: an RFC 3339 time, a date (its end, UTC), or a span from now: 12h, 30d, 2w, 6m, 1y
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): RFC 3339, UTC; free with g_free()
 */
char *
tocsin_argument_time (const char *typed, gint64 now_us, GError **error)
{
  gsize size = strlen (typed);
  gint64 time_us = 0;
  guint64 count = 0;
  g_autofree char *digits = size > 0 ? g_strndup (typed, size - 1) : g_strdup ("");
  g_autofree char *midnight = g_strconcat (typed, "T23:59:59Z", NULL);

  if (tocsin_time_parse (typed, &time_us, NULL) || tocsin_time_parse (midnight, &time_us, NULL))
    return tocsin_time_format (time_us);
  if (g_ascii_string_to_unsigned (digits, 10, 1, LONGEST_DAYS, &count, NULL) &&
      (typed[size - 1] == 'h' || unit_days (typed[size - 1]) > 0))
    {
      gint64 hours = typed[size - 1] == 'h' ? 1 : 24 * unit_days (typed[size - 1]);

      if ((gint64) count * hours <= LONGEST_DAYS * 24)
        return tocsin_time_format (now_us +
                                   (gint64) count * hours * 3600 * G_GINT64_CONSTANT (1000000));
    }
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               _ ("A time is a date such as 2027-01-31, an RFC 3339 time, or a span such as 30d"));
  return NULL;
}

/**
 * tocsin_argument_path:
 * @before: of the path, escaped already
 * @segment: any text
 * @after: as @before
 *
 * Returns: (transfer full): the path, @segment percent-encoded as one; free with g_free()
 */
char *
tocsin_argument_path (const char *before, const char *segment, const char *after)
{
  g_autofree char *escaped = g_uri_escape_string (segment, NULL, FALSE);

  return g_strconcat (before, escaped, after, NULL);
}

/* Appends name=value; nothing if @value is %NULL. */
void
tocsin_argument_add_query (GString *path, const char *name, const char *value)
{
  g_autofree char *escaped = NULL;

  if (value == NULL)
    return;
  escaped = g_uri_escape_string (value, NULL, FALSE);
  g_string_append_printf (path, "%c%s=%s", strchr (path->str, '?') == NULL ? '?' : '&', name,
                          escaped);
}

/* The option by which a member of the document was given: the same word, or the one of a list, or
 * of "every_hours" the beginning. (nullable) */
static const char *
option_for (const GOptionEntry *options, const char *member)
{
  for (; options != NULL && options->long_name != NULL; options++)
    {
      g_autofree char *name = g_strdelimit (g_strdup (options->long_name), "-", '_');
      const char *rest = g_str_has_prefix (member, name) ? member + strlen (name) : NULL;

      if (rest != NULL &&
          (*rest == '\0' || g_str_equal (rest, "s") || g_str_equal (rest, "_hours")))
        return options->long_name;
    }
  return NULL;
}

/* What a place in the document that was sent stands for on the command line: one of @args, or an
 * option. (nullable) */
static char *
typed_at (const char *pointer, char **args, const GOptionEntry *options)
{
  static const struct
  {
    const char *pointer;
    guint index;
    const char *name; /* where it was not typed, or in several parts */
  } arguments[] = {
    { "/value", 0, NULL },
    { "/type", 0, NULL },
    { "/actor", 0, NULL },
    { "/name", 0, NULL },
    { "/dir", 0, NULL },
    { "/url", 1, "URL" },
    { "/fingerprint", G_MAXUINT, "FINGERPRINT" },
  };
  guint n = g_strv_length (args);
  guint64 index = 0;
  g_auto (GStrv) parts = g_strsplit (pointer, "/", -1);
  g_autofree char *member = NULL;
  const char *option;

  if (parts[0] != NULL && parts[1] != NULL && parts[2] != NULL &&
      g_str_equal (parts[1], "subjects"))
    return g_ascii_string_to_unsigned (parts[2], 10, 0, G_MAXUINT, &index, NULL) && index < n
               ? g_strdup (args[index])
               : NULL;
  /* A parameter of the query has no slash before it. */
  member = g_strdelimit (g_strdup (*pointer == '/' ? parts[1] : parts[0]), "-", '_');
  option = option_for (options, member);
  if (option != NULL)
    return g_strconcat ("--", option, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (arguments); i++)
    if (g_str_equal (pointer, arguments[i].pointer))
      return g_strdup (arguments[i].index < n ? args[arguments[i].index] : arguments[i].name);
  return NULL;
}

/**
 * tocsin_argument_explain:
 * @error: what a command ended with
 * @args: what was typed after it
 * @options: (nullable): those that it has
 *
 * Where the node says what is wrong by a place in the document that it was sent, says it by what
 * was typed, since nobody has seen that document. The place stands before a colon, or begins the
 * sentence: "/expires is in the past".
 */
void
tocsin_argument_explain (GError *error, char **args, const GOptionEntry *options)
{
  gsize length = strspn (error->message, "/abcdefghijklmnopqrstuvwxyz_-0123456789");
  g_autofree char *pointer = g_strndup (error->message, length);
  g_autofree char *typed = NULL;
  const char *rest = error->message + length;
  char *message;

  if (error->domain != TOCSIN_ERROR || length == 0 || g_str_equal (pointer, "/") ||
      *pointer == '-' || !(g_str_has_prefix (rest, ": ") || *rest == ' '))
    return;
  /* A file may be called so. */
  for (char **arg = args; *arg != NULL; arg++)
    if (g_str_has_prefix (*arg, pointer))
      return;
  typed = typed_at (pointer, args, options);
  if (typed == NULL)
    return;
  message = g_strconcat (typed, rest, NULL);
  g_free (error->message);
  error->message = message;
  /* What was typed is not valid, be it that it is too long. */
  if (error->code == TOCSIN_ERROR_TOO_LARGE)
    error->code = TOCSIN_ERROR_INVALID;
}
