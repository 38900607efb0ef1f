/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/* A small store with rows in every table, always the same: what tests/data/stores holds. Its node
 * is EVERY_BASE; the peers' names lead to nobody but this machine. */

#define EVERY_TIME_US (G_GINT64_CONSTANT (1795392000) * G_USEC_PER_SEC) /* 2026-11-23T00:00:00Z */
#define EVERY_BASE    "https://a.localhost"
#define EVERY_TOKEN   "tocsin_EveryTableEveryTableEveryTableEveryTable"
#define EVERY_EPOCH   G_GUINT64_CONSTANT (4503599627370497)

enum
{
  EVERY_LOCAL,
  EVERY_FIRST,  /* a direct peer of which everything is known */
  EVERY_SECOND, /* a direct peer */
  EVERY_READER, /* for whom deliveries wait */
  EVERY_ASKING, /* whose Follow waits */
  EVERY_BLOCKED,
  EVERY_LISTED, /* under which the rows of a feed are */
};

/* A #TocsinWriteFunc for a new store. */
gboolean every_table_fill (TocsinTxn *txn, gpointer data, GError **error);

G_END_DECLS
