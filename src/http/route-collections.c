/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "codec/httpsig.h"
#include "core/error.h"
#include "fed/doubt.h"
#include "fed/given.h"
#include "fed/outbox-view.h"
#include "fed/signer.h"
#include "http/routes-public.h"

/* The way of a request for something that not everyone may see, in order:
 *   read -> (signed) identify, mostly without waiting -> with_signer -> answer
 * docs/wire "Catching up": unsigned, the bare head of a collection; signed, what the signer may
 * see. A signature that is there and wrong is 401 even for what everyone may see, so that its maker
 * learns of it. */

/* Gives the body for @viewer, or NULL with an error. */
typedef GBytes *(*ViewFunc) (TocsinReading *txn,
                             TocsinPublic *self,
                             TocsinRequest *request,
                             const TocsinViewer *viewer,
                             GError **error);

typedef struct
{
  TocsinPublic *public;       /* (unowned) */
  TocsinRequest *request;     /* (unowned): suspended */
  TocsinSignature *signature; /* (owned) */
  TocsinFetchAllowance allowance;
  ViewFunc view;
} ReadOp;

static void on_identified (GObject *source, GAsyncResult *result, gpointer user_data);

static void
read_op_free (ReadOp *op)
{
  g_clear_pointer (&op->signature, tocsin_signature_free);
  g_free (op);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReadOp, read_op_free)

/* Says who asks. Whose key nothing vouches for is held for that from now on, and the operator is
 * told. */
static TocsinViewer
viewer_of (TocsinPublic *self, TocsinReading *txn, const TocsinSigner *signer)
{
  TocsinFederation *fed = self->federation;
  const char *key_id = tocsin_verified_key_id (signer->verified);
  g_autoptr (TocsinPublicKey) key =
      tocsin_keyring_get_key (fed->keyring, signer->actor, key_id, NULL);
  TocsinViewer viewer =
      tocsin_viewer_for (txn, fed->policy, signer->actor->document->id, key, self->now_us ());

  if (viewer.in_doubt)
    tocsin_writer_submit (fed->writer, tocsin_doubt_write,
                          tocsin_doubt_new (viewer.actor, key, self->now_us ()),
                          (GDestroyNotify) tocsin_doubt_free);
  return viewer;
}

/* @signer: (nullable): who signed */
static void
answer (TocsinPublic *self, TocsinRequest *request, ViewFunc view, const TocsinSigner *signer)
{
  TocsinReply *reply = tocsin_request_get_reply (request);
  g_autoptr (TocsinReading) txn =
      tocsin_reader_begin (tocsin_store_get_reader (self->federation->store));
  TocsinViewer viewer = { .kind = TOCSIN_VIEWER_UNSIGNED };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  if (signer != NULL)
    viewer = viewer_of (self, txn, signer);
  body = view (txn, self, request, &viewer, &error);
  /* A read that failed leaves a body that lacks something; it must not pass for the whole. */
  if (body != NULL && !tocsin_txn_check (txn, &error))
    g_clear_pointer (&body, g_bytes_unref);
  if (body == NULL)
    tocsin_reply_set_error (reply, error);
  else
    tocsin_reply_set_bytes (reply, TOCSIN_TYPE_ACTIVITY, body);
}

static void
with_signer (TocsinPublic *self, TocsinRequest *request, ViewFunc view, const TocsinSigner *signer)
{
  TocsinReply *reply = tocsin_request_get_reply (request);
  const char *actor = signer->actor->document->id;
  guint retry_after_seconds = 1;

  if (!tocsin_federation_admits_signer (self->federation, actor, 0, &retry_after_seconds,
                                        self->now_us ()))
    {
      g_autoptr (GError) error = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_BUSY,
                                                      "This sender sends too many requests");

      tocsin_reply_set_error (reply, error);
      tocsin_reply_set_retry_after (reply, MAX (retry_after_seconds, 1));
      return;
    }
  answer (self, request, view, signer);
}

static void
read_view (TocsinRequest *request, TocsinReply *reply, TocsinPublic *self, ViewFunc view)
{
  TocsinFederation *fed = self->federation;
  g_autoptr (TocsinEnvelope) envelope = NULL;
  g_autoptr (ReadOp) op = g_new0 (ReadOp, 1);
  g_autoptr (TocsinSigner) signer = NULL;
  g_autoptr (GError) error = NULL;

  /* What one may see is not for another, nor for a cache between. */
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
  tocsin_public_harden (reply);
  if (tocsin_request_get_header (request, "Signature") == NULL &&
      tocsin_request_get_header (request, "Signature-Input") == NULL)
    {
      answer (self, request, view, NULL);
      return;
    }
  envelope = tocsin_request_to_envelope (request);
  op->signature = tocsin_signature_parse (envelope, tocsin_identity_get_base (fed->identity),
                                          self->now_us (), &error);
  if (op->signature == NULL)
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  signer = tocsin_signer_identify_now (fed, op->signature);
  if (signer != NULL)
    {
      with_signer (self, request, view, signer);
      return;
    }
  tocsin_request_suspend (request);
  op->allowance.client = tocsin_request_get_remote (request);
  op->public = self;
  op->request = request;
  op->view = view;
  tocsin_signer_identify_async (fed, op->signature, &op->allowance, on_identified, op);
  g_steal_pointer (&op);
}

static void
on_identified (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ReadOp) op = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinSigner) signer = tocsin_signer_identify_finish (result, &error);

  if (signer == NULL)
    tocsin_reply_set_error (tocsin_request_get_reply (op->request), error);
  else
    with_signer (op->public, op->request, op->view, signer);
  tocsin_request_complete (op->request);
}

/* ---- the collections ---- */

static GBytes *
view_outbox (TocsinReading *txn,
             TocsinPublic *self,
             TocsinRequest *request G_GNUC_UNUSED,
             const TocsinViewer *viewer,
             GError **error G_GNUC_UNUSED)
{
  return tocsin_outbox_view_head (txn, self->federation->identity, viewer);
}

/* One spelling of each page: decimal digits without leading zeros. */
static gboolean
parse_sequence (const char *text, guint64 *out)
{
  return (*text != '0' || text[1] == '\0') && *text != '+' &&
         g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, out, NULL);
}

static GBytes *
view_page (TocsinReading *txn,
           TocsinPublic *self,
           TocsinRequest *request,
           const TocsinViewer *viewer,
           GError **error)
{
  g_autoptr (GArray) given = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (GBytes) page = NULL;
  guint64 after;

  if (!parse_sequence (tocsin_request_get_param (request, "seq"), &after))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "No such page");
      return NULL;
    }
  page = tocsin_outbox_view_page (txn, self->federation->identity, viewer, after, given, error);
  if (given->len > 0)
    tocsin_writer_submit (
        self->federation->writer, tocsin_given_write,
        tocsin_given_new (self->federation->policy, viewer->actor, given, self->now_us ()),
        (GDestroyNotify) tocsin_given_free);
  return g_steal_pointer (&page);
}

static GBytes *
view_reports (TocsinReading *txn,
              TocsinPublic *self,
              TocsinRequest *request G_GNUC_UNUSED,
              const TocsinViewer *viewer,
              GError **error G_GNUC_UNUSED)
{
  return tocsin_outbox_view_reports (txn, self->federation->identity, viewer, self->now_us ());
}

static GBytes *
view_trust (TocsinReading *txn,
            TocsinPublic *self,
            TocsinRequest *request G_GNUC_UNUSED,
            const TocsinViewer *viewer,
            GError **error G_GNUC_UNUSED)
{
  return tocsin_outbox_view_trust (txn, self->federation->identity, viewer);
}

static GBytes *
view_report (TocsinReading *txn,
             TocsinPublic *self,
             TocsinRequest *request,
             const TocsinViewer *viewer,
             GError **error)
{
  return tocsin_outbox_view_report (txn, self->federation->identity, viewer,
                                    tocsin_request_get_param (request, "id"), self->now_us (),
                                    error);
}

static GBytes *
view_activity (TocsinReading *txn,
               TocsinPublic *self,
               TocsinRequest *request,
               const TocsinViewer *viewer,
               GError **error)
{
  return tocsin_outbox_view_activity (txn, self->federation->identity, viewer,
                                      tocsin_request_get_param (request, "id"), self->now_us (),
                                      error);
}

static void
on_outbox (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  read_view (request, reply, data, view_outbox);
}

static void
on_page (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  read_view (request, reply, data, view_page);
}

static void
on_reports (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  read_view (request, reply, data, view_reports);
}

static void
on_trust (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  read_view (request, reply, data, view_trust);
}

static void
on_report (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  read_view (request, reply, data, view_report);
}

static void
on_activity (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  read_view (request, reply, data, view_activity);
}

/* ---- whom we follow and who follows us: a head for everyone, and never a list ---- */

static void
answer_head (TocsinReply *reply, GBytes *head)
{
  tocsin_reply_add_header (reply, "Cache-Control", "no-cache");
  tocsin_public_harden (reply);
  tocsin_reply_set_bytes (reply, TOCSIN_TYPE_ACTIVITY, head);
}

static void
on_followers (TocsinRequest *request G_GNUC_UNUSED, TocsinReply *reply, gpointer data)
{
  TocsinPublic *self = data;
  g_autoptr (GBytes) head = tocsin_outbox_view_followers (self->federation->identity);

  answer_head (reply, head);
}

static void
on_following (TocsinRequest *request G_GNUC_UNUSED, TocsinReply *reply, gpointer data)
{
  TocsinPublic *self = data;
  g_autoptr (GBytes) head = tocsin_outbox_view_following (self->federation->identity);

  answer_head (reply, head);
}

static const TocsinRoute routes[] = {
  { "GET", "/outbox", on_outbox, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/outbox/after/{seq}", on_page, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/followers", on_followers, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/following", on_following, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/reports", on_reports, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/trust", on_trust, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/reports/{id}", on_report, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/activities/{id}", on_activity, TOCSIN_ROUTE_NONE, 0, 0, NULL },
};

void
tocsin_route_collections_add (TocsinRouter *router, TocsinPublic *public)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), public);
}
