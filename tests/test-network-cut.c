/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Networks less what lies in them.
 */
#include "core/network-cut.h"

#include <string.h>

#define HOLES_MAX 6

static const struct
{
  const char *network;
  const char *whole[HOLES_MAX];
  const char *soft[HOLES_MAX];
  const char *pieces; /* "~": a soft one */
} vectors[] = {
  { "8.8.8.0/24", { 0 }, { 0 }, "8.8.8.0/24" },
  { "8.8.8.0/24", { "8.8.9.1", "8.8.0.0/23" }, { "9.0.0.0/8" }, "8.8.8.0/24" },
  { "8.8.8.0/24", { "8.8.8.0/24" }, { 0 }, "" },
  { "8.8.8.0/24", { "8.8.8.128/25", "8.8.8.0/25" }, { 0 }, "" },
  { "8.8.8.0/24", { "8.8.8.0/25" }, { 0 }, "8.8.8.128/25" },
  { "8.8.8.0/29", { "8.8.8.3" }, { 0 }, "8.8.8.0/31 8.8.8.2/32 8.8.8.4/30" },
  { "8.8.8.0/24", { 0 }, { "8.8.8.128/25" }, "8.8.8.0/25 ~8.8.8.128/25" },
  { "8.8.8.0/24", { 0 }, { "8.8.8.77/24" }, "~8.8.8.0/24" },
  { "8.8.8.0/29", { "8.8.8.5" }, { "8.8.8.4/30" }, "8.8.8.0/30 ~8.8.8.4/32 ~8.8.8.6/31" },
  { "8.8.8.0/29", { "8.8.8.4/30" }, { "8.8.8.5", "8.8.8.0/31" }, "~8.8.8.0/31 8.8.8.2/31" },
  { "8.8.8.0/29", { "8.8.8.4/30", "8.8.8.4" }, { "8.8.8.4/30" }, "8.8.8.0/30" },
  { "2001:db8::/126", { "2001:db8::2/128", "8.8.8.8" }, { 0 }, "2001:db8::/127 2001:db8::3/128" },
  { "0.0.0.0/1", { "::/1" }, { 0 }, "0.0.0.0/1" },
  { "no network", { 0 }, { 0 }, "" },
};

static void
append (GString *out, const char *network, gboolean soft)
{
  g_string_append_printf (out, "%s%s%s", out->len > 0 ? " " : "", soft ? "~" : "", network);
}

/* Wider ones than are stored have no key that matters. */
static void
expect_key (const char *network, const TocsinSubjectKey *key)
{
  g_auto (TocsinSubject) subject = { 0 };
  TocsinSubjectKey expected;

  if (!tocsin_subject_parse (&subject, TOCSIN_SUBJECT_NETWORK, network, NULL))
    return;
  expected = tocsin_subject_key (&subject);
  g_assert_cmpmem (key, sizeof *key, &expected, sizeof expected);
  g_assert_cmpstr (subject.value, ==, network);
}

static void
on_piece (const char *network, const TocsinSubjectKey *key, gboolean soft, gpointer data)
{
  expect_key (network, key);
  append (data, network, soft);
}

static TocsinNetworkCut *
make_cut (const char *const *whole, const char *const *soft)
{
  g_autoptr (TocsinNetworkList) list = tocsin_network_list_new (soft);
  TocsinNetworkCut *cut = tocsin_network_cut_new ();

  for (gsize i = 0; whole[i] != NULL; i++)
    tocsin_network_cut_add (cut, whole[i]);
  tocsin_network_cut_add_soft (cut, list);
  return cut;
}

static void
test_pieces (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (TocsinNetworkCut) cut = make_cut (vectors[i].whole, vectors[i].soft);
      g_autoptr (GString) out = g_string_new (NULL);
      guint n = tocsin_network_cut_split (cut, vectors[i].network, TRUE, 100, on_piece, out);
      guint n_spaces = 0;

      g_assert_cmpstr (out->str, ==, vectors[i].pieces);
      for (gsize k = 0; k < out->len; k++)
        n_spaces += out->str[k] == ' ';
      g_assert_cmpuint (n, ==, out->len > 0 ? n_spaces + 1 : 0);
    }
}

static void
test_without_soft (void)
{
  static const char *const whole[] = { "8.8.8.1", NULL };
  static const char *const soft[] = { "8.8.8.128/25", NULL };
  g_autoptr (TocsinNetworkCut) cut = make_cut (whole, soft);
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_cmpuint (tocsin_network_cut_split (cut, "8.8.8.128/25", FALSE, 100, on_piece, out), ==,
                    1);
  g_assert_cmpstr (out->str, ==, "8.8.8.128/25");
}

/* More pieces than there may be are counted no further. */
static void
test_max (void)
{
  static const char *const whole[] = { "8.8.8.1", "2001:db8::1/128", NULL };
  static const char *const soft[] = { NULL };
  g_autoptr (TocsinNetworkCut) cut = make_cut (whole, soft);

  g_assert_cmpuint (tocsin_network_cut_split (cut, "8.0.0.0/8", TRUE, 24, NULL, NULL), ==, 24);
  g_assert_cmpuint (tocsin_network_cut_split (cut, "8.0.0.0/8", TRUE, 23, NULL, NULL), ==, 24);
  g_assert_cmpuint (tocsin_network_cut_split (cut, "8.0.0.0/8", TRUE, 0, NULL, NULL), ==, 1);
  g_assert_cmpuint (tocsin_network_cut_split (cut, "2000::/3", TRUE, 1000, NULL, NULL), ==, 125);
}

typedef struct
{
  GString *out; /* (unowned) */
  guint n_left;
} Around;

static gboolean
on_around (const char *network, const TocsinSubjectKey *key, gpointer data)
{
  Around *around = data;

  expect_key (network, key);
  append (around->out, network, FALSE);
  return --around->n_left > 0;
}

/* Each once, whatever lies between two that it holds. */
static void
test_around (void)
{
  static const char *const whole[] = { "8.9.9.9",       "8.8.8.1",      "8.8.8.2",
                                       "2001:db8::/64", "8.8.0.0/16",   "8.8.7.0/30",
                                       "8.8.8.9",       "8.8.8.128/25", NULL };
  static const char *const soft[] = { "8.8.8.0/24", NULL };
  static const TocsinNetworkLengths lengths = { .v4 = 1u << 8 | 1u << 16 | 1u << 24,
                                                .v6 = { G_GUINT64_CONSTANT (1) << 48, 1 } };
  static const struct
  {
    guint max;
    const char *told;
  } cases[] = {
    { 100, "8.0.0.0/8 8.8.7.0/24 8.8.0.0/16 8.8.8.0/24 8.9.9.0/24 8.9.0.0/16 2001:db8::/48" },
    { 2, "8.0.0.0/8 8.8.7.0/24" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TocsinNetworkCut) cut = make_cut (whole, soft);
      g_autoptr (GString) out = g_string_new (NULL);
      Around around = { out, cases[i].max };

      tocsin_network_cut_foreach_around (cut, &lengths, on_around, &around);
      g_assert_cmpstr (out->str, ==, cases[i].told);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/network-cut/pieces", test_pieces);
  g_test_add_func ("/network-cut/without-soft", test_without_soft);
  g_test_add_func ("/network-cut/max", test_max);
  g_test_add_func ("/network-cut/around", test_around);
  return g_test_run ();
}
