/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"
#include "http/request.h"

G_BEGIN_DECLS

#define TOCSIN_TYPE_HTML "text/html; charset=utf-8"

/**
 * TocsinPublicOptions: what the operator says about the node; copied.
 * @name: (nullable): what the node is called; %NULL: its host
 * @username: (nullable): of our actor; tocsin_public_new() takes the identity's
 * @summary: (nullable): what it says about itself
 * @contact: (nullable): e-mail address or https URL
 * @appeal_url: (nullable): where a person can appeal; https or mailto
 * @version: of this program
 * @now_us: (nullable): the clock; %NULL: tocsin_time_now_us()
 */
typedef struct
{
  const char *name;
  const char *username;
  const char *summary;
  const char *contact;
  const char *appeal_url;
  const char *version;
  gint64 (*now_us) (void);
} TocsinPublicOptions;

/**
 * TocsinPublic:
 * @federation: (unowned): everything that deals with other nodes
 * @page: (owned): the page at `/`
 * @page_policy: (owned): its Content-Security-Policy
 * @nodeinfo_index: (owned): /.well-known/nodeinfo
 * @nodeinfo: (owned): /nodeinfo/2.1
 * @now_us: the clock
 *
 * What the routes of the public side need. Main thread; must outlive the router it is given to.
 */
typedef struct
{
  TocsinFederation *federation;
  GBytes *page;
  char *page_policy;
  GBytes *nodeinfo_index;
  GBytes *nodeinfo;
  gint64 (*now_us) (void);
} TocsinPublic;

TocsinPublic *tocsin_public_new (TocsinFederation *federation,
                                 const TocsinPublicOptions *options) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_public_free (TocsinPublic *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinPublic, tocsin_public_free)

/**
 * tocsin_public_page:
 * @base: our origin
 * @options: what the operator says; every value is escaped
 * @out_policy: (out) (transfer full): the Content-Security-Policy under which it shows as it should
 *
 * Fills the template data/public-page.html. Pure.
 *
 * Returns: (transfer full): the page, HTML in UTF-8
 */
GBytes *tocsin_public_page (const char *base,
                            const TocsinPublicOptions *options,
                            char **out_policy) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_public_answer:
 * @request: the request
 * @reply: its reply
 * @content_type: a static string
 * @body: the document
 * @max_age_seconds: how long others may keep it without asking again
 *
 * Answers with a document that is the same for everyone: with an entity tag, and 304 if the client
 * has it already (RFC 9110, section 13.1.2); of the body its length alone is sent then.
 */
void tocsin_public_answer (TocsinRequest *request,
                           TocsinReply *reply,
                           const char *content_type,
                           GBytes *body,
                           guint max_age_seconds);

/* The fields that keep a browser from making more of an answer than it is. */
void tocsin_public_harden (TocsinReply *reply);

/**
 * tocsin_public_prefers_html:
 * @accept: (nullable): an Accept field
 *
 * Returns: whether it names text/html, and would rather have it than an ActivityPub document (RFC
 *   9110, section 12.5.1). Who has no preference is a machine
 */
gboolean tocsin_public_prefers_html (const char *accept);

/**
 * tocsin_public_is_activity_type:
 * @content_type: (nullable): a Content-Type field
 *
 * Returns: whether it is one of the two media types of an activity: `application/activity+json`, or
 *   `application/ld+json` without a profile or with that of ActivityStreams
 */
gboolean tocsin_public_is_activity_type (const char *content_type);

G_END_DECLS
