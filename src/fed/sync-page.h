/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/activity.h"
#include "fed/admission.h"
#include "fed/federation.h"
#include "fed/relations.h"

G_BEGIN_DECLS

/* Private to sync.c: pages of an outbox, from bytes to the store. */

typedef enum
{
  TOCSIN_CHECKED_SKIP,   /* not for us, or not to be believed */
  TOCSIN_CHECKED_AUTHOR, /* its author's document has to be fetched, or fetched anew, first */
  TOCSIN_CHECKED_TAKE,
} TocsinChecked;

/**
 * TocsinSyncPage:
 * @actor: whose outbox
 * @since_us: since when it is followed; if that changed, nothing is stored
 * @epoch: of that outbox
 * @after: up to which it has to be read before: what comes after a gap moves no cursor
 * @sequence: up to which the outbox is read once this is stored
 * @batch: the first read's, or 0
 * @admissions: (owned) (element-type TocsinAdmission): what is to be stored, in order
 * @update: (owned) (nullable): its owner changed its own document
 * @incomplete: the author of something could not be asked, or it is dated ahead: it is to be read
 *   again
 *
 * What one page or several come to: one change, so that the cursor moves with what was read.
 */
typedef struct
{
  guint32 actor;
  gint64 since_us;
  guint64 epoch;
  guint64 after;
  guint64 sequence;
  guint64 batch;
  GPtrArray *admissions;
  TocsinRelationChange *update;
  gboolean incomplete;
} TocsinSyncPage;

/* For the items of one page of @actor's outbox. */
TocsinSyncPage *
tocsin_sync_page_new (guint32 actor, gint64 since_us, guint64 epoch) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_sync_page_free (TocsinSyncPage *self);
gboolean tocsin_sync_page_write (TocsinTxn *txn, gpointer page, GError **error);

TocsinChecked tocsin_sync_page_check (TocsinSyncPage *self,
                                      TocsinFederation *fed,
                                      TocsinActivity *activity,
                                      TocsinKnownActor *owner,
                                      gboolean may_update,
                                      gint64 begun_us,
                                      gint64 now_us);

G_END_DECLS
