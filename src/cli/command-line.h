/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "cli/control.h"

G_BEGIN_DECLS

/* Exit statuses. Documented in docs/man/tocsin.1.md; changing one breaks scripts. */
typedef enum
{
  TOCSIN_EXIT_OK = 0,
  TOCSIN_EXIT_FAILED = 1,
  TOCSIN_EXIT_USAGE = 2,
  TOCSIN_EXIT_NOT_FOUND = 3,
  TOCSIN_EXIT_REFUSED = 4,
  TOCSIN_EXIT_UNREACHABLE = 5,
  TOCSIN_EXIT_REVIEW = 10, /* of "check" alone */
  TOCSIN_EXIT_BLOCK = 11,
} TocsinExit;

/**
 * TocsinInvocation:
 * @args: (unowned): what was typed after the command, without its options; %NULL-terminated
 * @n_args: how many, within what the command allows
 * @json: print the node's JSON document and nothing else
 * @yes: do not ask before what cannot be undone
 * @control: (unowned): the node
 * @status: what to exit with; on an error, %TOCSIN_EXIT_OK leaves that to the error's code
 *
 * One run of a command.
 */
typedef struct
{
  char **args;
  guint n_args;
  gboolean json;
  gboolean yes;
  TocsinControl *control;
  TocsinExit status;
} TocsinInvocation;

/**
 * TocsinCommand:
 * @name: what the user types, such as `follow`; %NULL ends a table
 * @synopsis: its arguments, translatable; "" for none
 * @summary: one line for `--help`, translatable
 * @commands: (nullable): the commands below this one, instead of everything that follows
 * @options: (nullable): its options, beside those that every command has
 * @min_args: fewest arguments
 * @max_args: most arguments; 0 with @min_args 0 for none
 * @confirms: it asks before it acts, and so takes `--yes`
 * @run: does it
 * @is_long: the node may be at work on it for hours, and completes it whether or not anybody waits:
 *   its silence says nothing
 *
 * One command, or a group of them. Each group lives in its own `cmd-NAME.c`, which exports
 * nothing else.
 */
typedef struct _TocsinCommand TocsinCommand;
struct _TocsinCommand
{
  const char *name;
  const char *synopsis;
  const char *summary;
  const TocsinCommand *commands;
  const GOptionEntry *options;
  guint min_args;
  guint max_args;
  gboolean confirms;
  gboolean (*run) (TocsinInvocation *self, GError **error);
  gboolean is_long;
};

extern const TocsinCommand tocsin_cmd_allow;
extern const TocsinCommand tocsin_cmd_audit;
extern const TocsinCommand tocsin_cmd_backup;
extern const TocsinCommand tocsin_cmd_check;
extern const TocsinCommand tocsin_cmd_config;
extern const TocsinCommand tocsin_cmd_doctor;
extern const TocsinCommand tocsin_cmd_erase;
extern const TocsinCommand tocsin_cmd_export_subject;
extern const TocsinCommand tocsin_cmd_feed;
extern const TocsinCommand tocsin_cmd_housekeeping;
extern const TocsinCommand tocsin_cmd_init;
extern const TocsinCommand tocsin_cmd_key;
extern const TocsinCommand tocsin_cmd_observe;
extern const TocsinCommand tocsin_cmd_peer;
extern const TocsinCommand tocsin_cmd_report;
extern const TocsinCommand tocsin_cmd_review;
extern const TocsinCommand tocsin_cmd_status;
extern const TocsinCommand tocsin_cmd_token;
extern const TocsinCommand tocsin_cmd_trust;
extern const TocsinCommand tocsin_cmd_version;

/* Commands of "report" that have a file of their own. */
gboolean tocsin_report_import_run (TocsinInvocation *self, GError **error);
extern const GOptionEntry tocsin_report_import_options[];

int tocsin_cli_main (int argc, char *argv[]);

G_END_DECLS
