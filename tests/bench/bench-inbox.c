/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * How many Adds a second a node takes, durably: 64 direct peers, each with a connection of its own,
 * post activities that are proven and signed with Ed25519. Printed as a ratio to what libsodium
 * alone allows for the two verifications of each, measured before and after in the same run.
 *
 * Usage: bench-inbox TOCSIND [ADDS]
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/activity-build.h"
#include "codec/httpsig.h"
#include "codec/proof.h"
#include "core/clock.h"
#include "core/uri.h"
#include "fed/pinning.h"
#include "store/store.h"
#include "store/table-meta.h"

#define PEERS          64
#define DEFAULT_ADDS   20000
#define TARGET         0.4
#define VERIFY_ROUNDS  4000
#define RECEIVE_BYTES  4096
#define START_DEADLINE (30 * TOCSIN_SECOND_US)

typedef struct
{
  char *actor;
  char *key_id;
  TocsinPrivateKey *key;
  TocsinPublicKey *public_key;
  GPtrArray *requests; /* of GBytes: head and body, ready to be written */
  guint next;
  gsize sent;
  int fd;
  char received[RECEIVE_BYTES];
  gsize n_received;
} Peer;

static Peer peers[PEERS];
static char *base;
static guint refused;

static double
seconds_since (gint64 begin_us)
{
  return (double) (g_get_monotonic_time () - begin_us) / 1e6;
}

/* What the machine gives: bare verifications of two messages of the usual size. */
static double
bare_verify_rate (void)
{
  guint8 message[64], public_key[32], secret_key[64], signature[64];
  gint64 begin;
  guint good = 0;

  crypto_sign_keypair (public_key, secret_key);
  randombytes_buf (message, sizeof message);
  crypto_sign_detached (signature, NULL, message, sizeof message, secret_key);
  begin = g_get_monotonic_time ();
  for (guint i = 0; i < VERIFY_ROUNDS; i++)
    good += crypto_sign_verify_detached (signature, message, sizeof message, public_key) == 0;
  g_assert_cmpuint (good, ==, VERIFY_ROUNDS);
  return VERIFY_ROUNDS / seconds_since (begin);
}

/* ---- the peers and what they post ---- */

static void
make_peer (Peer *peer, guint number)
{
  g_autoptr (GError) error = NULL;

  peer->actor = g_strdup_printf ("http://127.0.0.1:%u/actor", 20000 + number);
  peer->key_id = g_strconcat (peer->actor, "#ed25519-1", NULL);
  peer->key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, &error);
  g_assert_no_error (error);
  peer->public_key = tocsin_private_key_public (peer->key);
  peer->requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  peer->fd = -1;
}

static TocsinActorDocument *
peer_document (const Peer *peer)
{
  g_autofree char *origin = tocsin_uri_origin (peer->actor, NULL);
  TocsinActorDocument *document = tocsin_actor_document_new_for_base (origin);
  TocsinActorKey *key = tocsin_actor_key_new (peer->key_id, peer->actor);

  key->multibase = tocsin_public_key_to_multikey (peer->public_key);
  key->assertion = TRUE;
  g_ptr_array_add (document->keys, key);
  return document;
}

static gboolean
write_peers (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  gint64 now_us = tocsin_time_now_us ();

  tocsin_meta_put (txn, "base-url", base, strlen (base));
  tocsin_meta_put (txn, "first-start", &now_us, sizeof now_us);
  for (guint i = 0; i < PEERS; i++)
    {
      g_autoptr (TocsinActorDocument) document = peer_document (&peers[i]);
      g_auto (TocsinPeerRecord) record = { 0 };

      tocsin_peer_record_init (&record, tocsin_pinning_save_actor (txn, document, now_us));
      record.following = TOCSIN_FOLLOWING_ACCEPTED;
      record.weights[TOCSIN_AREA_ANY] = 50;
      record.had_protocol_version = TRUE;
      record.first_batch_done = TRUE;
      record.sync_due_us = now_us + TOCSIN_DAY_US;
      tocsin_pinning_pin_all (&record, document, now_us);
      tocsin_peers_put (txn, &record);
    }
  return TRUE;
}

static GBytes *
make_add (const Peer *peer, guint number, gint64 now_us)
{
  g_autofree char *uuid = tocsin_uuid7_new (now_us);
  g_autofree char *origin = tocsin_uri_origin (peer->actor, NULL);
  g_autofree char *id = g_strdup_printf ("%s/activities/%s", origin, uuid);
  g_autofree char *followers = g_strconcat (origin, "/followers", NULL);
  g_autofree char *target = g_strconcat (origin, "/reports", NULL);
  g_autofree char *address =
      g_strdup_printf ("8.%u.%u.%u", number >> 16 & 255, number >> 8 & 255, number & 255);
  TocsinActivityHead head = {
    .id = id, .actor = peer->actor, .to = followers, .published_us = now_us
  };
  g_auto (TocsinReport) report = {
    .id = g_strdup_printf ("%s/reports/%s", origin, uuid),
    .attributed_to = g_strdup (peer->actor),
    .category = 1,
    .category_text = g_strdup ("spam"),
    .confidence = 100,
    .sharing = TOCSIN_SHARING_GREEN,
    .published_us = now_us,
    .updated_us = now_us,
    .observed_us = now_us - now_us % TOCSIN_HOUR_US,
    .last_observed_us = now_us - now_us % TOCSIN_HOUR_US,
    .end_us = now_us + 100 * TOCSIN_DAY_US,
  };
  g_autoptr (JsonObject) activity = NULL;
  g_autoptr (GError) error = NULL;
  GBytes *bytes;

  tocsin_subject_parse (&report.subject, TOCSIN_SUBJECT_IP, address, &error);
  g_assert_no_error (error);
  activity = tocsin_activity_build_add_report (&head, &report, target);
  tocsin_proof_add (activity, peer->key, peer->key_id, now_us, &error);
  g_assert_no_error (error);
  bytes = tocsin_activity_to_bytes (activity, &error);
  g_assert_no_error (error);
  return bytes;
}

static GBytes *
make_request (const Peer *peer, guint number)
{
  gint64 now_us = tocsin_time_now_us ();
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("POST", "/inbox");
  g_autoptr (GError) error = NULL;
  GString *out = g_string_new ("POST /inbox HTTP/1.1\r\n");

  envelope->body = make_add (peer, number, now_us);
  tocsin_envelope_add_header (envelope, "content-type", "application/activity+json");
  tocsin_sign_request_rfc9421 (envelope, base, peer->key, peer->key_id, now_us, &error);
  g_assert_no_error (error);
  if (tocsin_envelope_get_header (envelope, "host") == NULL)
    g_string_append_printf (out, "Host: %s\r\n", base + strlen ("http://"));
  for (guint i = 0; i < envelope->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      g_string_append_printf (out, "%s: %s\r\n", header->name, header->value);
    }
  g_string_append_printf (out, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                          g_bytes_get_size (envelope->body));
  g_string_append_len (out, g_bytes_get_data (envelope->body, NULL),
                       (gssize) g_bytes_get_size (envelope->body));
  return g_string_free_to_bytes (out);
}

/* ---- the node ---- */

static guint
free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  g_socket_listener_close (listener);
  return port;
}

static int
connect_to (guint port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = g_htons ((guint16) port),
                                 .sin_addr = { g_htonl (0x7f000001) } };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (connect (fd, (const struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  close (fd);
  return -1;
}

static GSubprocess *
start_node (const char *tocsind, const char *dir, guint port)
{
  g_autofree char *listen = g_strdup_printf ("127.0.0.1:%u", port);
  g_autofree char *settings = g_build_filename (dir, "node.conf", NULL);
  g_autoptr (GError) error = NULL;
  GSubprocess *node;
  gint64 end_us = g_get_monotonic_time () + START_DEADLINE;
  int fd;

  g_file_set_contents (settings, "[node]\nburst-per-hour=100000\npeer-requests-per-minute=60000\n",
                       -1, &error);
  g_assert_no_error (error);
  node = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, tocsind, "--base-url", base,
                           "--data-dir", dir, "--listen", listen, "--api-listen", "none",
                           "--config", settings, "--allow-address", "127.0.0.0/8", NULL);
  g_assert_no_error (error);
  while ((fd = connect_to (port)) < 0)
    {
      if (g_get_monotonic_time () > end_us)
        g_error ("The node did not start");
      g_usleep (10000);
    }
  close (fd);
  return node;
}

/* ---- the run ---- */

static void
write_some (Peer *peer)
{
  GBytes *request = g_ptr_array_index (peer->requests, peer->next);
  gsize size;
  const char *data = g_bytes_get_data (request, &size);
  gssize n = send (peer->fd, data + peer->sent, size - peer->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

  if (n > 0)
    peer->sent += (gsize) n;
}

/* Whether a whole answer is there; they have no body. */
static gboolean
read_some (Peer *peer)
{
  gssize n = recv (peer->fd, peer->received + peer->n_received,
                   sizeof peer->received - 1 - peer->n_received, MSG_DONTWAIT);

  if (n <= 0)
    return FALSE;
  peer->n_received += (gsize) n;
  peer->received[peer->n_received] = '\0';
  if (strstr (peer->received, "\r\n\r\n") == NULL)
    return FALSE;
  if (!g_str_has_prefix (peer->received, "HTTP/1.1 202"))
    {
      if (refused++ == 0)
        g_printerr ("%s\n", peer->received);
      g_error ("The node refused an Add");
    }
  peer->n_received = 0;
  return TRUE;
}

static double
post_all (guint port)
{
  struct pollfd fds[PEERS];
  gint64 begin = g_get_monotonic_time ();
  guint busy = PEERS;

  for (guint i = 0; i < PEERS; i++)
    peers[i].fd = connect_to (port);
  while (busy > 0)
    {
      for (guint i = 0; i < PEERS; i++)
        {
          gboolean done = peers[i].next >= peers[i].requests->len;
          gsize size =
              done ? 0 : g_bytes_get_size (g_ptr_array_index (peers[i].requests, peers[i].next));

          fds[i] = (struct pollfd){ .fd = done ? -1 : peers[i].fd,
                                    .events = peers[i].sent < size ? POLLOUT : POLLIN };
        }
      poll (fds, PEERS, 1000);
      for (guint i = 0; i < PEERS; i++)
        {
          if ((fds[i].revents & POLLOUT) != 0)
            write_some (&peers[i]);
          else if ((fds[i].revents & POLLIN) != 0 && read_some (&peers[i]))
            {
              peers[i].sent = 0;
              if (++peers[i].next >= peers[i].requests->len)
                busy--;
            }
        }
    }
  return seconds_since (begin);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

int
main (int argc, char *argv[])
{
  guint adds = argc > 2 ? (guint) g_ascii_strtoull (argv[2], NULL, 10) : DEFAULT_ADDS;
  guint port = free_port ();
  g_autofree char *dir = g_dir_make_tmp ("tocsin-bench-XXXXXX", NULL);
  g_autoptr (GSubprocess) node = NULL;
  g_autoptr (TocsinStore) store = NULL;
  g_autoptr (GError) error = NULL;
  double before, after, took, allowed, rate;

  if (argc < 2 || sodium_init () < 0)
    {
      g_printerr ("Usage: bench-inbox TOCSIND [ADDS]\n");
      return 2;
    }
  base = g_strdup_printf ("http://127.0.0.1:%u", port);
  for (guint i = 0; i < PEERS; i++)
    make_peer (&peers[i], i);
  store = tocsin_store_open (dir, 0, &error);
  g_assert_no_error (error);
  tocsin_store_write (store, write_peers, NULL, &error);
  g_assert_no_error (error);
  g_clear_pointer (&store, tocsin_store_close);
  for (guint i = 0; i < adds; i++)
    g_ptr_array_add (peers[i % PEERS].requests, make_request (&peers[i % PEERS], i));

  node = start_node (argv[1], dir, port);
  before = bare_verify_rate ();
  took = post_all (port);
  after = bare_verify_rate ();
  g_subprocess_send_signal (node, SIGTERM);
  g_subprocess_wait (node, NULL, NULL);
  remove_tree (dir);

  allowed = (before + after) / 2 / 2;
  rate = adds / took;
  g_print ("inbox: %.0f Adds/s durable; bare verification allows %.0f/s on one core; ratio %.2f "
           "(target %.2f)\n",
           rate, allowed, rate / allowed, TARGET);
  return rate / allowed >= TARGET ? 0 : 1;
}
