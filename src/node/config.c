/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-node"

#include "node/config.h"

#include <config.h> /* of the build; "config.h" would be the one beside this file */

#include <glib/gi18n.h>
#include <string.h>

#include "core/error.h"
#include "fed/address-guard.h"
#include "node/settings-value.h"
#include "node/settings.h"

#define API_THREADS_DEFAULT_MAX 8
#define TIME_SCALE_MAX          1000000
/* sun_path is 108 bytes with its NUL: unix(7). */
#define DATA_DIR_MAX_BYTES (107 - (gsize) strlen ("/api.sock"))

typedef struct
{
  char *base_url;
  char *data_dir;
  char *listen;
  char *api_listen;
  char *config_file;
  char **allow_addresses;
  int time_scale;
  gboolean check_only;
  gboolean verbose;
  gboolean show_version;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->base_url);
  g_free (self->data_dir);
  g_free (self->listen);
  g_free (self->api_listen);
  g_free (self->config_file);
  g_strfreev (self->allow_addresses);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse_options (Options *options, const char *const *argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "base-url", 0, 0, G_OPTION_ARG_STRING, &options->base_url,
      N_ ("Public address of this node, an origin without a path"), N_ ("URL") },
    { "data-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->data_dir,
      N_ ("Where the store, the keys and the API socket are"), N_ ("DIR") },
    { "listen", 0, 0, G_OPTION_ARG_STRING, &options->listen, N_ ("Address of the public side"),
      N_ ("HOST:PORT") },
    { "api-listen", 0, 0, G_OPTION_ARG_STRING, &options->api_listen,
      N_ ("Address of the API side, or “none”"), N_ ("HOST:PORT") },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config_file, N_ ("Settings file"),
      N_ ("FILE") },
    { "allow-address", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->allow_addresses,
      N_ ("For tests: also talk to this address, and over http"), N_ ("ADDR|CIDR") },
    { "time-scale", 0, 0, G_OPTION_ARG_INT, &options->time_scale,
      N_ ("For tests: divide every wait by N"), N_ ("N") },
    { "check-config", 0, 0, G_OPTION_ARG_NONE, &options->check_only,
      N_ ("Check the settings and exit"), NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, N_ ("Say more"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->show_version, N_ ("Print the version and exit"),
      NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_auto (GStrv) copy = g_strdupv ((char **) argv);
  g_autoptr (GError) why = NULL;

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, N_ ("Runs a Tocsin node."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse_strv (context, &copy, &why))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%.200s", why->message);
      return FALSE;
    }
  if (copy[0] != NULL && copy[1] != NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "tocsind takes options alone, not “%.60s”", copy[1]);
      return FALSE;
    }
  return TRUE;
}

/* The command line's value if there is one, else the file's; %NULL for an empty one. */
static char *
take_string (GSettings *settings, const char *key, const char *override)
{
  g_autofree char *text =
      override != NULL ? g_strdup (override) : g_settings_get_string (settings, key);

  g_strstrip (text);
  return text[0] != '\0' ? g_steal_pointer (&text) : NULL;
}

static gboolean
check_override (const char *key, const char *text, GError **error)
{
  g_autoptr (GVariant) value = NULL;

  if (text == NULL)
    return TRUE;
  if (!g_utf8_validate (text, -1, NULL))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "--%s is not UTF-8", key);
      return FALSE;
    }
  value = g_variant_ref_sink (g_variant_new_string (text));
  if (tocsin_settings_check_value (key, value, error))
    return TRUE;
  g_prefix_error (error, "--");
  return FALSE;
}

static GPtrArray *
take_masks (const char *const *items)
{
  GPtrArray *masks = g_ptr_array_new_with_free_func (g_object_unref);

  for (gsize i = 0; items != NULL && items[i] != NULL; i++)
    g_ptr_array_add (masks, tocsin_address_mask_parse (items[i]));
  return masks;
}

static gboolean
check_options (const Options *options, GError **error)
{
  const char *const none[] = { NULL };
  const char *const *allowed =
      options->allow_addresses != NULL ? (const char *const *) options->allow_addresses : none;
  g_autoptr (GVariant) addresses = NULL;

  if (!check_override ("base-url", options->base_url, error) ||
      !check_override ("listen", options->listen, error) ||
      !check_override ("api-listen", options->api_listen, error))
    return FALSE;
  for (gsize i = 0; allowed[i] != NULL; i++)
    if (!g_utf8_validate (allowed[i], -1, NULL))
      {
        g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                             "--allow-address is not UTF-8");
        return FALSE;
      }
  addresses = g_variant_ref_sink (g_variant_new_strv (allowed, -1));
  if (!tocsin_settings_check_value ("allow-address", addresses, error))
    {
      g_prefix_error (error, "--");
      return FALSE;
    }
  if (options->time_scale < 1 || options->time_scale > TIME_SCALE_MAX)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "--time-scale must be between 1 and %d", TIME_SCALE_MAX);
      return FALSE;
    }
  if (options->time_scale != 1 && allowed[0] == NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "--time-scale is for tests and goes only with --allow-address");
      return FALSE;
    }
  return TRUE;
}

static guint
take_threads (GSettings *settings)
{
  guint threads = g_settings_get_uint (settings, "api-threads");

  return threads > 0 ? threads : MIN (g_get_num_processors (), API_THREADS_DEFAULT_MAX);
}

static char **
take_domains (GSettings *settings)
{
  g_auto (GStrv) domains = g_settings_get_strv (settings, "follow-allow-domains");
  g_autoptr (GPtrArray) ascii = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; domains[i] != NULL; i++)
    {
      g_autofree char *mixed = g_hostname_to_ascii (domains[i]);

      g_ptr_array_add (ascii, g_ascii_strdown (mixed, -1));
    }
  g_ptr_array_add (ascii, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&ascii), FALSE);
}

static int
take_choice (GSettings *settings, const char *key, const char *const *choices)
{
  g_autofree char *text = g_settings_get_string (settings, key);

  for (int i = 0; choices[i] != NULL; i++)
    if (g_str_equal (text, choices[i]))
      return i;
  /* The schema allows nothing else, and src/node/settings.c has checked the file against it. */
  g_assert_not_reached ();
}

static void
take_policies (TocsinConfig *self, GSettings *settings)
{
  const char *const follow[] = { "manual", "listed", "open", NULL };
  const char *const free_rider[] = { "show", "warn", "pause", NULL };

  self->follow_policy = (TocsinFollowPolicy) take_choice (settings, "follow-policy", follow);
  self->follow_allow_domains = take_domains (settings);
  self->peer_requests_per_minute = g_settings_get_uint (settings, "peer-requests-per-minute");
  self->address_requests_per_minute = g_settings_get_uint (settings, "address-requests-per-minute");
  self->burst_per_hour = g_settings_get_uint (settings, "burst-per-hour");
  self->free_rider_policy =
      (TocsinFreeRiderPolicy) take_choice (settings, "free-rider-policy", free_rider);
  self->sync_interval_hours = g_settings_get_uint (settings, "sync-interval-hours");
  self->default_profile = g_settings_get_string (settings, "default-profile");
  self->shared_networks = g_settings_get_strv (settings, "shared-networks");
  self->observe_days = g_settings_get_uint (settings, "observe-days");
  self->feeds_refresh_hours = g_settings_get_uint (settings, "feeds-refresh-hours");
  self->retention_days = g_settings_get_uint (settings, "retention-days");
  self->audit_days = g_settings_get_uint (settings, "audit-days");
  self->map_size_gib = g_settings_get_uint (settings, "map-size-gib");
}

static void
take_endpoints (TocsinConfig *self, GSettings *settings, const Options *options)
{
  g_auto (GStrv) proxies = g_settings_get_strv (settings, "trusted-proxies");

  self->listen = take_string (settings, "listen", options->listen);
  self->api_listen = take_string (settings, "api-listen", options->api_listen);
  if (g_str_equal (self->api_listen, "none"))
    g_clear_pointer (&self->api_listen, g_free);
  self->trusted_proxies = take_masks ((const char *const *) proxies);
  self->api_threads = take_threads (settings);
  self->allow_get_checks = g_settings_get_boolean (settings, "allow-get-checks");
  self->authz_client_header = take_string (settings, "authz-client-header", NULL);
}

static char *
host_of (const char *origin)
{
  g_autoptr (GUri) uri = g_uri_parse (origin, G_URI_FLAGS_NONE, NULL);

  return g_strdup (g_uri_get_host (uri));
}

static void
take_identity (TocsinConfig *self, GSettings *settings, const Options *options)
{
  g_autofree char *base_url = take_string (settings, "base-url", options->base_url);

  if (base_url != NULL)
    self->base_url = tocsin_settings_canonicalise_origin (base_url, NULL);
  self->preferred_username = take_string (settings, "preferred-username", NULL);
  self->name = take_string (settings, "name", NULL);
  if (self->name == NULL && self->base_url != NULL)
    self->name = host_of (self->base_url);
  self->summary = take_string (settings, "summary", NULL);
  self->contact = take_string (settings, "contact", NULL);
  self->appeal_url = take_string (settings, "appeal-url", NULL);
}

static char *
find_beside (const char *config_file, const char *name)
{
  g_autofree char *absolute = g_canonicalize_filename (config_file, NULL);
  g_autofree char *directory = g_path_get_dirname (absolute);

  return g_build_filename (directory, name, NULL);
}

/* What no single value shows. */
static gboolean
check_whole (const TocsinConfig *self, const char *config_file, GError **error)
{
  if (self->base_url == NULL && !self->check_only)
    {
      g_autofree char *name = g_filename_display_name (config_file);

      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "This node has no address yet: set base-url in %s or give --base-url", name);
      return FALSE;
    }
  if (self->base_url != NULL && g_str_has_prefix (self->base_url, "http:") &&
      self->allow_addresses->len == 0)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "base-url must begin with https:// (http is for tests, and goes only "
                           "with --allow-address)");
      return FALSE;
    }
  if (g_strcmp0 (self->listen, self->api_listen) == 0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "listen and api-listen must differ, both are %s", self->listen);
      return FALSE;
    }
  if (strlen (self->data_dir) > DATA_DIR_MAX_BYTES)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "--data-dir must be at most %" G_GSIZE_FORMAT
                   " bytes long, for its api.sock to fit in a socket address",
                   DATA_DIR_MAX_BYTES);
      return FALSE;
    }
  return TRUE;
}

/**
 * tocsin_config_new_from_arguments:
 * @argv: (array zero-terminated=1): the command line of tocsind, with the program's name first
 * @error: return location for an error, or %NULL
 *
 * Reads the command line and the settings file that it names, or %TOCSIN_CONFIG_FILE; of these
 * only the default one may be missing. `--help` prints and exits. Call it once, from the main
 * thread, before any other is started.
 *
 * Returns: (transfer full): the configuration; free it with tocsin_config_free(). On error, %NULL,
 *   and @error is %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_TOO_LARGE or %TOCSIN_ERROR_NOT_FOUND: exit
 *   with 2.
 */
TocsinConfig *
tocsin_config_new_from_arguments (const char *const *argv, GError **error)
{
  g_auto (Options) options = { .time_scale = 1 };
  g_autoptr (TocsinConfig) self = g_new0 (TocsinConfig, 1);
  g_autoptr (GSettings) settings = NULL;
  const char *config_file = NULL;

  if (!parse_options (&options, argv, error))
    return NULL;
  self->show_version = options.show_version;
  self->verbose = options.verbose;
  self->check_only = options.check_only;
  if (self->show_version)
    return g_steal_pointer (&self);

  config_file = options.config_file != NULL ? options.config_file : TOCSIN_CONFIG_FILE;
  settings = tocsin_settings_open (config_file, options.config_file == NULL, error);
  if (settings == NULL || !check_options (&options, error))
    return NULL;
  self->data_dir = g_canonicalize_filename (
      options.data_dir != NULL ? options.data_dir : TOCSIN_CONFIG_DATA_DIR, NULL);
  self->profiles_dir = find_beside (config_file, TOCSIN_PROFILES_DIR);
  self->feeds_dir = find_beside (config_file, TOCSIN_FEEDS_DIR);
  self->allow_addresses = take_masks ((const char *const *) options.allow_addresses);
  self->time_scale = (guint) options.time_scale;
  take_identity (self, settings, &options);
  take_endpoints (self, settings, &options);
  take_policies (self, settings);
  return check_whole (self, config_file, error) ? g_steal_pointer (&self) : NULL;
}

void
tocsin_config_free (TocsinConfig *self)
{
  if (self == NULL)
    return;
  g_free (self->feeds_dir);
  g_free (self->data_dir);
  g_free (self->profiles_dir);
  g_clear_pointer (&self->allow_addresses, g_ptr_array_unref);
  g_free (self->base_url);
  g_free (self->preferred_username);
  g_free (self->name);
  g_free (self->summary);
  g_free (self->contact);
  g_free (self->appeal_url);
  g_free (self->listen);
  g_free (self->api_listen);
  g_free (self->authz_client_header);
  g_clear_pointer (&self->trusted_proxies, g_ptr_array_unref);
  g_strfreev (self->follow_allow_domains);
  g_free (self->default_profile);
  g_strfreev (self->shared_networks);
  g_free (self);
}

static void
describe (GPtrArray *out, const char *name, const char *value)
{
  g_ptr_array_add (out, g_strdup_printf ("%s=%s", name, value != NULL ? value : ""));
}

static void
describe_number (GPtrArray *out, const char *name, guint value)
{
  g_ptr_array_add (out, g_strdup_printf ("%s=%u", name, value));
}

static void
describe_masks (GPtrArray *out, const char *name, GPtrArray *masks)
{
  g_autoptr (GString) value = g_string_new (NULL);

  for (guint i = 0; i < masks->len; i++)
    {
      g_autofree char *mask = g_inet_address_mask_to_string (g_ptr_array_index (masks, i));

      g_string_append_printf (value, "%s%s", i > 0 ? "," : "", mask);
    }
  describe (out, name, value->str);
}

/**
 * tocsin_config_describe:
 * @self: a configuration
 *
 * What is in force, under the names of the settings; none of it is a secret.
 *
 * Returns: (transfer full) (array zero-terminated=1): lines `name=value`
 */
char **
tocsin_config_describe (const TocsinConfig *self)
{
  static const char *const policies[] = { "manual", "listed", "open" };
  static const char *const riders[] = { "show", "warn", "pause" };
  g_autofree char *domains =
      self->follow_allow_domains != NULL ? g_strjoinv (",", self->follow_allow_domains) : NULL;
  g_autofree char *shared =
      self->shared_networks != NULL ? g_strjoinv (",", self->shared_networks) : NULL;
  GPtrArray *out = g_ptr_array_new ();

  describe (out, "base-url", self->base_url);
  describe (out, "data-dir", self->data_dir);
  describe (out, "preferred-username", self->preferred_username);
  describe (out, "name", self->name);
  describe (out, "summary", self->summary);
  describe (out, "contact", self->contact);
  describe (out, "appeal-url", self->appeal_url);
  describe (out, "listen", self->listen);
  describe (out, "api-listen", self->api_listen != NULL ? self->api_listen : "none");
  describe_masks (out, "trusted-proxies", self->trusted_proxies);
  describe_number (out, "api-threads", self->api_threads);
  describe (out, "allow-get-checks", self->allow_get_checks ? "true" : "false");
  describe (out, "authz-client-header", self->authz_client_header);
  describe (out, "follow-policy", policies[self->follow_policy]);
  describe (out, "follow-allow-domains", domains);
  describe_number (out, "peer-requests-per-minute", self->peer_requests_per_minute);
  describe_number (out, "address-requests-per-minute", self->address_requests_per_minute);
  describe_number (out, "burst-per-hour", self->burst_per_hour);
  describe (out, "free-rider-policy", riders[self->free_rider_policy]);
  describe_number (out, "sync-interval-hours", self->sync_interval_hours);
  describe (out, "default-profile", self->default_profile);
  describe (out, "shared-networks", shared);
  describe_number (out, "observe-days", self->observe_days);
  describe_number (out, "feeds-refresh-hours", self->feeds_refresh_hours);
  describe_number (out, "retention-days", self->retention_days);
  describe_number (out, "audit-days", self->audit_days);
  describe_number (out, "map-size-gib", self->map_size_gib);
  g_ptr_array_add (out, NULL);
  return (char **) g_ptr_array_free (out, FALSE);
}
