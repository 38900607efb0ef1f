/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* The inbox of a whole node, over HTTP: `us` receives, `peer` is followed by us and speaks our
 * protocol, `stranger` is another node of ours that nobody here has ever heard of. */
#include "public-node.h"
#include "store/table-reports.h"

static PublicNode us, peer, stranger;
static guint32 peer_number;

static inline void
inbox_nodes_start (void)
{
  Befriend b = { .peer = &peer,
                 .following = TOCSIN_FOLLOWING_ACCEPTED,
                 .had_protocol_version = TRUE };

  public_node_start (&us);
  public_node_start (&peer);
  public_node_start (&stranger);
  peer_number = public_node_befriend (&us, &b);
}

static inline void
inbox_nodes_stop (void)
{
  public_node_stop (&stranger);
  public_node_stop (&peer);
  public_node_stop (&us);
}

/* @problem: the type of the problem document, or NULL for none */
static inline void
assert_answer (const char *answer, guint status, const char *problem)
{
  g_autofree char *member =
      problem != NULL ? g_strdup_printf ("\"type\":\"%s\"", problem) : g_strdup ("\r\n\r\n");

  if (raw_status (answer) != status || strstr (answer, member) == NULL)
    g_error ("expected %u %s, got: %s", status, problem != NULL ? problem : "", answer);
  if (problem != NULL)
    g_assert_nonnull (strstr (answer, "application/problem+json"));
}

static inline gboolean
find_report (const PublicNode *author, const char *name, TocsinReportRecord *record)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_autofree char *path = g_strconcat ("/reports/", name, NULL);
  g_autofree char *id = tocsin_identity_url (author->fed->identity, path);
  guint32 actor;
  guint64 number;

  return tocsin_actors_find (txn, public_node_actor (author), &actor) &&
         tocsin_reports_find (txn, actor, id, &number) && tocsin_reports_get (txn, number, record);
}

static inline gboolean
intern_write (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_actors_intern (txn, data, tocsin_time_now_us ());
  return TRUE;
}
