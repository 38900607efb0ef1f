/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* The node of api-node.h with keys, a federation that sends nothing, and the operator's routes. */
#include "api-node.h"

#include "codec/json-strict.h"
#include "http/routes-admin.h"

typedef struct
{
  Node node;
  TocsinAuth *auth;
  TocsinFederation *fed;
} Admin;

static inline void
admin_init (Admin *self)
{
  static const char *const allow[] = { "127.0.0.1", NULL };
  const TocsinIdentityOptions who = { .base_url = "https://a.example",
                                      .preferred_username = "tocsin",
                                      .name = "Test" };
  const TocsinFederationOptions options = { .burst_per_hour = 200, .time_scale = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, &error);
  g_autoptr (TocsinFetcher) fetcher = tocsin_fetcher_new ("https://a.example", guard, 4, 2, &error);
  TocsinIdentity *identity;

  g_assert_no_error (error);
  node_init (&self->node);
  /* What is published is dated by the wall clock, so the api has to agree with it. */
  now_us = tocsin_time_now_us ();
  self->node.api->started_us = now_us - 5 * TOCSIN_SECOND_US;
  identity = tocsin_identity_open (self->node.dir, &who, now_us, &error);
  g_assert_no_error (error);
  self->fed =
      tocsin_federation_new (self->node.store, self->node.writer, identity, fetcher, &options);
  self->auth = tocsin_auth_new ();
  self->node.api->federation = self->fed;
  self->node.api->auth = self->auth;
  self->node.api->router = self->node.router;
  self->node.api->data_dir = g_strdup (self->node.dir);
  tocsin_routes_admin_add (self->node.router, self->node.api);
}

static inline void
admin_clear (Admin *self)
{
  tocsin_writer_stop (self->node.writer);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  tocsin_federation_free (self->fed);
  node_clear (&self->node);
  tocsin_auth_free (self->auth);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Admin, admin_clear)

/* Asks, wants @status, and reads the JSON. Free it with json_node_unref(). */
static inline JsonNode *
admin_ask (Admin *self, const char *method, const char *target, const char *body, guint status)
{
  g_auto (Answer) answer = { 0 };
  TocsinJsonLimits limits = tocsin_json_default_limits;
  g_autoptr (GError) error = NULL;
  JsonNode *root;

  node_ask (&self->node, method, target, TYPE_CHECK, body, &answer);
  if (answer.status != status)
    g_test_message ("%s %s %s: %u %s", method, target, body != NULL ? body : "", answer.status,
                    answer.body->str);
  g_assert_cmpuint (answer.status, ==, status);
  limits.max_bytes = 1 << 24;
  limits.max_members = 1 << 20;
  root = tocsin_json_parse (answer.body->str, answer.body->len, &limits, NULL, &error);
  g_assert_no_error (error);
  return root;
}

static inline void
admin_do (Admin *self, const char *method, const char *target, const char *body, guint status)
{
  g_autoptr (JsonNode) root = admin_ask (self, method, target, body, status);

  g_assert_nonnull (root);
}

/* Asks for what is refused with @status and a detail that begins with @where. */
static inline void
admin_refused (Admin *self,
               const char *method,
               const char *target,
               const char *body,
               guint status,
               const char *where)
{
  g_autoptr (JsonNode) root = admin_ask (self, method, target, body, status);
  const char *detail =
      json_object_get_string_member_with_default (json_node_get_object (root), "detail", "");

  if (!g_str_has_prefix (detail, where))
    g_test_message ("%s: %s", target, detail);
  g_assert_true (g_str_has_prefix (detail, where));
}

#define OBJECT(node)          json_node_get_object (node)
#define TEXT(object, member)  json_object_get_string_member (object, member)
#define INT(object, member)   json_object_get_int_member (object, member)
#define FLAG(object, member)  json_object_get_boolean_member (object, member)
#define ARRAY(object, member) json_object_get_array_member (object, member)
