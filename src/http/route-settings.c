/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the operator sets while the node runs: observing, keys, a backup; and what is set.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "fed/rotation.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/routes-admin.h"
#include "store/table-audit.h"
#include "store/table-meta.h"
#include "store/work.h"

#define KEYS_DIR      "keys"
#define COPY_KEYS_MAX 4

static void
on_config (TocsinRequest *request G_GNUC_UNUSED, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

  tocsin_json_writer_begin_object (&json);
  for (char **line = api->settings; line != NULL && *line != NULL; line++)
    {
      const char *equals = strchr (*line, '=');
      g_autofree char *name = equals != NULL ? g_strndup (*line, (gsize) (equals - *line)) : NULL;

      if (name != NULL)
        tocsin_json_writer_member_string (&json, name, equals + 1);
    }
  tocsin_json_writer_end_object (&json);
}

/* ---- observing ---- */

typedef struct
{
  gboolean on;
  char *who; /* (owned) */
  gint64 now_us;
} Observe;

static void
observe_free (gpointer data)
{
  Observe *observe = data;

  g_free (observe->who);
  g_free (observe);
}

static gboolean
write_observe (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  Observe *observe = data;
  const char *text = observe->on ? "on" : "off";

  tocsin_meta_put (txn, TOCSIN_META_OBSERVE, text, strlen (text));
  tocsin_audit_append (txn, observe->now_us, observe->who, "observe", text, NULL);
  return TRUE;
}

static void
on_observed (TocsinApi *api, TocsinReply *reply, gpointer data)
{
  Observe *observe = data;
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

  tocsin_api_set_observe (api, observe->on, 0);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_bool (&json, "on", observe->on);
  tocsin_json_writer_end_object (&json);
}

static void
on_observe (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "on", NULL };
  TocsinApi *api = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse (request, members, NULL, &error);
  gboolean on = FALSE;
  Observe *observe;

  if (body == NULL || !tocsin_json_get_bool (json_node_get_object (body), "", "on", &on, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  observe = g_new0 (Observe, 1);
  observe->on = on;
  observe->who = g_strdup (tocsin_admin_who (request));
  observe->now_us = tocsin_api_now_us (api);
  tocsin_admin_write (api, request, write_observe, observe, observe_free, on_observed);
}

/* ---- keys ---- */

static void
on_rotated (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  TocsinRequest *request = user_data;
  TocsinReply *reply = tocsin_request_get_reply (request);
  g_autoptr (GError) error = NULL;
  g_autofree char *fingerprint = tocsin_rotation_run_finish (result, &error);

  if (fingerprint == NULL)
    tocsin_reply_set_error (reply, error);
  else
    {
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_string (&json, "fingerprint", fingerprint);
      tocsin_json_writer_end_object (&json);
    }
  tocsin_request_complete (request);
}

static void
on_rotate (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;

  if (!tocsin_json_body_is_empty (request, reply) || !tocsin_admin_has_federation (api, reply))
    return;
  tocsin_request_suspend (request);
  tocsin_rotation_run_async (api->federation, tocsin_admin_who (request), on_rotated, request);
}

/* ---- backup: on a thread of GLib's, since it takes as long as the store is large ---- */

typedef struct
{
  TocsinApi *api;
  TocsinRequest *request; /* suspended */
  TocsinStore *store;     /* (unowned) outlives the thread's work */
  char *data_dir;         /* (owned) */
  char *dir;              /* (owned) */
  char *who;              /* (owned) */
} Backup;

static void
backup_free (gpointer data)
{
  Backup *backup = data;

  g_free (backup->data_dir);
  g_free (backup->dir);
  g_free (backup->who);
  g_free (backup);
}

static gboolean
copy_file (const char *from, const char *to, GError **error)
{
  g_autofree char *text = NULL;
  gsize size;

  return g_file_get_contents (from, &text, &size, error) &&
         g_file_set_contents_full (to, text, (gssize) size,
                                   G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                   0600, error);
}

/* A disk without room is not what is wrong with a directory: the same call may succeed later. */
static gboolean
refuse_dir (int number, GError **error)
{
  gboolean later = number == ENOSPC || number == EDQUOT || number == EIO || number == ENOMEM;

  g_set_error (error, TOCSIN_ERROR, later ? TOCSIN_ERROR_UNAVAILABLE : TOCSIN_ERROR_CONFLICT,
               "/dir: %s", g_strerror (number));
  return FALSE;
}

/* What one level holds, and the directory itself. */
static void
remove_dir (const char *path)
{
  g_autoptr (GDir) listing = g_dir_open (path, 0, NULL);
  const char *name;

  while (listing != NULL && (name = g_dir_read_name (listing)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_unlink (file);
    }
  g_rmdir (path);
}

static gboolean
copy_dir (const char *from, const char *to, gboolean *made, GError **error)
{
  g_autoptr (GDir) listing = g_dir_open (from, 0, error);
  const char *name;

  if (listing == NULL)
    return FALSE;
  if (g_mkdir (to, 0700) != 0)
    return refuse_dir (errno, error);
  *made = TRUE;
  while ((name = g_dir_read_name (listing)) != NULL)
    {
      g_autofree char *source = g_build_filename (from, name, NULL);
      g_autofree char *target = g_build_filename (to, name, NULL);

      if (!copy_file (source, target, error))
        return FALSE;
    }
  return TRUE;
}

/* Where one is gone a rotation has taken it away meanwhile: then all are looked for anew. */
static gboolean
copy_keys (const Backup *backup, gboolean *made, GError **error)
{
  g_autofree char *from = g_build_filename (backup->data_dir, KEYS_DIR, NULL);
  g_autofree char *to = g_build_filename (backup->dir, KEYS_DIR, NULL);

  for (guint i = 1; i < COPY_KEYS_MAX; i++)
    {
      g_autoptr (GError) local = NULL;

      if (copy_dir (from, to, made, &local))
        return TRUE;
      if (!*made || !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      remove_dir (to);
      *made = FALSE;
    }
  return copy_dir (from, to, made, error);
}

/* A node that starts from a copy has forgotten what this one says from now on, which readers of its
 * outbox learn by another epoch (docs/wire "Catching up"). */
static gboolean
renew_epoch (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  tocsin_meta_renew_epoch (txn);
  return TRUE;
}

/* Names survive a power cut as the contents do; where directories cannot be synced, they need not
 * be. */
static gboolean
sync_dir (const char *path, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_DIRECTORY, 0);
  gboolean ok = fd >= 0 && (fsync (fd) == 0 || errno == EINVAL);

  if (!ok)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return ok;
}

/* What was written is opened once, as a restore would. */
static gboolean
fill_backup (const Backup *backup, const char *store, gboolean *made_keys, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (backup->dir);
  g_autoptr (TocsinStore) copy = NULL;

  if (!tocsin_store_copy (backup->store, store, error) || !copy_keys (backup, made_keys, error))
    return FALSE;
  copy = tocsin_store_open (backup->dir, tocsin_store_get_map_bytes (backup->store), error);
  return copy != NULL && tocsin_store_write (copy, renew_epoch, NULL, error) &&
         sync_dir (store, error) && sync_dir (backup->dir, error) && sync_dir (parent, error);
}

/* Where the node itself keeps its rows and keys: the next backup would copy this one with them. */
static gboolean
is_own (const Backup *backup)
{
  static const char *const places[] = { "store", KEYS_DIR };
  g_autofree char *data = g_canonicalize_filename (backup->data_dir, NULL);
  g_autofree char *dir = g_canonicalize_filename (backup->dir, "/");

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *place = g_build_filename (data, places[i], NULL);

      if (g_str_has_prefix (dir, place) &&
          (dir[strlen (place)] == '/' || dir[strlen (place)] == '\0'))
        return TRUE;
    }
  return g_str_equal (dir, data);
}

/* @made_keys: its keys are this one's, and not of what was there before. */
static void
remove_backup (const Backup *backup, gboolean made_keys)
{
  g_autofree char *store = g_build_filename (backup->dir, "store", NULL);
  g_autofree char *keys = g_build_filename (backup->dir, KEYS_DIR, NULL);
  g_autofree char *lock = g_build_filename (backup->dir, "lock", NULL);

  remove_dir (store);
  if (made_keys)
    remove_dir (keys);
  g_unlink (lock);
  g_rmdir (backup->dir); /* if nothing else is in it */
}

/* Half a backup would look like one, and be in the way of the next. */
static gboolean
write_backup (const Backup *backup, GError **error)
{
  g_autofree char *store = g_build_filename (backup->dir, "store", NULL);
  gboolean made_keys = FALSE;

  if (!g_path_is_absolute (backup->dir))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "/dir: an absolute path is needed");
      return FALSE;
    }
  if (is_own (backup))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "/dir: it is the node's own, or lies in its store or keys");
      return FALSE;
    }
  if (g_file_test (store, G_FILE_TEST_EXISTS))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "/dir: it holds a store already; name a new directory");
      return FALSE;
    }
  if (g_mkdir_with_parents (backup->dir, 0700) != 0 || g_mkdir (store, 0700) != 0)
    return refuse_dir (errno, error);
  if (fill_backup (backup, store, &made_keys, error))
    return TRUE;
  remove_backup (backup, made_keys);
  return FALSE;
}

static void
run_backup (GTask *task,
            gpointer source G_GNUC_UNUSED,
            gpointer data,
            GCancellable *c G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;

  if (write_backup (data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static gboolean
write_backup_audit (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  const Backup *backup = data;

  tocsin_audit_append (txn, tocsin_api_now_us (backup->api), backup->who, "backup", backup->dir,
                       NULL);
  return TRUE;
}

/* What is refused has changed nothing, so that the same call may succeed later. */
static void
on_backup_audited (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  Backup *backup = user_data;
  TocsinReply *reply = tocsin_request_get_reply (backup->request);
  g_autoptr (GError) error = NULL;

  if (tocsin_writer_submit_finish (result, &error))
    {
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_string (&json, "dir", backup->dir);
      tocsin_json_writer_end_object (&json);
    }
  else
    {
      remove_backup (backup, TRUE);
      tocsin_reply_set_error (reply, error);
    }
  tocsin_request_complete (backup->request);
  backup_free (backup);
}

static void
on_backed_up (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  Backup *backup = user_data;
  TocsinReply *reply = tocsin_request_get_reply (backup->request);
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      tocsin_writer_submit_async (backup->api->writer, write_backup_audit, backup, NULL, NULL,
                                  on_backup_audited, backup);
      return;
    }
  if (error->domain == TOCSIN_ERROR)
    tocsin_reply_set_error (reply, error);
  else
    tocsin_reply_set_problem (reply, 503, "unavailable", error->message);
  tocsin_request_complete (backup->request);
  backup_free (backup);
}

static void
on_backup (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "dir", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse (request, members, NULL, &error);
  const char *dir =
      body != NULL ? tocsin_json_get_string (json_node_get_object (body), "", "dir", &error) : NULL;
  g_autoptr (GTask) task = NULL;
  Backup *backup;

  if (dir == NULL)
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  backup = g_new0 (Backup, 1);
  backup->api = data;
  backup->request = request;
  backup->store = backup->api->store;
  backup->data_dir = g_strdup (backup->api->data_dir);
  backup->dir = g_strdup (dir);
  backup->who = g_strdup (tocsin_admin_who (request));
  tocsin_request_suspend (request);
  task = g_task_new (NULL, NULL, on_backed_up, backup);
  g_task_set_task_data (task, backup, NULL);
  tocsin_store_run_in_thread (backup->store, task, run_backup);
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/config", on_config, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL },
  { "POST", "/v1/observe", on_observe, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN,
    TOCSIN_ADMIN_BODY_BYTES, NULL },
  { "POST", "/v1/keys/rotate", on_rotate, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN,
    TOCSIN_EMPTY_BODY_BYTES, NULL },
  { "POST", "/v1/backup", on_backup, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN, TOCSIN_ADMIN_BODY_BYTES,
    NULL },
};

void
tocsin_route_settings_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
