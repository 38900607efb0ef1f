/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/changes against random histories: whatever happened, and wherever a reader stopped,
 * applying what comes from its cursor gives exactly what the node knows.
 */
#include "changes-reader.h"

#include "core/verdict.h"
#include "http/judge.h"
#include "store/purge.h"
#include "store/table-allow.h"
#include "store/table-changes.h"

#define HISTORIES     5
#define STEPS         60
#define READERS       6
#define SUBJECTS      40
#define REPORTS_MAX   400
#define TRUST_VERSION 100

static const char *const min_verdicts[] = { "allow", "note", "review", "block" };

typedef struct
{
  Node node;
  GRand *rand;
  guint64 reports[REPORTS_MAX];
  guint n_reports;
  guint64 trust_version;
  guint n_peers;
  Reader readers[READERS];
  guint what[READERS]; /* index of min_verdicts */
} World;

static char *
make_value (guint n, TocsinSubjectType *type)
{
  static const TocsinSubjectType types[] = { TOCSIN_SUBJECT_IP, TOCSIN_SUBJECT_NETWORK,
                                             TOCSIN_SUBJECT_USERNAME, TOCSIN_SUBJECT_DOMAIN,
                                             TOCSIN_SUBJECT_EMAIL };

  *type = types[n % G_N_ELEMENTS (types)];
  switch (*type)
    {
    case TOCSIN_SUBJECT_IP:
      return g_strdup_printf ("192.0.2.%u", n);
    case TOCSIN_SUBJECT_NETWORK:
      return g_strdup_printf ("192.0.%u.0/24", n);
    case TOCSIN_SUBJECT_USERNAME:
      return g_strdup_printf ("name%u", n);
    case TOCSIN_SUBJECT_DOMAIN:
      return g_strdup_printf ("d%u.example", n);
    case TOCSIN_SUBJECT_EMAIL:
    case TOCSIN_SUBJECT_NONE:
    case TOCSIN_SUBJECT_URL:
    case TOCSIN_SUBJECT_ACTOR:
    default:
      return g_strdup_printf ("me%u@d%u.example", n, n - 1);
    }
}

/* ---- what may happen ---- */

typedef struct
{
  World *world;
  guint n;
} Burst;

static gboolean
put_some (TocsinTxn *txn, gpointer data, GError **error)
{
  Burst *burst = data;
  World *world = burst->world;

  for (guint i = 0; i < burst->n; i++)
    {
      TocsinSubjectType type;
      g_autofree char *value =
          make_value ((guint) g_rand_int_range (world->rand, 0, SUBJECTS), &type);
      Report report = { (guint32) g_rand_int_range (world->rand, 0, PEERS + 1), type, value,
                        (guint8) g_rand_int_range (world->rand, 1, 5), 0 };

      report_days = (guint) g_rand_int_range (world->rand, 1, 60);
      if (!put_report (txn, &report, error))
        return FALSE;
      if (world->n_reports < REPORTS_MAX)
        world->reports[world->n_reports++] = report.number;
    }
  return TRUE;
}

static void
report_some (World *world, guint n)
{
  Burst burst = { world, n };
  g_autoptr (GError) error = NULL;

  tocsin_store_write (world->node.store, put_some, &burst, &error);
  g_assert_no_error (error);
}

static gboolean
withdraw_one (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  World *world = data;

  if (world->n_reports > 0)
    tocsin_reports_withdraw (
        txn, world->reports[g_rand_int_range (world->rand, 0, (gint32) world->n_reports)],
        TOCSIN_REASON_ERROR, now_us, now_us);
  return TRUE;
}

static gboolean
purge (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  tocsin_store_purge (txn, now_us, *(guint *) data);
  return TRUE;
}

static gboolean
touch_allow_list (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  World *world = data;
  TocsinAllowRecord entry = { .created_us = now_us, .reason = (char *) "why not" };
  g_auto (TocsinSubject) subject = { 0 };
  TocsinSubjectType type;
  g_autofree char *value = make_value ((guint) g_rand_int_range (world->rand, 0, SUBJECTS), &type);

  g_assert_true (tocsin_subject_parse (&subject, type, value, NULL));
  entry.key = tocsin_subject_key (&subject);
  entry.type = subject.key_type;
  entry.value = subject.key_value;
  if (g_rand_boolean (world->rand))
    entry.expires_us = now_us + g_rand_int_range (world->rand, 1, 96) * TOCSIN_HOUR_US / 2;
  if (!tocsin_allow_remove (txn, &entry.key))
    tocsin_allow_put (txn, &entry);
  return TRUE;
}

/* Another process, perhaps with another profile. */
static void
restart (World *world)
{
  static const char *const profiles[] = { "lenient", "default", "strict" };
  Node *node = &world->node;

  node_stop (node);
  now_us += TOCSIN_SECOND_US;
  node_start_with (node, profiles[g_rand_int_range (world->rand, 0, G_N_ELEMENTS (profiles))]);
  node_trust (node, world->n_peers, 1);
  world->trust_version = 1;
}

static void
happen (World *world)
{
  guint rows = 50;

  switch (g_rand_int_range (world->rand, 0, 20))
    {
    case 0:
      restart (world);
      break;
    case 1:
      world->n_peers = (guint) g_rand_int_range (world->rand, 0, PEERS + 1);
      node_trust (&world->node, world->n_peers, ++world->trust_version);
      break;
    case 2:
      tocsin_store_write (world->node.store, touch_allow_list, world, NULL);
      break;
    case 3:
    case 4:
      now_us += g_rand_int_range (world->rand, 1, 20) * TOCSIN_DAY_US;
      break;
    case 5:
    case 6:
    case 7:
      now_us += g_rand_int_range (world->rand, 1, 600) * (TOCSIN_HOUR_US / 60);
      break;
    case 8:
      report_some (world, 51);
      break;
    case 9:
      tocsin_store_write (world->node.store, purge, &rows, NULL);
      break;
    case 10:
    case 11:
    case 12:
      tocsin_store_write (world->node.store, withdraw_one, world, NULL);
      break;
    default:
      report_some (world, (guint) g_rand_int_range (world->rand, 1, 5));
      break;
    }
}

/* ---- readers ---- */

static void
reader_go (World *world, guint i, gboolean to_the_end)
{
  g_autofree char *rest =
      g_strdup_printf ("min_verdict=%s&limit=%d", min_verdicts[world->what[i]],
                       to_the_end ? 1000 : g_rand_int_range (world->rand, 1, 15));

  do
    reader_step (&world->readers[i], &world->node, rest);
  while (to_the_end && world->readers[i].more);
}

/* Takes over the place of another one, wherever that is: a reader that was stopped and copied. */
static void
reader_copy (World *world, guint from, guint to)
{
  Reader *source = &world->readers[from];
  Reader copy = { .cursor = g_strdup (source->cursor), .more = source->more };
  GHashTableIter iter;
  gpointer key, value;

  copy.copy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_iter_init (&iter, source->copy);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (copy.copy, g_strdup (key), g_strdup (value));
  reader_clear (&world->readers[to]);
  world->readers[to] = copy;
  world->what[to] = world->what[from];
}

/* What the node knows, by asking it about each key. */
typedef struct
{
  TocsinJudge judge;
  TocsinVerdict min_verdict;
  GHashTable *known; /* (owned) key → verdict and score */
} Truth;

static gboolean
add_truth (const TocsinSubjectRecord *record, gpointer data)
{
  Truth *truth = data;
  g_auto (TocsinFinding) finding = { 0 };
  const TocsinSubjectFinding *found;
  TocsinSubject subject;

  tocsin_judge_key (&truth->judge, record, &subject, &finding);
  found = &g_array_index (finding.subjects, TocsinSubjectFinding, 0);
  if (found->known && found->verdict >= truth->min_verdict)
    g_hash_table_insert (
        truth->known, tocsin_hex_encode (record->key.bytes, sizeof record->key.bytes),
        g_strdup_printf ("%s %u", tocsin_verdict_to_string (found->verdict), found->score));
  return TRUE;
}

static void
assert_true_copy (World *world, guint i)
{
  Truth truth = { .known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };
  GHashTable *copy = world->readers[i].copy;
  GHashTableIter iter;
  gpointer key, value;

  g_assert_true (tocsin_verdict_from_string (min_verdicts[world->what[i]], &truth.min_verdict));
  tocsin_judge_begin (&truth.judge, world->node.api, NULL, FALSE);
  truth.judge.scoring.now_us = now_us / TOCSIN_HOUR_US * TOCSIN_HOUR_US;
  tocsin_subjects_foreach (truth.judge.txn, "", NULL, add_truth, &truth);
  tocsin_judge_end (&truth.judge);
  g_assert_cmpuint (g_hash_table_size (copy), ==, g_hash_table_size (truth.known));
  g_hash_table_iter_init (&iter, truth.known);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_assert_cmpstr (g_hash_table_lookup (copy, key), ==, value);
  g_hash_table_unref (truth.known);
}

static void
live (guint32 seed, guint *n_exact)
{
  World world = { .n_peers = PEERS, .trust_version = TRUST_VERSION };

  g_test_message ("seed %u", seed);
  world.rand = g_rand_new_with_seed (seed);
  node_init (&world.node);
  for (guint i = 0; i < READERS; i++)
    {
      reader_init (&world.readers[i]);
      world.what[i] = i % G_N_ELEMENTS (min_verdicts);
    }
  for (guint step = 0; step < STEPS; step++)
    {
      guint i = (guint) g_rand_int_range (world.rand, 0, READERS);
      guint resets = world.readers[i].resets;

      happen (&world);
      reader_go (&world, i, FALSE);
      if (g_rand_int_range (world.rand, 0, 4) != 0)
        continue;
      reader_copy (&world, i, (i + 1) % READERS);
      reader_go (&world, i, TRUE);
      assert_true_copy (&world, i);
      *n_exact += world.readers[i].resets == resets;
    }
  for (guint i = 0; i < READERS; i++)
    {
      reader_go (&world, i, TRUE);
      assert_true_copy (&world, i);
    }
  for (guint i = 0; i < READERS; i++)
    reader_clear (&world.readers[i]);
  node_clear (&world.node);
  g_rand_free (world.rand);
}

static void
test_histories (void)
{
  guint n_exact = 0;

  for (guint i = 0; i < HISTORIES; i++)
    live (g_test_rand_int (), &n_exact);
  /* Readers did go on, and were not only told to begin anew. */
  g_test_message ("went on exactly %u times", n_exact);
  g_assert_cmpuint (n_exact, >, HISTORIES);
}

/* A score that fades is told, once an hour, to a reader that is there and to one that was away. */
static void
test_fading (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Reader) there = { 0 };
  g_auto (Reader) away = { 0 };
  guint n_changes = 0;

  node_init (&node);
  reader_init (&there);
  reader_init (&away);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_report (&node, 2, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  reader_step (&there, &node, "min_verdict=review");
  reader_step (&away, &node, "min_verdict=review");
  g_assert_cmpuint (g_hash_table_size (there.copy), ==, 1);
  for (guint hour = 0; hour < 60 * 24; hour += 8)
    {
      guint before = g_hash_table_size (there.copy);

      now_us += 8 * TOCSIN_HOUR_US;
      reader_step (&there, &node, "min_verdict=review");
      g_assert_false (there.more);
      n_changes += before != g_hash_table_size (there.copy);
    }
  g_assert_cmpuint (n_changes, ==, 1);
  g_assert_cmpuint (g_hash_table_size (there.copy), ==, 0);
  reader_step (&away, &node, "min_verdict=review");
  g_assert_cmpuint (g_hash_table_size (away.copy), ==, 0);
  g_assert_cmpuint (away.resets, ==, 1);
  g_assert_cmpuint (there.resets, ==, 1);
  /* Another min_verdict is another copy. */
  reader_step (&away, &node, "min_verdict=note");
  g_assert_cmpuint (away.resets, ==, 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/changes-history/histories", test_histories);
  g_test_add_func ("/changes-history/fading", test_fading);
  return g_test_run ();
}
