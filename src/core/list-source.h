/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinListSource:
 * @actor: number of the pseudo-actor under which the list's rows are stored
 * @origin: that of the list it says the same as, so that both count as one; else @actor
 * @title: (owned): its name for people, "Tor exits"
 * @as_of_us: when it was last read or confirmed
 * @valid_us: how long after @as_of_us it still says what is valid while listed; 0: for good
 *
 * A third party's list, as an answer cites it.
 */
typedef struct
{
  guint32 actor;
  guint32 origin;
  char *title;
  gint64 as_of_us;
  gint64 valid_us;
} TocsinListSource;

/**
 * TocsinListSources:
 *
 * The lists in force. Immutable once it is shared; counted by references, from any thread.
 */
typedef struct _TocsinListSources TocsinListSources;

TocsinListSources *tocsin_list_sources_new (void) G_GNUC_WARN_UNUSED_RESULT;
TocsinListSources *tocsin_list_sources_ref (TocsinListSources *self);
void tocsin_list_sources_unref (TocsinListSources *self);

/* Before it is shared: copies @source. */
void tocsin_list_sources_add (TocsinListSources *self, const TocsinListSource *source);

/* The list of that number, borrowed; %NULL if there is none, or @self is %NULL. */
const TocsinListSource *tocsin_list_sources_find (const TocsinListSources *self, guint32 actor);

/**
 * tocsin_list_sources_judge_alike:
 * @before: (nullable): the lists that were in force
 * @after: those that are
 * @now_us: the time
 *
 * Returns: whether every verdict up to @now_us by @after is one by @before: there are the same
 *   lists, of the same origins, and none that had not been read for too long counts again
 */
gboolean tocsin_list_sources_judge_alike (const TocsinListSources *before,
                                          const TocsinListSources *after,
                                          gint64 now_us);

/* From when on what @self says is valid while listed no longer is. */
gint64 tocsin_list_source_until (const TocsinListSource *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinListSources, tocsin_list_sources_unref)

G_END_DECLS
