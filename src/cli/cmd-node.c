/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/answer.h"
#include "codec/json-writer.h"
#include "core/error.h"

/* tocsin status: what the node says about itself, as far as a line can hold it. */
static gboolean
run_status (TocsinInvocation *self, GError **error)
{
  return tocsin_answer_show (self, "/v1/status", error);
}

const TocsinCommand tocsin_cmd_status = {
  .name = "status",
  .summary = N_ ("Show how the node is"),
  .run = run_status,
};

/* tocsin version: of this program; needs no node. */
static gboolean
run_version (TocsinInvocation *self, GError **error)
{
  if (self->json)
    g_print ("{\"version\":\"%s\"}\n", PACKAGE_VERSION);
  else
    g_print ("tocsin %s\n", PACKAGE_VERSION);
  return TRUE;
}

const TocsinCommand tocsin_cmd_version = {
  .name = "version",
  .summary = N_ ("Print the version of this program"),
  .run = run_version,
};

/* tocsin observe on|off: whether verdicts act, or are only written down. */
static gboolean
run_observe (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) body = NULL;
  gboolean on = g_str_equal (self->args[0], "on");

  if (!on && !g_str_equal (self->args[0], "off"))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("It is “on” or “off”"));
      return FALSE;
    }
  body = g_string_new (on ? "{\"on\":true}" : "{\"on\":false}");
  return tocsin_answer_done (self, "POST", "/v1/observe", body,
                             on ? _ ("The node observes: nothing is blocked on its word")
                                : _ ("The node no longer only observes: verdicts count"),
                             error);
}

const TocsinCommand tocsin_cmd_observe = {
  .name = "observe",
  .synopsis = N_ ("on|off"),
  .summary = N_ ("Say whether the node only watches"),
  .min_args = 1,
  .max_args = 1,
  .run = run_observe,
};

/* It is the node who could not: where whoever asked sees a place for it, says so. */
static void
explain_backup (const char *dir, GError **error)
{
  g_autofree char *above = g_path_get_dirname (dir);
  g_autoptr (GError) cause = NULL;

  if ((*error)->domain != TOCSIN_ERROR || (*error)->code == TOCSIN_ERROR_UNREACHABLE ||
      (*error)->code == TOCSIN_ERROR_INVALID || g_file_test (dir, G_FILE_TEST_EXISTS) ||
      !g_file_test (above, G_FILE_TEST_IS_DIR))
    return;
  cause = g_steal_pointer (error);
  g_set_error (error, cause->domain, cause->code,
               _ ("%s; the node writes as its own user and, under systemd, below its data "
                  "directory alone"),
               cause->message);
}

/* tocsin backup DIR: the node writes, so DIR is made absolute, and it must be able to write there.
 */
static gboolean
run_backup (TocsinInvocation *self, GError **error)
{
  g_autofree char *dir = g_canonicalize_filename (self->args[0], NULL);
  g_autofree char *sentence = g_strdup_printf (_ ("Backed up to %s"), dir);
  g_autoptr (GString) body = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  TocsinProgress progress;
  gboolean done;

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "dir", dir);
  tocsin_json_writer_end_object (&json);
  tocsin_progress_start (&progress, _ ("Backing up"), 0);
  tocsin_control_set_pulse (self->control, tocsin_progress_pulse, &progress);
  {
    g_autoptr (JsonNode) answer = NULL;

    done = tocsin_answer_get (self, "POST", "/v1/backup", body, &answer, error);
  }
  if (!done)
    explain_backup (dir, error);
  tocsin_progress_stop (&progress);
  if (done && !self->json)
    g_print ("%s\n", sentence);
  return done;
}

const TocsinCommand tocsin_cmd_backup = {
  .name = "backup",
  .synopsis = N_ ("DIR"),
  .summary = N_ ("Write a copy of the node's store and keys, while it runs"),
  .min_args = 1,
  .max_args = 1,
  .run = run_backup,
  .is_long = TRUE,
};

static struct
{
  gboolean dry_run;
} given;

/* tocsin housekeeping: counts by kind. */
static gboolean
run_housekeeping (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) body = g_string_new (given.dry_run ? "{\"dry_run\":true}" : "{}");
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_get (self, "POST", "/v1/housekeeping", body, &answer, error))
    return FALSE;
  if (self->json)
    return TRUE;
  json_object_remove_member (json_node_get_object (answer), "dry_run");
  g_print ("%s\n", given.dry_run ? _ ("Would go:") : _ ("Gone:"));
  tocsin_answer_print_members (json_node_get_object (answer));
  return TRUE;
}

static const GOptionEntry housekeeping_options[] = {
  { "dry-run", 0, 0, G_OPTION_ARG_NONE, &given.dry_run, N_ ("Only see what would go"), NULL },
  G_OPTION_ENTRY_NULL,
};

const TocsinCommand tocsin_cmd_housekeeping = {
  .name = "housekeeping",
  .summary = N_ ("Let go of what has been kept long enough"),
  .options = housekeeping_options,
  .run = run_housekeeping,
  .is_long = TRUE,
};

/* tocsin key rotate: the old key proves the new one, so that peers follow by themselves. */
static gboolean
run_rotate (TocsinInvocation *self, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_confirm (self, _ ("The node gets a new Ed25519 key and tells every peer."),
                              error) ||
      !tocsin_answer_get (self, "POST", "/v1/keys/rotate", NULL, &answer, error))
    return FALSE;
  if (!self->json)
    {
      g_print ("%s\n", _ ("The node has a new Ed25519 key"));
      tocsin_answer_print_members (json_node_get_object (answer));
    }
  return TRUE;
}

static const TocsinCommand key_commands[] = {
  {
      .name = "rotate",
      .summary = N_ ("Replace the node's Ed25519 key by a new one"),
      .confirms = TRUE,
      .run = run_rotate,
  },
  { NULL },
};

const TocsinCommand tocsin_cmd_key = {
  .name = "key",
  .synopsis = N_ ("rotate"),
  .summary = N_ ("Keys of the node"),
  .commands = key_commands,
};
