/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/report-json.h"

#include <string.h>

#include "codec/as-read.h"
#include "codec/as-write.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"

#define CONTENT_MAX_BYTES (4 * TOCSIN_CONTENT_MAX_CHARS)

static const char *const known_members[] = {
  "id",       "type",   "attributedTo", "published",  "updated",    "reportSubject",
  "category", "basis",  "opinion",      "confidence", "observedAt", "lastObservedAt",
  "endTime",  "action", "sharing",      "content",    NULL
};
static const char *const known_subject_members[] = { "subjectType", "value", "digest", NULL };

G_GNUC_PRINTF (4, 5)
static gboolean
refuse (GError **error, const char *where, const char *name, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, "%s/%s: %s", where, name, text);
  return FALSE;
}

/* E-mail addresses and usernames travel as digests; everything else in clear, because prefixes
 * must match. The one exception is a URL that nobody may pass on. */
static gboolean
travels_as_digest (TocsinSubjectType type, JsonObject *subject)
{
  return tocsin_subject_type_is_digested (type) ||
         (type == TOCSIN_SUBJECT_URL && tocsin_as_member (subject, "value") == NULL);
}

static gboolean
read_subject (JsonObject *report,
              const char *where,
              TocsinSubject *out,
              gboolean *has_unknown_members,
              GError **error)
{
  JsonObject *object = tocsin_as_object (report, "reportSubject");
  g_autofree char *inner = g_strconcat (where, "/reportSubject", NULL);
  g_autoptr (GError) fault = NULL;
  const char *name = NULL, *text = NULL, *member;
  TocsinSubjectType type;
  gboolean is_digest;

  if (object == NULL)
    return refuse (error, where, "reportSubject", "missing or not an object");
  if (!tocsin_as_require_string (object, inner, "subjectType", 32, &name, error))
    return FALSE;
  type = tocsin_subject_type_from_string (name);
  if (type == TOCSIN_SUBJECT_NONE)
    return refuse (error, inner, "subjectType", "not a type of subject");
  is_digest = travels_as_digest (type, object);
  member = is_digest ? "digest" : "value";
  if (tocsin_as_member (object, "value") != NULL && tocsin_as_member (object, "digest") != NULL)
    return refuse (error, inner, member, "a value and a digest at once");
  if (!tocsin_as_require_string (object, inner, member, TOCSIN_URI_MAX_BYTES, &text, error))
    return FALSE;
  if (!(is_digest ? tocsin_subject_from_digest (out, type, text, &fault)
                  : tocsin_subject_parse_received (out, type, text, &fault)))
    return refuse (error, inner, member, "%s", fault->message);
  if (tocsin_as_has_other_members (object, known_subject_members))
    *has_unknown_members = TRUE;
  return TRUE;
}

/* What a category that we do not know says is kept as text; it counts as "other". */
static gboolean
read_category (JsonObject *object, const char *where, TocsinReport *out, GError **error)
{
  const TocsinCategory *category;
  const char *slug = NULL;

  if (!tocsin_as_require_string (object, where, "category", TOCSIN_NAME_MAX_BYTES, &slug, error))
    return FALSE;
  category = tocsin_category_by_slug (slug);
  out->category = category != NULL ? category->id : TOCSIN_CATEGORY_OTHER;
  out->category_text = g_strdup (slug);
  return TRUE;
}

static gboolean
read_judgement (JsonObject *object, const char *where, TocsinReport *out, GError **error)
{
  const char *basis = NULL, *opinion = NULL, *sharing = NULL, *action;
  gint64 confidence = 0;

  if (!tocsin_as_require_string (object, where, "basis", 32, &basis, error) ||
      !tocsin_as_require_string (object, where, "opinion", 32, &opinion, error) ||
      !tocsin_as_require_string (object, where, "sharing", 32, &sharing, error))
    return FALSE;
  if (!tocsin_basis_from_string (basis, &out->basis) || out->basis != TOCSIN_BASIS_FIRST_HAND)
    return refuse (error, where, "basis", "only first_hand reports are exchanged");
  if (!tocsin_opinion_from_string (opinion, &out->opinion))
    return refuse (error, where, "opinion", "neither malicious nor benign");
  if (!tocsin_sharing_from_string (sharing, &out->sharing))
    return refuse (error, where, "sharing", "none of clear, green, amber");
  if (!tocsin_as_integer (object, "confidence", &confidence) || confidence < 1 || confidence > 100)
    return refuse (error, where, "confidence", "not an integer from 1 to 100");
  out->confidence = (guint8) confidence;
  action = tocsin_as_string (object, "action");
  out->action = TOCSIN_ACTION_NONE;
  if (tocsin_as_member (object, "action") != NULL &&
      (action == NULL || !tocsin_action_from_string (action, &out->action)))
    return refuse (error, where, "action", "none of none, limited, suspended, rejected");
  return TRUE;
}

static gboolean
read_content (JsonObject *object, const char *where, TocsinReport *out, GError **error)
{
  const char *content = NULL;

  if (tocsin_as_member (object, "content") == NULL)
    return TRUE;
  if (!tocsin_as_require_string (object, where, "content", CONTENT_MAX_BYTES, &content, error))
    return FALSE;
  if (g_utf8_strlen (content, -1) > TOCSIN_CONTENT_MAX_CHARS)
    return refuse (error, where, "content", "longer than %d characters", TOCSIN_CONTENT_MAX_CHARS);
  if (out->sharing != TOCSIN_SHARING_AMBER)
    return refuse (error, where, "content", "only an amber report may carry text");
  out->content = g_strdup (content);
  return TRUE;
}

/* No time that is read is before 1970. */
static gint64
cut_to_hour (gint64 time_us)
{
  return time_us - time_us % TOCSIN_HOUR_US;
}

static gboolean
require_time (
    JsonObject *object, const char *where, const char *name, gint64 *out_us, GError **error)
{
  const char *text = NULL;

  return tocsin_as_require_string (object, where, name, 64, &text, error) &&
         tocsin_as_time (object, where, name, out_us, error);
}

static gboolean
read_times (JsonObject *object, const char *where, TocsinReport *out, GError **error)
{
  if (!require_time (object, where, "published", &out->published_us, error) ||
      !require_time (object, where, "observedAt", &out->observed_us, error) ||
      !require_time (object, where, "endTime", &out->end_us, error))
    return FALSE;
  out->updated_us = out->published_us;
  out->last_observed_us = out->observed_us;
  if (!tocsin_as_time (object, where, "updated", &out->updated_us, error) ||
      !tocsin_as_time (object, where, "lastObservedAt", &out->last_observed_us, error))
    return FALSE;
  if (out->updated_us < out->published_us)
    return refuse (error, where, "updated", "before published");
  /* Cut first: a peer may have cut only the last one. */
  out->observed_us = cut_to_hour (out->observed_us);
  out->last_observed_us = cut_to_hour (out->last_observed_us);
  if (out->last_observed_us < out->observed_us)
    return refuse (error, where, "lastObservedAt", "before observedAt");
  return TRUE;
}

/**
 * tocsin_report_from_json:
 * @object: what an Add embeds
 * @where: the JSON pointer of @object
 * @out: (out caller-allocates): cleared on error
 * @has_unknown_members: (inout): set to %TRUE if there is a member that we do not know
 * @error: return location for an error, or %NULL
 *
 * Reads a Report. That its ids are canonical and its own is asked of
 * tocsin_activity_check_ownership(), what its category, type and times allow of
 * tocsin_report_validate().
 *
 * Returns: %TRUE on success; else %FALSE with %TOCSIN_ERROR_UNPROCESSABLE
 */
gboolean
tocsin_report_from_json (JsonObject *object,
                         const char *where,
                         TocsinReport *out,
                         gboolean *has_unknown_members,
                         GError **error)
{
  g_auto (TocsinReport) self = { 0 };
  const char *id = NULL, *attributed_to = NULL;

  *out = self;
  if (!tocsin_as_require_uri (object, where, "id", &id, error) ||
      !tocsin_as_require_uri (object, where, "attributedTo", &attributed_to, error))
    return FALSE;
  self.id = g_strdup (id);
  self.attributed_to = g_strdup (attributed_to);
  if (!read_subject (object, where, &self.subject, has_unknown_members, error) ||
      !read_category (object, where, &self, error) ||
      !read_judgement (object, where, &self, error) ||
      !read_content (object, where, &self, error) || !read_times (object, where, &self, error))
    return FALSE;
  if (tocsin_as_has_other_members (object, known_members))
    *has_unknown_members = TRUE;
  *out = self;
  memset (&self, 0, sizeof self);
  return TRUE;
}

/**
 * tocsin_report_outline_from_json:
 * @object: what an Add embeds
 * @where: the JSON pointer of @object
 * @out: (out caller-allocates): cleared on error
 * @error: return location for an error, or %NULL
 *
 * Reads of a Report that breaks a rule what its reporter's digest depends on: whose it is, which
 * version, for whom and until when. A sharing that we do not know is for readers alone.
 *
 * Returns: %TRUE on success; else %FALSE with %TOCSIN_ERROR_UNPROCESSABLE
 */
gboolean
tocsin_report_outline_from_json (JsonObject *object,
                                 const char *where,
                                 TocsinReport *out,
                                 GError **error)
{
  g_auto (TocsinReport) self = { .sharing = TOCSIN_SHARING_AMBER };
  const char *id = NULL, *attributed_to = NULL, *sharing = tocsin_as_string (object, "sharing");

  memset (out, 0, sizeof *out);
  if (!tocsin_as_require_uri (object, where, "id", &id, error) ||
      !tocsin_as_require_uri (object, where, "attributedTo", &attributed_to, error) ||
      !require_time (object, where, "published", &self.published_us, error) ||
      !require_time (object, where, "endTime", &self.end_us, error))
    return FALSE;
  self.updated_us = self.published_us;
  if (!tocsin_as_time (object, where, "updated", &self.updated_us, error))
    return FALSE;
  if (sharing != NULL && !tocsin_sharing_from_string (sharing, &self.sharing))
    self.sharing = TOCSIN_SHARING_AMBER;
  self.id = g_strdup (id);
  self.attributed_to = g_strdup (attributed_to);
  *out = self;
  memset (&self, 0, sizeof self);
  return TRUE;
}

static JsonObject *
subject_to_json (const TocsinSubject *subject)
{
  JsonObject *object = json_object_new ();
  g_autofree char *digest = NULL;

  json_object_set_string_member (object, "subjectType",
                                 tocsin_subject_type_to_string (subject->type));
  if (tocsin_subject_type_is_digested (subject->type) || subject->value == NULL)
    {
      digest = tocsin_subject_digest_string (subject);
      json_object_set_string_member (object, "digest", digest);
    }
  else
    json_object_set_string_member (object, "value", subject->value);
  return object;
}

/**
 * tocsin_report_to_json:
 * @self: a report of this node
 *
 * Returns: (transfer full): the Report as an Add embeds it; json_object_unref() it
 */
JsonObject *
tocsin_report_to_json (const TocsinReport *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", self->id);
  tocsin_as_set_strings (object, "type", (const char *const[]){ "Object", "Report", NULL });
  json_object_set_string_member (object, "attributedTo", self->attributed_to);
  tocsin_as_set_time (object, "published", self->published_us);
  tocsin_as_set_time (object, "updated", self->updated_us);
  json_object_set_object_member (object, "reportSubject", subject_to_json (&self->subject));
  json_object_set_string_member (object, "category", self->category_text);
  json_object_set_string_member (object, "basis", tocsin_basis_to_string (self->basis));
  json_object_set_string_member (object, "opinion", tocsin_opinion_to_string (self->opinion));
  json_object_set_int_member (object, "confidence", self->confidence);
  tocsin_as_set_time (object, "observedAt", cut_to_hour (self->observed_us));
  tocsin_as_set_time (object, "lastObservedAt", cut_to_hour (self->last_observed_us));
  tocsin_as_set_time (object, "endTime", self->end_us);
  json_object_set_string_member (object, "action", tocsin_action_to_string (self->action));
  json_object_set_string_member (object, "sharing", tocsin_sharing_to_string (self->sharing));
  if (self->content != NULL && self->sharing == TOCSIN_SHARING_AMBER)
    json_object_set_string_member (object, "content", self->content);
  return object;
}
