/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinFeedRecord: what this node remembers of one feed, whose definition is in a file or, where
 * it was added while running, here. Free by tocsin_feed_record_clear(); zero it to begin.
 */
typedef struct
{
  guint32 actor; /* under which its rows are; 0: none yet */
  gboolean enabled;
  guint64 batch;                       /* of its rows; 0: none yet */
  guint64 count;                       /* rows */
  guint64 left_out;                    /* entries of the list that may not be said */
  gint64 tried_us;                     /* the newest attempt that is known to the store; 0: never */
  gint64 good_us;                      /* when the list was last read or confirmed; 0: never */
  gint64 changed_us;                   /* when rows last changed; 0: never */
  guint32 failures;                    /* since @good_us */
  guint8 digest[TOCSIN_SHA256_BYTES];  /* of the bytes that are stored, and how they were read */
  guint8 reading[TOCSIN_SHA256_BYTES]; /* of where they are from, and how they were read */
  char *name;                          /* (owned) */
  char *definition;    /* (owned) (nullable) text of a key file; NULL: in a directory */
  char *etag;          /* (owned) (nullable) */
  char *last_modified; /* (owned) (nullable) */
  char *cursor;        /* (owned) (nullable) where the next changes are, of a FIRES dataset */
  char *mirror_of;     /* (owned) (nullable) name of the feed that says the same */
  char *error;         /* (owned) (nullable) why the newest attempt failed */
} TocsinFeedRecord;

/* @out is zero or clear. */
void tocsin_feed_record_copy (TocsinFeedRecord *out, const TocsinFeedRecord *from);
void tocsin_feed_record_clear (TocsinFeedRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinFeedRecord, tocsin_feed_record_clear)

void tocsin_feeds_put (TocsinTxn *txn, const TocsinFeedRecord *record);
/* @out must be clear or zero; it is zero if there is none. */
gboolean tocsin_feeds_get (TocsinTxn *txn, const char *name, TocsinFeedRecord *out);
gboolean tocsin_feeds_remove (TocsinTxn *txn, const char *name);
typedef gboolean (*TocsinFeedFunc) (const TocsinFeedRecord *record, gpointer data);
void tocsin_feeds_foreach (TocsinTxn *txn, TocsinFeedFunc func, gpointer data);

/* The number of a new batch of rows, which is not listed among the imports. */
guint64 tocsin_feeds_new_batch (TocsinTxn *txn);

G_END_DECLS
