/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/report.h"
#include "fed/federation.h"

G_BEGIN_DECLS

#define TOCSIN_PUBLISH_SUBJECTS_MAX 16

/**
 * TocsinDraft:
 * @subjects: (owned) (element-type TocsinSubject): 1 to 16 things that one event showed
 * @category: their category
 * @category_text: (owned) (nullable): the slug as written, where it is an extension
 * @sharing_set: whether @sharing was chosen; else each subject gets its default
 * @comment: (owned) (nullable): goes out as `content`, and only with amber
 * @observed_us: first observation; 0 for @last_observed_us
 * @last_observed_us: 0 for @observed_us; both 0 for now
 * @end_us: 0 for 4 half-lives after the last observation
 * @derived: made without a person because others had reported it: stays here, never counts
 * @batch: the import that it belongs to, or 0
 *
 * What an operator reports. Free by tocsin_draft_clear(); begin with tocsin_draft_init().
 */
typedef struct
{
  GArray *subjects;
  guint8 category;
  char *category_text;
  TocsinOpinion opinion;
  guint8 confidence;
  TocsinAction action;
  gboolean sharing_set;
  TocsinSharing sharing;
  char *comment;
  gint64 observed_us;
  gint64 last_observed_us;
  gint64 end_us;
  gboolean derived;
  guint64 batch;
} TocsinDraft;

/* A malicious opinion of full confidence about nothing yet; to be cleared. */
void tocsin_draft_init (TocsinDraft *self);
void tocsin_draft_clear (TocsinDraft *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinDraft, tocsin_draft_clear)

/**
 * TocsinPublished: what became of a draft. @bundle ties the reports of one event together here.
 * @ids: (owned) (array zero-terminated=1): their URIs, in the order of the subjects
 */
typedef struct
{
  guint64 bundle;
  char **ids;
} TocsinPublished;

void tocsin_published_free (TocsinPublished *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinPublished, tocsin_published_free)

gboolean
tocsin_publish_check (const TocsinFederation *fed, const TocsinDraft *draft, GError **error);
void tocsin_publish_reports_async (TocsinFederation *fed,
                                   const TocsinDraft *draft,
                                   const char *who,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
TocsinPublished *tocsin_publish_reports_finish (GAsyncResult *result,
                                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

void tocsin_publish_withdraw_async (TocsinFederation *fed,
                                    guint64 number,
                                    TocsinRemoveReason reason,
                                    const char *who,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
void tocsin_publish_withdraw_unknown_async (TocsinFederation *fed,
                                            const char *id,
                                            TocsinRemoveReason reason,
                                            const char *who,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data);
gboolean tocsin_publish_withdraw_finish (GAsyncResult *result, GError **error);

/* A proven activity of ours, ready to be stored; free by tocsin_prepared_free(). */
typedef struct
{
  char *id;         /* (owned) */
  GBytes *activity; /* (owned) */
  guint8 content_hash[TOCSIN_SHA256_BYTES];
  gint64 published_us; /* of a Remove; else 0 */
} TocsinPrepared;

TocsinPrepared *tocsin_prepare_new (const TocsinFederation *fed,
                                    JsonObject *activity,
                                    const char *id,
                                    gint64 now_us,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinPrepared *tocsin_prepare_remove (const TocsinFederation *fed,
                                       const char *id,
                                       gint64 updated_us,
                                       TocsinRemoveReason reason,
                                       gint64 now_us,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_prepared_free (TocsinPrepared *self);
gboolean tocsin_publish_prepare_remove (const TocsinFederation *fed,
                                        guint64 number,
                                        TocsinRemoveReason reason,
                                        gint64 now_us,
                                        TocsinPrepared **out,
                                        GError **error);
char *tocsin_prepare_id (const TocsinFederation *fed,
                         const char *folder,
                         gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinPrepared, tocsin_prepared_free)

G_END_DECLS
