/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "node/config.h"

G_BEGIN_DECLS

/**
 * TocsinNode:
 *
 * The daemon: every part made, tied together and, at the end, taken apart in order.
 */
typedef struct _TocsinNode TocsinNode;

TocsinNode *tocsin_node_new (const TocsinConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_node_start (TocsinNode *self, GError **error);
void tocsin_node_stop_async (TocsinNode *self, GAsyncReadyCallback callback, gpointer user_data);
void tocsin_node_free (TocsinNode *self);

/**
 * tocsin_node_set_lost_func:
 * @func: called on main, once, when the store refuses everything until it is opened anew
 *
 * Threads read the store without asking main, so it cannot be opened anew under them: the process
 * has to end, and whoever supervises it starts another.
 */
typedef void (*TocsinNodeFunc) (gpointer data);
void tocsin_node_set_lost_func (TocsinNode *self, TocsinNodeFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinNode, tocsin_node_free)

G_END_DECLS
