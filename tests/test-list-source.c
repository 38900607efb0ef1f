/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/list-source.h"

static void
add (TocsinListSources *sources, guint32 actor, const char *title)
{
  g_autofree char *own = g_strdup (title);
  const TocsinListSource source = { .actor = actor, .origin = actor, .title = own };

  tocsin_list_sources_add (sources, &source);
}

/* What was added is a copy; a list that is added again replaces what was there. */
static void
test_find (void)
{
  g_autoptr (TocsinListSources) sources = tocsin_list_sources_new ();

  g_assert_null (tocsin_list_sources_find (NULL, 1));
  g_assert_null (tocsin_list_sources_find (sources, 1));
  add (sources, 1, "One");
  add (sources, G_MAXUINT32, "Last");
  g_assert_cmpstr (tocsin_list_sources_find (sources, 1)->title, ==, "One");
  g_assert_cmpuint (tocsin_list_sources_find (sources, 1)->origin, ==, 1);
  g_assert_cmpstr (tocsin_list_sources_find (sources, G_MAXUINT32)->title, ==, "Last");
  g_assert_null (tocsin_list_sources_find (sources, 0));
  add (sources, 1, "Another");
  g_assert_cmpstr (tocsin_list_sources_find (sources, 1)->title, ==, "Another");
}

static gpointer
hold (gpointer data)
{
  for (int i = 0; i < 10000; i++)
    {
      g_autoptr (TocsinListSources) sources = tocsin_list_sources_ref (data);

      g_assert_cmpstr (tocsin_list_sources_find (sources, 1)->title, ==, "One");
    }
  tocsin_list_sources_unref (data);
  return NULL;
}

/* Each thread has a reference of its own, and the last one frees. */
static void
test_shared (void)
{
  TocsinListSources *sources = tocsin_list_sources_new ();
  GThread *threads[4];

  add (sources, 1, "One");
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("holder", hold, tocsin_list_sources_ref (sources));
  tocsin_list_sources_unref (sources);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/list-source/find", test_find);
  g_test_add_func ("/list-source/shared", test_shared);
  return g_test_run ();
}
