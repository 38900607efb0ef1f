/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* A handler that has taken its request when the server stops, and is held up before it hands it
 * over. The linker puts what is here before GLib's queues. */
#include "http-node.h"
#include "http-raw.h"

static GPrivate is_slow; /* this thread is held up */
static gint is_between;  /* atomic: it is */
static gint is_awaited;  /* atomic: the server waits for it, however long that takes */

void __real_g_async_queue_push (GAsyncQueue *queue, gpointer data);
gpointer __real_g_async_queue_pop (GAsyncQueue *queue);
void __wrap_g_async_queue_push (GAsyncQueue *queue, gpointer data);
gpointer __wrap_g_async_queue_pop (GAsyncQueue *queue);

void
__wrap_g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  if (g_private_get (&is_slow) != NULL)
    {
      g_atomic_int_set (&is_between, TRUE);
      RAW_WAIT_FOR (g_atomic_int_get (&is_awaited));
    }
  __real_g_async_queue_push (queue, data);
}

gpointer
__wrap_g_async_queue_pop (GAsyncQueue *queue)
{
  g_atomic_int_set (&is_awaited, g_atomic_int_get (&is_between));
  return __real_g_async_queue_pop (queue);
}

static gpointer
complete_slowly (gpointer request)
{
  g_private_set (&is_slow, GINT_TO_POINTER (TRUE));
  g_string_append (tocsin_reply_begin (tocsin_request_get_reply (request), TOCSIN_TYPE_TEXT),
                   "held up\n");
  tocsin_request_complete (request);
  return NULL;
}

static void
test_held_up (gconstpointer own_thread)
{
  static const char ask[] = "GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n";
  g_autofree char *answer = NULL;
  GThread *handler;
  Node node;
  int fd;

  g_atomic_int_set (&is_between, FALSE);
  g_atomic_int_set (&is_awaited, FALSE);
  node_prepare (&node, TOCSIN_LISTENER_PUBLIC);
  node.on_own_thread = GPOINTER_TO_INT (own_thread);
  node_start (&node);
  fd = raw_connect (node.port);
  g_assert_true (raw_send_text (fd, ask));
  handler = g_thread_new ("handler", complete_slowly, g_async_queue_pop (node.held));
  RAW_WAIT_FOR (g_atomic_int_get (&is_between));
  g_assert_cmpuint (node_stats (&node).abandoned, ==, 0);
  node_free_server_and_wait (&node);
  g_thread_join (handler);
  answer = raw_read_to_end (fd);
  g_assert_cmpuint (raw_status (answer), ==, 200);
  g_assert_true (g_str_has_suffix (answer, "held up\n"));
  close (fd);
  node_stop (&node);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/server-stop/held-up", GINT_TO_POINTER (FALSE), test_held_up);
  g_test_add_data_func ("/server-stop/held-up-on-thread", GINT_TO_POINTER (TRUE), test_held_up);
  return g_test_run ();
}
