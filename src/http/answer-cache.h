/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/clock.h"
#include "core/verdict.h"

G_BEGIN_DECLS

#define TOCSIN_ANSWER_CACHE_LEAST_US           (30 * TOCSIN_SECOND_US)
#define TOCSIN_ANSWER_CACHE_MOST_US            (60 * TOCSIN_SECOND_US)
#define TOCSIN_ANSWER_CACHE_BYTES              ((gsize) 16 * 1024 * 1024)
#define TOCSIN_ANSWER_CACHE_QUESTION_MAX_BYTES ((gsize) 1024)
#define TOCSIN_ANSWER_CACHE_ANSWER_MAX_BYTES   ((gsize) 8 * 1024)

/**
 * TocsinAnswered:
 * @verdict: of the answer
 * @until_us: from when on another one may be due, whatever is stored meanwhile
 *
 * What is to be known of an answer besides its text.
 */
typedef struct
{
  TocsinVerdict verdict;
  gint64 until_us;
} TocsinAnswered;

/**
 * TocsinAnswerCache:
 *
 * The answers that one thread gave lately. Who guards an inbox asks about the same few thousand
 * hosts again and again, several times a second; while nothing has changed that a verdict depends
 * on, the answer is the same but for decay, which moves no figure noticeably in
 * %TOCSIN_ANSWER_CACHE_MOST_US (half of it takes a week and more), and what has a time of its own,
 * which ends the answer as well. Some are remembered half as long: answers that were given together
 * must not all have to be given anew together. The member `decided_at` says when it was given. Its
 * memory is bounded, and not touched before it is used. Of one thread.
 */
typedef struct _TocsinAnswerCache TocsinAnswerCache;

TocsinAnswerCache *tocsin_answer_cache_new (void) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_answer_cache_free (TocsinAnswerCache *self);

/* Forgets everything; for what changes verdicts and is in no generation: trust and observing. */
void tocsin_answer_cache_forget (TocsinAnswerCache *self);

/**
 * tocsin_answer_cache_find:
 * @self: the cache
 * @generation: of the store, now; another than that of the answers held makes them void
 * @now_us: the time; a clock that was set back makes answers void
 * @question: (array length=size): the question, byte for byte
 * @out: gets the answer appended
 * @answered: (out): about it
 *
 * Returns: %FALSE if there is no answer, and @out and @answered are untouched
 */
gboolean tocsin_answer_cache_find (TocsinAnswerCache *self,
                                   guint64 generation,
                                   gint64 now_us,
                                   const char *question,
                                   gsize size,
                                   GString *out,
                                   TocsinAnswered *answered);

/**
 * tocsin_answer_cache_add:
 * @generation: read before the question was judged
 * @now_us: when it was
 * @answered: about @answer
 * @answer: (array length=answer_size): copied, unless it or @question is too long to be kept
 */
void tocsin_answer_cache_add (TocsinAnswerCache *self,
                              guint64 generation,
                              gint64 now_us,
                              const TocsinAnswered *answered,
                              const char *question,
                              gsize size,
                              const char *answer,
                              gsize answer_size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinAnswerCache, tocsin_answer_cache_free)

G_END_DECLS
