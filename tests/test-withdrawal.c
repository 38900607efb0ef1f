/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "fed-case.h"
#include "fed/given.h"
#include "fed/withdrawal.h"
#include "store/table-outbox.h"
#include "store/table-seen.h"

/* A Remove of b.example with @members, which end in a comma, before its own. */
static GBytes *
remove_with (const char *name, const char *members)
{
  g_autoptr (GBytes) plain = remove_bytes ("b.example", name, NOON, TOCSIN_REASON_ERASED);
  gsize size;
  const char *text = g_bytes_get_data (plain, &size);
  char *edited = g_strdup_printf ("{%s%.*s", members, (int) size - 1, text + 1);

  return g_bytes_new_take (edited, strlen (edited));
}

static GBytes *
plain_remove (const char *name)
{
  return remove_bytes ("b.example", name, NOON, TOCSIN_REASON_ERASED);
}

typedef struct
{
  const char *text;
  gboolean found;
} Search;

static gboolean
search_entry (const TocsinOutboxRecord *entry, gpointer data)
{
  Search *search = data;
  gsize size = 0;
  const char *bytes = entry->activity != NULL ? g_bytes_get_data (entry->activity, &size) : NULL;

  search->found |= bytes != NULL && g_strstr_len (bytes, (gssize) size, search->text) != NULL;
  return TRUE;
}

static gboolean
is_in_outbox (Case *c, const char *text)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  Search search = { .text = text };

  tocsin_outbox_foreach (txn, 0, search_entry, &search);
  return search.found;
}

static gboolean
mark_tried (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;
  TocsinQueueEntry entry;

  g_assert_true (tocsin_queue_next (txn, c->c, &entry));
  entry.attempts = 1;
  tocsin_queue_update (txn, &entry);
  return TRUE;
}

/* A report of b.example that c.example has, or may have. */
static void
forward (Case *c, const char *name)
{
  const Draft draft = { .name = name };

  g_assert_cmpint (admit_draft (c, &draft, NULL), ==, DONE);
  write_ok (&c->f, mark_tried, c);
}

static void
test_travels (Case *c, gconstpointer data)
{
  forward (c, "r1");
  g_assert_cmpint (admit (c, plain_remove ("r1"), NULL), ==, DONE);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE);
  g_assert_true (is_in_outbox (c, "remove-r1"));
  g_assert_cmpuint (queued_for (c, c->c), ==, 2);
}

typedef struct
{
  const Case *c;
  guint64 skip; /* of what c.example may read, the newest are left out */
} Page;

static gboolean
write_read (TocsinTxn *txn, gpointer data, GError **error)
{
  const Page *page = data;
  g_autoptr (GArray) sequences = g_array_new (FALSE, FALSE, sizeof (guint64));
  guint64 last = tocsin_outbox_last (txn) - page->skip;
  TocsinGiven given = {
    .policy = page->c->policy, .actor = page->c->c, .sequences = sequences, .now_us = NOON
  };

  g_array_append_val (sequences, last);
  return tocsin_given_write (txn, &given, error);
}

/* What waits and was not read goes together with its Remove; what was read from our outbox is
 * taken back there. */
static void
test_read_before_sent (Case *c, gconstpointer data)
{
  const Draft first = { .name = "r1", .value = "192.0.2.1" };
  const Draft second = { .name = "r2", .value = "192.0.2.2" };
  Page page = { .c = c, .skip = 1 };

  g_assert_cmpint (admit_draft (c, &first, NULL), ==, DONE);
  g_assert_cmpint (admit_draft (c, &second, NULL), ==, DONE);
  write_ok (&c->f, write_read, &page);
  g_assert_cmpuint (queued_for (c, c->c), ==, 2);
  g_assert_cmpint (admit (c, plain_remove ("r2"), NULL), ==, DONE);
  g_assert_cmpuint (queued_for (c, c->c), ==, 1);
  g_assert_cmpint (admit (c, plain_remove ("r1"), NULL), ==, DONE);
  g_assert_cmpuint (queued_for (c, c->c), ==, 2);
}

/* What a Remove says beside its meaning goes nowhere, or what is taken back could stay in it. */
static void
test_other_members (Case *c, gconstpointer data)
{
  static const char *const members[] = {
    "\"content\":\"John Doe\",",
    "\"attachment\":[{\"content\":\"John Doe\"}],",
  };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autofree char *name = g_strdup_printf ("r%u", i);

      forward (c, name);
      g_assert_cmpint (admit (c, remove_with (name, members[i]), NULL), ==, DONE);
      assert_report (c, "b.example", name, TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE);
      g_assert_false (is_in_outbox (c, "John Doe"));
    }
}

static gboolean
write_settle_all (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;
  TocsinHeldPart part = { .until_us = c->now_us };
  guint64 after = 0;

  do
    after = tocsin_withdrawal_settle (txn, c->policy, c->b, TRUE, &part, after, c->now_us);
  while (after != 0);
  return TRUE;
}

/* The same where it waits for a person. */
static void
test_other_members_wait (Case *c, gconstpointer data)
{
  g_auto (TocsinReportRecord) record = { 0 };

  for (guint i = 0; i < 60; i++)
    {
      g_autofree char *name = g_strdup_printf ("r-%u", i);
      g_autofree char *value = g_strdup_printf ("192.0.2.%u", i);
      Draft draft = { .name = name, .value = value };

      g_assert_cmpint (admit_draft (c, &draft, NULL), ==, DONE);
    }
  for (guint i = 0; i < 25; i++)
    {
      g_autofree char *name = g_strdup_printf ("r-%u", i);
      g_autoptr (GBytes) body = remove_bytes ("b.example", name, NOON, TOCSIN_REASON_ERROR);
      gsize size;
      const char *text = g_bytes_get_data (body, &size);
      char *edited = g_strdup_printf ("{\"content\":\"John Doe\",%.*s", (int) size - 1, text + 1);

      g_assert_cmpint (admit (c, g_bytes_new_take (edited, strlen (edited)), NULL), ==, DONE);
    }
  get_report (c, "b.example", "r-24", &record);
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_LIVE);
  g_assert_cmpint (record.withdrawn_us, !=, 0);
  g_assert_null (record.alternate);
  write_ok (&c->f, write_settle_all, c);
  assert_report (c, "b.example", "r-24", TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE);
  g_assert_false (is_in_outbox (c, "John Doe"));
}

static void
other_software (TocsinPeerRecord *peer)
{
  peer->had_protocol_version = FALSE;
}

/* Where the Add went, no Remove without a proof can follow: its actor has to hear of it. */
static void
test_unproven (Case *c, gconstpointer data)
{
  const Way unproven = { .unproven = TRUE };
  const Draft kept = { .name = "kept" };

  edit_peer (c, c->b, other_software);
  forward (c, "r1");
  g_assert_cmpint (admit_draft (c, &kept, &unproven), ==, DONE);
  g_assert_cmpint (admit (c, plain_remove ("r1"), &unproven), ==, TOCSIN_ERROR_FORBIDDEN);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  g_assert_cmpint (admit (c, plain_remove ("kept"), &unproven), ==, DONE);
  assert_report (c, "b.example", "kept", TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE);
  g_assert_false (is_in_outbox (c, "remove-"));
  g_assert_cmpint (admit (c, plain_remove ("r1"), NULL), ==, DONE);
  g_assert_true (is_in_outbox (c, "remove-r1"));
}

static void
other_version (TocsinPeerRecord *peer)
{
  peer->version_hold = TRUE;
}

static void
not_followed (TocsinPeerRecord *peer)
{
  peer->version_hold = FALSE;
  peer->following = TOCSIN_FOLLOWING_NONE;
}

/* Its keys stay pinned: it may accept us again. */
static void
rejects_us (TocsinPeerRecord *peer)
{
  peer->following = TOCSIN_FOLLOWING_REJECTED;
}

static void
block_it (TocsinPeerRecord *peer)
{
  peer->blocked = TRUE;
}

static void
lift_hold (TocsinPeerRecord *peer)
{
  peer->key_hold = FALSE;
}

/* A key that nothing vouches for takes nothing back, whatever the reason; nor later, when
 * nobody has said that it is right. */
static void
test_key_changed (Case *c, gconstpointer data)
{
  const Way changed = { .other_key = TRUE };
  const Draft first = { .name = "first" };
  TocsinTombstone tombstone;

  g_assert_cmpint (admit_draft (c, &first, NULL), ==, DONE);
  g_assert_cmpint (
      admit (c, remove_bytes ("b.example", "first", c->now_us, TOCSIN_REASON_ERASED), &changed), ==,
      TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpint (
      admit (c, remove_bytes ("b.example", "never", c->now_us, TOCSIN_REASON_ERASED), &changed), ==,
      TOCSIN_ERROR_FORBIDDEN);
  assert_report (c, "b.example", "first", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_KEY_CHANGE, c->b, NULL), !=, 0);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_WITHDRAWAL, c->b, NULL), ==, 0);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    g_assert_false (
        tocsin_tombstones_get (txn, c->b, "https://b.example/reports/never", &tombstone));
  }
  /* It was not seen: once the key is confirmed it can be read again. */
  edit_peer (c, c->b, lift_hold);
  g_assert_cmpint (
      admit (c, remove_bytes ("b.example", "first", c->now_us, TOCSIN_REASON_ERASED), NULL), ==,
      DONE);
  assert_report (c, "b.example", "first", TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE);
}

/* Who reports here no longer can take back what it reported; nobody else can, nor without proof. */
static void
test_by_former_peers (Case *c, gconstpointer data)
{
  static const struct
  {
    const char *report;
    Way way;
    void (*change) (TocsinPeerRecord *peer); /* of b.example, from here on */
    int result;
  } vectors[] = {
    { "r0", { 0 }, other_version, DONE },
    { "r1", { .unproven = TRUE }, not_followed, TOCSIN_ERROR_FORBIDDEN },
    { "r1", { .signer = "z.example" }, NULL, TOCSIN_ERROR_NOT_A_PEER },
    { "r1", { .other_key = TRUE }, rejects_us, TOCSIN_ERROR_FORBIDDEN },
    { "never", { 0 }, NULL, TOCSIN_ERROR_NOT_A_PEER },
    { "r2", { 0 }, lift_hold, DONE },
    { "r3", { 0 }, block_it, TOCSIN_ERROR_REFUSED },
  };

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *name = g_strdup_printf ("r%u", i);
      Draft draft = { .name = name };

      g_assert_cmpint (admit_draft (c, &draft, NULL), ==, DONE);
    }
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_test_message ("%s", vectors[i].report);
      if (vectors[i].change != NULL)
        edit_peer (c, c->b, vectors[i].change);
      g_assert_cmpint (admit (c, plain_remove (vectors[i].report), &vectors[i].way), ==,
                       vectors[i].result);
      if (vectors[i].result == DONE)
        assert_report (c, "b.example", vectors[i].report, TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE);
    }
  assert_report (c, "b.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
}

/* A follower of another major version gets no Adds, but what it has is taken back. */
static void
test_for_another_version (Case *c, gconstpointer data)
{
  const Draft later = { .name = "later" };

  forward (c, "r1");
  edit_peer (c, c->c, other_version);
  g_assert_cmpint (admit_draft (c, &later, NULL), ==, DONE);
  g_assert_cmpuint (queued_for (c, c->c), ==, 1);
  g_assert_cmpint (admit (c, plain_remove ("r1"), NULL), ==, DONE);
  g_assert_cmpuint (queued_for (c, c->c), ==, 2);
}

static gboolean
write_delivered (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;
  TocsinQueueEntry entry;

  while (tocsin_queue_next (txn, c->c, &entry))
    g_assert_true (tocsin_queue_done (txn, c->c, entry.sequence));
  return TRUE;
}

/* What waits for c.example in the end, and may be sent. */
static void
get_last_queued (Case *c, TocsinOutboxRecord *out)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  TocsinQueueEntry entry;

  tocsin_outbox_record_clear (out);
  g_assert_true (tocsin_queue_get (txn, c->c, tocsin_outbox_last (txn), &entry));
  g_assert_true (tocsin_outbox_get (txn, entry.sequence, out));
}

/* Whoever has an older version needs the Remove, also where the newest was not delivered. */
static void
test_of_a_later_version (Case *c, gconstpointer data)
{
  static const Draft versions[][2] = {
    { { .name = "r1" }, { .name = "r1", .activity = "again", .updated_us = T0 + TOCSIN_HOUR_US } },
    { { .name = "r2" },
      { .name = "r2",
        .activity = "as-if-new",
        .published_us = T0 + TOCSIN_HOUR_US,
        .updated_us = T0 + TOCSIN_HOUR_US } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      const char *name = versions[i][0].name;
      g_auto (TocsinOutboxRecord) entry = { 0 };

      g_assert_cmpint (admit_draft (c, &versions[i][0], NULL), ==, DONE);
      write_ok (&c->f, write_delivered, c);
      g_assert_cmpint (admit_draft (c, &versions[i][1], NULL), ==, DONE);
      g_assert_cmpint (admit (c, plain_remove (name), NULL), ==, DONE);
      assert_report (c, "b.example", name, TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE);
      get_last_queued (c, &entry);
      g_assert_cmpint (entry.kind, ==, TOCSIN_OUTBOX_REMOVE);
    }
}

/* A Remove goes where any of the versions went. */
static void
test_of_a_narrower_version (Case *c, gconstpointer data)
{
  static const struct
  {
    TocsinSharing first, second, remove;
  } rows[] = {
    { TOCSIN_SHARING_CLEAR, TOCSIN_SHARING_GREEN, TOCSIN_SHARING_CLEAR },
    { TOCSIN_SHARING_CLEAR, TOCSIN_SHARING_AMBER, TOCSIN_SHARING_CLEAR },
    { TOCSIN_SHARING_GREEN, TOCSIN_SHARING_AMBER, TOCSIN_SHARING_GREEN },
    { TOCSIN_SHARING_GREEN, TOCSIN_SHARING_CLEAR, TOCSIN_SHARING_CLEAR },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = g_strdup_printf ("r%u", i);
      g_autofree char *again = g_strdup_printf ("again-%u", i);
      const Draft first = { .name = name,
                            .type = TOCSIN_SUBJECT_NETWORK,
                            .value = "198.51.100.0/24",
                            .sharing_set = TRUE,
                            .sharing = rows[i].first };
      Draft second = first;
      g_auto (TocsinOutboxRecord) entry = { 0 };

      second.activity = again;
      second.updated_us = T0 + TOCSIN_HOUR_US;
      second.sharing = rows[i].second;
      g_assert_cmpint (admit_draft (c, &first, NULL), ==, DONE);
      write_ok (&c->f, write_delivered, c);
      g_assert_cmpint (admit_draft (c, &second, NULL), ==, DONE);
      g_assert_cmpint (admit (c, plain_remove (name), NULL), ==, DONE);
      get_last_queued (c, &entry);
      g_assert_cmpint (entry.kind, ==, TOCSIN_OUTBOX_REMOVE);
      g_assert_cmpint (entry.sharing, ==, rows[i].remove);
    }
}

/* Another Remove of the report NAME each time. */
static GBytes *
other_remove (const char *name, gint64 published_us, guint i)
{
  g_autoptr (GBytes) plain = remove_bytes ("b.example", name, published_us, TOCSIN_REASON_ERROR);
  g_autofree char *text = g_strndup (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain));
  g_autofree char *from = g_strdup_printf ("/activities/remove-%s\"", name);
  g_autofree char *to = g_strdup_printf ("/activities/other-%u\"", i);
  g_autoptr (GString) edited = g_string_new (text);

  g_assert_cmpuint (g_string_replace (edited, from, to, 0), ==, 1);
  return g_bytes_new (edited->str, edited->len);
}

static guint64
seen_count (Case *c)
{
  g_autoptr (TocsinReading) txn = case_read (c);

  return tocsin_seen_count (txn);
}

static gint64
removed_us (Case *c, const char *id)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  TocsinTombstone tombstone;

  g_assert_true (tocsin_tombstones_get (txn, c->b, id, &tombstone));
  return tombstone.removed_us;
}

/* What takes back again what is over, or was never here, takes no room. Its date counts. */
static void
test_over_and_over (Case *c, gconstpointer data)
{
  static const char *const names[] = { "r1", "never" };
  const Draft draft = { .name = "r1" };

  g_assert_cmpint (admit_draft (c, &draft, NULL), ==, DONE);
  for (guint k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *id = g_strdup_printf ("https://b.example/reports/%s", names[k]);
      guint64 seen;

      g_assert_cmpint (admit (c, plain_remove (names[k]), NULL), ==, DONE);
      seen = seen_count (c);
      for (guint i = 0; i < 10; i++)
        g_assert_cmpint (admit (c, other_remove (names[k], NOON + i, i), NULL), ==, DROPPED);
      g_assert_cmpint (admit (c, other_remove (names[k], NOON - 1, 10), NULL), ==, DROPPED);
      g_assert_cmpuint (seen_count (c), ==, seen);
      g_assert_cmpint (removed_us (c, id), ==, NOON + 9);
    }
}

/* Its tombstone stays until the report would have ended: a restored outbox can show it again. */
static void
test_kept_until_the_end (Case *c, gconstpointer data)
{
  const Way unproven = { .unproven = TRUE };
  const Draft draft = { .end_us = T0 + 900 * TOCSIN_DAY_US };
  TocsinTombstone tombstone;

  edit_peer (c, c->b, other_software);
  g_assert_cmpint (admit_draft (c, &draft, &unproven), ==, DONE);
  g_assert_cmpint (admit (c, plain_remove ("r1"), &unproven), ==, DONE);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    g_assert_true (tocsin_tombstones_get (txn, c->b, "https://b.example/reports/r1", &tombstone));
  }
  g_assert_cmpint (tombstone.until_us, ==, draft.end_us);
}

int
main (int argc, char **argv)
{
  static const CaseTest tests[] = {
    { "/withdrawal/travels", test_travels },
    { "/withdrawal/read-before-sent", test_read_before_sent },
    { "/withdrawal/other-members", test_other_members },
    { "/withdrawal/other-members/wait", test_other_members_wait },
    { "/withdrawal/unproven", test_unproven },
    { "/withdrawal/key-changed", test_key_changed },
    { "/withdrawal/by-former-peers", test_by_former_peers },
    { "/withdrawal/for-another-version", test_for_another_version },
    { "/withdrawal/of-a-later-version", test_of_a_later_version },
    { "/withdrawal/of-a-narrower-version", test_of_a_narrower_version },
    { "/withdrawal/over-and-over", test_over_and_over },
    { "/withdrawal/kept-until-the-end", test_kept_until_the_end },
  };

  return case_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
