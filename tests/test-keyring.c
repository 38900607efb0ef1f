/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/clock.h"
#include "core/error.h"
#include "fed/keyring.h"
#include "fed/pinning.h"
#include "store-fixture.h"
#include "store/table-peers.h"

static char *
actor_of (const char *host)
{
  return g_strdup_printf ("https://%s/actor", host);
}

/* A keyring and what it needs. */
typedef struct
{
  TocsinHostBudget *budget;
  TocsinIdentity *identity;
  TocsinFetcher *fetcher;
  TocsinKeyring *keyring;
} Ring;

/* @signs: whether it asks anybody; making keys takes long. */
static void
ring_init (Ring *self, Fixture *f, gboolean signs)
{
  static const char *const allow[] = { "127.0.0.1", NULL };
  const TocsinIdentityOptions who = {
    .base_url = "https://a.example", .preferred_username = "tocsin", .name = "A", .summary = ""
  };
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, NULL);

  self->budget = tocsin_host_budget_new (TOCSIN_HOST_BUDGET_NAMES);
  self->identity = signs ? tocsin_identity_open (f->dir, &who, T0, NULL) : NULL;
  self->fetcher = tocsin_fetcher_new (who.base_url, guard, 1, 1, NULL);
  self->keyring = tocsin_keyring_new (f->store, self->fetcher, self->budget, self->identity);
}

static void
ring_clear (Ring *self)
{
  g_clear_object (&self->keyring);
  g_clear_object (&self->fetcher);
  g_clear_pointer (&self->identity, tocsin_identity_free);
  g_clear_pointer (&self->budget, tocsin_host_budget_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ring, ring_clear)

#define LONG_DOCUMENTS 300
#define LONG_KEYS      32u

static gboolean
write_long_documents (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autofree char *pem = g_strnfill (4096, 'x');

  for (guint i = 0; i < LONG_DOCUMENTS; i++)
    {
      g_autofree char *host = g_strdup_printf ("long-%u.example", i);
      g_autofree char *actor = actor_of (host);
      g_autoptr (TocsinActorDocument) document = tocsin_actor_document_new (actor);

      for (guint k = 0; k < LONG_KEYS; k++)
        {
          g_autofree char *id = g_strdup_printf ("%s#%u", document->id, k);
          TocsinActorKey *key = tocsin_actor_key_new (id, document->id);

          key->pem = g_strdup (pem);
          g_ptr_array_add (document->keys, key);
        }
      tocsin_pinning_save_actor (txn, document, T0);
    }
  return TRUE;
}

/* Strangers' documents are as long as they like: what is remembered of them is bounded in bytes. */
static void
test_long_documents (Fixture *f, gconstpointer data)
{
  g_auto (Ring) ring = { 0 };
  gsize most = 0;

  ring_init (&ring, f, FALSE);
  write_ok (f, write_long_documents, NULL);
  for (guint i = 0; i < LONG_DOCUMENTS; i++)
    {
      g_autofree char *host = g_strdup_printf ("long-%u.example", i);
      g_autofree char *actor = actor_of (host);
      g_autofree char *key = g_strdup_printf ("%s#%u", actor, LONG_KEYS - 1);
      TocsinKnownActor *known = tocsin_keyring_peek (ring.keyring, key);

      if (known == NULL)
        g_error ("%s is not known", actor);
      g_assert_cmpstr (known->document->id, ==, actor);
      most = MAX (most, tocsin_keyring_count_bytes (ring.keyring));
    }
  g_assert_cmpuint (most, >, TOCSIN_KEYRING_BYTES / 2);
  g_assert_cmpuint (most, <=, TOCSIN_KEYRING_BYTES);
  for (guint i = 0; i < LONG_DOCUMENTS; i++)
    {
      g_autofree char *host = g_strdup_printf ("long-%u.example", i);
      g_autofree char *actor = actor_of (host);

      tocsin_keyring_forget (ring.keyring, actor);
    }
  g_assert_cmpuint (tocsin_keyring_count_bytes (ring.keyring), <, TOCSIN_KEYRING_BYTES / 100);
}

#define FOREIGN_KEY "https://victim.example/actor#main-key"

static gboolean
write_foreign_key (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autoptr (TocsinActorDocument) document =
      tocsin_actor_document_new ("https://evil.example/actor");
  TocsinActorKey *key = tocsin_actor_key_new (FOREIGN_KEY, document->id);

  key->pem = g_strdup ("x");
  g_ptr_array_add (document->keys, key);
  tocsin_pinning_save_actor (txn, document, T0);
  return TRUE;
}

/* A document that names a key of another origin is no answer to who asks for that key. */
static void
test_foreign_key (Fixture *f, gconstpointer data)
{
  g_auto (Ring) ring = { 0 };

  ring_init (&ring, f, FALSE);
  write_ok (f, write_foreign_key, NULL);
  g_assert_nonnull (tocsin_keyring_peek (ring.keyring, "https://evil.example/actor"));
  g_assert_null (tocsin_keyring_peek (ring.keyring, FOREIGN_KEY));
}

#define NAMED "https://host.example/named"

static gboolean
write_named (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autoptr (TocsinActorDocument) named = tocsin_actor_document_new (NAMED);
  g_autoptr (TocsinActorDocument) namer = tocsin_actor_document_new ("https://host.example/namer");
  TocsinActorKey *key = tocsin_actor_key_new (NAMED, namer->id);
  const gboolean *with_named = data;

  key->pem = g_strdup ("x");
  g_ptr_array_add (namer->keys, key);
  tocsin_pinning_save_actor (txn, namer, T0);
  if (*with_named)
    tocsin_pinning_save_actor (txn, named, T0);
  return TRUE;
}

/* Who names an actor's URI as a key is not taken for that actor. */
static void
test_actor_as_a_key (Fixture *f, gconstpointer data)
{
  gboolean with_named = FALSE;
  g_auto (Ring) ring = { 0 };
  const TocsinKnownActor *known;

  ring_init (&ring, f, FALSE);
  write_ok (f, write_named, &with_named);
  g_assert_nonnull (tocsin_keyring_peek (ring.keyring, "https://host.example/namer"));
  g_assert_nonnull (tocsin_keyring_peek (ring.keyring, NAMED));
  g_assert_null (tocsin_keyring_peek_author (ring.keyring, NAMED));
  with_named = TRUE;
  write_ok (f, write_named, &with_named);
  known = tocsin_keyring_peek_author (ring.keyring, NAMED);
  g_assert_cmpstr (known != NULL ? known->document->id : NULL, ==, NAMED);
  g_assert_true (tocsin_keyring_peek (ring.keyring, NAMED) == known);
}

#define IN_NUMBERS 40
#define LIMIT_US   (30 * TOCSIN_SECOND_US)

typedef struct
{
  guint n_turned_away;
  guint n_unreachable;
} Answers;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  Answers *answers = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_keyring_find_finish (TOCSIN_KEYRING (source), result, &error));
  if (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE))
    answers->n_turned_away++;
  else
    answers->n_unreachable++;
}

/* Whoever answers never cannot have strangers' requests pile up here. */
static void
test_waiting (Fixture *f, gconstpointer data)
{
  g_auto (Ring) ring = { 0 };
  g_autoptr (GSocketListener) silent = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (silent, NULL, NULL);
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/actor", port);
  TocsinFetchAllowance allowances[IN_NUMBERS] = { 0 };
  Answers answers = { 0 };
  gint64 limit_us = g_get_monotonic_time () + LIMIT_US;

  ring_init (&ring, f, TRUE);
  tocsin_fetcher_set_deadlines (ring.fetcher, TOCSIN_SECOND_US, TOCSIN_SECOND_US);
  for (guint i = 0; i < IN_NUMBERS; i++)
    tocsin_keyring_find_async (ring.keyring, uri, FALSE, &allowances[i], on_answer, &answers);
  while (answers.n_turned_away + answers.n_unreachable < IN_NUMBERS)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, limit_us);
      g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpuint (answers.n_turned_away, ==, IN_NUMBERS - 32);
  g_assert_true (tocsin_keyring_is_idle (ring.keyring));
}

/* ---- what strangers cause ---- */

/* A host that sends everyone back to where they came from, and counts them. */
typedef struct
{
  GSocketService *service; /* (owned) */
  guint16 port;
  gint n_asked; /* atomic */
} Circle;

static gboolean
on_asked (GThreadedSocketService *service,
          GSocketConnection *connection,
          GObject *source,
          gpointer data)
{
  static const char answer[] = "HTTP/1.1 302 Found\r\nLocation: /actor\r\nContent-Length: 0\r\n"
                               "Connection: close\r\n\r\n";
  Circle *self = data;
  g_autoptr (GDataInputStream) in =
      g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  gsize length = 0;

  g_data_input_stream_set_newline_type (in, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  do
    {
      g_autofree char *line = g_data_input_stream_read_line (in, &length, NULL, NULL);

      if (line == NULL)
        return TRUE;
    }
  while (length > 0);
  g_atomic_int_inc (&self->n_asked);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), answer,
                             strlen (answer), NULL, NULL, NULL);
  return TRUE;
}

static void
circle_init (Circle *self)
{
  g_autoptr (GError) error = NULL;

  self->service = g_threaded_socket_service_new (4);
  self->port =
      g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (self->service), NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (self->service, "run", G_CALLBACK (on_asked), self);
}

static void
circle_clear (Circle *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_clear_object (&self->service);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Circle, circle_clear)

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* Has a stranger ask for @uri in vain. */
static void
assert_not_found (TocsinKeyring *keyring, const char *uri, TocsinError code)
{
  TocsinFetchAllowance allowance = { 0 };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_keyring_find_async (keyring, uri, TRUE, &allowance, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (tocsin_keyring_find_finish (keyring, result, &error));
  g_assert_error (error, TOCSIN_ERROR, (gint) code);
}

/* Each redirect is a request of its own, signed here and answered there. */
static void
test_redirects_count (Fixture *f, gconstpointer data)
{
  g_auto (Ring) ring = { 0 };
  g_auto (Circle) circle = { 0 };
  g_autofree char *uri = NULL;

  ring_init (&ring, f, TRUE);
  circle_init (&circle);
  uri = g_strdup_printf ("http://127.0.0.1:%u/actor", circle.port);
  for (gint i = 1; i <= 6; i++)
    {
      assert_not_found (ring.keyring, uri, TOCSIN_ERROR_KEY_UNREACHABLE);
      g_assert_cmpint (g_atomic_int_get (&circle.n_asked), ==, 3 * i);
    }
  /* In the middle of one the minute is used up, which the host is not to blame for. */
  for (gint i = 0; i < 3; i++)
    {
      assert_not_found (ring.keyring, uri, TOCSIN_ERROR_UNAVAILABLE);
      g_assert_cmpint (g_atomic_int_get (&circle.n_asked), ==, 20);
    }
}

static gboolean
write_peer (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autoptr (TocsinActorDocument) document = tocsin_actor_document_new (data);
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peer_record_init (&peer, tocsin_pinning_save_actor (txn, document, T0));
  peer.follower = TOCSIN_FOLLOWER_READER;
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

static void
take_places (Ring *ring, TocsinHostPlace **places)
{
  for (guint i = 0; i < TOCSIN_HOST_BUDGET_FOR_STRANGERS; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);
      const TocsinHostFetch fetch = { .authority = authority };
      guint retry;

      places[i] =
          tocsin_host_budget_begin (ring->budget, &fetch, g_get_monotonic_time (), &retry, NULL);
      g_assert_nonnull (places[i]);
    }
}

/* Whatever strangers have us fetch: of who is known a new key can be read. */
static void
test_place_for_a_peer (Fixture *f, gconstpointer data)
{
  TocsinHostPlace *places[TOCSIN_HOST_BUDGET_FOR_STRANGERS];
  g_auto (Ring) ring = { 0 };
  g_auto (Circle) circle = { 0 };
  g_autofree char *peer = NULL;
  g_autofree char *other = NULL;

  ring_init (&ring, f, TRUE);
  circle_init (&circle);
  peer = g_strdup_printf ("http://127.0.0.1:%u/actor", circle.port);
  other = g_strdup_printf ("http://127.0.0.1:%u/other", circle.port);
  write_ok (f, write_peer, peer);
  take_places (&ring, places);
  assert_not_found (ring.keyring, other, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpint (g_atomic_int_get (&circle.n_asked), ==, 0);
  assert_not_found (ring.keyring, peer, TOCSIN_ERROR_KEY_UNREACHABLE);
  g_assert_cmpint (g_atomic_int_get (&circle.n_asked), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    tocsin_host_budget_end (places[i], TRUE, g_get_monotonic_time ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/keyring/long-documents", Fixture, NULL, set_up, test_long_documents, tear_down);
  g_test_add ("/keyring/foreign-key", Fixture, NULL, set_up, test_foreign_key, tear_down);
  g_test_add ("/keyring/actor-as-a-key", Fixture, NULL, set_up, test_actor_as_a_key, tear_down);
  g_test_add ("/keyring/waiting", Fixture, NULL, set_up, test_waiting, tear_down);
  g_test_add ("/keyring/redirects-count", Fixture, NULL, set_up, test_redirects_count, tear_down);
  g_test_add ("/keyring/place-for-a-peer", Fixture, NULL, set_up, test_place_for_a_peer, tear_down);
  return g_test_run ();
}
