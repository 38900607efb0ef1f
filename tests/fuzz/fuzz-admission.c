/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is lines: a byte that says how an activity came in, then the activity, as JSON on one
 * line, whose signature is taken to hold. The node follows b.example and c.example, c.example reads
 * it, d.example is believed through b.example, and z.example is a stranger. Properties: whatever
 * they say in whatever order, each is stored, dropped or refused, and the store never fails; the
 * same activity is not stored twice; and all counters and digests are afterwards those that
 * counting anew gives.
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

#define LINES_MAX 6
#define NOW_US    (T0 + 20 * TOCSIN_HOUR_US)

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
  TocsinActorDocument *document = tocsin_actor_document_new (actor);

  document->type = g_strdup ("Application");
  document->inbox = g_strdup_printf ("https://%s/inbox", host);
  document->outbox = g_strdup_printf ("https://%s/outbox", host);
  document->reports = g_strdup_printf ("https://%s/reports", host);
  document->trust = g_strdup_printf ("https://%s/trust", host);
  document->protocol_version = g_strdup (TOCSIN_PROTOCOL_VERSION);
  return document;
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
                .gone = (byte & 32) != 0 };
}

static void
assert_refusal (const GError *error)
{
  g_assert_true (error->domain == TOCSIN_ERROR);
  g_assert_cmpint (error->code, !=, TOCSIN_ERROR_STORE);
  g_assert_cmpint (error->code, !=, TOCSIN_ERROR_UNAVAILABLE);
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
  g_autoptr (GError) error = NULL;

  /* What another brings comes this far with its author's proof alone. */
  admission->proven = way->proven || is_relayed;
  if (!tocsin_store_write (fixture.store, tocsin_admission_write, admission, &error))
    assert_refusal (error);
  else if (admission->refusal != NULL)
    assert_refusal (admission->refusal);
  else
    return admission->stored;
  return FALSE;
}

static void
relate (TocsinActivity *activity, TocsinKnownActor *sender, const Way *way)
{
  g_autoptr (TocsinRelationChange) change =
      tocsin_relation_change_new (fed, activity, sender, NOW_US);
  g_autoptr (GError) error = NULL;

  change->proven = way->proven;
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

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  const guint8 *end = data + size;
  guint n = 0, received = 0;

  for (const guint8 *at = data; at < end && n < LINES_MAX; n++)
    {
      const guint8 *newline = memchr (at + 1, '\n', (gsize) (end - at) - 1);
      const guint8 *line_end = newline != NULL ? newline : end;
      g_autoptr (GBytes) body = g_bytes_new (at + 1, (gsize) (line_end - at) - 1);
      Way way = read_way (*at);

      received++;
      if (receive (body, &way))
        g_assert_false (receive (body, &way));
      at = newline != NULL ? newline + 1 : end;
    }
  if (received == 0)
    return;
  baseline_assert_counted (fixture.store);
  baseline_restore (fixture.store, baseline);
  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *actor = g_strdup_printf ("https://%s/actor", hosts[i]);

      tocsin_keyring_forget (fed->keyring, actor);
    }
}
