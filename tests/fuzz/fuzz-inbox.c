/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Input: parts, each of which begins with a line "@D STATUS TYPE URI", a document that the node
 * finds when it fetches, or "@M …", a request to its inbox: who signs it, how, what is spoilt then,
 * who proves it, whether it comes together with the next one, and perhaps by which key id; header
 * lines, an empty line, a body. The node follows b.example and c.example, which is no node and
 * reads it; d.example is believed through b.example, x.example is blocked, s.example is a stranger.
 * Properties: each request gets one answer, of those that docs/wire names; what no key of its
 * signer has signed changes nothing, nor does what is refused, nor what comes again; nothing that a
 * stranger says counts; three requests to others at most for each; and all counters and digests are
 * those that counting anew gives.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "codec/activity-build.h"
#include "core/uri.h"
#include "fed-peers.h"
#include "fed/pinning.h"
#include "fuzz/baseline.h"
#include "fuzz/served.h"
#include "fuzz/signers.h"
#include "http/gate.h"
#include "http/request-private.h"
#include "http/routes-public.h"
#include "store-fixture.h"
#include "store/table-actors.h"
#include "store/table-reports.h"
#include "store/writer.h"

#define BASE         "https://a.example"
#define NOW_US       (T0 + 20 * TOCSIN_HOUR_US)
#define PARTS_MAX    12
#define MESSAGES_MAX 6
#define FIELDS_MAX   16
#define LIMIT_US     (20 * TOCSIN_SECOND_US)

static Signer signers[] = {
  { .host = "b.example", .is_node = TRUE },
  { .host = "c.example", .rsa_pem = PRIVATE (RSA_OF_C) },
  { .host = "d.example", .is_node = TRUE },
  { .host = "s.example", .rsa_pem = PRIVATE (RSA_OF_S), .is_node = TRUE },
  { .host = "x.example", .is_node = TRUE },
};
static guint32 numbers[G_N_ELEMENTS (signers)]; /* of the stranger: 0 */

static Fixture fixture;
static TocsinWriter *writer;
static TocsinFederation *fed;
static TocsinPublic *public;
static TocsinRouter *router;
static GArray *baseline;
static TocsinId baseline_id;

static Signer *
find_signer (char letter)
{
  return signer_find (signers, G_N_ELEMENTS (signers), letter);
}

/* ---- the node ---- */

/* What a relay brings of d.example needs its document anew. */
static gint64
read_us (const Signer *signer)
{
  return signer->host[0] == 'd' ? T0 - 2 * TOCSIN_DAY_US : T0;
}

static gboolean
put_actors (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  g_auto (TocsinPeerRecord) blocked = { 0 };

  tocsin_actors_set_local (txn, BASE "/actor", T0);
  for (gsize i = 0; i < G_N_ELEMENTS (signers); i++)
    if (signers[i].host[0] != 's')
      numbers[i] = tocsin_pinning_save_actor (txn, signers[i].document, read_us (&signers[i]));
  write_followed (txn, numbers[0], TOCSIN_FOLLOWER_NONE);
  write_followed (txn, numbers[1], TOCSIN_FOLLOWER_READER);
  for (gsize i = 0; i < 2; i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      tocsin_peers_get (txn, numbers[i], &peer);
      peer.had_protocol_version = signers[i].is_node;
      tocsin_pinning_pin_all (&peer, signers[i].document, T0);
      tocsin_peers_put (txn, &peer);
    }
  tocsin_peer_record_init (&blocked, numbers[4]);
  blocked.blocked = TRUE;
  tocsin_peers_put (txn, &blocked);
  return TRUE;
}

static void
close_node (void)
{
  tocsin_router_unref (router);
  tocsin_public_free (public);
  tocsin_federation_free (fed);
  tocsin_writer_free (writer);
  g_array_unref (baseline);
  tear_down (&fixture, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (signers); i++)
    signer_clear (&signers[i]);
}

static void
open_node (void)
{
  const TocsinIdentityOptions who = { .base_url = BASE,
                                      .preferred_username = "tocsin",
                                      .name = "Test" };
  const TocsinFederationOptions options = { .burst_per_hour = 200,
                                            .peer_requests_per_minute = 5,
                                            .time_scale = 1 };
  const TocsinPublicOptions page = { .name = "Test", .version = "1" };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (NULL, &error);
  g_autoptr (TocsinFetcher) fetcher = tocsin_fetcher_new (BASE, guard, 4, 2, &error);
  TocsinIdentity *identity;

  g_assert_no_error (error);
  set_up_sized (&fixture, 64 << 20);
  baseline_relax (fixture.store);
  identity = tocsin_identity_open (fixture.dir, &who, T0, &error);
  g_assert_no_error (error);
  writer = tocsin_writer_new (fixture.store);
  fed = tocsin_federation_new (fixture.store, writer, identity, fetcher, &options);
  public = tocsin_public_new (fed, &page);
  router = tocsin_router_new ();
  tocsin_routes_public_add (router, public);
}

void
tocsin_fuzz_begin (void)
{
  g_autoptr (TocsinTrustSnapshot) trust = NULL;

  served_now_us = NOW_US;
  served_authority = "a.example:443";
  for (gsize i = 0; i < G_N_ELEMENTS (signers); i++)
    signer_init (&signers[i]);
  open_node ();
  write_ok (&fixture, put_actors, NULL);
  trust = trust_in_three (numbers[0], numbers[1], numbers[2]);
  tocsin_federation_set_trust (fed, trust);
  baseline = baseline_keep (fixture.store);
  baseline_id = baseline_digest (fixture.store);
  atexit (close_node);
}

/* What it remembers beside its store. */
static void
forget_all (void)
{
  g_clear_object (&fed->keyring);
  tocsin_host_budget_free (fed->budget);
  fed->budget = tocsin_host_budget_new (TOCSIN_HOST_BUDGET_NAMES);
  fed->keyring = tocsin_keyring_new (fed->store, fed->fetcher, fed->budget, fed->identity);
  g_hash_table_remove_all (fed->signer_rates);
}

/* ---- the input ---- */

typedef struct
{
  guint status;
  char *type;
  char *uri;
  GBytes *body;
  gboolean is_used;
} Document;

typedef struct
{
  Signer *signer; /* NULL: nobody signs it */
  char scheme;
  char spoilt;
  Signer *prover; /* (nullable) */
  gboolean with_next;
  char *key_id;      /* (owned) */
  GPtrArray *fields; /* of "NAME:VALUE" */
  GBytes *body;
  TocsinEnvelope *envelope; /* (owned) (nullable) as it is sent */
  TocsinRequest *request;   /* (owned) (nullable) while it is answered */
  guint status;             /* of its answer; 0: it is no request */
} Message;

typedef struct
{
  GPtrArray *documents;
  GPtrArray *messages;
} Parts;

static Parts parts;
static GHashTable *served_keys; /* set of "LETTER" and "HOST LETTER": whose keys, from where */
static gboolean was_updated;    /* an Update was taken */

static void
document_free (gpointer data)
{
  Document *self = data;

  g_free (self->type);
  g_free (self->uri);
  g_bytes_unref (self->body);
  g_free (self);
}

static void
message_free (gpointer data)
{
  Message *self = data;

  g_free (self->key_id);
  g_ptr_array_unref (self->fields);
  g_bytes_unref (self->body);
  g_clear_pointer (&self->envelope, tocsin_envelope_free);
  g_free (self);
}

static char *
take_line (const char **at, const char *end)
{
  const char *newline = memchr (*at, '\n', (gsize) (end - *at));
  char *line = g_strndup (*at, (gsize) ((newline != NULL ? newline : end) - *at));

  *at = newline != NULL ? newline + 1 : end;
  return line;
}

static void
read_document (const char *line, const char *at, const char *end)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);
  Document *document;

  if (g_strv_length (words) != 4)
    return;
  document = g_new0 (Document, 1);
  document->status = (guint) CLAMP (atoi (words[1]), 0, 599);
  document->type = g_strdup (words[2]);
  document->uri = g_strdup (words[3]);
  document->body = g_bytes_new (at, (gsize) (end - at));
  g_ptr_array_add (parts.documents, document);
}

static void
read_message (const char *line, const char *at, const char *end)
{
  const char *how = strlen (line) >= 8 ? line + 3 : "-----";
  Message *message = g_new0 (Message, 1);

  message->signer = find_signer (how[0]);
  message->scheme = how[1];
  message->spoilt = how[2];
  message->prover = find_signer (how[3]);
  message->with_next = how[4] == '+';
  if (how[5] == ' ' && how[6] != '\0')
    message->key_id = g_strdup (how + 6);
  else if (message->signer != NULL)
    message->key_id = g_strdup (signer_key_id (message->signer, message->scheme));
  message->fields = g_ptr_array_new_with_free_func (g_free);
  while (at < end && *at != '\n' && message->fields->len < FIELDS_MAX)
    g_ptr_array_add (message->fields, take_line (&at, end));
  if (at < end && *at == '\n')
    at++;
  message->body = g_bytes_new (at, (gsize) (end - at));
  g_ptr_array_add (parts.messages, message);
}

/* A part ends where a line begins with "@". */
static void
read_parts (const char *at, const char *end)
{
  for (guint n = 0; at < end && n < PARTS_MAX && parts.messages->len < MESSAGES_MAX; n++)
    {
      const char *next = at + 1 < end ? memmem (at + 1, (gsize) (end - at - 1), "\n@", 2) : NULL;
      const char *part_end = next != NULL ? next : end;
      g_autofree char *line = take_line (&at, part_end);

      if (g_str_has_prefix (line, "@D "))
        read_document (line, at, part_end);
      else
        read_message (line, at, part_end);
      at = next != NULL ? next + 1 : end;
    }
}

/* ---- what is fetched ---- */

static void
note_signer (const char *uri, const Signer *signer)
{
  g_autofree char *host = tocsin_uri_host (uri, NULL);

  g_hash_table_add (served_keys, g_strndup (signer->host, 1));
  g_hash_table_add (served_keys, g_strdup_printf ("%s %c", host, signer->host[0]));
}

static gboolean
is_key_of (const Signer *signer, const TocsinPublicKey *key)
{
  return tocsin_public_key_equal (key, tocsin_private_key_public (signer->ed25519)) ||
         (signer->rsa != NULL &&
          tocsin_public_key_equal (key, tocsin_private_key_public (signer->rsa)));
}

static void
note_keys (const char *uri, GBytes *body)
{
  g_autoptr (TocsinActorDocument) document = tocsin_actor_document_parse (body, NULL);

  for (guint i = 0; document != NULL && i < document->keys->len; i++)
    {
      const TocsinActorKey *named = g_ptr_array_index (document->keys, i);
      g_autoptr (TocsinPublicKey) key =
          named->pem != NULL ? tocsin_public_key_from_pem (named->pem, NULL)
                             : tocsin_public_key_from_multikey (named->multibase, NULL);

      for (gsize k = 0; key != NULL && k < G_N_ELEMENTS (signers); k++)
        if (is_key_of (&signers[k], key))
          note_signer (uri, &signers[k]);
    }
}

/* Of more than one of a URI the next one each time, and then the last. */
static Document *
find_document (const char *uri)
{
  Document *found = NULL;

  for (guint i = 0; i < parts.documents->len && (found == NULL || found->is_used); i++)
    {
      Document *document = g_ptr_array_index (parts.documents, i);

      if (g_str_equal (document->uri, uri))
        found = document;
    }
  return found;
}

static void
use_none (void)
{
  for (guint i = 0; i < parts.documents->len; i++)
    ((Document *) parts.documents->pdata[i])->is_used = FALSE;
}

/* What the input has, or else the actors as they are. */
static gboolean
serve_part (const char *uri, Served *out)
{
  Document *document = find_document (uri);

  if (document != NULL)
    {
      document->is_used = TRUE;
      *out = (Served){ document->status, document->type, document->body };
      note_keys (uri, document->body);
      return TRUE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (signers); i++)
    if (g_str_equal (signers[i].uri, uri))
      {
        *out = (Served){ 200, TOCSIN_TYPE_ACTIVITY, signers[i].document_bytes };
        return TRUE;
      }
  return FALSE;
}

/* ---- a request ---- */

/* The body as its prover has it; as it is if it is nothing that can be proven. */
static GBytes *
prove (const Message *message)
{
  gsize size;
  const char *text = g_bytes_get_data (message->body, &size);
  g_autoptr (JsonNode) root =
      message->prover != NULL ? tocsin_json_parse (text, size, NULL, NULL, NULL) : NULL;
  GBytes *proven = NULL;

  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    {
      JsonObject *object = json_node_get_object (root);

      if (tocsin_proof_add (object, message->prover->ed25519, message->prover->ed25519_id, NOW_US,
                            NULL))
        proven = tocsin_activity_to_bytes (object, NULL);
    }
  return proven != NULL ? proven : g_bytes_ref (message->body);
}

static void
add_field (TocsinEnvelope *envelope, const char *line)
{
  gsize name_len = strcspn (line, ":");
  g_autofree char *name = g_strndup (line, name_len);

  if (line[name_len] == ':' && g_ascii_strcasecmp (name, "Content-Length") != 0)
    tocsin_envelope_add_header (envelope, name, line + name_len + 1);
}

static gboolean
is_of_signature (const char *line)
{
  return g_ascii_strncasecmp (line, "signature", strlen ("signature")) == 0;
}

static void
spoil (TocsinEnvelope *envelope, const Message *message)
{
  g_autoptr (GByteArray) longer = NULL;

  switch (message->spoilt)
    {
    case 's':
      signer_spoil (envelope, message->scheme);
      break;
    case 'b':
      longer = g_bytes_unref_to_array (envelope->body);
      g_byte_array_append (longer, (const guint8 *) " ", 1);
      envelope->body = g_byte_array_free_to_bytes (g_steal_pointer (&longer));
      break;
    default:
      break;
    }
}

/* FALSE: it cannot be signed so. */
static gboolean
seal (Message *message)
{
  TocsinEnvelope *envelope =
      tocsin_envelope_new ("POST", message->spoilt == 'p' ? "/actor" : "/inbox");
  gint64 signed_us = message->spoilt == 'o'   ? NOW_US - 13 * TOCSIN_HOUR_US
                     : message->spoilt == 'a' ? NOW_US + 2 * TOCSIN_HOUR_US
                                              : NOW_US;

  message->envelope = envelope;
  envelope->body = prove (message);
  for (guint i = 0; i < message->fields->len; i++)
    if (message->signer == NULL || !is_of_signature (message->fields->pdata[i]))
      add_field (envelope, message->fields->pdata[i]);
  if (tocsin_envelope_get_header (envelope, "content-type") == NULL)
    tocsin_envelope_add_header (envelope, "Content-Type", TOCSIN_TYPE_ACTIVITY);
  if (message->signer == NULL)
    return TRUE;
  if (!signer_sign (message->signer, message->scheme, message->key_id, envelope,
                    message->spoilt == 'h' ? "https://b.example" : BASE, signed_us))
    return FALSE;
  spoil (envelope, message);
  for (guint i = 0; i < message->fields->len; i++)
    if (is_of_signature (message->fields->pdata[i]))
      add_field (envelope, message->fields->pdata[i]);
  return TRUE;
}

/* Hands @message to the node, as its server does. */
static void
begin (Message *message)
{
  TocsinRequest *request = tocsin_request_new ("POST", "/inbox");
  g_autofree char *length =
      g_strdup_printf ("%" G_GSIZE_FORMAT, g_bytes_get_size (message->envelope->body));

  request->kind = TOCSIN_LISTENER_PUBLIC;
  for (guint i = 0; i < message->envelope->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (message->envelope->headers, TocsinHeader, i);

      tocsin_request_add_header (request, header->name, header->value);
    }
  tocsin_request_add_header (request, "Content-Length", length);
  tocsin_request_set_body (request, message->envelope->body);
  message->status = 0;
  message->request = request;
  if (!tocsin_request_check (request, NULL))
    g_clear_pointer (&message->request, tocsin_request_unref);
  else if (tocsin_gate_admit (request, router, NULL))
    request->match.route->handler (request, request->reply, request->match.data);
}

static void
on_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result G_GNUC_UNUSED, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

static gboolean
write_nothing (TocsinTxn *txn G_GNUC_UNUSED,
               gpointer data G_GNUC_UNUSED,
               GError **error G_GNUC_UNUSED)
{
  return TRUE;
}

/* Until all that was begun has come to its end, whether somebody waits for it or not. */
static void
settle (void)
{
  gboolean written = FALSE;

  tocsin_writer_submit_async (writer, write_nothing, NULL, NULL, NULL, on_written, &written);
  while (!written)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (tocsin_federation_is_idle (fed));
  g_assert_cmpuint (fed->n_identifying, ==, 0);
}

static void
assert_status (const TocsinReply *reply, guint status)
{
  static const guint documented[] = { 202, 400, 401, 403, 413, 415, 422, 429, 503 };
  const GString *body = tocsin_reply_get_buffer (reply);
  gsize i = 0;

  while (i < G_N_ELEMENTS (documented) && documented[i] != status)
    i++;
  if (i == G_N_ELEMENTS (documented) || strstr (body->str, "\"type\":\"store\"") != NULL)
    g_error ("%u %s", status, body->str);
  if (status == 202)
    g_assert_cmpuint (body->len, ==, 0);
  else
    g_assert_cmpstr (tocsin_reply_get_content_type (reply), ==, TOCSIN_TYPE_PROBLEM);
}

static void
await_answer (Message *message)
{
  TocsinRequest *request = message->request;
  gint64 limit_us = g_get_monotonic_time () + LIMIT_US;

  if (request == NULL)
    return;
  while (request->handler_suspended && !tocsin_request_is_complete (request))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, limit_us);
      g_main_context_iteration (NULL, TRUE);
    }
  message->status = tocsin_reply_get_status (request->reply);
  assert_status (request->reply, message->status);
}

/* It had its one answer: nobody else holds the request. */
static void
end (Message *message)
{
  if (message->request != NULL)
    g_assert_cmpint (message->request->refs, ==, 1);
  g_clear_pointer (&message->request, tocsin_request_unref);
}

/* ---- what has to hold ---- */

static gboolean
is_kind (const Message *message, const char *kind)
{
  g_autoptr (TocsinActivity) activity = tocsin_activity_parse (message->envelope->body, NULL);
  JsonObject *root = activity != NULL ? tocsin_activity_root (activity) : NULL;

  return root != NULL &&
         g_strcmp0 (json_object_get_string_member_with_default (root, "type", NULL), kind) == 0;
}

static gboolean
was_served (const Signer *signer)
{
  const char letter[] = { signer->host[0], '\0' };

  return g_hash_table_contains (served_keys, letter);
}

/* Whether @signer may speak for an actor at @host, who perhaps names its key. */
static gboolean
is_entitled (const Signer *signer, const char *host)
{
  g_autofree char *pair = g_strdup_printf ("%s %c", host, signer->host[0]);

  return g_str_equal (signer->host, host) || g_hash_table_contains (served_keys, pair);
}

/* Of what changed something: its actor's own host has to have named the key, or that of a relay. */
static void
assert_entitled (const Message *message)
{
  g_autoptr (TocsinActivity) activity = tocsin_activity_parse (message->envelope->body, NULL);
  g_autofree char *host = tocsin_uri_host (activity->actor, NULL);

  if (!was_updated && !is_entitled (message->signer, host) &&
      !is_entitled (message->signer, "b.example") && !is_entitled (message->signer, "c.example"))
    g_error ("%s speaks for %s", message->signer->host, host);
}

/* Whether no key of whom it says signed it: of who signs with a key id of another, as long as
 * nothing that was fetched or taken names its key. */
static gboolean
is_forged (const Message *message)
{
  return message->signer == NULL || strchr ("sbpoah", message->spoilt) != NULL ||
         (!was_updated && !was_served (message->signer) &&
          !g_str_has_prefix (message->key_id, message->signer->uri));
}

static void
assert_refused (const Message *message)
{
  static const guint refusals[] = { 0, 400, 401, 413, 415, 422, 503 };
  gsize i = 0;

  if (message->status == 202 && is_kind (message, "Delete"))
    return;
  while (i < G_N_ELEMENTS (refusals) && refusals[i] != message->status)
    i++;
  if (i == G_N_ELEMENTS (refusals))
    g_error ("%u to what nobody signed", message->status);
}

static gboolean
assert_counts_for_nothing (const TocsinActorRecord *record, gpointer data)
{
  TocsinActorCounts counts;

  for (gsize i = 0; i < 3; i++)
    if (numbers[i] == record->number)
      return TRUE;
  tocsin_reports_counts (data, record->number, &counts);
  g_assert_cmpuint (counts.by_state[TOCSIN_STATE_LIVE], ==, 0);
  return TRUE;
}

/* Takes the digest of before. Returns whether it is another now. */
static gboolean
assert_store (TocsinId *id, gboolean may_change)
{
  TocsinId now = baseline_digest (fixture.store);
  g_autoptr (TocsinReading) txn = NULL;

  if (tocsin_id_equal (&now, id))
    return FALSE;
  g_assert_true (may_change);
  *id = now;
  baseline_assert_counted (fixture.store);
  txn = tocsin_reader_begin (tocsin_store_get_reader (fixture.store));
  tocsin_actors_foreach (txn, 1, assert_counts_for_nothing, txn);
  assert_reading_ok (txn);
  return TRUE;
}

/* Sends @n of them at once. */
static void
exchange (Message **messages, guint n, TocsinId *id)
{
  guint before = n_fetches;
  gboolean may_change = FALSE;

  use_none ();
  for (guint i = 0; i < n; i++)
    begin (messages[i]);
  for (guint i = 0; i < n; i++)
    await_answer (messages[i]);
  settle ();
  for (guint i = 0; i < n; i++)
    end (messages[i]);
  g_assert_cmpuint (n_fetches - before, <=, 3 * n);
  for (guint i = 0; i < n; i++)
    {
      gboolean is_taken = messages[i]->status == 202;

      if (is_forged (messages[i]))
        assert_refused (messages[i]);
      else if (is_taken)
        may_change = TRUE;
    }
  if (assert_store (id, may_change) && n == 1)
    assert_entitled (messages[0]);
  for (guint i = 0; i < n; i++)
    if (messages[i]->status == 202 && is_kind (messages[i], "Update"))
      was_updated = TRUE;
}

static void
exchange_all (void)
{
  TocsinId id = baseline_id;
  guint n = 0;

  for (guint i = 0; i < parts.messages->len; i += n)
    {
      Message **first = (Message **) parts.messages->pdata + i;

      for (n = 1; first[n - 1]->with_next && i + n < parts.messages->len;)
        n++;
      exchange (first, n, &id);
      if (n == 1 && first[0]->status == 202)
        {
          TocsinId after = id;

          exchange (first, 1, &after);
          g_assert_true (tocsin_id_equal (&after, &id));
        }
    }
  if (!tocsin_id_equal (&id, &baseline_id))
    baseline_restore (fixture.store, baseline);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  parts.documents = g_ptr_array_new_with_free_func (document_free);
  parts.messages = g_ptr_array_new_with_free_func (message_free);
  served_keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  serve = serve_part;
  was_updated = FALSE;
  read_parts ((const char *) data, (const char *) data + size);
  for (guint i = parts.messages->len; i-- > 0;)
    if (!seal (g_ptr_array_index (parts.messages, i)))
      g_ptr_array_remove_index (parts.messages, i);
  exchange_all ();
  forget_all ();
  g_hash_table_unref (served_keys);
  g_ptr_array_unref (parts.messages);
  g_ptr_array_unref (parts.documents);
}
