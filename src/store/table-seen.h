/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

#define TOCSIN_SEEN_DAYS 400 /* docs/wire "Replay" */

typedef enum
{
  TOCSIN_SEEN_NEW,
  TOCSIN_SEEN_SAME,      /* seen with this content: 202, dropped */
  TOCSIN_SEEN_DIFFERENT, /* seen with another: 403, equivocation */
} TocsinSeen;

/* Whether an activity id was accepted before, with whatever content: cheap, needs no hash. */
gboolean tocsin_seen_knows (TocsinTxn *txn, const char *activity_id);
/* Whether an activity id was accepted before. @content is the hash of the activity. */
TocsinSeen tocsin_seen_check (TocsinTxn *txn, const char *activity_id, const TocsinId *content);
/* An id counts as seen only once it was accepted. The first content stays. */
void
tocsin_seen_put (TocsinTxn *txn, const char *activity_id, const TocsinId *content, gint64 now_us);
/* As if it had never come. */
void tocsin_seen_forget (TocsinTxn *txn, const char *activity_id);
guint64 tocsin_seen_count (TocsinTxn *txn);

G_END_DECLS
