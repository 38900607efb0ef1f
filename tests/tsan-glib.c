/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tells ThreadSanitizer where GLib synchronises. GLib's locks are futexes in a library that is not
 * instrumented, so what they order looks like a race. Each function here stands before GLib's of
 * the same name, which does the work, and names the order that GLib documents. Of main contexts
 * that is only what idle sources and invocations bring: other wake-ups are writes to and reads from
 * a descriptor, which ThreadSanitizer follows; but an idle source that is attached after the poll
 * is dispatched without it.
 */
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

/* glib.h wraps some of these in macros. */
#undef g_atomic_ref_count_dec
#undef g_atomic_rc_box_acquire
#undef g_atomic_rc_box_release_full

/* The function of this name in the library after this program. */
#define REAL(name) ((__typeof__ (&name)) (guintptr) dlsym (RTLD_NEXT, #name))

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_mutex_unlock) (mutex);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_cond_wait) (cond, mutex);
  __tsan_acquire (mutex);
}

void
g_async_queue_lock (GAsyncQueue *queue)
{
  REAL (g_async_queue_lock) (queue);
  __tsan_acquire (queue);
}

void
g_async_queue_unlock (GAsyncQueue *queue)
{
  __tsan_release (queue);
  REAL (g_async_queue_unlock) (queue);
}

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (queue);
  REAL (g_async_queue_push) (queue, data);
}

void
g_async_queue_push_unlocked (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (queue);
  REAL (g_async_queue_push_unlocked) (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_try_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  gpointer data = REAL (g_async_queue_timeout_pop) (queue, timeout);

  __tsan_acquire (queue);
  return data;
}

/* The last one to drop a reference sees what all others did before they dropped theirs. */
gboolean
g_atomic_ref_count_dec (gatomicrefcount *count)
{
  gboolean last;

  __tsan_release (count);
  last = REAL (g_atomic_ref_count_dec) (count);
  if (last)
    __tsan_acquire (count);
  return last;
}

typedef struct
{
  gpointer block;
  GDestroyNotify clear;
} LastRelease;

static _Thread_local LastRelease last_release;

static void
clear_block (gpointer block)
{
  __tsan_acquire (block);
  if (last_release.clear != NULL)
    last_release.clear (block);
}

/* The box's clear function has no user data, so the real one is kept beside. One may release
 * another box, hence the copy. */
void
g_atomic_rc_box_release_full (gpointer block, GDestroyNotify clear)
{
  LastRelease outer = last_release;

  __tsan_release (block);
  last_release = (LastRelease){ block, clear };
  REAL (g_atomic_rc_box_release_full) (block, clear_block);
  last_release = outer;
}

/* What one thread hands to the loop of another. */
typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Handover;

static Handover *
handover_new (GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Handover *self = g_new (Handover, 1);

  *self = (Handover){ func, data, notify };
  __tsan_release (self);
  return self;
}

static gboolean
handover_run (gpointer data)
{
  Handover *self = data;

  __tsan_acquire (self);
  return self->func (self->data);
}

static void
handover_free (gpointer data)
{
  Handover *self = data;

  __tsan_acquire (self);
  if (self->notify != NULL)
    self->notify (self->data);
  g_free (self);
}

void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  __typeof__ (&g_source_set_callback) real = REAL (g_source_set_callback);

  if (source->source_funcs == &g_idle_funcs && func != NULL)
    real (source, handover_run, handover_new (func, data, notify), handover_free);
  else
    real (source, func, data, notify);
}

void
g_main_context_invoke_full (
    GMainContext *context, int priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  __typeof__ (&g_main_context_invoke_full) real = REAL (g_main_context_invoke_full);

  real (context, priority, handover_run, handover_new (func, data, notify), handover_free);
}

void
g_main_context_invoke (GMainContext *context, GSourceFunc func, gpointer data)
{
  g_main_context_invoke_full (context, G_PRIORITY_DEFAULT, func, data, NULL);
}

/* What a pool runs, and for whom. */
typedef struct
{
  GFunc func;
  gpointer user_data;
} PoolWork;

static void
pool_work_run (gpointer data, gpointer user_data)
{
  PoolWork *self = user_data;

  __tsan_acquire (data);
  self->func (data, self->user_data);
  __tsan_release (self);
}

GThreadPool *
g_thread_pool_new (
    GFunc func, gpointer user_data, int max_threads, gboolean exclusive, GError **error)
{
  PoolWork *work = g_new (PoolWork, 1);

  *work = (PoolWork){ func, user_data };
  return REAL (g_thread_pool_new) (pool_work_run, work, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  __tsan_release (data);
  return REAL (g_thread_pool_push) (pool, data, error);
}

void
g_thread_pool_free (GThreadPool *pool, gboolean immediate, gboolean wait)
{
  PoolWork *work = pool->user_data;

  REAL (g_thread_pool_free) (pool, immediate, wait);
  /* A pool that nobody waits for may still need it. */
  if (!wait)
    return;
  __tsan_acquire (work);
  g_free (work);
}
