/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any bytes as a list of each format, and with a column or a service that stands in them. Whether
 * they are pushed whole or byte by byte, the rows, the links and what is wrong are the same; each
 * row is UTF-8 with something in it and no blanks at its ends; markup and what is no UTF-8 is
 * refused, and of that alone something else may be wrong, and the whole may tell fewer rows before.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "core/error.h"
#include "feeds/reader.h"

/* What came of a list. */
typedef struct
{
  GString *rows;
  GString *links;
  GError *error; /* (nullable) */
} List;

static void
list_clear (List *self)
{
  g_string_free (self->rows, TRUE);
  g_string_free (self->links, TRUE);
  g_clear_error (&self->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (List, list_clear)

static gboolean
add_row (const TocsinFeedRow *row, gpointer data, GError **error G_GNUC_UNUSED)
{
  if (row->value == NULL || *row->value == '\0' || !g_utf8_validate (row->value, -1, NULL))
    g_error ("a row without a value");
  g_assert_false (g_ascii_isspace (row->value[0]));
  g_assert_false (g_ascii_isspace (row->value[strlen (row->value) - 1]));
  g_string_append_printf (data, "%u %d %s %" G_GUINT64_FORMAT "\n", (guint) row->type, row->gone,
                          row->value, row->place);
  return TRUE;
}

static void
add_link (GString *links, const char *what, const char *link)
{
  g_string_append_printf (links, "%s %s\n", what, link != NULL ? link : "(none)");
}

static gboolean
push_all (TocsinFeedReader *reader, const char *bytes, gsize size, gsize piece, GError **error)
{
  for (gsize at = 0; at < size; at += piece)
    if (!tocsin_feed_reader_push (reader, bytes + at, MIN (piece, size - at), error))
      return FALSE;
  return tocsin_feed_reader_end (reader, error);
}

static void
read_list (List *out,
           const char *format,
           const TocsinFeedReadOptions *options,
           const char *bytes,
           gsize size,
           gsize piece)
{
  g_autoptr (TocsinFeedReader) reader = NULL;
  TocsinFeedLinks links;
  gboolean is_taken;

  *out = (List){ .rows = g_string_new (NULL), .links = g_string_new (NULL) };
  reader = tocsin_feed_reader_new (format, options, add_row, out->rows);
  is_taken = push_all (reader, bytes, size, piece, &out->error);
  g_assert_true (is_taken == (out->error == NULL));
  if (!is_taken)
    {
      g_assert_error (out->error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_true (g_utf8_validate (out->error->message, -1, NULL));
      return;
    }
  tocsin_feed_reader_links (reader, &links);
  add_link (out->links, "first", links.first);
  add_link (out->links, "next", links.next);
  add_link (out->links, "changes", links.changes);
  add_link (out->links, "unnamed", links.unnamed ? "yes" : NULL);
}

/* What is looked for in as much as there is, before rows are. */
static gboolean
may_be_list (const char *bytes, gsize size)
{
  gsize at = size >= 3 && memcmp (bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

  while (at < size && g_ascii_isspace (bytes[at]))
    at++;
  return (at == size || bytes[at] != '<') && g_utf8_validate_len (bytes, size, NULL);
}

static void
check_list (const char *format, const TocsinFeedReadOptions *options, const char *bytes, gsize size)
{
  g_auto (List) whole = { 0 };
  g_auto (List) pieces = { 0 };

  read_list (&whole, format, options, bytes, size, MAX (size, 1));
  read_list (&pieces, format, options, bytes, size, 1);
  if ((whole.error == NULL) != (pieces.error == NULL))
    g_error ("%s: pieces are another list", format);
  if (!may_be_list (bytes, size))
    {
      g_assert_nonnull (whole.error);
      g_assert_true (g_str_has_prefix (pieces.rows->str, whole.rows->str));
      return;
    }
  g_assert_cmpstr (pieces.rows->str, ==, whole.rows->str);
  g_assert_cmpstr (pieces.links->str, ==, whole.links->str);
  if (whole.error != NULL)
    g_assert_cmpstr (pieces.error->message, ==, whole.error->message);
}

/* The last field of the first line, as far as it is plain. */
static char *
find_column (const char *text)
{
  gsize size = strcspn (text, "\r\n");
  g_autofree char *line = g_strndup (text, size);
  const char *comma = strrchr (line, ',');
  const char *field = comma != NULL ? comma + 1 : line;

  return *field != '\0' && g_utf8_validate (field, -1, NULL) ? g_strdup (field) : g_strdup ("2");
}

/* The first value of "service". */
static char *
find_service (const char *text)
{
  const char *member = strstr (text, "ervice\"");
  const char *value = member != NULL ? strchr (member + strlen ("ervice\""), '"') : NULL;
  g_autofree char *service =
      value != NULL ? g_strndup (value + 1, strcspn (value + 1, "\"\\")) : NULL;

  return service != NULL && g_utf8_validate (service, -1, NULL) ? g_steal_pointer (&service)
                                                                : g_strdup ("EC2");
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  const char *const *formats = tocsin_feed_formats ();
  const char *bytes = size > 0 ? (const char *) data : "";
  g_autofree char *text = g_strndup (bytes, size);
  g_autofree char *column = find_column (text);
  g_autofree char *service = find_service (text);
  const TocsinFeedReadOptions named = { column, service };
  const TocsinFeedReadOptions numbered = { "2", NULL };
  const TocsinFeedReadOptions none = { NULL, NULL };

  for (gsize i = 0; formats[i] != NULL; i++)
    {
      check_list (formats[i], &none, bytes, size);
      if (g_str_equal (formats[i], "csv"))
        check_list (formats[i], &numbered, bytes, size);
      if (g_str_equal (formats[i], "csv") || g_str_equal (formats[i], "cloud-ranges"))
        check_list (formats[i], &named, bytes, size);
    }
}
