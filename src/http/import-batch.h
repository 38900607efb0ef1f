/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "core/subject.h"
#include "http/api.h"

G_BEGIN_DECLS

#define TOCSIN_IMPORT_ENTRIES_MAX 5000 /* of one call */

/* One line of a list. */
typedef struct
{
  guint index;           /* in the call */
  TocsinSubject subject; /* (owned) */
  guint8 category;
  char *comment; /* (owned) (nullable) */
  gint64 end_us; /* when it stops to be shown or to count */
} TocsinImportEntry;

void tocsin_import_entry_clear (TocsinImportEntry *self);

typedef struct
{
  guint index;
  char *error; /* (owned) */
} TocsinImportRejected;

/**
 * TocsinImportBatch:
 * @batch: the import that goes on; 0: a new one
 * @first_hand: the entries become reports of this node's own; else they stay here, uncounted
 * @category: of the whole list; 0: each entry says
 * @type: likewise
 * @entries: (owned) (element-type TocsinImportEntry)
 * @rejected: (owned) (element-type TocsinImportRejected): those that are not in @entries
 * @number: (out): the import it became part of; 0 where nothing was written
 * @accepted: (out)
 * @duplicates: (out): known already, with more than half of their time to go, or twice in one call;
 *   what another list says does not make an entry known, while there is place for both
 *
 * One call's part of an import. Main thread.
 */
typedef struct
{
  TocsinApi *api; /* (unowned) */
  char *who;      /* (owned) */
  char *source;   /* (owned) */
  guint64 batch;
  gboolean first_hand;
  gboolean dry_run;
  guint8 category;
  TocsinSubjectType type;
  gint64 now_us;
  GArray *entries;
  GArray *rejected;
  GHashTable *seen; /* (owned) keys in @entries */
  guint repeated;   /* in this call */
  guint64 number;
  guint accepted;
  guint duplicates;
} TocsinImportBatch;

/* Borrows @api; copies @who, the name of the token that imports. */
TocsinImportBatch *
tocsin_import_batch_new (TocsinApi *api, const char *who, gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_import_batch_free (TocsinImportBatch *self);

/* A file name or URL; what follows a question mark may be secret and is cut. */
void tocsin_import_batch_set_source (TocsinImportBatch *self, const char *source);

/* Whether this list may say that, or this node report it; sets @end_us of @entry. */
gboolean
tocsin_import_batch_check (const TocsinImportBatch *self, TocsinImportEntry *entry, GError **error);

/* Takes over what @entry owns. */
void tocsin_import_batch_take (TocsinImportBatch *self, TocsinImportEntry *entry);

/* Counts what an import would do. %FALSE with the store's error. */
gboolean tocsin_import_batch_try (TocsinImportBatch *self, GError **error);

/**
 * tocsin_import_batch_run_async:
 * @self: (transfer full): a batch
 * @callback: called once everything is durable
 * @user_data: for @callback
 */
void tocsin_import_batch_run_async (TocsinImportBatch *self,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

/**
 * tocsin_import_batch_run_finish:
 *
 * Returns: (transfer none) (nullable): the batch with its results, which the operation keeps until
 *   its callback returns. On error, %NULL, and @error is %TOCSIN_ERROR_NOT_FOUND (no such batch),
 *   %TOCSIN_ERROR_CONFLICT (it was undone, or is of another kind), or the writer's
 */
const TocsinImportBatch *tocsin_import_batch_run_finish (GAsyncResult *result, GError **error);

/**
 * tocsin_import_undo_async:
 * @batch: an import of this node's operator
 * @who: for the audit log
 *
 * Takes an import back, a part at a time: what was imported goes, reports are withdrawn, which
 * followers are told. May be asked again if it failed half-way.
 */
void tocsin_import_undo_async (TocsinApi *api,
                               guint64 batch,
                               const char *who,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
/* %FALSE with %TOCSIN_ERROR_NOT_FOUND, %TOCSIN_ERROR_GONE (done before), %TOCSIN_ERROR_CONFLICT (a
 * peer's first read, which is rejected in review), or the writer's. */
gboolean tocsin_import_undo_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinImportBatch, tocsin_import_batch_free)

G_END_DECLS
