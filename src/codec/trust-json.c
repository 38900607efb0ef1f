/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/trust-json.h"

#include "codec/as-read.h"
#include "codec/as-write.h"
#include "core/error.h"
#include "core/uri.h"

static const char *const known_members[] = { "id",        "type",    "attributedTo",
                                             "published", "updated", "about",
                                             "area",      "weight",  NULL };

void
tocsin_trust_statement_clear (TocsinTrustStatement *self)
{
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->attributed_to, g_free);
  g_clear_pointer (&self->about, g_free);
}

static gboolean
read_area_and_weight (JsonObject *object,
                      const char *where,
                      TocsinTrustStatement *self,
                      GError **error)
{
  const char *area = NULL;
  gint64 weight = 0;

  if (!tocsin_as_require_string (object, where, "area", 32, &area, error))
    return FALSE;
  if (!tocsin_area_from_string (area, &self->area))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, "%s/area: not a trust area",
                   where);
      return FALSE;
    }
  if (!tocsin_as_integer (object, "weight", &weight) || weight < 1 || weight > 100)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                   "%s/weight: not an integer from 1 to 100", where);
      return FALSE;
    }
  self->weight = (guint8) weight;
  return TRUE;
}

static gboolean
read_times (JsonObject *object, const char *where, TocsinTrustStatement *self, GError **error)
{
  const char *published = NULL;

  if (!tocsin_as_require_string (object, where, "published", 64, &published, error) ||
      !tocsin_as_time (object, where, "published", &self->published_us, error))
    return FALSE;
  self->updated_us = self->published_us;
  if (!tocsin_as_time (object, where, "updated", &self->updated_us, error))
    return FALSE;
  if (self->updated_us < self->published_us)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, "%s/updated: before published",
                   where);
      return FALSE;
    }
  return TRUE;
}

/**
 * tocsin_trust_statement_from_json:
 * @object: what an Add embeds
 * @where: the JSON pointer of @object
 * @out: (out caller-allocates): cleared on error
 * @has_unknown_members: (inout): set to %TRUE if there is a member that we do not know
 * @error: return location for an error, or %NULL
 *
 * Reads a TrustStatement. That its ids are canonical and its own is asked of
 * tocsin_activity_check_ownership(); times are not compared with now.
 *
 * Returns: %TRUE on success; else %FALSE with %TOCSIN_ERROR_UNPROCESSABLE
 */
gboolean
tocsin_trust_statement_from_json (JsonObject *object,
                                  const char *where,
                                  TocsinTrustStatement *out,
                                  gboolean *has_unknown_members,
                                  GError **error)
{
  g_auto (TocsinTrustStatement) self = { 0 };
  const char *id = NULL, *attributed_to = NULL, *about = NULL;

  *out = self;
  if (!tocsin_as_require_uri (object, where, "id", &id, error) ||
      !tocsin_as_require_uri (object, where, "attributedTo", &attributed_to, error) ||
      !tocsin_as_require_uri (object, where, "about", &about, error))
    return FALSE;
  if (!tocsin_uri_check_id (about, FALSE, NULL))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                   "%s/about: not an actor URI in canonical form", where);
      return FALSE;
    }
  self.id = g_strdup (id);
  self.attributed_to = g_strdup (attributed_to);
  self.about = g_strdup (about);
  if (!read_area_and_weight (object, where, &self, error) ||
      !read_times (object, where, &self, error))
    return FALSE;
  if (tocsin_as_has_other_members (object, known_members))
    *has_unknown_members = TRUE;
  *out = self;
  self = (TocsinTrustStatement){ 0 };
  return TRUE;
}

/**
 * tocsin_trust_statement_to_json:
 *
 * Returns: (transfer full): the TrustStatement as an Add embeds it; json_object_unref() it
 */
JsonObject *
tocsin_trust_statement_to_json (const TocsinTrustStatement *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", self->id);
  tocsin_as_set_strings (object, "type", (const char *const[]){ "Object", "TrustStatement", NULL });
  json_object_set_string_member (object, "attributedTo", self->attributed_to);
  tocsin_as_set_time (object, "published", self->published_us);
  tocsin_as_set_time (object, "updated", self->updated_us);
  json_object_set_string_member (object, "about", self->about);
  json_object_set_string_member (object, "area", tocsin_area_to_string (self->area));
  json_object_set_int_member (object, "weight", self->weight);
  return object;
}
