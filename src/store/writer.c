/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/writer.h"

#include "core/error.h"
#include "store/txn-private.h"

/* In order: submit (any thread) → queue → run_batch (writer thread) → answer_batch → on_answers
 * (each caller's context) → the caller's callback. */

typedef struct
{
  TocsinWriteFunc func;
  gpointer data;          /* freed by @destroy */
  GDestroyNotify destroy; /* (nullable) */
  GTask *task;            /* (owned) (nullable): whom to answer */
  GError *error;          /* (owned) (nullable): how it went, of the latest run */
} WriteOp;

struct _TocsinWriter
{
  TocsinStore *store; /* (unowned) */
  GAsyncQueue *queue; /* (owned) of WriteOp; @sentinel ends it */
  GThread *thread;    /* (owned) (nullable) once stopped */
  gboolean stopping;  /* under the queue's lock */
  gint pending;       /* atomic */
  gint healthy;       /* atomic */
  guint64 operations; /* atomic, and the three below */
  guint64 commits;
  guint64 failed;
  guint64 retried;
};

static WriteOp sentinel;

static void
write_op_free (gpointer data)
{
  WriteOp *op = data;

  if (op->destroy != NULL)
    op->destroy (op->data);
  g_clear_error (&op->error);
  g_free (op);
}

static void
count (guint64 *counter) /* NOLINT(readability-non-const-parameter): a builtin writes it */
{
  __atomic_fetch_add (counter, 1, __ATOMIC_RELAXED);
}

/* Runs one operation in @txn. FALSE, and @op has the error, if it refused. */
static gboolean
run_op (TocsinTxn *txn, WriteOp *op)
{
  GCancellable *cancellable = op->task != NULL ? g_task_get_cancellable (op->task) : NULL;

  g_clear_error (&op->error);
  if (g_cancellable_set_error_if_cancelled (cancellable, &op->error))
    return FALSE;
  if (op->func (txn, op->data, &op->error))
    {
      g_clear_error (&op->error);
      return TRUE;
    }
  if (op->error == NULL)
    g_set_error_literal (&op->error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "The change was refused");
  return FALSE;
}

/* FALSE: nothing is kept, and every operation must be run on its own. */
static gboolean
run_together (TocsinWriter *self, GPtrArray *ops)
{
  gboolean clean = TRUE;
  TocsinTxn txn;

  tocsin_txn_begin_write (&txn, self->store);
  for (guint i = 0; clean && txn.rc == MDB_SUCCESS && i < ops->len; i++)
    {
      guint64 writes = txn.writes;

      clean = run_op (&txn, g_ptr_array_index (ops, i)) || txn.writes == writes;
    }
  if (!clean)
    {
      tocsin_txn_abort_write (&txn);
      return FALSE;
    }
  if (!tocsin_txn_commit_write (&txn, NULL))
    return FALSE;
  count (&self->commits);
  g_atomic_int_set (&self->healthy, TRUE);
  return TRUE;
}

static void
run_alone (TocsinWriter *self, WriteOp *op)
{
  gboolean ok;
  TocsinTxn txn;

  tocsin_txn_begin_write (&txn, self->store);
  ok = txn.rc == MDB_SUCCESS && run_op (&txn, op);
  if (!ok && txn.rc == MDB_SUCCESS)
    {
      tocsin_txn_abort_write (&txn);
      return;
    }
  /* A failed transaction: its first failure is what the caller is told. */
  g_clear_error (&op->error);
  if (tocsin_txn_commit_write (&txn, &op->error))
    count (&self->commits);
  /* What was too much for the map or for a transaction tells nothing of the next one. */
  g_atomic_int_set (&self->healthy,
                    txn.rc == MDB_SUCCESS || txn.rc == MDB_MAP_FULL || txn.rc == MDB_TXN_FULL);
}

static gboolean
on_answers (gpointer data)
{
  GPtrArray *tasks = data;

  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);
      WriteOp *op = g_task_get_task_data (task);

      /* In the task's own context this calls back at once, without another wake-up. */
      if (op->error != NULL)
        g_task_return_error (task, g_steal_pointer (&op->error));
      else
        g_task_return_boolean (task, TRUE);
    }
  return G_SOURCE_REMOVE;
}

/* Few contexts (main and the listeners' threads), so they are looked for in order. */
static void
answer_batch (TocsinWriter *self, GPtrArray *ops)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new (); /* of GPtrArray of GTask, one a context */

  for (guint i = 0; i < ops->len; i++)
    {
      WriteOp *op = g_ptr_array_index (ops, i);
      GMainContext *context;
      GPtrArray *group = NULL;

      count (&self->operations);
      if (op->error != NULL)
        count (&self->failed);
      if (op->task == NULL)
        {
          if (op->error != NULL)
            g_info ("A change nobody waited for failed: %s", op->error->message);
          write_op_free (op);
          continue;
        }
      context = g_task_get_context (op->task);
      for (guint j = 0; group == NULL && j < groups->len; j++)
        {
          GPtrArray *candidate = g_ptr_array_index (groups, j);

          if (g_task_get_context (g_ptr_array_index (candidate, 0)) == context)
            group = candidate;
        }
      if (group == NULL)
        {
          group = g_ptr_array_new_with_free_func (g_object_unref);
          g_ptr_array_add (groups, group);
        }
      g_ptr_array_add (group, op->task);
    }

  for (guint j = 0; j < groups->len; j++)
    {
      GPtrArray *group = g_ptr_array_index (groups, j);
      GMainContext *context = g_task_get_context (g_ptr_array_index (group, 0));
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_static_name (source, "tocsin-writer-answers");
      g_source_set_callback (source, on_answers, group, (GDestroyNotify) g_ptr_array_unref);
      g_source_attach (source, context);
    }
}

static void
run_batch (TocsinWriter *self, GPtrArray *ops)
{
  if (!run_together (self, ops))
    {
      count (&self->retried);
      for (guint i = 0; i < ops->len; i++)
        run_alone (self, g_ptr_array_index (ops, i));
    }
  g_atomic_int_add (&self->pending, -(gint) ops->len);
  answer_batch (self, ops);
}

static gpointer
writer_thread (gpointer data)
{
  TocsinWriter *self = data;
  g_autoptr (GPtrArray) ops = g_ptr_array_sized_new (TOCSIN_WRITER_BATCH);
  gboolean more = TRUE;

  while (more)
    {
      WriteOp *op = g_async_queue_pop (self->queue);

      g_ptr_array_set_size (ops, 0);
      /* What is there already, never waiting for more: the fsync is the window in which the next
       * batch gathers. */
      while (op != NULL && op != &sentinel)
        {
          g_ptr_array_add (ops, op);
          op = ops->len < TOCSIN_WRITER_BATCH ? g_async_queue_try_pop (self->queue) : NULL;
        }
      more = op != &sentinel;
      if (ops->len > 0)
        run_batch (self, ops);
    }
  return NULL;
}

TocsinWriter *
tocsin_writer_new (TocsinStore *store)
{
  TocsinWriter *self = g_new0 (TocsinWriter, 1);

  self->store = store;
  self->queue = g_async_queue_new ();
  self->healthy = TRUE;
  self->thread = g_thread_new ("tocsin-writer", writer_thread, self);
  return self;
}

void
tocsin_writer_stop (TocsinWriter *self)
{
  if (self->thread == NULL)
    return;
  g_async_queue_lock (self->queue);
  self->stopping = TRUE;
  g_async_queue_push_unlocked (self->queue, &sentinel);
  g_async_queue_unlock (self->queue);
  g_thread_join (g_steal_pointer (&self->thread));
  g_atomic_int_set (&self->healthy, FALSE);
}

void
tocsin_writer_free (TocsinWriter *self)
{
  if (self == NULL)
    return;
  tocsin_writer_stop (self);
  g_async_queue_unref (self->queue);
  g_free (self);
}

/* FALSE with UNAVAILABLE if it is full or stopping; then @op is still the caller's. */
static gboolean
push (TocsinWriter *self, WriteOp *op, GError **error)
{
  gboolean stopping;

  if (g_atomic_int_add (&self->pending, 1) >= TOCSIN_WRITER_QUEUE)
    {
      g_atomic_int_add (&self->pending, -1);
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "Too many changes are waiting for the disk");
      return FALSE;
    }
  g_async_queue_lock (self->queue);
  stopping = self->stopping;
  if (!stopping)
    g_async_queue_push_unlocked (self->queue, op);
  g_async_queue_unlock (self->queue);
  if (stopping)
    {
      g_atomic_int_add (&self->pending, -1);
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The node is stopping");
    }
  return !stopping;
}

void
tocsin_writer_submit_async (TocsinWriter *self,
                            TocsinWriteFunc func,
                            gpointer data,
                            GDestroyNotify destroy,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  WriteOp *op = g_new0 (WriteOp, 1);
  GError *error = NULL;

  g_task_set_source_tag (task, tocsin_writer_submit_async);
  /* What is on disk was done, whether or not the caller has lost interest. */
  g_task_set_check_cancellable (task, FALSE);
  *op = (WriteOp){ .func = func, .data = data, .destroy = destroy, .task = task };
  g_task_set_task_data (task, op, write_op_free);
  if (!push (self, op, &error))
    {
      count (&self->failed);
      g_task_return_error (task, error);
      g_object_unref (task);
    }
}

gboolean
tocsin_writer_submit_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
tocsin_writer_return_task (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer task)
{
  g_autoptr (GTask) waiting = G_TASK (task);
  g_autoptr (GError) error = NULL;

  if (tocsin_writer_submit_finish (result, &error))
    g_task_return_boolean (waiting, TRUE);
  else
    g_task_return_error (waiting, g_steal_pointer (&error));
}

void
tocsin_writer_submit (TocsinWriter *self,
                      TocsinWriteFunc func,
                      gpointer data,
                      GDestroyNotify destroy)
{
  g_autoptr (GError) error = NULL;
  WriteOp *op = g_new0 (WriteOp, 1);

  *op = (WriteOp){ .func = func, .data = data, .destroy = destroy };
  if (!push (self, op, &error))
    {
      count (&self->failed);
      g_info ("A change nobody waited for failed: %s", error->message);
      write_op_free (op);
    }
}

gboolean
tocsin_writer_is_alive (TocsinWriter *self)
{
  return g_atomic_int_get (&self->healthy);
}

guint
tocsin_writer_pending (TocsinWriter *self)
{
  return (guint) MAX (0, g_atomic_int_get (&self->pending));
}

void
tocsin_writer_stats (TocsinWriter *self, TocsinWriterStats *out)
{
  out->operations = __atomic_load_n (&self->operations, __ATOMIC_RELAXED);
  out->commits = __atomic_load_n (&self->commits, __ATOMIC_RELAXED);
  out->failed = __atomic_load_n (&self->failed, __ATOMIC_RELAXED);
  out->retried = __atomic_load_n (&self->retried, __ATOMIC_RELAXED);
}
