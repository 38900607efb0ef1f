/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a schema cannot say about a value. The same rules hold for the settings file and for the
 * command line.
 */
#define G_LOG_DOMAIN "tocsin-node"

#include "node/settings-value.h"

#include <string.h>

#include "core/error.h"
#include "core/network-list.h"
#include "fed/address-guard.h"

#define NAME_MAX_CHARACTERS    100
#define SUMMARY_MAX_CHARACTERS 1000
#define CONTACT_MAX_BYTES      320
#define URL_MAX_BYTES          2000
#define ORIGIN_MAX_BYTES       300
#define USERNAME_MAX_BYTES     64
#define FIELD_NAME_MAX_BYTES   64
#define PROFILE_MAX_BYTES      32
#define HOST_MAX_BYTES         253 /* RFC 1035, section 2.3.4, in text form */
#define LIST_MAX               10000

G_GNUC_PRINTF (2, 3)
static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (TOCSIN_ERROR, TOCSIN_ERROR_INVALID, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
is_plain_text (const char *text, glong max_characters, gboolean lines)
{
  if (g_utf8_strlen (text, -1) > max_characters)
    return FALSE;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)) && !(lines && *p == '\n'))
      return FALSE;
  return TRUE;
}

/* Letters, digits and inner hyphens in labels of 1 to 63: RFC 1123, section 2.1. ASCII alone. */
static gboolean
is_host_name (const char *host)
{
  g_auto (GStrv) labels = g_strsplit (host, ".", -1);

  if (host[0] == '\0' || strlen (host) > HOST_MAX_BYTES)
    return FALSE;
  for (gsize i = 0; labels[i] != NULL; i++)
    {
      gsize length = strlen (labels[i]);

      if (length == 0 || length > 63 || labels[i][0] == '-' || labels[i][length - 1] == '-')
        return FALSE;
      for (gsize j = 0; j < length; j++)
        if (!g_ascii_isalnum (labels[i][j]) && labels[i][j] != '-')
          return FALSE;
    }
  return TRUE;
}

/* What g_uri_parse() decodes or lets pass and an origin cannot hold. */
static gboolean
is_visible_ascii (const char *text, const char *without)
{
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p) || strchr (without, *p) != NULL)
      return FALSE;
  return TRUE;
}

/**
 * tocsin_settings_canonicalise_origin:
 * @text: an http or https origin; one slash at the end is forgiven
 * @error: return location for an error, or %NULL
 *
 * Gives the spelling that goes into identifiers: lower case, no default port, no slash at the
 * end. The result is a fixed point of this function.
 *
 * See [RFC 6454, section 6.2](https://www.rfc-editor.org/rfc/rfc6454#section-6.2).
 *
 * Returns: (transfer full): the origin; free it with g_free(). On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID.
 */
char *
tocsin_settings_canonicalise_origin (const char *text, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  g_autofree char *host = NULL;
  g_autoptr (GString) origin = NULL;
  gboolean literal = FALSE;

  if (strlen (text) <= ORIGIN_MAX_BYTES && is_visible_ascii (text, "%\\@?#"))
    uri = g_uri_parse (text, G_URI_FLAGS_SCHEME_NORMALIZE, NULL);
  if (uri == NULL || g_uri_get_host (uri) == NULL ||
      (!g_str_equal (g_uri_get_scheme (uri), "https") &&
       !g_str_equal (g_uri_get_scheme (uri), "http")))
    {
      refuse (error, "base-url must be an https origin such as https://tocsin.example");
      return NULL;
    }
  if (!g_str_equal (g_uri_get_path (uri), "") && !g_str_equal (g_uri_get_path (uri), "/"))
    {
      refuse (error, "base-url must be an origin without a path");
      return NULL;
    }
  host = g_ascii_strdown (g_uri_get_host (uri), -1);
  literal = strchr (host, ':') != NULL;
  if (!(literal ? g_hostname_is_ip_address (host) && strchr (host, '%') == NULL
                : is_host_name (host)) ||
      g_uri_get_port (uri) == 0)
    {
      refuse (error, "base-url has no valid host and port");
      return NULL;
    }
  origin = g_string_new (NULL);
  g_string_printf (origin, literal ? "%s://[%s]" : "%s://%s", g_uri_get_scheme (uri), host);
  /* GUri fills in the default port. */
  if (g_uri_get_port (uri) != (g_str_equal (g_uri_get_scheme (uri), "https") ? 443 : 80))
    g_string_append_printf (origin, ":%d", g_uri_get_port (uri));
  return g_string_free (g_steal_pointer (&origin), FALSE);
}

static gboolean
check_base_url (const char *key, GVariant *value, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  g_autofree char *origin = NULL;

  if (text[0] == '\0')
    return TRUE;
  origin = tocsin_settings_canonicalise_origin (text, error);
  return origin != NULL;
}

/* ADDRESS:PORT with a literal address; a name could resolve to more than the operator means. */
static gboolean
is_endpoint (const char *text)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *host = NULL;
  guint64 port = 0;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
    return FALSE;
  host = g_strndup (text, (gsize) (colon - text));
  if (host[0] == '[' && g_str_has_suffix (host, "]"))
    {
      host[strlen (host) - 1] = '\0';
      return strchr (host, ':') != NULL && g_hostname_is_ip_address (host + 1);
    }
  return g_str_equal (host, "localhost") ||
         (strchr (host, ':') == NULL && g_hostname_is_ip_address (host));
}

static gboolean
check_listen (const char *key, GVariant *value, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);

  if (is_endpoint (text) || (g_str_equal (key, "api-listen") && g_str_equal (text, "none")))
    return TRUE;
  return refuse (error, "%s must be ADDRESS:PORT such as 127.0.0.1:8477 or [::1]:8477%s", key,
                 g_str_equal (key, "api-listen") ? ", or none" : "");
}

static gboolean
check_networks (const char *key, GVariant *value, GError **error)
{
  g_autofree const char **items = g_variant_get_strv (value, NULL);

  for (gsize i = 0; items[i] != NULL; i++)
    {
      g_autoptr (GInetAddressMask) mask = NULL;

      if (i >= LIST_MAX)
        return refuse (error, "%s must have at most %d entries", key, LIST_MAX);
      mask = tocsin_address_mask_parse (items[i]);
      if (mask == NULL)
        return refuse (error,
                       "%s, entry %" G_GSIZE_FORMAT ", must be an address or a network such as "
                       "192.0.2.0/24 with no bits set past its length",
                       key, i + 1);
    }
  return TRUE;
}

/* The list that they become leaves out what it cannot read, without a word. */
static gboolean
check_shared_networks (const char *key, GVariant *value, GError **error)
{
  g_autofree const char **items = g_variant_get_strv (value, NULL);

  if (!check_networks (key, value, error))
    return FALSE;
  for (gsize i = 0; items[i] != NULL; i++)
    if (!tocsin_network_list_takes (items[i]))
      return refuse (error,
                     "%s, entry %" G_GSIZE_FORMAT ", must be an address or a network such as "
                     "192.0.2.0/24 in its plain form, without zeros before its length",
                     key, i + 1);
  return TRUE;
}

static gboolean
check_domains (const char *key, GVariant *value, GError **error)
{
  g_autofree const char **items = g_variant_get_strv (value, NULL);

  for (gsize i = 0; items[i] != NULL; i++)
    {
      g_autofree char *ascii = g_hostname_to_ascii (items[i]);

      if (i >= LIST_MAX)
        return refuse (error, "%s must have at most %d entries", key, LIST_MAX);
      if (ascii == NULL || !is_host_name (ascii) || g_hostname_is_ip_address (ascii))
        return refuse (error, "%s, entry %" G_GSIZE_FORMAT ", must be a domain such as example.org",
                       key, i + 1);
    }
  return TRUE;
}

static gboolean
check_username (const char *key, GVariant *value, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  gsize length = strlen (text);

  if (length >= 1 && length <= USERNAME_MAX_BYTES &&
      strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.-") == length &&
      strchr (".-", text[0]) == NULL && strchr (".-", text[length - 1]) == NULL)
    return TRUE;
  return refuse (error,
                 "%s must be 1 to %d letters, digits, “_”, “.” or “-”, the last two not at "
                 "its ends",
                 key, USERNAME_MAX_BYTES);
}

static gboolean
check_profile (const char *key, GVariant *value, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  gsize length = strlen (text);

  if (length >= 1 && length <= PROFILE_MAX_BYTES &&
      strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-") == length)
    return TRUE;
  return refuse (error, "%s must be 1 to %d letters, digits, “_” or “-”", key, PROFILE_MAX_BYTES);
}

/* tchar of RFC 9110, section 5.6.2. */
static gboolean
check_field_name (const char *key, GVariant *value, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);
  gsize length = strlen (text);

  if (length >= 1 && length <= FIELD_NAME_MAX_BYTES &&
      strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "!#$%&'*+-.^_`|~") == length)
    return TRUE;
  return refuse (error, "%s must be the name of a header field such as X-Real-IP", key);
}

static gboolean
check_name (const char *key, GVariant *value, GError **error)
{
  if (is_plain_text (g_variant_get_string (value, NULL), NAME_MAX_CHARACTERS, FALSE))
    return TRUE;
  return refuse (error, "%s must be one line of at most %d characters", key, NAME_MAX_CHARACTERS);
}

static gboolean
check_summary (const char *key, GVariant *value, GError **error)
{
  if (is_plain_text (g_variant_get_string (value, NULL), SUMMARY_MAX_CHARACTERS, TRUE))
    return TRUE;
  return refuse (error, "%s must be plain text of at most %d characters", key,
                 SUMMARY_MAX_CHARACTERS);
}

static gboolean
is_https_url (const char *text)
{
  g_autoptr (GUri) uri = NULL;

  if (!g_str_has_prefix (text, "https://") || strlen (text) > URL_MAX_BYTES ||
      !is_visible_ascii (text, "<>\"\\"))
    return FALSE;
  uri = g_uri_parse (text, G_URI_FLAGS_PARSE_RELAXED, NULL);
  return uri != NULL && g_uri_get_host (uri) != NULL && g_uri_get_host (uri)[0] != '\0' &&
         g_uri_get_userinfo (uri) == NULL;
}

/* Enough to publish it and to make a mailto link; whether it takes mail nobody can tell. */
static gboolean
is_mail_address (const char *text)
{
  const char *at = strrchr (text, '@');
  g_autofree char *ascii = NULL;

  if (at == NULL || at == text || strlen (text) > CONTACT_MAX_BYTES || strchr (text, '@') != at ||
      strpbrk (text, " \t\r\n<>\"\\,;:") != NULL)
    return FALSE;
  ascii = g_hostname_to_ascii (at + 1);
  return ascii != NULL && is_host_name (ascii) && is_plain_text (text, CONTACT_MAX_BYTES, FALSE);
}

static gboolean
check_contact (const char *key, GVariant *value, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);

  if (text[0] == '\0' || is_https_url (text) || is_mail_address (text))
    return TRUE;
  return refuse (error, "%s must be an e-mail address or an https URL", key);
}

static gboolean
check_appeal_url (const char *key, GVariant *value, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);

  if (text[0] == '\0' || is_https_url (text) ||
      (g_str_has_prefix (text, "mailto:") && is_mail_address (text + strlen ("mailto:"))))
    return TRUE;
  return refuse (error, "%s must be an https URL or mailto: with an address", key);
}

static const struct
{
  const char *key;
  gboolean (*check) (const char *key, GVariant *value, GError **error);
} RULES[] = {
  { "base-url", check_base_url },
  { "preferred-username", check_username },
  { "default-profile", check_profile },
  { "name", check_name },
  { "summary", check_summary },
  { "contact", check_contact },
  { "appeal-url", check_appeal_url },
  { "authz-client-header", check_field_name },
  { "listen", check_listen },
  { "api-listen", check_listen },
  { "trusted-proxies", check_networks },
  { "allow-address", check_networks },
  { "follow-allow-domains", check_domains },
  { "shared-networks", check_shared_networks },
};

/**
 * tocsin_settings_check_value:
 * @key: a setting, or an option of the command line that takes the same kind of value
 * @value: a value of the setting's own type and within its range
 * @error: return location for an error, or %NULL
 *
 * Checks what a schema cannot say: addresses, URLs, names. A key without such a rule passes.
 *
 * Returns: %TRUE if @value may be used. On error, %FALSE, and @error is %TOCSIN_ERROR_INVALID.
 */
gboolean
tocsin_settings_check_value (const char *key, GVariant *value, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (RULES); i++)
    if (g_str_equal (key, RULES[i].key))
      return RULES[i].check (key, value, error);
  return TRUE;
}
