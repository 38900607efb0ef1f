/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/scope.h"

G_BEGIN_DECLS

#define TOCSIN_TOKEN_PREFIX     "tocsin_"
#define TOCSIN_TOKEN_HASH_BYTES 32

/**
 * TocsinToken:
 * @name: (owned): what the operator calls it
 * @hash: SHA-256 of the token; a token has 256 random bits, so a plain hash cannot be searched
 * @scopes: #TocsinScope bits
 */
typedef struct
{
  char *name;
  guint8 hash[TOCSIN_TOKEN_HASH_BYTES];
  guint scopes;
} TocsinToken;

/**
 * TocsinAuth:
 *
 * The tokens in force. One thread replaces the set, any thread looks tokens up; neither waits.
 *
 * A thread that looks tokens up counts itself in the set it found and stays with it until it looks
 * again, or ends. A set that was replaced goes with the last of them, so that there are never many
 * more sets than threads, however often tokens are made and revoked.
 */
typedef struct _TocsinAuth TocsinAuth;

TocsinAuth *tocsin_auth_new (void) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_auth_free (TocsinAuth *self); /* once no thread looks tokens up any more */

/**
 * tocsin_auth_replace:
 * @self: the tokens
 * @tokens: (array length=n_tokens): the whole new set, copied
 * @n_tokens: how many
 *
 * Puts a new set in force at once. From one thread only. The set before goes when no thread has it
 * any more: at once, by the next lookup or at the end of a thread that has; or by the next call, if
 * one was just about to take it.
 */
void tocsin_auth_replace (TocsinAuth *self, const TocsinToken *tokens, gsize n_tokens);

/* How many sets there are in this process, those in force among them. From any thread; for tests.
 */
guint tocsin_auth_count_sets (void);

/**
 * tocsin_auth_lookup:
 * @self: the tokens
 * @presented: a token as a client sent it
 * @out_name: (out) (optional) (nullable) (transfer none): its name, valid until this thread looks a
 *   token up again; whoever gives a request to another thread copies it
 *
 * The time this takes does not depend on which token matched or how nearly. From any thread.
 *
 * Returns: the token's scopes, %TOCSIN_SCOPE_ALL if `admin` is among them; 0 if nobody has it
 */
guint tocsin_auth_lookup (const TocsinAuth *self, const char *presented, const char **out_name);

/**
 * tocsin_auth_presented:
 * @authorization: (nullable): the value of Authorization
 * @api_key: (nullable): the value of X-Api-Key
 *
 * A proxy in front may have an @authorization of its own, of another scheme.
 *
 * Returns: (nullable): where the token begins in `Bearer TOKEN`
 *   ([RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)), and @api_key if
 *   @authorization has not that scheme
 */
const char *tocsin_auth_presented (const char *authorization, const char *api_key);

/**
 * tocsin_auth_basic:
 * @authorization: (nullable): the value of Authorization
 *
 * For readers of lists that know nothing else, such as GoToSocial's subscriptions.
 *
 * Returns: (transfer full) (nullable): the password of `Basic BASE64`
 *   ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)), which is to be a token
 */
char *tocsin_auth_basic (const char *authorization) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_auth_token_new:
 *
 * Returns: (transfer full): `tocsin_` and 32 random bytes in base64url, without padding
 */
char *tocsin_auth_token_new (void) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_auth_token_hash (const char *token, guint8 out[TOCSIN_TOKEN_HASH_BYTES]);

/**
 * tocsin_auth_scopes_parse:
 * @names: names separated by commas or spaces
 * @out: (out): the bits
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID if a name is unknown or there is none
 */
gboolean tocsin_auth_scopes_parse (const char *names, guint *out, GError **error);
char *tocsin_auth_scopes_format (guint scopes) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_auth_ensure_admin_token:
 * @dir: the data directory
 * @error: return location for an error, or %NULL
 *
 * Reads the credential tocsin.admin-token that systemd hands over, where there is one. Else reads
 * `DIR/admin.token`, or makes it: mode 0600, written whole before it has that name. A file that
 * others could read is closed to them.
 *
 * Returns: (transfer full) (nullable): the token. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID if the file holds something else, or a #GFileError
 */
char *tocsin_auth_ensure_admin_token (const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinAuth, tocsin_auth_free)

G_END_DECLS
