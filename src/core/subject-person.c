/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What people are called by: e-mail addresses, usernames, account names.
 */
#define G_LOG_DOMAIN "tocsin-core"

#include <string.h>

#include "core/error.h"
#include "core/host.h"
#include "core/limits.h"
#include "core/subject-internal.h"
#include "core/uri.h"

#define EMAIL_MAX_BYTES 320 /* 64 and 255 of RFC 5321, section 4.5.3.1, and the @ */

static gboolean
refuse (GError **error, TocsinError code, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, code, message);
  return FALSE;
}

static gboolean
is_plain_ascii (const char *text)
{
  for (; *text != '\0'; text++)
    if ((guchar) *text <= 0x20 || (guchar) *text >= 0x7f)
      return FALSE;
  return TRUE;
}

/* Assigned in GLib's version of Unicode, no white space (the separators of lines and paragraphs
 * among it), no control character. */
static gboolean
check_characters (const char *text, GError **error)
{
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (g_unichar_isspace (c) || g_unichar_iscntrl (c))
        return refuse (error, TOCSIN_ERROR_INVALID, "Name has white space or a control character");
      if (!g_unichar_isdefined (c))
        return refuse (error, TOCSIN_ERROR_INVALID, "Name has an unassigned character");
    }
  return TRUE;
}

static char *
fold_once (const char *text)
{
  g_autofree char *composed = g_utf8_normalize (text, -1, G_NORMALIZE_NFKC);
  g_autofree char *folded = g_utf8_casefold (composed, -1);

  return g_utf8_normalize (folded, -1, G_NORMALIZE_NFKC);
}

/* NFKC, case folding, NFKC, by GLib's tables: part of the protocol, so never more rounds. Text
 * that has not settled then would have two keys, and is refused. */
static char *
fold (const char *text, GError **error)
{
  g_autofree char *folded = NULL;
  g_autofree char *again = NULL;

  if (is_plain_ascii (text))
    return g_ascii_strdown (text, -1);
  if (!g_utf8_validate (text, -1, NULL))
    {
      refuse (error, TOCSIN_ERROR_INVALID, "Name is not UTF-8");
      return NULL;
    }
  if (!check_characters (text, error))
    return NULL;
  folded = fold_once (text);
  again = fold_once (folded);
  if (strcmp (folded, again) != 0)
    {
      refuse (error, TOCSIN_ERROR_INVALID, "Name has no stable lower-case form");
      return NULL;
    }
  return check_characters (folded, error) ? g_steal_pointer (&folded) : NULL;
}

gboolean
tocsin_subject_parse_username (const char *input, char **value, GError **error)
{
  g_autofree char *folded = NULL;
  const char *name = input[0] == '@' ? input + 1 : input;

  if (*name == '\0')
    return refuse (error, TOCSIN_ERROR_INVALID, "Username is empty");
  if (strlen (name) > TOCSIN_NAME_MAX_BYTES)
    return refuse (error, TOCSIN_ERROR_TOO_LARGE, "Username is longer than 256 bytes");
  folded = fold (name, error);
  if (folded == NULL)
    return FALSE;
  if (strchr (folded, '@') != NULL)
    return refuse (error, TOCSIN_ERROR_INVALID,
                   "Username has a host: that is an account, a subject of type actor");
  if (*folded == '\0' || strlen (folded) > TOCSIN_NAME_MAX_BYTES)
    return refuse (error, TOCSIN_ERROR_TOO_LARGE,
                   "Username is empty or longer than 256 bytes in canonical form");
  *value = g_steal_pointer (&folded);
  return TRUE;
}

/* Splits at the last @, and says what is wrong with what is not an address of that simple kind. */
static gboolean
split_email (const char *input, char **local, const char **domain, GError **error)
{
  const char *at = strrchr (input, '@');

  if (strlen (input) > EMAIL_MAX_BYTES)
    return refuse (error, TOCSIN_ERROR_TOO_LARGE, "E-mail address is longer than 320 bytes");
  if (at == NULL || at == input || at[1] == '\0')
    return refuse (error, TOCSIN_ERROR_INVALID, "Not an e-mail address in the form NAME@DOMAIN");
  if (input[0] == '"')
    return refuse (error, TOCSIN_ERROR_INVALID, "E-mail addresses in quotes are not taken");
  if (at[1] == '[')
    return refuse (error, TOCSIN_ERROR_INVALID, "E-mail addresses at an IP address are not taken");
  *local = g_strndup (input, (gsize) (at - input));
  *domain = at + 1;
  if (strpbrk (*local, "()<>,;:\\\"[]@") != NULL)
    return refuse (error, TOCSIN_ERROR_INVALID,
                   "Name in an e-mail address has a character that needs quotes");
  for (const char *c = *local; *c != '\0'; c++)
    if ((guchar) *c <= 0x20 || *c == 0x7f)
      return refuse (error, TOCSIN_ERROR_INVALID,
                     "Name in an e-mail address has a space or a control character");
  return TRUE;
}

/* From the second character on: "+49…@sms.example" is a number, not a tag alone. */
static void
cut_tag (char *local)
{
  char *plus = local[0] != '\0' ? strchr (local + 1, '+') : NULL;

  if (plus != NULL)
    *plus = '\0';
}

static void
cut_dots (char *local)
{
  char *out = local;

  for (const char *in = local; *in != '\0'; in++)
    if (*in != '.')
      *out++ = *in;
  *out = '\0';
}

gboolean
tocsin_subject_parse_email (const char *input, char **value, GError **error)
{
  g_autofree char *raw = NULL;
  g_autofree char *local = NULL;
  const char *raw_domain = NULL;
  char host[TOCSIN_HOST_MAX_BYTES + 1];
  const char *domain = host;

  if (!split_email (input, &raw, &raw_domain, error) ||
      !tocsin_host_canonicalise (raw_domain, strlen (raw_domain), host, error))
    return FALSE;
  if (strchr (host, '.') == NULL)
    return refuse (error, TOCSIN_ERROR_INVALID, "E-mail address has a domain without a dot");
  local = fold (raw, error);
  if (local == NULL)
    return FALSE;
  /* Folding may make a sign that splits or quotes out of a look-alike of it. */
  if (strpbrk (local, "()<>,;:\\\"[]@") != NULL)
    return refuse (error, TOCSIN_ERROR_INVALID,
                   "Name in an e-mail address has a character that needs quotes");
  cut_tag (local);
  if (strcmp (host, "googlemail.com") == 0)
    domain = "gmail.com";
  if (strcmp (domain, "gmail.com") == 0)
    cut_dots (local);
  if (*local == '\0')
    return refuse (error, TOCSIN_ERROR_INVALID, "E-mail address has an empty name");
  *value = g_strconcat (local, "@", domain, NULL);
  if (strlen (*value) <= EMAIL_MAX_BYTES)
    return TRUE;
  g_clear_pointer (value, g_free);
  return refuse (error, TOCSIN_ERROR_TOO_LARGE,
                 "E-mail address is longer than 320 bytes in canonical form");
}

#define DOTTED_I 0x130 /* the one letter whose lower case is two characters */

/* Lower case without regard to a locale, as Ruby's downcase; NULL if @text is not UTF-8. */
static char *
lower (const char *text)
{
  GString *out;

  if (!g_utf8_validate (text, -1, NULL))
    return NULL;
  out = g_string_sized_new (strlen (text) + 1);
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    if (g_utf8_get_char (at) == DOTTED_I)
      g_string_append (out, "i\xCC\x87");
    else
      g_string_append_unichar (out, g_unichar_tolower (g_utf8_get_char (at)));
  return g_string_free (out, FALSE);
}

char *
tocsin_subject_mastodon_email (const char *input, GError **error)
{
  g_autofree char *raw = NULL;
  g_autofree char *local = NULL;
  g_autofree char *domain = NULL;
  const char *raw_domain = NULL;

  if (!split_email (input, &raw, &raw_domain, error))
    return NULL;
  local = lower (raw);
  domain = lower (raw_domain);
  if (local == NULL || domain == NULL)
    {
      refuse (error, TOCSIN_ERROR_INVALID, "E-mail address is not UTF-8");
      return NULL;
    }
  cut_dots (local);
  /* Here a + in front cuts all: what is left is what Mastodon would hash. */
  local[strcspn (local, "+")] = '\0';
  if (*local == '\0')
    {
      refuse (error, TOCSIN_ERROR_INVALID, "E-mail address has an empty name");
      return NULL;
    }
  return g_strconcat (local, "@", domain, NULL);
}

char *
tocsin_subject_mastodon_email_hash (const char *input, GError **error)
{
  g_autofree char *email = tocsin_subject_mastodon_email (input, error);
  guint8 digest[TOCSIN_SHA256_BYTES];

  if (email == NULL)
    return NULL;
  tocsin_sha256 (email, strlen (email), digest);
  return tocsin_hex_encode (digest, sizeof digest);
}

gboolean
tocsin_subject_parse_acct (const char *input, char **user, char **host)
{
  const char *name = g_str_has_prefix (input, "acct:") ? input + strlen ("acct:") : input;
  const char *at;
  g_autofree char *uri = NULL;
  g_autofree char *origin = NULL;

  if (*name == '@')
    name++;
  at = strchr (name, '@');
  if (at == NULL || at == name || at - name > TOCSIN_NAME_MAX_BYTES)
    return FALSE;
  if (at[1 + strcspn (at + 1, "@/?#")] != '\0' || !g_utf8_validate (name, at - name, NULL))
    return FALSE;
  for (const char *c = name; c < at; c++)
    if ((guchar) *c <= 0x20 || *c == 0x7f || strchr ("/?#:", *c) != NULL)
      return FALSE;
  uri = g_strconcat ("https://", at + 1, NULL);
  origin = tocsin_uri_origin (uri, NULL);
  if (origin == NULL)
    return FALSE;
  *user = g_strndup (name, (gsize) (at - name));
  *host = g_strdup (origin + strlen ("https://"));
  return TRUE;
}
