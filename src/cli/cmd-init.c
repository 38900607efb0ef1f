/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* tocsin init: what a new node has to be told, asked for or given, and what its web server needs.
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/daemon.h"
#include "codec/json-writer.h"
#include "core/error.h"

#define EXAMPLE_HOST "tocsin.example"
#define HOST_MARK    "\1" /* in its place; in no host, which could contain the example's */
#define SNIPPETS     "/org/tocsin/cli/"
#define LONGEST_LINE 1024
#define CHECKED_AS   ".new"
#define KEPT_AS      ".before"
#define HTTPS_PORT   443

GResource *tocsin_snippets_get_resource (void); /* generated; see src/meson.build */

static struct
{
  char *base_url;
  char *contact;
  char *follow_policy;
  char *config;
} given;

typedef struct
{
  const char *name; /* of the setting and of the option */
  char **value;
  const char *example;   /* (nullable) for what every node needs */
  const char *otherwise; /* (nullable) for no answer */
  const char *text;
} Question;

static const Question questions[] = {
  { "base-url", &given.base_url, "https://" EXAMPLE_HOST, NULL,
    N_ ("Public address of the node, such as https://tocsin.example") },
  { "contact", &given.contact, NULL, "", N_ ("How to reach you: an e-mail address or a web page") },
  { "follow-policy", &given.follow_policy, NULL, "manual",
    N_ ("Who may follow the node: manual, listed or open") },
};

static gboolean
can_ask (void)
{
  return isatty (STDIN_FILENO) && isatty (STDERR_FILENO);
}

/* One line of an answer; @otherwise for an empty one. NULL at the end of the input. */
static char *
ask (const char *question, const char *otherwise)
{
  char line[LONGEST_LINE];

  if (otherwise != NULL && *otherwise != '\0')
    g_printerr ("%s [%s]: ", question, otherwise);
  else
    g_printerr ("%s: ", question);
  if (fgets (line, sizeof line, stdin) == NULL)
    {
      g_printerr ("\n");
      return NULL;
    }
  g_strstrip (line);
  return g_strdup (*line != '\0' ? line : otherwise != NULL ? otherwise : "");
}

static void
add_setting (GString *out, const char *name, const char *value)
{
  g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new_string (value));
  g_autofree char *text = g_variant_print (variant, FALSE);

  g_string_append_printf (out, "%s=%s\n", name, text);
}

/* @only: (nullable): of these alone; what every node needs, by an example where it is not told */
static GString *
write_settings (const Question *only)
{
  GString *out = g_string_new ("# Written by \"tocsin init\". Every setting is in node.conf(5).\n"
                               "[node]\n");

  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    {
      const Question *question = &questions[i];
      const char *value = only == NULL || question == only ? *question->value : NULL;

      if (value == NULL || *value == '\0')
        value = question->example;
      if (value != NULL)
        add_setting (out, question->name, value);
    }
  return out;
}

/* The daemon names a file that is gone again, and the line of a setting; what was typed was an
 * option of that name. */
static void
name_option (const char *file, GError *error)
{
  const char *text = error->message;
  char *message;

  if (!g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED))
    return;
  if (g_str_has_prefix (text, file) && text[strlen (file)] == ':')
    {
      text += strlen (file) + 1;
      text += strspn (text, "0123456789: ");
    }
  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    if (g_str_has_prefix (text, questions[i].name))
      {
        message = g_strconcat ("--", text, NULL);
        g_free (error->message);
        error->message = message;
        error->code = TOCSIN_ERROR_INVALID;
        return;
      }
}

/* Has the daemon judge what is known, or the answer to @only, in a directory of its own: it looks
 * at what lies beside its settings, too. */
static gboolean
judge (const Question *only, GError **error)
{
  g_autoptr (GString) settings = write_settings (only);
  g_autoptr (GError) refused = NULL;
  g_autofree char *dir = NULL;
  g_autofree char *file = NULL;
  gboolean fine;

  if (given.follow_policy != NULL &&
      !tocsin_argument_name ("follow-policy", given.follow_policy, error))
    return FALSE;
  dir = g_dir_make_tmp ("tocsin-init-XXXXXX", error);
  if (dir == NULL)
    return FALSE;
  file = g_build_filename (dir, "node.conf", NULL);
  fine = g_file_set_contents (file, settings->str, (gssize) settings->len, &refused) &&
         tocsin_daemon_check_config (file, &refused);
  g_unlink (file);
  g_rmdir (dir);
  if (fine)
    return TRUE;
  name_option (file, refused);
  g_propagate_error (error, g_steal_pointer (&refused));
  return FALSE;
}

/* Said to be empty, what is needed is missing all the same. */
static gboolean
is_missing (const Question *self)
{
  return *self->value == NULL || (**self->value == '\0' && self->otherwise == NULL);
}

/* An answer that cannot be is asked for again, before the next question. It is judged alone, so
 * that nothing but itself ever has it asked for again. */
static gboolean
fill (const Question *self, gboolean asks, GError **error)
{
  for (;;)
    {
      g_autoptr (GError) refused = NULL;
      g_autofree char *reason = NULL;

      g_free (*self->value);
      *self->value = asks ? ask (_ (self->text), self->otherwise) : g_strdup (self->otherwise);
      if (*self->value == NULL)
        break;
      if (is_missing (self))
        continue;
      if (!asks || judge (self, &refused))
        return TRUE;
      if (!g_error_matches (refused, TOCSIN_ERROR, TOCSIN_ERROR_INVALID))
        {
          g_propagate_error (error, g_steal_pointer (&refused));
          return FALSE;
        }
      reason = tocsin_text_clean (refused->message + strspn (refused->message, "-"));
      g_printerr ("%s\n", reason);
    }
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       _ ("--base-url is missing: where the node is to be reached, such as "
                          "https://tocsin.example"));
  return FALSE;
}

/* What came as an option ends it if it cannot be: before the first question, if there are any, else
 * when all of it is checked. */
static gboolean
fill_all (GError **error)
{
  gboolean asks = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    asks = asks || is_missing (&questions[i]);
  asks = asks && can_ask ();
  if (asks && !judge (NULL, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    if (is_missing (&questions[i]) && !fill (&questions[i], asks, error))
      return FALSE;
  return tocsin_argument_name ("follow-policy", given.follow_policy, error);
}

/* Checked by the daemon under another name first, so that nothing wrong ever takes the place. */
static gboolean
replace (const char *path, const GString *settings, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  g_autofree char *fresh = g_strconcat (path, CHECKED_AS, NULL);
  g_autofree char *before = g_strconcat (path, KEPT_AS, NULL);
  g_autoptr (GError) refused = NULL;
  gboolean is_new = !g_file_test (dir, G_FILE_TEST_EXISTS);

  if (g_mkdir_with_parents (dir, 0755) != 0)
    {
      g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (errno), "%s: %s", dir,
                   g_strerror (errno));
      return FALSE;
    }
  if (!g_file_set_contents_full (fresh, settings->str, (gssize) settings->len,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                                 error))
    return FALSE;
  if (!tocsin_daemon_check_config (fresh, &refused))
    {
      g_unlink (fresh);
      if (is_new)
        g_rmdir (dir);
      name_option (fresh, refused);
      g_propagate_error (error, g_steal_pointer (&refused));
      return FALSE;
    }
  if ((g_rename (path, before) == 0 || errno == ENOENT) && g_rename (fresh, path) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (errno), "%s: %s", path,
               g_strerror (errno));
  g_unlink (fresh);
  return FALSE;
}

/* The node is another user than root, and no setting is a secret: whatever the umask of who runs
 * this, it has to be able to read them. */
static gboolean
put_in_place (const char *path, const GString *settings, GError **error)
{
  mode_t before = umask (0022);
  gboolean done = replace (path, settings, error);

  (void) umask (before);
  return done;
}

static void
put (GString *text, const char *what, const char *before, const char *value, const char *after)
{
  g_autofree char *whole = g_strconcat (before, value, after, NULL);

  g_string_replace (text, what, whole, 0);
}

/* An example that is installed with the node, with its host and port in place of the example's. */
static char *
snippet (const char *name)
{
  g_autofree char *path = g_strconcat (SNIPPETS, name, NULL);
  g_autoptr (GBytes) bytes = g_resource_lookup_data (tocsin_snippets_get_resource (), path,
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autoptr (GUri) uri = g_uri_parse (given.base_url, G_URI_FLAGS_NONE, NULL);
  g_autoptr (GString) text = NULL;
  g_autofree char *host = NULL;
  g_autofree char *port = NULL;
  gsize size;
  const char *data;

  g_return_val_if_fail (bytes != NULL && uri != NULL, NULL);

  data = g_bytes_get_data (bytes, &size);
  text = g_string_new_len (data, (gssize) size);
  g_string_replace (text, EXAMPLE_HOST, HOST_MARK, 0);
  host = g_strdup_printf (strchr (g_uri_get_host (uri), ':') != NULL ? "[%s]" : "%s",
                          g_uri_get_host (uri));
  if (g_uri_get_port (uri) > 0 && g_uri_get_port (uri) != HTTPS_PORT)
    {
      port = g_strdup_printf (":%d", g_uri_get_port (uri));
      put (text, " 443 ssl", " ", port + 1, " ssl");
      put (text, ":443 ssl", port, " ssl", "");
      put (text, "https://$host$", "https://$host", port, "$");
      put (text, HOST_MARK " {", HOST_MARK, port, " {");
    }
  put (text, "live/" HOST_MARK, "live/", g_uri_get_host (uri), "");
  g_string_replace (text, HOST_MARK, host, 0);
  return g_strdup (text->str);
}

static void
print_all (const TocsinInvocation *self, const char *path)
{
  g_autofree char *nginx = snippet ("nginx.conf");
  g_autofree char *caddy = snippet ("Caddyfile");

  if (self->json)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (out);

      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_string (&json, "config", path);
      tocsin_json_writer_member_string (&json, "nginx", nginx);
      tocsin_json_writer_member_string (&json, "caddy", caddy);
      tocsin_json_writer_end_object (&json);
      g_print ("%s\n", out->str);
      return;
    }
  g_print (_ ("%s is written\n"), path);
  g_print ("\n%s\n\n%s", _ ("For nginx, one of the two:"), nginx);
  g_print ("\n%s\n\n%s", _ ("For Caddy:"), caddy);
  g_print ("\n%s\n",
           _ ("Then: systemctl enable --now tocsin, and tocsin doctor tells whether all is "
              "well. For its first seven days the node only observes."));
}

static gboolean
run (TocsinInvocation *self, GError **error)
{
  g_autofree char *path = g_canonicalize_filename (
      given.config != NULL ? given.config : TOCSIN_DAEMON_CONFIG_FILE, NULL);
  g_autofree char *question = g_strdup_printf (
      _ ("%s exists; it would be kept as %s%s and replaced."), path, path, KEPT_AS);
  g_autoptr (GString) settings = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS) && !g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("%s is no file"), path);
      return FALSE;
    }
  if (g_file_test (path, G_FILE_TEST_EXISTS) && !tocsin_answer_confirm (self, question, error))
    return FALSE;
  if (!fill_all (error))
    return FALSE;
  settings = write_settings (NULL);
  if (!put_in_place (path, settings, error))
    return FALSE;
  print_all (self, path);
  return TRUE;
}

static const GOptionEntry options[] = {
  { "base-url", 0, 0, G_OPTION_ARG_STRING, &given.base_url,
    N_ ("Where the node is to be reached, such as https://tocsin.example"), N_ ("URL") },
  { "contact", 0, 0, G_OPTION_ARG_STRING, &given.contact,
    N_ ("How to reach its operator: an e-mail address or an https URL"), N_ ("TEXT") },
  { "follow-policy", 0, 0, G_OPTION_ARG_STRING, &given.follow_policy,
    N_ ("Who may follow without asking: manual (default), listed or open"), N_ ("POLICY") },
  { "config", 0, 0, G_OPTION_ARG_FILENAME, &given.config,
    N_ ("The file to write (default: /etc/tocsin/node.conf)"), N_ ("FILE") },
  G_OPTION_ENTRY_NULL,
};

const TocsinCommand tocsin_cmd_init = {
  .name = "init",
  .summary = N_ ("Write the settings of a new node, asking for what is needed"),
  .options = options,
  .confirms = TRUE,
  .run = run,
};
