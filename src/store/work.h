/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "store/store.h"

G_BEGIN_DECLS

/**
 * tocsin_store_run_in_thread:
 * @store: the store that @func reads or copies
 * @task: a task without a result yet
 * @func: ends @task, as with g_task_run_in_thread()
 *
 * Runs @func on a thread of GLib's pool, and keeps the store open until it has returned. That
 * counts from this call on and not from when a thread is free, which may be later than the end of
 * the node. If the store is being closed before @func begins, @task ends with
 * %TOCSIN_ERROR_UNAVAILABLE and @func is not called; later on @func asks
 * tocsin_store_is_closing(), in slices. The thread that made @task.
 */
void tocsin_store_run_in_thread (TocsinStore *store, GTask *task, GTaskThreadFunc func);

G_END_DECLS
