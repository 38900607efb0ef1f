/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Input: a line "LISTENER WHO SCHEME SPOILT" of four letters, a method, a space, a target, in which
 * $clear and the like stand for the ids of reports; header lines; an empty line; a body. It goes
 * over TCP to a node's public side, perhaps signed by its reader, its guest, a follower of another
 * version or a stranger, or to its API, perhaps with a token. Properties: no answer speaks of an
 * inner error; what says that it is JSON is; nobody is shown a report that it may not see, nor
 * anything without the token that it takes; the same request gets the same answer, 304 only if it
 * brings the tag of what it has, and HEAD what GET gets without its body; the page for people has
 * nothing of the request in it.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "admin-node.h"
#include "fed/pinning.h"
#include "fed/publish.h"
#include "fuzz/served.h"
#include "fuzz/signers.h"
#include "http-raw.h"
#include "http/routes-public.h"
#include "http/server.h"
#include "store/table-outbox.h"

#define BASE       "https://a.example"
#define NOW_US     (T0 + 20 * TOCSIN_HOUR_US)
#define FIELDS_MAX 32
#define TURNS_MAX  1000000
#define PLENTY     1000000

#define GUEST    "g"
#define READER   "r"
#define FOLLOWER "gr"

static Signer signers[] = {
  { .host = "r.example", .rsa_pem = PRIVATE (RSA_OF_C), .is_node = TRUE },
  { .host = "g.example", .is_node = TRUE },
  { .host = "v.example", .is_node = TRUE },
  { .host = "s.example", .rsa_pem = PRIVATE (RSA_OF_S), .is_node = TRUE },
};

/* What is only in one report, and who may see it. */
static const struct
{
  const char *text;
  const char *viewers;
} markers[] = {
  { "clear-marker.example", FOLLOWER }, { "green-marker.example", READER },
  { "amber-marker.example", READER },   { "amber-comment", READER },
  { "gone-marker.example", "" },        { "relayed-green-marker.example", READER },
  { "relayed-amber-marker", "" },       { "message-marker", GUEST },
};

static const struct
{
  const char *text;
  guint scopes;
} tokens[] = {
  { "tocsin_check", TOCSIN_SCOPE_CHECK },
  { "tocsin_range", TOCSIN_SCOPE_RANGE },
  { "tocsin_metrics", TOCSIN_SCOPE_METRICS },
};

typedef struct
{
  TocsinListener *listener;
  TocsinServer *server;
} Side;

static Admin admin;
static TocsinPublic *public;
static TocsinRouter *public_router;
static Side public_side, api_side;
static char *ids[4]; /* of what $clear, $green, $amber and $gone stand for */
static const char *const id_names[] = { "$clear", "$green", "$amber", "$gone" };

/* ---- the node ---- */

static void
clear_node (void)
{
  tocsin_server_free (public_side.server);
  tocsin_server_free (api_side.server);
  tocsin_listener_unref (public_side.listener);
  tocsin_listener_unref (api_side.listener);
  tocsin_router_unref (public_router);
  tocsin_public_free (public);
  admin_clear (&admin);
  for (gsize i = 0; i < G_N_ELEMENTS (signers); i++)
    signer_clear (&signers[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    g_free (ids[i]);
}

static void
append_entry (
    TocsinTxn *txn, TocsinOutboxKind kind, guint32 who, TocsinSharing sharing, const char *marker)
{
  gboolean is_message = kind == TOCSIN_OUTBOX_MESSAGE;
  g_autofree char *id = is_message ? g_strdup (BASE "/activities/message")
                                   : g_strconcat ("https://p1.example/activities/", marker, NULL);
  g_autofree char *text = g_strdup_printf ("{\"id\":\"%s\",\"marker\":\"%s\"}", id, marker);
  g_autoptr (GBytes) activity = g_bytes_new (text, strlen (text));
  TocsinOutboxRecord entry = { .kind = kind,
                               .audience = is_message ? who : TOCSIN_AUDIENCE_FOLLOWERS,
                               .origin = is_message ? TOCSIN_ACTOR_LOCAL : who,
                               .relayed_from = is_message ? 0 : who,
                               .sharing = sharing,
                               .created_us = NOW_US,
                               .activity_id = id,
                               .activity = activity };

  tocsin_outbox_append (txn, &entry);
}

static gboolean
put_peers (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  for (gsize i = 0; i < 3; i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      tocsin_peer_record_init (&peer, tocsin_pinning_save_actor (txn, signers[i].document, NOW_US));
      peer.follower = i == 1 ? TOCSIN_FOLLOWER_GUEST : TOCSIN_FOLLOWER_READER;
      peer.version_hold = i == 2;
      tocsin_pinning_pin_all (&peer, signers[i].document, NOW_US);
      tocsin_peers_put (txn, &peer);
      if (i == 1)
        append_entry (txn, TOCSIN_OUTBOX_MESSAGE, peer.actor, TOCSIN_SHARING_CLEAR,
                      "message-marker");
    }
  append_entry (txn, TOCSIN_OUTBOX_ADD, 1, TOCSIN_SHARING_GREEN, "relayed-green-marker.example");
  append_entry (txn, TOCSIN_OUTBOX_ADD, 1, TOCSIN_SHARING_AMBER, "relayed-amber-marker");
  return tocsin_txn_check (txn, error);
}

static void
on_done (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

/* Returns: (transfer full): the last part of its id */
static char *
publish (const char *domain, TocsinSharing sharing)
{
  g_auto (TocsinDraft) draft = { 0 };
  g_autoptr (GAsyncResult) result = NULL;
  TocsinSubject subject = { 0 };
  g_autoptr (TocsinPublished) published = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_draft_init (&draft);
  tocsin_subject_parse (&subject, TOCSIN_SUBJECT_DOMAIN, domain, &error);
  g_assert_no_error (error);
  g_array_append_val (draft.subjects, subject);
  draft.category = tocsin_category_by_slug ("spam")->id;
  draft.sharing_set = TRUE;
  draft.sharing = sharing;
  if (sharing == TOCSIN_SHARING_AMBER)
    draft.comment = g_strdup ("amber-comment");
  tocsin_publish_reports_async (admin.fed, &draft, "test", on_done, &result);
  published = tocsin_publish_reports_finish (wait_for (&result), &error);
  g_assert_no_error (error);
  return g_strdup (strrchr (published->ids[0], '/') + 1);
}

static void
withdraw (const char *uuid)
{
  g_autofree char *id = g_strconcat (BASE "/reports/", uuid, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint64 number = 0;

  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (admin.node.store));

    g_assert_true (tocsin_reports_find (txn, TOCSIN_ACTOR_LOCAL, id, &number));
  }
  tocsin_publish_withdraw_async (admin.fed, number, TOCSIN_REASON_ERROR, "test", on_done, &result);
  tocsin_publish_withdraw_finish (wait_for (&result), &error);
  g_assert_no_error (error);
}

static void
put_tokens (void)
{
  TocsinToken all[G_N_ELEMENTS (tokens)];

  for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++)
    {
      all[i] = (TocsinToken){ .name = (char *) tokens[i].text, .scopes = tokens[i].scopes };
      tocsin_sha256 (tokens[i].text, strlen (tokens[i].text), all[i].hash);
    }
  tocsin_auth_replace (admin.auth, all, G_N_ELEMENTS (all));
}

static void
open_side (Side *side, TocsinListenerKind kind, TocsinRouter *router)
{
  TocsinServerOptions options = tocsin_server_options_default ();
  g_autoptr (GPtrArray) proxies = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (proxies, g_inet_address_mask_new_from_string ("127.0.0.0/8", &error));
  g_assert_no_error (error);
  options.trusted_proxies = proxies;
  options.auth = admin.auth;
  options.rate_per_second = options.rate_burst = PLENTY;
  options.sweep_us = 1000; /* the end of a connection that came with its last bytes is seen then */
  side->listener = tocsin_listener_new_tcp (kind, "127.0.0.1:0", FALSE, &error);
  g_assert_no_error (error);
  side->server = tocsin_server_new (router, &options);
  tocsin_server_start (side->server, side->listener, &error);
  g_assert_no_error (error);
}

/* The host names what the operator says of itself. */
static void
open_public (void)
{
  const TocsinPublicOptions page = { .name = "Test", .contact = "ops@a.example", .version = "1" };

  public = tocsin_public_new (admin.fed, &page);
  public_router = tocsin_router_new ();
  tocsin_routes_public_add (public_router, public);
  admin.fed->peer_requests_per_minute = 60;
  admin.fed->probe = g_strdup ("probe");
  admin.fed->probe_until_us = NOW_US + TOCSIN_MINUTE_US;
}

/* What a thread keeps from its first question on is not what a question takes. */
static void
warm_up (void)
{
  static const char *const inputs[] = {
    "A-e-\nPOST /v1/check\nContent-Type: application/json\nX-Api-Key: tocsin_check\n\n"
    "{\"subjects\":[{\"type\":\"domain\",\"value\":\"spam.example\"}]}",
    "A-e-\nGET /v1/export/lines\nX-Api-Key: tocsin_check\n\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (inputs); i++)
    tocsin_fuzz_one ((const guint8 *) inputs[i], strlen (inputs[i]));
}

void
tocsin_fuzz_begin (void)
{
  g_autoptr (GError) error = NULL;

  served_now_us = NOW_US;
  served_authority = "a.example:443";
  for (gsize i = 0; i < G_N_ELEMENTS (signers); i++)
    signer_init (&signers[i]);
  admin_init (&admin);
  tocsin_store_write (admin.node.store, put_peers, NULL, &error);
  g_assert_no_error (error);
  ids[0] = publish ("clear-marker.example", TOCSIN_SHARING_CLEAR);
  ids[1] = publish ("green-marker.example", TOCSIN_SHARING_GREEN);
  ids[2] = publish ("amber-marker.example", TOCSIN_SHARING_AMBER);
  ids[3] = publish ("gone-marker.example", TOCSIN_SHARING_CLEAR);
  withdraw (ids[3]);
  put_tokens ();
  open_public ();
  open_side (&public_side, TOCSIN_LISTENER_PUBLIC, public_router);
  open_side (&api_side, TOCSIN_LISTENER_API, admin.node.router);
  warm_up ();
  atexit (clear_node);
}

/* What it remembers of others beside its store. */
static void
forget_all (void)
{
  TocsinFederation *fed = admin.fed;

  g_clear_object (&fed->keyring);
  tocsin_host_budget_free (fed->budget);
  fed->budget = tocsin_host_budget_new (TOCSIN_HOST_BUDGET_NAMES);
  fed->keyring = tocsin_keyring_new (fed->store, fed->fetcher, fed->budget, fed->identity);
  g_hash_table_remove_all (fed->signer_rates);
}

static gboolean
serve_signers (const char *uri, Served *out)
{
  for (gsize i = 0; i < G_N_ELEMENTS (signers); i++)
    if (g_str_equal (signers[i].uri, uri))
      {
        *out = (Served){ 200, TOCSIN_TYPE_ACTIVITY, signers[i].document_bytes };
        return TRUE;
      }
  return FALSE;
}

/* ---- a request ---- */

typedef struct
{
  const char *input;
  gsize input_size;
  gboolean is_api;
  Signer *signer; /* (nullable) */
  char scheme;
  char spoilt;
  gboolean is_signed; /* as it was sent last */
  char *method;
  char *target;
  GPtrArray *fields; /* of "NAME:VALUE" */
  const char *body;
  gsize body_size;
} Question;

static void
question_clear (Question *self)
{
  g_free (self->method);
  g_free (self->target);
  g_clear_pointer (&self->fields, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Question, question_clear)

static char *
take_line (const char **at, const char *end)
{
  const char *newline = memchr (*at, '\n', (gsize) (end - *at));
  char *line = g_strndup (*at, (gsize) ((newline != NULL ? newline : end) - *at));

  *at = newline != NULL ? newline + 1 : end;
  return line;
}

static char *
name_ids (const char *target)
{
  GString *named = g_string_new (target);

  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    g_string_replace (named, id_names[i], ids[i], 1);
  return g_string_free (named, FALSE);
}

/* FALSE: it is none. The length of the body is what it is. */
static gboolean
question_read (Question *self, const char *data, gsize size)
{
  const char *at = data, *end = data + size;
  g_autofree char *how = take_line (&at, end);
  g_autofree char *line = take_line (&at, end);
  const char *space = strchr (line, ' ');

  *self = (Question){ .input = data, .input_size = size };
  if (strlen (how) < 4 || space == NULL)
    return FALSE;
  self->is_api = how[0] == 'A';
  self->signer = signer_find (signers, G_N_ELEMENTS (signers), how[1]);
  self->scheme = how[2];
  self->spoilt = how[3];
  self->method = g_strndup (line, (gsize) (space - line));
  self->target = name_ids (space + 1);
  self->fields = g_ptr_array_new_with_free_func (g_free);
  while (at < end && *at != '\n' && self->fields->len < FIELDS_MAX)
    {
      g_autofree char *field = take_line (&at, end);

      if (*field != '\0' &&
          g_ascii_strncasecmp (field, "content-length", strlen ("content-length")) != 0)
        g_ptr_array_add (self->fields, g_steal_pointer (&field));
    }
  if (at < end && *at == '\n')
    at++;
  self->body = at;
  self->body_size = (gsize) (end - at);
  return TRUE;
}

static gboolean
has_field (const Question *self, const char *name)
{
  for (guint i = 0; i < self->fields->len; i++)
    if (g_ascii_strncasecmp (self->fields->pdata[i], name, strlen (name)) == 0)
      return TRUE;
  return FALSE;
}

/* FALSE: it cannot be. */
static gboolean
append_signed (GString *out, const Question *self)
{
  const char *path = self->spoilt == 'p' ? "/reports" : self->target;
  gint64 at_us = self->spoilt == 'o' ? NOW_US - 13 * TOCSIN_HOUR_US : NOW_US;
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new (self->method, path);

  if (!signer_sign (self->signer, self->scheme, signer_key_id (self->signer, self->scheme),
                    envelope, BASE, at_us))
    return FALSE;
  if (self->spoilt == 's')
    signer_spoil (envelope, self->scheme);
  for (guint i = 0; i < envelope->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      if (!g_str_equal (header->name, "host"))
        g_string_append_printf (out, "%s: %s\r\n", header->name, header->value);
    }
  return TRUE;
}

/* @tag: (nullable): what it has already */
static GString *
question_to_bytes (Question *self, const char *method, const char *tag)
{
  GString *out = g_string_new (NULL);

  g_string_printf (out, "%s %s HTTP/1.1\r\nConnection: close\r\n", method, self->target);
  if (!has_field (self, "host:"))
    g_string_append (out, "Host: a.example\r\n");
  /* What is signed and posted would be taken. */
  if (self->signer != NULL && !self->is_api &&
      (g_str_equal (method, "GET") || g_str_equal (method, "HEAD")))
    {
      Question as_sent = *self;

      as_sent.method = (char *) method;
      self->is_signed = append_signed (out, &as_sent);
    }
  if (tag != NULL)
    g_string_append_printf (out, "If-None-Match: %s\r\n", tag);
  for (guint i = 0; i < self->fields->len; i++)
    g_string_append_printf (out, "%s\r\n", (char *) self->fields->pdata[i]);
  if (self->body_size > 0 && !has_field (self, "transfer-encoding"))
    g_string_append_printf (out, "Content-Length: %" G_GSIZE_FORMAT "\r\n", self->body_size);
  g_string_append (out, "\r\n");
  g_string_append_len (out, self->body, (gssize) self->body_size);
  return out;
}

/* ---- an answer ---- */

typedef struct
{
  GString *bytes;
  guint status;     /* 0: there is none */
  GString *head;    /* without Date, which is the hour */
  GPtrArray *names; /* of the fields, lower case */
  GPtrArray *values;
  const char *body; /* in @bytes */
  gsize body_size;
} Reply;

static void
reply_clear (Reply *self)
{
  if (self->bytes == NULL)
    return; /* nothing was asked */
  g_string_free (self->bytes, TRUE);
  g_string_free (self->head, TRUE);
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reply, reply_clear)

static const char *
reply_field (const Reply *self, const char *name)
{
  for (guint i = 0; i < self->names->len; i++)
    if (g_str_equal (self->names->pdata[i], name))
      return self->values->pdata[i];
  return NULL;
}

static void
read_head (Reply *self, const char *at, const char *end)
{
  g_autofree char *text = g_strndup (at, (gsize) (end - at));
  g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);

  self->status = (guint) atoi (lines[0] + strlen ("HTTP/1.1 "));
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      char *colon = i > 0 ? strchr (lines[i], ':') : NULL;

      if (colon == NULL || g_str_has_prefix (lines[i], "Date:"))
        continue;
      g_string_append_printf (self->head, "%s\n", lines[i]);
      *colon = '\0';
      g_ptr_array_add (self->names, g_ascii_strdown (lines[i], -1));
      g_ptr_array_add (self->values, g_strdup (g_strstrip (colon + 1)));
    }
}

/* Behind a 100 comes the answer itself. */
static void
reply_parse (Reply *self)
{
  const char *at = self->bytes->str;
  const char *end;

  while (g_str_has_prefix (at, "HTTP/1.1 100 ") && (end = strstr (at, "\r\n\r\n")) != NULL)
    at = end + 4;
  end = strstr (at, "\r\n\r\n");
  if (end == NULL)
    return;
  read_head (self, at, end);
  self->body = end + 4;
  self->body_size = self->bytes->len - (gsize) (self->body - self->bytes->str);
}

static void
read_to_end (int fd, GString *out)
{
  char buffer[16384];
  guint turns = 0;
  ssize_t n;

  do
    {
      g_main_context_iteration (NULL, FALSE);
      n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0)
        g_string_append_len (out, buffer, n);
      g_assert_cmpuint (turns++, <, TURNS_MAX);
    }
  while (n > 0 || (n < 0 && errno == EAGAIN));
}

/* Ends with a reset, so that no port has to wait before it is used again. */
static void
ask (Question *question, const char *method, const char *tag, Reply *out)
{
  const struct linger linger = { .l_onoff = 1 };
  g_autoptr (GString) bytes = question_to_bytes (question, method, tag);
  const Side *side = question->is_api ? &api_side : &public_side;
  int fd = raw_connect (tocsin_listener_get_port (side->listener));

  *out = (Reply){ .bytes = g_string_new (NULL),
                  .head = g_string_new (NULL),
                  .names = g_ptr_array_new_with_free_func (g_free),
                  .values = g_ptr_array_new_with_free_func (g_free) };
  (void) !send (fd, bytes->str, bytes->len, MSG_NOSIGNAL);
  shutdown (fd, SHUT_WR);
  read_to_end (fd, out->bytes);
  setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (fd);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  forget_all ();
  reply_parse (out);
}

/* ---- what has to hold ---- */

static void
assert_json (const char *text, gsize size)
{
  TocsinJsonLimits limits = tocsin_json_default_limits;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = NULL;

  limits.max_bytes = limits.max_string_bytes = 1 << 24;
  limits.max_members = limits.max_object_members = 1 << 20;
  root = tocsin_json_parse (text, size, &limits, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (root);
}

static void
assert_status (const Question *question, const Reply *reply)
{
  static const guint documented[] = { 200, 202, 204, 303, 304, 400, 401,
                                      403, 404, 405, 410, 413, 415, 422 };
  gsize i = 0;

  if (question->is_api)
    {
      g_assert_cmpuint (reply->status, !=, 500);
      g_assert_null (strstr (reply->bytes->str, "\"type\":\"store\""));
      return;
    }
  while (i < G_N_ELEMENTS (documented) && documented[i] != reply->status)
    i++;
  if (i == G_N_ELEMENTS (documented))
    g_error ("%s %s: %s", question->method, question->target, reply->bytes->str);
}

/* What the library answers by itself is HTML, for people. */
static void
assert_body (const Question *question, const Reply *reply, const char *type)
{
  static const char *const json[] = { TOCSIN_TYPE_JSON, TOCSIN_TYPE_ACTIVITY, TOCSIN_TYPE_PROBLEM,
                                      "application/jrd+json", NULL };
  gboolean is_bare = g_str_equal (question->method, "HEAD") || reply->status == 304;
  const char *length = reply_field (reply, "content-length");
  g_autofree char *media = g_strndup (type, strcspn (type, "; "));

  if (is_bare)
    g_assert_cmpuint (reply->body_size, ==, 0);
  else if (length != NULL)
    g_assert_cmpuint (reply->body_size, ==, strtoul (length, NULL, 10));
  if (reply->status >= 400)
    g_assert_cmpstr (type, ==, TOCSIN_TYPE_PROBLEM);
  if (is_bare || reply_field (reply, "transfer-encoding") != NULL)
    return;
  if (g_strv_contains (json, media) && !g_str_has_prefix (question->target, "/openapi.json"))
    assert_json (reply->body, reply->body_size);
  else if (g_str_equal (type, TOCSIN_TYPE_HTML))
    g_assert_cmpmem (reply->body, reply->body_size, g_bytes_get_data (public->page, NULL),
                     g_bytes_get_size (public->page));
}

/* A signature that is there and wrong is told to its maker, even for what all may see. */
static void
assert_told (const Question *question, const Reply *reply)
{
  static const char *const signed_paths[] = { "/outbox", "/reports", "/trust", NULL };
  g_autofree char *path = g_strndup (question->target, strcspn (question->target, "?"));

  if (question->is_signed && strchr ("sop", question->spoilt) != NULL &&
      (question->spoilt != 'p' || !g_str_equal (question->target, "/reports")) &&
      g_strv_contains (signed_paths, path))
    g_assert_cmpuint (reply->status, >=, 400);
}

/* Of what the request itself names, the answer may speak. */
static void
assert_no_leak (const Question *question, const Reply *reply)
{
  char viewer = question->signer != NULL && strchr ("sop", question->spoilt) == NULL
                    ? question->signer->host[0]
                    : '-';

  if (question->is_api && reply->status < 400)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (markers); i++)
    if (strstr (reply->bytes->str, markers[i].text) != NULL &&
        (question->is_api || strchr (markers[i].viewers, viewer) == NULL) &&
        memmem (question->input, question->input_size, markers[i].text, strlen (markers[i].text)) ==
            NULL)
      g_error ("%c sees %s: %s", viewer, markers[i].text, reply->bytes->str);
}

/* Whether it may bring a token. */
static gboolean
may_have_token (const Question *question)
{
  for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++)
    if (memmem (question->input, question->input_size, tokens[i].text, strlen (tokens[i].text)) !=
        NULL)
      return TRUE;
  return has_field (question, "authorization");
}

static void
assert_allowed (const Question *question, const Reply *reply)
{
  g_autoptr (TocsinRequest) request = tocsin_request_new (question->method, question->target);
  TocsinMatch match = { 0 };

  if (question->is_api && reply->status < 400 && !may_have_token (question) &&
      tocsin_router_match (admin.node.router, question->method, request->path->str, &match))
    g_assert_cmpuint (match.route->scope, ==, TOCSIN_SCOPE_NONE);
}

static void
assert_again (Question *question, const Reply *first)
{
  g_auto (Reply) again = { 0 };

  ask (question, question->method, NULL, &again);
  g_assert_cmpuint (again.status, ==, first->status);
  g_assert_cmpstr (again.head->str, ==, first->head->str);
  g_assert_cmpmem (again.body, again.body_size, first->body, first->body_size);
}

/* As long as nothing of the request depends on its method but the signature, which is made anew. */
static void
assert_as_get (Question *question, const Reply *head)
{
  g_auto (Reply) get = { 0 };

  ask (question, "GET", NULL, &get);
  g_assert_cmpuint (get.status, ==, head->status);
  g_assert_cmpstr (get.head->str, ==, head->head->str);
}

static void
assert_tag (Question *question, const Reply *reply)
{
  const char *tag = reply_field (reply, "etag");
  g_auto (Reply) known = { 0 };
  gboolean is_asked = has_field (question, "if-none-match");

  if (reply->status == 304)
    g_assert_true (is_asked);
  if (tag == NULL || reply->status != 200 || is_asked)
    return;
  ask (question, question->method, tag, &known);
  g_assert_cmpuint (known.status, ==, 304);
  g_assert_cmpstr (reply_field (&known, "etag"), ==, tag);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_auto (Question) question = { 0 };
  g_auto (Reply) reply = { 0 };
  const char *type;

  serve = serve_signers;
  if (!question_read (&question, (const char *) data, size))
    return;
  ask (&question, question.method, NULL, &reply);
  type = reply_field (&reply, "content-type");
  if (reply.status == 0 || g_strcmp0 (type, "text/html") == 0)
    return;
  assert_status (&question, &reply);
  if (type != NULL)
    assert_body (&question, &reply, type);
  assert_no_leak (&question, &reply);
  assert_told (&question, &reply);
  assert_allowed (&question, &reply);
  if (question.is_api)
    return;
  assert_again (&question, &reply);
  assert_tag (&question, &reply);
  if (g_str_equal (question.method, "HEAD") && !has_field (&question, "signature"))
    assert_as_get (&question, &reply);
}
