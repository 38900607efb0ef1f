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
 * @method: "GET", "POST"…
 * @target: the raw request target as on the request line, percent escapes untouched
 * @headers: (element-type TocsinHeader): in order
 * @body: the body, byte for byte
 * @remote: the client's address as text, after trusted proxies were honoured; for limits only
 *
 * A received HTTP request, or one about to be sent, of which signatures are made and checked.
 * Owns all that it points to. No HTTP library's type is in it.
 */
typedef struct
{
  char *method;
  char *target;
  GArray *headers;
  GBytes *body;
  char *remote;
} TocsinEnvelope;

TocsinEnvelope *tocsin_envelope_new (const char *method,
                                     const char *target) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_envelope_free (TocsinEnvelope *self);
void tocsin_envelope_add_header (TocsinEnvelope *self, const char *name, const char *value);
const char *tocsin_envelope_get_header (const TocsinEnvelope *self,
                                        const char *name); /* the first, or NULL */
guint tocsin_envelope_count_header (const TocsinEnvelope *self, const char *name);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinEnvelope, tocsin_envelope_free)

G_END_DECLS
