/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* A store, a writer and the routes of the API without a server; the test's thread is main. */
#include <glib/gstdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "http/api.h"
#include "http/gate.h"
#include "http/request-private.h"
#include "http/routes-admin.h"
#include "http/routes.h"
#include "store/table-actors.h"
#include "store/table-reports.h"

#define T0          (G_GINT64_CONSTANT (1795478400) * TOCSIN_SECOND_US) /* 2026-11-24T00:00:00Z */
#define PEERS       5
#define LIMIT_US    (20 * TOCSIN_SECOND_US)
#define TYPE_CHECK  "application/json"
#define TYPE_NDJSON "application/x-ndjson"

typedef struct
{
  char *dir;
  TocsinStore *store;
  TocsinWriter *writer;
  TocsinApi *api;
  TocsinRouter *router;
} Node;

typedef struct
{
  guint status;
  GString *body;
  char *etag;
  char *verdict;
} Answer;

static gint64 now_us = T0;
static guint report_days = 60; /* how long the next report is good for */

static gint64
get_now_us (void)
{
  return now_us;
}

static void
answer_clear (Answer *self)
{
  g_string_free (self->body, TRUE);
  g_free (self->etag);
  g_free (self->verdict);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static gboolean
intern_peers (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_actors_set_local (txn, "https://a.example/actor", T0);
  for (guint i = 1; i <= PEERS; i++)
    {
      g_autofree char *uri = g_strdup_printf ("https://p%u.example/actor", i);

      g_assert_cmpuint (tocsin_actors_intern (txn, uri, T0), ==, i);
    }
  return TRUE;
}

/* Peers 1 to @n with a weight of 50. */
static void
node_trust (Node *node, guint n, guint64 version)
{
  TocsinTrustPeer peers[PEERS];
  TocsinTrustInput input;
  g_autoptr (TocsinTrustSnapshot) trust = NULL;

  for (guint i = 0; i < n; i++)
    peers[i] = (TocsinTrustPeer){ .actor = i + 1, .area = TOCSIN_AREA_ANY, .weight = 0.5 };
  input = (TocsinTrustInput){ .peers = peers, .n_peers = n };
  trust = tocsin_trust_snapshot_new (&input, version, 1);
  tocsin_api_set_trust (node->api, trust);
}

/* As at a start: all but the directory is new. @profile: (nullable) the default one. */
static void
node_start_with (Node *node, const char *profile)
{
  g_autoptr (GError) error = NULL;
  static const char *const shared[] = { "198.51.100.128/25", "2001:db8:99::/48", "192.0.2.200",
                                        NULL };
  TocsinApiOptions options = { .shared_networks = shared,
                               .allow_get_checks = TRUE,
                               .base_url = "https://a.example",
                               .default_profile = profile,
                               .now_us = get_now_us };

  options.store = node->store = tocsin_store_open (node->dir, 64 << 20, &error);
  g_assert_no_error (error);
  options.writer = node->writer = tocsin_writer_new (node->store);
  node->api = tocsin_api_new (&options, &error);
  g_assert_no_error (error);
  node->router = tocsin_router_new ();
  tocsin_route_check_add (node->router, node->api);
  tocsin_route_batch_add (node->router, node->api);
  tocsin_route_range_add (node->router, node->api);
  tocsin_route_authz_add (node->router, node->api);
  tocsin_route_changes_add (node->router, node->api);
  tocsin_route_allow_add (node->router, node->api);
  tocsin_route_decisions_add (node->router, node->api);
  tocsin_route_export_add (node->router, node->api);
}

static void
node_start (Node *node)
{
  node_start_with (node, NULL);
}

static void
node_stop (Node *node)
{
  tocsin_api_free (node->api);
  tocsin_writer_free (node->writer);
  tocsin_router_unref (node->router);
  tocsin_store_close (node->store);
}

G_GNUC_UNUSED static void
node_restart (Node *node)
{
  node_stop (node);
  node_start (node);
}

G_GNUC_UNUSED static void
node_init (Node *node)
{
  g_autoptr (GError) error = NULL;

  now_us = T0;
  report_days = 60;
  node->dir = g_dir_make_tmp ("tocsin-XXXXXX", &error);
  g_assert_no_error (error);
  node_start (node);
  tocsin_store_write (node->store, intern_peers, NULL, &error);
  g_assert_no_error (error);
  node_trust (node, PEERS, 1);
}

static void
node_clear (Node *node)
{
  g_autofree char *quoted = g_shell_quote (node->dir);
  g_autofree char *command = g_strconcat ("rm -r ", quoted, NULL);

  node_stop (node);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (node->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Node, node_clear)

/* One report of @actor, observed now. */
typedef struct
{
  guint32 actor;
  TocsinSubjectType type;
  const char *value;
  guint8 category;
  guint64 number;
  TocsinBasis basis;
  TocsinSubjectType claimed; /* in place of @type, beside the digest alone; 0: none */
} Report;

static gboolean
put_report (TocsinTxn *txn, gpointer data, GError **error)
{
  /* cppcheck-suppress shadowFunction ; it is not called here */
  Report *report = data;
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };

  if (!tocsin_subject_parse (&subject, report->type, report->value, error))
    return FALSE;
  record = (TocsinReportRecord){
    .actor = report->actor,
    .via = report->actor,
    .state = TOCSIN_STATE_LIVE,
    .category = report->category,
    .basis = report->basis,
    .subject_type = subject.type,
    .key_type = subject.key_type,
    .confidence = 100,
    .published_us = now_us,
    .updated_us = now_us,
    .observed_us = now_us,
    .last_observed_us = now_us,
    .end_us = now_us + report_days * TOCSIN_DAY_US,
    .evidence_end_us = now_us + report_days * TOCSIN_DAY_US,
    .received_us = now_us,
    .key = tocsin_subject_key (&subject),
  };
  memcpy (record.subject_digest, subject.digest, sizeof subject.digest);
  record.id = g_strdup_printf ("https://p%u.example/reports/%s-%u", report->actor, subject.value,
                               report->category);
  record.value = g_strdup (subject.value);
  record.key_value =
      g_strcmp0 (subject.key_value, subject.value) != 0 ? g_strdup (subject.key_value) : NULL;
  if (report->claimed != TOCSIN_SUBJECT_NONE)
    {
      record.subject_type = record.key_type = report->claimed;
      g_clear_pointer (&record.value, g_free);
      g_clear_pointer (&record.key_value, g_free);
    }
  tocsin_sha256 (record.id, strlen (record.id), record.content_hash);
  tocsin_reports_put (txn, &record, now_us);
  report->number = record.number;
  return TRUE;
}

G_GNUC_UNUSED static guint64
node_report (Node *node, guint32 actor, TocsinSubjectType type, const char *value, guint8 category)
{
  g_autoptr (GError) error = NULL;
  /* cppcheck-suppress shadowFunction ; it is not called here */
  Report report = { actor, type, value, category, 0, TOCSIN_BASIS_FIRST_HAND };

  tocsin_store_write (node->store, put_report, &report, &error);
  g_assert_no_error (error);
  return report.number;
}

/* The digest of one thing, claimed to be of another. */
G_GNUC_UNUSED static void
node_claim (
    Node *node, guint32 actor, TocsinSubjectType claimed, TocsinSubjectType type, const char *value)
{
  g_autoptr (GError) error = NULL;
  /* cppcheck-suppress shadowFunction ; it is not called here */
  Report report = { actor, type, value, 1, 0, TOCSIN_BASIS_FIRST_HAND, claimed };

  tocsin_store_write (node->store, put_report, &report, &error);
  g_assert_no_error (error);
}

static void
read_stream (TocsinReply *reply, gsize piece_bytes, GString *out)
{
  TocsinStream stream = tocsin_reply_steal_stream (reply);
  g_autofree guint8 *piece = g_malloc (piece_bytes);
  gssize n;

  while ((n = stream.pull (stream.data, piece, piece_bytes)) > 0)
    g_string_append_len (out, (const char *) piece, n);
  g_assert_cmpint (n, ==, 0);
  stream.destroy (stream.data);
}

static TocsinRequest *
node_begin (Node *node, const char *method, const char *target, const char *type, const char *body)
{
  TocsinRequest *request = tocsin_request_new (method, target);

  request->kind = TOCSIN_LISTENER_UNIX;
  if (body != NULL)
    {
      const gsize size = strlen (body);
      g_autofree char *length = g_strdup_printf ("%" G_GSIZE_FORMAT, size);
      g_autoptr (GBytes) bytes = g_bytes_new (body, size);

      tocsin_request_add_header (request, "Content-Type", type);
      tocsin_request_add_header (request, "Content-Length", length);
      tocsin_request_set_body (request, bytes);
    }
  return request;
}

static void
node_run (Node *node, TocsinRequest *request)
{
  if (tocsin_gate_admit (request, node->router, NULL))
    request->match.route->handler (request, request->reply, request->match.data);
}

static void
node_end (Node *node, TocsinRequest *request, Answer *out)
{
  gint64 limit_us = g_get_monotonic_time () + LIMIT_US;

  while (request->handler_suspended && !tocsin_request_is_complete (request))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, limit_us);
      g_main_context_iteration (NULL, TRUE);
    }
  *out = (Answer){ .status = tocsin_reply_get_status (request->reply),
                   .body = g_string_new (NULL),
                   .etag = g_strdup (tocsin_reply_get_header (request->reply, "ETag")),
                   .verdict =
                       g_strdup (tocsin_reply_get_header (request->reply, "X-Tocsin-Verdict")) };
  if (tocsin_reply_get_body_kind (request->reply) == TOCSIN_BODY_STREAM)
    read_stream (request->reply, 1000, out->body);
  else if (tocsin_reply_get_body_kind (request->reply) == TOCSIN_BODY_BYTES)
    {
      GBytes *bytes = tocsin_reply_get_bytes (request->reply);

      g_string_append_len (out->body, g_bytes_get_data (bytes, NULL),
                           (gssize) g_bytes_get_size (bytes));
    }
  else
    g_string_append (out->body, tocsin_reply_get_buffer (request->reply)->str);
  tocsin_request_unref (request);
}

G_GNUC_UNUSED static void
node_ask (Node *node,
          const char *method,
          const char *target,
          const char *type,
          const char *body,
          Answer *out)
{
  TocsinRequest *request = node_begin (node, method, target, type, body);

  node_run (node, request);
  node_end (node, request, out);
}
