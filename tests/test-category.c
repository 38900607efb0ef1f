/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/category.h"

#define INF TOCSIN_HALF_LIFE_NEVER
#define L   TOCSIN_HALF_LIFE_WHILE_LISTED
#define NO  TOCSIN_HALF_LIFE_REFUSED
#define C   TOCSIN_CLASS_CRITICAL
#define I   TOCSIN_CLASS_INFORMAL

/* Frozen: what the protocol says, written a second time. */
static const struct
{
  guint8 id;
  const char *slug;
  TocsinCategoryClass klass;
  guint8 severity;
  TocsinArea group;
  int days[6]; /* ip, email, domain, url, username, actor */
} rows[] = {
  { 1, "spam", C, 50, TOCSIN_AREA_SPAM, { 30, INF, 60, 60, 180, 180 } },
  { 2, "seo_spam", C, 40, TOCSIN_AREA_SPAM, { 30, INF, 90, 180, 180, 180 } },
  { 3, "scam", C, 70, TOCSIN_AREA_SECURITY, { 30, INF, 60, 60, 180, 365 } },
  { 4, "phishing", C, 85, TOCSIN_AREA_SECURITY, { 14, INF, 30, 7, 90, 365 } },
  { 5, "malware", C, 90, TOCSIN_AREA_SECURITY, { 14, INF, 30, 14, 90, 365 } },
  { 6, "csam", C, 100, TOCSIN_AREA_ABUSE, { 90, INF, INF, INF, 365, INF } },
  { 7, "ncii", C, 95, TOCSIN_AREA_ABUSE, { 60, INF, INF, INF, 180, INF } },
  { 8, "harassment", C, 70, TOCSIN_AREA_ABUSE, { 30, INF, 180, 90, 90, 365 } },
  { 9, "hate_speech", C, 75, TOCSIN_AREA_ABUSE, { 30, INF, 365, 180, 90, 365 } },
  { 10, "violence", C, 90, TOCSIN_AREA_ABUSE, { 60, INF, 365, 180, 180, 365 } },
  { 11, "doxxing", C, 85, TOCSIN_AREA_ABUSE, { 30, INF, 180, INF, 90, 365 } },
  { 12, "impersonation", C, 65, TOCSIN_AREA_ABUSE, { 30, 365, 90, 90, 365, 365 } },
  { 13, "ban_evasion", C, 60, TOCSIN_AREA_SPAM, { 30, INF, 60, NO, 180, 365 } },
  { 14, "bot_registration", C, 45, TOCSIN_AREA_SPAM, { 14, 365, 30, NO, 60, 90 } },
  { 15, "coordinated_inauthentic", C, 65, TOCSIN_AREA_SPAM, { 14, 365, 60, 90, 90, 180 } },
  { 16, "scraping", C, 30, TOCSIN_AREA_SPAM, { 14, NO, 60, NO, NO, 90 } },
  { 17, "intrusion", C, 70, TOCSIN_AREA_SECURITY, { 14, 180, 30, 30, NO, NO } },
  { 18, "compromised", I, 30, TOCSIN_AREA_ANY, { 7, 30, 14, 14, NO, 30 } },
  { 19, "unmoderated", I, 35, TOCSIN_AREA_ANY, { NO, NO, 60, NO, NO, NO } },
  { 20, "tor_exit", I, 15, TOCSIN_AREA_ANY, { L, NO, NO, NO, NO, NO } },
  { 21, "open_proxy_vpn", I, 15, TOCSIN_AREA_ANY, { L, NO, NO, NO, NO, NO } },
  { 22, "hosting", I, 10, TOCSIN_AREA_ANY, { L, NO, NO, NO, NO, NO } },
  { 23, "disposable_email", I, 35, TOCSIN_AREA_ANY, { NO, NO, L, NO, NO, NO } },
  { 24, "undeliverable", I, 25, TOCSIN_AREA_ANY, { NO, 30, 30, NO, NO, NO } },
  { 63, "other", C, 20, TOCSIN_AREA_ANY, { 14, 90, 30, 30, 30, 90 } },
};

static void
test_table (void)
{
  static const TocsinSubjectType types[] = { TOCSIN_SUBJECT_IP,       TOCSIN_SUBJECT_EMAIL,
                                             TOCSIN_SUBJECT_DOMAIN,   TOCSIN_SUBJECT_URL,
                                             TOCSIN_SUBJECT_USERNAME, TOCSIN_SUBJECT_ACTOR };
  gsize n = 0;
  const TocsinCategory *all = tocsin_categories (&n);

  g_assert_cmpuint (n, ==, G_N_ELEMENTS (rows));
  for (gsize i = 0; i < n; i++)
    {
      const TocsinCategory *category = tocsin_category_by_id (rows[i].id);

      g_test_message ("%s", rows[i].slug);
      g_assert_true (category == &all[i]);
      g_assert_true (category == tocsin_category_by_slug (rows[i].slug));
      g_assert_cmpstr (category->slug, ==, rows[i].slug);
      g_assert_cmpint (category->klass, ==, rows[i].klass);
      g_assert_cmpint (category->severity, ==, rows[i].severity);
      g_assert_cmpint (category->group, ==, rows[i].group);
      for (gsize t = 0; t < G_N_ELEMENTS (types); t++)
        g_assert_cmpint (category->half_life_days[types[t]], ==, rows[i].days[t]);
      g_assert_cmpint (category->half_life_days[TOCSIN_SUBJECT_NETWORK], ==, rows[i].days[0]);
      g_assert_cmpint (category->half_life_days[TOCSIN_SUBJECT_NONE], ==, NO);
      g_assert_cmpstr (category->label, !=, "");
      g_assert_cmpstr (category->rule, !=, "");
    }
}

static void
test_unknown (void)
{
  g_assert_null (tocsin_category_by_id (0));
  g_assert_null (tocsin_category_by_id (25));
  g_assert_null (tocsin_category_by_id (62));
  g_assert_null (tocsin_category_by_id (64));
  g_assert_null (tocsin_category_by_id (G_MAXUINT));
  g_assert_null (tocsin_category_by_slug (""));
  g_assert_null (tocsin_category_by_slug ("Spam"));
  g_assert_null (tocsin_category_by_slug ("seo spam"));
}

static void
test_areas (void)
{
  TocsinArea area = TOCSIN_AREA_ANY;

  for (guint i = 0; i < TOCSIN_N_AREAS; i++)
    {
      g_assert_true (tocsin_area_from_string (tocsin_area_to_string ((TocsinArea) i), &area));
      g_assert_cmpuint (area, ==, i);
    }
  g_assert_false (tocsin_area_from_string ("Any", &area));
  g_assert_null (tocsin_area_to_string (TOCSIN_N_AREAS));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/category/table", test_table);
  g_test_add_func ("/category/unknown", test_unknown);
  g_test_add_func ("/category/areas", test_areas);
  return g_test_run ();
}
