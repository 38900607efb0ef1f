/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Property: the activities of a page lie inside of it, byte for byte, and a page written from
 * them gives them back; a head that was read and written again reads the same.
 */
#include <string.h>

#include "codec/collection-json.h"
#include "core/limits.h"
#include "fuzz/fuzz.h"

#define OUTBOX "https://a.example/outbox"

static void
check_page (GBytes *body, const TocsinOutboxPage *page)
{
  g_autoptr (GBytes) bytes = tocsin_outbox_page_to_bytes (page, OUTBOX);
  g_autoptr (TocsinOutboxPage) again = NULL;
  g_autoptr (GError) error = NULL;
  gsize size = 0;
  const char *data = g_bytes_get_data (body, &size);

  g_assert_cmpuint (page->activities->len, <=, TOCSIN_PAGE_MAX_ACTIVITIES);
  for (guint i = 0; i < page->activities->len; i++)
    {
      gsize length = 0;
      const char *at = g_bytes_get_data (page->activities->pdata[i], &length);

      g_assert_true (length > 0 && at >= data && at + length <= data + size);
    }
  if (g_bytes_get_size (bytes) > TOCSIN_PAGE_MAX_BYTES)
    return;
  again = tocsin_outbox_page_parse (bytes, OUTBOX, page->after, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->activities->len, ==, page->activities->len);
  for (guint i = 0; i < page->activities->len; i++)
    g_assert_true (g_bytes_equal (again->activities->pdata[i], page->activities->pdata[i]));
  g_assert_cmpstr (again->epoch, ==, page->epoch);
  g_assert_cmpint (again->last_sequence, ==, page->last_sequence);
  g_assert_true (again->has_next == page->has_next);
}

static void
check_head (const TocsinCollectionHead *head)
{
  g_autoptr (GBytes) bytes = tocsin_collection_head_to_bytes (head);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinCollectionHead) again = tocsin_collection_head_parse (bytes, OUTBOX, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (again->id, ==, head->id);
  g_assert_cmpstr (again->attributed_to, ==, head->attributed_to);
  g_assert_cmpstr (again->epoch, ==, head->epoch);
  g_assert_cmpint (again->last_sequence, ==, head->last_sequence);
  g_assert_cmpint (again->total_items, ==, head->total_items);
  g_assert_cmpint (again->as_of_us, ==, head->as_of_us);
  g_assert_true (again->has_digest == head->has_digest);
  if (head->has_digest)
    g_assert_cmpmem (again->digest, sizeof again->digest, head->digest, sizeof head->digest);
  g_assert_cmpstr (again->first, ==, head->first);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) body = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinOutboxPage) page = tocsin_outbox_page_parse (body, OUTBOX, 7, &error);
  g_autoptr (GError) head_error = NULL;
  g_autoptr (TocsinCollectionHead) head = tocsin_collection_head_parse (body, OUTBOX, &head_error);

  g_assert_true ((head == NULL) == (head_error != NULL));
  g_assert_true ((page == NULL) == (error != NULL));
  if (page != NULL)
    check_page (body, page);
  if (head != NULL)
    check_head (head);
}
