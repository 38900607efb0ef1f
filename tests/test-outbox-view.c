/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Who sees what of our outbox (docs/wire "Catching up"), without HTTP. */
#include "codec/collection-json.h"
#include "fed/outbox-view.h"
#include "public-node.h"
#include "store/table-outbox.h"
#include "store/table-reports.h"

#define GUEST    7
#define READER   8
#define REPORTER 9

static PublicNode us;

/* What the outbox holds, in the order of its sequence from 1. */
static const struct
{
  const char *uuid;
  TocsinOutboxKind kind;
  TocsinSharing sharing;
  guint32 origin;
  guint32 audience;
  gboolean blanked;
  const char *paged_for;  /* s: stranger, g: guest, r: reader, o: one of another version */
  const char *single_for; /* who gets BASE/activities/UUID */
  const char *gone_for;   /* who is told that it is gone */
} entries[] = {
  { "clear", TOCSIN_OUTBOX_ADD, TOCSIN_SHARING_CLEAR, 0, 0, FALSE, "gr", "gr", "" },
  { "green", TOCSIN_OUTBOX_ADD, TOCSIN_SHARING_GREEN, 0, 0, FALSE, "r", "r", "" },
  { "amber", TOCSIN_OUTBOX_ADD, TOCSIN_SHARING_AMBER, 0, 0, FALSE, "r", "r", "" },
  { "gone-clear", TOCSIN_OUTBOX_ADD, TOCSIN_SHARING_CLEAR, 0, 0, TRUE, "", "", "gr" },
  { "gone-amber", TOCSIN_OUTBOX_ADD, TOCSIN_SHARING_AMBER, 0, 0, TRUE, "", "", "r" },
  { "remove", TOCSIN_OUTBOX_REMOVE, TOCSIN_SHARING_GREEN, 0, 0, FALSE, "ro", "ro", "" },
  { "update", TOCSIN_OUTBOX_UPDATE, TOCSIN_SHARING_GREEN, 0, 0, FALSE, "gro", "gro", "" },
  { "relayed-clear", TOCSIN_OUTBOX_ADD, TOCSIN_SHARING_CLEAR, REPORTER, 0, FALSE, "gr", "", "" },
  { "relayed-green", TOCSIN_OUTBOX_ADD, TOCSIN_SHARING_GREEN, REPORTER, 0, FALSE, "r", "", "" },
  { "relayed-amber", TOCSIN_OUTBOX_ADD, TOCSIN_SHARING_AMBER, REPORTER, 0, FALSE, "", "", "" },
  { "to-guest", TOCSIN_OUTBOX_MESSAGE, TOCSIN_SHARING_GREEN, 0, GUEST, FALSE, "", "g", "" },
  { "to-reader", TOCSIN_OUTBOX_MESSAGE, TOCSIN_SHARING_CLEAR, 0, READER, FALSE, "", "ro", "" },
};

static const struct
{
  char letter;
  TocsinViewer viewer;
} viewers[] = {
  { 'u', { TOCSIN_VIEWER_UNSIGNED, 0 } },          { 's', { TOCSIN_VIEWER_STRANGER, 0 } },
  { 'g', { TOCSIN_VIEWER_GUEST, GUEST } },         { 'r', { TOCSIN_VIEWER_READER, READER } },
  { 'o', { TOCSIN_VIEWER_READER, READER, TRUE } },
};

static GBytes *
body_of (const char *uuid)
{
  char *text = g_strdup_printf ("{\"id\":\"%s\"}", uuid);

  return g_bytes_new_take (text, strlen (text));
}

static void
append (TocsinTxn *txn, TocsinOutboxRecord *entry, const char *uuid, gboolean blanked)
{
  g_autofree char *path = g_strconcat ("/activities/", uuid, NULL);
  guint64 sequence;

  entry->created_us = T0;
  entry->activity_id = tocsin_identity_url (us.fed->identity, path);
  entry->activity = body_of (uuid);
  sequence = tocsin_outbox_append (txn, entry);
  if (blanked)
    g_assert_true (tocsin_outbox_blank (txn, sequence));
  tocsin_outbox_record_clear (entry);
}

static gboolean
write_entries (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      TocsinOutboxRecord entry = { .kind = entries[i].kind,
                                   .sharing = entries[i].sharing,
                                   .origin = entries[i].origin,
                                   .audience = entries[i].audience };

      append (txn, &entry, entries[i].uuid, entries[i].blanked);
    }
  return tocsin_txn_check (txn, error);
}

static gboolean
write_many (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i < GPOINTER_TO_UINT (data); i++)
    {
      g_autofree char *uuid = g_strdup_printf ("many-%u", i);
      TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_ADD, .sharing = TOCSIN_SHARING_CLEAR };

      append (txn, &entry, uuid, FALSE);
    }
  return tocsin_txn_check (txn, error);
}

static const char *
outbox (void)
{
  return tocsin_identity_get_document (us.fed->identity)->outbox;
}

static TocsinOutboxPage *
page_for (const TocsinViewer *viewer, guint64 after)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) given = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (GBytes) bytes =
      tocsin_outbox_view_page (txn, us.fed->identity, viewer, after, given, &error);
  TocsinOutboxPage *page;

  g_assert_no_error (error);
  page = tocsin_outbox_page_parse (bytes, outbox (), (gint64) after, &error);
  g_assert_no_error (error);
  return page;
}

static gboolean
page_has (const TocsinOutboxPage *page, const char *uuid)
{
  g_autoptr (GBytes) body = body_of (uuid);

  for (guint i = 0; i < page->activities->len; i++)
    if (g_bytes_equal (g_ptr_array_index (page->activities, i), body))
      return TRUE;
  return FALSE;
}

/* What nobody may see still counts: the page is complete up to the last sequence. */
static void
test_page (void)
{
  public_node_start (&us);
  write_ok (&us.files, write_entries, NULL);
  for (gsize v = 2; v < G_N_ELEMENTS (viewers); v++)
    {
      g_autoptr (TocsinOutboxPage) page = page_for (&viewers[v].viewer, 0);
      guint expected = 0;

      g_assert_cmpint (page->last_sequence, ==, G_N_ELEMENTS (entries));
      g_assert_false (page->has_next);
      for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
        {
          gboolean shown = strchr (entries[i].paged_for, viewers[v].letter) != NULL;

          g_test_message ("%s for %c", entries[i].uuid, viewers[v].letter);
          g_assert_cmpint (page_has (page, entries[i].uuid), ==, shown);
          expected += shown ? 1 : 0;
        }
      g_assert_cmpuint (page->activities->len, ==, expected);
    }
  public_node_stop (&us);
}

/* Who may see more than before has to read again. */
static void
test_epoch (void)
{
  g_autoptr (GPtrArray) epochs = g_ptr_array_new_with_free_func (g_free);

  public_node_start (&us);
  for (gsize v = 2; v < G_N_ELEMENTS (viewers); v++)
    {
      g_autoptr (TocsinReading) txn =
          tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
      g_autoptr (GBytes) bytes =
          tocsin_outbox_view_head (txn, us.fed->identity, &viewers[v].viewer);
      g_autoptr (TocsinCollectionHead) head = tocsin_collection_head_parse (bytes, outbox (), NULL);

      g_assert_false (g_ptr_array_find_with_equal_func (epochs, head->epoch, g_str_equal, NULL));
      g_ptr_array_add (epochs, g_strdup (head->epoch));
    }
  g_assert_cmpuint (epochs->len, ==, 3);
  public_node_stop (&us);
}

static void
test_refused (void)
{
  static const TocsinError codes[] = { TOCSIN_ERROR_UNAUTHENTICATED, TOCSIN_ERROR_NOT_FOUND };

  public_node_start (&us);
  write_ok (&us.files, write_entries, NULL);
  for (gsize v = 0; v < G_N_ELEMENTS (codes); v++)
    {
      g_autoptr (TocsinReading) txn =
          tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
      g_autoptr (GArray) given = g_array_new (FALSE, FALSE, sizeof (guint64));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) head = tocsin_outbox_view_head (txn, us.fed->identity, &viewers[v].viewer);
      g_autoptr (TocsinCollectionHead) bare = tocsin_collection_head_parse (head, outbox (), NULL);

      g_assert_null (
          tocsin_outbox_view_page (txn, us.fed->identity, &viewers[v].viewer, 0, given, &error));
      g_assert_error (error, TOCSIN_ERROR, (int) codes[v]);
      g_assert_nonnull (bare);
      g_assert_cmpint (bare->last_sequence, ==, -1);
      g_assert_null (bare->epoch);
    }
  public_node_stop (&us);
}

static void
test_activity (void)
{
  public_node_start (&us);
  write_ok (&us.files, write_entries, NULL);
  for (gsize v = 0; v < G_N_ELEMENTS (viewers); v++)
    for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
      {
        g_autoptr (TocsinReading) txn =
            tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) body = body_of (entries[i].uuid);
        g_autoptr (GBytes) got = tocsin_outbox_view_activity (
            txn, us.fed->identity, &viewers[v].viewer, entries[i].uuid, T0, &error);
        char letter = viewers[v].letter;

        g_test_message ("%s for %c", entries[i].uuid, letter);
        if (strchr (entries[i].single_for, letter) != NULL)
          {
            g_assert_no_error (error);
            g_assert_true (g_bytes_equal (got, body));
          }
        else if (strchr (entries[i].gone_for, letter) != NULL)
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_GONE);
        else if (letter == 'u')
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
        else
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND);
      }
  public_node_stop (&us);
}

#define END_US (T0 + 6 * TOCSIN_HOUR_US)

static gboolean
write_report (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_ADD, .sharing = TOCSIN_SHARING_GREEN };
  g_auto (TocsinReportRecord) record = {
    .state = TOCSIN_STATE_LIVE,
    .basis = TOCSIN_BASIS_FIRST_HAND,
    .sharing = TOCSIN_SHARING_GREEN,
    .end_us = END_US,
    .evidence_end_us = END_US,
    .id = tocsin_identity_url (us.fed->identity, "/reports/ends"),
    .activity = g_bytes_ref (data),
  };

  tocsin_reports_put (txn, &record, T0);
  entry.report = record.number;
  append (txn, &entry, "ends", FALSE);
  return tocsin_txn_check (txn, error);
}

/* A report that has ended is gone at once, and so is its Add, but for pages: these and the digest
 * have it until midnight. */
static void
test_ended (void)
{
  static const struct
  {
    gint64 now_us;
    gboolean is_gone;
  } times[] = { { END_US - 1, FALSE }, { END_US, TRUE } };
  const TocsinViewer *reader = &viewers[3].viewer;
  const Draft draft = { .id = "ends", .report = "ends" };
  g_autoptr (GBytes) add = NULL;

  public_node_start (&us);
  add = make_add (&us, &draft);
  write_ok (&us.files, write_report, add);
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autoptr (TocsinReading) txn =
          tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
      g_autoptr (GError) report_error = NULL;
      g_autoptr (GError) add_error = NULL;
      g_autoptr (GBytes) report = tocsin_outbox_view_report (txn, us.fed->identity, reader, "ends",
                                                             times[i].now_us, &report_error);
      g_autoptr (GBytes) activity = tocsin_outbox_view_activity (
          txn, us.fed->identity, reader, "ends", times[i].now_us, &add_error);
      g_autoptr (GBytes) bytes =
          tocsin_outbox_view_reports (txn, us.fed->identity, reader, times[i].now_us);
      const char *reports = tocsin_identity_get_document (us.fed->identity)->reports;
      g_autoptr (TocsinCollectionHead) head = tocsin_collection_head_parse (bytes, reports, NULL);
      g_autoptr (TocsinOutboxPage) page = page_for (reader, 0);

      g_assert_cmpint (report == NULL, ==, times[i].is_gone);
      g_assert_cmpint (activity == NULL, ==, times[i].is_gone);
      if (times[i].is_gone)
        {
          g_assert_error (report_error, TOCSIN_ERROR, TOCSIN_ERROR_GONE);
          g_assert_error (add_error, TOCSIN_ERROR, TOCSIN_ERROR_GONE);
        }
      g_assert_cmpint (head->total_items, ==, 1);
      g_assert_cmpuint (page->activities->len, ==, 1);
    }
  public_node_stop (&us);
}

/* At most 50 on a page, each once, in order, and gaps without a page of their own. */
static void
test_paging (void)
{
  static const guint sizes[] = { 50, 50, 20 };
  const TocsinViewer *guest = &viewers[2].viewer;
  guint64 after = G_N_ELEMENTS (entries);
  guint n = 0;

  public_node_start (&us);
  write_ok (&us.files, write_entries, NULL);
  write_ok (&us.files, write_many, GUINT_TO_POINTER (120));
  for (gsize p = 0; p < G_N_ELEMENTS (sizes); p++)
    {
      g_autoptr (TocsinOutboxPage) page = page_for (guest, after);

      g_assert_cmpuint (page->activities->len, ==, sizes[p]);
      g_assert_cmpint (page->has_next, ==, p + 1 < G_N_ELEMENTS (sizes));
      for (guint i = 0; i < page->activities->len; i++, n++)
        {
          g_autofree char *uuid = g_strdup_printf ("many-%u", n);
          g_autoptr (GBytes) body = body_of (uuid);

          g_assert_true (g_bytes_equal (g_ptr_array_index (page->activities, i), body));
        }
      after += sizes[p];
      g_assert_cmpint (page->last_sequence, ==, (gint64) after);
    }
  {
    g_autoptr (TocsinOutboxPage) beyond = page_for (guest, after + 10);

    g_assert_cmpuint (beyond->activities->len, ==, 0);
    g_assert_cmpint (beyond->last_sequence, ==, (gint64) after + 10);
    g_assert_false (beyond->has_next);
  }
  public_node_stop (&us);
}

#define GAP 2500 /* entries that a guest sees nothing of */

static gboolean
write_gap (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  for (guint i = 0; i <= GAP; i++)
    {
      g_autofree char *uuid = g_strdup_printf ("gap-%u", i);
      gboolean blanked = i % 2 == 0 && i < GAP;
      TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_ADD,
                                   .sharing = blanked || i == GAP ? TOCSIN_SHARING_CLEAR
                                                                  : TOCSIN_SHARING_GREEN };

      append (txn, &entry, uuid, blanked);
    }
  return tocsin_txn_check (txn, error);
}

/* However long a gap is, a page passes over so much of it and no more, and says where it goes on.
 */
static void
test_gap (void)
{
  static const gint64 ends[] = { 1000, 2000, GAP + 1 };
  guint64 after = 0;

  public_node_start (&us);
  write_ok (&us.files, write_gap, NULL);
  for (gsize p = 0; p < G_N_ELEMENTS (ends); p++)
    {
      g_autoptr (TocsinOutboxPage) page = page_for (&viewers[2].viewer, after);
      gboolean is_last = p + 1 == G_N_ELEMENTS (ends);

      g_assert_cmpint (page->last_sequence, ==, ends[p]);
      g_assert_true (page->has_next == !is_last);
      g_assert_cmpuint (page->activities->len, ==, is_last ? 1 : 0);
      after = (guint64) page->last_sequence;
    }
  public_node_stop (&us);
}

typedef struct
{
  guint32 number;
  gboolean version, key;
} Hold;

static gboolean
write_hold (TocsinTxn *txn, gpointer data, GError **error)
{
  const Hold *hold = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, hold->number, &peer);
  peer.version_hold = hold->version;
  peer.key_hold = hold->key;
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

/* The relation decides who an actor is to us. */
static void
test_viewer (void)
{
  static const struct
  {
    TocsinFollower follower;
    TocsinViewerKind kind;
  } rows[] = {
    { TOCSIN_FOLLOWER_NONE, TOCSIN_VIEWER_STRANGER },
    { TOCSIN_FOLLOWER_PENDING, TOCSIN_VIEWER_STRANGER },
    { TOCSIN_FOLLOWER_REJECTED, TOCSIN_VIEWER_STRANGER },
    { TOCSIN_FOLLOWER_GUEST, TOCSIN_VIEWER_GUEST },
    { TOCSIN_FOLLOWER_READER, TOCSIN_VIEWER_READER },
  };
  PublicNode other = { 0 };

  public_node_start (&us);
  public_node_start (&other);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Befriend b = { .peer = &other, .follower = rows[i].follower };
      guint32 number = public_node_befriend (&us, &b);
      g_autoptr (TocsinReading) txn =
          tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
      TocsinViewer viewer =
          tocsin_viewer_for (txn, us.fed->policy, public_node_actor (&other), NULL, T0);

      g_assert_cmpint (viewer.kind, ==, rows[i].kind);
      g_assert_cmpuint (viewer.actor, ==, number);
    }
  for (guint i = 0; i < 4; i++)
    {
      Befriend b = { .peer = &other, .follower = TOCSIN_FOLLOWER_READER };
      Hold hold = { public_node_befriend (&us, &b), i == 1 || i == 3, i >= 2 };
      g_autoptr (TocsinReading) txn = NULL;
      TocsinViewer viewer;

      write_ok (&us.files, write_hold, &hold);
      txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
      viewer = tocsin_viewer_for (txn, us.fed->policy, public_node_actor (&other), NULL, T0);
      g_assert_cmpint (viewer.kind, ==, TOCSIN_VIEWER_READER);
      g_assert_true (viewer.removes_only == (i > 0));
    }
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_cmpint (tocsin_viewer_for (txn, us.fed->policy, NULL, NULL, T0).kind, ==,
                     TOCSIN_VIEWER_UNSIGNED);
    g_assert_cmpint (
        tocsin_viewer_for (txn, us.fed->policy, "https://unknown.example/actor", NULL, T0).kind, ==,
        TOCSIN_VIEWER_STRANGER);
    g_assert_cmpint (
        tocsin_viewer_for (txn, us.fed->policy, public_node_actor (&us), NULL, T0).kind, ==,
        TOCSIN_VIEWER_STRANGER);
  }
  public_node_stop (&other);
  public_node_stop (&us);
}

static TocsinViewer
viewer_by (PublicNode *other, const char *multibase, const char *pem)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_autoptr (TocsinPublicKey) key = multibase != NULL
                                        ? tocsin_public_key_from_multikey (multibase, NULL)
                                        : tocsin_public_key_from_pem (pem, NULL);

  g_assert_nonnull (key);
  return tocsin_viewer_for (txn, us.fed->policy, public_node_actor (other), key, T0);
}

/* Who asks by a key that nothing vouches for is kept from Adds before it is held. */
static void
test_viewer_in_doubt (void)
{
  PublicNode other = { 0 };
  Befriend b = { .peer = &other, .follower = TOCSIN_FOLLOWER_READER };

  public_node_start (&us);
  public_node_start (&other);
  for (guint pinned = 0; pinned < 2; pinned++)
    {
      const PublicNode *const nodes[] = { &other, &us };

      b.following = pinned ? TOCSIN_FOLLOWING_ACCEPTED : TOCSIN_FOLLOWING_NONE;
      public_node_befriend (&us, &b);
      for (guint foreign = 0; foreign < 2; foreign++)
        {
          const TocsinActorDocument *document =
              tocsin_identity_get_document (nodes[foreign]->fed->identity);

          for (guint i = 0; i < document->keys->len; i++)
            {
              const TocsinActorKey *key = g_ptr_array_index (document->keys, i);
              TocsinViewer viewer = viewer_by (&other, key->multibase, key->pem);

              g_assert_cmpint (viewer.kind, ==, TOCSIN_VIEWER_READER);
              g_assert_true (viewer.in_doubt == (pinned && foreign));
              g_assert_true (viewer.removes_only == viewer.in_doubt);
            }
        }
    }
  public_node_stop (&other);
  public_node_stop (&us);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/outbox-view/page", test_page);
  g_test_add_func ("/outbox-view/epoch", test_epoch);
  g_test_add_func ("/outbox-view/refused", test_refused);
  g_test_add_func ("/outbox-view/activity", test_activity);
  g_test_add_func ("/outbox-view/ended", test_ended);
  g_test_add_func ("/outbox-view/paging", test_paging);
  g_test_add_func ("/outbox-view/gap", test_gap);
  g_test_add_func ("/outbox-view/viewer", test_viewer);
  g_test_add_func ("/outbox-view/viewer-in-doubt", test_viewer_in_doubt);
  return g_test_run ();
}
