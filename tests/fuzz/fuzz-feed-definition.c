/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any bytes as the key file of a feed: what is taken is complete, and written out plainly, key by
 * key, it is taken again and is the same; whatever is refused is refused in one line that begins
 * with the file's name.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "core/category.h"
#include "core/error.h"
#include "feeds/definition.h"

static void
add (GString *out, const char *key, const char *value)
{
  if (value != NULL)
    g_string_append_printf (out, "%s=%s\n", key, value);
}

static char *
write_out (const TocsinFeedDefinition *self)
{
  GString *out = g_string_new ("[feed]\n");
  const TocsinCategory *category = tocsin_category_by_id (self->category);

  add (out, "title", self->title);
  add (out, "url", self->url);
  add (out, "format", self->format);
  if (self->type != TOCSIN_SUBJECT_NONE)
    add (out, "type", tocsin_subject_type_to_string (self->type));
  add (out, "category", category != NULL ? category->slug : NULL);
  add (out, "canary", self->canary);
  add (out, "column", self->column);
  add (out, "service", self->service);
  if (self->every_hours != 0)
    g_string_append_printf (out, "every-hours=%u\n", self->every_hours);
  g_string_append_printf (out, "max-mib=%" G_GSIZE_FORMAT "\n", self->max_bytes >> 20);
  return g_string_free (out, FALSE);
}

static void
check_same (const TocsinFeedDefinition *a, const TocsinFeedDefinition *b)
{
  g_autofree char *reading_a = tocsin_feed_definition_reading (a);
  g_autofree char *reading_b = tocsin_feed_definition_reading (b);

  g_assert_cmpstr (reading_a, ==, reading_b);
  g_assert_cmpstr (a->title, ==, b->title);
  g_assert_cmpstr (a->url, ==, b->url);
  g_assert_cmpstr (a->path, ==, b->path);
  g_assert_cmpstr (a->canary, ==, b->canary);
  g_assert_cmpuint (a->every_hours, ==, b->every_hours);
  g_assert_cmpuint (a->max_bytes, ==, b->max_bytes);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFeedDefinition) definition =
      tocsin_feed_definition_parse ("a", (const char *) data, size, "feed.conf", &error);
  g_autoptr (TocsinFeedDefinition) again = NULL;
  g_autofree char *written = NULL;

  if (definition == NULL)
    {
      g_assert_true (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID) ||
                     g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE));
      g_assert_true (g_str_has_prefix (error->message, "feed.conf:"));
      g_assert_null (strchr (error->message, '\n'));
      return;
    }
  g_assert_true (definition->url != NULL && definition->format != NULL &&
                 definition->title != NULL && definition->max_bytes > 0);
  written = write_out (definition);
  again = tocsin_feed_definition_parse ("a", written, strlen (written), "feed.conf", &error);
  g_assert_no_error (error);
  check_same (definition, again);
}
