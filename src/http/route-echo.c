/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * POST /health/echo: how a request arrives here that `tocsin doctor` sent to our own address, so
 * that it can be seen what the reverse proxy made of it. Only who has the secret that the doctor
 * was given a moment before gets an answer; for everybody else there is nothing here.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "codec/json-writer.h"
#include "core/hash.h"
#include "http/routes-public.h"

#define BODY_MAX_BYTES 4096
#define PROBE_HEADER   "Tocsin-Probe"

static const char *const told[] = {
  "Host", "Date", "Digest", "Content-Digest", "Signature", "Signature-Input", "Content-Type",
};

static gboolean
is_ours (const TocsinPublic *public, TocsinRequest *request)
{
  const TocsinFederation *fed = public->federation;
  const char *secret = tocsin_request_get_header (request, PROBE_HEADER);

  return fed->probe != NULL && secret != NULL && public->now_us () < fed->probe_until_us &&
         tocsin_request_count_header (request, PROBE_HEADER) == 1 &&
         strlen (secret) == strlen (fed->probe) &&
         tocsin_equal_constant_time (secret, fed->probe, strlen (secret));
}

/* Of a field that is there once; what is not UTF-8 in it has no place in JSON. */
static void
tell_field (TocsinJsonWriter *json, const TocsinRequest *request, const char *name)
{
  const char *value = tocsin_request_count_header (request, name) == 1
                          ? tocsin_request_get_header (request, name)
                          : NULL;
  g_autofree char *text = value != NULL ? g_utf8_make_valid (value, -1) : NULL;

  tocsin_json_writer_member_string (json, name, text);
}

static void
on_echo (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  GBytes *body = tocsin_request_get_body (request);
  guint8 hash[TOCSIN_SHA256_BYTES];
  g_autofree char *hex = NULL;
  TocsinJsonWriter json = { 0 };
  gsize size;
  gconstpointer bytes = g_bytes_get_data (body, &size);

  tocsin_public_harden (reply);
  if (!is_ours (data, request))
    {
      tocsin_reply_set_problem (reply, 404, "not-found", "There is nothing here");
      return;
    }
  tocsin_sha256 (bytes, size, hash);
  hex = tocsin_hex_encode (hash, sizeof hash);
  json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "target", tocsin_request_get_target (request));
  tocsin_json_writer_member_string (&json, "remote", tocsin_request_get_remote (request));
  tocsin_json_writer_member_string (&json, "body_sha256", hex);
  tocsin_json_writer_name (&json, "headers");
  tocsin_json_writer_begin_object (&json);
  for (gsize i = 0; i < G_N_ELEMENTS (told); i++)
    tell_field (&json, request, told[i]);
  tocsin_json_writer_end_object (&json);
  tocsin_json_writer_end_object (&json);
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
}

static const TocsinRoute routes[] = {
  { "POST", "/health/echo", on_echo, TOCSIN_ROUTE_NONE, 0, BODY_MAX_BYTES, NULL },
};

void
tocsin_route_echo_add (TocsinRouter *router, TocsinPublic *public)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), public);
}
