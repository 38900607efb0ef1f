/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/subject.h"

G_BEGIN_DECLS

#define TOCSIN_CATEGORY_OTHER 63

typedef enum
{
  TOCSIN_CLASS_CRITICAL, /* conduct, told by people */
  TOCSIN_CLASS_INFORMAL, /* facts about infrastructure, from lists: never above note */
} TocsinCategoryClass;

/* Also the trust areas: a category of no group is judged with area any. */
typedef enum
{
  TOCSIN_AREA_ANY = 0,
  TOCSIN_AREA_SPAM = 1,
  TOCSIN_AREA_ABUSE = 2,
  TOCSIN_AREA_SECURITY = 3,
  TOCSIN_N_AREAS = 4,
} TocsinArea;

#define TOCSIN_HALF_LIFE_NEVER        (-1) /* "inf": no decay */
#define TOCSIN_HALF_LIFE_WHILE_LISTED (-2) /* "L": valid while listed, and 48 h; from imports */
#define TOCSIN_HALF_LIFE_REFUSED      0    /* "-": this pair is 422 */

/**
 * TocsinCategory:
 * @id: 1 to 63, frozen: stored and compared
 * @slug: its name on the wire
 * @label: its name in a sentence, for gettext: "spam", "SEO spam"
 * @klass: who tells it, and how far it may go
 * @severity: 0 to 100
 * @group: the area by whose trust it is judged; %TOCSIN_AREA_ANY if it is in no group
 * @half_life_days: by TocsinSubjectType, network as ip; or a TOCSIN_HALF_LIFE_ constant
 * @mastodon: category of a Mastodon report, or ""
 * @iftas: term of the IFTAS shared vocabulary, or ""
 * @rsit: CLASSIFICATION/TYPE of the Reference Security Incident Taxonomy
 * @abuseipdb: AbuseIPDB's category numbers, comma separated, or ""
 * @rule: what must be true for a report to be in it, one sentence
 *
 * One row of data/categories.csv, which is compiled in.
 */
typedef struct
{
  guint8 id;
  const char *slug;
  const char *label;
  TocsinCategoryClass klass;
  guint8 severity;
  TocsinArea group;
  int half_life_days[8];
  const char *mastodon;
  const char *iftas;
  const char *rsit;
  const char *abuseipdb;
  const char *rule;
} TocsinCategory;

/**
 * tocsin_category_by_id:
 * @id: a number, for example from the store
 *
 * Returns: (nullable): the category, static; %NULL if there is none with that number
 */
const TocsinCategory *tocsin_category_by_id (guint id);

/**
 * tocsin_category_by_slug:
 * @slug: a name as the wire writes it: lower case, with `_`
 *
 * Returns: (nullable): the category, static; %NULL if the name is unknown: such a report counts
 *   as %TOCSIN_CATEGORY_OTHER
 */
const TocsinCategory *tocsin_category_by_slug (const char *slug);

/**
 * tocsin_categories:
 * @n: (out): how many there are
 *
 * Returns: (array length=n): all categories, static, by ascending id
 */
const TocsinCategory *tocsin_categories (gsize *n);

/**
 * tocsin_area_to_string:
 * @area: an area
 *
 * Returns: (nullable): its name on the wire, static; %NULL if @area is out of range
 */
const char *tocsin_area_to_string (TocsinArea area);

/**
 * tocsin_area_from_string:
 * @name: a name as the wire writes it
 * @out: (out): the area; untouched if %FALSE is returned
 *
 * Returns: %TRUE if @name is an area's
 */
gboolean tocsin_area_from_string (const char *name, TocsinArea *out);

G_END_DECLS
