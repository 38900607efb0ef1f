/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * POST /v1/doctor: what the node sees of itself that commonly is wrong, and a secret with which its
 * public side answers /health/echo for a minute. What others see, `tocsin doctor` looks at.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "core/clock.h"
#include "core/limits.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/peer-trouble.h"
#include "http/routes-admin.h"
#include "store/recount.h"
#include "store/work.h"

#define PROBE_BYTES      16
#define PROBE_US         TOCSIN_MINUTE_US
#define DISK_LEAST_BYTES (G_GUINT64_CONSTANT (1) << 30)
#define FILES_LEAST      4096
#define CLOCK_OFF_US     (5 * TOCSIN_MINUTE_US)
#define CLOCKS_LEAST     2 /* of one alone it would not be known whose is off */
#define FEEDS_TOLD_MAX   20
#define PEERS_TOLD_MAX   20
#define OTHERS           0007 /* mode bits: what is not the group's business either is stricter */
#define GROUP_AND_OTHERS 0077

typedef struct
{
  TocsinApi *api;         /* (unowned) */
  TocsinRequest *request; /* suspended while recounting */
  TocsinStore *store;     /* (unowned) outlives what a thread does with it */
  guint64 rows;
  char **wrong; /* (owned) (nullable) */
} Doctor;

static void
doctor_free (Doctor *self)
{
  g_strfreev (self->wrong);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Doctor, doctor_free)

static void G_GNUC_PRINTF (4, 5)
    find (TocsinJsonWriter *json, const char *name, gboolean ok, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "name", name);
  tocsin_json_writer_member_bool (json, "ok", ok);
  tocsin_json_writer_member_string (json, "text", text);
  tocsin_json_writer_end_object (json);
}

static void
look_at_keys (TocsinJsonWriter *json, TocsinApi *api)
{
  g_autofree char *fingerprint =
      api->federation != NULL ? tocsin_identity_fingerprint (api->federation->identity) : NULL;

  if (fingerprint != NULL)
    find (json, "keys", TRUE, "loaded, fingerprint %s", fingerprint);
  else
    find (json, "keys", FALSE, "not loaded: this node does not federate");
}

/* Adds to @bad each file that more may touch than should. @name: (nullable): in @dir, or @dir
 *
 * Any of them may be a link to where it really is. The mode of a link is always 0777 and means
 * nothing; what counts is the mode of what it leads to, and that is what chmod(1) changes. */
static void
check_mode (GString *bad, const char *dir, const char *name, guint forbidden)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  GStatBuf info;

  if (g_stat (path, &info) != 0)
    {
      /* What is not there is nobody's to read; its absence shows elsewhere. */
      if (errno != ENOENT)
        g_string_append_printf (bad, "%s%s: %s", bad->len > 0 ? ", " : "", path,
                                g_strerror (errno));
      return;
    }
  if ((info.st_mode & forbidden) != 0)
    g_string_append_printf (bad, "%s%s has mode %04o", bad->len > 0 ? ", " : "", path,
                            (guint) info.st_mode & 07777u);
}

static void
look_at_modes (TocsinJsonWriter *json, TocsinApi *api)
{
  g_autoptr (GString) bad = g_string_new (NULL);
  g_autofree char *keys = g_build_filename (api->data_dir, "keys", NULL);
  g_autoptr (GDir) listing = g_dir_open (keys, 0, NULL);
  const char *name;

  check_mode (bad, api->data_dir, NULL, OTHERS);
  check_mode (bad, api->data_dir, "api.sock", GROUP_AND_OTHERS);
  check_mode (bad, api->data_dir, "keys", GROUP_AND_OTHERS);
  check_mode (bad, api->data_dir, "admin.token", GROUP_AND_OTHERS);
  check_mode (bad, api->data_dir, "store/data.mdb", GROUP_AND_OTHERS);
  while (listing != NULL && (name = g_dir_read_name (listing)) != NULL)
    check_mode (bad, keys, name, GROUP_AND_OTHERS);
  if (bad->len > 0)
    find (json, "modes", FALSE, "%s", bad->str);
  else
    find (json, "modes", TRUE, "keys and store are for the node's user alone");
}

static void
look_at_store (TocsinJsonWriter *json, TocsinApi *api)
{
  TocsinStoreFill fill;

  tocsin_store_fill (api->store, &fill);
  if (!tocsin_writer_is_alive (api->writer))
    find (json, "store", FALSE, "nothing can be written to it");
  else
    find (json, "store", fill.percent < TOCSIN_STORE_WARN_PERCENT, "%u %% full, %s", fill.percent,
          fill.by_disk ? "of what its disk has room for" : "of map-size-gib");
}

static void
look_at_trust (TocsinJsonWriter *json, TocsinApi *api)
{
  if (tocsin_trust_snapshot_version (tocsin_api_trust (api)) == 0)
    find (json, "trust", FALSE,
          "who is believed could not be worked out, so nobody is; the log says why");
  else
    find (json, "trust", TRUE, "it is worked out who is believed");
}

static void
look_at_disk (TocsinJsonWriter *json, TocsinApi *api)
{
  struct statvfs disk;
  guint64 room;

  if (statvfs (api->data_dir, &disk) != 0)
    {
      find (json, "disk", FALSE, "%s: %s", api->data_dir, g_strerror (errno));
      return;
    }
  room = (guint64) disk.f_bavail * disk.f_frsize;
  {
    g_autofree char *size = g_format_size_full (room, G_FORMAT_SIZE_IEC_UNITS);

    find (json, "disk", room >= DISK_LEAST_BYTES, "%s of room in %s", size, api->data_dir);
  }
}

/* Returns: (nullable): what is wrong with a list that is switched on. */
static char *
find_fault (TocsinApi *api, const TocsinFeed *feed, gint64 now_us)
{
  const TocsinFeedRecord *record = &feed->record;
  gboolean stale = tocsin_feeds_is_stale (api->feeds, feed, now_us);
  g_autofree char *read =
      record->good_us != 0 ? tocsin_time_format (record->good_us) : g_strdup ("never");

  if (feed->fault != NULL)
    return g_strdup_printf ("%s, last good reading %s%s: %s", record->name, read,
                            stale ? ", too old to count" : "", feed->fault);
  if (record->failures > 0)
    return g_strdup_printf ("%s, last good reading %s%s; %u failed since: %s", record->name, read,
                            stale ? ", too old to count" : "", record->failures,
                            tocsin_feed_find_error (feed));
  return stale ? g_strdup_printf ("%s, last good reading %s, too old to count", record->name, read)
               : NULL;
}

static void
look_at_feeds (TocsinJsonWriter *json, TocsinApi *api)
{
  g_autoptr (GPtrArray) feeds = tocsin_feeds_list (api->feeds);
  gint64 now_us = tocsin_api_now_us (api);
  guint n = 0, bad = 0;

  for (guint i = 0; i < feeds->len; i++)
    {
      const TocsinFeed *feed = g_ptr_array_index (feeds, i);
      g_autofree char *fault = feed->record.enabled ? find_fault (api, feed, now_us) : NULL;

      n += feed->record.enabled ? 1 : 0;
      if (fault != NULL && ++bad <= FEEDS_TOLD_MAX)
        find (json, "feeds", FALSE, "%s", fault);
    }
  if (bad > FEEDS_TOLD_MAX)
    find (json, "feeds", FALSE, "and %u more", bad - FEEDS_TOLD_MAX);
  if (bad == 0)
    find (json, "feeds", TRUE, "%u lists of others are read, none of them failing", n);
}

typedef struct
{
  TocsinJsonWriter *json;
  guint failed;
  guint held;
} Troubles;

static gboolean
find_trouble (TocsinPeerTrouble trouble, const char *actor, const char *error, gpointer data)
{
  Troubles *self = data;
  gboolean held = trouble == TOCSIN_PEER_TROUBLE_KEY;
  guint n = held ? ++self->held : ++self->failed;

  if (n > PEERS_TOLD_MAX)
    return TRUE;
  if (held)
    find (self->json, "peer-keys", FALSE, "%s: its key changed, and no known key proved that",
          actor);
  else
    find (self->json, "catch-up", FALSE, "%s was not read to the end: %s", actor,
          error != NULL ? error : "?");
  return TRUE;
}

static void
look_at_peers (TocsinJsonWriter *json, TocsinApi *api)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  Troubles troubles = { .json = json };

  tocsin_peer_trouble_foreach (txn, find_trouble, &troubles);
  if (troubles.held > PEERS_TOLD_MAX)
    find (json, "peer-keys", FALSE, "and %u more", troubles.held - PEERS_TOLD_MAX);
  if (troubles.failed > PEERS_TOLD_MAX)
    find (json, "catch-up", FALSE, "and %u more", troubles.failed - PEERS_TOLD_MAX);
  if (troubles.failed == 0)
    find (json, "catch-up", TRUE, "no reading of a peer has failed");
}

/* Peers take no signature of a clock that is far off. */
static void
look_at_clock (TocsinJsonWriter *json, TocsinApi *api)
{
  gint64 now_us = tocsin_api_now_us (api);
  g_autofree char *now = tocsin_time_format (now_us);
  gint64 ahead_us = 0;
  guint n = 0;

  if (api->federation != NULL)
    n = tocsin_clocks_compare (tocsin_fetcher_get_clocks (api->federation->fetcher),
                               tocsin_time_now_us (), tocsin_time_boot_us (), &ahead_us);
  if (n >= CLOCKS_LEAST && ABS (ahead_us) >= CLOCK_OFF_US)
    find (json, "clock", FALSE,
          "it is %s, %" G_GINT64_FORMAT " minutes %s the clocks of %u to whom this node sends", now,
          ABS (ahead_us) / TOCSIN_MINUTE_US, ahead_us > 0 ? "ahead of" : "behind", n);
  else if (n >= CLOCKS_LEAST)
    find (json, "clock", tocsin_time_is_sane (now_us), "it is %s, by %u other clocks too", now, n);
  else
    find (json, "clock", tocsin_time_is_sane (now_us), "it is %s", now);
}

static void
look_at_limits (TocsinJsonWriter *json, TocsinApi *api)
{
  struct rlimit limit = { 0 };

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    find (json, "descriptors", limit.rlim_cur >= FILES_LEAST,
          "%" G_GUINT64_FORMAT " files may be open at a time", (guint64) limit.rlim_cur);
}

static void
write_findings (Doctor *self, TocsinReply *reply)
{
  TocsinApi *api = self->api;
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "version", PACKAGE_VERSION);
  tocsin_json_writer_member_string (&json, "base_url", api->base_url);
  if (api->federation != NULL)
    {
      const TocsinIdentity *identity = api->federation->identity;

      tocsin_json_writer_member_string (&json, "actor", tocsin_identity_get_actor (identity));
      tocsin_json_writer_member_string (&json, "username", tocsin_identity_get_username (identity));
      tocsin_json_writer_member_string (&json, "authority",
                                        tocsin_identity_get_authority (identity));
      tocsin_json_writer_member_string (&json, "probe", api->federation->probe);
    }
  tocsin_json_writer_name (&json, "checks");
  tocsin_json_writer_begin_array (&json);
  look_at_keys (&json, api);
  look_at_clock (&json, api);
  look_at_limits (&json, api);
  look_at_modes (&json, api);
  look_at_store (&json, api);
  look_at_trust (&json, api);
  look_at_disk (&json, api);
  if (api->feeds != NULL)
    look_at_feeds (&json, api);
  look_at_peers (&json, api);
  if (self->wrong != NULL && self->wrong[0] == NULL)
    find (&json, "recount", TRUE, "%" G_GUINT64_FORMAT " rows agree with their counters",
          self->rows);
  for (char **text = self->wrong; text != NULL && *text != NULL; text++)
    find (&json, "recount", FALSE, "%s", *text);
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
}

static void
on_recounted (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Doctor) self = user_data;
  TocsinReply *reply = tocsin_request_get_reply (self->request);
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    write_findings (self, reply);
  else
    tocsin_reply_set_error (reply, error);
  tocsin_request_complete (self->request);
}

static void
run_recount (GTask *task,
             gpointer source G_GNUC_UNUSED,
             gpointer data,
             GCancellable *cancellable G_GNUC_UNUSED)
{
  Doctor *self = data;
  g_autoptr (GError) error = NULL;

  if (tocsin_store_recount (self->store, &self->rows, &self->wrong, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
renew_probe (TocsinFederation *fed)
{
  guint8 secret[PROBE_BYTES];

  if (fed == NULL)
    return;
  tocsin_random_bytes (secret, sizeof secret);
  g_free (fed->probe);
  fed->probe = tocsin_hex_encode (secret, sizeof secret);
  /* The public side goes by the wall clock. */
  fed->probe_until_us = tocsin_time_now_us () + PROBE_US;
}

static void
on_doctor (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "recount", NULL };
  TocsinApi *api = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse (request, members, NULL, &error);
  g_autoptr (Doctor) self = g_new0 (Doctor, 1);
  gboolean recount = FALSE;

  if (body == NULL ||
      !tocsin_json_opt_bool (json_node_get_object (body), "", "recount", &recount, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  self->api = api;
  self->request = request;
  self->store = api->store;
  renew_probe (api->federation);
  if (recount)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, on_recounted, self);

      tocsin_request_suspend (request);
      g_task_set_task_data (task, self, NULL);
      tocsin_store_run_in_thread (self->store, task, run_recount);
      g_steal_pointer (&self); /* the task's */
      return;
    }
  write_findings (self, reply);
}

static const TocsinRoute routes[] = {
  { "POST", "/v1/doctor", on_doctor, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN, TOCSIN_ADMIN_BODY_BYTES,
    NULL },
};

void
tocsin_route_doctor_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
