/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/subject.h"

G_BEGIN_DECLS

#define TOCSIN_FEED_LINE_MAX_BYTES 8192
#define TOCSIN_FEED_FIELDS_MAX     64

/**
 * TocsinFeedRow: one entry of a list, as it was written there.
 * @type: %TOCSIN_SUBJECT_NONE: whatever the list is of
 * @value: (unowned): UTF-8, without blanks at its ends, not empty
 * @gone: the list takes back what an earlier row, or an earlier list, said
 * @place: line or element, from 1
 */
typedef struct
{
  TocsinSubjectType type;
  const char *value;
  gboolean gone;
  guint64 place;
} TocsinFeedRow;

/* %FALSE stops the reader, with @error. */
typedef gboolean (*TocsinFeedRowFunc) (const TocsinFeedRow *row, gpointer data, GError **error);

/**
 * TocsinFeedReadOptions: what a format may be told.
 * @column: (nullable) (unowned): of csv: name of the column that has the subject, or its number
 *   from 1; %NULL: a header that says so, else the first
 * @service: (nullable) (unowned): of cloud ranges: only those of this service
 */
typedef struct
{
  const char *column;
  const char *service;
} TocsinFeedReadOptions;

/* Of a dataset that comes in pages, once the whole of one was read. Borrowed from the reader. */
typedef struct
{
  const char *first;   /* (nullable) */
  const char *next;    /* (nullable) */
  const char *changes; /* (nullable) where to go on the next time */
  gboolean unnamed;    /* it takes back something without saying what: only the whole tells */
} TocsinFeedLinks;

/**
 * TocsinFeedReader:
 *
 * Bytes of a list in pieces of any size, from anyone, to rows; no I/O. What is certainly no list
 * is refused whatever the format: compressed, another encoding, a NUL, HTML, nothing at all.
 */
typedef struct _TocsinFeedReader TocsinFeedReader;

/* Names of the formats, %NULL-terminated. */
const char *const *tocsin_feed_formats (void);
/* Whether the format @name always says itself what its entries are. */
gboolean tocsin_feed_format_is_typed (const char *name);

/**
 * tocsin_feed_reader_new:
 * @format: a name of tocsin_feed_formats()
 * @options: copied by reference: must outlive the reader
 * @func: gets each row
 *
 * Returns: (transfer full) (nullable): %NULL if there is no such format
 */
TocsinFeedReader *tocsin_feed_reader_new (const char *format,
                                          const TocsinFeedReadOptions *options,
                                          TocsinFeedRowFunc func,
                                          gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_feed_reader_free (TocsinFeedReader *self);

/* %FALSE with %TOCSIN_ERROR_INVALID and the line or element, or what @func said. Then it is over.
 */
gboolean
tocsin_feed_reader_push (TocsinFeedReader *self, const char *bytes, gsize size, GError **error);
/* There is no more: %FALSE if the list was cut short, or is empty. */
gboolean tocsin_feed_reader_end (TocsinFeedReader *self, GError **error);

/* After the end. */
void tocsin_feed_reader_links (const TocsinFeedReader *self, TocsinFeedLinks *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinFeedReader, tocsin_feed_reader_free)

G_END_DECLS
