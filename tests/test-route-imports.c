/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/imports.
 */
#include "admin-node.h"

#include "store/table-evidence.h"
#include "store/table-imports.h"
#include "store/table-outbox.h"

#define LIST                                                                                       \
  "\"source\":\"https://lists.example/tor.txt?key=secret\",\"category\":\"spam\","                 \
  "\"type\":\"ip\",\"entries\":[{\"value\":\"192.0.2.1\"},{\"value\":\"192.0.2.2\"},"              \
  "{\"value\":\"192.0.2.1\"},{\"value\":\"no address\"},{\"value\":\"10.0.0.1\"},"                 \
  "{\"type\":\"domain\",\"value\":\"Bad.Example.org\"},{\"type\":\"fax\",\"value\":\"1\"}]}"

static guint64
count_evidence (Admin *admin)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (admin->node.store));

  return tocsin_evidence_count (txn);
}

static guint64
count_sent (Admin *admin)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (admin->node.store));

  return tocsin_outbox_last (txn);
}

static void
assert_result (JsonNode *root, int accepted, int duplicates)
{
  static const int indexes[] = { 3, 4, 6 };
  JsonArray *rejected = ARRAY (OBJECT (root), "rejected");

  g_assert_cmpint (INT (OBJECT (root), "accepted"), ==, accepted);
  g_assert_cmpint (INT (OBJECT (root), "duplicates"), ==, duplicates);
  g_assert_cmpuint (json_array_get_length (rejected), ==, G_N_ELEMENTS (indexes));
  for (guint i = 0; i < G_N_ELEMENTS (indexes); i++)
    {
      JsonObject *one = json_array_get_object_element (rejected, i);

      g_assert_cmpint (INT (one, "index"), ==, indexes[i]);
      g_assert_cmpstr (TEXT (one, "error"), !=, "");
    }
}

static char *
import_list (Admin *admin,
             const char *head,
             const char *method_of,
             guint status,
             int accepted,
             int duplicates)
{
  g_autofree char *body = g_strdup_printf ("{%s\"as\":\"%s\"," LIST, head, method_of);
  g_autoptr (JsonNode) root = admin_ask (admin, "POST", "/v1/imports", body, status);

  assert_result (root, accepted, duplicates);
  return g_strdup (json_object_get_string_member_with_default (OBJECT (root), "batch", NULL));
}

static void
test_imported (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *none = NULL;
  g_autofree char *batch = NULL;
  g_autofree char *again = NULL;
  g_autofree char *head = NULL;
  g_autofree char *path = NULL;
  g_autoptr (JsonNode) list = NULL;
  JsonObject *listed;

  admin_init (&admin);
  none = import_list (&admin, "\"dry_run\":true,", "imported", 200, 3, 1);
  g_assert_null (none);
  g_assert_cmpuint (count_evidence (&admin), ==, 0);
  batch = import_list (&admin, "", "imported", 201, 3, 1);
  g_assert_cmpuint (count_evidence (&admin), ==, 3);
  head = g_strdup_printf ("\"batch\":\"%s\",", batch);
  again = import_list (&admin, head, "imported", 201, 0, 4);
  g_assert_cmpstr (again, ==, batch);
  g_assert_cmpuint (count_evidence (&admin), ==, 3);
  /* Local: nothing is sent. */
  g_assert_cmpuint (count_sent (&admin), ==, 0);
  list = admin_ask (&admin, "GET", "/v1/imports", NULL, 200);
  g_assert_cmpuint (json_array_get_length (ARRAY (OBJECT (list), "imports")), ==, 1);
  listed = json_array_get_object_element (ARRAY (OBJECT (list), "imports"), 0);
  g_assert_cmpstr (TEXT (listed, "source"), ==, "https://lists.example/tor.txt");
  g_assert_cmpstr (TEXT (listed, "as"), ==, "imported");
  g_assert_cmpint (INT (listed, "count"), ==, 3);
  path = g_strconcat ("/v1/imports/", batch, NULL);
  admin_do (&admin, "DELETE", path, NULL, 200);
  g_assert_cmpuint (count_evidence (&admin), ==, 0);
  admin_refused (&admin, "DELETE", path, NULL, 410, "");
}

static void
test_renewal (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *first = NULL;
  g_autofree char *early = NULL;
  g_autofree char *late = NULL;

  admin_init (&admin);
  first = import_list (&admin, "", "imported", 201, 3, 1);
  g_assert_nonnull (first);
  now_us += 2 * TOCSIN_HOUR_US;
  early = import_list (&admin, "", "imported", 201, 0, 4);
  /* Spam halves in 30 days of an address, in 60 of a domain; either is shown for four times that.
   */
  now_us += 80 * TOCSIN_DAY_US;
  late = import_list (&admin, "", "imported", 201, 2, 2);
  g_assert_cmpstr (early, !=, late);
}

/* Imports @addresses, of which @accepted are new; gives the path of the import. */
static char *
import_addresses (Admin *admin, const char *source, const char *addresses, int accepted)
{
  g_auto (GStrv) each = g_strsplit (addresses, " ", -1);
  g_autoptr (GString) body = g_string_new ("{\"category\":\"spam\",\"type\":\"ip\",");
  g_autoptr (JsonNode) made = NULL;

  if (source != NULL)
    g_string_append_printf (body, "\"source\":\"%s\",", source);
  g_string_append (body, "\"entries\":[");
  for (guint i = 0; each[i] != NULL; i++)
    g_string_append_printf (body, "%s{\"value\":\"%s\"}", i > 0 ? "," : "", each[i]);
  g_string_append (body, "]}");
  made = admin_ask (admin, "POST", "/v1/imports", body->str, 201);
  g_assert_cmpint (INT (OBJECT (made), "accepted"), ==, accepted);
  g_assert_cmpint (INT (OBJECT (made), "duplicates"), ==, (int) g_strv_length (each) - accepted);
  return g_strconcat ("/v1/imports/", TEXT (OBJECT (made), "batch"), NULL);
}

static void
assert_listed (Admin *admin, const char *address, gboolean listed)
{
  g_autofree char *path = g_strconcat ("/v1/check?ip=", address, NULL);
  g_autoptr (JsonNode) found = admin_ask (admin, "GET", path, NULL, 200);
  JsonObject *subject = json_array_get_object_element (ARRAY (OBJECT (found), "subjects"), 0);

  g_assert_cmpstr (TEXT (OBJECT (found), "verdict"), ==, listed ? "note" : "allow");
  g_assert_cmpint (INT (subject, "origins"), ==, listed ? 1 : 0);
}

/* What two lists say is taken back with the second of them, whichever that is. */
static void
test_two_lists (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;
  g_autofree char *same = NULL;
  g_autofree char *anew = NULL;

  admin_init (&admin);
  a = import_addresses (&admin, "a.txt", "192.0.2.1 192.0.2.2", 2);
  b = import_addresses (&admin, "b.txt", "192.0.2.1 192.0.2.3", 2);
  same = import_addresses (&admin, "a.txt", "192.0.2.1 192.0.2.2", 0);
  g_assert_nonnull (same);
  assert_listed (&admin, "192.0.2.1", TRUE);
  admin_do (&admin, "DELETE", a, NULL, 200);
  assert_listed (&admin, "192.0.2.1", TRUE);
  assert_listed (&admin, "192.0.2.2", FALSE);
  anew = import_addresses (&admin, "a.txt", "192.0.2.1 192.0.2.2", 2);
  admin_do (&admin, "DELETE", b, NULL, 200);
  assert_listed (&admin, "192.0.2.1", TRUE);
  assert_listed (&admin, "192.0.2.3", FALSE);
  admin_do (&admin, "DELETE", anew, NULL, 200);
  g_assert_cmpuint (count_evidence (&admin), ==, 0);
}

/* As many lists as there is place for; a list without a name is one of them. */
static void
test_many_lists (void)
{
  static const char *const sources[] = { "a.txt", NULL, "b.txt", "c.txt" };
  g_auto (Admin) admin = { 0 };

  admin_init (&admin);
  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      g_autofree char *first = import_addresses (&admin, sources[i], "192.0.2.1", 1);
      g_autofree char *again = import_addresses (&admin, sources[i], "192.0.2.1", 0);

      g_assert_cmpstr (first, !=, again);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *late = import_addresses (&admin, "d.txt", "192.0.2.1 192.0.2.2", i == 0);

      g_assert_nonnull (late);
    }
  assert_listed (&admin, "192.0.2.1", TRUE);
  g_assert_cmpuint (count_evidence (&admin), ==, G_N_ELEMENTS (sources) + 1);
}

static void
test_first_hand (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *batch = NULL;
  g_autofree char *again = NULL;
  g_autofree char *path = NULL;
  g_autoptr (JsonNode) undone = NULL;
  g_autoptr (JsonNode) left = NULL;

  admin_init (&admin);
  batch = import_list (&admin, "", "first_hand", 201, 3, 1);
  g_assert_cmpuint (count_sent (&admin), ==, 3);
  again = import_list (&admin, "", "first_hand", 201, 0, 4);
  g_assert_cmpstr (again, !=, batch);
  path = g_strconcat ("/v1/imports/", batch, NULL);
  undone = admin_ask (&admin, "DELETE", path, NULL, 200);
  g_assert_cmpint (INT (OBJECT (undone), "count"), ==, 3);
  g_assert_false (json_object_get_null_member (OBJECT (undone), "undone"));
  g_assert_cmpuint (count_evidence (&admin), ==, 0);
  left = admin_ask (&admin, "GET", "/v1/reports?state=withdrawn", NULL, 200);
  g_assert_cmpuint (json_array_get_length (ARRAY (OBJECT (left), "reports")), ==, 3);
  admin_refused (&admin, "DELETE", path, NULL, 410, "");
}

/* Reports of our own leave no place for a line of a list, and a line takes none of theirs. */
static void
test_beside_own (void)
{
  static const char list[] = "{\"as\":\"imported\",\"category\":\"spam\",\"type\":\"ip\","
                             "\"entries\":[{\"value\":\"192.0.2.1\"}]}";
  static const char own[] = "{\"category\":\"spam\",\"subjects\":[{\"type\":\"ip\","
                            "\"value\":\"192.0.2.1\"}]}";
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) first = NULL;
  g_autoptr (JsonNode) again = NULL;
  g_autoptr (JsonNode) page = NULL;
  JsonArray *reports;

  admin_init (&admin);
  first = admin_ask (&admin, "POST", "/v1/imports", list, 201);
  g_assert_cmpint (INT (OBJECT (first), "accepted"), ==, 1);
  for (guint i = 0; i < 4; i++)
    admin_do (&admin, "POST", "/v1/reports", own, 201);
  again = admin_ask (&admin, "POST", "/v1/imports", list, 201);
  g_assert_cmpint (INT (OBJECT (again), "accepted"), ==, 0);
  g_assert_cmpint (INT (OBJECT (again), "duplicates"), ==, 1);
  page = admin_ask (&admin, "GET", "/v1/reports?subject=ip:192.0.2.1", NULL, 200);
  reports = ARRAY (OBJECT (page), "reports");
  g_assert_cmpuint (json_array_get_length (reports), ==, 4);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpstr (TEXT (json_array_get_object_element (reports, i), "basis"), ==, "first_hand");
}

/* What others say of a provider is left out, by whatever name; what is said by oneself is not. */
static void
test_providers (void)
{
  static const struct
  {
    const char *as;
    int accepted;
    guint rejected;
  } cases[] = { { "imported", 2, 3 }, { "first_hand", 5, 0 } };
  g_auto (Admin) admin = { 0 };

  admin_init (&admin);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *body = g_strdup_printf (
          "{\"as\":\"%s\",\"category\":\"spam\",\"type\":\"domain\",\"entries\":["
          "{\"value\":\"youtube.com\"},{\"value\":\"www.youtube.com\"},{\"value\":\"a.example\"},"
          "{\"type\":\"url\",\"value\":\"https://www.youtube.com/\"},"
          "{\"type\":\"url\",\"value\":\"https://www.youtube.com/watch?v=1\"}]}",
          cases[i].as);
      g_autoptr (JsonNode) made = admin_ask (&admin, "POST", "/v1/imports", body, 201);

      g_assert_cmpint (INT (OBJECT (made), "accepted"), ==, cases[i].accepted);
      g_assert_cmpuint (json_array_get_length (ARRAY (OBJECT (made), "rejected")), ==,
                        cases[i].rejected);
    }
}

/* Nobody reads a file again: what holds while it is listed has 30 days. */
static void
test_while_listed (void)
{
  g_auto (Admin) admin = { 0 };
  const gint64 days[] = { 0, 29, 31 };

  admin_init (&admin);
  admin_do (&admin, "POST", "/v1/imports",
            "{\"as\":\"imported\",\"category\":\"tor_exit\",\"type\":\"ip\",\"entries\":"
            "[{\"value\":\"192.0.2.1\"}]}",
            201);
  for (gsize i = 0; i < G_N_ELEMENTS (days); i++)
    {
      gint64 then_us = now_us;
      g_autoptr (JsonNode) found = NULL;

      now_us += days[i] * TOCSIN_DAY_US;
      found = admin_ask (&admin, "GET", "/v1/check?ip=192.0.2.1", NULL, 200);
      now_us = then_us;
      g_assert_cmpstr (TEXT (OBJECT (found), "verdict"), ==, days[i] < 30 ? "note" : "allow");
      g_assert_cmpint (INT (OBJECT (found), "score"), ==, 0);
    }
}

/* More than one slice. */
static void
test_long_list (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (GString) body =
      g_string_new ("{\"as\":\"first_hand\",\"category\":\"spam\",\"type\":\"ip\",\"entries\":[");
  g_autoptr (JsonNode) made = NULL;
  g_autofree char *path = NULL;

  admin_init (&admin);
  for (guint i = 0; i < 150; i++)
    g_string_append_printf (body, "%s{\"value\":\"192.0.2.%u\"}", i > 0 ? "," : "", i);
  g_string_append (body, "]}");
  made = admin_ask (&admin, "POST", "/v1/imports", body->str, 201);
  g_assert_cmpint (INT (OBJECT (made), "accepted"), ==, 150);
  g_assert_cmpuint (count_evidence (&admin), ==, 150);
  path = g_strconcat ("/v1/imports/", TEXT (OBJECT (made), "batch"), NULL);
  admin_do (&admin, "DELETE", path, NULL, 200);
  g_assert_cmpuint (count_evidence (&admin), ==, 0);
}

/* What may not be reported is told before anything is, in a dry run as without. */
static void
test_unreportable (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *text = g_strnfill (281, 'x');

  admin_init (&admin);
  for (guint dry = 2; dry-- > 0;)
    {
      g_autofree char *body = g_strdup_printf (
          "{\"as\":\"first_hand\",\"dry_run\":%s,\"category\":\"scam\",\"entries\":["
          "{\"type\":\"domain\",\"value\":\"a.example\",\"comment\":\"%s\"},"
          "{\"type\":\"url\",\"value\":\"https://a.example/\",\"category\":\"csam\"},"
          "{\"type\":\"domain\",\"value\":\"b.example\",\"comment\":\"why\"}]}",
          dry ? "true" : "false", text);
      g_autoptr (JsonNode) root = admin_ask (&admin, "POST", "/v1/imports", body, dry ? 200 : 201);
      JsonArray *rejected = ARRAY (OBJECT (root), "rejected");

      g_assert_cmpint (INT (OBJECT (root), "accepted"), ==, 1);
      g_assert_cmpuint (json_array_get_length (rejected), ==, 2);
      for (guint i = 0; i < 2; i++)
        g_assert_cmpint (INT (json_array_get_object_element (rejected, i), "index"), ==, i);
      g_assert_cmpuint (count_evidence (&admin), ==, dry ? 0 : 1);
    }
}

static gboolean
add_first_read (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinImportRecord record = { .actor = 1, .source = (char *) "p1.example" };

  *(guint64 *) data = tocsin_imports_add (txn, &record);
  return TRUE;
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *body;
    guint status;
    const char *where;
  } cases[] = {
    { "{}", 400, "/entries" },
    { "{\"entries\":{}}", 400, "/entries" },
    { "{\"entries\":[1]}", 400, "/entries/0" },
    { "{\"entries\":[{\"v\":1}]}", 400, "/entries/0/v" },
    { "{\"entries\":[{\"value\":\"x\",\"comment\":null}]}", 400, "/entries/0/comment is null" },
    { "{\"entries\":[],\"as\":\"rumour\"}", 400, "/as" },
    { "{\"entries\":[],\"category\":\"rude\"}", 422, "/category" },
    { "{\"entries\":[],\"type\":\"fax\"}", 422, "/type" },
    { "{\"entries\":[],\"batch\":\"x\"}", 400, "/batch" },
    { "{\"entries\":[],\"batch\":77}", 404, "/batch" },
    { "{\"entries\":[],\"speed\":77}", 400, "/speed" },
  };
  g_auto (Admin) admin = { 0 };
  g_autoptr (GString) many = g_string_new ("{\"entries\":[");
  g_autofree char *path = NULL;
  guint64 batch;

  admin_init (&admin);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    admin_refused (&admin, "POST", "/v1/imports", cases[i].body, cases[i].status, cases[i].where);
  for (guint i = 0; i <= 5000; i++)
    g_string_append (many, i > 0 ? ",{}" : "{}");
  g_string_append (many, "]}");
  admin_refused (&admin, "POST", "/v1/imports", many->str, 413, "/entries");
  admin_refused (&admin, "DELETE", "/v1/imports/7", NULL, 404, "");
  admin_refused (&admin, "DELETE", "/v1/imports/x", NULL, 404, "");
  /* A peer's first read is not the operator's list. */
  g_assert_true (tocsin_store_write (admin.node.store, add_first_read, &batch, NULL));
  path = g_strdup_printf ("/v1/imports/%" G_GUINT64_FORMAT, batch);
  admin_refused (&admin, "DELETE", path, NULL, 409, "");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/route-imports/imported", test_imported);
  g_test_add_func ("/route-imports/renewal", test_renewal);
  g_test_add_func ("/route-imports/two-lists", test_two_lists);
  g_test_add_func ("/route-imports/many-lists", test_many_lists);
  g_test_add_func ("/route-imports/first-hand", test_first_hand);
  g_test_add_func ("/route-imports/beside-own", test_beside_own);
  g_test_add_func ("/route-imports/providers", test_providers);
  g_test_add_func ("/route-imports/while-listed", test_while_listed);
  g_test_add_func ("/route-imports/long-list", test_long_list);
  g_test_add_func ("/route-imports/unreportable", test_unreportable);
  g_test_add_func ("/route-imports/refusals", test_refusals);
  return g_test_run ();
}
