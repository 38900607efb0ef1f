/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/activity-build.h"

#include "codec/as-read.h"
#include "codec/as-write.h"
#include "codec/report-json.h"
#include "core/error.h"
#include "core/limits.h"

static JsonObject *
begin (const TocsinActivityHead *head, TocsinActivityKind kind)
{
  JsonObject *activity = json_object_new ();

  if (kind == TOCSIN_ACTIVITY_UPDATE)
    tocsin_as_set_actor_context (activity);
  else
    tocsin_as_set_context (activity);
  json_object_set_string_member (activity, "id", head->id);
  json_object_set_string_member (activity, "type", tocsin_activity_kind_to_string (kind));
  json_object_set_string_member (activity, "actor", head->actor);
  json_object_set_string_member (activity, "to", head->to);
  if (head->published_us != 0)
    tocsin_as_set_time (activity, "published", head->published_us);
  return activity;
}

JsonObject *
tocsin_activity_build_follow (const TocsinActivityHead *head, const char *peer)
{
  JsonObject *activity = begin (head, TOCSIN_ACTIVITY_FOLLOW);

  json_object_set_string_member (activity, "object", peer);
  return activity;
}

/* Nothing but the four members: some servers compare what they get back with what they sent. */
static void
set_nested (JsonObject *activity,
            TocsinActivityKind kind,
            const char *id,
            const char *actor,
            const char *object)
{
  JsonObject *nested = json_object_new ();

  json_object_set_string_member (nested, "type", tocsin_activity_kind_to_string (kind));
  json_object_set_string_member (nested, "id", id);
  json_object_set_string_member (nested, "actor", actor);
  json_object_set_string_member (nested, "object", object);
  json_object_set_object_member (activity, "object", nested);
}

/**
 * tocsin_activity_build_accept:
 * @head: addressed to @follower
 * @follow_id: the id of the Follow that is answered
 * @follower: who sent it
 */
JsonObject *
tocsin_activity_build_accept (const TocsinActivityHead *head,
                              const char *follow_id,
                              const char *follower)
{
  JsonObject *activity = begin (head, TOCSIN_ACTIVITY_ACCEPT);

  set_nested (activity, TOCSIN_ACTIVITY_FOLLOW, follow_id, follower, head->actor);
  return activity;
}

/**
 * tocsin_activity_build_reject:
 *
 * As tocsin_activity_build_accept(); after an Accept it ends what that began.
 */
JsonObject *
tocsin_activity_build_reject (const TocsinActivityHead *head,
                              const char *follow_id,
                              const char *follower)
{
  JsonObject *activity = begin (head, TOCSIN_ACTIVITY_REJECT);

  set_nested (activity, TOCSIN_ACTIVITY_FOLLOW, follow_id, follower, head->actor);
  return activity;
}

/**
 * tocsin_activity_build_undo:
 * @undone: %TOCSIN_ACTIVITY_FOLLOW or %TOCSIN_ACTIVITY_BLOCK
 * @undone_id: the id of that activity of ours
 * @peer: whom it was about
 */
JsonObject *
tocsin_activity_build_undo (const TocsinActivityHead *head,
                            TocsinActivityKind undone,
                            const char *undone_id,
                            const char *peer)
{
  JsonObject *activity;

  g_return_val_if_fail (undone == TOCSIN_ACTIVITY_FOLLOW || undone == TOCSIN_ACTIVITY_BLOCK, NULL);

  activity = begin (head, TOCSIN_ACTIVITY_UNDO);
  set_nested (activity, undone, undone_id, head->actor, peer);
  return activity;
}

JsonObject *
tocsin_activity_build_add_report (const TocsinActivityHead *head,
                                  const TocsinReport *report,
                                  const char *target)
{
  JsonObject *activity = begin (head, TOCSIN_ACTIVITY_ADD);

  json_object_set_object_member (activity, "object", tocsin_report_to_json (report));
  json_object_set_string_member (activity, "target", target);
  return activity;
}

JsonObject *
tocsin_activity_build_add_statement (const TocsinActivityHead *head,
                                     const TocsinTrustStatement *statement,
                                     const char *target)
{
  JsonObject *activity = begin (head, TOCSIN_ACTIVITY_ADD);

  json_object_set_object_member (activity, "object", tocsin_trust_statement_to_json (statement));
  json_object_set_string_member (activity, "target", target);
  return activity;
}

JsonObject *
tocsin_activity_build_remove (const TocsinActivityHead *head,
                              const char *object,
                              const char *target,
                              TocsinRemoveReason reason)
{
  JsonObject *activity = begin (head, TOCSIN_ACTIVITY_REMOVE);

  json_object_set_string_member (activity, "object", object);
  json_object_set_string_member (activity, "target", target);
  json_object_set_string_member (activity, "summary", tocsin_reason_to_string (reason));
  return activity;
}

JsonObject *
tocsin_activity_build_update (const TocsinActivityHead *head, const TocsinActorDocument *document)
{
  JsonObject *activity = begin (head, TOCSIN_ACTIVITY_UPDATE);
  JsonObject *object = tocsin_actor_document_to_json (document);

  json_object_remove_member (object, "@context"); /* the activity's holds for it */
  json_object_set_object_member (activity, "object", object);
  return activity;
}

JsonObject *
tocsin_activity_build_block (const TocsinActivityHead *head, const char *peer)
{
  JsonObject *activity = begin (head, TOCSIN_ACTIVITY_BLOCK);

  json_object_set_string_member (activity, "object", peer);
  return activity;
}

/**
 * tocsin_activity_build_delete:
 *
 * That this node's actor is retired; peers believe it once the actor answers 410.
 */
JsonObject *
tocsin_activity_build_delete (const TocsinActivityHead *head)
{
  JsonObject *activity = begin (head, TOCSIN_ACTIVITY_DELETE);

  json_object_set_string_member (activity, "object", head->actor);
  return activity;
}

/**
 * tocsin_activity_to_bytes:
 * @activity: an activity of ours, with its proof if it needs one
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full): what is sent, stored and served, byte for byte; %NULL with
 *   %TOCSIN_ERROR_TOO_LARGE for an Add or Remove that no peer would take
 */
GBytes *
tocsin_activity_to_bytes (JsonObject *activity, GError **error)
{
  g_autoptr (GBytes) bytes = tocsin_as_to_bytes (activity);

  if (g_bytes_get_size (bytes) > TOCSIN_ACTIVITY_MAX_BYTES &&
      (tocsin_as_has_type (activity, "Add") || tocsin_as_has_type (activity, "Remove")))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                           "An Add or Remove of more than 16 KiB");
      return NULL;
    }
  return g_steal_pointer (&bytes);
}
