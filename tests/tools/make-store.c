/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* make-store --subjects N --evidence K --seed N [--time SECONDS] DIR
 *
 * Fills the store of data directory DIR with data that depends on the arguments alone (the time is
 * today's midnight unless given): 200 reporters, of whom 20 are direct peers that trust 9 others
 * each, and N subjects with K reports each. Subject n is
 *   n % 4 = 0: ip 1.0.0.0 + n · 1: ip 2001:db8:…::1 (keyed as /64) · 2: domain sN.example ·
 *   3: email uN@mail.example
 * so that a benchmark can ask for what is there and for what is not.
 */
#include <glib.h>

#include "core/clock.h"
#include "core/error.h"
#include "store/bulk.h"
#include "store/table-actors.h"
#include "store/table-imports.h"
#include "store/table-peers.h"
#include "store/table-trust.h"

#define REPORTERS       200
#define DIRECT_PEERS    20
#define TRUSTED_BY_EACH 9

typedef struct
{
  gint64 subjects;
  gint64 evidence;
  gint64 seed;
  gint64 time_s;
  char *dir; /* (owned) */
} Options;

typedef struct
{
  gint64 now_us;
  GRand *rand; /* (unowned) */
  guint64 batch;
} Setup;

static void
put_peer (TocsinTxn *txn, guint32 actor, gint64 now_us)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peer_record_init (&peer, actor);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  peer.following_since_us = now_us;
  peer.weights[TOCSIN_AREA_ANY] = 50;
  tocsin_peers_put (txn, &peer);
}

static void
put_statement (TocsinTxn *txn, guint32 truster, guint32 trustee, gint64 now_us)
{
  g_autofree char *id =
      g_strdup_printf ("https://node%u.example/trust/%u", (guint) truster, (guint) trustee);
  TocsinTrustRecord record = { .truster = truster,
                               .trustee = trustee,
                               .area = TOCSIN_AREA_ANY,
                               .weight = 80,
                               .live = TRUE,
                               .via = truster,
                               .published_us = now_us,
                               .updated_us = now_us,
                               .paid_us = now_us,
                               .id = id };

  tocsin_trust_put (txn, &record);
}

/* A WriteFunc, run once: the random numbers go on from where they are. */
static gboolean
set_up_actors (TocsinTxn *txn, gpointer data, GError **error)
{
  Setup *setup = data;
  TocsinImportRecord import = { .created_us = setup->now_us, .source = (char *) "make-store" };

  for (guint32 i = 1; i <= REPORTERS; i++)
    {
      g_autofree char *uri = g_strdup_printf ("https://node%u.example/actor", (guint) i);

      tocsin_actors_intern (txn, uri, setup->now_us);
    }
  for (guint32 i = 1; i <= DIRECT_PEERS; i++)
    {
      put_peer (txn, i, setup->now_us);
      for (guint k = 0; k < TRUSTED_BY_EACH; k++)
        put_statement (txn, i, (guint32) g_rand_int_range (setup->rand, 1, REPORTERS + 1),
                       setup->now_us);
    }
  setup->batch = tocsin_imports_add (txn, &import);
  return TRUE;
}

static gboolean
make_subject (TocsinSubject *subject, guint64 n, GError **error)
{
  g_autofree char *value = NULL;
  TocsinSubjectType type = TOCSIN_SUBJECT_IP;
  guint32 v4 = 0x01000000 + (guint32) n;

  switch (n % 4)
    {
    case 0:
      value = g_strdup_printf ("%u.%u.%u.%u", v4 >> 24, v4 >> 16 & 255, v4 >> 8 & 255, v4 & 255);
      break;
    case 1:
      value =
          g_strdup_printf ("2001:db8:%x:%x::1", (guint) (n >> 16 & 0xffff), (guint) (n & 0xffff));
      break;
    case 2:
      type = TOCSIN_SUBJECT_DOMAIN;
      value = g_strdup_printf ("s%" G_GUINT64_FORMAT ".example", n);
      break;
    default:
      type = TOCSIN_SUBJECT_EMAIL;
      value = g_strdup_printf ("u%" G_GUINT64_FORMAT "@mail.example", n);
      break;
    }
  return tocsin_subject_parse (subject, type, value, error);
}

static gboolean
flush (TocsinStore *store, TocsinBulk *bulk, GError **error)
{
  if (!tocsin_store_write (store, tocsin_bulk_write, bulk, error))
    return FALSE;
  tocsin_bulk_reset (bulk);
  return TRUE;
}

static gboolean
add_rows (TocsinStore *store,
          TocsinBulk *bulk,
          guint64 n,
          const Options *options,
          GRand *rand,
          GError **error)
{
  g_auto (TocsinSubject) subject = { 0 };
  guint32 first = (guint32) g_rand_int_range (rand, 0, REPORTERS);

  if (!make_subject (&subject, n, error))
    return FALSE;
  for (gint64 k = 0; k < options->evidence; k++)
    {
      guint32 age_s = (guint32) g_rand_int_range (rand, 0, 10 * 24) * 3600;
      guint32 observed_s = (guint32) options->time_s - age_s;
      gboolean benign = g_rand_int_range (rand, 0, 20) == 0;
      TocsinBulkRow row = {
        .key = tocsin_subject_key (&subject),
        .key_type = subject.key_type,
        .value = tocsin_subject_type_is_digested (subject.type) ? NULL : subject.key_value,
        .evidence = { .reporter = 1 + (first + (guint32) k) % REPORTERS,
                      .category = (guint8) g_rand_int_range (rand, 1, 6),
                      .flags = benign ? TOCSIN_EVIDENCE_BENIGN : 0,
                      .confidence = (guint8) g_rand_int_range (rand, 50, 101),
                      .subject_type = (guint8) subject.type,
                      .observed_s = observed_s,
                      .expires_s = observed_s + 120 * 24 * 3600 },
      };

      if (tocsin_subject_type_is_person (subject.type))
        row.evidence.flags |= TOCSIN_EVIDENCE_PERSON;
      if (tocsin_bulk_add (bulk, &row) && !flush (store, bulk, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
run (const Options *options, GError **error)
{
  g_autoptr (TocsinStore) store = tocsin_store_open (options->dir, 0, error);
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) options->seed);
  Setup setup = { .now_us = options->time_s * TOCSIN_SECOND_US, .rand = rand };
  g_autoptr (TocsinBulk) bulk = NULL;

  if (store == NULL || !tocsin_store_write (store, set_up_actors, &setup, error))
    return FALSE;
  bulk = tocsin_bulk_new (setup.batch);
  for (gint64 n = 0; n < options->subjects; n++)
    if (!add_rows (store, bulk, (guint64) n, options, rand, error))
      return FALSE;
  return flush (store, bulk, error);
}

static gboolean
parse (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "subjects", 0, 0, G_OPTION_ARG_INT64, &options->subjects, "How many subjects", "N" },
    { "evidence", 0, 0, G_OPTION_ARG_INT64, &options->evidence, "Reports of each", "K" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &options->seed, "Seed of the random numbers", "N" },
    { "time", 0, 0, G_OPTION_ARG_INT64, &options->time_s, "Time of the data", "SECONDS" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("DIR");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc != 2 || options->subjects < 0 || options->subjects > (1 << 30) ||
      options->evidence < 0 || options->evidence > REPORTERS || options->time_s < 0 ||
      options->time_s > G_MAXUINT32 / 2)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "Expected one DIR, up to %d subjects and up to %d reports of each", 1 << 30,
                   REPORTERS);
      return FALSE;
    }
  options->dir = g_strdup ((*argv)[1]);
  return TRUE;
}

int
main (int argc, char *argv[])
{
  gint64 today_s = tocsin_time_now_us () / TOCSIN_DAY_US * (TOCSIN_DAY_US / TOCSIN_SECOND_US);
  Options options = { .subjects = 1000, .evidence = 3, .seed = 1, .time_s = today_s };
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!parse (&argc, &argv, &options, &error))
    status = 2;
  else if (!run (&options, &error))
    status = 1;
  if (error != NULL)
    g_printerr ("make-store: %s\n", error->message);
  g_free (options.dir);
  return status;
}
