/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The threads of a node at once: main, which publishes; the writer; compute, which works trust out;
 * readers that judge. Most telling under ThreadSanitizer, see build-aux/check-threads.
 */
#include "store-fixture.h"

#include "core/clock.h"
#include "http/judge.h"
#include "node/recompute.h"
#include "store/purge.h"
#include "store/table-actors.h"
#include "store/table-peers.h"
#include "store/table-reports.h"
#include "store/table-trust.h"
#include "store/writer.h"

#define DEADLINE_SECONDS 100 /* for a build that is ten times slower, on a busy machine */
#define N_READERS        4
#define N_ACTORS         24
#define N_PEERS          3
#define N_SUBJECTS       24
#define N_CHANGES        300
#define MIN_CHECKS       60 /* by each reader while things change */
#define MIN_SNAPSHOTS    4
#define IN_FLIGHT        32

static gboolean
on_deadline (gpointer data)
{
  g_error ("%s did not come to its end in time", (const char *) data);
  return G_SOURCE_REMOVE;
}

static gint64
fixed_now_us (void)
{
  return T0 + TOCSIN_DAY_US;
}

/* ---- one node ---- */

typedef struct
{
  Fixture fixture;
  TocsinWriter *writer;
  TocsinApi *api;
  TocsinAuth *auth;
  TocsinRecompute *recompute;
  char *secret; /* (owned) a token that is always in force */
  GRand *random;
  guint in_flight;
  guint done;
  guint snapshots;
  gint stop;              /* atomic */
  gint checks[N_READERS]; /* atomic */
} World;

static char *
subject_text (guint n)
{
  return g_strdup_printf ("s%u.tocsin-check.org", n);
}

static char *
report_id (guint subject, guint32 actor)
{
  return g_strdup_printf ("https://a%u.example/reports/%u", actor, subject);
}

static void
put_statement (TocsinTxn *txn, guint32 from, guint32 to, guint8 weight)
{
  g_autofree char *id = g_strdup_printf ("https://a%u.example/trust/%u", from, to);
  TocsinTrustRecord record = {
    .truster = from, .trustee = to, .weight = weight, .live = TRUE, .updated_us = T0, .id = id
  };

  tocsin_trust_put (txn, &record);
}

static gboolean
write_start (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint32 actor = 1; actor <= N_ACTORS; actor++)
    {
      g_autofree char *uri = g_strdup_printf ("https://a%u.example/actor", actor);

      g_assert_cmpuint (tocsin_actors_intern (txn, uri, T0), ==, actor);
      /* Everyone is heard through some peer, and through others as statements come. */
      if (actor > N_PEERS)
        put_statement (txn, 1 + actor % N_PEERS, actor, 80);
    }
  for (guint32 actor = 1; actor <= N_PEERS; actor++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      tocsin_peer_record_init (&peer, actor);
      peer.following = TOCSIN_FOLLOWING_ACCEPTED;
      peer.weights[TOCSIN_AREA_ANY] = (gint8) (100 - 10 * actor);
      tocsin_peers_put (txn, &peer);
    }
  return TRUE;
}

/* ---- changes, on the writer thread ---- */

typedef struct
{
  World *world;
  guint kind;
  guint subject;
  guint32 actor;
  guint32 other;
  guint8 number;
} Change;

static void
add_report (TocsinTxn *txn, const Change *change)
{
  g_autofree char *text = subject_text (change->subject);
  g_autofree char *id = report_id (change->subject, change->actor);
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };
  guint64 number = 0;

  if (tocsin_reports_find (txn, change->actor, id, &number))
    return;
  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_DOMAIN, text, NULL));
  record = (TocsinReportRecord){
    .actor = change->actor,
    .via = change->actor,
    .state = TOCSIN_STATE_LIVE,
    .category = (guint8) (1 + change->number % 5),
    .subject_type = subject.type,
    .key_type = subject.key_type,
    .opinion = change->number % 7 == 0 ? TOCSIN_OPINION_BENIGN : TOCSIN_OPINION_MALICIOUS,
    .confidence = change->number,
    .sharing = TOCSIN_SHARING_GREEN,
    .published_us = T0,
    .updated_us = T0,
    .observed_us = T0,
    .last_observed_us = T0,
    .end_us = T0 + (change->number % 3 == 0 ? TOCSIN_HOUR_US : 30 * TOCSIN_DAY_US),
    .received_us = T0,
    .key = tocsin_subject_key (&subject),
    .id = g_steal_pointer (&id),
    .value = g_steal_pointer (&text),
  };
  record.evidence_end_us = record.end_us;
  tocsin_sha256 (record.id, strlen (record.id), record.content_hash);
  /* As if it were an hour ago, so that the purge has something to do. */
  tocsin_reports_put (txn, &record, T0);
}

static gboolean
write_change (TocsinTxn *txn, gpointer data, GError **error)
{
  const Change *change = data;
  g_autofree char *id = report_id (change->subject, change->actor);
  guint64 number = 0;

  switch (change->kind)
    {
    case 0:
      if (tocsin_reports_find (txn, change->actor, id, &number))
        tocsin_reports_withdraw (txn, number, TOCSIN_REASON_ERROR, T0, T0 + TOCSIN_DAY_US);
      return TRUE;
    case 1:
      tocsin_store_purge (txn, fixed_now_us (), 50);
      return TRUE;
    case 2:
      put_statement (txn, change->actor, change->other, change->number);
      return TRUE;
    case 3:
      tocsin_trust_remove (txn, change->actor, change->other, TOCSIN_AREA_ANY);
      return TRUE;
    default:
      add_report (txn, change);
      return TRUE;
    }
}

/* ---- main ---- */

static void
on_trust (TocsinTrustSnapshot *trust, gpointer data)
{
  World *world = data;

  world->snapshots++;
  tocsin_api_set_trust (world->api, trust);
}

static void
on_commit (TocsinNotes notes, gpointer data)
{
  World *world = data;

  if ((notes & TOCSIN_NOTE_TRUST_CHANGED) != 0)
    tocsin_recompute_request (world->recompute);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  World *world = data;
  g_autoptr (GError) error = NULL;

  tocsin_writer_submit_finish (result, &error);
  g_assert_no_error (error);
  world->in_flight--;
  world->done++;
}

static void
submit_change (World *world)
{
  Change *change = g_new (Change, 1);

  *change = (Change){
    .world = world,
    .kind = g_rand_int_range (world->random, 0, 12),
    .subject = g_rand_int_range (world->random, 0, N_SUBJECTS),
    .actor = g_rand_int_range (world->random, 1, N_ACTORS + 1),
    .other = g_rand_int_range (world->random, 1, N_ACTORS + 1),
    .number = (guint8) g_rand_int_range (world->random, 1, 101),
  };
  if (change->actor == change->other)
    change->other = 1 + change->actor % N_ACTORS;
  world->in_flight++;
  tocsin_writer_submit_async (world->writer, write_change, change, g_free, NULL, on_written, world);
}

/* One token stays, so that a reader can tell a set that is half there. */
static void
replace_tokens (World *world, guint round)
{
  TocsinToken tokens[3] = {
    { .name = (char *) "first", .scopes = TOCSIN_SCOPE_RANGE },
    { .name = (char *) "stays", .scopes = TOCSIN_SCOPE_CHECK },
    { .name = (char *) "last", .scopes = TOCSIN_SCOPE_REPORT },
  };

  tocsin_auth_token_hash ("tocsin_first", tokens[0].hash);
  tocsin_auth_token_hash (world->secret, tokens[1].hash);
  tocsin_auth_token_hash ("tocsin_last", tokens[2].hash);
  tocsin_auth_replace (world->auth, tokens + round % 2, 2);
}

static void
set_up_world (World *world, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinTrustSnapshot) trust = NULL;
  TocsinApiOptions options = { .now_us = fixed_now_us };

  set_up (&world->fixture, NULL);
  write_ok (&world->fixture, write_start, NULL);
  world->secret = tocsin_auth_token_new ();
  world->auth = tocsin_auth_new ();
  replace_tokens (world, 0);
  world->random = g_rand_new_with_seed (1);
  world->writer = tocsin_writer_new (world->fixture.store);
  options.store = world->fixture.store;
  options.writer = world->writer;
  options.auth = world->auth;
  world->api = tocsin_api_new (&options, &error);
  g_assert_no_error (error);
  world->recompute = tocsin_recompute_new (world->fixture.store, on_trust, world, G_MAXINT);
  trust = tocsin_recompute_now (world->recompute);
  tocsin_api_set_trust (world->api, trust);
  tocsin_store_listen (world->fixture.store, on_commit, world);
}

static void
tear_down_world (World *world, gconstpointer data)
{
  tocsin_recompute_free (world->recompute);
  tocsin_writer_stop (world->writer);
  tocsin_api_free (world->api);
  tocsin_writer_free (world->writer);
  tocsin_auth_free (world->auth);
  g_rand_free (world->random);
  g_free (world->secret);
  tear_down (&world->fixture, NULL);
}

/* ---- readers ---- */

/* All that a verdict says, to the last bit. */
static char *
describe (const TocsinFinding *finding)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u %u %s", (guint) finding->verdict, finding->score,
                          finding->summary);
  for (guint i = 0; i < finding->subjects->len; i++)
    {
      const TocsinSubjectFinding *f = &g_array_index (finding->subjects, TocsinSubjectFinding, i);

      g_string_append_printf (text, " | %a %a %a %u %u", f->s_or, f->s_loo, f->s_trim, f->origins,
                              f->last_seen_s);
      for (guint c = 0; c < f->categories->len; c++)
        g_string_append_printf (text, " %a",
                                g_array_index (f->categories, TocsinCategoryFinding, c).s_or);
    }
  for (guint i = 0; i < finding->without->len; i++)
    {
      const TocsinCounterfactual *w = &g_array_index (finding->without, TocsinCounterfactual, i);

      g_string_append_printf (text, " -%u:%u", w->actor, (guint) w->verdict);
    }
  return g_string_free (text, FALSE);
}

static char *
judge_pair (TocsinJudge *judge, TocsinApi *api, guint first, guint second)
{
  TocsinSubject subjects[2];
  g_auto (TocsinFinding) finding = { 0 };
  g_autoptr (GError) error = NULL;
  char *description;

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *text = subject_text (i == 0 ? first : second);

      g_assert_true (tocsin_judge_parse (judge, TOCSIN_SUBJECT_DOMAIN, text, &subjects[i], NULL));
    }
  tocsin_judge_event (judge, subjects, 2, &finding);
  tocsin_txn_check (judge->txn, &error);
  g_assert_no_error (error);
  tocsin_api_charge (api, finding.charge_actor, finding.charge_event, tocsin_api_now_us (api));
  description = describe (&finding);
  for (guint i = 0; i < 2; i++)
    tocsin_subject_clear (&subjects[i]);
  return description;
}

typedef struct
{
  World *world;
  guint index;
} Reader;

static void
look_token_up (World *world)
{
  const char *name = NULL;

  g_assert_cmpuint (tocsin_auth_lookup (world->auth, world->secret, &name), ==, TOCSIN_SCOPE_CHECK);
  g_assert_cmpstr (name, ==, "stays");
  g_assert_cmpuint (tocsin_auth_lookup (world->auth, "tocsin_nobody", NULL), ==, 0);
}

/* What a request sees does not change while it is answered, and time does not run backwards. */
static gpointer
read_until_stopped (gpointer data)
{
  Reader *reader = data;
  World *world = reader->world;
  GRand *random = g_rand_new_with_seed (100 + reader->index);
  guint64 generation = 0, version = 0;

  while (g_atomic_int_get (&world->stop) == 0)
    {
      guint first = (guint) g_rand_int_range (random, 0, N_SUBJECTS);
      guint second = (first + 1) % N_SUBJECTS;
      g_autofree char *once = NULL, *again = NULL;
      g_auto (TocsinJudge) judge = { 0 };

      tocsin_judge_begin (&judge, world->api, NULL, TRUE);
      g_assert_cmpuint (judge.generation, >=, generation);
      generation = judge.generation;
      g_assert_cmpuint (tocsin_trust_snapshot_version (judge.scoring.trust), >=, version);
      version = tocsin_trust_snapshot_version (judge.scoring.trust);
      once = judge_pair (&judge, world->api, first, second);
      again = judge_pair (&judge, world->api, first, second);
      g_assert_cmpstr (once, ==, again);
      look_token_up (world);
      g_atomic_int_inc (&world->checks[reader->index]);
    }
  g_rand_free (random);
  return NULL;
}

static gboolean
readers_are_done (World *world)
{
  for (guint i = 0; i < N_READERS; i++)
    if (g_atomic_int_get (&world->checks[i]) < MIN_CHECKS)
      return FALSE;
  return TRUE;
}

/* Main's part, again and again until both sides have done enough. */
static gboolean
on_turn (gpointer data)
{
  World *world = data;

  while (world->in_flight < IN_FLIGHT &&
         (world->done + world->in_flight < N_CHANGES || world->snapshots < MIN_SNAPSHOTS))
    submit_change (world);
  if (world->done % 16 == 0)
    {
      replace_tokens (world, world->done / 16);
      tocsin_api_set_observe (world->api, world->done % 32 == 0, 0);
    }
  return G_SOURCE_CONTINUE;
}

static char *
judge_all (TocsinApi *api)
{
  GString *text = g_string_new (NULL);
  g_auto (TocsinJudge) judge = { 0 };

  tocsin_judge_begin (&judge, api, NULL, TRUE);
  for (guint i = 0; i < N_SUBJECTS; i++)
    {
      g_autofree char *one = judge_pair (&judge, api, i, (i + 1) % N_SUBJECTS);

      g_string_append (text, one);
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

static gpointer
judge_all_here (gpointer data)
{
  World *world = data;

  return judge_all (world->api);
}

static void
test_node (World *world, gconstpointer data)
{
  guint deadline = g_timeout_add_seconds (DEADLINE_SECONDS, on_deadline, (gpointer) "The node");
  guint turn = g_timeout_add (1, on_turn, world);
  GThread *threads[N_READERS];
  Reader readers[N_READERS];
  g_autofree char *expected = NULL;
  g_autoptr (TocsinTrustSnapshot) trust = NULL;

  for (guint i = 0; i < N_READERS; i++)
    {
      readers[i] = (Reader){ world, i };
      threads[i] = g_thread_new ("reader", read_until_stopped, &readers[i]);
    }
  while (world->done < N_CHANGES || world->snapshots < MIN_SNAPSHOTS || world->in_flight > 0 ||
         !readers_are_done (world))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (turn);
  g_atomic_int_set (&world->stop, 1);
  for (guint i = 0; i < N_READERS; i++)
    g_thread_join (threads[i]);

  /* Everything is quiet: all threads agree with one that works alone. */
  trust = tocsin_recompute_now (world->recompute);
  tocsin_api_set_trust (world->api, trust);
  for (guint i = 0; i < N_READERS; i++)
    threads[i] = g_thread_new ("reader", judge_all_here, world);
  expected = judge_all (world->api);
  g_assert_nonnull (strstr (expected, "0x1.")); /* something is suspected */
  for (guint i = 0; i < N_READERS; i++)
    {
      g_autofree char *seen = g_thread_join (threads[i]);

      g_assert_cmpstr (seen, ==, expected);
    }
  g_source_remove (deadline);
}

/* ---- columns and index, made at first use ---- */

#define N_EVALUATORS 8
#define N_CASES      40
#define N_VOICES     8
#define N_GRAPHS     3
#define GRAPH_ACTORS 120

typedef struct
{
  TocsinVoice voices[N_CASES][N_VOICES];
  TocsinTrustSnapshot *trust; /* (owned) */
} Questions;

typedef struct
{
  TocsinBelief beliefs[N_CASES][2]; /* exact, sampled */
  double without[N_CASES];
} Answers;

typedef struct
{
  Questions *questions; /* (unowned) */
  guint first;
  GMutex *gate; /* (unowned) held until all threads are there */
} Evaluator;

static TocsinTrustSnapshot *
random_snapshot (guint32 seed)
{
  GRand *random = g_rand_new_with_seed (seed);
  TocsinGraphStatement statements[GRAPH_ACTORS * 4];
  TocsinTrustPeer peers[5];
  TocsinTrustInput input = { statements, G_N_ELEMENTS (statements), peers, G_N_ELEMENTS (peers) };
  TocsinTrustSnapshot *trust;

  for (gsize i = 0; i < G_N_ELEMENTS (statements); i++)
    statements[i] = (TocsinGraphStatement){
      .from = 1 + (guint32) (i % GRAPH_ACTORS),
      .to = (guint32) g_rand_int_range (random, 1, GRAPH_ACTORS + 1),
      .weight_ppb =
          tocsin_trust_weight_ppb (g_rand_int_range (random, 1, 101) / 100.0) & 0x3fffffff,
      .area = TOCSIN_AREA_ANY,
    };
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peers[i] = (TocsinTrustPeer){ i + 1, TOCSIN_AREA_ANY, 1.0 - 0.1 * i, FALSE };
  trust = tocsin_trust_snapshot_new (&input, 1, seed);
  g_rand_free (random);
  return trust;
}

static void
questions_init (Questions *self, guint32 seed)
{
  GRand *random = g_rand_new_with_seed (seed);

  for (guint i = 0; i < N_CASES; i++)
    for (guint v = 0; v < N_VOICES; v++)
      self->voices[i][v] = (TocsinVoice){
        .actor = (guint32) g_rand_int_range (random, 1, GRAPH_ACTORS + 1),
        .strength = g_rand_int_range (random, 1, 101) / 100.0,
        .malicious = g_rand_int_range (random, 0, 4) != 0,
      };
  self->trust = random_snapshot (seed);
  g_rand_free (random);
}

static void
answer (Questions *questions, guint i, Answers *out)
{
  TocsinWalks *walks = tocsin_trust_snapshot_walks (questions->trust, TOCSIN_AREA_ANY);
  const TocsinVoice *voices = questions->voices[i];

  out->beliefs[i][0] = tocsin_walks_evaluate (walks, voices, N_VOICES, TOCSIN_WALKS_EXACT, NULL);
  out->beliefs[i][1] = tocsin_walks_evaluate (walks, voices, N_VOICES, TOCSIN_WALKS_INDEX, NULL);
  out->without[i] = tocsin_walks_without (walks, voices, N_VOICES, voices[0].actor);
}

static gpointer
evaluate_all (gpointer data)
{
  const Evaluator *self = data;
  Answers *answers = g_new0 (Answers, 1);

  g_mutex_lock (self->gate);
  g_mutex_unlock (self->gate);
  /* Each begins elsewhere, so that each is the first to need something. */
  for (guint i = 0; i < N_CASES; i++)
    answer (self->questions, (self->first + i) % N_CASES, answers);
  return answers;
}

static void
assert_same_bits (double a, double b)
{
  g_assert_cmpmem (&a, sizeof a, &b, sizeof b);
}

static void
assert_same_answers (const Answers *a, const Answers *b)
{
  for (guint i = 0; i < N_CASES; i++)
    {
      for (guint m = 0; m < 2; m++)
        {
          assert_same_bits (a->beliefs[i][m].s_or, b->beliefs[i][m].s_or);
          assert_same_bits (a->beliefs[i][m].s_loo, b->beliefs[i][m].s_loo);
          assert_same_bits (a->beliefs[i][m].s_trim, b->beliefs[i][m].s_trim);
          g_assert_cmpuint (a->beliefs[i][m].loo_actor, ==, b->beliefs[i][m].loo_actor);
        }
      assert_same_bits (a->without[i], b->without[i]);
    }
}

static void
test_columns (void)
{
  for (guint32 seed = 1; seed <= N_GRAPHS; seed++)
    {
      g_autofree Questions *together = g_new0 (Questions, 1);
      g_autofree Questions *alone = g_new0 (Questions, 1);
      g_autofree Answers *expected = g_new0 (Answers, 1);
      GThread *threads[N_EVALUATORS];
      Evaluator evaluators[N_EVALUATORS];
      GMutex gate;
      double sum = 0;

      questions_init (together, seed);
      questions_init (alone, seed);
      g_mutex_init (&gate);
      g_mutex_lock (&gate);
      for (guint t = 0; t < N_EVALUATORS; t++)
        {
          evaluators[t] = (Evaluator){ together, t * N_CASES / N_EVALUATORS, &gate };
          threads[t] = g_thread_new ("evaluate", evaluate_all, &evaluators[t]);
        }
      g_mutex_unlock (&gate);
      for (guint i = 0; i < N_CASES; i++)
        {
          answer (alone, i, expected);
          sum += expected->beliefs[i][0].s_or;
        }
      g_assert_cmpfloat (sum, >, 0);
      for (guint t = 0; t < N_EVALUATORS; t++)
        {
          g_autofree Answers *answers = g_thread_join (threads[t]);

          assert_same_answers (answers, expected);
        }
      g_mutex_clear (&gate);
      tocsin_trust_snapshot_unref (together->trust);
      tocsin_trust_snapshot_unref (alone->trust);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/concurrency/node", World, NULL, set_up_world, test_node, tear_down_world);
  g_test_add_func ("/concurrency/columns", test_columns);
  return g_test_run ();
}
