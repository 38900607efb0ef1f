/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/activity.h"

G_BEGIN_DECLS

/**
 * TocsinActivityHead: what every activity of ours begins with. All unowned.
 */
typedef struct
{
  const char *id;      /* BASE/activities/UUID */
  const char *actor;   /* BASE/actor */
  const char *to;      /* BASE/followers for Add and Remove, else the one peer */
  gint64 published_us; /* 0: none is written */
} TocsinActivityHead;

/* Each gives (transfer full) the activity without its proof, members in a fixed order, to be
 * proven where it needs proof and then written by tocsin_activity_to_bytes(). */
JsonObject *tocsin_activity_build_follow (const TocsinActivityHead *head,
                                          const char *peer) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *tocsin_activity_build_accept (const TocsinActivityHead *head,
                                          const char *follow_id,
                                          const char *follower) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *tocsin_activity_build_reject (const TocsinActivityHead *head,
                                          const char *follow_id,
                                          const char *follower) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *tocsin_activity_build_undo (const TocsinActivityHead *head,
                                        TocsinActivityKind undone,
                                        const char *undone_id,
                                        const char *peer) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *tocsin_activity_build_add_report (const TocsinActivityHead *head,
                                              const TocsinReport *report,
                                              const char *target) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *tocsin_activity_build_add_statement (const TocsinActivityHead *head,
                                                 const TocsinTrustStatement *statement,
                                                 const char *target) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *tocsin_activity_build_remove (const TocsinActivityHead *head,
                                          const char *object,
                                          const char *target,
                                          TocsinRemoveReason reason) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *
tocsin_activity_build_update (const TocsinActivityHead *head,
                              const TocsinActorDocument *document) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *tocsin_activity_build_block (const TocsinActivityHead *head,
                                         const char *peer) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *tocsin_activity_build_delete (const TocsinActivityHead *head) G_GNUC_WARN_UNUSED_RESULT;

GBytes *tocsin_activity_to_bytes (JsonObject *activity, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
