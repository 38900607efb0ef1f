/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is lines: a byte that says how an activity came in, then the activity, as JSON on one
 * line, whose signature is taken to hold. The node follows b.example and c.example, whose keys it
 * knows, c.example reads it, d.example is believed through b.example, and z.example is a stranger.
 * Properties: whatever they say in whatever order, each is stored, dropped or refused, and the
 * store never fails; what was stored is not stored again, neither at once nor after all else,
 * whoever brings it; who is held for its key adds nothing that counts; and all counters and digests
 * are afterwards those that counting anew gives.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/error.h"
#include "fed-peers.h"
#include "fed/admission.h"
#include "fed/federation.h"
#include "fed/pinning.h"
#include "fed/relations.h"
#include "fuzz/baseline.h"
#include "store-fixture.h"
#include "store/table-actors.h"
#include "store/table-peers.h"
#include "store/table-reports.h"

#define LINES_MAX 6
#define NOW_US    (T0 + 20 * TOCSIN_HOUR_US)
#define KNOWN_KEY "z6Mkm2rLmBWj6Fu5ggB2QzGZHnKCZuHXVfmsH4ptXR5vcLkm"
#define OTHER_KEY "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"

static Fixture fixture;
static TocsinWriter *writer;
static TocsinFederation *fed;
static GArray *baseline;
static const char *const hosts[] = { "b.example", "c.example", "d.example", "z.example" };
static guint32 numbers[G_N_ELEMENTS (hosts)];

/* ---- the node ---- */

static TocsinActorDocument *
document_of (const char *host)
{
  g_autofree char *actor = g_strdup_printf ("https://%s/actor", host);
  g_autofree char *key_id = g_strconcat (actor, "#ed25519-key", NULL);
  TocsinActorDocument *document = tocsin_actor_document_new (actor);
  TocsinActorKey *key = tocsin_actor_key_new (key_id, actor);

  key->multibase = g_strdup (KNOWN_KEY);
  key->assertion = TRUE;
  g_ptr_array_add (document->keys, key);
  document->type = g_strdup ("Application");
  document->inbox = g_strdup_printf ("https://%s/inbox", host);
  document->outbox = g_strdup_printf ("https://%s/outbox", host);
  document->reports = g_strdup_printf ("https://%s/reports", host);
  document->trust = g_strdup_printf ("https://%s/trust", host);
  document->protocol_version = g_strdup (TOCSIN_PROTOCOL_VERSION);
  return document;
}

static void
pin_key (TocsinTxn *txn, guint32 number, const TocsinActorDocument *document)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_true (tocsin_peers_get (txn, number, &peer));
  tocsin_pinning_pin_all (&peer, document, T0);
  g_assert_cmpint (tocsin_pinning_of (&peer, KNOWN_KEY), ==, TOCSIN_PINNING_MATCHES);
  g_assert_cmpint (tocsin_pinning_of (&peer, OTHER_KEY), ==, TOCSIN_PINNING_CHANGED);
  tocsin_peers_put (txn, &peer);
}

static gboolean
put_actors (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  tocsin_actors_set_local (txn, "https://a.example/actor", T0);
  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (TocsinActorDocument) document = document_of (hosts[i]);

      numbers[i] = tocsin_pinning_save_actor (txn, document, T0);
    }
  write_followed (txn, numbers[0], TOCSIN_FOLLOWER_NONE);
  write_followed (txn, numbers[1], TOCSIN_FOLLOWER_READER);
  for (gsize i = 0; i < 2; i++)
    {
      g_autoptr (TocsinActorDocument) document = document_of (hosts[i]);

      pin_key (txn, numbers[i], document);
    }
  return TRUE;
}

static void
set_trust (void)
{
  g_autoptr (TocsinTrustSnapshot) trust = trust_in_three (numbers[0], numbers[1], numbers[2]);

  tocsin_federation_set_trust (fed, trust);
}

static void
close_node (void)
{
  tocsin_federation_free (fed);
  tocsin_writer_free (writer);
  g_array_unref (baseline);
  tear_down (&fixture, NULL);
}

void
tocsin_fuzz_begin (void)
{
  const TocsinIdentityOptions who = { .base_url = "https://a.example",
                                      .preferred_username = "tocsin",
                                      .name = "Test" };
  const TocsinFederationOptions options = { .burst_per_hour = 200, .time_scale = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (NULL, &error);
  g_autoptr (TocsinFetcher) fetcher = tocsin_fetcher_new (who.base_url, guard, 4, 2, &error);
  TocsinIdentity *identity;

  g_assert_no_error (error);
  set_up_sized (&fixture, 64 << 20);
  baseline_relax (fixture.store);
  identity = tocsin_identity_open (fixture.dir, &who, T0, &error);
  g_assert_no_error (error);
  writer = tocsin_writer_new (fixture.store);
  fed = tocsin_federation_new (fixture.store, writer, identity, fetcher, &options);
  write_ok (&fixture, put_actors, NULL);
  set_trust ();
  baseline = baseline_keep (fixture.store);
  atexit (close_node);
}

/* ---- one activity ---- */

/* What the byte before it says. */
typedef struct
{
  const char *relay; /* (nullable) who brought it, if not its actor */
  gboolean catch_up;
  gboolean proven;
  gboolean guest;
  gboolean gone;
  const char *key; /* that proved it, if it is proven */
  gint64 signed_us;
} Way;

static Way
read_way (guint8 byte)
{
  static const char *const relays[] = { NULL, NULL, "https://b.example/actor",
                                        "https://c.example/actor" };

  return (Way){ .relay = relays[byte & 3],
                .catch_up = (byte & 4) != 0,
                .proven = (byte & 8) != 0,
                .guest = (byte & 16) != 0,
                .gone = (byte & 32) != 0,
                .key = (byte & 64) != 0 ? OTHER_KEY : KNOWN_KEY,
                .signed_us = NOW_US - ((byte & 128) != 0 ? TOCSIN_HOUR_US : 0) };
}

static void
assert_refusal (const GError *error)
{
  g_assert_true (error->domain == TOCSIN_ERROR);
  g_assert_cmpint (error->code, !=, TOCSIN_ERROR_STORE);
  g_assert_cmpint (error->code, !=, TOCSIN_ERROR_UNAVAILABLE);
}

/* What of a reporter counts. *@is_held: whether @key, which proves something of it, is none of
 * those that are known of it. */
static guint
count_live (const char *reporter, const char *key, gboolean *is_held)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fixture.store));
  g_auto (TocsinPeerRecord) peer = { 0 };
  TocsinActorCounts counts = { 0 };
  guint32 number;

  *is_held = FALSE;
  if (!tocsin_actors_find (txn, reporter, &number))
    return 0;
  *is_held = tocsin_peers_get (txn, number, &peer) && key != NULL &&
             tocsin_pinning_of (&peer, key) == TOCSIN_PINNING_CHANGED;
  tocsin_reports_counts (txn, number, &counts);
  return counts.by_state[TOCSIN_STATE_LIVE];
}

/* Returns whether it was stored. */
static gboolean
admit (TocsinActivity *activity, const Way *way)
{
  gboolean is_relayed = way->relay != NULL && !g_str_equal (way->relay, activity->actor);
  const char *signer = is_relayed ? way->relay : activity->actor;
  TocsinArrival arrival = way->catch_up ? TOCSIN_ARRIVAL_CATCH_UP
                          : is_relayed  ? TOCSIN_ARRIVAL_RELAY
                                        : TOCSIN_ARRIVAL_PUSH;
  g_autoptr (TocsinAdmission) admission =
      tocsin_admission_new (activity, signer, arrival, fed->policy, NOW_US);
  gboolean is_held, was_held;
  guint live;
  g_autoptr (GError) error = NULL;

  /* What another brings comes this far with its author's proof alone. */
  admission->proven = way->proven || is_relayed;
  admission->proof_key = admission->proven ? g_strdup (way->key) : NULL;
  live = count_live (activity->actor, admission->proof_key, &was_held);
  if (!tocsin_store_write (fixture.store, tocsin_admission_write, admission, &error))
    assert_refusal (error);
  else if (admission->refusal != NULL)
    assert_refusal (admission->refusal);
  if (was_held)
    g_assert_cmpuint (count_live (activity->actor, admission->proof_key, &is_held), <=, live);
  return error == NULL && admission->refusal == NULL && admission->stored;
}

static void
relate (TocsinActivity *activity, TocsinKnownActor *sender, const Way *way)
{
  g_autoptr (TocsinRelationChange) change =
      tocsin_relation_change_new (fed, activity, sender, NOW_US);
  g_autoptr (GError) error = NULL;

  change->proven = way->proven;
  change->proof_key = way->proven ? g_strdup (way->key) : NULL;
  change->was_read = way->catch_up && activity->kind == TOCSIN_ACTIVITY_UPDATE;
  change->signed_us = way->catch_up ? 0 : way->signed_us;
  change->guest = way->guest;
  change->gone = way->gone;
  if (!tocsin_store_write (fixture.store, tocsin_relation_change_write, change, &error))
    assert_refusal (error);
  else if (change->refusal != NULL)
    assert_refusal (change->refusal);
}

/* As fed/inbox.c does once the signature holds, and fed/sync-page.c with what an outbox has.
 * Returns whether a report or a statement was stored. */
static gboolean
receive (GBytes *body, const Way *way)
{
  g_autoptr (TocsinActivity) activity = way->catch_up ? tocsin_activity_parse_listed (body, NULL)
                                                      : tocsin_activity_parse (body, NULL);
  TocsinKnownActor *sender =
      activity != NULL ? tocsin_keyring_peek (fed->keyring, activity->actor) : NULL;

  if (sender == NULL || !tocsin_activity_check_ownership (activity, sender->document->reports,
                                                          sender->document->trust, NULL))
    return FALSE;
  switch (activity->kind)
    {
    case TOCSIN_ACTIVITY_ADD:
    case TOCSIN_ACTIVITY_REMOVE:
      return admit (g_steal_pointer (&activity), way);
    case TOCSIN_ACTIVITY_DELETE:
      if (g_str_equal (activity->object, activity->actor))
        relate (g_steal_pointer (&activity), sender, way);
      return FALSE;
    case TOCSIN_ACTIVITY_OTHER:
      return FALSE;
    case TOCSIN_ACTIVITY_FOLLOW:
    case TOCSIN_ACTIVITY_ACCEPT:
    case TOCSIN_ACTIVITY_REJECT:
    case TOCSIN_ACTIVITY_UNDO:
    case TOCSIN_ACTIVITY_UPDATE:
    case TOCSIN_ACTIVITY_BLOCK:
    case TOCSIN_ACTIVITY_MOVE:
    default:
      relate (g_steal_pointer (&activity), sender, way);
      return FALSE;
    }
}

/* ---- all of them ---- */

/* Whoever brings it, and however. */
static void
assert_not_again (GBytes *body, const Way *way)
{
  for (guint8 byte = 0; byte < 8; byte++)
    {
      Way other = read_way (byte);

      if (byte == 1)
        continue; /* as 0 */
      other.proven = way->proven;
      other.key = way->key;
      g_assert_false (receive (body, &other));
    }
}

typedef struct
{
  Way way;
  GBytes *body;
  gboolean is_stored;
} Line;

static void
line_clear (gpointer data)
{
  g_bytes_unref (((Line *) data)->body);
}

static GArray *
read_lines (const guint8 *data, gsize size)
{
  const guint8 *end = data + size;
  GArray *lines = g_array_new (FALSE, FALSE, sizeof (Line));

  g_array_set_clear_func (lines, line_clear);
  for (const guint8 *at = data; at < end && lines->len < LINES_MAX;)
    {
      const guint8 *newline = memchr (at + 1, '\n', (gsize) (end - at) - 1);
      const guint8 *line_end = newline != NULL ? newline : end;
      Line line = { .way = read_way (*at),
                    .body = g_bytes_new (at + 1, (gsize) (line_end - at) - 1) };

      g_array_append_val (lines, line);
      at = newline != NULL ? newline + 1 : end;
    }
  return lines;
}

/* What was stored once is not again. */
static void
receive_line (GArray *lines, guint n)
{
  Line *line = &g_array_index (lines, Line, n);
  gboolean was_stored = FALSE;

  for (guint i = 0; i < lines->len; i++)
    was_stored |= g_array_index (lines, Line, i).is_stored &&
                  g_bytes_equal (g_array_index (lines, Line, i).body, line->body);
  line->is_stored = receive (line->body, &line->way);
  g_assert_false (line->is_stored && was_stored);
  if (line->is_stored)
    assert_not_again (line->body, &line->way);
  line->is_stored |= was_stored;
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GArray) lines = read_lines (data, size);

  if (lines->len == 0)
    return;
  for (guint round = 0; round < 2; round++)
    for (guint i = 0; i < lines->len; i++)
      receive_line (lines, i);
  baseline_assert_counted (fixture.store);
  baseline_restore (fixture.store, baseline);
  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *actor = g_strdup_printf ("https://%s/actor", hosts[i]);

      tocsin_keyring_forget (fed->keyring, actor);
    }
}
