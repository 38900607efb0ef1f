/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/proof.h"
#include "fed-case.h"
#include "fed/held.h"
#include "fed/relay.h"
#include "store/table-outbox.h"
#include "store/table-seen.h"
#include "store/table-trust.h"

#define MINUTE TOCSIN_MINUTE_US

static GBytes *
remove_statement_by (const char *host,
                     const char *name,
                     gint64 published_us,
                     const char *activity_name)
{
  g_autofree char *actor = actor_at (host);
  g_autofree char *target = g_strdup_printf ("https://%s/trust", host);
  g_autofree char *followers = g_strdup_printf ("https://%s/followers", host);
  g_autofree char *id = g_strdup_printf ("https://%s/activities/%s", host, activity_name);
  g_autofree char *statement = g_strdup_printf ("https://%s/trust/%s", host, name);
  const TocsinActivityHead head = {
    .id = id, .actor = actor, .to = followers, .published_us = published_us
  };
  g_autoptr (JsonObject) activity =
      tocsin_activity_build_remove (&head, statement, target, TOCSIN_REASON_OTHER);

  return tocsin_activity_to_bytes (activity, NULL);
}

static GBytes *
remove_statement_bytes (const char *host, const char *name, gint64 published_us)
{
  g_autofree char *activity_name = g_strconcat ("remove-", name, NULL);

  return remove_statement_by (host, name, published_us, activity_name);
}

/* The same with a proof, as a relay needs it; whether its key is right was the inbox's part. */
static GBytes *
proven (GBytes *unproven)
{
  g_autoptr (GBytes) bytes = unproven;
  g_autoptr (TocsinActivity) activity = tocsin_activity_parse (bytes, NULL);
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  g_autofree char *method = g_strconcat (activity->actor, "#ed25519-2", NULL);

  g_assert_true (tocsin_proof_add (tocsin_activity_root (activity), key, method, T0, NULL));
  return tocsin_activity_to_bytes (tocsin_activity_root (activity), NULL);
}

static gboolean
get_in (Case *c, TocsinArea area, const char *about, TocsinTrustRecord *out)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  g_autofree char *uri = actor_at (about);
  guint32 number;

  tocsin_trust_record_clear (out);
  return tocsin_actors_find (txn, uri, &number) && tocsin_trust_get (txn, c->b, number, area, out);
}

static gboolean
get_statement (Case *c, const char *about, TocsinTrustRecord *out)
{
  return get_in (c, TOCSIN_AREA_ANY, about, out);
}

static guint64
count_lines (Case *c)
{
  g_autoptr (TocsinReading) txn = case_read (c);

  return tocsin_review_count_open (txn);
}

static void
test_statements (Case *c, gconstpointer data)
{
  const Way changed = { .other_key = TRUE };
  g_auto (TocsinTrustRecord) record = { 0 };
  guint64 before = queued_for (c, c->c);

  g_assert_cmpint (admit (c, statement_bytes ("b.example", "s", "e.example", 70, T0, "1"), NULL),
                   ==, DONE);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_true (record.live);
  g_assert_cmpuint (record.weight, ==, 70);
  g_assert_cmpuint (queued_for (c, c->c), ==, before + 1);
  g_assert_cmpint (
      admit (c, statement_bytes ("b.example", "s", "e.example", 20, T0 - MINUTE, "2"), NULL), ==,
      DROPPED);
  g_assert_cmpint (
      admit (c, statement_bytes ("b.example", "s", "e.example", 80, T0 + MINUTE, "3"), NULL), ==,
      DONE);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_cmpuint (record.weight, ==, 80);
  /* The same time, another content. */
  admit (c, statement_bytes ("b.example", "s", "e.example", 90, T0 + MINUTE, "4"), NULL);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_true (record.held);
  g_assert_false (record.live);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_EQUIVOCATION, c->b, NULL), !=, 0);
  /* A newer one does not settle which was right, nor does it make another line of it. */
  g_assert_cmpint (
      admit (c, statement_bytes ("b.example", "s", "e.example", 60, T0 + 2 * MINUTE, "7"), NULL),
      ==, DONE);
  g_assert_cmpint (
      admit (c, statement_bytes ("b.example", "s", "e.example", 50, T0 + 2 * MINUTE, "8"), NULL),
      ==, DROPPED);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_cmpuint (record.weight, ==, 60);
  g_assert_true (record.held);
  g_assert_false (record.live);
  g_assert_cmpuint (count_lines (c), ==, 1);
  /* Nor do two contents of another statement: a decision is about all that an actor states. */
  admit (c, statement_bytes ("b.example", "v", "g.example", 10, T0, "9"), NULL);
  admit (c, statement_bytes ("b.example", "v", "g.example", 20, T0, "10"), NULL);
  g_assert_true (get_statement (c, "g.example", &record));
  g_assert_true (record.held);
  g_assert_cmpuint (count_lines (c), ==, 1);
  /* Nobody vouches for itself. */
  g_assert_cmpint (admit (c, statement_bytes ("b.example", "t", "b.example", 90, T0, "5"), NULL),
                   ==, DROPPED);
  /* A key that nothing vouches for brings in nobody. */
  g_assert_cmpint (
      admit (c, statement_bytes ("b.example", "u", "f.example", 90, T0, "6"), &changed), ==, DONE);
  g_assert_true (get_statement (c, "f.example", &record));
  g_assert_true (record.held);
}

/* Nor does such a key change or call in question what counts already. */
static void
test_statements_key_changed (Case *c, gconstpointer data)
{
  const Way changed = { .other_key = TRUE };
  g_auto (TocsinTrustRecord) record = { 0 };

  g_assert_cmpint (admit (c, statement_bytes ("b.example", "s", "e.example", 70, T0, "1"), NULL),
                   ==, DONE);
  g_assert_cmpint (
      admit (c, statement_bytes ("b.example", "s", "e.example", 1, T0 + MINUTE, "2"), &changed), ==,
      TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpint (admit (c, statement_bytes ("b.example", "s", "e.example", 1, T0, "3"), &changed),
                   ==, TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpint (
      admit (c, statement_bytes ("b.example", "s", "f.example", 1, T0 + MINUTE, "4"), &changed), ==,
      TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpint (admit (c, remove_statement_bytes ("b.example", "s", T0 + MINUTE), &changed), ==,
                   TOCSIN_ERROR_FORBIDDEN);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_true (record.live);
  g_assert_cmpuint (record.weight, ==, 70);
}

/* Of what is forwarded the newest version alone is there for who catches up. */
static void
test_statements_forwarded (Case *c, gconstpointer data)
{
  g_auto (TocsinTrustRecord) first = { 0 };
  g_auto (TocsinTrustRecord) second = { 0 };
  g_auto (TocsinOutboxRecord) old = { 0 };
  g_auto (TocsinOutboxRecord) new = { 0 };

  admit (c, proven (statement_bytes ("b.example", "s", "e.example", 70, T0, "1")), NULL);
  g_assert_true (get_statement (c, "e.example", &first));
  admit (c, proven (statement_bytes ("b.example", "s", "e.example", 80, T0 + MINUTE, "2")), NULL);
  g_assert_true (get_statement (c, "e.example", &second));
  g_assert_cmpuint (first.sequence, !=, 0);
  g_assert_cmpuint (second.sequence, >, first.sequence);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    g_assert_true (tocsin_outbox_get (txn, first.sequence, &old));
    g_assert_true (tocsin_outbox_get (txn, second.sequence, &new));
  }
  g_assert_true (old.blanked);
  g_assert_null (old.activity);
  g_assert_false (new.blanked);
  g_assert_nonnull (new.activity);
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

/* Whoever has an older version needs the Remove, also where the newest was not delivered. */
static void
test_statements_removed (Case *c, gconstpointer data)
{
  for (guint delivered = 0; delivered < 2; delivered++)
    {
      g_autofree char *name = g_strdup_printf ("s%u", delivered);
      g_autofree char *first = g_strdup_printf ("first-%u", delivered);
      g_autofree char *second = g_strdup_printf ("second-%u", delivered);

      write_ok (&c->f, write_delivered, c);
      admit (c, proven (statement_bytes ("b.example", name, "e.example", 70, T0, first)), NULL);
      if (delivered != 0)
        {
          write_ok (&c->f, write_delivered, c);
          admit (c,
                 proven (statement_bytes ("b.example", name, "e.example", 80, T0 + MINUTE, second)),
                 NULL);
        }
      g_assert_cmpuint (queued_for (c, c->c), ==, 1);
      admit (c, proven (remove_statement_bytes ("b.example", name, T0 + 2 * MINUTE)), NULL);
      g_assert_cmpuint (queued_for (c, c->c), ==, delivered == 0 ? 0 : 2);
    }
}

/* A new version that speaks of another area, or of another actor, leaves nothing of the old one. */
static void
test_statements_moved (Case *c, gconstpointer data)
{
  g_auto (TocsinTrustRecord) record = { 0 };
  g_auto (TocsinOutboxRecord) entry = { 0 };
  guint64 first;

  admit (c, proven (statement_bytes ("b.example", "s", "e.example", 70, T0, "1")), NULL);
  g_assert_true (get_statement (c, "e.example", &record));
  first = record.sequence;
  /* An older version does not move it. */
  g_assert_cmpint (
      admit (c,
             statement_in (TOCSIN_AREA_SPAM, "b.example", "s", "e.example", 10, T0 - MINUTE, "2"),
             NULL),
      ==, DROPPED);
  g_assert_cmpint (admit (c,
                          proven (statement_in (TOCSIN_AREA_SPAM, "b.example", "s", "e.example", 10,
                                                T0 + MINUTE, "4")),
                          NULL),
                   ==, DONE);
  g_assert_false (get_statement (c, "e.example", &record));
  g_assert_true (get_in (c, TOCSIN_AREA_SPAM, "e.example", &record));
  g_assert_true (record.live);
  g_assert_true (record.forwarded & TOCSIN_FORWARDED_AGAIN);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    g_assert_true (tocsin_outbox_get (txn, first, &entry));
  }
  g_assert_true (entry.blanked);

  g_assert_cmpint (
      admit (c, proven (statement_bytes ("b.example", "s", "f.example", 60, T0 + 2 * MINUTE, "5")),
             NULL),
      ==, DONE);
  g_assert_false (get_in (c, TOCSIN_AREA_SPAM, "e.example", &record));
  g_assert_true (get_statement (c, "f.example", &record));
  g_assert_cmpint (
      admit (c, proven (remove_statement_bytes ("b.example", "s", T0 + 3 * MINUTE)), NULL), ==,
      DONE);
  g_assert_false (get_statement (c, "f.example", &record));
}

/* Two contents of one version cast doubt on it, whatever they speak of. */
static void
test_statements_moved_at_once (Case *c, gconstpointer data)
{
  g_auto (TocsinTrustRecord) record = { 0 };

  admit (c, statement_bytes ("b.example", "s", "e.example", 70, T0, "1"), NULL);
  admit (c, statement_bytes ("b.example", "s", "f.example", 70, T0, "2"), NULL);
  g_assert_false (get_statement (c, "f.example", &record));
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_true (record.held);
  /* A newer one about yet another does not settle it. */
  admit (c, statement_bytes ("b.example", "s", "g.example", 70, T0 + MINUTE, "3"), NULL);
  g_assert_false (get_statement (c, "e.example", &record));
  g_assert_true (get_statement (c, "g.example", &record));
  g_assert_true (record.held);
  /* What takes the place of another statement leaves that one's id to itself. */
  admit (c, statement_bytes ("b.example", "t", "h.example", 40, T0, "4"), NULL);
  admit (c, statement_bytes ("b.example", "u", "i.example", 30, T0, "5"), NULL);
  admit (c, statement_bytes ("b.example", "t", "i.example", 20, T0 + MINUTE, "6"), NULL);
  g_assert_false (get_statement (c, "h.example", &record));
  g_assert_true (get_statement (c, "i.example", &record));
  g_assert_cmpuint (record.weight, ==, 20);
  admit (c, remove_statement_bytes ("b.example", "u", T0 + 2 * MINUTE), NULL);
  g_assert_true (get_statement (c, "i.example", &record));
  admit (c, remove_statement_bytes ("b.example", "t", T0 + 2 * MINUTE), NULL);
  g_assert_false (get_statement (c, "i.example", &record));
}

/* Two statements at one time are no two versions of one: all nodes take the same of them. */
static void
test_statements_at_once (Case *c, gconstpointer data)
{
  static const char *const abouts[] = { "e.example", "f.example" };
  g_auto (TocsinTrustRecord) record = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (abouts); i++)
    {
      const char *names[] = { i == 0 ? "s1" : "t2", i == 0 ? "s2" : "t1" };

      for (guint k = 0; k < G_N_ELEMENTS (names); k++)
        {
          g_autofree char *activity = g_strconcat ("say-", names[k], NULL);
          guint8 weight = g_str_has_suffix (names[k], "1") ? 20 : 30;

          g_assert_cmpint (
              admit (c, statement_bytes ("b.example", names[k], abouts[i], weight, T0, activity),
                     NULL),
              ==, k == 0 || i == 0 ? DONE : DROPPED);
        }
      g_assert_true (get_statement (c, abouts[i], &record));
      g_assert_true (record.live);
      g_assert_cmpuint (record.weight, ==, 30);
    }
  g_assert_cmpuint (count_lines (c), ==, 0);
  /* Two contents under one id are. */
  admit (c, statement_bytes ("b.example", "s2", "e.example", 40, T0, "3"), NULL);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_true (record.held);
  g_assert_cmpuint (count_lines (c), ==, 1);
}

/* One statement that moves on and on brings no more names into the store than many would. */
static void
test_statements_moved_often (Case *c, gconstpointer data)
{
  TocsinActorCounts counts;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *about = g_strdup_printf ("n%u.example", i);
      g_autofree char *activity = g_strdup_printf ("move-%u", i);

      g_assert_cmpint (
          admit (c, statement_bytes ("b.example", "s", about, 70, T0 + i * MINUTE, activity), NULL),
          ==, DONE);
    }
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    tocsin_reports_counts (txn, c->b, &counts);
    g_assert_cmpuint (tocsin_trust_count_of (txn, c->b), ==, 1);
  }
  g_assert_cmpuint (counts.tombstones, ==, 9);
}

static gboolean
release_write (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;
  g_autofree char *uri = actor_at ("f.example");
  g_auto (TocsinTrustRecord) record = { 0 };
  guint32 number;

  g_assert_true (tocsin_actors_find (txn, uri, &number));
  g_assert_true (tocsin_trust_get (txn, c->b, number, TOCSIN_AREA_ANY, &record));
  tocsin_held_release_statement (txn, c->policy, &record, T0);
  return tocsin_txn_check (txn, error);
}

/* What a person lets count goes to our followers, once. */
static void
test_statements_released (Case *c, gconstpointer data)
{
  const Way changed = { .other_key = TRUE };
  g_auto (TocsinTrustRecord) record = { 0 };
  guint64 before = queued_for (c, c->c);

  admit (c, proven (statement_bytes ("b.example", "u", "f.example", 90, T0, "1")), &changed);
  g_assert_true (get_statement (c, "f.example", &record));
  g_assert_true (record.held);
  g_assert_cmpuint (queued_for (c, c->c), ==, before);
  for (guint i = 0; i < 2; i++)
    {
      write_ok (&c->f, release_write, c);
      g_assert_true (get_statement (c, "f.example", &record));
      g_assert_true (record.live);
      g_assert_true (record.forwarded);
      g_assert_cmpuint (queued_for (c, c->c), ==, before + 1);
    }
}

static gboolean
write_statements (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;

  for (guint32 i = 0; i < 1000; i++)
    {
      g_autofree char *id = g_strdup_printf ("https://b.example/trust/s%u", i);
      TocsinTrustRecord record = {
        .truster = c->b, .trustee = 1000 + i, .weight = 50, .live = TRUE, .updated_us = T0, .id = id
      };

      tocsin_trust_put (txn, &record);
    }
  return TRUE;
}

static gboolean
remove_statement (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;

  return tocsin_trust_remove (txn, c->b, 1000, TOCSIN_AREA_ANY);
}

/* A thousand statements an actor, and what was taken back counts. A name that came in vain is not
 * kept either. */
static void
test_statements_full (Case *c, gconstpointer data)
{
  const Way relay = { .signer = "b.example" };
  g_auto (TocsinTrustRecord) record = { 0 };

  write_ok (&c->f, write_statements, c);
  g_assert_cmpint (admit (c, statement_bytes ("b.example", "s", "new.example", 70, T0, "1"), NULL),
                   ==, DROPPED);
  g_assert_false (get_statement (c, "new.example", &record));
  write_ok (&c->f, remove_statement, c);
  g_assert_cmpint (admit (c, statement_bytes ("b.example", "s", "new.example", 70, T0, "2"), NULL),
                   ==, DONE);
  g_assert_true (get_statement (c, "new.example", &record));
  /* The newer version of one that is there needs no room. */
  g_assert_cmpint (
      admit (c, statement_bytes ("b.example", "s", "new.example", 60, T0 + MINUTE, "3"), NULL), ==,
      DONE);

  write_ok (&c->f, write_tombstones, c);
  g_assert_cmpint (
      admit (c, statement_bytes ("d.example", "s", "vain.example", 70, T0, "4"), &relay), ==,
      DROPPED);
  {
    g_autoptr (TocsinReading) txn = case_read (c);
    guint32 number;

    g_assert_false (tocsin_actors_find (txn, "https://vain.example/actor", &number));
  }
}

/* What grows with what is said. */
typedef struct
{
  guint64 seen;
  guint64 outbox;
  guint64 bytes; /* of what waits there to be read */
  guint64 ids;   /* of entries that are blank */
  guint64 tombstones;
} Room;

static gboolean
add_room (const TocsinOutboxRecord *entry, gpointer data)
{
  Room *room = data;

  room->bytes += entry->activity != NULL ? g_bytes_get_size (entry->activity) : 0;
  room->ids += entry->blanked && entry->activity_id != NULL ? 1 : 0;
  return TRUE;
}

static Room
room_of (Case *c)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  Room room = { .seen = tocsin_seen_count (txn), .outbox = tocsin_outbox_last (txn) };
  TocsinActorCounts counts;

  tocsin_outbox_foreach (txn, 0, add_room, &room);
  tocsin_reports_counts (txn, c->b, &counts);
  room.tombstones = counts.tombstones;
  return room;
}

static gboolean
write_waiting (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;

  tocsin_relay_waiting (txn, c->policy, c->now_us);
  return tocsin_txn_check (txn, error);
}

static void
say (Case *c, guint8 weight, guint i)
{
  g_autofree char *name = g_strdup_printf ("version-%u", i);

  g_assert_cmpint (
      admit (c, proven (statement_bytes ("b.example", "s", "e.example", weight, T0 + i, name)),
             NULL),
      ==, DONE);
}

/* The newest counts at once; what goes out, and what it leaves behind, is bounded. */
static void
test_statements_often (Case *c, gconstpointer data)
{
  g_auto (TocsinTrustRecord) record = { 0 };
  g_auto (TocsinOutboxRecord) entry = { 0 };
  guint64 sequence;
  Room room;

  for (guint i = 0; i < 50; i++)
    say (c, 50 + i % 2, i);
  say (c, 77, 50);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_cmpuint (record.weight, ==, 77);
  g_assert_true (record.live);
  sequence = record.sequence;
  room = room_of (c);
  g_assert_cmpuint (room.outbox, ==, 4);
  g_assert_cmpuint (room.seen, ==, 4);
  g_assert_cmpuint (room.ids, ==, 0);

  /* Nothing goes out before its turn, and the newest at last. */
  write_ok (&c->f, write_waiting, c);
  g_assert_cmpuint (room_of (c).outbox, ==, 4);
  c->now_us += 10 * MINUTE;
  write_ok (&c->f, write_waiting, c);
  write_ok (&c->f, write_waiting, c);
  g_assert_cmpuint (room_of (c).outbox, ==, 5);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_cmpuint (record.sequence, >, sequence);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    g_assert_true (tocsin_outbox_get (txn, record.sequence, &entry));
  }
  g_assert_true (g_bytes_equal (entry.activity, record.activity));
  g_assert_cmpuint (room_of (c).bytes, ==, g_bytes_get_size (entry.activity));
  g_assert_cmpuint (queued_for (c, c->c), ==, 5);
}

/* What says the same again is for nobody, and takes no room; its date counts all the same. */
static void
test_statements_again (Case *c, gconstpointer data)
{
  g_auto (TocsinTrustRecord) record = { 0 };
  Room before, after;

  say (c, 70, 0);
  before = room_of (c);
  for (guint i = 1; i < 20; i++)
    say (c, 70, i);
  after = room_of (c);
  g_assert_cmpmem (&before, sizeof before, &after, sizeof after);
  admit (c, proven (remove_statement_bytes ("b.example", "s", T0 + 18)), NULL);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_cmpint (record.updated_us, ==, T0 + 19);
  /* Another word of it goes out as ever. */
  say (c, 71, 20);
  g_assert_cmpuint (room_of (c).outbox, ==, before.outbox + 1);
}

/* Nor does who states and takes back by turns, or takes back what is gone. */
static void
test_statements_by_turns (Case *c, gconstpointer data)
{
  g_auto (TocsinTrustRecord) record = { 0 };
  Room before, after;

  say (c, 70, 0);
  admit (c, proven (remove_statement_by ("b.example", "s", T0, "gone")), NULL);
  before = room_of (c);
  g_assert_cmpuint (before.outbox, ==, 2);
  g_assert_cmpuint (before.tombstones, ==, 1);
  for (guint i = 1; i < 40; i += 2)
    {
      g_autofree char *gone = g_strdup_printf ("gone-%u", i);
      g_autofree char *late = g_strdup_printf ("late-%u", i);

      say (c, 70, i);
      g_assert_cmpint (
          admit (c, proven (remove_statement_by ("b.example", "s", T0 + i, gone)), NULL), ==, DONE);
      g_assert_cmpint (
          admit (c, proven (remove_statement_by ("b.example", "s", T0 + i, late)), NULL), ==,
          DROPPED);
    }
  after = room_of (c);
  g_assert_cmpmem (&before, sizeof before, &after, sizeof after);
  /* What is left standing goes out when its turn has come. */
  say (c, 70, 41);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_cmpuint (record.sequence, ==, 0);
  c->now_us += 10 * MINUTE;
  write_ok (&c->f, write_waiting, c);
  g_assert_true (get_statement (c, "e.example", &record));
  g_assert_cmpuint (record.sequence, ==, 3);
}

/* Nor one statement that moves between two areas. */
static void
test_statements_to_and_fro (Case *c, gconstpointer data)
{
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *name = g_strdup_printf ("move-%u", i);
      TocsinArea area = i % 2 == 0 ? TOCSIN_AREA_ANY : TOCSIN_AREA_SPAM;

      g_assert_cmpint (
          admit (c, proven (statement_in (area, "b.example", "s", "e.example", 70, T0 + i, name)),
                 NULL),
          ==, DONE);
    }
  g_assert_cmpuint (room_of (c).outbox, ==, 4);
  g_assert_cmpuint (room_of (c).seen, ==, 4);
  g_assert_cmpuint (room_of (c).ids, ==, 0);
}

/* Those of one truster together are bounded too. */
static void
test_statements_many (Case *c, gconstpointer data)
{
  for (guint i = 0; i < 8; i++)
    for (guint k = 0; k < 10; k++)
      {
        g_autofree char *name = g_strdup_printf ("s%u", k);
        g_autofree char *about = g_strdup_printf ("e%u.example", k);
        g_autofree char *activity = g_strdup_printf ("say-%u-%u", i, k);

        admit (c,
               proven (statement_bytes ("b.example", name, about, (guint8) (50 + i % 2), T0 + i,
                                        activity)),
               NULL);
      }
  g_assert_cmpuint (room_of (c).outbox, ==, 40);
  c->now_us += 99 * MINUTE; /* ten turns make a hundred minutes */
  write_ok (&c->f, write_waiting, c);
  g_assert_cmpuint (room_of (c).outbox, <=, 50);
  c->now_us += MINUTE;
  write_ok (&c->f, write_waiting, c);
  g_assert_cmpuint (room_of (c).outbox, ==, 50);
  c->now_us += 24 * TOCSIN_HOUR_US;
  write_ok (&c->f, write_waiting, c);
  g_assert_cmpuint (room_of (c).outbox, ==, 50);
}

int
main (int argc, char **argv)
{
  static const CaseTest tests[] = {
    { "/admission-trust/statements", test_statements },
    { "/admission-trust/key-changed", test_statements_key_changed },
    { "/admission-trust/forwarded", test_statements_forwarded },
    { "/admission-trust/removed", test_statements_removed },
    { "/admission-trust/moved", test_statements_moved },
    { "/admission-trust/moved/at-once", test_statements_moved_at_once },
    { "/admission-trust/at-once", test_statements_at_once },
    { "/admission-trust/moved/often", test_statements_moved_often },
    { "/admission-trust/released", test_statements_released },
    { "/admission-trust/full", test_statements_full },
    { "/admission-trust/often", test_statements_often },
    { "/admission-trust/again", test_statements_again },
    { "/admission-trust/by-turns", test_statements_by_turns },
    { "/admission-trust/to-and-fro", test_statements_to_and_fro },
    { "/admission-trust/many", test_statements_many },
  };

  return case_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
