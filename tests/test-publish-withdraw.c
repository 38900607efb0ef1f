/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a node said after the backup from which it comes can only be taken back unseen.
 */
#include "admin-node.h"

#include "store/table-audit.h"
#include "store/table-outbox.h"

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

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/publish-withdraw/refusals", test_refusals);
  g_test_add_func ("/publish-withdraw/unknown", test_unknown);
  return g_test_run ();
}
