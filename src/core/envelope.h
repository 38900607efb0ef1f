/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinHeader: one field of an HTTP message, as it was sent. Repeated fields are repeated here.
 */
typedef struct
{
  char *name;  /* (owned) lower case */
  char *value; /* (owned) outer white space cut */
} TocsinHeader;

/**
 * TocsinEnvelope:
 * @method: (owned): "GET", "POST"…
 * @target: (owned): the raw request target as on the request line, percent escapes untouched
 * @headers: (owned) (element-type TocsinHeader): in order
 * @body: (owned) (nullable): the body, byte for byte; %NULL if there is none
 * @remote: (owned) (nullable): the client's address as text, after trusted proxies were honoured;
 *   for limits only
 *
 * A received HTTP request, or one about to be sent, of which signatures are made and checked.
 * Owns all that it points to; no HTTP library's type is in it. Belongs to one thread at a time.
 */
typedef struct
{
  char *method;
  char *target;
  GArray *headers;
  GBytes *body;
  char *remote;
} TocsinEnvelope;

/**
 * tocsin_envelope_new:
 * @method: the request method, copied
 * @target: the raw request target, copied
 *
 * Returns: (transfer full): an envelope with no headers, body and remote address
 */
TocsinEnvelope *tocsin_envelope_new (const char *method,
                                     const char *target) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_envelope_free:
 * @self: (nullable) (transfer full): an envelope
 */
void tocsin_envelope_free (TocsinEnvelope *self);

/**
 * tocsin_envelope_add_header:
 * @self: an envelope
 * @name: a field name in any case, copied in lower case
 * @value: its value, copied without spaces and tabs around it
 *
 * Appends one field line; a name may be added more than once.
 */
void tocsin_envelope_add_header (TocsinEnvelope *self, const char *name, const char *value);

/**
 * tocsin_envelope_get_header:
 * @self: an envelope
 * @name: a field name in any case
 *
 * Where a second one would be an attack, ask tocsin_envelope_count_header() first.
 *
 * Returns: (nullable): the value of the first field line of that name, owned by @self
 */
const char *tocsin_envelope_get_header (const TocsinEnvelope *self, const char *name);

/**
 * tocsin_envelope_count_header:
 * @self: an envelope
 * @name: a field name in any case
 *
 * Returns: how many field lines have that name
 */
guint tocsin_envelope_count_header (const TocsinEnvelope *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinEnvelope, tocsin_envelope_free)

G_END_DECLS
