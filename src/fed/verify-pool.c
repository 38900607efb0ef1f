/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Two Ed25519 verifications are the larger part of what an Add costs; on the main thread they
 * would bound the inbox by one core.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/verify-pool.h"

#define THREADS_MAX 4

struct _TocsinVerifyPool
{
  GThreadPool *threads;  /* (owned) */
  GAsyncQueue *answers;  /* (owned) of Work */
  GMainContext *context; /* (owned) */
  gint announced;        /* atomic: a source that hands out answers is on its way */
};

typedef struct
{
  TocsinVerifyJob *job; /* (owned) */
  TocsinVerifyFunc func;
  gpointer data;
} Work;

void
tocsin_verify_job_free (TocsinVerifyJob *self)
{
  g_clear_pointer (&self->signature_key, tocsin_public_key_unref);
  g_clear_pointer (&self->proof_key, tocsin_public_key_unref);
  g_clear_pointer (&self->verified, tocsin_verified_free);
  g_clear_pointer (&self->proof, tocsin_proof_free);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
answer_all (gpointer data)
{
  TocsinVerifyPool *self = data;
  Work *work;

  g_atomic_int_set (&self->announced, FALSE);
  while ((work = g_async_queue_try_pop (self->answers)) != NULL)
    {
      work->func (work->job, work->data);
      g_free (work);
    }
  return G_SOURCE_REMOVE;
}

static void
announce (TocsinVerifyPool *self)
{
  GSource *source;

  if (!g_atomic_int_compare_and_exchange (&self->announced, FALSE, TRUE))
    return;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, answer_all, self, NULL);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

static void
verify (TocsinVerifyJob *job)
{
  JsonObject *root = tocsin_activity_root (job->activity);

  job->verified = tocsin_signature_verify (job->signature, job->signature_key, &job->error);
  if (job->verified == NULL || job->proof_key == NULL)
    return;
  if (!tocsin_proof_inspect (root, job->now_us, &job->proof_state, &job->proof, &job->error) ||
      job->proof == NULL)
    return;
  job->proof_holds = tocsin_proof_verify (job->proof, job->proof_key, &job->error);
  if (job->proof_holds)
    tocsin_activity_keep_content_hash (job->activity, tocsin_proof_get_document_hash (job->proof));
}

static void
run (gpointer data, gpointer user_data)
{
  TocsinVerifyPool *self = user_data;
  Work *work = data;

  verify (work->job);
  tocsin_public_key_leave_thread ();
  g_async_queue_push (self->answers, work);
  announce (self);
}

/**
 * tocsin_verify_pool_submit:
 * @self: a pool
 * @job: (transfer full): what to verify
 * @func: gets @job back, as its owner, in the pool's context
 * @data: for @func
 */
void
tocsin_verify_pool_submit (TocsinVerifyPool *self,
                           TocsinVerifyJob *job,
                           TocsinVerifyFunc func,
                           gpointer data)
{
  Work *work = g_new0 (Work, 1);

  work->job = job;
  work->func = func;
  work->data = data;
  g_thread_pool_push (self->threads, work, NULL);
  /* cppcheck-suppress memleak ; the thread has it */
}

/* Its context is the thread default of the caller. */
TocsinVerifyPool *
tocsin_verify_pool_new (void)
{
  TocsinVerifyPool *self = g_new0 (TocsinVerifyPool, 1);

  self->answers = g_async_queue_new ();
  self->context = g_main_context_ref_thread_default ();
  self->threads = g_thread_pool_new (
      run, self, (int) CLAMP (g_get_num_processors () / 2, 1, THREADS_MAX), FALSE, NULL);
  return self;
}

/* Waits for what was submitted and answers it. In the pool's context. */
void
tocsin_verify_pool_free (TocsinVerifyPool *self)
{
  GSource *source;

  g_thread_pool_free (self->threads, FALSE, TRUE);
  answer_all (self);
  while ((source = g_main_context_find_source_by_user_data (self->context, self)) != NULL)
    g_source_destroy (source);
  g_async_queue_unref (self->answers);
  g_main_context_unref (self->context);
  g_free (self);
}
