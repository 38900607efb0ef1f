/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any text as any type of subject: what is taken has a canonical form that is a fixed point, and
 * its probes begin with itself and list no key twice. The first byte is the type.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "core/subject.h"

static void
check_probes (const TocsinSubject *subject)
{
  const TocsinNetworkLengths all = {
    .v4 = G_MAXUINT64,
    .v6 = { G_MAXUINT64, G_MAXUINT64, G_MAXUINT64 },
  };
  g_autoptr (GArray) probes = tocsin_subject_probes (subject, &all);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  TocsinSubjectKey key = tocsin_subject_key (subject);

  if (!tocsin_id_equal (&g_array_index (probes, TocsinProbe, 0).key, &key))
    g_error ("%s: its own key is not the first", subject->value);
  for (guint i = 0; i < probes->len; i++)
    {
      const TocsinProbe *probe = &g_array_index (probes, TocsinProbe, i);

      if (!g_hash_table_add (seen, g_strdup_printf ("%d %s", (int) probe->type, probe->value)))
        g_error ("%s: %s twice", subject->value, probe->value);
    }
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *input = NULL;
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinSubject) again = { 0 };
  TocsinSubjectType type;

  if (size == 0)
    return;
  type = (TocsinSubjectType) (data[0] % 8);
  input = g_strndup ((const char *) data + 1, size - 1);
  g_free (tocsin_subject_mastodon_email_hash (input, NULL));
  if (!tocsin_subject_parse_received (&subject, type, input, NULL))
    return;
  if (!g_utf8_validate (subject.value, -1, NULL) || strlen (subject.value) > 2048)
    g_error ("A canonical form is not UTF-8 or too long");
  if (!tocsin_subject_parse_received (&again, type, subject.value, NULL) ||
      strcmp (again.value, subject.value) != 0 || strcmp (again.key_value, subject.key_value) != 0)
    g_error ("%s is no fixed point", subject.value);
  check_probes (&subject);
  if (type == TOCSIN_SUBJECT_USERNAME && !tocsin_subject_is_global (&subject))
    g_error ("A username is of no network");
  tocsin_subject_is_shared_address (&subject);
  tocsin_subject_is_broad (&subject);
}
