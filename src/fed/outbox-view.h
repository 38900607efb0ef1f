/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/identity.h"
#include "fed/policy.h"
#include "store/txn.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_VIEWER_UNSIGNED, /* nobody signed: bare heads, else 401 */
  TOCSIN_VIEWER_STRANGER, /* signed by an actor that does not follow us, or may not */
  TOCSIN_VIEWER_GUEST,    /* clear alone */
  TOCSIN_VIEWER_READER,   /* clear, green and amber of our own; clear and green of others */
} TocsinViewerKind;

/**
 * TocsinViewer: who asks. A plain value, good for the transaction it was made in.
 */
typedef struct
{
  TocsinViewerKind kind;
  guint32 actor;         /* of a guest, a reader, or a stranger that we know; else 0 */
  gboolean removes_only; /* and Updates: a follower that is kept from Adds, or is paused */
  guint64 given;         /* the newest report of ours that it was given */
  gboolean in_doubt;     /* nothing vouches for its key, and it is not held for that yet */
} TocsinViewer;

TocsinViewer tocsin_viewer_for (TocsinTxn *txn,
                                const TocsinPolicy *policy,
                                const char *signer,
                                const TocsinPublicKey *key,
                                gint64 now_us);

/* Each gives (transfer full) the body to send, or %NULL with %TOCSIN_ERROR_UNAUTHENTICATED,
 * _NOT_FOUND or _GONE. They only read, on any thread that has a transaction. */
GBytes *tocsin_outbox_view_head (TocsinTxn *txn,
                                 const TocsinIdentity *identity,
                                 const TocsinViewer *viewer) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_outbox_view_page (TocsinTxn *txn,
                                 const TocsinIdentity *identity,
                                 const TocsinViewer *viewer,
                                 guint64 after,
                                 GArray *given,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_outbox_view_reports (TocsinTxn *txn,
                                    const TocsinIdentity *identity,
                                    const TocsinViewer *viewer,
                                    gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_outbox_view_trust (TocsinTxn *txn,
                                  const TocsinIdentity *identity,
                                  const TocsinViewer *viewer) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_outbox_view_followers (const TocsinIdentity *identity) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_outbox_view_following (const TocsinIdentity *identity) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_outbox_view_report (TocsinTxn *txn,
                                   const TocsinIdentity *identity,
                                   const TocsinViewer *viewer,
                                   const char *uuid,
                                   gint64 now_us,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_outbox_view_activity (TocsinTxn *txn,
                                     const TocsinIdentity *identity,
                                     const TocsinViewer *viewer,
                                     const char *uuid,
                                     gint64 now_us,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
