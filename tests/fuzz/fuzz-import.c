/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any file as a list, in every format: what is taken is never empty, and every entry is UTF-8
 * without control characters, of a known type, in the order of the file.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "cli/import-file.h"
#include "core/limits.h"

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
      if (entry->value[0] == '\0' || strlen (entry->value) > TOCSIN_URI_MAX_BYTES ||
          !g_utf8_validate (entry->value, -1, NULL))
        g_error ("entry %u has no value", i);
      for (const char *c = entry->value; *c != '\0'; c = g_utf8_next_char (c))
        if (g_unichar_iscntrl (g_utf8_get_char (c)))
          g_error ("entry %u has a control character", i);
      if (entry->type != NULL &&
          tocsin_subject_type_from_string (entry->type) == TOCSIN_SUBJECT_NONE)
        g_error ("entry %u has an unknown type", i);
    }
}

int
LLVMFuzzerTestOneInput (const unsigned char *data, size_t size)
{
  g_autofree char *text = g_malloc (size + 1);

  if (size > 0)
    memcpy (text, data, size);
  text[size] = '\0';
  for (int format = TOCSIN_IMPORT_AUTO; format <= TOCSIN_IMPORT_JSON; format++)
    for (int type = TOCSIN_SUBJECT_NONE; type <= TOCSIN_SUBJECT_DOMAIN; type++)
      {
        g_autoptr (TocsinImport) list = tocsin_import_parse (
            text, size, (TocsinImportFormat) format, (TocsinSubjectType) type, NULL);

        if (list != NULL)
          check (list);
      }
  return 0;
}
