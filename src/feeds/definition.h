/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/subject.h"

G_BEGIN_DECLS

#define TOCSIN_FEED_NAME_MAX_BYTES 40
#define TOCSIN_FEED_FILE_MAX_BYTES (64 * 1024)
#define TOCSIN_FEED_FORMAT_MMDB    "mmdb"

/**
 * TocsinFeedDefinition:
 * @name: (owned): lower-case letters, digits and hyphens
 * @title: (owned): what an answer calls it
 * @url: (owned): https, or file: with an absolute path; http where the node may use it
 * @path: (owned) (nullable): the file, of a file: URL
 * @format: (owned): of tocsin_feed_formats(), or mmdb
 * @type: what its entries are, where the format does not say; else %TOCSIN_SUBJECT_NONE
 * @category: what it says of them; 0 for mmdb
 * @canary: (owned) (nullable): an entry without which it is not that list
 * @column: (owned) (nullable): see #TocsinFeedReadOptions
 * @service: (owned) (nullable): see #TocsinFeedReadOptions
 * @every_hours: how often it is read; 0: as the node's setting says
 * @max_bytes: the longest list that is taken
 * @url_line: where its text says the URL, from 1, for messages
 *
 * What a feed is: one key file, checked strictly.
 */
typedef struct
{
  char *name;
  char *title;
  char *url;
  char *path;
  char *format;
  TocsinSubjectType type;
  guint8 category;
  char *canary;
  char *column;
  char *service;
  guint every_hours;
  gsize max_bytes;
  guint url_line;
} TocsinFeedDefinition;

void tocsin_feed_definition_free (TocsinFeedDefinition *self);

#define TOCSIN_FEED_NAME_RULE "1 to %d lower-case letters, digits and inner hyphens"
/* Whether @name may be a feed's. */
gboolean tocsin_feed_name_is_valid (const char *name);

/**
 * tocsin_feed_definition_parse:
 * @name: the feed's
 * @bytes: (array length=size): a key file with the group [feed]; need not end in NUL
 * @size: bytes
 * @source: (nullable): the file's name, for messages
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): %NULL with %TOCSIN_ERROR_INVALID, or with
 *   %TOCSIN_ERROR_UNPROCESSABLE for a type or category that there is not; the message begins with
 *   @source and, where there is one, the line, and then with the key that is wrong
 */
TocsinFeedDefinition *tocsin_feed_definition_parse (const char *name,
                                                    const char *bytes,
                                                    gsize size,
                                                    const char *source,
                                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A list that goes over the network unprotected: for tests alone. */
#define TOCSIN_FEED_HTTP_TEXT                                                                      \
  "url must begin with https:// (http is for tests, and goes only with --allow-address)"
/* Whether it is fetched without TLS, which only --allow-address permits. */
gboolean tocsin_feed_definition_is_http (const TocsinFeedDefinition *self);

/* Whether it is one of the keys of such a file. */
gboolean tocsin_feed_definition_has_key (const char *key);

/* What of it decides how bytes become rows: another text, other rows. */
char *tocsin_feed_definition_reading (const TocsinFeedDefinition *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinFeedDefinition, tocsin_feed_definition_free)

G_END_DECLS
