/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store/work.h"

#include "core/error.h"

#define WORK "tocsin-store-work" /* where a task has its Work */

typedef struct
{
  TocsinStore *store; /* (unowned) open until the work is given back */
  GTaskThreadFunc func;
} Work;

static void
refuse (GTask *task)
{
  g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The node is stopping");
}

static void
run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Work *work = g_object_get_data (G_OBJECT (task), WORK);
  TocsinStore *store = work->store;

  if (tocsin_store_is_closing (store))
    refuse (task);
  else
    work->func (task, source, data, cancellable);
  tocsin_store_end_work (store);
}

void
tocsin_store_run_in_thread (TocsinStore *store, GTask *task, GTaskThreadFunc func)
{
  Work *work;

  if (!tocsin_store_begin_work (store))
    {
      refuse (task);
      return;
    }
  work = g_new (Work, 1);
  *work = (Work){ .store = store, .func = func };
  g_object_set_data_full (G_OBJECT (task), WORK, work, g_free);
  g_task_run_in_thread (task, run);
}
