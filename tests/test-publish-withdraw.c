/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a node said after the backup from which it comes can only be taken back unseen, and what it
 * said while its clock was ahead is taken back by a Remove of later still.
 */
#include "admin-node.h"

#include "codec/activity.h"
#include "store/table-audit.h"
#include "store/table-evidence.h"
#include "store/table-outbox.h"
#include "store/table-reports.h"

#define LOST "01a2219d-70bb-74d9-a72c-aa567a0686aa"
#define URI  "https://a.example/reports/" LOST

static guint64
last_sequence (Admin *admin)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (admin->node.store));

  return tocsin_outbox_last (txn);
}

static void
test_refusals (void)
{
  static const char *const no_ids[] = {
    "0",
    "nothing",
    LOST,
    "01A2219D-70BB-74D9-A72C-AA567A0686AA",
    LOST "%2F",
    "https%3A%2F%2Fb.example%2Freports%2F" LOST,
    "https%3A%2F%2Fa.example%2Ftrust%2F" LOST,
  };
  g_auto (Admin) admin = { 0 };

  admin_init (&admin);
  admin_refused (&admin, "DELETE", "/v1/reports/" LOST, NULL, 404, "");
  admin_refused (&admin, "DELETE", "/v1/reports/" LOST "?unknown=false", NULL, 404, "");
  admin_refused (&admin, "DELETE", "/v1/reports/" LOST "?unknown=1", NULL, 400, "unknown: ");
  for (gsize i = 0; i < G_N_ELEMENTS (no_ids); i++)
    {
      g_autofree char *path = g_strconcat ("/v1/reports/", no_ids[i], "?unknown=true", NULL);

      admin_refused (&admin, "DELETE", path, NULL, 404, "");
    }
  g_assert_cmpuint (last_sequence (&admin), ==, 0);
}

static gboolean
see_audit (const TocsinAuditRecord *entry, gpointer data)
{
  g_string_append_printf (data, "%s %s %s", entry->action, entry->object, entry->detail);
  return TRUE;
}

/* Once, and to guests too: nobody knows any more who got it. */
static void
test_unknown (void)
{
  static const char path[] =
      "/v1/reports/https%3A%2F%2Fa.example%2Freports%2F" LOST "?unknown=true&reason=error";
  g_auto (Admin) admin = { 0 };
  g_auto (Answer) done = { 0 };

  admin_init (&admin);
  node_ask (&admin.node, "DELETE", path, NULL, NULL, &done);
  g_assert_cmpuint (done.status, ==, 204);
  admin_refused (&admin, "DELETE", path, NULL, 410, "");
  admin_refused (&admin, "DELETE", "/v1/reports/" LOST "?unknown=true", NULL, 404, "");
  g_assert_cmpuint (last_sequence (&admin), ==, 1);
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (admin.node.store));
    g_auto (TocsinOutboxRecord) entry = { 0 };
    g_autoptr (GString) audit = g_string_new (NULL);

    g_assert_true (tocsin_outbox_get (txn, 1, &entry));
    g_assert_cmpint (entry.kind, ==, TOCSIN_OUTBOX_REMOVE);
    g_assert_cmpint (entry.sharing, ==, TOCSIN_SHARING_CLEAR);
    tocsin_audit_foreach (txn, 0, FALSE, see_audit, audit);
    g_assert_cmpstr (audit->str, ==, "report.withdraw " URI " error");
  }
}

/* A report of what has the number @n, as a clock dated it that was ahead; seen before others. */
typedef struct
{
  Admin *admin; /* (unowned) */
  guint n;
  gint64 dated_us;
  guint64 number;         /* in the store */
  TocsinActivity *remove; /* (owned) (nullable) once it is found */
} Ahead;

static void
report (const Ahead *ahead)
{
  g_autofree char *body = g_strdup_printf (
      "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.%u\"}],\"category\":\"spam\"}",
      ahead->n);

  admin_do (ahead->admin, "POST", "/v1/reports", body, 201);
}

static gboolean
date_newest (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  Ahead *ahead = data;
  g_auto (TocsinReportRecord) record = { 0 };
  g_auto (TocsinOutboxRecord) entry = { 0 };

  g_assert_true (tocsin_outbox_get (txn, tocsin_outbox_last (txn), &entry));
  ahead->number = entry.report;
  g_assert_true (tocsin_reports_get (txn, ahead->number, &record));
  record.published_us = record.updated_us = ahead->dated_us;
  record.observed_us -= TOCSIN_HOUR_US;
  record.last_observed_us -= TOCSIN_HOUR_US;
  tocsin_reports_put (txn, &record, tocsin_time_now_us ());
  return TRUE;
}

static void
withdraw_it (const Ahead *ahead)
{
  g_autofree char *path = g_strdup_printf ("/v1/reports/%" G_GUINT64_FORMAT, ahead->number);

  admin_do (ahead->admin, "DELETE", path, NULL, 200);
}

static void
erase_it (const Ahead *ahead)
{
  g_autofree char *body = g_strdup_printf ("{\"type\":\"ip\",\"value\":\"192.0.2.%u\"}", ahead->n);

  admin_do (ahead->admin, "POST", "/v1/subjects/erase", body, 200);
}

/* By as many newer ones as there may be. */
static void
crowd_it_out (const Ahead *ahead)
{
  for (guint i = 0; i < TOCSIN_EVIDENCE_MAX_SAME; i++)
    report (ahead);
}

static gboolean
find_remove (const TocsinOutboxRecord *entry, gpointer data)
{
  Ahead *ahead = data;
  g_autoptr (GError) error = NULL;

  if (entry->kind != TOCSIN_OUTBOX_REMOVE || entry->report != ahead->number)
    return TRUE;
  g_assert_null (ahead->remove);
  ahead->remove = tocsin_activity_parse (entry->activity, &error);
  g_assert_no_error (error);
  return TRUE;
}

/* Peers keep what is newer than the Remove. So far ahead that no peer reads either, it stays one of
 * today. */
static void
test_dated_ahead (void)
{
  static const struct
  {
    gint64 ahead_us;
    gboolean follows;
  } clocks[] = {
    { -TOCSIN_HOUR_US, FALSE },
    { TOCSIN_HOUR_US / 2, TRUE },
    { 29 * TOCSIN_DAY_US, TRUE },
    { 4000 * TOCSIN_DAY_US, FALSE },
  };
  static void (*const ways[]) (const Ahead *) = { withdraw_it, erase_it, crowd_it_out };
  g_auto (Admin) admin = { 0 };

  admin_init (&admin);
  for (guint i = 0; i < G_N_ELEMENTS (clocks) * G_N_ELEMENTS (ways); i++)
    {
      gint64 before_us = tocsin_time_now_us ();
      gboolean follows = clocks[i % G_N_ELEMENTS (clocks)].follows;
      Ahead ahead = { .admin = &admin,
                      .n = i + 1,
                      .dated_us = before_us + clocks[i % G_N_ELEMENTS (clocks)].ahead_us };
      TocsinTombstone tombstone;

      report (&ahead);
      g_assert_true (tocsin_store_write (admin.node.store, date_newest, &ahead, NULL));
      ways[i / G_N_ELEMENTS (clocks)](&ahead);
      g_autoptr (TocsinReading) txn =
          tocsin_reader_begin (tocsin_store_get_reader (admin.node.store));
      tocsin_outbox_foreach (txn, 0, find_remove, &ahead);
      g_autoptr (TocsinActivity) remove = ahead.remove;
      g_assert_nonnull (remove);
      g_assert_true (tocsin_tombstones_get (txn, TOCSIN_ACTOR_LOCAL, remove->object, &tombstone));
      g_assert_cmpint (tombstone.removed_us, ==, remove->published_us);
      g_assert_true (follows ? remove->published_us == ahead.dated_us
                             : remove->published_us >= before_us &&
                                   remove->published_us <= tocsin_time_now_us ());
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish-withdraw/refusals", test_refusals);
  g_test_add_func ("/publish-withdraw/unknown", test_unknown);
  g_test_add_func ("/publish-withdraw/dated-ahead", test_dated_ahead);
  return g_test_run ();
}
