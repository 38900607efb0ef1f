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
#define TOCSIN_HALF_LIFE_WHILE_LISTED (-2) /* "L": valid while listed, and 48 h */
#define TOCSIN_HALF_LIFE_REFUSED      0    /* "-": this pair is 422 */

/**
 * TocsinCategory: one row of the frozen table, data/categories.csv (scoring.md 6).
 */
typedef struct
{
  guint8 id; /* 1..63 */
  const char *slug;
  const char *label; /* translatable, for a sentence: "spam", "SEO spam" */
  TocsinCategoryClass klass;
  guint8 severity; /* 0..100 */
  TocsinArea group;
  int half_life_days[8]; /* by TocsinSubjectType; network as ip; or a TOCSIN_HALF_LIFE_ constant */
  const char *mastodon;  /* report category, or "" */
  const char *iftas;
  const char *rsit;
  const char *abuseipdb; /* numbers, comma separated, or "" */
  const char *rule;      /* one rule of inclusion */
} TocsinCategory;

const TocsinCategory *tocsin_category_by_id (guint id);           /* (nullable) */
const TocsinCategory *tocsin_category_by_slug (const char *slug); /* (nullable) */
const TocsinCategory *tocsin_categories (gsize *n);
const char *tocsin_area_to_string (TocsinArea area);
gboolean tocsin_area_from_string (const char *name, TocsinArea *out);

G_END_DECLS
