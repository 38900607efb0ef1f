/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/activity-build.h"
#include "codec/activity.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "golden-body.h"

#define ALPHA "http://127.0.0.1:8501/actors/alpha"
#define BETA  "http://127.0.0.1:8502/actors/beta"
#define A     "https://a.example/actor"
#define B     "https://b.example/actor"

static TocsinActivity *
parse (const char *text)
{
  g_autoptr (GBytes) body = json_body (text);
  g_autoptr (GError) error = NULL;
  TocsinActivity *activity = tocsin_activity_parse (body, &error);

  g_assert_no_error (error);
  return activity;
}

static void
test_golden (void)
{
  static const struct
  {
    const char *file;
    TocsinActivityKind kind;
    const char *actor;
    const char *object;
    const char *nested_object;
  } rows[] = {
    { "01-fedify-follow-rfc9421.json", TOCSIN_ACTIVITY_FOLLOW, ALPHA, BETA, NULL },
    { "02-fedify-accept-rfc9421.json", TOCSIN_ACTIVITY_ACCEPT, BETA,
      "http://127.0.0.1:8501/follows/1", BETA },
    { "04-fedify-remove-rfc9421.json", TOCSIN_ACTIVITY_REMOVE, BETA, BETA "/reports/1", NULL },
    { "05-fedify-undo-follow-rfc9421.json", TOCSIN_ACTIVITY_UNDO, ALPHA,
      "http://127.0.0.1:8501/follows/1", BETA },
    { "11-snac-follow-cavage12.json", TOCSIN_ACTIVITY_FOLLOW, "http://127.0.0.1:8601/sally",
      "http://127.0.0.1:8512/actors/draftie", NULL },
    { "12-fedify-rfc9421-to-snac-202-but-lost.json", TOCSIN_ACTIVITY_FOLLOW,
      "http://127.0.0.1:8511/actors/knocker", "http://127.0.0.1:8601/sally", NULL },
    { "14-gotosocial-accept-hs2019.json", TOCSIN_ACTIVITY_ACCEPT,
      "https://localhost:8701/users/gtsuser", "https://127.0.0.1:8521/follows/friendmwtlf2w0",
      "https://localhost:8701/users/gtsuser" },
    { "15-gotosocial-follow-hs2019.json", TOCSIN_ACTIVITY_FOLLOW,
      "https://localhost:8701/users/gtsuser", "https://127.0.0.1:8521/actors/friendmwtlf2w0",
      NULL },
    { "18-snac-accept-cavage12.json", TOCSIN_ACTIVITY_ACCEPT, "http://127.0.0.1:8601/sally",
      "http://127.0.0.1:8512/follows/1", "http://127.0.0.1:8601/sally" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) body = golden_body (rows[i].file);
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinActivity) activity = tocsin_activity_parse (body, &error);

      g_test_message ("%s", rows[i].file);
      g_assert_no_error (error);
      g_assert_cmpint ((int) activity->kind, ==, (int) rows[i].kind);
      g_assert_cmpstr (activity->actor, ==, rows[i].actor);
      g_assert_cmpstr (activity->object, ==, rows[i].object);
      g_assert_cmpstr (activity->nested.object, ==, rows[i].nested_object);
      g_assert_nonnull (activity->id);
      g_assert_true (g_bytes_equal (activity->raw, body));
      g_assert_true (tocsin_activity_check_ownership (activity, NULL, NULL, &error));
      g_assert_no_error (error);
    }
}

/* A Note in a collection is well-formed and nothing that we take. */
static void
test_golden_add_of_a_note (void)
{
  static const char *const files[] = { "03-fedify-add-rfc9421.json",
                                       "06-fedify-add-cavage12.json" };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GBytes) body = golden_body (files[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (tocsin_activity_parse (body, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
    }
}

#define IDS "'id':'https://a.example/activities/1','actor':'" A "'"

static void
test_forms (void)
{
  static const struct
  {
    const char *json;
    TocsinActivityKind kind;
    TocsinObjectKind object_kind;
    const char *object;
  } rows[] = {
    { "{'type':['Follow']," IDS ",'object':'" B "'}", TOCSIN_ACTIVITY_FOLLOW, TOCSIN_OBJECT_URI,
      B },
    { "{'type':['x:Y','Follow']," IDS ",'object':['" B "']}", TOCSIN_ACTIVITY_FOLLOW,
      TOCSIN_OBJECT_URI, B },
    { "{'type':'Follow','id':['https://a.example/activities/1'],'actor':[{'id':'" A
      "','type':'Person'}],'object':{'id':'" B "'},'nameMap':{'en':'x'}}",
      TOCSIN_ACTIVITY_FOLLOW, TOCSIN_OBJECT_OTHER, B },
    { "{'type':'Accept','actor':'" A "','object':'https://b.example/f/1'}", TOCSIN_ACTIVITY_ACCEPT,
      TOCSIN_OBJECT_URI, "https://b.example/f/1" },
    { "{'type':'Reject','actor':'" A "','object':{'type':'Follow','actor':'" B "','object':'" A
      "'}}",
      TOCSIN_ACTIVITY_REJECT, TOCSIN_OBJECT_ACTIVITY, NULL },
    { "{'type':'Undo'," IDS ",'object':{'type':'Block','actor':'" A "','object':'" B "'}}",
      TOCSIN_ACTIVITY_UNDO, TOCSIN_OBJECT_ACTIVITY, NULL },
    { "{'type':'Block'," IDS ",'object':'" B "'}", TOCSIN_ACTIVITY_BLOCK, TOCSIN_OBJECT_URI, B },
    { "{'type':'Delete'," IDS ",'object':'" A "'}", TOCSIN_ACTIVITY_DELETE, TOCSIN_OBJECT_URI, A },
    { "{'type':'Delete'," IDS ",'object':{'type':'Tombstone','id':'https://a.example/n/1'}}",
      TOCSIN_ACTIVITY_DELETE, TOCSIN_OBJECT_OTHER, "https://a.example/n/1" },
    { "{'type':'Move'," IDS ",'object':'" A "','target':'" B "'}", TOCSIN_ACTIVITY_MOVE,
      TOCSIN_OBJECT_URI, A },
    { "{'type':'Update'," IDS ",'object':'" A "'}", TOCSIN_ACTIVITY_UPDATE, TOCSIN_OBJECT_URI, A },
    { "{'type':'Update'," IDS ",'object':{'type':'Note','id':'https://a.example/n/1'}}",
      TOCSIN_ACTIVITY_UPDATE, TOCSIN_OBJECT_OTHER, "https://a.example/n/1" },
    { "{'type':'Update'," IDS ",'object':{'type':'Application','id':'" A "'}}",
      TOCSIN_ACTIVITY_UPDATE, TOCSIN_OBJECT_ACTOR, A },
    { "{'type':'Remove'," IDS ",'target':'" A "/reports','object':{'id':'https://a.example/r/1'}}",
      TOCSIN_ACTIVITY_REMOVE, TOCSIN_OBJECT_OTHER, "https://a.example/r/1" },
    { "{'type':'Like','actor':'" A "','object':[{'a':1},{'b':2}],'to':7,'published':7}",
      TOCSIN_ACTIVITY_OTHER, TOCSIN_OBJECT_NONE, NULL },
    { "{'type':'Flag'," IDS ",'object':'" B "'}", TOCSIN_ACTIVITY_OTHER, TOCSIN_OBJECT_URI, B },
    { "{'type':'Listen'," IDS "}", TOCSIN_ACTIVITY_OTHER, TOCSIN_OBJECT_NONE, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TocsinActivity) activity = NULL;

      g_test_message ("%s", rows[i].json);
      activity = parse (rows[i].json);
      g_assert_cmpint ((int) activity->kind, ==, (int) rows[i].kind);
      g_assert_cmpint ((int) activity->object_kind, ==, (int) rows[i].object_kind);
      g_assert_cmpstr (activity->actor, ==, A);
      g_assert_cmpstr (activity->object, ==, rows[i].object);
    }
}

static void
test_malformed (void)
{
  static const char *const rows[] = {
    "",
    "x",
    "[]",
    "'x'",
    "{}",
    "{'type':7," IDS "}",
    "{'type':[]," IDS "}",
    "{'type':'Follow','type':'Add'," IDS ",'object':'" B "'}",
    "{'type':'Like'}",
    "{'type':'Like','actor':''}",
    "{'type':'Like','actor':7}",
    "{'type':'Like','actor':['" A "','" B "']}",
    "{'type':'Like','actor':{'name':'x'}}",
    "{'type':'Follow','actor':'" A "','object':'" B "'}",
    "{'type':'Follow','id':null,'actor':'" A "','object':'" B "'}",
    "{'type':'Follow'," IDS "}",
    "{'type':'Follow'," IDS ",'object':{}}",
    "{'type':'Follow'," IDS ",'object':[]}",
    "{'type':'Follow'," IDS ",'object':'" B "','to':[7]}",
    "{'type':'Follow'," IDS ",'object':'" B "','published':'yesterday'}",
    "{'type':'Accept','actor':'" A "'}",
    "{'type':'Accept','actor':'" A "','object':{'type':'Follow'}}",
    "{'type':'Undo'," IDS ",'object':{'type':'Follow','actor':'" A "'}}",
    "{'type':'Move'," IDS ",'object':'" A "'}",
    "{'type':'Add'," IDS ",'object':'https://a.example/r/1'}",
    "{'type':'Remove'," IDS ",'target':'" A "/reports'}",
    "{'type':'Remove'," IDS ",'object':'https://a.example/r/1'}",
    "{'type':'Remove'," IDS ",'target':{},'object':'https://a.example/r/1'}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) body = json_body (rows[i]);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i]);
      g_assert_null (tocsin_activity_parse (body, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_null (strchr (error->message, '\n'));
    }
}

/* A report as a table changes it: @edit replaces the first occurrence of @old. */
#define REPORT                                                                                     \
  "{'type':'Add'," IDS ",'to':'https://a.example/followers','target':'" A "/reports','object':{"   \
  "'id':'https://a.example/reports/1','type':['Object','Report'],'attributedTo':'" A "',"          \
  "'published':'2026-11-23T17:57:07Z','updated':'2026-11-23T18:00:00Z',"                           \
  "'reportSubject':{'subjectType':'domain','value':'spam.example'},'category':'spam',"             \
  "'basis':'first_hand','opinion':'malicious','confidence':80,"                                    \
  "'observedAt':'2026-11-23T16:59:59Z','lastObservedAt':'2026-11-23T17:12:34Z',"                   \
  "'endTime':'2027-05-01T00:00:00Z','action':'suspended','sharing':'green'}}"
#define STATEMENT                                                                                  \
  "{'type':'Add'," IDS ",'to':'https://a.example/followers','target':'" A "/trust','object':{"     \
  "'id':'https://a.example/statements/1','type':['Object','TrustStatement'],'attributedTo':'" A    \
  "','published':'2026-11-23T17:57:07Z','updated':'2026-11-23T18:00:00Z','about':'" B "',"         \
  "'area':'spam','weight':50}}"

static char *
edited (const char *text, const char *old, const char *edit)
{
  const char *at = strstr (text, old);

  g_assert_nonnull (at);
  return g_strdup_printf ("%.*s%s%s", (int) (at - text), text, edit, at + strlen (old));
}

static void
test_report (void)
{
  g_autoptr (TocsinActivity) activity = parse (REPORT);
  const TocsinReport *report = &activity->report;
  gint64 hour = 0;

  g_assert_true (tocsin_time_parse ("2026-11-23T17:00:00Z", &hour, NULL));
  g_assert_cmpint ((int) activity->object_kind, ==, TOCSIN_OBJECT_REPORT);
  g_assert_false (activity->has_unknown_members);
  g_assert_true (tocsin_activity_is_canonicalisable (activity));
  g_assert_cmpstr (activity->to[0], ==, "https://a.example/followers");
  g_assert_cmpstr (activity->object, ==, "https://a.example/reports/1");
  g_assert_cmpstr (report->attributed_to, ==, A);
  g_assert_cmpint ((int) report->subject.type, ==, TOCSIN_SUBJECT_DOMAIN);
  g_assert_cmpstr (report->subject.value, ==, "spam.example");
  g_assert_cmpuint (report->category, ==, 1);
  g_assert_cmpstr (report->category_text, ==, "spam");
  g_assert_cmpint ((int) report->opinion, ==, TOCSIN_OPINION_MALICIOUS);
  g_assert_cmpuint (report->confidence, ==, 80);
  g_assert_cmpint ((int) report->action, ==, TOCSIN_ACTION_SUSPENDED);
  g_assert_cmpint ((int) report->sharing, ==, TOCSIN_SHARING_GREEN);
  g_assert_cmpint (report->observed_us, ==, hour - TOCSIN_HOUR_US);
  g_assert_cmpint (report->last_observed_us, ==, hour);
  g_assert_cmpint (report->updated_us, >, report->published_us);
}

static const struct
{
  const char *text;
  const char *old;
  const char *edit;
} unprocessable[] = {
  { REPORT, "'type':['Object','Report']", "'type':'Note'" },
  { REPORT, "'first_hand'", "'derived'" },
  { REPORT, "'first_hand'", "'imported'" },
  { REPORT, "'basis':'first_hand',", "" },
  { REPORT, "'malicious'", "'neutral'" },
  { REPORT, "'confidence':80", "'confidence':0" },
  { REPORT, "'confidence':80", "'confidence':101" },
  { REPORT, "'confidence':80", "'confidence':80.5" },
  { REPORT, "'confidence':80", "'confidence':8e1" },
  { REPORT, "'confidence':80", "'confidence':'80'" },
  { REPORT, "'confidence':80", "'confidence':18446744073709551697" },
  { REPORT, "'confidence':80,", "" },
  { REPORT, "'endTime':'2027-05-01T00:00:00Z',", "" },
  { REPORT, "'2027-05-01T00:00:00Z'", "'2027-02-30T00:00:00Z'" },
  { REPORT, "'published':'2026-11-23T17:57:07Z',", "" },
  { REPORT, "'updated':'2026-11-23T18", "'updated':'2025-11-23T18" },
  { REPORT, "'observedAt':'2026-11-23T16:59:59Z',", "" },
  { REPORT, "'lastObservedAt':'2026", "'lastObservedAt':'2025" },
  { REPORT, "'suspended'", "'deleted'" },
  { REPORT, "'suspended'", "7" },
  { REPORT, "'green'", "'red'" },
  { REPORT, ",'sharing':'green'", "" },
  { REPORT, "'green'", "'green','content':'x'" },
  { REPORT, "'green'", "'amber','content':7" },
  { REPORT, "'spam',", "''," },
  { REPORT, "'category':'spam',", "" },
  { REPORT, "'attributedTo':'" A "',", "" },
  { REPORT, "'subjectType':'domain'", "'subjectType':'phone'" },
  { REPORT, "'value':'spam.example'", "'value':'not a domain'" },
  { REPORT, "'value':'spam.example'", "'value':7" },
  { REPORT, ",'value':'spam.example'", "" },
  { REPORT, "{'subjectType':'domain','value':'spam.example'}", "'spam.example'" },
  { REPORT, "'domain','value':'spam.example'", "'email','value':'j@spam.example'" },
  { REPORT, "'domain','value':'spam.example'", "'username','digest':'sha-256:12'" },
  { REPORT, "'domain','value':'spam.example'", "'username','digest':'md5:12'" },
  { REPORT, "'value':'spam.example'",
    "'digest':'sha-256:0000000000000000000000000000000000000000000000000000000000000000'" },
  { STATEMENT, "'weight':50", "'weight':0" },
  { STATEMENT, "'weight':50", "'weight':101" },
  { STATEMENT, "'weight':50", "'weight':0.5" },
  { STATEMENT, ",'weight':50", "" },
  { STATEMENT, "'area':'spam'", "'area':'politics'" },
  { STATEMENT, "'area':'spam',", "" },
  { STATEMENT, "'about':'" B "'", "'about':'b.example'" },
  { STATEMENT, "'about':'" B "',", "" },
  { STATEMENT, "'updated':'2026", "'updated':'2025" },
  { STATEMENT, "'published':'2026-11-23T17:57:07Z',", "" },
  { "{'type':'Add'," IDS ",'target':'" A "/reports','object':'https://a.example/r/1'}", "Add",
    "Add" },
  { "{'type':'Update'," IDS ",'object':{'id':'" A "'}}", "Update", "Update" },
};

static void
test_unprocessable (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (unprocessable); i++)
    {
      g_autofree char *text =
          edited (unprocessable[i].text, unprocessable[i].old, unprocessable[i].edit);
      g_autoptr (GBytes) body = json_body (text);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s -> %s", unprocessable[i].old, unprocessable[i].edit);
      g_assert_null (tocsin_activity_parse (body, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
    }
}

static void
test_accepted_variants (void)
{
  static const struct
  {
    const char *old;
    const char *edit;
    gboolean unknown;
  } rows[] = {
    { "'spam'", "'made_up'", FALSE },
    { "'spam'", "'https://c.example/category/x'", FALSE },
    { "'action':'suspended',", "", FALSE },
    { "'lastObservedAt':'2026-11-23T17:12:34Z',", "", FALSE },
    { "'updated':'2026-11-23T18:00:00Z',", "", FALSE },
    { "'type':['Object','Report']", "'type':'https://w3id.org/tocsin/ns#Report'", FALSE },
    { "'green'", "'amber','content':'hello'", FALSE },
    { "'domain','value':'spam.example'",
      "'email','digest':'sha-256:"
      "0000000000000000000000000000000000000000000000000000000000000000'",
      FALSE },
    { "'green'", "'green','note':'x'", TRUE },
    { "'green'", "'green','proof':{}", TRUE },
    { "'subjectType'", "'extra':1,'subjectType'", TRUE },
    { "'to':", "'cc':'" B "','to':", TRUE },
    { "'to':", "'summary':'error','to':", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = edited (REPORT, rows[i].old, rows[i].edit);
      g_autoptr (TocsinActivity) activity = parse (text);

      g_test_message ("%s -> %s", rows[i].old, rows[i].edit);
      g_assert_true (activity->has_unknown_members == rows[i].unknown);
    }
}

static void
test_unknown_category_is_other (void)
{
  g_autofree char *text = edited (REPORT, "'spam'", "'made_up'");
  g_autoptr (TocsinActivity) activity = parse (text);

  g_assert_cmpuint (activity->report.category, ==, TOCSIN_CATEGORY_OTHER);
  g_assert_cmpstr (activity->report.category_text, ==, "made_up");
}

static void
test_content_limit (void)
{
  g_autoptr (GString) content = g_string_new ("'amber','content':'");
  g_autoptr (GError) error = NULL;
  g_autofree char *at_limit = NULL, *past_limit = NULL;
  g_autoptr (TocsinActivity) activity = NULL;
  g_autoptr (GBytes) body = NULL;

  for (int i = 0; i < TOCSIN_CONTENT_MAX_CHARS; i++)
    g_string_append (content, "\xf0\x9f\x94\x94");
  g_string_append (content, "'");
  at_limit = edited (REPORT, "'green'", content->str);
  activity = parse (at_limit);
  g_assert_cmpint (g_utf8_strlen (activity->report.content, -1), ==, TOCSIN_CONTENT_MAX_CHARS);
  past_limit = edited (at_limit, "'content':'", "'content':'x");
  body = json_body (past_limit);
  g_assert_null (tocsin_activity_parse (body, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
}

static void
test_too_large (void)
{
  g_autofree char *spaces = g_strnfill (TOCSIN_ACTIVITY_MAX_BYTES, ' ');
  g_autofree char *text = g_strconcat (REPORT, spaces, NULL);
  g_autoptr (GBytes) body = json_body (text);
  g_autoptr (GBytes) huge = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_activity_parse (body, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
  g_clear_error (&error);
  huge = g_bytes_new_take (g_strnfill (TOCSIN_BODY_MAX_BYTES + 1, ' '), TOCSIN_BODY_MAX_BYTES + 1);
  g_assert_null (tocsin_activity_parse (huge, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
}

static void
test_content_hash (void)
{
  static const struct
  {
    const char *old;
    const char *edit;
    gboolean same;
  } rows[] = {
    { "'to':", " 'to' : ", TRUE },
    { "'to':", "'proof':{'x':1},'to':", TRUE },
    { "'to':", "'signature':{'x':1},'to':", TRUE },
    { "'confidence':80", "'confidence':81", FALSE },
    { "'to':", "'cc':[],'to':", FALSE },
    { "'to':", "'cc':1.5,'to':", FALSE },
  };
  g_autoptr (TocsinActivity) original = parse (REPORT);
  guint8 expected[TOCSIN_SHA256_BYTES];

  tocsin_activity_content_hash (original, expected);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = edited (REPORT, rows[i].old, rows[i].edit);
      g_autoptr (TocsinActivity) activity = parse (text);
      guint8 hash[TOCSIN_SHA256_BYTES];

      g_test_message ("%s", rows[i].edit);
      tocsin_activity_content_hash (activity, hash);
      g_assert_true ((memcmp (hash, expected, sizeof hash) == 0) == rows[i].same);
    }
}

static void
test_ownership (void)
{
  static const struct
  {
    const char *text;
    const char *old;
    const char *edit;
    const char *reports;
    int code; /* -1: owned */
  } rows[] = {
    { REPORT, "", "", NULL, -1 },
    { STATEMENT, "", "", NULL, -1 },
    { REPORT, A "/reports", "https://a.example/r", "https://a.example/r", -1 },
    { REPORT, "", "", "https://a.example/r", TOCSIN_ERROR_OWNERSHIP },
    { REPORT, A "/reports", A "/trust", NULL, TOCSIN_ERROR_OWNERSHIP },
    { STATEMENT, A "/trust", A "/reports", NULL, TOCSIN_ERROR_OWNERSHIP },
    { REPORT, A "/reports", B "/reports", NULL, TOCSIN_ERROR_OWNERSHIP },
    { REPORT, "'attributedTo':'" A "'", "'attributedTo':'" B "'", NULL, TOCSIN_ERROR_OWNERSHIP },
    { REPORT, "https://a.example/reports/1", "https://b.example/reports/1", NULL,
      TOCSIN_ERROR_OWNERSHIP },
    { REPORT, "https://a.example/activities/1", "https://b.example/activities/1", NULL,
      TOCSIN_ERROR_OWNERSHIP },
    { REPORT, "https://a.example/activities/1", "http://a.example/activities/1", NULL,
      TOCSIN_ERROR_OWNERSHIP },
    { REPORT, "https://a.example/activities/1", "https://a.example/actor#1", NULL, -1 },
    { REPORT, "https://a.example/activities/1", "https://A.example/activities/1", NULL,
      TOCSIN_ERROR_INVALID },
    { REPORT, "https://a.example/activities/1", "urn:uuid:1", NULL, TOCSIN_ERROR_INVALID },
    { REPORT, "https://a.example/reports/1", "https://a.example/reports#1", NULL,
      TOCSIN_ERROR_INVALID },
    { REPORT, "https://a.example/reports/1", "https://a.example/x/../reports/1", NULL,
      TOCSIN_ERROR_INVALID },
    { REPORT, "https://a.example/reports/1", "https://a.example:443/reports/1", NULL,
      TOCSIN_ERROR_INVALID },
    { REPORT, "'actor':'" A "'", "'actor':'https://u@a.example/actor'", NULL,
      TOCSIN_ERROR_INVALID },
    { "{'type':'Remove'," IDS ",'target':'" A "/trust','object':'https://a.example/s/1'}", "", "",
      NULL, -1 },
    { "{'type':'Remove'," IDS ",'target':'" A "/trust','object':'https://b.example/s/1'}", "", "",
      NULL, TOCSIN_ERROR_OWNERSHIP },
    { "{'type':'Undo'," IDS ",'object':{'type':'Follow','actor':'" B "','object':'" B "'}}", "", "",
      NULL, TOCSIN_ERROR_OWNERSHIP },
    { "{'type':'Move'," IDS ",'object':'" B "','target':'" A "'}", "", "", NULL,
      TOCSIN_ERROR_OWNERSHIP },
    { "{'type':'Update'," IDS ",'object':{'id':'" B "','type':'Person'}}", "", "", NULL,
      TOCSIN_ERROR_OWNERSHIP },
    { "{'type':'Update'," IDS ",'object':{'id':'https://a.example/n','type':'Note',"
      "'attributedTo':'" B "'}}",
      "", "", NULL, TOCSIN_ERROR_OWNERSHIP },
    { "{'type':'Update'," IDS ",'object':{'id':'https://a.example/n','type':'Note',"
      "'attributedTo':'" A "'}}",
      "", "", NULL, -1 },
    { "{'type':'Update'," IDS ",'object':'" B "'}", "", "", NULL, -1 },
    { "{'type':'Like','id':'x','actor':'y'}", "", "", NULL, -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = edited (rows[i].text, rows[i].old, rows[i].edit);
      g_autoptr (TocsinActivity) activity = parse (text);
      g_autoptr (GError) error = NULL;
      gboolean owned = tocsin_activity_check_ownership (activity, rows[i].reports, NULL, &error);

      g_test_message ("%zu: %s", i, text);
      g_assert_true (owned == (rows[i].code == -1));
      if (!owned)
        g_assert_error (error, TOCSIN_ERROR, rows[i].code);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/activity/golden", test_golden);
  g_test_add_func ("/activity/golden-add-of-a-note", test_golden_add_of_a_note);
  g_test_add_func ("/activity/forms", test_forms);
  g_test_add_func ("/activity/malformed", test_malformed);
  g_test_add_func ("/activity/report", test_report);
  g_test_add_func ("/activity/unprocessable", test_unprocessable);
  g_test_add_func ("/activity/accepted-variants", test_accepted_variants);
  g_test_add_func ("/activity/unknown-category-is-other", test_unknown_category_is_other);
  g_test_add_func ("/activity/content-limit", test_content_limit);
  g_test_add_func ("/activity/too-large", test_too_large);
  g_test_add_func ("/activity/content-hash", test_content_hash);
  g_test_add_func ("/activity/ownership", test_ownership);
  return g_test_run ();
}
