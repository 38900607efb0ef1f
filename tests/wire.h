/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Reads tests/golden/wire; see the README there.
 */
#pragma once

#include <string.h>

#include "codec/json-strict.h"
#include "codec/key.h"
#include "core/clock.h"
#include "core/envelope.h"

/* Inlined, gcc 12 takes what it returns for the address of the local variable. */
G_GNUC_UNUSED G_NO_INLINE static char *
wire_read (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "wire", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

/* The first request of a recording, its body cut by its Content-Length. */
static inline TocsinEnvelope *
wire_request (const char *name)
{
  g_autofree char *text = wire_read (name);
  const char *head = strstr (text, ">>> REQUEST\n") + strlen (">>> REQUEST\n");
  const char *body = strstr (head, "\n\n") + 2; /* the last line has lost its CR */
  g_autofree char *lines = g_strndup (head, (gsize) (body - 2 - head));
  g_auto (GStrv) line = g_strsplit (lines, "\n", -1);
  g_auto (GStrv) start = g_strsplit (line[0], " ", 3);
  TocsinEnvelope *envelope = tocsin_envelope_new (start[0], start[1]);
  const char *length;

  for (gsize i = 1; line[i] != NULL; i++)
    {
      g_auto (GStrv) field = g_strsplit (g_strchomp (line[i]), ": ", 2);

      tocsin_envelope_add_header (envelope, field[0], field[1]);
    }
  length = tocsin_envelope_get_header (envelope, "content-length");
  if (length != NULL)
    envelope->body = g_bytes_new (body, (gsize) g_ascii_strtoull (length, NULL, 10));
  return envelope;
}

static inline gint64
wire_time (const TocsinEnvelope *envelope)
{
  gint64 time_us = 0;

  g_assert_true (tocsin_http_date_parse (tocsin_envelope_get_header (envelope, "date"), &time_us));
  return time_us;
}

/* The document that a recording's response has as its body. */
static inline JsonNode *
wire_document (const char *name)
{
  g_autofree char *text = wire_read (name);
  const char *from = strstr (strstr (text, "<<< RESPONSE\n"), "\n{") + 1;
  g_autoptr (GError) error = NULL;
  JsonNode *node = tocsin_json_parse (from, strcspn (from, "\n"), NULL, NULL, &error);

  g_assert_no_error (error);
  return node;
}

static inline TocsinPublicKey *
wire_rsa_key (const char *name)
{
  g_autoptr (JsonNode) node = wire_document (name);
  JsonObject *key = json_object_get_object_member (json_node_get_object (node), "publicKey");
  g_autoptr (GError) error = NULL;
  TocsinPublicKey *self =
      tocsin_public_key_from_pem (json_object_get_string_member (key, "publicKeyPem"), &error);

  g_assert_no_error (error);
  return self;
}

/* The @i-th of the actor's Multikeys. */
static inline TocsinPublicKey *
wire_multikey (const char *name, guint i)
{
  g_autoptr (JsonNode) node = wire_document (name);
  JsonArray *keys = json_object_get_array_member (json_node_get_object (node), "assertionMethod");
  JsonObject *key = json_array_get_object_element (keys, i);
  g_autoptr (GError) error = NULL;
  TocsinPublicKey *self = tocsin_public_key_from_multikey (
      json_object_get_string_member (key, "publicKeyMultibase"), &error);

  g_assert_no_error (error);
  return self;
}
