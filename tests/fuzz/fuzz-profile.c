/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any text as a profile: what is taken, written out with every category named, is taken again and
 * is the same; no ceiling is one that its category cannot have.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "core/error.h"
#include "view/profile.h"

static void
check_ceilings (const TocsinProfile *profile)
{
  gsize n;
  const TocsinCategory *categories = tocsin_categories (&n);

  for (gsize i = 0; i < n; i++)
    {
      gint8 ceiling = profile->ceiling[categories[i].id];

      g_assert_true (ceiling == TOCSIN_CEILING_IGNORE ||
                     (ceiling >= TOCSIN_VERDICT_NOTE && ceiling <= TOCSIN_VERDICT_BLOCK));
      if (categories[i].klass == TOCSIN_CLASS_INFORMAL)
        g_assert_cmpint (ceiling, <=, TOCSIN_VERDICT_NOTE);
    }
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinProfile) profile = tocsin_profile_new_from_text ("mine", text, &error);
  g_autoptr (TocsinProfile) again = NULL;
  g_autofree char *written = NULL;

  if (profile == NULL)
    {
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_null (strchr (error->message, '\n'));
      return;
    }
  check_ceilings (profile);
  written = tocsin_profile_to_text (profile);
  again = tocsin_profile_new_from_text ("mine", written, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (again->ceiling, sizeof again->ceiling, profile->ceiling,
                   sizeof profile->ceiling);
}
