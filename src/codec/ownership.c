/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Who may say what about which thing, FEP-fe34. In this one place, before anything is stored. */
#define G_LOG_DOMAIN "tocsin-codec"

#include <string.h>

#include "codec/activity.h"
#include "codec/as-read.h"
#include "core/error.h"
#include "core/uri.h"

static gboolean
check_ids (const TocsinActivity *self, GError **error)
{
  if (!tocsin_as_check_id (self->actor, FALSE, "/actor", error))
    return FALSE;
  if (self->id != NULL && !tocsin_as_check_id (self->id, TRUE, "/id", error))
    return FALSE;
  return TRUE;
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_OWNERSHIP, message);
  return FALSE;
}

/* @named is what the actor's document says; where it says nothing, ACTOR/FALLBACK. */
static gboolean
is_collection (const TocsinActivity *self, const char *named, const char *fallback)
{
  g_autofree char *implied = g_strdup_printf ("%s/%s", self->actor, fallback);

  return strcmp (self->target, named != NULL ? named : implied) == 0;
}

static gboolean
check_target (const TocsinActivity *self, const char *reports, const char *trust, GError **error)
{
  gboolean may_be_report = self->object_kind != TOCSIN_OBJECT_TRUST;
  gboolean may_be_trust = self->object_kind != TOCSIN_OBJECT_REPORT;

  if ((may_be_report && is_collection (self, reports, "reports")) ||
      (may_be_trust && is_collection (self, trust, "trust")))
    return TRUE;
  return refuse (error, "/target: not the collection that the actor keeps for such objects");
}

static const char *
attributed_to (const TocsinActivity *self)
{
  switch (self->object_kind)
    {
    case TOCSIN_OBJECT_REPORT:
      return self->report.attributed_to;
    case TOCSIN_OBJECT_TRUST:
      return self->statement.attributed_to;
    case TOCSIN_OBJECT_NONE:
    case TOCSIN_OBJECT_URI:
    case TOCSIN_OBJECT_ACTOR:
    case TOCSIN_OBJECT_ACTIVITY:
    case TOCSIN_OBJECT_OTHER:
      return NULL;
    }
  g_assert_not_reached ();
}

static gboolean
check_collection_change (const TocsinActivity *self,
                         const char *reports,
                         const char *trust,
                         GError **error)
{
  const char *author = attributed_to (self);

  if (!tocsin_as_check_id (self->object, FALSE, "/object/id", error) ||
      !tocsin_as_check_id (self->target, FALSE, "/target", error))
    return FALSE;
  if (author != NULL && strcmp (author, self->actor) != 0)
    return refuse (error, "/object/attributedTo: not the actor of the activity");
  if (!tocsin_uri_same_origin (self->object, self->actor))
    return refuse (error, "/object/id: not on the origin of the actor");
  return check_target (self, reports, trust, error);
}

/**
 * tocsin_activity_check_ownership:
 * @self: an activity
 * @reports: (nullable): what the actor's document names as `reports`; %NULL where it names
 *   none, or is not at hand: ACTOR/reports is taken
 * @trust: (nullable): likewise for `trust`
 * @error: return location for an error, or %NULL
 *
 * Whether everything in @self is its actor's own: activity id, object id and actor on one
 * origin, `attributedTo` the actor, `target` the actor's collection, what is updated
 * the actor's. Who signed it is another question. Does no I/O; may be called from
 * any thread.
 *
 * See [FEP-fe34](https://codeberg.org/fediverse/fep/src/branch/main/fep/fe34/fep-fe34.md).
 *
 * Returns: %TRUE if so. Else %FALSE with %TOCSIN_ERROR_INVALID where an id is not in canonical
 *   form, or %TOCSIN_ERROR_OWNERSHIP.
 */
gboolean
tocsin_activity_check_ownership (const TocsinActivity *self,
                                 const char *reports,
                                 const char *trust,
                                 GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->kind == TOCSIN_ACTIVITY_OTHER)
    return TRUE; /* nothing of it is ever used */
  if (!check_ids (self, error))
    return FALSE;
  if (self->id != NULL && !tocsin_uri_same_origin (self->id, self->actor))
    return refuse (error, "/id: not on the origin of the actor");
  if (self->kind == TOCSIN_ACTIVITY_ADD || self->kind == TOCSIN_ACTIVITY_REMOVE)
    return check_collection_change (self, reports, trust, error);
  if (self->kind == TOCSIN_ACTIVITY_MOVE && strcmp (self->object, self->actor) != 0)
    return refuse (error, "/object: not the actor of the activity");
  if (self->is_foreign)
    return refuse (error, "/object: not the document of the actor, nor a thing of its own");
  if (self->kind == TOCSIN_ACTIVITY_UNDO && self->nested.actor != NULL &&
      strcmp (self->nested.actor, self->actor) != 0)
    return refuse (error, "/object/actor: not the actor of the Undo");
  return TRUE;
}
