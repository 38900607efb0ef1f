/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The keys folder:
 *   rsa.pem              signs HTTP requests to other software
 *   ed25519-N.pem        proves activities and signs requests to nodes of ours; highest N is in use
 *   ed25519-N.new        made by a rotation that was not finished; the next one uses it
 *   ed25519-N.retired    "MULTIKEY EXPIRES": public half of a key that was in use once
 * A key id is never used twice (docs/wire "Who speaks").
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/identity.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "codec/httpsig-draft.h"
#include "codec/httpsig.h"
#include "codec/proof.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/uri.h"

#define KEYS_DIR       "keys"
#define RSA_FILE       "rsa.pem"
#define ED25519_PREFIX "ed25519-"
#define ED25519_MAX    10000
#define RETIRED_OVERLAP_US                                                                         \
  (7 * TOCSIN_DAY_US) /* what was queued with the old key may still arrive */

/* So long, at least, others can check what a retired key proved: most reports end before. */
#define RETIRED_NAMED_US (3 * 366 * TOCSIN_DAY_US)

struct _TocsinIdentity
{
  char *dir; /* (owned) the keys folder */
  char *base;
  char *authority;
  char *actor;
  char *username;
  char *name;
  char *summary; /* (nullable) */
  TocsinPrivateKey *rsa;
  TocsinPrivateKey *ed25519;
  TocsinPrivateKey *next; /* (nullable) of a rotation under way */
  guint ed25519_number;
  guint last_key;    /* the highest number that a key ever had */
  guint next_number; /* of @next */
  gint64 rotated_us;
  guint unretired;    /* number of a key whose private half could not be deleted yet; 0: none */
  GPtrArray *retired; /* (element-type TocsinActorKey) */
  char *rsa_id;
  char *ed25519_id;
  TocsinActorDocument *document;
  GBytes *document_bytes;
  TocsinActorDocument *next_document; /* (nullable) */
};

static gboolean
make_dir (const char *dir, GError **error)
{
  if (g_mkdir_with_parents (dir, 0700) == 0 && g_chmod (dir, 0700) == 0)
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s: %s", dir, g_strerror (errno));
  return FALSE;
}

static TocsinPrivateKey *
load_or_make (const char *path, TocsinKeyKind kind, GError **error)
{
  g_autoptr (TocsinPrivateKey) key = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return tocsin_private_key_load (path, error);
  key = tocsin_private_key_generate (kind, error);
  if (key == NULL || !tocsin_private_key_save (key, path, error))
    return NULL;
  return g_steal_pointer (&key);
}

static char *
key_path (const TocsinIdentity *self, guint number, const char *suffix)
{
  return g_strdup_printf ("%s/" ED25519_PREFIX "%u%s", self->dir, number, suffix);
}

static char *
key_id (const TocsinIdentity *self, guint number)
{
  return g_strdup_printf ("%s#" ED25519_PREFIX "%u", self->actor, number);
}

static gboolean
read_retired (TocsinIdentity *self, guint number, GError **error)
{
  g_autofree char *path = key_path (self, number, ".retired");
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;
  g_autofree char *id = key_id (self, number);
  g_autoptr (TocsinActorKey) key = tocsin_actor_key_new (id, self->actor);
  g_autoptr (GError) local = NULL;

  if (!g_file_get_contents (path, &text, NULL, &local))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s", local->message);
      return FALSE;
    }
  words = g_strsplit (g_strstrip (text), " ", 2);
  if (g_strv_length (words) != 2 || !tocsin_time_parse (words[1], &key->expires_us, NULL))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s: not a retired key", path);
      return FALSE;
    }
  key->multibase = g_strdup (words[0]);
  key->assertion = TRUE;
  g_ptr_array_add (self->retired, g_steal_pointer (&key));
  return TRUE;
}

static gboolean
retire (const TocsinIdentity *self, guint number, const TocsinActorKey *key, GError **error)
{
  g_autofree char *pem = key_path (self, number, ".pem");
  g_autofree char *retired = key_path (self, number, ".retired");
  g_autofree char *expires = tocsin_time_format (key->expires_us);
  g_autofree char *text = g_strdup_printf ("%s %s\n", key->multibase, expires);

  if (g_file_set_contents_full (retired, text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                NULL) &&
      g_unlink (pem) == 0)
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s: %s", self->dir, g_strerror (errno));
  return FALSE;
}

/* What is left of a key that was in use until @rotated_us. */
static TocsinActorKey *
retired_key (const TocsinIdentity *self,
             guint number,
             const TocsinPrivateKey *private_key,
             gint64 rotated_us)
{
  g_autofree char *id = key_id (self, number);
  TocsinActorKey *key = tocsin_actor_key_new (id, self->actor);

  key->multibase = tocsin_public_key_to_multikey (tocsin_private_key_public (private_key));
  key->expires_us = rotated_us + RETIRED_OVERLAP_US;
  key->assertion = TRUE;
  return key;
}

/* A rotation that was interrupted after its new key came into use left two keys: the older one,
 * @number, is retired now. */
static gboolean
finish_rotation (const TocsinIdentity *self, guint number, GError **error)
{
  g_autofree char *pem = key_path (self, number, ".pem");
  g_autoptr (TocsinPrivateKey) key = NULL;
  g_autoptr (TocsinActorKey) old = NULL;

  key = tocsin_private_key_load (pem, error);
  if (key == NULL)
    return FALSE;
  old = retired_key (self, number, key, tocsin_time_now_us ());
  return retire (self, number, old, error);
}

/* Reads what there is of the key of this number. @in_use: (inout): the newest that has its private
 * half; 0: none. */
static gboolean
load_number (TocsinIdentity *self, guint number, guint *in_use, GError **error)
{
  g_autofree char *pem = key_path (self, number, ".pem");
  g_autofree char *retired = key_path (self, number, ".retired");

  if (g_file_test (pem, G_FILE_TEST_EXISTS) && !g_file_test (retired, G_FILE_TEST_EXISTS))
    {
      if (*in_use != 0 &&
          !(finish_rotation (self, *in_use, error) && read_retired (self, *in_use, error)))
        return FALSE;
      *in_use = number;
    }
  else if (!g_file_test (retired, G_FILE_TEST_EXISTS))
    return TRUE;
  else if (!read_retired (self, number, error))
    return FALSE;
  /* A start is not the last chance to delete it, but it is one. */
  else if (g_unlink (pem) != 0 && errno != ENOENT)
    g_warning ("%s: %s", pem, g_strerror (errno));
  return TRUE;
}

/* Raises @self->last_key to the highest number that a key has here: between them some may be
 * missing. */
static gboolean
look_around (TocsinIdentity *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, &local);
  const char *name;

  if (dir == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s", local->message);
      return FALSE;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      char *end = NULL;
      guint64 number;

      if (!g_str_has_prefix (name, ED25519_PREFIX))
        continue;
      number = g_ascii_strtoull (name + strlen (ED25519_PREFIX), &end, 10);
      if (number < ED25519_MAX && number > self->last_key &&
          (g_str_equal (end, ".pem") || g_str_equal (end, ".retired")))
        self->last_key = (guint) number;
    }
  return TRUE;
}

/* The number of the next key: of one that a rotation made, and perhaps announced, before it was
 * interrupted, or one that none had. */
static guint
next_number (const TocsinIdentity *self)
{
  g_autofree char *made = key_path (self, self->last_key, ".new");

  return self->last_key != self->ed25519_number && g_file_test (made, G_FILE_TEST_EXISTS)
             ? self->last_key
             : self->last_key + 1;
}

/* Where no key is in use: the one that an interrupted rotation made, or a new one. */
static guint
make_number (TocsinIdentity *self)
{
  guint number = next_number (self);
  g_autofree char *made = key_path (self, number, ".new");
  g_autofree char *pem = key_path (self, number, ".pem");

  if (g_file_test (made, G_FILE_TEST_EXISTS) && g_rename (made, pem) != 0)
    g_warning ("%s: %s", made, g_strerror (errno));
  self->last_key = MAX (self->last_key, number);
  return number;
}

/* Finds the Ed25519 key in use and those that were. Where it was lost, the new one gets an id that
 * none ever had: who remembers a key by it would take each for the other. */
static gboolean
load_ed25519 (TocsinIdentity *self, GError **error)
{
  g_autofree char *path = NULL;
  guint number = 0;
  guint known = self->last_key;

  if (!look_around (self, error))
    return FALSE;
  for (guint i = 1; i <= self->last_key; i++)
    if (!load_number (self, i, &number, error))
      return FALSE;
  if (number == 0)
    {
      number = make_number (self);
      if (known > 0)
        g_warning ("The private key that peers know is not in %s: there is a new one, which each "
                   "of them has to confirm",
                   self->dir);
    }
  path = key_path (self, number, ".pem");
  self->ed25519 = load_or_make (path, TOCSIN_KEY_ED25519, error);
  if (self->ed25519 == NULL)
    return FALSE;
  self->ed25519_number = number;
  g_free (self->ed25519_id);
  self->ed25519_id = key_id (self, number);
  return TRUE;
}

static void
add_ed25519 (TocsinActorDocument *document,
             const TocsinIdentity *self,
             guint number,
             const TocsinPrivateKey *private_key,
             gint64 expires_us)
{
  g_autofree char *id = key_id (self, number);
  TocsinActorKey *key = tocsin_actor_key_new (id, self->actor);

  key->multibase = tocsin_public_key_to_multikey (tocsin_private_key_public (private_key));
  key->expires_us = expires_us;
  key->assertion = TRUE;
  g_ptr_array_add (document->keys, key);
}

/* All but the RSA key. */
static guint
n_ed25519 (const TocsinActorDocument *document)
{
  return document->keys->len - 1;
}

/* One key more leaves the oldest out of the document. */
static gboolean
has_room (const TocsinIdentity *self, gint64 now_us)
{
  guint left = TOCSIN_ACTOR_KEYS_MAX - 2; /* beside the one in use and the new one */
  const TocsinActorKey *oldest;

  if (self->retired->len <= left)
    return TRUE;
  oldest = g_ptr_array_index (self->retired, self->retired->len - left - 1);
  return oldest->expires_us + RETIRED_NAMED_US <= now_us;
}

static TocsinActorDocument *
build_document (const TocsinIdentity *self)
{
  TocsinActorDocument *document = tocsin_actor_document_new_for_base (self->base);
  TocsinActorKey *rsa = tocsin_actor_key_new (self->rsa_id, self->actor);

  g_free (document->preferred_username);
  document->preferred_username = g_strdup (self->username);
  g_free (document->name);
  document->name = g_strdup (self->name);
  g_free (document->summary);
  document->summary = g_strdup (self->summary);

  rsa->pem = tocsin_public_key_to_pem (tocsin_private_key_public (self->rsa));
  g_ptr_array_add (document->keys, rsa);
  if (self->next != NULL)
    {
      add_ed25519 (document, self, self->next_number, self->next, 0);
      add_ed25519 (document, self, self->ed25519_number, self->ed25519,
                   self->rotated_us + RETIRED_OVERLAP_US);
    }
  else
    add_ed25519 (document, self, self->ed25519_number, self->ed25519, 0);
  /* The newest: of more than these nobody takes notice. */
  for (guint i = self->retired->len; i > 0 && n_ed25519 (document) < TOCSIN_ACTOR_KEYS_MAX; i--)
    {
      const TocsinActorKey *old = g_ptr_array_index (self->retired, i - 1);
      TocsinActorKey *key = tocsin_actor_key_new (old->id, old->owner);

      key->multibase = g_strdup (old->multibase);
      key->expires_us = old->expires_us;
      key->assertion = TRUE;
      g_ptr_array_add (document->keys, key);
    }
  return document;
}

static void
set_document (TocsinIdentity *self, TocsinActorDocument *document)
{
  g_clear_pointer (&self->document, tocsin_actor_document_free);
  g_clear_pointer (&self->document_bytes, g_bytes_unref);
  self->document = document;
  self->document_bytes = tocsin_actor_document_to_bytes (document);
}

/**
 * tocsin_identity_open:
 * @data_dir: the data directory, which exists
 * @options: who this node is
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Loads the keys, or makes them at the first start.
 *
 * Returns: (transfer full) (nullable): the identity. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID or %TOCSIN_ERROR_STORE.
 */
TocsinIdentity *
tocsin_identity_open (const char *data_dir,
                      const TocsinIdentityOptions *options,
                      gint64 now_us G_GNUC_UNUSED,
                      GError **error)
{
  g_autoptr (TocsinIdentity) self = g_new0 (TocsinIdentity, 1);
  g_autofree char *rsa_path = NULL;

  self->dir = g_build_filename (data_dir, KEYS_DIR, NULL);
  self->base = g_strdup (options->base_url);
  self->authority = tocsin_uri_host_port (options->base_url, error);
  self->actor = g_strconcat (self->base, "/actor", NULL);
  self->rsa_id = g_strconcat (self->actor, "#main-key", NULL);
  self->username = g_strdup (options->preferred_username);
  self->name = g_strdup (options->name);
  self->summary = g_strdup (options->summary);
  self->last_key = options->last_key;
  self->retired = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_actor_key_free);
  rsa_path = g_build_filename (self->dir, RSA_FILE, NULL);

  if (self->authority == NULL || !make_dir (self->dir, error))
    return NULL;
  self->rsa = load_or_make (rsa_path, TOCSIN_KEY_RSA, error);
  if (self->rsa == NULL || !load_ed25519 (self, error))
    return NULL;
  set_document (self, build_document (self));
  return g_steal_pointer (&self);
}

void
tocsin_identity_free (TocsinIdentity *self)
{
  g_free (self->dir);
  g_free (self->base);
  g_free (self->authority);
  g_free (self->actor);
  g_free (self->username);
  g_free (self->name);
  g_free (self->summary);
  g_free (self->rsa_id);
  g_free (self->ed25519_id);
  g_clear_pointer (&self->rsa, tocsin_private_key_free);
  g_clear_pointer (&self->ed25519, tocsin_private_key_free);
  g_clear_pointer (&self->next, tocsin_private_key_free);
  g_clear_pointer (&self->retired, g_ptr_array_unref);
  g_clear_pointer (&self->document, tocsin_actor_document_free);
  g_clear_pointer (&self->next_document, tocsin_actor_document_free);
  g_clear_pointer (&self->document_bytes, g_bytes_unref);
  g_free (self);
}

const char *
tocsin_identity_get_base (const TocsinIdentity *self)
{
  return self->base;
}

const char *
tocsin_identity_get_authority (const TocsinIdentity *self)
{
  return self->authority;
}

const char *
tocsin_identity_get_actor (const TocsinIdentity *self)
{
  return self->actor;
}

const char *
tocsin_identity_get_username (const TocsinIdentity *self)
{
  return self->username;
}

const TocsinActorDocument *
tocsin_identity_get_document (const TocsinIdentity *self)
{
  return self->document;
}

GBytes *
tocsin_identity_get_document_bytes (const TocsinIdentity *self)
{
  return self->document_bytes;
}

/**
 * tocsin_identity_fingerprint:
 * @self: our identity
 *
 * Returns: (transfer full): the fingerprint of the Ed25519 key in use, for people to compare
 */
char *
tocsin_identity_fingerprint (const TocsinIdentity *self)
{
  return tocsin_public_key_fingerprint (tocsin_private_key_public (self->ed25519));
}

/**
 * tocsin_identity_url:
 * @self: our identity
 * @path: begins with "/"
 *
 * Returns: (transfer full): the URL of @path on this node
 */
char *
tocsin_identity_url (const TocsinIdentity *self, const char *path)
{
  return g_strconcat (self->base, path, NULL);
}

/**
 * tocsin_identity_sign:
 * @self: our identity
 * @scheme: how
 * @envelope: (inout): the request
 * @uri: the absolute URI that it goes to
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Signs a request as our actor. With a clock that is out of its mind nothing is signed.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_INVALID
 */
gboolean
tocsin_identity_sign (const TocsinIdentity *self,
                      TocsinSignScheme scheme,
                      TocsinEnvelope *envelope,
                      const char *uri,
                      gint64 now_us,
                      GError **error)
{
  g_autofree char *origin = NULL;

  if (!tocsin_time_is_sane (now_us))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "The clock of this node is wrong");
      return FALSE;
    }
  origin = tocsin_uri_origin (uri, error);
  if (origin == NULL)
    return FALSE;
  switch (scheme)
    {
    case TOCSIN_SIGN_RFC9421_ED25519:
      return tocsin_sign_request_rfc9421 (envelope, origin, self->ed25519, self->ed25519_id, now_us,
                                          error);
    case TOCSIN_SIGN_RFC9421_RSA:
      return tocsin_sign_request_rfc9421 (envelope, origin, self->rsa, self->rsa_id, now_us, error);
    case TOCSIN_SIGN_DRAFT_RSA:
    default:
      return tocsin_sign_request_draft (envelope, origin, self->rsa, self->rsa_id, now_us, error);
    }
}

/**
 * tocsin_identity_get_last_key:
 *
 * Returns: the highest number that an Ed25519 key of this node ever had, with that of a rotation
 *   under way; to be kept where the keys are not, and to be given to tocsin_identity_open()
 */
guint
tocsin_identity_get_last_key (const TocsinIdentity *self)
{
  return self->next != NULL ? MAX (self->last_key, self->next_number) : self->last_key;
}

/**
 * tocsin_identity_prove:
 * @self: our identity
 * @activity: (inout): an activity of ours
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Adds a FEP-8b32 proof by the key in use.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNAVAILABLE or _UNPROCESSABLE
 */
gboolean
tocsin_identity_prove (const TocsinIdentity *self,
                       JsonObject *activity,
                       gint64 now_us,
                       GError **error)
{
  if (!tocsin_time_is_sane (now_us))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "The clock of this node is wrong");
      return FALSE;
    }
  return tocsin_proof_add (activity, self->ed25519, self->ed25519_id, now_us, error);
}

/**
 * tocsin_identity_rotate_prepare:
 * @self: our identity
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Makes a new Ed25519 key, which is not in use yet. The caller sends an Update with the document
 * that this returns, proven by the old key, and calls tocsin_identity_rotate_commit() once that
 * is durable, or tocsin_identity_rotate_abort() if it could not be sent.
 *
 * Returns: (transfer none) (nullable): the document after the rotation. On error, %NULL, and
 *   @error is %TOCSIN_ERROR_CONFLICT (a rotation is under way, or there were too many lately) or
 *   %TOCSIN_ERROR_STORE, also while the private half of the key before cannot be deleted
 */
const TocsinActorDocument *
tocsin_identity_rotate_prepare (TocsinIdentity *self, gint64 now_us, GError **error)
{
  guint number = next_number (self);
  g_autofree char *path = key_path (self, number, ".new");

  if (self->next != NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "The key is being changed already");
      return NULL;
    }
  if (!has_room (self, now_us))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "The key was changed 31 times in three years: peers read no more keys");
      return NULL;
    }
  if (!tocsin_identity_finish_retiring (self, error))
    return NULL;
  /* A key that an unfinished rotation left behind may have been announced: its id is its own. */
  self->next = load_or_make (path, TOCSIN_KEY_ED25519, error);
  if (self->next == NULL)
    return NULL;
  self->next_number = number;
  self->rotated_us = now_us;
  self->next_document = build_document (self);
  return self->next_document;
}

/**
 * tocsin_identity_rotate_abort:
 * @self: our identity, after tocsin_identity_rotate_prepare()
 *
 * Leaves the old key in use. The new one is kept for the next attempt.
 */
void
tocsin_identity_rotate_abort (TocsinIdentity *self)
{
  g_clear_pointer (&self->next, tocsin_private_key_free);
  g_clear_pointer (&self->next_document, tocsin_actor_document_free);
}

/**
 * tocsin_identity_rotate_commit:
 * @self: our identity, after tocsin_identity_rotate_prepare()
 * @error: return location for an error, or %NULL
 *
 * Puts the new key in use. The old private key is deleted, now or by
 * tocsin_identity_finish_retiring(); its public half stays in the document, because what it proved
 * is still in the outbox.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_STORE; then the old key is in use, and the next rotation is to
 *   the same new one
 */
gboolean
tocsin_identity_rotate_commit (TocsinIdentity *self, GError **error)
{
  g_autofree char *new_key = key_path (self, self->next_number, ".new");
  g_autofree char *new_pem = key_path (self, self->next_number, ".pem");
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (self->next != NULL, FALSE);

  /* The new key first: whenever this stops, one key is in use and its id was never another's. */
  if (g_rename (new_key, new_pem) != 0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s: %s", new_pem, g_strerror (errno));
      tocsin_identity_rotate_abort (self);
      return FALSE;
    }
  /* From here on a start would use it, so this does, whatever becomes of the old one's file. */
  g_ptr_array_add (self->retired,
                   retired_key (self, self->ed25519_number, self->ed25519, self->rotated_us));
  self->unretired = self->ed25519_number;
  g_clear_pointer (&self->ed25519, tocsin_private_key_free);
  self->ed25519 = g_steal_pointer (&self->next);
  g_clear_pointer (&self->next_document, tocsin_actor_document_free);
  self->ed25519_number = self->next_number;
  self->last_key = MAX (self->last_key, self->next_number);
  g_free (self->ed25519_id);
  self->ed25519_id = key_id (self, self->ed25519_number);
  set_document (self, build_document (self));
  if (!tocsin_identity_finish_retiring (self, &local))
    g_warning ("The old private key is not deleted yet: %s", local->message);
  return TRUE;
}

/**
 * tocsin_identity_finish_retiring:
 * @self: our identity
 * @error: return location for an error, or %NULL
 *
 * Deletes the private half of the key that was in use before, if that failed until now. To be
 * called now and then; a start does so too.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_STORE
 */
gboolean
tocsin_identity_finish_retiring (TocsinIdentity *self, GError **error)
{
  if (self->unretired == 0)
    return TRUE;
  /* It is the newest of them. */
  if (!retire (self, self->unretired, g_ptr_array_index (self->retired, self->retired->len - 1),
               error))
    return FALSE;
  self->unretired = 0;
  return TRUE;
}
