/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Looking an address up among the 42,426 networks of tests/data/lists/vpn-ipv4.json, of twenty
 * lengths and some within others: what is found is what a comparison with each of them finds, the
 * longest first.
 */
#include "store-fixture.h"

#include <string.h>

#include "core/subject.h"
#include "store/bulk.h"
#include "store/table-evidence.h"

#define N_NETWORKS 42426
#define N_RANDOM   1000
#define SAMPLE     100 /* every how many-th network gives its edges too */

typedef struct
{
  guint32 first;
  guint32 last;
  guint length;
  const char *text;
} Network;

static guint32
parse_v4 (const char *text)
{
  guint a, b, c, d;

  g_assert_cmpint (sscanf (text, "%u.%u.%u.%u", &a, &b, &c, &d), ==, 4);
  return a << 24 | b << 16 | c << 8 | d;
}

static char *
format_v4 (guint32 address)
{
  return g_strdup_printf ("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                          address & 255);
}

/* By hand, so that nothing of what is tested takes part: what stands between quotes is text. (With
 * memchr(): AddressSanitizer has strstr() read all that follows.) */
static GArray *
load (char **out_text)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "data", "lists", "vpn-ipv4.json", NULL);
  GArray *networks = g_array_new (FALSE, FALSE, sizeof (Network));
  char *end, *quote;
  gsize size;

  g_assert_true (g_file_get_contents (path, out_text, &size, NULL));
  end = *out_text + size;
  for (char *text = *out_text; (quote = memchr (text, '"', (gsize) (end - text))) != NULL;
       text = quote + 1)
    {
      Network network = { .text = text };
      char *slash = memchr (text, '/', (gsize) (quote - text));

      *quote = '\0';
      if (!g_ascii_isdigit (*text) || slash == NULL)
        continue;
      network.length = (guint) strtoul (slash + 1, NULL, 10);
      network.first = parse_v4 (text);
      network.last =
          network.first + (guint32) ((G_GUINT64_CONSTANT (1) << (32 - network.length)) - 1);
      g_array_append_val (networks, network);
    }
  g_assert_cmpuint (networks->len, ==, N_NETWORKS);
  return networks;
}

static void
store_networks (Fixture *f, GArray *networks)
{
  g_autoptr (TocsinBulk) bulk = tocsin_bulk_new (1);

  for (guint i = 0; i < networks->len; i++)
    {
      const Network *network = &g_array_index (networks, Network, i);
      g_auto (TocsinSubject) subject = { 0 };
      TocsinBulkRow row = { .evidence = { .category = 21, .confidence = 100, .expires_s = 1 } };

      g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_NETWORK, network->text, NULL));
      g_assert_cmpstr (subject.value, ==, network->text);
      row.key = tocsin_subject_key (&subject);
      row.key_type = subject.key_type;
      row.value = subject.key_value;
      tocsin_bulk_add (bulk, &row);
    }
  write_ok (f, tocsin_bulk_write, bulk);
}

/* Every stored network that a check of the address meets, in its order. */
static char *
probe (TocsinTxn *txn, const TocsinNetworkLengths *lengths, const char *address)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GArray) probes = NULL;
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_IP, address, NULL));
  probes = tocsin_subject_probes (&subject, lengths);
  for (guint i = 0; i < probes->len; i++)
    {
      const TocsinProbe *one = &g_array_index (probes, TocsinProbe, i);

      if (tocsin_evidence_exists (txn, &one->key))
        g_string_append_printf (out, "%s ", one->value);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static int
compare_lengths (gconstpointer a, gconstpointer b)
{
  const Network *x = *(const Network *const *) a, *y = *(const Network *const *) b;

  return (int) y->length - (int) x->length;
}

static char *
compare_with_each (GArray *networks, guint32 address)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  g_autoptr (GString) out = g_string_new (NULL);
  Network *end = (Network *) (gpointer) networks->data + networks->len;

  for (Network *network = (Network *) (gpointer) networks->data; network < end; network++)
    if (network->first <= address && address <= network->last)
      g_ptr_array_add (found, network);
  g_ptr_array_sort (found, compare_lengths);
  for (guint i = 0; i < found->len; i++)
    g_string_append_printf (out, "%s ", ((Network *) g_ptr_array_index (found, i))->text);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static guint
assert_found (TocsinTxn *txn,
              const TocsinNetworkLengths *lengths,
              GArray *networks,
              guint32 address)
{
  g_autofree char *text = format_v4 (address);
  g_autofree char *mapped = g_strconcat ("::ffff:", text, NULL);
  g_autofree char *expected = compare_with_each (networks, address);
  g_autofree char *found = probe (txn, lengths, text);
  g_autofree char *as_v6 = probe (txn, lengths, mapped);

  g_assert_cmpstr (found, ==, expected);
  g_assert_cmpstr (as_v6, ==, expected);
  return expected[0] != '\0';
}

static void
test_longest_prefix (Fixture *f, gconstpointer data)
{
  g_autofree char *text = NULL;
  g_autoptr (GArray) networks = load (&text);
  TocsinNetworkLengths lengths;
  guint n_found = 0;

  store_networks (f, networks);
  tocsin_store_network_lengths (f->store, &lengths);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    for (guint i = 0; i < N_RANDOM; i++)
      n_found += assert_found (txn, &lengths, networks,
                               (guint32) g_test_rand_int_range (0, G_MAXINT32) * 2);
    for (guint i = 0; i < networks->len; i += SAMPLE)
      {
        const Network *network = &g_array_index (networks, Network, i);

        g_assert_true (assert_found (txn, &lengths, networks, network->first));
        g_assert_true (assert_found (txn, &lengths, networks, network->last));
        assert_found (txn, &lengths, networks, network->first - 1);
        assert_found (txn, &lengths, networks, network->last + 1);
      }
    assert_reading_ok (txn);
  }
  /* The list covers some 9 of 100 addresses. */
  g_assert_cmpuint (n_found, >, N_RANDOM / 50);
  g_assert_cmpuint (n_found, <, N_RANDOM / 5);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/networks/longest-prefix", Fixture, NULL, set_up, test_longest_prefix, tear_down);
  return g_test_run ();
}
