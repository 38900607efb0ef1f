/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/activity.h"

#include <string.h>

#include "codec/as-read.h"
#include "codec/jcs.h"
#include "codec/proof.h"
#include "codec/report-json.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/uri.h"

#define TYPE_MAX_BYTES   64
#define MAX_RECIPIENTS   16
#define REASON_MAX_BYTES 32

static const struct
{
  TocsinActivityKind kind;
  const char *name;
} kinds[] = {
  { TOCSIN_ACTIVITY_FOLLOW, "Follow" }, { TOCSIN_ACTIVITY_ACCEPT, "Accept" },
  { TOCSIN_ACTIVITY_REJECT, "Reject" }, { TOCSIN_ACTIVITY_UNDO, "Undo" },
  { TOCSIN_ACTIVITY_ADD, "Add" },       { TOCSIN_ACTIVITY_REMOVE, "Remove" },
  { TOCSIN_ACTIVITY_UPDATE, "Update" }, { TOCSIN_ACTIVITY_BLOCK, "Block" },
  { TOCSIN_ACTIVITY_MOVE, "Move" },     { TOCSIN_ACTIVITY_DELETE, "Delete" },
};

static const char *const known_members[] = { "@context", "id",    "type",      "actor",
                                             "object",   "to",    "cc",        "published",
                                             "target",   "proof", "signature", NULL };
static const char *const known_remove_members[] = { "@context", "id",      "type",  "actor",
                                                    "object",   "to",      "cc",    "published",
                                                    "target",   "summary", "proof", "signature",
                                                    NULL };

static void
nested_clear (TocsinNestedActivity *self)
{
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->actor, g_free);
  g_clear_pointer (&self->object, g_free);
}

void
tocsin_activity_free (TocsinActivity *self)
{
  if (self == NULL)
    return;
  g_free (self->type);
  g_free (self->id);
  g_free (self->actor);
  g_free (self->object);
  tocsin_report_clear (&self->report);
  tocsin_trust_statement_clear (&self->statement);
  tocsin_actor_document_free (self->document);
  nested_clear (&self->nested);
  g_free (self->target);
  g_strfreev (self->to);
  g_clear_pointer (&self->root, json_node_unref);
  g_bytes_unref (self->raw);
  g_free (self);
}

static TocsinActivityKind
kind_of (JsonObject *object)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (tocsin_as_has_type (object, kinds[i].name))
      return kinds[i].kind;
  return TOCSIN_ACTIVITY_OTHER;
}

static gboolean
refuse (GError **error, TocsinError code, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, code, message);
  return FALSE;
}

/* A URI that may be missing; anything else in its place is malformed. */
static gboolean
read_uri (JsonObject *object, const char *name, char **out, GError **error)
{
  const char *uri = tocsin_as_uri (object, name);

  if (tocsin_as_member (object, name) == NULL)
    return TRUE;
  if (uri == NULL || *uri == '\0' || strlen (uri) > TOCSIN_URI_MAX_BYTES)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "/%s: not a URI of 1 to %d bytes, nor an object with such an id", name,
                   TOCSIN_URI_MAX_BYTES);
      return FALSE;
    }
  *out = g_strdup (uri);
  return TRUE;
}

/* A kind that we do not know may be addressed and dated as it likes. */
static gboolean
read_recipients (TocsinActivity *self, JsonObject *root, GError **error)
{
  g_autoptr (GPtrArray) list = tocsin_as_list (root, "to");
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean is_ours = self->kind != TOCSIN_ACTIVITY_OTHER;

  if (is_ours && list->len > MAX_RECIPIENTS)
    return refuse (error, TOCSIN_ERROR_INVALID, "/to: more than 16 recipients");
  for (guint i = 0; is_ours && i < list->len; i++)
    {
      const char *uri = tocsin_as_uri_of_node (list->pdata[i]);

      if (uri == NULL || strlen (uri) > TOCSIN_URI_MAX_BYTES)
        return refuse (error, TOCSIN_ERROR_INVALID, "/to: not a list of URIs");
      g_strv_builder_add (builder, uri);
    }
  self->to = g_strv_builder_end (builder);
  return TRUE;
}

static gboolean
read_published (TocsinActivity *self, JsonObject *root, GError **error)
{
  g_autoptr (GError) fault = NULL;

  if (self->kind == TOCSIN_ACTIVITY_OTHER ||
      tocsin_as_time (root, "", "published", &self->published_us, &fault))
    return TRUE;
  return refuse (error, TOCSIN_ERROR_INVALID, fault->message);
}

static gboolean
read_envelope (TocsinActivity *self, JsonObject *root, GError **error)
{
  const char *type = tocsin_as_first_type (root);

  if (type == NULL)
    return refuse (error, TOCSIN_ERROR_INVALID, "/type: missing, or not a string");
  self->kind = kind_of (root);
  self->type = g_utf8_substring (type, 0, MIN (g_utf8_strlen (type, -1), TYPE_MAX_BYTES / 4));
  if (!read_uri (root, "id", &self->id, error) || !read_uri (root, "actor", &self->actor, error))
    return FALSE;
  if (self->actor == NULL)
    return refuse (error, TOCSIN_ERROR_INVALID, "/actor: missing");
  if (self->id == NULL && self->kind != TOCSIN_ACTIVITY_OTHER &&
      self->kind != TOCSIN_ACTIVITY_ACCEPT && self->kind != TOCSIN_ACTIVITY_REJECT)
    return refuse (error, TOCSIN_ERROR_INVALID, "/id: missing");
  return read_recipients (self, root, error) && read_published (self, root, error);
}

/* The id alone, whatever is around it. */
static gboolean
read_object_id (TocsinActivity *self, JsonObject *root, GError **error)
{
  JsonNode *node = tocsin_as_member (root, "object");

  if (!read_uri (root, "object", &self->object, error))
    return FALSE;
  if (self->object == NULL)
    return refuse (error, TOCSIN_ERROR_INVALID, "/object: missing");
  self->object_kind = JSON_NODE_HOLDS_OBJECT (node) ? TOCSIN_OBJECT_OTHER : TOCSIN_OBJECT_URI;
  return TRUE;
}

static char *
dup_uri (JsonObject *object, const char *name)
{
  const char *uri = tocsin_as_uri (object, name);

  return uri != NULL && strlen (uri) <= TOCSIN_URI_MAX_BYTES ? g_strdup (uri) : NULL;
}

/* Accept, Reject, Undo: by the id of the other activity, or with that activity inside, which
 * may itself have a whole actor inside and lack its id. */
static gboolean
read_nested (TocsinActivity *self, JsonObject *root, GError **error)
{
  JsonObject *object = tocsin_as_object (root, "object");

  if (object == NULL)
    return read_object_id (self, root, error);
  self->object_kind = TOCSIN_OBJECT_ACTIVITY;
  self->nested.kind = kind_of (object);
  self->nested.id = dup_uri (object, "id");
  self->nested.actor = dup_uri (object, "actor");
  self->nested.object = dup_uri (object, "object");
  self->object = g_strdup (self->nested.id);
  if (self->nested.id == NULL && (self->nested.actor == NULL || self->nested.object == NULL))
    return refuse (error, TOCSIN_ERROR_INVALID,
                   "/object: neither an id nor an activity with actor and object");
  return TRUE;
}

static gboolean
read_target (TocsinActivity *self, JsonObject *root, GError **error)
{
  if (!read_uri (root, "target", &self->target, error))
    return FALSE;
  return self->target != NULL || refuse (error, TOCSIN_ERROR_INVALID, "/target: missing");
}

static gboolean
check_report_size (const TocsinActivity *self, GError **error)
{
  return g_bytes_get_size (self->raw) <= TOCSIN_ACTIVITY_MAX_BYTES ||
         refuse (error, TOCSIN_ERROR_TOO_LARGE, "An Add or Remove of more than 16 KiB");
}

/* Libraries write `cc` beside `to`, and what is forwarded is forwarded as it was signed: so it may
 * have URIs, and no text. */
static gboolean
is_list_of_uris (JsonObject *root, const char *name)
{
  g_autoptr (GPtrArray) list = tocsin_as_list (root, name);

  for (guint i = 0; i < list->len; i++)
    {
      const char *uri = tocsin_as_uri_of_node (list->pdata[i]);

      if (uri == NULL || !tocsin_uri_check_id (uri, TRUE, NULL))
        return FALSE;
    }
  return list->len <= MAX_RECIPIENTS;
}

static gboolean
has_other_members (JsonObject *root, const char *const *known)
{
  return tocsin_as_has_other_members (root, known) || !is_list_of_uris (root, "cc");
}

static gboolean
read_report (TocsinActivity *self, JsonObject *object, GError **error)
{
  g_autoptr (GError) fault = NULL;

  self->object_kind = TOCSIN_OBJECT_REPORT;
  if (!tocsin_report_from_json (object, "/object", &self->report, &self->has_unknown_members,
                                &fault))
    {
      self->is_outline = self->is_listed &&
                         tocsin_report_outline_from_json (object, "/object", &self->report, NULL);
      if (!self->is_outline)
        {
          g_propagate_error (error, g_steal_pointer (&fault));
          return FALSE;
        }
    }
  self->object = g_strdup (self->report.id);
  return TRUE;
}

static gboolean
read_add (TocsinActivity *self, JsonObject *root, GError **error)
{
  JsonObject *object = tocsin_as_object (root, "object");
  gboolean ok;

  if (!check_report_size (self, error) || !read_target (self, root, error))
    return FALSE;
  if (object == NULL)
    return refuse (error, TOCSIN_ERROR_UNPROCESSABLE, "/object: not embedded");
  if (tocsin_as_has_type (object, "Report"))
    ok = read_report (self, object, error);
  else if (tocsin_as_has_type (object, "TrustStatement"))
    {
      self->object_kind = TOCSIN_OBJECT_TRUST;
      ok = tocsin_trust_statement_from_json (object, "/object", &self->statement,
                                             &self->has_unknown_members, error);
      self->object = g_strdup (self->statement.id);
    }
  else
    ok = refuse (error, TOCSIN_ERROR_UNPROCESSABLE,
                 "/object/type: neither Report nor TrustStatement");
  if (has_other_members (root, known_members))
    self->has_unknown_members = TRUE;
  return ok;
}

/* A reason that a later version of the protocol may name; not a text. */
static gboolean
is_word (const char *summary)
{
  return strlen (summary) <= REASON_MAX_BYTES &&
         strspn (summary, "abcdefghijklmnopqrstuvwxyz_") == strlen (summary);
}

/* Proofs are dated to the second, most of them: what was made before in the same one is older. */
static gint64
end_of_second (gint64 time_us)
{
  return time_us != 0 && time_us % TOCSIN_SECOND_US == 0 ? time_us + TOCSIN_SECOND_US - 1 : time_us;
}

static gboolean
read_remove (TocsinActivity *self, JsonObject *root, GError **error)
{
  const char *summary = tocsin_as_string (root, "summary");

  if (!check_report_size (self, error) || !read_target (self, root, error) ||
      !read_object_id (self, root, error))
    return FALSE;
  /* It would travel on with the Remove, and with it what is withdrawn. */
  if (self->object_kind != TOCSIN_OBJECT_URI)
    return refuse (error, TOCSIN_ERROR_UNPROCESSABLE, "/object: not an id alone");
  /* Versions are ordered by time, and that of its arrival is not its actor's. */
  if (self->published_us == 0)
    self->published_us = end_of_second (tocsin_proof_peek_created_us (root));
  if (self->published_us == 0)
    return refuse (error, TOCSIN_ERROR_UNPROCESSABLE, "/published: missing, and no proof is dated");
  if (summary == NULL || !tocsin_reason_from_string (summary, &self->reason))
    self->reason = TOCSIN_REASON_OTHER;
  self->has_unknown_members =
      has_other_members (root, known_remove_members) ||
      (tocsin_as_member (root, "summary") != NULL && (summary == NULL || !is_word (summary)));
  return TRUE;
}

/* Only the sender's own document is read. An Update of a post of the sender's is ignored later; one
 * of what another owns is not for the sender to send. */
static gboolean
read_update (TocsinActivity *self, JsonObject *root, GError **error)
{
  JsonObject *object = tocsin_as_object (root, "object");
  const char *owner;

  if (!read_object_id (self, root, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  if (strcmp (self->object, self->actor) != 0)
    {
      owner = tocsin_actor_type_of (object) != NULL ? self->object
                                                    : tocsin_as_uri (object, "attributedTo");
      self->is_foreign = owner != NULL && strcmp (owner, self->actor) != 0;
      return TRUE;
    }
  self->document = tocsin_actor_document_from_json (object, "/object", error);
  if (self->document == NULL)
    return FALSE;
  self->object_kind = TOCSIN_OBJECT_ACTOR;
  return TRUE;
}

static gboolean
read_by_kind (TocsinActivity *self, JsonObject *root, GError **error)
{
  switch (self->kind)
    {
    case TOCSIN_ACTIVITY_ACCEPT:
    case TOCSIN_ACTIVITY_REJECT:
    case TOCSIN_ACTIVITY_UNDO:
      return read_nested (self, root, error);
    case TOCSIN_ACTIVITY_ADD:
      return read_add (self, root, error);
    case TOCSIN_ACTIVITY_REMOVE:
      return read_remove (self, root, error);
    case TOCSIN_ACTIVITY_UPDATE:
      return read_update (self, root, error);
    case TOCSIN_ACTIVITY_MOVE:
      return read_object_id (self, root, error) && read_target (self, root, error) &&
             tocsin_as_check_id (self->target, FALSE, "/target", error);
    case TOCSIN_ACTIVITY_FOLLOW:
    case TOCSIN_ACTIVITY_BLOCK:
    case TOCSIN_ACTIVITY_DELETE:
      return read_object_id (self, root, error);
    case TOCSIN_ACTIVITY_OTHER:
      self->object = dup_uri (root, "object");
      self->object_kind = self->object != NULL ? TOCSIN_OBJECT_URI : TOCSIN_OBJECT_NONE;
      return TRUE;
    }
  g_assert_not_reached ();
}

static TocsinActivity *
parse (GBytes *body, gboolean is_listed, GError **error)
{
  g_autoptr (TocsinActivity) self = g_new0 (TocsinActivity, 1);
  JsonObject *root;
  gsize size = 0;
  const char *data = g_bytes_get_data (body, &size);

  self->raw = g_bytes_ref (body);
  self->is_listed = is_listed;
  self->root = tocsin_json_parse (data, size, &tocsin_json_default_limits, &self->facts, error);
  if (self->root == NULL)
    return NULL;
  root = tocsin_json_node_object (self->root, error);
  if (root == NULL || !read_envelope (self, root, error) || !read_by_kind (self, root, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * tocsin_activity_parse:
 * @body: what was posted to the inbox
 * @error: return location for an error, or %NULL
 *
 * Reads an activity: strict JSON, then the members that its kind needs, in any of the forms
 * that peers send them. A kind that we do not know is %TOCSIN_ACTIVITY_OTHER and no error.
 *
 * Does no I/O and reads no clock; may be called from any thread. See `docs/wire/` and
 * [ActivityStreams 2.0](https://www.w3.org/TR/activitystreams-core/).
 *
 * Returns: (transfer full) (nullable): the activity. On error %NULL with %TOCSIN_ERROR_INVALID
 *   (the message begins with the JSON pointer), %TOCSIN_ERROR_TOO_LARGE, or
 *   %TOCSIN_ERROR_UNPROCESSABLE where an Add holds no valid Report or TrustStatement, an Update
 *   no valid actor, or a Remove no time or more than an id.
 */
TocsinActivity *
tocsin_activity_parse (GBytes *body, GError **error)
{
  return parse (body, FALSE, error);
}

/**
 * tocsin_activity_parse_listed:
 * @item: an element of an outbox page
 * @error: return location for an error, or %NULL
 *
 * Reads what somebody's outbox holds. It is in its owner's digest whether we take it or not: an
 * Add of a report that breaks a rule, or has a word of a later version of the protocol, is read as
 * far as that needs, and marked as @is_outline.
 *
 * Returns: as tocsin_activity_parse()
 */
TocsinActivity *
tocsin_activity_parse_listed (GBytes *item, GError **error)
{
  return parse (item, TRUE, error);
}

/**
 * tocsin_activity_kind_to_string:
 *
 * Returns: (nullable): the type as it is written; %NULL for %TOCSIN_ACTIVITY_OTHER
 */
const char *
tocsin_activity_kind_to_string (TocsinActivityKind kind)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].kind == kind)
      return kinds[i].name;
  return NULL;
}

/**
 * tocsin_activity_root:
 *
 * Returns: (transfer none): the activity as JSON, for the verifier of its proof; not to be
 *   changed, and not there any more once tocsin_activity_drop_root() was called
 */
JsonObject *
tocsin_activity_root (const TocsinActivity *self)
{
  return json_node_get_object (self->root);
}

/**
 * tocsin_activity_needs_proof:
 *
 * Returns: %TRUE for the kinds that a peer which speaks our protocol must prove
 */
gboolean
tocsin_activity_needs_proof (const TocsinActivity *self)
{
  return self->kind == TOCSIN_ACTIVITY_ADD || self->kind == TOCSIN_ACTIVITY_REMOVE ||
         self->kind == TOCSIN_ACTIVITY_UPDATE;
}

/**
 * tocsin_activity_is_canonicalisable:
 *
 * Returns: %TRUE if every number is an integer within ±(2^53 − 1), so that a proof can be
 *   verified at all; what is not is never forwarded
 */
gboolean
tocsin_activity_is_canonicalisable (const TocsinActivity *self)
{
  return !self->facts.non_integer;
}

/**
 * tocsin_activity_unproven_text:
 *
 * Returns: what to answer to one that no proof was verified of and that needs one
 */
const char *
tocsin_activity_unproven_text (const TocsinActivity *self)
{
  return tocsin_activity_is_canonicalisable (self)
             ? "This activity needs a proof by its actor"
             : "This activity needs a proof that can be verified: a number in it is not an integer";
}

/* Remembers what tocsin_activity_content_hash() would work out, where it is known already: a
 * proof is over the same bytes. */
void
tocsin_activity_keep_content_hash (TocsinActivity *self, const guint8 hash[TOCSIN_SHA256_BYTES])
{
  memcpy (self->content_hash, hash, sizeof self->content_hash);
  self->has_content_hash = TRUE;
}

/**
 * tocsin_activity_content_hash:
 * @out: SHA-256 of the canonical form ([RFC 8785](https://www.rfc-editor.org/rfc/rfc8785))
 *   without `proof` and `signature`
 *
 * What tells two contents under one id apart, and what the digest of a `reports` collection
 * counts: the same however the activity was signed. Where no canonical form exists
 * (tocsin_activity_is_canonicalisable()), the hash of the bytes as received.
 */
void
tocsin_activity_content_hash (const TocsinActivity *self, guint8 out[TOCSIN_SHA256_BYTES])
{
  static const char *const excluded[] = { "proof", "signature", NULL };
  g_autoptr (GString) text = NULL;

  if (self->has_content_hash)
    {
      memcpy (out, self->content_hash, sizeof self->content_hash);
      return;
    }
  text = g_string_new (NULL);
  if (tocsin_activity_is_canonicalisable (self) &&
      tocsin_jcs_append (text, tocsin_activity_root (self), excluded, NULL))
    tocsin_sha256 (text->str, text->len, out);
  else
    tocsin_sha256 (g_bytes_get_data (self->raw, NULL), g_bytes_get_size (self->raw), out);
}

/**
 * tocsin_activity_drop_root:
 * @self: an activity whose proof was looked at
 *
 * Lets the JSON go, which takes ten times the room of the bytes: for activities that wait in
 * numbers. What was read of it stays, the content hash among it.
 */
void
tocsin_activity_drop_root (TocsinActivity *self)
{
  guint8 hash[TOCSIN_SHA256_BYTES];

  tocsin_activity_content_hash (self, hash);
  tocsin_activity_keep_content_hash (self, hash);
  g_clear_pointer (&self->root, json_node_unref);
}
