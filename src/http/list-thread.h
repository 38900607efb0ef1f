/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/request.h"

G_BEGIN_DECLS

/**
 * TocsinListThread:
 *
 * Answers requests that walk through the whole store, one after another, on a thread of its own:
 * there a read transaction may last as long as the walk, since no main loop waits for it. What the
 * functions keep between two requests is this thread's, without a lock.
 */
typedef struct _TocsinListThread TocsinListThread;

/**
 * TocsinListFunc:
 * @request: (nullable): fill its reply; %NULL: only drop what is old
 * @data: of tocsin_list_thread_submit()
 */
typedef void (*TocsinListFunc) (TocsinRequest *request, gpointer data);

TocsinListThread *tocsin_list_thread_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Gives up what is being made, and waits. Once every server is stopped. */
void tocsin_list_thread_free (TocsinListThread *self);

/* Not zero once it shall end: long walks look at it now and then. */
const gint *tocsin_list_thread_stop_flag (const TocsinListThread *self);

/**
 * tocsin_list_thread_submit:
 * @request: gets suspended, answered by @func and completed
 * @data: (transfer full): for @func; freed by g_free() afterwards
 *
 * From any thread.
 *
 * Returns: %FALSE if too many wait already: then @request is answered (503), @data freed
 */
gboolean tocsin_list_thread_submit (TocsinListThread *self,
                                    TocsinRequest *request,
                                    TocsinListFunc func,
                                    gpointer data);

/* Calls @func without a request. */
void tocsin_list_thread_tidy (TocsinListThread *self, TocsinListFunc func, gpointer data);

G_END_DECLS
