/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinError:
 * @TOCSIN_ERROR_INVALID: the input breaks a rule of its format; never retry it (400)
 * @TOCSIN_ERROR_UNPROCESSABLE: well-formed, but not a valid thing of its kind (422)
 * @TOCSIN_ERROR_STALE: too old to be taken (422)
 * @TOCSIN_ERROR_FUTURE: dated too far ahead of our clock (422)
 * @TOCSIN_ERROR_TOO_LARGE: longer than a documented limit (413)
 * @TOCSIN_ERROR_UNSUPPORTED: a media type or content coding that we do not take (415)
 * @TOCSIN_ERROR_NOT_FOUND: the thing asked for does not exist, or may not be seen (404)
 * @TOCSIN_ERROR_GONE: it existed and was withdrawn (410)
 * @TOCSIN_ERROR_CONFLICT: it contradicts the present state (409)
 * @TOCSIN_ERROR_UNAUTHENTICATED: a signature, proof or token is missing, stale or wrong (401)
 * @TOCSIN_ERROR_KEY_UNREACHABLE: the signer's key could not be fetched (401)
 * @TOCSIN_ERROR_FORBIDDEN: the sender is known and is not allowed to do this (403)
 * @TOCSIN_ERROR_NOT_A_PEER: only a direct peer, or one it relays for, may send this (403)
 * @TOCSIN_ERROR_OWNERSHIP: actor, author, collection and origin do not agree (403)
 * @TOCSIN_ERROR_EQUIVOCATION: an id that we have seen, with another content (403)
 * @TOCSIN_ERROR_REFUSED: the operator's own policy says no (403)
 * @TOCSIN_ERROR_BUSY: this sender is past a limit; the same call may succeed later (429)
 * @TOCSIN_ERROR_UNAVAILABLE: the node is past a limit; the same call may succeed later (503)
 * @TOCSIN_ERROR_UNREACHABLE: a peer did not answer usefully; retry with back-off (502)
 * @TOCSIN_ERROR_STORE: the database refused; an operator has to look (503)
 *
 * What went wrong, named by what the caller can do about it.
 *
 * `http/reply.c` is the one place that turns a code into an HTTP status and a
 * problem type, and `cli/command-line.c` the one place that turns it into an
 * exit status.
 */
typedef enum
{
  TOCSIN_ERROR_INVALID,
  TOCSIN_ERROR_UNPROCESSABLE,
  TOCSIN_ERROR_STALE,
  TOCSIN_ERROR_FUTURE,
  TOCSIN_ERROR_TOO_LARGE,
  TOCSIN_ERROR_UNSUPPORTED,
  TOCSIN_ERROR_NOT_FOUND,
  TOCSIN_ERROR_GONE,
  TOCSIN_ERROR_CONFLICT,
  TOCSIN_ERROR_UNAUTHENTICATED,
  TOCSIN_ERROR_KEY_UNREACHABLE,
  TOCSIN_ERROR_FORBIDDEN,
  TOCSIN_ERROR_NOT_A_PEER,
  TOCSIN_ERROR_OWNERSHIP,
  TOCSIN_ERROR_EQUIVOCATION,
  TOCSIN_ERROR_REFUSED,
  TOCSIN_ERROR_BUSY,
  TOCSIN_ERROR_UNAVAILABLE,
  TOCSIN_ERROR_UNREACHABLE,
  TOCSIN_ERROR_STORE,
} TocsinError;

#define TOCSIN_ERROR (tocsin_error_quark ())
GQuark tocsin_error_quark (void);

/* @text: foreign, of any bytes. (transfer full): its first @max_bytes as one line of UTF-8: what is
 * no UTF-8 becomes a question mark, what controls a terminal a space. No character is cut in two,
 * and one that is cut at the end of @text is left out. */
char *tocsin_error_clean_text (const char *text, gsize max_bytes) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): an error that says what somebody else's code or server said, cleaned and no
 * longer than 200 bytes. */
GError *tocsin_error_new_foreign (TocsinError code, const char *text) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
