/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What each format makes of the same rows, and of values that want out of it.
 */
#include <string.h>

#include "codec/json-strict.h"
#include "export/export.h"

#define SPAM_AND_SCAM ((1u << 1) | (1u << 3))

static const TocsinExportInfo info = {
  .generation = 7,
  .as_of_us = G_GINT64_CONSTANT (1795478400) * 1000000,
  .serial = 498750,
  .types = 0xfe,
  .base_url = "https://a.example",
  .profile = "default",
  .least = TOCSIN_VERDICT_NOTE,
};

typedef struct
{
  TocsinSubjectType type;
  const char *value;
  TocsinVerdict verdict;
} Entry;

static const Entry plain[] = {
  { TOCSIN_SUBJECT_IP, "192.0.2.1", TOCSIN_VERDICT_BLOCK },
  { TOCSIN_SUBJECT_NETWORK, "2001:db8:1:2::/64", TOCSIN_VERDICT_BLOCK },
  { TOCSIN_SUBJECT_NETWORK, "198.51.100.0/25", TOCSIN_VERDICT_REVIEW },
  { TOCSIN_SUBJECT_DOMAIN, "spam.example", TOCSIN_VERDICT_BLOCK },
  { TOCSIN_SUBJECT_EMAIL, "j.doe@mail.example", TOCSIN_VERDICT_REVIEW },
  { TOCSIN_SUBJECT_URL, "http://spam.example/a?b", TOCSIN_VERDICT_REVIEW },
  { TOCSIN_SUBJECT_USERNAME, "jdoe77", TOCSIN_VERDICT_NOTE },
  { TOCSIN_SUBJECT_ACTOR, "https://spam.example/users/x", TOCSIN_VERDICT_BLOCK },
};

/* None of these comes out of tocsin_subject_parse(); formats do not rely on that. */
static const char *const hostile[] = {
  "a\";}server{listen 1;#.example",
  "$host.example",
  "192.0.2.1;}",
  "192.0.2.1, 0.0.0.0/0",
  "192.0.2.1 }\nadd rule inet tocsin x",
  "x.example OK\n.",
  "x.example\nDISCARD",
  "x.example\r\nevil,suspend",
  "`id`.example",
  "x.example CNAME rpz-passthru.\n*",
  "$INCLUDE /etc/passwd",
  "$DATASET ip4set @",
  "@",
  "*.example",
  "~^.*$",
  "default",
  "\\\" block; } #",
  "a' OR url:value = 'b",
  "a\\' OR url:value = 'b",
  "=cmd|'/C calc'!A0",
  "0.0.0.0/0 :127.0.0.9:x",
  "..",
  "a..b",
  "",
  "-",
  "8.0.0.0.10.rpz-ip",
  "24.0.2.0.192.rpz-client-ip",
  "spam.rpz-nsdname",
  "rpz-nsip",
  "!192.0.2.1",
  "\x7f.example",
};

static gboolean
render_row (TocsinExportWriter *writer, TocsinSubjectType type, const char *value, TocsinVerdict v)
{
  TocsinSubjectKey key = { { 1, 2, 3 } };
  guint8 hash[TOCSIN_SHA256_BYTES] = { 0xab };
  guint64 before = writer->count;
  TocsinExportRow row = { .type = type,
                          .value = value,
                          .key = &key,
                          .mastodon = type == TOCSIN_SUBJECT_EMAIL ? hash : NULL,
                          .verdict = v,
                          .score = 97,
                          .categories = SPAM_AND_SCAM,
                          .first_seen_s = 1795000000,
                          .last_seen_s = 1795400000,
                          .expires_s = 1799000000 };

  if ((writer->format->possible & TOCSIN_EXPORT_TYPE_BIT (type)) != 0 &&
      tocsin_export_takes (writer, &row) && tocsin_export_takes_verdict (writer, v))
    tocsin_export_row (writer, &row);
  return writer->count > before;
}

static char *
render (const TocsinExportFormat *format, const Entry *entries, gsize n, char **canary)
{
  g_auto (TocsinExportWriter) writer = { 0 };
  GString *out = g_string_new (NULL);

  tocsin_export_begin (&writer, format, &info, out);
  for (guint section = 0; section < format->n_sections; section++)
    {
      tocsin_export_begin_section (&writer, section);
      for (gsize i = 0; i < n; i++)
        render_row (&writer, entries[i].type, entries[i].value, entries[i].verdict);
      tocsin_export_end_section (&writer);
    }
  tocsin_export_end (&writer);
  g_assert_cmpuint (writer.skipped, ==, 0);
  if (canary != NULL)
    *canary = g_strdup (tocsin_export_canary (&writer));
  return g_string_free (out, FALSE);
}

static void
test_texts (void)
{
#define TITLE(mark, name)                                                                          \
  mark " Tocsin export " name ", generation 7, as of 2026-11-24T00:00:00Z\n" mark                  \
       " profile default, least verdict note\n"
  static const struct
  {
    const char *format;
    const char *text;
  } vectors[] = {
    { "csv", "type,value,verdict,score,categories\r\n"
             "ip,\"192.0.2.1\",block,97,spam scam\r\n"
             "network,\"2001:db8:1:2::/64\",block,97,spam scam\r\n"
             "network,\"198.51.100.0/25\",review,97,spam scam\r\n"
             "domain,\"spam.example\",block,97,spam scam\r\n"
             "email,\"j.doe@mail.example\",review,97,spam scam\r\n"
             "url,\"http://spam.example/a?b\",review,97,spam scam\r\n"
             "username,\"jdoe77\",note,97,spam scam\r\n"
             "actor,\"https://spam.example/users/x\",block,97,spam scam\r\n" },
    { "mastodon-csv",
      "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\r\n"
      "spam.example,suspend,false,false,\"Reported for spam, scam\",false\r\n" },
    { "mastodon-email-hashes",
      "ab00000000000000000000000000000000000000000000000000000000000000\n" },
    { "rbldnsd", TITLE ("#", "rbldnsd") "$SOA 300 localhost. hostmaster.localhost. 498750 1h 10m "
                                        "1w 5m\n$NS 300 localhost.\n"
                                        "$DATASET ip4trie:tocsin-v4 @\n"
                                        "127.0.0.2 :127.0.0.2:Test entry\n"
                                        "192.0.2.1 :127.0.0.4:Reported for spam, scam\n"
                                        "198.51.100.0/25 :127.0.0.3:Reported for spam, scam\n"
                                        "$DATASET ip6trie:tocsin-v6 @\n"
                                        "::ffff:7f00:2 :127.0.0.2:Test entry\n"
                                        "2001:db8:1:2::/64 :127.0.0.4:Reported for spam, scam\n"
                                        "$DATASET dnset:tocsin-names @\n"
                                        "test :127.0.0.2:Test entry\n"
                                        ".spam.example :127.0.0.4:Reported for spam, scam\n"
                                        "# end: 4 entries and the canary 127.0.0.2\n" },
    { "rpz", TITLE (";", "rpz") "$TTL 300\n@ SOA localhost. hostmaster.localhost. 498750 3600 600 "
                                "604800 300\n@ NS localhost.\ncanary.test CNAME .\n"
                                "32.1.2.0.192.rpz-ip CNAME .\n"
                                "64.zz.2.1.db8.2001.rpz-ip CNAME .\n"
                                "25.0.100.51.198.rpz-ip CNAME .\n"
                                "spam.example CNAME .\n*.spam.example CNAME .\n"
                                "; end: 4 entries and the canary canary.test\n" },
    { "nginx-geo", TITLE ("#", "nginx-geo") "192.0.2.255 block;\n100::1 block;\n"
                                            "192.0.2.1 block;\n2001:db8:1:2::/64 block;\n"
                                            "198.51.100.0/25 review;\n"
                                            "# end: 3 entries and the canary 192.0.2.255\n" },
    { "nginx-map", TITLE ("#", "nginx-map") ".canary.test block;\n"
                                            "\"\\\\192.0.2.1\" block;\n"
                                            "\"\\\\2001:db8:1:2::/64\" block;\n"
                                            "\"\\\\198.51.100.0/25\" review;\n"
                                            ".spam.example block;\n"
                                            "\"\\\\j.doe@mail.example\" review;\n"
                                            "\"\\\\http://spam.example/a?b\" review;\n"
                                            "\"\\\\jdoe77\" note;\n"
                                            "\"\\\\https://spam.example/users/x\" block;\n"
                                            "# end: 8 entries and the canary canary.test\n" },
    { "postfix", TITLE ("#", "postfix") "canary.test REJECT Test entry\n"
                                        "192.0.2.1 REJECT Reported for spam, scam\n"
                                        "spam.example REJECT Reported for spam, scam\n"
                                        "j.doe@mail.example DEFER Reported for spam, scam\n"
                                        "# end: 3 entries and the canary canary.test\n" },
    { "postfix-cidr", TITLE ("#", "postfix-cidr") "192.0.2.255 REJECT Test entry\n"
                                                  "192.0.2.1 REJECT Reported for spam, scam\n"
                                                  "2001:db8:1:2::/64 REJECT Reported for spam, "
                                                  "scam\n"
                                                  "198.51.100.0/25 DEFER Reported for spam, scam\n"
                                                  "# end: 3 entries and the canary 192.0.2.255\n" },
    { "nftables",
      TITLE ("#", "nftables") "add table inet tocsin\n"
                              "add set inet tocsin listed4 { type ipv4_addr; flags interval; "
                              "auto-merge; }\n"
                              "add set inet tocsin listed6 { type ipv6_addr; flags interval; "
                              "auto-merge; }\n"
                              "flush set inet tocsin listed4\nflush set inet tocsin listed6\n"
                              "add element inet tocsin listed4 { 192.0.2.255 }\n"
                              "add element inet tocsin listed4 {\n192.0.2.1,\n198.51.100.0/25\n}\n"
                              "add element inet tocsin listed6 { 100::1 }\n"
                              "add element inet tocsin listed6 {\n2001:db8:1:2::/64\n}\n"
                              "# end: 3 entries and the canary 192.0.2.255\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *text =
          render (tocsin_export_format (vectors[i].format), plain, G_N_ELEMENTS (plain), NULL);

      g_assert_cmpstr (text, ==, vectors[i].text);
    }
#undef TITLE
}

/* Postfix takes the first line that fits; a check takes the strictest verdict of all. */
static void
test_postfix_cidr_order (void)
{
  static const Entry entries[] = {
    { TOCSIN_SUBJECT_NETWORK, "198.51.100.0/26", TOCSIN_VERDICT_REVIEW },
    { TOCSIN_SUBJECT_NETWORK, "198.51.100.0/24", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_IP, "198.51.100.9", TOCSIN_VERDICT_NOTE },
  };
  g_autofree char *text =
      render (tocsin_export_format ("postfix-cidr"), entries, G_N_ELEMENTS (entries), NULL);

  g_assert_nonnull (strstr (text, "\n198.51.100.0/24 REJECT Reported for spam, scam\n"
                                  "198.51.100.0/26 DEFER Reported for spam, scam\n"
                                  "198.51.100.9 DEFER Reported for spam, scam\n"
                                  "# end: 3 entries"));
}

static JsonNode *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonNode *root = tocsin_json_parse (text, strlen (text), NULL, NULL, &error);

  g_assert_no_error (error);
  return root;
}

/* In their order. Free it with g_free(). */
static char *
join_members (JsonObject *object)
{
  g_autoptr (GList) members = json_object_get_members (object);
  GString *out = g_string_new (NULL);

  for (const GList *m = members; m != NULL; m = m->next)
    g_string_append_printf (out, "%s%s", out->len > 0 ? " " : "", (const char *) m->data);
  return g_string_free (out, FALSE);
}

static void
test_json_formats (void)
{
  static const struct
  {
    const char *format;
    const char *array;
    guint n;
  } vectors[] = {
    { "json", "subjects", 8 },
    { "stix", "objects", 9 }, /* and who says it */
    { "fires", "orderedItems", 2 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      const TocsinExportFormat *format = tocsin_export_format (vectors[i].format);
      g_autofree char *canary = NULL;
      g_autofree char *text = render (format, plain, G_N_ELEMENTS (plain), &canary);
      g_autofree char *empty = render (format, NULL, 0, NULL);
      g_autoptr (JsonNode) root = parse (text);
      g_autoptr (JsonNode) nothing = parse (empty);

      g_assert_nonnull (nothing);

      g_assert_cmpuint (json_array_get_length (json_object_get_array_member (
                            json_node_get_object (root), vectors[i].array)),
                        ==, vectors[i].n);
      g_assert_cmpstr (canary, ==, "https://spam.example/users/x");
    }
}

static void
test_stix (void)
{
  static const char *const patterns[] = {
    "[ipv4-addr:value = '192.0.2.1']",
    "[ipv6-addr:value ISSUBSET '2001:db8:1:2::/64']",
    "[ipv4-addr:value ISSUBSET '198.51.100.0/25']",
    "[domain-name:value = 'spam.example']",
    "[email-addr:value = 'j.doe@mail.example']",
    "[url:value = 'http://spam.example/a?b']",
    "[user-account:account_login = 'jdoe77']",
    "[url:value = 'https://spam.example/users/x']",
  };
  g_autofree char *text = render (tocsin_export_format ("stix"), plain, G_N_ELEMENTS (plain), NULL);
  g_autofree char *again =
      render (tocsin_export_format ("stix"), plain, G_N_ELEMENTS (plain), NULL);
  g_autoptr (JsonNode) root = parse (text);
  JsonArray *objects = json_object_get_array_member (json_node_get_object (root), "objects");

  g_assert_cmpstr (text, ==, again);
  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      JsonObject *indicator = json_array_get_object_element (objects, i + 1);

      g_assert_cmpstr (json_object_get_string_member (indicator, "pattern"), ==, patterns[i]);
      g_assert_true (g_regex_match_simple (
          "^indicator--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
          json_object_get_string_member (indicator, "id"), 0, 0));
    }
}

/* The members that https://fires.fedimod.org/reference/protocol/data-model/changes.html has for
 * each type, and "comment", which its context has for all. */
static void
test_fires (void)
{
#define COMMON "id type published entityKind entityKey labels "
  static const struct
  {
    Entry entry;
    const char *type;
    const char *kind;
    const char *policy;
    const char *members;
  } vectors[] = {
    { { TOCSIN_SUBJECT_DOMAIN, "spam.example", TOCSIN_VERDICT_BLOCK },
      "Recommendation",
      "domain",
      "drop",
      COMMON "recommendedPolicy recommendedFilters comment" },
    { { TOCSIN_SUBJECT_ACTOR, "https://spam.example/users/x", TOCSIN_VERDICT_REVIEW },
      "Recommendation",
      "actor",
      "filter",
      COMMON "recommendedPolicy recommendedFilters comment" },
    { { TOCSIN_SUBJECT_DOMAIN, "odd.example", TOCSIN_VERDICT_NOTE },
      "Advisory",
      "domain",
      NULL,
      COMMON "comment" },
  };
#undef COMMON
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *text = render (tocsin_export_format ("fires"), &vectors[i].entry, 1, NULL);
      g_autoptr (JsonNode) root = parse (text);
      JsonObject *collection = json_node_get_object (root);
      JsonObject *item = json_array_get_object_element (
          json_object_get_array_member (collection, "orderedItems"), 0);
      JsonArray *labels = json_object_get_array_member (item, "labels");
      g_autofree char *members = join_members (item);

      g_assert_cmpstr (json_object_get_string_member (collection, "type"), ==, "OrderedCollection");
      g_assert_cmpint (json_object_get_int_member (collection, "totalItems"), ==, 1);
      g_assert_cmpstr (members, ==, vectors[i].members);
      g_assert_true (g_regex_match_simple ("^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
                                           json_object_get_string_member (item, "id"), 0, 0));
      g_assert_cmpstr (json_object_get_string_member (item, "type"), ==, vectors[i].type);
      g_assert_cmpstr (json_object_get_string_member (item, "entityKind"), ==, vectors[i].kind);
      g_assert_cmpstr (json_object_get_string_member (item, "entityKey"), ==,
                       vectors[i].entry.value);
      g_assert_cmpstr (json_object_get_string_member_with_default (item, "recommendedPolicy", NULL),
                       ==, vectors[i].policy);
      g_assert_cmpuint (json_array_get_length (labels), ==, 2);
      g_assert_cmpstr (json_array_get_string_element (labels, 1), ==,
                       "https://w3id.org/tocsin/ns#scam");
    }
}

/* A list of lines that a server runs: each is one that render() of harmless entries could make. */
static void
check_lines (const TocsinExportFormat *format, const char *text)
{
  static const struct
  {
    const char *format;
    const char *line;
  } shapes[] = {
    { "rbldnsd", "^(#[^\n]*|\\$SOA [^$]*|\\$NS [^$]*|\\$DATASET [^$]* @|"
                 "[0-9a-z.:/_-]+ :127\\.0\\.0\\.[234]:[A-Za-z, ]+)$" },
    { "rpz", "^(;.*|\\$TTL 300|@ (SOA|NS) .*|(?!.*rpz-)(\\*\\.)?[0-9a-z._-]+ CNAME \\.)$" },
    { "nginx-geo", "^(#.*|[0-9a-f.:/]+ (block|review|note);)$" },
    { "nginx-map", "^(#.*|(\\.[0-9a-z._-]+|\"\\\\\\\\([^\"\\\\]|\\\\[\"\\\\])*\") "
                   "(block|review|note);)$" },
    { "postfix", "^(#.*|[^# \t][^ \t]* (REJECT|DEFER) [A-Za-z, ]+)$" },
    { "postfix-cidr", "^(#.*|[0-9a-f.:/]+ (REJECT|DEFER) [A-Za-z, ]+)$" },
    { "nftables",
      "^(#.*|add table inet tocsin|add set inet tocsin listed[46] \\{ type ipv[46]_addr"
      "; flags interval; auto-merge; \\}|flush set inet tocsin listed[46]|"
      "add element inet tocsin listed[46] \\{( [0-9a-f.:]+ \\})?|[0-9a-f.:/]+,?|\\})$" },
    { "mastodon-csv", "^(#domain.*|[0-9a-z._-]+,(suspend|silence),false,false,"
                      "\"[A-Za-z, ]+\",false)\r$" },
    { "mastodon-email-hashes", "^[0-9a-f]{64}$" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_auto (GStrv) lines = NULL;

      if (!g_str_equal (shapes[i].format, format->name))
        continue;
      lines = g_strsplit (text, "\n", -1);
      for (guint l = 0; lines[l] != NULL; l++)
        if (lines[l + 1] != NULL || lines[l][0] != '\0')
          if (!g_regex_match_simple (shapes[i].line, lines[l], G_REGEX_DOLLAR_ENDONLY, 0))
            g_error ("%s: %s", format->name, lines[l]);
      return;
    }
}

static char *
render_hostile (const TocsinExportFormat *format, TocsinSubjectType type, const char *value)
{
  g_auto (TocsinExportWriter) writer = { 0 };
  GString *out = g_string_new (NULL);

  tocsin_export_begin (&writer, format, &info, out);
  for (guint section = 0; section < format->n_sections; section++)
    {
      tocsin_export_begin_section (&writer, section);
      render_row (&writer, type, value, TOCSIN_VERDICT_BLOCK);
      tocsin_export_end_section (&writer);
    }
  tocsin_export_end (&writer);
  if ((format->possible & TOCSIN_EXPORT_TYPE_BIT (type)) != 0)
    g_assert_cmpuint (writer.count + writer.skipped, ==, 1);
  return g_string_free (out, FALSE);
}

/* A field may hold line ends; what begins like a formula is text. */
static void
check_csv (const char *text)
{
  if (!g_regex_match_simple (
          "^type,value,verdict,score,categories\r\n"
          "([a-z]+,\"('[-=+@]|(?![-=+@]))([^\"]|\"\")*\",block,97,[a-z ]+\r\n)?$",
          text, G_REGEX_DOLLAR_ENDONLY, 0))
    g_error ("csv: %s", text);
}

static void
test_hostile (void)
{
  gsize n;
  const TocsinExportFormat *const *formats = tocsin_export_formats (&n);

  g_assert_cmpuint (n, ==, 14);
  for (gsize f = 0; f < n; f++)
    for (gsize i = 0; i < G_N_ELEMENTS (hostile); i++)
      for (guint type = TOCSIN_SUBJECT_IP; type <= TOCSIN_SUBJECT_ACTOR; type++)
        {
          g_autofree char *text = render_hostile (formats[f], (TocsinSubjectType) type, hostile[i]);

          if (g_str_equal (formats[f]->name, "csv"))
            check_csv (text);
          check_lines (formats[f], text);
          if (strstr (formats[f]->content_type, "json") != NULL)
            {
              g_autoptr (JsonNode) root = parse (text);

              g_assert_nonnull (root);
            }
        }
}

static void
test_hostile_pattern (void)
{
  g_autofree char *text =
      render_hostile (tocsin_export_format ("stix"), TOCSIN_SUBJECT_URL, "a\\' OR url:value = 'b");
  g_autoptr (JsonNode) root = parse (text);
  JsonArray *objects = json_object_get_array_member (json_node_get_object (root), "objects");
  JsonObject *indicator = json_array_get_object_element (objects, 1);

  g_assert_cmpstr (json_object_get_string_member (indicator, "pattern"), ==,
                   "[url:value = 'a\\\\\\' OR url:value = \\'b']");
}

/* How many of @values a list of @format holds, and how many it left out. */
static void
expect_kept (const char *format, const Entry *entries, guint n, guint kept)
{
  g_auto (TocsinExportWriter) writer = { 0 };
  g_autoptr (GString) out = g_string_new (NULL);

  tocsin_export_begin (&writer, tocsin_export_format (format), &info, out);
  for (guint section = 0; section < writer.format->n_sections; section++)
    {
      tocsin_export_begin_section (&writer, section);
      for (guint i = 0; i < n; i++)
        render_row (&writer, entries[i].type, entries[i].value, entries[i].verdict);
      tocsin_export_end_section (&writer);
    }
  tocsin_export_end (&writer);
  if (writer.count != kept || writer.skipped != n - kept)
    g_error ("%s: %s", format, out->str);
}

/* nginx compares without case, and refuses a map with two keys that are the same to it. */
static void
test_equal_keys (void)
{
  static const Entry entries[] = {
    { TOCSIN_SUBJECT_URL, "http://a.example/Evil", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_URL, "http://a.example/evil", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_ACTOR, "http://a.example/evil", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_USERNAME, "b.example", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_DOMAIN, "b.example", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_DOMAIN, "canary.test", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_USERNAME, "Canary.Test", TOCSIN_VERDICT_BLOCK },
  };

  expect_kept ("nginx-map", entries, G_N_ELEMENTS (entries), 2);
}

/* What nginx would take for a pattern, or refuse as a bad one, where names need `hostnames`. */
static void
test_patterns (void)
{
  static const struct
  {
    guint types;
    guint count;
  } cases[] = { { 0xfe, 1 }, { 1u << TOCSIN_SUBJECT_USERNAME, 6 } };
  static const char *const values[] = { "*.example", "a.*", ".example", "a*b", "a..b", "a.b" };

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      TocsinExportInfo of_types = info;
      g_auto (TocsinExportWriter) writer = { 0 };
      g_autoptr (GString) out = g_string_new (NULL);

      of_types.types = cases[c].types;
      tocsin_export_begin (&writer, tocsin_export_format ("nginx-map"), &of_types, out);
      tocsin_export_begin_section (&writer, 0);
      for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
        render_row (&writer, TOCSIN_SUBJECT_USERNAME, values[i], TOCSIN_VERDICT_BLOCK);
      tocsin_export_end_section (&writer);
      tocsin_export_end (&writer);
      g_assert_cmpuint (writer.count, ==, cases[c].count);
    }
}

/* What a canary says is in the list once. */
static void
test_second_canary (void)
{
  static const struct
  {
    const char *format;
    Entry entry;
  } vectors[] = {
    { "rbldnsd", { TOCSIN_SUBJECT_IP, "127.0.0.2", TOCSIN_VERDICT_BLOCK } },
    { "rpz", { TOCSIN_SUBJECT_DOMAIN, "canary.test", TOCSIN_VERDICT_BLOCK } },
    { "nginx-geo", { TOCSIN_SUBJECT_IP, "192.0.2.255", TOCSIN_VERDICT_BLOCK } },
    { "nginx-map", { TOCSIN_SUBJECT_DOMAIN, "canary.test", TOCSIN_VERDICT_BLOCK } },
    { "postfix", { TOCSIN_SUBJECT_DOMAIN, "canary.test", TOCSIN_VERDICT_BLOCK } },
    { "postfix-cidr", { TOCSIN_SUBJECT_IP, "192.0.2.255", TOCSIN_VERDICT_BLOCK } },
    { "nftables", { TOCSIN_SUBJECT_IP, "192.0.2.255", TOCSIN_VERDICT_BLOCK } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    expect_kept (vectors[i].format, &vectors[i].entry, 1, 0);
}

/* A machine's own addresses are in no list for a server; others that are private are the
 * operator's to say. */
static void
test_own_addresses (void)
{
  static const char *const formats[] = { "rbldnsd", "rpz", "nginx-geo", "postfix-cidr",
                                         "nftables" };
  static const Entry entries[] = {
    { TOCSIN_SUBJECT_IP, "127.0.0.1", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_IP, "0.0.0.0", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_NETWORK, "127.0.0.0/8", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_NETWORK, "::/64", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_NETWORK, "0:0:0:1::/64", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_IP, "10.0.0.1", TOCSIN_VERDICT_BLOCK },
    { TOCSIN_SUBJECT_NETWORK, "fd00::/64", TOCSIN_VERDICT_BLOCK },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    expect_kept (formats[i], entries, G_N_ELEMENTS (entries), 2);
}

/* 190 bytes, "*." and a zone's name of 60 are 255 on the wire. */
static void
test_long_names (void)
{
  g_autofree char *label = g_strnfill (60, 'a');
  g_autofree char *fits = g_strdup_printf ("%s.%s.%s.example", label, label, label);
  g_autofree char *too_long = g_strdup_printf ("%s.%sa.%s.example", label, label, label);
  const Entry entries[] = { { TOCSIN_SUBJECT_DOMAIN, fits, TOCSIN_VERDICT_BLOCK },
                            { TOCSIN_SUBJECT_DOMAIN, too_long, TOCSIN_VERDICT_BLOCK } };

  g_assert_cmpuint (strlen ("*.") + strlen (fits) + 60 + 3, ==, 255);
  expect_kept ("rpz", entries, G_N_ELEMENTS (entries), 1);
  expect_kept ("mastodon-csv", entries, G_N_ELEMENTS (entries), 2);
}

/* One command of nft is read as a whole: many rows are many commands. */
static void
test_long_nft (void)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *text = NULL;
  g_auto (GStrv) parts = NULL;

  for (guint i = 0; i < 2500; i++)
    {
      Entry entry = { TOCSIN_SUBJECT_IP, g_strdup_printf ("198.18.%u.%u", i / 250, i % 250),
                      TOCSIN_VERDICT_BLOCK };

      g_ptr_array_add (values, (char *) entry.value);
      g_array_append_val (entries, entry);
    }
  text = render (tocsin_export_format ("nftables"), (const Entry *) (gpointer) entries->data,
                 entries->len, NULL);
  parts = g_strsplit (text, "listed4 {\n", -1);
  g_assert_cmpuint (g_strv_length (parts), ==, 4);
  check_lines (tocsin_export_format ("nftables"), text);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/export-formats/texts", test_texts);
  g_test_add_func ("/export-formats/postfix-cidr-order", test_postfix_cidr_order);
  g_test_add_func ("/export-formats/json", test_json_formats);
  g_test_add_func ("/export-formats/stix", test_stix);
  g_test_add_func ("/export-formats/fires", test_fires);
  g_test_add_func ("/export-formats/hostile", test_hostile);
  g_test_add_func ("/export-formats/hostile-pattern", test_hostile_pattern);
  g_test_add_func ("/export-formats/equal-keys", test_equal_keys);
  g_test_add_func ("/export-formats/patterns", test_patterns);
  g_test_add_func ("/export-formats/second-canary", test_second_canary);
  g_test_add_func ("/export-formats/own-addresses", test_own_addresses);
  g_test_add_func ("/export-formats/long-names", test_long_names);
  g_test_add_func ("/export-formats/long-nft", test_long_nft);
  return g_test_run ();
}
