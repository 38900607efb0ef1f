/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/list-thread.h"

#define WAITING_MAX   64
#define RETRY_SECONDS 10

typedef struct
{
  TocsinRequest *request; /* (owned) (nullable) suspended */
  TocsinListFunc func;
  gpointer data;
  gboolean owns_data;
} Job;

struct _TocsinListThread
{
  GThreadPool *threads; /* (owned): one */
  gint waiting;         /* atomic */
  gint stop;            /* atomic */
};

static void
set_busy (TocsinReply *reply, const char *detail)
{
  tocsin_reply_set_problem (reply, 503, "unavailable", detail);
  tocsin_reply_set_retry_after (reply, RETRY_SECONDS);
}

static void
run (gpointer data, gpointer user_data)
{
  TocsinListThread *self = user_data;
  Job *job = data;

  if (job->request == NULL)
    job->func (NULL, job->data);
  else
    {
      if (g_cancellable_is_cancelled (tocsin_request_get_cancellable (job->request)))
        set_busy (tocsin_request_get_reply (job->request), "Other lists took too long to make");
      else
        job->func (job->request, job->data);
      g_atomic_int_add (&self->waiting, -1);
      tocsin_request_complete (job->request);
    }
  if (job->owns_data)
    g_free (job->data);
  g_free (job);
}

TocsinListThread *
tocsin_list_thread_new (void)
{
  TocsinListThread *self = g_new0 (TocsinListThread, 1);

  /* Exclusive: the thread claims a slot of the api for good. */
  self->threads = g_thread_pool_new (run, self, 1, TRUE, NULL);
  return self;
}

void
tocsin_list_thread_free (TocsinListThread *self)
{
  g_atomic_int_set (&self->stop, TRUE);
  g_thread_pool_free (self->threads, FALSE, TRUE);
  g_free (self);
}

const gint *
tocsin_list_thread_stop_flag (const TocsinListThread *self)
{
  return &self->stop;
}

static void
push (TocsinListThread *self,
      TocsinRequest *request,
      TocsinListFunc func,
      gpointer data,
      gboolean owns_data)
{
  Job *job = g_new (Job, 1);

  *job = (Job){ request, func, data, owns_data };
  g_thread_pool_push (self->threads, job, NULL);
  /* cppcheck-suppress memleak ; the thread has it */
}

gboolean
tocsin_list_thread_submit (TocsinListThread *self,
                           TocsinRequest *request,
                           TocsinListFunc func,
                           gpointer data)
{
  if (g_atomic_int_add (&self->waiting, 1) >= WAITING_MAX)
    {
      g_atomic_int_add (&self->waiting, -1);
      g_free (data);
      set_busy (tocsin_request_get_reply (request), "Too many lists are being made already");
      return FALSE;
    }
  tocsin_request_suspend (request);
  push (self, request, func, data, TRUE);
  return TRUE;
}

void
tocsin_list_thread_tidy (TocsinListThread *self, TocsinListFunc func, gpointer data)
{
  push (self, NULL, func, data, FALSE);
}
