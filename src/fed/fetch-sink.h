/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TocsinFetchSink:
 * @fd: (unowned): a file, at its beginning; not used with @memory
 * @memory: (unowned) (nullable): gets the answer in place of @fd; of one that is too long, the
 *   beginning
 * @max_bytes: the longest answer, unpacked
 * @announced: bytes that are to come, as the answer's header has it; 0: it does not say
 * @taken: bytes that came
 * @pieces: in how many pieces they came
 * @written: bytes that went to @fd or @memory
 * @gunzip: (owned) (nullable): of an answer that is packed
 * @is_within: more of what is packed has to come
 *
 * An answer on its way to a file or to memory, unpacked here. libsoup's own decoder works on for
 * ever where a peer sends packed blocks that hold nothing, and no timer runs meanwhile; it takes a
 * packed answer that was cut short for the whole of it, and so does libsoup 3.2 one that ends
 * before its announced length where the connection was to be closed behind it; half a list would
 * replace the last good one. What comes in chunks and ends between two of them is not told from the
 * whole.
 */
typedef struct
{
  int fd;
  GByteArray *memory;
  gsize max_bytes;
  gsize announced;
  gsize taken;
  gsize pieces;
  gsize written;
  GConverter *gunzip;
  gboolean is_within;
} TocsinFetchSink;

/* What may be asked for, as the Accept-Encoding field has it. */
#define TOCSIN_FETCH_SINK_ENCODINGS "gzip"

/* @encoding: (nullable): the Content-Encoding field. %FALSE with %TOCSIN_ERROR_UNREACHABLE if it is
 * none that was asked for. */
gboolean tocsin_fetch_sink_begin (TocsinFetchSink *self, const char *encoding, GError **error);

/* %FALSE with %TOCSIN_ERROR_TOO_LARGE, %TOCSIN_ERROR_UNREACHABLE (it cannot be unpacked, or comes
 * in a great many pieces of a few bytes, each of which costs a turn of the loop) or
 * %TOCSIN_ERROR_UNAVAILABLE (the file cannot be written to). */
gboolean tocsin_fetch_sink_push (TocsinFetchSink *self, GBytes *chunk, GError **error);

/* Nothing more will come: %FALSE with %TOCSIN_ERROR_UNREACHABLE if more should have. */
gboolean tocsin_fetch_sink_end (const TocsinFetchSink *self, GError **error);

void tocsin_fetch_sink_clear (TocsinFetchSink *self);

G_END_DECLS
