/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/collection-json.h"

#include <string.h>

#include "codec/as-read.h"
#include "codec/as-write.h"
#include "codec/json-slice.h"
#include "codec/json-strict.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/uri.h"

#define EPOCH_MAX_BYTES     64
#define PAGE_MARGIN_BYTES   8192 /* what a page has beside its activities, with room to spare */
#define PAGE_SEPARATOR_SIZE 1

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, message);
  return FALSE;
}

/**
 * tocsin_collection_head_new:
 *
 * Returns: (transfer full): a bare head
 */
TocsinCollectionHead *
tocsin_collection_head_new (const char *id, const char *attributed_to)
{
  TocsinCollectionHead *self = g_new0 (TocsinCollectionHead, 1);

  self->id = g_strdup (id);
  self->attributed_to = g_strdup (attributed_to);
  self->last_sequence = -1;
  self->total_items = -1;
  return self;
}

void
tocsin_collection_head_free (TocsinCollectionHead *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  g_free (self->attributed_to);
  g_free (self->epoch);
  g_free (self->first);
  g_free (self);
}

/**
 * tocsin_collection_head_to_bytes:
 *
 * Returns: (transfer full): the head as JSON, with the members that are set
 */
GBytes *
tocsin_collection_head_to_bytes (const TocsinCollectionHead *self)
{
  g_autoptr (JsonObject) object = json_object_new ();

  tocsin_as_set_context (object);
  json_object_set_string_member (object, "id", self->id);
  json_object_set_string_member (object, "type", "OrderedCollection");
  json_object_set_string_member (object, "attributedTo", self->attributed_to);
  if (self->epoch != NULL)
    json_object_set_string_member (object, "epoch", self->epoch);
  if (self->last_sequence >= 0)
    json_object_set_int_member (object, "lastSequence", self->last_sequence);
  if (self->as_of_us != 0)
    tocsin_as_set_time (object, "asOf", self->as_of_us);
  if (self->total_items >= 0)
    json_object_set_int_member (object, "totalItems", self->total_items);
  if (self->has_digest)
    {
      g_autofree char *hex = tocsin_hex_encode (self->digest, sizeof self->digest);

      json_object_set_string_member (object, "digest", hex);
    }
  if (self->first != NULL)
    json_object_set_string_member (object, "first", self->first);
  return tocsin_as_to_bytes (object);
}

/* -1 is what @out holds where the member is missing. */
static gboolean
read_count (JsonObject *object, const char *name, gint64 *out, GError **error)
{
  if (tocsin_as_member (object, name) == NULL)
    return TRUE;
  if (tocsin_as_integer (object, name, out) && *out >= 0 && *out <= TOCSIN_JSON_MAX_SAFE)
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "/%s: not a count", name);
  return FALSE;
}

static gboolean
read_epoch (JsonObject *object, char **out, GError **error)
{
  const char *epoch = tocsin_as_string (object, "epoch");

  if (tocsin_as_member (object, "epoch") == NULL)
    return TRUE;
  if (epoch == NULL || *epoch == '\0' || strlen (epoch) > EPOCH_MAX_BYTES)
    return refuse (error, "/epoch: not a string of 1 to 64 bytes");
  *out = g_strdup (epoch);
  return TRUE;
}

static gboolean
read_digest (TocsinCollectionHead *self, JsonObject *object, GError **error)
{
  const char *hex = tocsin_as_string (object, "digest");

  if (tocsin_as_member (object, "digest") == NULL)
    return TRUE;
  if (hex == NULL || !tocsin_hex_decode (hex, strlen (hex), self->digest, sizeof self->digest))
    return refuse (error, "/digest: not 64 hexadecimal digits");
  self->has_digest = TRUE;
  return TRUE;
}

static gboolean
read_first (TocsinCollectionHead *self, JsonObject *object, GError **error)
{
  const char *first = tocsin_as_uri (object, "first");

  if (tocsin_as_member (object, "first") == NULL)
    return TRUE;
  if (first == NULL || !tocsin_as_check_id (first, FALSE, "/first", error))
    return first != NULL ? FALSE : refuse (error, "/first: not a URI");
  if (!tocsin_uri_same_origin (first, self->id))
    return refuse (error, "/first: on another origin than the collection");
  self->first = g_strdup (first);
  return TRUE;
}

static gboolean
read_as_of (TocsinCollectionHead *self, JsonObject *object, GError **error)
{
  g_autoptr (GError) fault = NULL;

  return tocsin_as_time (object, "", "asOf", &self->as_of_us, &fault) ||
         refuse (error, fault->message);
}

static JsonNode *
parse_object (GBytes *body, JsonObject **object, GError **error)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (body, &size);
  g_autoptr (JsonNode) root =
      tocsin_json_parse (data, size, &tocsin_json_default_limits, NULL, error);

  *object = root != NULL ? tocsin_json_node_object (root, error) : NULL;
  return *object != NULL ? g_steal_pointer (&root) : NULL;
}

static gboolean
check_head (JsonObject *object, const char *id, GError **error)
{
  const char *owner = tocsin_as_uri (object, "attributedTo");

  if (g_strcmp0 (tocsin_as_uri (object, "id"), id) != 0)
    return refuse (error, "/id: not where the collection was read");
  if (!tocsin_as_has_type (object, "OrderedCollection"))
    return refuse (error, "/type: not OrderedCollection");
  if (owner == NULL || !tocsin_uri_check_id (owner, FALSE, NULL))
    return refuse (error, "/attributedTo: missing, or not an id in canonical form");
  return TRUE;
}

/**
 * tocsin_collection_head_parse:
 * @body: a fetched document
 * @id: where it was fetched; what it must call itself
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full): the head; %NULL with %TOCSIN_ERROR_INVALID or
 *   %TOCSIN_ERROR_TOO_LARGE
 */
TocsinCollectionHead *
tocsin_collection_head_parse (GBytes *body, const char *id, GError **error)
{
  g_autoptr (TocsinCollectionHead) self = NULL;
  g_autoptr (JsonNode) root = NULL;
  JsonObject *object = NULL;

  root = parse_object (body, &object, error);
  if (root == NULL || !check_head (object, id, error))
    return NULL;
  self = tocsin_collection_head_new (id, tocsin_as_uri (object, "attributedTo"));
  if (!read_epoch (object, &self->epoch, error) ||
      !read_count (object, "lastSequence", &self->last_sequence, error) ||
      !read_count (object, "totalItems", &self->total_items, error) ||
      !read_as_of (self, object, error) || !read_digest (self, object, error) ||
      !read_first (self, object, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * tocsin_reports_digest_add:
 * @digest: (inout): zeroed at the beginning
 * @report_id: the URI of a report
 * @content_hash: of the Add that brought it, tocsin_activity_content_hash()
 *
 * Counts a report into the digest of a `reports` collection. Adding it a second time takes it
 * out again.
 */
void
tocsin_reports_digest_add (guint8 digest[TOCSIN_SHA256_BYTES],
                           const char *report_id,
                           const guint8 content_hash[TOCSIN_SHA256_BYTES])
{
  g_autofree char *hex = tocsin_hex_encode (content_hash, TOCSIN_SHA256_BYTES);
  g_autofree char *line = g_strdup_printf ("%s\n%s", report_id, hex);
  guint8 hash[TOCSIN_SHA256_BYTES];

  tocsin_sha256 (line, strlen (line), hash);
  for (gsize i = 0; i < sizeof hash; i++)
    digest[i] ^= hash[i];
}

/**
 * tocsin_outbox_page_new:
 *
 * Returns: (transfer full): an empty page of which nothing follows
 */
TocsinOutboxPage *
tocsin_outbox_page_new (const char *epoch, gint64 after)
{
  TocsinOutboxPage *self = g_new0 (TocsinOutboxPage, 1);

  self->epoch = g_strdup (epoch);
  self->after = after;
  self->last_sequence = -1;
  self->activities = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  return self;
}

void
tocsin_outbox_page_free (TocsinOutboxPage *self)
{
  if (self == NULL)
    return;
  g_free (self->epoch);
  g_ptr_array_unref (self->activities);
  g_free (self);
}

/**
 * tocsin_outbox_page_has_room:
 * @size_bytes: of an activity
 *
 * Returns: %TRUE if the page may hold it too: at most 50 activities and 512 KiB in all
 */
gboolean
tocsin_outbox_page_has_room (const TocsinOutboxPage *self, gsize size_bytes)
{
  gsize used = PAGE_MARGIN_BYTES + size_bytes;

  for (guint i = 0; i < self->activities->len; i++)
    used += g_bytes_get_size (self->activities->pdata[i]) + PAGE_SEPARATOR_SIZE;
  return self->activities->len < TOCSIN_PAGE_MAX_ACTIVITIES && used <= TOCSIN_PAGE_MAX_BYTES;
}

static GString *
join_activities (const TocsinOutboxPage *self)
{
  GString *items = g_string_new ("[");

  for (guint i = 0; i < self->activities->len; i++)
    {
      gsize size = 0;
      const char *data = g_bytes_get_data (self->activities->pdata[i], &size);

      if (i > 0)
        g_string_append_c (items, ',');
      g_string_append_len (items, data, (gssize) size);
    }
  g_string_append_c (items, ']');
  return items;
}

/**
 * tocsin_outbox_page_to_bytes:
 * @self: a page, filled as long as tocsin_outbox_page_has_room()
 * @outbox: the id of the outbox
 *
 * Returns: (transfer full): the page as JSON, its activities byte for byte, so that their
 *   proofs hold
 */
GBytes *
tocsin_outbox_page_to_bytes (const TocsinOutboxPage *self, const char *outbox)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *id = g_strdup_printf ("%s/after/%" G_GINT64_FORMAT, outbox, self->after);
  g_autofree char *next =
      g_strdup_printf ("%s/after/%" G_GINT64_FORMAT, outbox, self->last_sequence);
  g_autoptr (GString) items = join_activities (self);
  g_autoptr (GBytes) members = NULL;
  GString *page = g_string_new (NULL);
  gsize size = 0;
  const char *data;

  tocsin_as_set_context (object);
  json_object_set_string_member (object, "id", id);
  json_object_set_string_member (object, "type", "OrderedCollectionPage");
  json_object_set_string_member (object, "partOf", outbox);
  if (self->epoch != NULL)
    json_object_set_string_member (object, "epoch", self->epoch);
  if (self->last_sequence >= 0)
    json_object_set_int_member (object, "lastSequence", self->last_sequence);
  if (self->has_next)
    json_object_set_string_member (object, "next", next);
  members = tocsin_as_to_bytes (object);
  data = g_bytes_get_data (members, &size);
  g_string_append_len (page, data, (gssize) size - 1); /* all but the closing brace */
  g_string_append_printf (page, ",\"orderedItems\":");
  g_string_append_len (page, items->str, (gssize) items->len);
  g_string_append_c (page, '}');
  return g_string_free_to_bytes (page);
}

/* The number of OUTBOX/after/NUMBER, -1 for anything else. */
static gint64
sequence_of_page (const char *uri, const char *outbox)
{
  g_autofree char *prefix = g_strconcat (outbox, "/after/", NULL);
  guint64 sequence = 0;

  if (uri == NULL || !g_str_has_prefix (uri, prefix) ||
      !g_ascii_string_to_unsigned (uri + strlen (prefix), 10, 0, TOCSIN_JSON_MAX_SAFE, &sequence,
                                   NULL))
    return -1;
  return (gint64) sequence;
}

static gboolean
read_sequence (TocsinOutboxPage *self, JsonObject *object, const char *outbox, GError **error)
{
  gint64 next;

  if (!read_count (object, "lastSequence", &self->last_sequence, error))
    return FALSE;
  if (self->last_sequence >= 0 && self->last_sequence < self->after)
    return refuse (error, "/lastSequence: before the page begins");
  if (tocsin_as_member (object, "next") == NULL)
    return TRUE;
  next = sequence_of_page (tocsin_as_uri (object, "next"), outbox);
  if (next <= self->after)
    return refuse (error, "/next: not a later page of the same outbox");
  if (self->last_sequence >= 0 && self->last_sequence != next)
    return refuse (error, "/next: does not go on at lastSequence");
  self->last_sequence = next;
  self->has_next = TRUE;
  return TRUE;
}

static gboolean
check_page (JsonObject *object, const char *outbox, gint64 after, GError **error)
{
  if (!tocsin_as_has_type (object, "OrderedCollectionPage"))
    return refuse (error, "/type: not OrderedCollectionPage");
  if (sequence_of_page (tocsin_as_uri (object, "id"), outbox) != after)
    return refuse (error, "/id: not the page that was asked for");
  return TRUE;
}

/**
 * tocsin_outbox_page_parse:
 * @body: a fetched document
 * @outbox: the id of the outbox
 * @after: the sequence number that was asked for
 * @error: return location for an error, or %NULL
 *
 * Reads a page. Its activities are only cut out: each is to be given to
 * tocsin_activity_parse_listed(), and one that fails there takes no other with it.
 *
 * Returns: (transfer full): the page; %NULL with %TOCSIN_ERROR_TOO_LARGE past 512 KiB, or
 *   %TOCSIN_ERROR_INVALID, also for more than 50 activities, a `next` elsewhere and one that
 *   does not grow
 */
TocsinOutboxPage *
tocsin_outbox_page_parse (GBytes *body, const char *outbox, gint64 after, GError **error)
{
  g_autoptr (TocsinOutboxPage) self = tocsin_outbox_page_new (NULL, after);
  g_autoptr (GPtrArray) activities = NULL;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GBytes) rest = NULL;
  JsonObject *object = NULL;

  if (g_bytes_get_size (body) > TOCSIN_PAGE_MAX_BYTES)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                           "An outbox page of more than 512 KiB");
      return NULL;
    }
  activities = tocsin_json_slice (body, "orderedItems", TOCSIN_PAGE_MAX_ACTIVITIES, &rest, error);
  root = activities != NULL ? parse_object (rest, &object, error) : NULL;
  if (root == NULL || !check_page (object, outbox, after, error))
    return NULL;
  if (!read_epoch (object, &self->epoch, error) || !read_sequence (self, object, outbox, error))
    return NULL;
  g_ptr_array_unref (self->activities);
  self->activities = g_steal_pointer (&activities);
  return g_steal_pointer (&self);
}
