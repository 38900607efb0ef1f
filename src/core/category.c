/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/category.h"

#include <string.h>

#include "core/category-table.h"

static const char *const area_names[TOCSIN_N_AREAS] = {
  [TOCSIN_AREA_ANY] = "any",
  [TOCSIN_AREA_SPAM] = "spam",
  [TOCSIN_AREA_ABUSE] = "abuse",
  [TOCSIN_AREA_SECURITY] = "security",
};

const TocsinCategory *
tocsin_category_by_id (guint id)
{
  /* Ids 1 to 24 have no gap, so the first guess is right for all but "other". */
  if (id >= 1 && id <= tocsin_category_table_size && tocsin_category_table[id - 1].id == id)
    return &tocsin_category_table[id - 1];
  for (gsize i = 0; i < tocsin_category_table_size; i++)
    if (tocsin_category_table[i].id == id)
      return &tocsin_category_table[i];
  return NULL;
}

const TocsinCategory *
tocsin_category_by_slug (const char *slug)
{
  for (gsize i = 0; i < tocsin_category_table_size; i++)
    if (strcmp (tocsin_category_table[i].slug, slug) == 0)
      return &tocsin_category_table[i];
  return NULL;
}

const TocsinCategory *
tocsin_categories (gsize *n)
{
  *n = tocsin_category_table_size;
  return tocsin_category_table;
}

const char *
tocsin_area_to_string (TocsinArea area)
{
  return (guint) area < TOCSIN_N_AREAS ? area_names[area] : NULL;
}

gboolean
tocsin_area_from_string (const char *name, TocsinArea *out)
{
  for (guint i = 0; i < TOCSIN_N_AREAS; i++)
    if (strcmp (area_names[i], name) == 0)
      {
        *out = (TocsinArea) i;
        return TRUE;
      }
  return FALSE;
}
