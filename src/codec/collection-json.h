/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/hash.h"

G_BEGIN_DECLS

/**
 * TocsinCollectionHead:
 * @id: (owned): BASE/outbox, BASE/reports…
 * @attributed_to: (owned): the actor
 * @epoch: (owned) (nullable): of an outbox; another one means: read again from 0
 * @last_sequence: of an outbox, and of `reports` what its digest counts up to; -1: not named
 * @total_items: -1: not named
 * @as_of_us: of `reports`: the time at which its digest counts, 00:00 UTC; 0: not named
 * @has_digest: whether there is a @digest
 * @digest: of `reports`: XOR of the reports' hashes
 * @first: (owned) (nullable): the first page
 *
 * An OrderedCollection without its items. A bare head, for those who may see no more, has
 * @id and @attributed_to alone.
 */
typedef struct
{
  char *id;
  char *attributed_to;
  char *epoch;
  gint64 last_sequence;
  gint64 total_items;
  gint64 as_of_us;
  gboolean has_digest;
  guint8 digest[TOCSIN_SHA256_BYTES];
  char *first;
} TocsinCollectionHead;

TocsinCollectionHead *
tocsin_collection_head_new (const char *id, const char *attributed_to) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_collection_head_free (TocsinCollectionHead *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinCollectionHead, tocsin_collection_head_free)

GBytes *
tocsin_collection_head_to_bytes (const TocsinCollectionHead *self) G_GNUC_WARN_UNUSED_RESULT;
TocsinCollectionHead *tocsin_collection_head_parse (GBytes *body,
                                                    const char *id,
                                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_reports_digest_add (guint8 digest[TOCSIN_SHA256_BYTES],
                                const char *report_id,
                                const guint8 content_hash[TOCSIN_SHA256_BYTES]);

/**
 * TocsinOutboxPage:
 * @epoch: (owned) (nullable): as of the head
 * @after: the page holds what follows this sequence number
 * @last_sequence: it is complete up to this one, gaps included; -1: not named
 * @has_next: whether more follows; then @last_sequence is where to go on
 * @activities: (owned) (element-type GBytes): byte for byte as their actors sent them
 *
 * A page of an outbox, BASE/outbox/after/SEQ.
 */
typedef struct
{
  char *epoch;
  gint64 after;
  gint64 last_sequence;
  gboolean has_next;
  GPtrArray *activities;
} TocsinOutboxPage;

TocsinOutboxPage *tocsin_outbox_page_new (const char *epoch,
                                          gint64 after) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_outbox_page_free (TocsinOutboxPage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinOutboxPage, tocsin_outbox_page_free)

gboolean tocsin_outbox_page_has_room (const TocsinOutboxPage *self, gsize size_bytes);
GBytes *tocsin_outbox_page_to_bytes (const TocsinOutboxPage *self,
                                     const char *outbox) G_GNUC_WARN_UNUSED_RESULT;
TocsinOutboxPage *tocsin_outbox_page_parse (GBytes *body,
                                            const char *outbox,
                                            gint64 after,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
