/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "cli/command-line.h"
#include "cli/table.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_COLUMN_PLAIN,
  TOCSIN_COLUMN_NUMBER, /* to the right */
  TOCSIN_COLUMN_TIME,   /* how long ago */
  TOCSIN_COLUMN_STATE,  /* coloured by what it says */
  TOCSIN_COLUMN_ACTOR,  /* a URL; for people its host, where that is as good */
  TOCSIN_COLUMN_PEER,   /* an actor's URL, to be typed again: never cut */
  TOCSIN_COLUMN_COUNT,  /* a number of things, whole whatever the node has */
  TOCSIN_COLUMN_WHOLE,  /* never cut */
  TOCSIN_COLUMN_REPORT, /* the same: a report's URL, of a report of this node its last part */
} TocsinColumnKind;

/* A column of a listing: member of each object, title for people (N_), kind. */
typedef struct
{
  const char *member;
  const char *title;
  TocsinColumnKind kind;
} TocsinColumn;

gboolean tocsin_answer_get (TocsinInvocation *self,
                            const char *method,
                            const char *path,
                            const GString *body,
                            JsonNode **out,
                            GError **error);
gboolean tocsin_answer_done (TocsinInvocation *self,
                             const char *method,
                             const char *path,
                             const GString *body,
                             const char *sentence,
                             GError **error);
void tocsin_answer_write (GBytes *answer);
void tocsin_answer_write_text (const char *document);
gboolean tocsin_answer_confirm (const TocsinInvocation *self, const char *question, GError **error);

const char *tocsin_answer_string (JsonObject *object, const char *member);
gint64 tocsin_answer_int (JsonObject *object, const char *member);
JsonArray *tocsin_answer_array (JsonObject *object, const char *member);
char *tocsin_answer_text (JsonObject *object, const char *member) G_GNUC_WARN_UNUSED_RESULT;
char *tocsin_answer_ago (const char *time, gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
TocsinTone tocsin_answer_tone (const char *state);

void tocsin_answer_print_list (JsonArray *rows,
                               const TocsinColumn *columns,
                               guint n_columns,
                               const char *none);
void tocsin_answer_print_page (JsonObject *answer,
                               const char *member,
                               const TocsinColumn *columns,
                               guint n_columns,
                               const char *none);
void tocsin_answer_print_members (JsonObject *object);

/* Gets @path, an object, and prints it as it was asked for. */
gboolean tocsin_answer_show (TocsinInvocation *self, const char *path, GError **error);

G_END_DECLS
