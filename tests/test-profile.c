/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "view/profile.h"

#include <string.h>

#include "core/error.h"

#define IGNORE TOCSIN_CEILING_IGNORE
#define NOTE   TOCSIN_VERDICT_NOTE
#define REVIEW TOCSIN_VERDICT_REVIEW
#define BLOCK  TOCSIN_VERDICT_BLOCK

/* Model.md 4, for every category by its number. */
static void
test_builtin (void)
{
  gsize n;
  const TocsinCategory *categories = tocsin_categories (&n);
  g_autoptr (TocsinProfile) lenient = tocsin_profile_new_builtin ("lenient");
  g_autoptr (TocsinProfile) standard = tocsin_profile_new_builtin ("default");
  g_autoptr (TocsinProfile) strict = tocsin_profile_new_builtin ("strict");

  g_assert_null (tocsin_profile_new_builtin ("Default"));
  g_assert_null (tocsin_profile_new_builtin (""));
  g_assert_cmpstr (standard->name, ==, "default");
  for (gsize i = 0; i < n; i++)
    {
      guint8 id = categories[i].id;
      gboolean stops = categories[i].klass == TOCSIN_CLASS_INFORMAL || id == TOCSIN_CATEGORY_OTHER;
      gboolean soft = id == 1 || id == 2 || (id >= 13 && id <= 16);

      g_assert_cmpint (standard->ceiling[id], ==, stops ? NOTE : REVIEW);
      g_assert_cmpint (strict->ceiling[id], ==, stops ? NOTE : BLOCK);
      g_assert_cmpint (lenient->ceiling[id], ==, stops || soft ? NOTE : REVIEW);
    }
  g_assert_cmpint (strict->ceiling[0], ==, IGNORE);
  g_assert_cmpint (strict->ceiling[62], ==, IGNORE);
}

static void
test_own (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinProfile) profile = tocsin_profile_new_from_text (
      "forum", "# ours\n[profile]\nspam=note\n scraping = ignore \ntor_exit=ignore\r\nbase=strict",
      &error);
  g_autoptr (TocsinProfile) again = NULL;
  g_autofree char *text = NULL;
  g_autofree char *text_again = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (profile->name, ==, "forum");
  g_assert_cmpint (profile->ceiling[1], ==, NOTE);
  g_assert_cmpint (profile->ceiling[16], ==, IGNORE);
  g_assert_cmpint (profile->ceiling[20], ==, IGNORE);
  g_assert_cmpint (profile->ceiling[3], ==, BLOCK);
  text = tocsin_profile_to_text (profile);
  again = tocsin_profile_new_from_text ("forum", text, &error);
  g_assert_no_error (error);
  text_again = tocsin_profile_to_text (again);
  g_assert_cmpstr (text_again, ==, text);
}

static const struct
{
  const char *name;
  const char *text;
  const char *must_contain;
} bad[] = {
  { "", "[profile]\n", "name" },
  { "Forum", "[profile]\n", "name" },
  { "a/b", "[profile]\n", "name" },
  { "abcdefghijklmnopqrstuvwxyzabcdefg", "[profile]\n", "name" },
  { "x", "", "one group" },
  { "x", "[other]\n", "one group" },
  { "x", "[profile]\n[more]\n", "one group" },
  { "x", "spam=note\n", "line 1: The group" },
  { "x", "[profile]\n[profile]\n", "line 2: A profile has one group" },
  { "x", "[profile]\nbase=x\n", "line 2: base" },
  { "x", "[profile]\nbase=strict\nbase=strict\n", "line 3: “base” is given twice" },
  { "x", "[profile]\nspan=note\n", "line 2: “span”" },
  { "x", "\n# ours\n[profile]\nspam=allow\n", "line 4: spam" },
  { "x", "[profile]\nspam=\n", "line 2: spam" },
  { "x", "[profile]\nspam=Review\n", "line 2: spam" },
  { "x", "[profile]\nspam=note\nspam=block\n", "line 3: “spam” is given twice" },
  { "x", "[profile]\nspam=note\n spam = block\n", "line 3: “spam” is given twice" },
  { "x", "[profile]\ntor_exit=review\n", "line 2: tor_exit states a fact" },
  { "x", "[profile]\nspam[de]=note\n", "line 2: “spam[de]”" },
  { "x", "[profile]\nspam note\n", "line 2: “spam note” is neither" },
  { "x", "[profile]\n# \xff\n", "not UTF-8" },
};

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (tocsin_profile_new_from_text (bad[i].name, bad[i].text, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, bad[i].must_contain));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/profile/builtin", test_builtin);
  g_test_add_func ("/profile/own", test_own);
  g_test_add_func ("/profile/bad", test_bad);
  return g_test_run ();
}
