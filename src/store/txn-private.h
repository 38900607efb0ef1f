/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <lmdb.h>

#include "store/keyspace.h"
#include "store/store.h"

G_BEGIN_DECLS

/* Private to the store: the only header that knows LMDB. */

typedef enum
{
  TOCSIN_TABLE_META,
  TOCSIN_TABLE_ACTORS,
  TOCSIN_TABLE_ACTOR_IDS,
  TOCSIN_TABLE_PEERS,
  TOCSIN_TABLE_FOLLOWERS,
  TOCSIN_TABLE_SUBJECTS,
  TOCSIN_TABLE_LENGTHS,
  TOCSIN_TABLE_EVIDENCE,
  TOCSIN_TABLE_REPORTS,
  TOCSIN_TABLE_REPORT_IDS,
  TOCSIN_TABLE_REPORT_ACTORS,
  TOCSIN_TABLE_REPORT_ENDS,
  TOCSIN_TABLE_REPORT_BATCHES,
  TOCSIN_TABLE_REPORT_BUNDLES,
  TOCSIN_TABLE_REPORT_HELD,
  TOCSIN_TABLE_ACTOR_COUNTS,
  TOCSIN_TABLE_TOMBSTONES,
  TOCSIN_TABLE_TOMBSTONE_ENDS,
  TOCSIN_TABLE_TRUST,
  TOCSIN_TABLE_TRUST_IDS,
  TOCSIN_TABLE_OUTBOX,
  TOCSIN_TABLE_OUTBOX_IDS,
  TOCSIN_TABLE_QUEUE,
  TOCSIN_TABLE_QUEUE_COUNTS,
  TOCSIN_TABLE_SEEN,
  TOCSIN_TABLE_SEEN_TIMES,
  TOCSIN_TABLE_ALLOW,
  TOCSIN_TABLE_REVIEW,
  TOCSIN_TABLE_REVIEW_OPEN,
  TOCSIN_TABLE_AUDIT,
  TOCSIN_TABLE_TOKENS,
  TOCSIN_TABLE_IMPORTS,
  TOCSIN_TABLE_FEEDS,
  TOCSIN_TABLE_CHANGES,
  TOCSIN_TABLE_VOICES,
  TOCSIN_TABLE_CATCH_UP,
  TOCSIN_TABLE_HEARD,
  TOCSIN_TABLE_BRANCH_COUNTS,
  TOCSIN_TABLE_BRANCH_TRUST,
  TOCSIN_N_TABLES,
} TocsinTable;

/* Not of LMDB's own: a record that does not have the shape of its table. */
#define TOCSIN_RC_DAMAGED (-40000)

struct _TocsinTxn
{
  TocsinStore *store;
  MDB_txn *txn;   /* (owned) (nullable) */
  int rc;         /* first LMDB or errno code that was not success */
  guint64 writes; /* puts and deletions so far */
  TocsinNotes notes;
  guint changes;           /* entries that this transaction wrote to the change log */
  TocsinReader *reader;    /* (unowned) (nullable): whose this is */
  gboolean places_changed; /* the store's index of places is of what this writes */
  MDB_cursor *evidence;    /* (owned) (nullable): kept by a reader from one reading to the next */
  gboolean evidence_renewed;
};

typedef struct
{
  gconstpointer data;
  gsize size;
} TocsinSpan;

/* A write transaction; ends with commit or abort. */
void tocsin_txn_begin_write (TocsinTxn *self, TocsinStore *store);
gboolean tocsin_txn_commit_write (TocsinTxn *self, GError **error);
void tocsin_txn_abort_write (TocsinTxn *self);

/* Of store.c */
MDB_env *tocsin_store_get_env (TocsinStore *self);
const MDB_dbi *tocsin_store_get_tables (TocsinStore *self);
const char *tocsin_store_get_table_name (TocsinTable table);
gsize tocsin_store_get_key_bytes (TocsinTable table);
/* The entry of the outbox that the last purge looked at; the writer's. */
guint64 *tocsin_store_outbox_position (TocsinStore *self);
/* The line of `review` that it looked at. */
guint64 *tocsin_store_review_position (TocsinStore *self);
/* Who has which place, once somebody asked; the writer's. */
typedef struct _TocsinPlaceIndex TocsinPlaceIndex;
TocsinPlaceIndex **tocsin_store_places (TocsinStore *self);
void tocsin_place_index_free (TocsinPlaceIndex *self);
void tocsin_store_committed (TocsinStore *self, TocsinNotes notes);
void tocsin_store_lost (TocsinStore *self);
gboolean tocsin_store_error_from_rc (int rc, GError **error); /* always FALSE */

/* The first failure sticks. */
void tocsin_txn_fail (TocsinTxn *self, int rc);

gboolean tocsin_txn_get (TocsinTxn *self, TocsinTable table, const TocsinKey *key, TocsinSpan *out);
gboolean tocsin_txn_has (TocsinTxn *self, TocsinTable table, const TocsinKey *key);
void tocsin_txn_put (
    TocsinTxn *self, TocsinTable table, const TocsinKey *key, gconstpointer data, gsize size);
/* As put, where @key is after all keys of the table: fills its pages instead of halving them. */
void tocsin_txn_append (
    TocsinTxn *self, TocsinTable table, const TocsinKey *key, gconstpointer data, gsize size);
void tocsin_txn_put_u64 (TocsinTxn *self, TocsinTable table, const TocsinKey *key, guint64 value);
gboolean
tocsin_txn_get_u64 (TocsinTxn *self, TocsinTable table, const TocsinKey *key, guint64 *value);
gboolean tocsin_txn_del (TocsinTxn *self, TocsinTable table, const TocsinKey *key);
guint64 tocsin_txn_entries (TocsinTxn *self, TocsinTable table);

/* Records with a shape. get: %FALSE, @record zero, if there is none or it is damaged. */
gboolean tocsin_txn_get_record (TocsinTxn *self,
                                TocsinTable table,
                                const TocsinKey *key,
                                const TocsinShape *shape,
                                gpointer record);
gboolean tocsin_txn_unpack (TocsinTxn *self,
                            const TocsinShape *shape,
                            const TocsinSpan *span,
                            gpointer record);
void tocsin_txn_put_record (TocsinTxn *self,
                            TocsinTable table,
                            const TocsinKey *key,
                            const TocsinShape *shape,
                            gconstpointer record);

/**
 * TocsinCursor: walks a table in the order of keys. Begin with tocsin_cursor_init(), hold by
 * g_auto. No write to any table while it is used. Every key that it comes to is as long as the keys
 * of its table are; any other is damage.
 */
typedef struct
{
  TocsinTxn *txn;
  MDB_cursor *cursor; /* (owned) (nullable) */
  gsize key_bytes;
  TocsinSpan key;
  TocsinSpan value;
} TocsinCursor;

void tocsin_cursor_init (TocsinCursor *self, TocsinTxn *txn, TocsinTable table);
void tocsin_cursor_clear (TocsinCursor *self);
/* The first key that is not before @key; NULL: the first of all. */
gboolean tocsin_cursor_seek (TocsinCursor *self, const TocsinKey *key);
/* The last key that is before @key; NULL: the last of all. */
gboolean tocsin_cursor_seek_before (TocsinCursor *self, const TocsinKey *key);
gboolean tocsin_cursor_next (TocsinCursor *self);
gboolean tocsin_cursor_prev (TocsinCursor *self);
/* Puts a row, from near to near where keys come in order, so that no page is searched from the
 * root. FALSE if @key is there already, or on failure; then nothing is changed. */
gboolean
tocsin_cursor_add (TocsinCursor *self, const TocsinKey *key, gconstpointer data, gsize size);
/* As add, where @key is after all keys of the table: fills its pages instead of halving them. */
void
tocsin_cursor_append (TocsinCursor *self, const TocsinKey *key, gconstpointer data, gsize size);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinCursor, tocsin_cursor_clear)

/* Of table-meta.c: the first of @n numbers of a counter that are now taken. */
guint64 tocsin_meta_reserve (TocsinTxn *txn, const char *name, guint64 n);

/* Every record from @from on (NULL: all) whose key begins with the first @prefix bytes of @from,
 * until @func returns %FALSE. @func gets the table's record type. */
typedef gboolean (*TocsinRecordFunc) (gconstpointer record, gpointer data);
void tocsin_txn_foreach (TocsinTxn *self,
                         TocsinTable table,
                         const TocsinKey *from,
                         gsize prefix,
                         const TocsinShape *shape,
                         TocsinRecordFunc func,
                         gpointer data);
/* Every record from @from on (NULL: all) likewise, of which @func gets the first @n_fields, in
 * place: tocsin_shape_peek(). */
void tocsin_txn_foreach_peek (TocsinTxn *self,
                              TocsinTable table,
                              const TocsinKey *from,
                              const TocsinShape *shape,
                              gsize n_fields,
                              TocsinRecordFunc func,
                              gpointer data);

/* Of table-subjects.c: a network that is or is no longer worth probing; NULL value: no effect. */
void tocsin_lengths_count (TocsinTxn *txn, TocsinSubjectType type, const char *value, int by);
void tocsin_lengths_read (TocsinTxn *txn, TocsinNetworkLengths *out);
void tocsin_subjects_remove (TocsinTxn *txn, const TocsinSubjectKey *key);
/* What is left is that there is one, which is said to be of @type. */
void
tocsin_subjects_forget_clear (TocsinTxn *txn, const TocsinSubjectKey *key, TocsinSubjectType type);
/* tocsin_subjects_put() where most are new and come in the order of keys; @cursor is of the table.
 * @data is a TocsinSubjectRecord. */
void tocsin_subjects_add (TocsinTxn *txn, TocsinCursor *cursor, gconstpointer data);

/* Of table-changes.c and table-seen.c, table-reports-purge.c: steps of tocsin_store_purge(). */
guint tocsin_changes_trim (TocsinTxn *txn, gint64 now_us, guint max_rows);
guint tocsin_seen_purge (TocsinTxn *txn, gint64 now_us, guint max_rows);
guint tocsin_reports_purge (TocsinTxn *txn, gint64 now_us, guint max_rows);
guint tocsin_tombstones_purge (TocsinTxn *txn, gint64 now_us, guint max_rows);
guint tocsin_allow_purge (TocsinTxn *txn, gint64 now_us, guint max_rows);
/* How many entries tocsin_changes_trim() would take by now. */
guint64 tocsin_changes_count_due (TocsinTxn *txn, gint64 now_us);

/* Of table-evidence.c: order of rows under a key: reporter, category, report. */
int tocsin_evidence_compare (const MDB_val *a, const MDB_val *b);
/* As tocsin_evidence_add() without change log. */
void tocsin_evidence_add_quietly (TocsinTxn *txn,
                                  const TocsinSubjectKey *key,
                                  const TocsinEvidence *evidence);
gboolean tocsin_evidence_remove_quietly (
    TocsinTxn *txn, const TocsinSubjectKey *key, guint32 reporter, guint8 category, guint64 report);
/* Where no report that has evidence about @key says in clear any more what that stands for: to be
 * called once one of them does not. */
void tocsin_evidence_forget_clear (TocsinTxn *txn, const TocsinSubjectKey *key);

G_END_DECLS
