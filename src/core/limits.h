/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The limits of the protocol and of the API that more than one layer has to know: docs/wire
 * "Answers" and where else noted. Byte sizes fit an int.
 */
#pragma once

/* What others send. */
#define TOCSIN_BODY_MAX_BYTES      (256 * 1024)  /* of a request to the inbox */
#define TOCSIN_ACTIVITY_MAX_BYTES  (16 * 1024)   /* of an Add or a Remove */
#define TOCSIN_DOCUMENT_MAX_BYTES  (1024 * 1024) /* fetched, after decompression */
#define TOCSIN_HEADERS_MAX_BYTES   (32 * 1024)
#define TOCSIN_JSON_MAX_DEPTH      32
#define TOCSIN_JSON_MAX_MEMBERS    10000
#define TOCSIN_URI_MAX_BYTES       2048
#define TOCSIN_NAME_MAX_BYTES      256  /* a slug, a username, a preferredUsername */
#define TOCSIN_TEXT_MAX_BYTES      4096 /* any other string of a document */
#define TOCSIN_CONTENT_MAX_CHARS   280  /* Unicode characters of a report's text */
#define TOCSIN_PEER_TEXT_MAX_BYTES 200  /* of a peer's words in a message of ours */
#define TOCSIN_RSA_MIN_BITS        2048
#define TOCSIN_RSA_MAX_BITS        4096

/* What we send: some servers give up at deeper nesting. */
#define TOCSIN_OUTGOING_MAX_DEPTH   8
#define TOCSIN_PAGE_MAX_ACTIVITIES  50
#define TOCSIN_PAGE_MAX_BYTES       (512 * 1024)
#define TOCSIN_MAX_REDIRECTS        3
#define TOCSIN_CONNECT_MAX_SECONDS  5
#define TOCSIN_EXCHANGE_MAX_SECONDS 15

/* Times of what others send. */
#define TOCSIN_MAX_AHEAD_SECONDS         3600 /* a clock of a peer may be this far ahead */
#define TOCSIN_READ_AGAIN_AHEAD_DAYS     30   /* ahead of that in its outbox: read again later */
#define TOCSIN_SIGNATURE_MAX_AGE_SECONDS (12 * 3600)
#define TOCSIN_ACTIVITY_MAX_AGE_DAYS     400 /* by push or relay; seen ids are kept as long */

/* Key fetches that a request to the inbox may cause. */
#define TOCSIN_FETCHES_PER_REQUEST         3
#define TOCSIN_FETCHES_PER_HOST_PER_MINUTE 20
#define TOCSIN_FETCHES_AT_ONCE             32
#define TOCSIN_FETCH_FAILURE_SECONDS       300 /* how long a host's failure is remembered */

/* Follow requests that wait for the operator. */
#define TOCSIN_PENDING_MAX            200
#define TOCSIN_PENDING_MAX_PER_DOMAIN 3
#define TOCSIN_PENDING_MAX_DAYS       30

/* Of a body: counts as one more request against the rates of an address and of a signer. */
#define TOCSIN_REQUEST_UNIT_BYTES (16 * 1024)

/* The API (openapi.yaml). */
#define TOCSIN_API_BODY_MAX_BYTES  (1024 * 1024)
#define TOCSIN_BATCH_MAX_BYTES     (16 * 1024 * 1024)
#define TOCSIN_BATCH_MAX_LINES     10000
#define TOCSIN_CHECK_MAX_SUBJECTS  16
#define TOCSIN_LIST_PAGE_MAX       200
#define TOCSIN_RANGE_PREFIX_DIGITS 5
#define TOCSIN_RANGE_PADDING_LINES 64

/* How full the store may be, of its map and its disk (docs/wire "Answers"). */
#define TOCSIN_STORE_WARN_PERCENT 75 /* the operator is told */
#define TOCSIN_STORE_FULL_PERCENT 90 /* nothing is added; what takes back still comes in */

/* A list that is read (node.conf(5), "feeds.d"). */
#define TOCSIN_FEED_MIB_MAX   1024
#define TOCSIN_FEED_HOURS_MAX 720

/* The trusted set's room in the store (model.md 1). */
#define TOCSIN_QUOTA_DIRECT_REPORTS    100000
#define TOCSIN_QUOTA_OWN_REPORTS       50000 /* of a direct peer, whatever others of it take */
#define TOCSIN_QUOTA_INDIRECT_REPORTS  10000
#define TOCSIN_QUOTA_TRUST_STATEMENTS  1000
#define TOCSIN_QUOTA_BRANCH_STATEMENTS 32000 /* of others than the direct peer */
