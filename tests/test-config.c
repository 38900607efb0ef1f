/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "node/config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/error.h"
#include "node/settings.h"

#define MAX_ARGUMENTS 12

/* A settings file in a directory of its own. */
typedef struct
{
  char *dir;
  char *path;
} Fixture;

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->dir = g_dir_make_tmp ("tocsin-config-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->dir, "node.conf", NULL);
  g_file_set_contents (self->path, "[node]\nlisten=127.0.0.1:7001\napi-listen=none\n", -1, &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_free (self->dir);
  g_free (self->path);
}

/* tocsind --config PATH EXTRA… */
static TocsinConfig *
configure (const Fixture *self, const char *const *extra, GError **error)
{
  const char *argv[MAX_ARGUMENTS + 4] = { "tocsind", "--config", self->path };

  for (gsize i = 0; extra[i] != NULL; i++)
    {
      g_assert_cmpuint (i, <, MAX_ARGUMENTS);
      argv[3 + i] = extra[i];
    }
  return tocsin_config_new_from_arguments (argv, error);
}

static void
test_defaults (Fixture *self, gconstpointer data)
{
  const char *const extra[] = { "--base-url", "https://Tocsin.example/", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinConfig) config = configure (self, extra, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (config->base_url, ==, "https://tocsin.example");
  g_assert_cmpstr (config->name, ==, "tocsin.example");
  g_assert_cmpstr (config->preferred_username, ==, "tocsin");
  g_assert_cmpstr (config->data_dir, ==, "/var/lib/tocsin");
  g_assert_cmpstr (config->listen, ==, "127.0.0.1:7001");
  g_assert_null (config->api_listen);
  g_assert_null (config->contact);
  g_assert_cmpuint (config->trusted_proxies->len, ==, 2);
  g_assert_cmpuint (config->allow_addresses->len, ==, 0);
  g_assert_cmpuint (config->time_scale, ==, 1);
  g_assert_cmpuint (config->api_threads, >=, 1);
  g_assert_cmpuint (config->api_threads, <=, 8);
  g_assert_cmpint (config->follow_policy, ==, TOCSIN_FOLLOW_POLICY_MANUAL);
  g_assert_cmpuint (g_strv_length (config->follow_allow_domains), ==, 0);
  g_assert_cmpint (config->free_rider_policy, ==, TOCSIN_FREE_RIDER_SHOW);
  g_assert_cmpstr (config->default_profile, ==, "default");
  g_assert_cmpuint (g_strv_length (config->shared_networks), ==, 0);
  g_assert_cmpuint (config->burst_per_hour, ==, 200);
  g_assert_cmpuint (config->retention_days, ==, 400);
  g_assert_cmpuint (config->audit_days, ==, 1095);
  g_assert_cmpuint (config->observe_days, ==, 7);
  g_assert_cmpuint (config->sync_interval_hours, ==, 6);
  g_assert_cmpuint (config->map_size_gib, ==, 64);
  g_assert_true (config->allow_get_checks);
  g_assert_false (config->check_only);
}

static void
test_file (Fixture *self, gconstpointer data)
{
  const char *const extra[] = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinConfig) config = NULL;

  g_file_set_contents (self->path,
                       "[node]\nbase-url = https://tocsin.example\nname='The bell'\n"
                       "contact=admin@tocsin.example\nfollow-policy=listed\n"
                       "follow-allow-domains=['B\xC3\xBC"
                       "cher.example']\n"
                       "free-rider-policy=pause\napi-threads=3\nmap-size-gib=2\n"
                       "shared-networks=['192.0.2.0/24', '2001:db8::1']\n",
                       -1, &error);
  g_assert_no_error (error);
  config = configure (self, extra, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->base_url, ==, "https://tocsin.example");
  g_assert_cmpstr (config->name, ==, "The bell");
  g_assert_cmpstr (config->contact, ==, "admin@tocsin.example");
  g_assert_cmpint (config->follow_policy, ==, TOCSIN_FOLLOW_POLICY_LISTED);
  g_assert_cmpuint (g_strv_length (config->follow_allow_domains), ==, 1);
  g_assert_cmpstr (config->follow_allow_domains[0], ==, "xn--bcher-kva.example");
  g_assert_cmpint (config->free_rider_policy, ==, TOCSIN_FREE_RIDER_PAUSE);
  g_assert_cmpuint (config->api_threads, ==, 3);
  g_assert_cmpuint (config->map_size_gib, ==, 2);
  g_assert_cmpuint (g_strv_length (config->shared_networks), ==, 2);
}

static void
test_command_line_wins (Fixture *self, gconstpointer data)
{
  const char *const extra[] = { "--base-url=http://127.0.0.1:7003",
                                "--listen=127.0.0.1:7003",
                                "--api-listen=[::1]:7004",
                                "--data-dir=relative/../dir",
                                "--allow-address=::1",
                                "--allow-address=127.0.0.0/8",
                                "--time-scale=600",
                                "--verbose",
                                NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_canonicalize_filename ("dir", NULL);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("127.9.9.9");
  g_autoptr (TocsinConfig) config = configure (self, extra, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (config->base_url, ==, "http://127.0.0.1:7003");
  g_assert_cmpstr (config->listen, ==, "127.0.0.1:7003");
  g_assert_cmpstr (config->api_listen, ==, "[::1]:7004");
  g_assert_cmpstr (config->data_dir, ==, dir);
  g_assert_cmpuint (config->allow_addresses->len, ==, 2);
  g_assert_true (g_inet_address_mask_matches (config->allow_addresses->pdata[1], address));
  g_assert_cmpuint (config->time_scale, ==, 600);
  g_assert_true (config->verbose);
}

static const struct
{
  const char *name;
  const char *arguments[MAX_ARGUMENTS];
} REFUSED[] = {
  { "no-base-url", { NULL } },
  { "unknown-option", { "--base-url=https://a.example", "--no-such-option" } },
  { "positional", { "--base-url=https://a.example", "start" } },
  { "missing-argument", { "--base-url=https://a.example", "--data-dir" } },
  { "base-url-path", { "--base-url=https://a.example/x" } },
  { "base-url-not-utf8", { "--base-url=https://\xFF.example" } },
  { "http", { "--base-url=http://127.0.0.1:7003" } },
  { "http-check-only", { "--base-url=http://127.0.0.1:7003", "--check-config" } },
  { "listen", { "--base-url=https://a.example", "--listen=8477" } },
  { "listen-empty", { "--base-url=https://a.example", "--listen=" } },
  { "api-listen", { "--base-url=https://a.example", "--api-listen=off" } },
  { "both-the-same", { "--base-url=https://a.example", "--api-listen=127.0.0.1:7001" } },
  { "allow-address", { "--base-url=https://a.example", "--allow-address=localhost" } },
  { "allow-address-bits", { "--base-url=https://a.example", "--allow-address=10.0.0.1/8" } },
  { "time-scale-alone", { "--base-url=https://a.example", "--time-scale=2" } },
  { "time-scale-0",
    { "--base-url=https://a.example", "--allow-address=127.0.0.1", "--time-scale=0" } },
  { "time-scale-text",
    { "--base-url=https://a.example", "--allow-address=127.0.0.1", "--time-scale=fast" } },
  { "long-data-dir",
    { "--base-url=https://a.example",
      "--data-dir=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } },
  { "missing-file", { "--base-url=https://a.example", "--config=/nonexistent/node.conf" } },
};

static void
test_refused (Fixture *self, gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinConfig) config = configure (self, REFUSED[i].arguments, &error);

  g_assert_null (config);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_null (strchr (error->message, '\n'));
}

static void
test_bad_file (Fixture *self, gconstpointer data)
{
  const char *const extra[] = { "--check-config", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (self->path, "[node]\n\nfollow-polcy=open\n", -1, &error));
  g_assert_null (configure (self, extra, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "node.conf:3: "));
}

static void
test_check_only (Fixture *self, gconstpointer data)
{
  const char *const extra[] = { "--check-config", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinConfig) config = configure (self, extra, &error);

  g_assert_no_error (error);
  g_assert_true (config->check_only);
  g_assert_null (config->base_url);
}

static void
test_version (Fixture *self, gconstpointer data)
{
  const char *const extra[] = { "--version", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinConfig) config = configure (self, extra, &error);

  g_assert_no_error (error);
  g_assert_true (config->show_version);
}

/* Every setting is among what is in force, under its own name. */
static void
test_describe (Fixture *self, gconstpointer data)
{
  const char *const extra[] = { "--base-url=https://tocsin.example", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GSettingsSchema) schema = tocsin_settings_schema_load (&error);
  g_auto (GStrv) keys = g_settings_schema_list_keys (schema);
  g_autoptr (TocsinConfig) config = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree char *all = NULL;

  g_assert_no_error (error);
  g_file_set_contents (self->path, "[node]\ntrusted-proxies=['10.0.0.0/8', '::1']\n", -1, &error);
  g_assert_no_error (error);
  config = configure (self, extra, &error);
  g_assert_no_error (error);
  lines = tocsin_config_describe (config);
  all = g_strjoinv ("\n", lines);
  for (gsize i = 0; keys[i] != NULL; i++)
    {
      g_autofree char *begin = g_strdup_printf ("\n%s=", keys[i]);

      g_test_message ("%s", keys[i]);
      g_assert_true (strstr (all, begin) != NULL || g_str_has_prefix (all, begin + 1));
    }
  g_assert_true (g_strv_contains ((const char *const *) lines, "trusted-proxies=10.0.0.0/8,::1"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/config/defaults", Fixture, NULL, fixture_set_up, test_defaults, fixture_tear_down);
  g_test_add ("/config/file", Fixture, NULL, fixture_set_up, test_file, fixture_tear_down);
  g_test_add ("/config/command-line-wins", Fixture, NULL, fixture_set_up, test_command_line_wins,
              fixture_tear_down);
  g_test_add ("/config/bad-file", Fixture, NULL, fixture_set_up, test_bad_file, fixture_tear_down);
  g_test_add ("/config/check-only", Fixture, NULL, fixture_set_up, test_check_only,
              fixture_tear_down);
  g_test_add ("/config/version", Fixture, NULL, fixture_set_up, test_version, fixture_tear_down);
  g_test_add ("/config/describe", Fixture, NULL, fixture_set_up, test_describe, fixture_tear_down);
  for (gsize i = 0; i < G_N_ELEMENTS (REFUSED); i++)
    {
      g_autofree char *path = g_strdup_printf ("/config/refused/%s", REFUSED[i].name);

      g_test_add (path, Fixture, GSIZE_TO_POINTER (i), fixture_set_up, test_refused,
                  fixture_tear_down);
    }
  return g_test_run ();
}
