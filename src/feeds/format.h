/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "feeds/reader.h"

G_BEGIN_DECLS

/* Private to the readers: what a format is made of, and how it tells its rows. */

typedef struct
{
  const TocsinFeedReadOptions *options; /* (unowned) */
  TocsinFeedRowFunc func;
  gpointer data;
  guint64 rows; /* told so far */
} TocsinFeedSink;

/**
 * TocsinFeedFormat: one file of this directory. Text comes as whole UTF-8 characters, without a
 * byte order mark, NUL or markup before its first word.
 * @size: of its state, which begins zeroed
 * @typed: every row names its type
 */
typedef struct
{
  const char *name;
  gsize size;
  gboolean typed;
  void (*init) (gpointer self, TocsinFeedSink *sink);
  gboolean (*push) (gpointer self, const char *text, gsize size, GError **error);
  gboolean (*end) (gpointer self, GError **error);
  void (*clear) (gpointer self);
  void (*links) (gconstpointer self, TocsinFeedLinks *out); /* (nullable) */
} TocsinFeedFormat;

extern const TocsinFeedFormat tocsin_feed_format_lines;
extern const TocsinFeedFormat tocsin_feed_format_csv;
extern const TocsinFeedFormat tocsin_feed_format_mastodon_csv;
extern const TocsinFeedFormat tocsin_feed_format_misp;
extern const TocsinFeedFormat tocsin_feed_format_cloud;
extern const TocsinFeedFormat tocsin_feed_format_tor;
extern const TocsinFeedFormat tocsin_feed_format_fires;

/* Tells a row whose value is stripped first; one that is empty then is none. */
gboolean tocsin_feed_sink_add (
    TocsinFeedSink *self, TocsinSubjectType type, const char *value, guint64 place, GError **error);

/* Always %FALSE, with %TOCSIN_ERROR_INVALID; @place 0: of the list as a whole. */
gboolean tocsin_feed_fail (GError **error, guint64 place, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/**
 * TocsinFeedLines: text to lines, without their ends.
 */
typedef gboolean (*TocsinFeedLineFunc) (gpointer owner, char *line, guint64 number, GError **error);
typedef struct
{
  TocsinFeedLineFunc func;
  gpointer owner; /* (unowned) */
  GString *line;  /* (owned) what came of the present one */
  guint64 number; /* of lines that are complete */
} TocsinFeedLines;

/* Text comes in pieces of any size; a line is told once it is whole, the last one by _end(). */
void tocsin_feed_lines_init (TocsinFeedLines *self, TocsinFeedLineFunc func, gpointer owner);
gboolean
tocsin_feed_lines_push (TocsinFeedLines *self, const char *text, gsize size, GError **error);
gboolean tocsin_feed_lines_end (TocsinFeedLines *self, GError **error);
void tocsin_feed_lines_clear (TocsinFeedLines *self);

/**
 * TocsinFeedRecords: text to records of fields, RFC 4180: quotes, and lines inside of them.
 */
typedef gboolean (*TocsinFeedRecordFunc) (gpointer owner,
                                          GPtrArray *fields,
                                          guint64 line,
                                          GError **error);
typedef struct
{
  TocsinFeedRecordFunc func;
  gpointer owner;    /* (unowned) */
  GPtrArray *fields; /* (owned) (element-type utf8) of the present record */
  GString *field;    /* (owned) what came of the present one */
  gsize bytes;       /* of the present record */
  guint64 line;      /* where the present record begins */
  guint64 lines;     /* line ends so far */
  guint state;
} TocsinFeedRecords;

/* The same for records of CSV (RFC 4180), whose quoted fields may hold ends of lines. */
void tocsin_feed_records_init (TocsinFeedRecords *self, TocsinFeedRecordFunc func, gpointer owner);
gboolean
tocsin_feed_records_push (TocsinFeedRecords *self, const char *text, gsize size, GError **error);
gboolean tocsin_feed_records_end (TocsinFeedRecords *self, GError **error);
void tocsin_feed_records_clear (TocsinFeedRecords *self);

/* Whether a column of this title is the one of @name: in any case, and with "#" before it or not.
 */
gboolean tocsin_feed_is_header (const char *field, const char *name);

G_END_DECLS
