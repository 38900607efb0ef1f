/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/error.h"
#include "fed/webfinger.h"

#include <string.h>

#define SELF(href) "{\"rel\":\"self\",\"type\":\"application/activity+json\",\"href\":\"" href "\"}"
#define JRD(links) "{\"subject\":\"acct:x@HOST\",\"links\":[" links "]}"

#define WEBFINGER   "/.well-known/webfinger?resource="
#define USER(name)  WEBFINGER "acct%3A" name "%40ESCAPED"
#define SERVER      WEBFINGER "http%3A%2F%2FESCAPED%2F"
#define NODEINFO    "/.well-known/nodeinfo"
#define JRD_TYPE    "application/jrd+json"
#define APPLICATION "https://www.w3.org/ns/activitystreams#Application"

typedef struct
{
  const char *target; /* HOST stands for the peer's host and port, ESCAPED for both in a query */
  const char *status;
  const char *type;
  const char *body;
} Page;

typedef struct
{
  GSocketService *service; /* (owned) */
  TocsinFetcher *fetcher;  /* (owned) */
  char *host;              /* (owned) */
  const Page *pages;
  GMutex lock;
  GString *asked; /* (owned) under @lock: each target and a blank */
} Fixture;

static char *
fill (const Fixture *f, const char *template)
{
  GString *text = g_string_new (template);
  g_autofree char *escaped = g_uri_escape_string (f->host, NULL, FALSE);

  g_string_replace (text, "HOST", f->host, 0);
  g_string_replace (text, "ESCAPED", escaped, 0);
  return g_string_free (text, FALSE);
}

static char *
answer_to (Fixture *f, const char *target)
{
  for (const Page *page = f->pages; page->target != NULL; page++)
    {
      g_autofree char *mine = fill (f, page->target);
      g_autofree char *body = fill (f, page->body);

      if (g_str_equal (mine, target))
        return g_strdup_printf ("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                                "Connection: close\r\n\r\n%s",
                                page->status, page->type, strlen (body), body);
    }
  return g_strdup ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static gboolean
on_connection (GThreadedSocketService *service G_GNUC_UNUSED,
               GSocketConnection *connection,
               GObject *source G_GNUC_UNUSED,
               gpointer user_data)
{
  Fixture *f = user_data;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  g_autoptr (GDataInputStream) in =
      g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  g_autofree char *line = NULL;
  g_auto (GStrv) words = NULL;
  g_autofree char *answer = NULL;
  gboolean more = TRUE;

  g_data_input_stream_set_newline_type (in, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  line = g_data_input_stream_read_line (in, NULL, NULL, NULL);
  while (more)
    {
      g_autofree char *field = g_data_input_stream_read_line (in, NULL, NULL, NULL);

      more = field != NULL && *field != '\0';
    }
  words = g_strsplit (line != NULL ? line : "", " ", 3);
  if (g_strv_length (words) < 2)
    return TRUE;
  g_mutex_lock (&f->lock);
  g_string_append_printf (f->asked, "%s ", words[1]);
  g_mutex_unlock (&f->lock);
  answer = answer_to (f, words[1]);
  g_output_stream_write_all (out, answer, strlen (answer), NULL, NULL, NULL);
  return TRUE;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  const char *const allow[] = { "127.0.0.1", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, &error);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  g_mutex_init (&f->lock);
  f->pages = data;
  f->asked = g_string_new (NULL);
  f->service = g_threaded_socket_service_new (4);
  g_socket_listener_add_address (G_SOCKET_LISTENER (f->service), address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  f->host = g_strdup_printf ("127.0.0.1:%u",
                             g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  g_signal_connect (f->service, "run", G_CALLBACK (on_connection), f);
  f->fetcher = tocsin_fetcher_new ("https://tocsin.example", guard, 4, 2, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  g_clear_object (&f->fetcher);
  g_socket_service_stop (f->service);
  g_socket_listener_close (G_SOCKET_LISTENER (f->service));
  /* Its threads hold it, and they use the fixture. */
  g_object_add_weak_pointer (G_OBJECT (f->service), (gpointer *) &f->service);
  g_object_unref (f->service);
  while (g_atomic_pointer_get (&f->service) != NULL)
    g_main_context_iteration (NULL, FALSE);
  g_string_free (f->asked, TRUE);
  g_free (f->host);
  g_mutex_clear (&f->lock);
}

static void
keep_result (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static char *
resolve (Fixture *f, const char *template, GError **error)
{
  g_autofree char *text = fill (f, template);
  g_autoptr (GAsyncResult) result = NULL;

  tocsin_webfinger_resolve_async (f->fetcher, text, NULL, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return tocsin_webfinger_resolve_finish (f->fetcher, result, error);
}

static void
assert_resolves (Fixture *f, const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *actor = resolve (f, text, &error);
  g_autofree char *wanted = fill (f, expected);

  g_assert_no_error (error);
  g_assert_cmpstr (actor, ==, wanted);
}

static void
assert_fails (Fixture *f, const char *text, TocsinError code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *actor = resolve (f, text, &error);

  g_test_message ("%s: %s", text, error != NULL ? error->message : "no error");
  g_assert_error (error, TOCSIN_ERROR, (gint) code);
  g_assert_null (actor);
}

static void
assert_asked (Fixture *f, const char *expected)
{
  g_autofree char *wanted = fill (f, expected);

  g_mutex_lock (&f->lock);
  g_assert_cmpstr (f->asked->str, ==, wanted);
  g_string_truncate (f->asked, 0);
  g_mutex_unlock (&f->lock);
}

static const Page users[] = {
  { USER ("alice"), "200 OK", JRD_TYPE, JRD (SELF ("http://HOST/actors/alice")) },
  { USER ("plain"), "200 OK", "application/json", JRD (SELF ("https://other.example/u/plain")) },
  { USER ("broken"), "200 OK", JRD_TYPE, "{\"links\":[" },
  { USER ("twice"), "200 OK", JRD_TYPE, "{\"links\":[],\"links\":[]}" },
  { USER ("nobody"), "200 OK", JRD_TYPE, JRD ("") },
  { USER ("script"), "200 OK", JRD_TYPE, JRD (SELF ("javascript:alert(1)")) },
  { USER ("html"), "200 OK", "text/html", "<p>" },
  { USER ("failing"), "500 Oh", JRD_TYPE, "" },
  { USER ("gone"), "410 Gone", JRD_TYPE, "" },
  { USER ("b%C3%BCcher"), "200 OK", JRD_TYPE, JRD (SELF ("http://HOST/actors/b")) },
  { NULL },
};

static void
test_users (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  assert_resolves (f, "acct:alice@HOST", "http://HOST/actors/alice");
  assert_asked (f, USER ("alice") " ");
  assert_resolves (f, "@alice@HOST", "http://HOST/actors/alice");
  assert_resolves (f, "alice@HOST", "http://HOST/actors/alice");
  assert_resolves (f, "plain@HOST", "https://other.example/u/plain");
  assert_resolves (f, "bücher@HOST", "http://HOST/actors/b");
  assert_fails (f, "broken@HOST", TOCSIN_ERROR_INVALID);
  assert_fails (f, "twice@HOST", TOCSIN_ERROR_INVALID);
  assert_fails (f, "nobody@HOST", TOCSIN_ERROR_UNPROCESSABLE);
  assert_fails (f, "script@HOST", TOCSIN_ERROR_UNPROCESSABLE);
  assert_fails (f, "html@HOST", TOCSIN_ERROR_UNSUPPORTED);
  assert_fails (f, "failing@HOST", TOCSIN_ERROR_UNREACHABLE);
  assert_fails (f, "gone@HOST", TOCSIN_ERROR_NOT_FOUND);
  assert_fails (f, "missing@HOST", TOCSIN_ERROR_NOT_FOUND);
}

static const Page knows_server[] = {
  { SERVER, "200 OK", JRD_TYPE, JRD (SELF ("http://HOST/actor")) },
  { NULL },
};
static const Page knows_user[] = {
  { SERVER, "400 Bad", "text/html", "" },
  { USER ("tocsin"), "200 OK", JRD_TYPE, JRD (SELF ("http://HOST/actor")) },
  { NULL },
};
static const Page knows_nodeinfo[] = {
  { SERVER, "200 OK", "text/html", "<p>a page for everything" },
  { NODEINFO, "200 OK", "application/json",
    JRD ("{\"rel\":\"" APPLICATION "\",\"href\":\"http://HOST/app\"}") },
  { NULL },
};
static const Page has_actor[] = {
  { "/actor", "200 OK", "application/activity+json", "{}" },
  { NULL },
};
static const Page has_nothing[] = {
  { "/actor", "200 OK", "text/html", "<p>" },
  { NULL },
};

static void
test_server_by_webfinger (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  assert_resolves (f, "HOST", "http://HOST/actor");
  assert_asked (f, SERVER " ");
  assert_resolves (f, "http://HOST/", "http://HOST/actor");
}

static void
test_server_by_user (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  assert_resolves (f, "HOST", "http://HOST/actor");
  assert_asked (f, SERVER " " USER ("tocsin") " ");
}

static void
test_server_by_nodeinfo (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  assert_resolves (f, "HOST", "http://HOST/app");
  assert_asked (f, SERVER " " USER ("tocsin") " " NODEINFO " ");
}

static void
test_server_by_path (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  assert_resolves (f, "HOST", "http://HOST/actor");
  assert_asked (f, SERVER " " USER ("tocsin") " " NODEINFO " /actor ");
}

static void
test_server_without_actor (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  assert_fails (f, "HOST", TOCSIN_ERROR_NOT_FOUND);
}

static void
test_without_asking (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  assert_resolves (f, "https://Peer.Example/users/alice#main-key",
                   "https://Peer.Example/users/alice");
  assert_fails (f, "", TOCSIN_ERROR_INVALID);
  assert_fails (f, "alice@", TOCSIN_ERROR_INVALID);
  assert_fails (f, "alice@tocsin.example", TOCSIN_ERROR_FORBIDDEN);
  assert_fails (f, "alice@127.0.0.2:1", TOCSIN_ERROR_FORBIDDEN);
  assert_asked (f, "");
}

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    const char *user; /* both NULL: refused */
    const char *host;
    const char *uri;
  } cases[] = {
    { "acct:alice@Peer.Example", "alice", "peer.example", NULL },
    { "ACCT:alice@peer.example:443", "alice", "peer.example", NULL },
    { "@alice@peer.example:8443", "alice", "peer.example:8443", NULL },
    { "peer.example", NULL, "peer.example", NULL },
    { "@peer.example", NULL, "peer.example", NULL },
    { "bücher.example", NULL, "xn--bcher-kva.example", NULL },
    { "[::1]:8477", NULL, "[::1]:8477", NULL },
    { "https://peer.example", NULL, "peer.example", NULL },
    { "https://peer.example/", NULL, "peer.example", NULL },
    { "http://peer.example:443/", NULL, "peer.example", NULL },
    { "https://peer.example/u?x=1#k", NULL, "peer.example", "https://peer.example/u?x=1" },
    { "", NULL, NULL, NULL },
    { "@", NULL, NULL, NULL },
    { "acct:", NULL, NULL, NULL },
    { "alice@", NULL, NULL, NULL },
    { "@@peer.example", NULL, NULL, NULL },
    { "a@b@peer.example", NULL, NULL, NULL },
    { "al ice@peer.example", NULL, NULL, NULL },
    { "al\nice@peer.example", NULL, NULL, NULL },
    { "al\xffice@peer.example", NULL, NULL, NULL },
    { "alice/x@peer.example", NULL, NULL, NULL },
    { "alice@peer.example/x", NULL, NULL, NULL },
    { "alice@peer.example?x", NULL, NULL, NULL },
    { "alice@peer.example:99999", NULL, NULL, NULL },
    { "alice@peer example", NULL, NULL, NULL },
    { "alice@[fe80::1%25eth0]", NULL, NULL, NULL },
    { "alice@peer.example\r\nX: y", NULL, NULL, NULL },
    { "ftp://peer.example/", NULL, NULL, NULL },
    { "https://alice@peer.example/", NULL, NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (TocsinActorAddress) address = { 0 };
      gboolean parsed = tocsin_actor_address_parse (&address, cases[i].text, &error);

      g_test_message ("case %zu", i);
      g_assert_cmpint (parsed, ==, cases[i].host != NULL);
      if (!parsed)
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (address.user, ==, cases[i].user);
      g_assert_cmpstr (address.host, ==, cases[i].host);
      g_assert_cmpstr (address.uri, ==, cases[i].uri);
    }
}

#define ADD(path, pages, function) g_test_add (path, Fixture, pages, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/webfinger/users", users, test_users);
  ADD ("/webfinger/server-by-webfinger", knows_server, test_server_by_webfinger);
  ADD ("/webfinger/server-by-user", knows_user, test_server_by_user);
  ADD ("/webfinger/server-by-nodeinfo", knows_nodeinfo, test_server_by_nodeinfo);
  ADD ("/webfinger/server-by-path", has_actor, test_server_by_path);
  ADD ("/webfinger/server-without-actor", has_nothing, test_server_without_actor);
  ADD ("/webfinger/without-asking", has_nothing, test_without_asking);
  g_test_add_func ("/webfinger/parse", test_parse);
  return g_test_run ();
}
