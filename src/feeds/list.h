/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "feeds/definition.h"
#include "feeds/reader.h"

G_BEGIN_DECLS

#define TOCSIN_FEED_ENTRIES_MAX (16 * 1000 * 1000)

/**
 * TocsinFeedEntry: what a row is once it was understood.
 * @key: first, so that tocsin_bulk_compare_keys() orders these
 * @number: in the list; of two with one key the later one speaks
 * @value: (unowned): what was hashed
 */
typedef struct
{
  TocsinSubjectKey key;
  guint32 number;
  guint8 key_type;     /* TocsinSubjectType */
  guint8 subject_type; /* TocsinSubjectType */
  guint8 gone;         /* a boolean; small, for there are millions of these */
  const char *value;
} TocsinFeedEntry;

G_STATIC_ASSERT (sizeof (TocsinFeedEntry) <= 32);

/**
 * TocsinFeedList:
 * @entries: (owned) (element-type TocsinFeedEntry): once it is closed by key, each once
 * @left_out: rows that are no such subject, or that no list may say
 * @why: (owned) (nullable): of the first of these
 * @next: (owned) (nullable): of the page that was read last: where the next one is
 * @changes: (owned) (nullable): where to go on the next time
 * @unnamed: something was taken back that was not named
 *
 * A list that is being read, or was.
 */
typedef struct
{
  const TocsinFeedDefinition *definition; /* (unowned) */
  GArray *entries;
  GStringChunk *values; /* (owned) what the entries point to */
  guint64 rows;
  guint64 left_out;
  guint64 first_invalid; /* place of it; 0: none */
  guint64 invalid;       /* of @left_out: no such subject */
  char *why;
  gboolean has_canary;
  char *first;
  char *next;
  char *changes;
  gboolean unnamed;
} TocsinFeedList;

/* Borrows @definition, which outlives it. */
TocsinFeedList *
tocsin_feed_list_new (const TocsinFeedDefinition *definition) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_feed_list_free (TocsinFeedList *self);

/* A reader that fills @self, for a page of it. */
TocsinFeedReader *
tocsin_feed_list_begin (TocsinFeedList *self,
                        const TocsinFeedReadOptions *options) G_GNUC_WARN_UNUSED_RESULT;
/* Ends that page. %FALSE with the reader's error. */
gboolean tocsin_feed_list_end (TocsinFeedList *self, TocsinFeedReader *reader, GError **error);

/**
 * tocsin_feed_list_close:
 * @is_changes: it says what differs from an earlier list, so it may say nothing
 *
 * Sorts, and judges the list as a whole: %FALSE with %TOCSIN_ERROR_UNPROCESSABLE if most of it is
 * no such subject, if nothing of it may be said, or if its canary is missing.
 */
gboolean tocsin_feed_list_close (TocsinFeedList *self, gboolean is_changes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinFeedList, tocsin_feed_list_free)

G_END_DECLS
