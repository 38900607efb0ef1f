/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any file as a list, in every format: what is taken is never empty, and every entry is UTF-8, of a
 * known type, in the order of the file, its value without control characters; written out as JSON
 * it is the same list; what is refused has a reason in one line.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "cli/import-file.h"
#include "codec/json-writer.h"
#include "core/limits.h"

/* What goes with a value is as it was written, line ends too: the node judges it. */
static void
check_text (const char *text)
{
  if (text != NULL && (*text == '\0' || !g_utf8_validate (text, -1, NULL)))
    g_error ("an entry has an empty text, or one that is no UTF-8");
}

static void
check_value (const char *value)
{
  if (value == NULL || strlen (value) > TOCSIN_URI_MAX_BYTES)
    g_error ("an entry has no value, or too long a one");
  check_text (value);
  for (const char *c = value; *c != '\0'; c = g_utf8_next_char (c))
    if (g_unichar_iscntrl (g_utf8_get_char (c)))
      g_error ("a value has a control character: %s", value);
}

static void
check (const TocsinImport *list)
{
  guint before = 0;

  if (list->entries->len == 0)
    g_error ("an empty list was taken");
  for (guint i = 0; i < list->entries->len; i++)
    {
      const TocsinImportEntry *entry = &g_array_index (list->entries, TocsinImportEntry, i);

      if (entry->place < before || entry->place == 0)
        g_error ("entry %u is out of order", i);
      before = entry->place;
      check_value (entry->value);
      check_text (entry->category);
      check_text (entry->comment);
      if (entry->type != NULL &&
          tocsin_subject_type_from_string (entry->type) == TOCSIN_SUBJECT_NONE)
        g_error ("entry %u has an unknown type", i);
    }
}

static void
write_member (TocsinJsonWriter *w, const char *name, const char *value)
{
  if (value == NULL)
    return;
  tocsin_json_writer_name (w, name);
  tocsin_json_writer_string (w, value);
}

static void
check_round_trip (const TocsinImport *list, TocsinSubjectType type)
{
  g_autoptr (GString) text = g_string_new (NULL);
  TocsinJsonWriter w = TOCSIN_JSON_WRITER_INIT (text);
  g_autoptr (TocsinImport) again = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_json_writer_begin_array (&w);
  for (guint i = 0; i < list->entries->len; i++)
    {
      const TocsinImportEntry *entry = &g_array_index (list->entries, TocsinImportEntry, i);

      tocsin_json_writer_begin_object (&w);
      write_member (&w, "type", entry->type);
      write_member (&w, "value", entry->value);
      write_member (&w, "category", entry->category);
      write_member (&w, "comment", entry->comment);
      tocsin_json_writer_end_object (&w);
    }
  tocsin_json_writer_end_array (&w);
  if (list->format == TOCSIN_IMPORT_MASTODON_CSV && type == TOCSIN_SUBJECT_NONE)
    type = TOCSIN_SUBJECT_DOMAIN; /* of nothing else are there such lists */
  again = tocsin_import_parse (text->str, text->len, TOCSIN_IMPORT_JSON, type, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->entries->len, ==, list->entries->len);
  for (guint i = 0; i < list->entries->len; i++)
    {
      const TocsinImportEntry *was = &g_array_index (list->entries, TocsinImportEntry, i);
      const TocsinImportEntry *is = &g_array_index (again->entries, TocsinImportEntry, i);

      g_assert_cmpstr (is->value, ==, was->value);
      g_assert_cmpstr (is->type, ==, was->type);
      g_assert_cmpstr (is->category, ==, was->category);
      g_assert_cmpstr (is->comment, ==, was->comment);
    }
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_malloc (size + 1);

  if (size > 0)
    memcpy (text, data, size);
  text[size] = '\0';
  for (int format = TOCSIN_IMPORT_AUTO; format <= TOCSIN_IMPORT_JSON; format++)
    for (int type = TOCSIN_SUBJECT_NONE; type <= TOCSIN_SUBJECT_DOMAIN; type++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (TocsinImport) list = tocsin_import_parse (
            text, size, (TocsinImportFormat) format, (TocsinSubjectType) type, &error);

        g_assert_true ((list == NULL) == (error != NULL));
        if (list == NULL)
          {
            check_value (error->message);
            continue;
          }
        check (list);
        check_round_trip (list, (TocsinSubjectType) type);
      }
}
