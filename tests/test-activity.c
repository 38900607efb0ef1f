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
    { "{'type':'Remove'," IDS ",'target':'" A "/reports','object':'https://a.example/r/1',"
      "'published':'2026-11-23T18:00:00Z'}",
      TOCSIN_ACTIVITY_REMOVE, TOCSIN_OBJECT_URI, "https://a.example/r/1" },
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

#define MISSING    ": missing"
#define NO_STRING  ": missing, empty or not a string"
#define NO_URI     ": not a URI of 1 to 2048 bytes, nor an object with such an id"
#define NO_ID      ": missing, or not a URI of at most 2048 bytes"
#define NO_PERCENT ": not an integer from 1 to 100"
#define UNCANONICAL                                                                                \
  ": Id is not in canonical form: lower-case host in ASCII, no default port, no dot segments"
#define NO_COLLECTION "/target: not the collection that the actor keeps for such objects"

static void
assert_refused (const char *text, TocsinError code, const char *says)
{
  g_autoptr (GBytes) body = json_body (text);
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_activity_parse (body, &error));
  g_assert_error (error, TOCSIN_ERROR, (int) code);
  g_assert_cmpstr (error->message, ==, says);
}

static void
test_malformed (void)
{
  static const struct
  {
    const char *json;
    const char *says;
  } rows[] = {
    { "", "JSON byte 0: a value was expected" },
    { "x", "JSON byte 0: a value was expected" },
    { "[]", "The document is not an object" },
    { "'x'", "The document is not an object" },
    { "{}", "/type: missing, or not a string" },
    { "{'type':7," IDS "}", "/type: missing, or not a string" },
    { "{'type':[]," IDS "}", "/type: missing, or not a string" },
    { "{'type':'Follow','type':'Add'," IDS ",'object':'" B "'}",
      "JSON byte 23, at /type: duplicate member name" },
    { "{'type':'Like'}", "/actor" MISSING },
    { "{'type':'Like','actor':''}", "/actor" NO_URI },
    { "{'type':'Like','actor':7}", "/actor" NO_URI },
    { "{'type':'Like','actor':['" A "','" B "']}", "/actor" NO_URI },
    { "{'type':'Like','actor':{'name':'x'}}", "/actor" NO_URI },
    { "{'type':'Follow','actor':'" A "','object':'" B "'}", "/id" MISSING },
    { "{'type':'Follow','id':null,'actor':'" A "','object':'" B "'}", "/id" MISSING },
    { "{'type':'Follow'," IDS "}", "/object" MISSING },
    { "{'type':'Follow'," IDS ",'object':{}}", "/object" NO_URI },
    { "{'type':'Follow'," IDS ",'object':[]}", "/object" NO_URI },
    { "{'type':'Follow'," IDS ",'object':'" B "','to':[7]}", "/to: not a list of URIs" },
    { "{'type':'Follow'," IDS ",'object':'" B "','published':'yesterday'}",
      "/published: not an RFC 3339 time" },
    { "{'type':'Accept','actor':'" A "'}", "/object" MISSING },
    { "{'type':'Move'," IDS ",'object':'" A "','target':'javascript:alert(1)'}",
      "/target: Not a URI with a host" },
    { "{'type':'Accept','actor':'" A "','object':{'type':'Follow'}}",
      "/object: neither an id nor an activity with actor and object" },
    { "{'type':'Undo'," IDS ",'object':{'type':'Follow','actor':'" A "'}}",
      "/object: neither an id nor an activity with actor and object" },
    { "{'type':'Move'," IDS ",'object':'" A "'}", "/target" MISSING },
    { "{'type':'Add'," IDS ",'object':'https://a.example/r/1'}", "/target" MISSING },
    { "{'type':'Remove'," IDS ",'target':'" A "/reports'}", "/object" MISSING },
    { "{'type':'Remove'," IDS ",'object':'https://a.example/r/1'}", "/target" MISSING },
    { "{'type':'Remove'," IDS ",'target':{},'object':'https://a.example/r/1'}", "/target" NO_URI },
    { "{'type':'Move'," IDS "}", "/object" MISSING },
    { "{'type':'Follow'," IDS ",'object':'" B "','to':['" B "',{'name':'x'}]}",
      "/to: not a list of URIs" },
    { "{'type':'Follow'," IDS ",'object':'" B "','published':7}",
      "/published: not an RFC 3339 time" },
    { "{'type':'Reject','actor':'" A "','object':{'type':'Follow','object':'" A "'}}",
      "/object: neither an id nor an activity with actor and object" },
    { "{'type':'Update'," IDS ",'object':{'type':'Note'}}", "/object" NO_URI },
    { "{'type':'Update'," IDS ",'object':{'id':'" A "','type':'Person','inbox':'x'}}",
      "/object/inbox: Not a URI with a host" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].json);
      assert_refused (rows[i].json, TOCSIN_ERROR_INVALID, rows[i].says);
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

  if (at == NULL)
    g_error ("no “%s” in: %s", old, text);
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
  const char *says;
} unprocessable[] = {
  { REPORT, "'type':['Object','Report']", "'type':'Note'",
    "/object/type: neither Report nor TrustStatement" },
  { REPORT, "'first_hand'", "'derived'", "/object/basis: only first_hand reports are exchanged" },
  { REPORT, "'first_hand'", "'imported'", "/object/basis: only first_hand reports are exchanged" },
  { REPORT, "'basis':'first_hand',", "", "/object/basis" NO_STRING },
  { REPORT, "'malicious'", "'neutral'", "/object/opinion: neither malicious nor benign" },
  { REPORT, "'confidence':80", "'confidence':0", "/object/confidence" NO_PERCENT },
  { REPORT, "'confidence':80", "'confidence':101", "/object/confidence" NO_PERCENT },
  { REPORT, "'confidence':80", "'confidence':80.5", "/object/confidence" NO_PERCENT },
  { REPORT, "'confidence':80", "'confidence':8e1", "/object/confidence" NO_PERCENT },
  { REPORT, "'confidence':80", "'confidence':'80'", "/object/confidence" NO_PERCENT },
  { REPORT, "'confidence':80", "'confidence':18446744073709551697",
    "/object/confidence" NO_PERCENT },
  { REPORT, "'confidence':80,", "", "/object/confidence" NO_PERCENT },
  { REPORT, "'endTime':'2027-05-01T00:00:00Z',", "", "/object/endTime" NO_STRING },
  { REPORT, "'2027-05-01T00:00:00Z'", "'2027-02-30T00:00:00Z'",
    "/object/endTime: not an RFC 3339 time" },
  { REPORT, "'published':'2026-11-23T17:57:07Z',", "", "/object/published" NO_STRING },
  { REPORT, "'updated':'2026-11-23T18", "'updated':'2025-11-23T18",
    "/object/updated: before published" },
  { REPORT, "'observedAt':'2026-11-23T16:59:59Z',", "", "/object/observedAt" NO_STRING },
  { REPORT, "'lastObservedAt':'2026", "'lastObservedAt':'2025",
    "/object/lastObservedAt: before observedAt" },
  { REPORT, "'suspended'", "'deleted'",
    "/object/action: none of none, limited, suspended, rejected" },
  { REPORT, "'suspended'", "7", "/object/action: none of none, limited, suspended, rejected" },
  { REPORT, "'green'", "'red'", "/object/sharing: none of clear, green, amber" },
  { REPORT, ",'sharing':'green'", "", "/object/sharing" NO_STRING },
  { REPORT, "'green'", "'green','content':'x'",
    "/object/content: only an amber report may carry text" },
  { REPORT, "'green'", "'amber','content':7", "/object/content" NO_STRING },
  { REPORT, "'spam',", "'',", "/object/category" NO_STRING },
  { REPORT, "'category':'spam',", "", "/object/category" NO_STRING },
  { REPORT, "'attributedTo':'" A "',", "", "/object/attributedTo" NO_ID },
  { REPORT, "'subjectType':'domain'", "'subjectType':'phone'",
    "/object/reportSubject/subjectType: not a type of subject" },
  { REPORT, "'value':'spam.example'", "'value':'not a domain'",
    "/object/reportSubject/value: Host name has a label that is empty, longer than 63 bytes or of "
    "other than letters, digits and inner hyphens" },
  { REPORT, "'value':'spam.example'", "'value':7", "/object/reportSubject/value" NO_STRING },
  { REPORT, ",'value':'spam.example'", "", "/object/reportSubject/value" NO_STRING },
  { REPORT, "{'subjectType':'domain','value':'spam.example'}", "'spam.example'",
    "/object/reportSubject: missing or not an object" },
  { REPORT, "'domain','value':'spam.example'", "'email','value':'j@spam.example'",
    "/object/reportSubject/digest" NO_STRING },
  { REPORT, "'domain','value':'spam.example'", "'username','digest':'sha-256:12'",
    "/object/reportSubject/digest: Digest is not sha-256: and 64 hexadecimal digits" },
  { REPORT, "'domain','value':'spam.example'", "'username','digest':'md5:12'",
    "/object/reportSubject/digest: Digest is not sha-256: and 64 hexadecimal digits" },
  { REPORT, "'value':'spam.example'",
    "'digest':'sha-256:0000000000000000000000000000000000000000000000000000000000000000'",
    "/object/reportSubject/value" NO_STRING },
  { STATEMENT, "'weight':50", "'weight':0", "/object/weight" NO_PERCENT },
  { STATEMENT, "'weight':50", "'weight':101", "/object/weight" NO_PERCENT },
  { STATEMENT, "'weight':50", "'weight':0.5", "/object/weight" NO_PERCENT },
  { STATEMENT, ",'weight':50", "", "/object/weight" NO_PERCENT },
  { STATEMENT, "'area':'spam'", "'area':'politics'", "/object/area: not a trust area" },
  { STATEMENT, "'area':'spam',", "", "/object/area" NO_STRING },
  { STATEMENT, "'about':'" B "'", "'about':'b.example'",
    "/object/about: not an actor URI in canonical form" },
  { STATEMENT, "'about':'" B "',", "", "/object/about" NO_ID },
  { STATEMENT, "'updated':'2026", "'updated':'2025", "/object/updated: before published" },
  { STATEMENT, "'published':'2026-11-23T17:57:07Z',", "", "/object/published" NO_STRING },
  { "{'type':'Add'," IDS ",'target':'" A "/reports','object':'https://a.example/r/1'}", "Add",
    "Add", "/object: not embedded" },
  { "{'type':'Update'," IDS ",'object':{'id':'" A "'}}", "Update", "Update",
    "/object/type: not a type of actor" },
  { REPORT, "'id':'https://a.example/reports/1',", "", "/object/id" NO_ID },
  { REPORT, "'subjectType':'domain',", "", "/object/reportSubject/subjectType" NO_STRING },
  { REPORT, "'subjectType':'domain'", "'subjectType':'abcdefghijklmnopqrstuvwxyz-abcdef'",
    "/object/reportSubject/subjectType: longer than 32 bytes" },
  { REPORT, "'value':'spam.example'", "'value':'spam.example','digest':'sha-256:00'",
    "/object/reportSubject/value: a value and a digest at once" },
  { REPORT, "'domain','value'", "'email','value':'a@b.example','digest'",
    "/object/reportSubject/digest: a value and a digest at once" },
  { REPORT, "'domain','value':'spam.example'", "'url'", "/object/reportSubject/digest" NO_STRING },
  { REPORT, "'domain','value':'spam.example'", "'url','value':'ftp://spam.example/'",
    "/object/reportSubject/value: URL is neither of scheme http nor of https" },
  { REPORT, "'first_hand'", "'hearsay'", "/object/basis: only first_hand reports are exchanged" },
  { REPORT, "'opinion':'malicious',", "", "/object/opinion" NO_STRING },
  { REPORT, "'2026-11-23T18:00:00Z'", "'2026-11-23 18:00'",
    "/object/updated: not an RFC 3339 time" },
  { REPORT, "'2026-11-23T17:12:34Z'", "[1,2]", "/object/lastObservedAt: not an RFC 3339 time" },
  { REPORT, "'2026-11-23T16:59:59Z'", "'1969-12-31T23:59:59Z'",
    "/object/observedAt: not an RFC 3339 time" },
  { STATEMENT, "'id':'https://a.example/statements/1',", "", "/object/id" NO_ID },
  { STATEMENT, "'attributedTo':'" A "',", "", "/object/attributedTo" NO_ID },
  { STATEMENT, "'2026-11-23T18:00:00Z'", "'later'", "/object/updated: not an RFC 3339 time" },
  { STATEMENT, "'weight':50", "'weight':-50", "/object/weight" NO_PERCENT },
};

static void
test_unprocessable (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (unprocessable); i++)
    {
      g_autofree char *text =
          edited (unprocessable[i].text, unprocessable[i].old, unprocessable[i].edit);

      g_test_message ("%s -> %s", unprocessable[i].old, unprocessable[i].edit);
      assert_refused (text, TOCSIN_ERROR_UNPROCESSABLE, unprocessable[i].says);
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
    { "'domain','value':'spam.example'",
      "'url','digest':'sha-256:"
      "0000000000000000000000000000000000000000000000000000000000000000'",
      FALSE },
    { "'green'", "'green','note':'x'", TRUE },
    { "'green'", "'green','proof':{}", TRUE },
    { "'subjectType'", "'extra':1,'subjectType'", TRUE },
    { "'to':", "'cc':'" B "','to':", FALSE },
    { "'to':", "'cc':['" B "','https://a.example/x#y'],'to':", FALSE },
    { "'to':", "'cc':['" B "','hello'],'to':", TRUE },
    { "'to':", "'cc':'https://a.example/hello you','to':", TRUE },
    { "'to':", "'cc':{'id':'" B "'},'to':", TRUE },
    { "'to':", "'bto':'" B "','to':", TRUE },
    { "'to':", "'bcc':[],'to':", TRUE },
    { "'to':", "'summary':'error','to':", TRUE },
    { "'spam'", "{'@value':'spam','note':'x'}", TRUE },
    { "'domain'", "{'@value':'domain','note':'x'}", TRUE },
    { "'suspended'", "['suspended']", FALSE },
    { "'suspended'", "[{'@value':'suspended'}]", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = edited (REPORT, rows[i].old, rows[i].edit);
      g_autoptr (TocsinActivity) activity = parse (text);

      g_test_message ("%s -> %s", rows[i].old, rows[i].edit);
      g_assert_true (activity->has_unknown_members == rows[i].unknown);
    }
}

/* Versions are ordered by when they were made, and so is what takes them back. */
static void
test_remove_time (void)
{
  static const char remove[] =
      "{'type':'Remove'," IDS ",'target':'" A "/reports','object':'https://a.example/r/1'%s}";
  g_autofree char *dated = g_strdup_printf (
      remove, ",'proof':{'type':'DataIntegrityProof','cryptosuite':'eddsa-jcs-2022',"
              "'created':'2026-11-23T18:00:00Z'}");
  g_autofree char *both =
      g_strdup_printf (remove, ",'published':'2026-11-23T17:00:00Z','proof':{'type':"
                               "'DataIntegrityProof','cryptosuite':'eddsa-jcs-2022',"
                               "'created':'2026-11-23T18:00:00Z'}");
  g_autofree char *neither = g_strdup_printf (remove, "");
  g_autoptr (TocsinActivity) by_proof = parse (dated);
  g_autoptr (TocsinActivity) by_itself = parse (both);

  g_assert_cmpint (by_proof->published_us - by_itself->published_us, ==,
                   TOCSIN_HOUR_US + TOCSIN_SECOND_US - 1);
  assert_refused (neither, TOCSIN_ERROR_UNPROCESSABLE,
                  "/published: missing, and no proof is dated");
}

/* A Remove travels as it is: what it says beside its meaning could be what is taken back. */
static void
test_remove_says_no_more (void)
{
  static const struct
  {
    const char *members;
    gboolean unknown;
  } rows[] = {
    { "'object':'https://a.example/r/1'", FALSE },
    { "'object':'https://a.example/r/1','summary':'appeal'", FALSE },
    { "'object':'https://a.example/r/1','summary':'made_up'", FALSE },
    { "'object':'https://a.example/r/1','summary':'John Doe, 1 Main Street'", TRUE },
    { "'object':'https://a.example/r/1','summary':['error','John Doe']", TRUE },
    { "'object':'https://a.example/r/1','content':'x'", TRUE },
    { "'object':'https://a.example/r/1','cc':['" B "']", FALSE },
    { "'object':'https://a.example/r/1','cc':['192.0.2.7']", TRUE },
    { "'object':'https://a.example/r/1','bto':'" B "'", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{'type':'Remove'," IDS ",'published':'2026-11-23T18:00:00Z',"
                           "'target':'" A "/reports',%s}",
                           rows[i].members);
      g_autoptr (TocsinActivity) activity = parse (text);

      g_test_message ("%s", rows[i].members);
      g_assert_true (activity->has_unknown_members == rows[i].unknown);
    }
  assert_refused ("{'type':'Remove'," IDS ",'published':'2026-11-23T18:00:00Z','target':'" A
                  "/reports','object':{'id':'https://a.example/r/1'}}",
                  TOCSIN_ERROR_UNPROCESSABLE, "/object: not an id alone");
}

static void
test_unknown_category_is_other (void)
{
  g_autofree char *text = edited (REPORT, "'spam'", "'made_up'");
  g_autoptr (TocsinActivity) activity = parse (text);

  g_assert_cmpuint (activity->report.category, ==, TOCSIN_CATEGORY_OTHER);
  g_assert_cmpstr (activity->report.category_text, ==, "made_up");
}

/* Characters are counted, and bytes so that no text has to be counted at length. */
static void
test_content_limit (void)
{
  static const struct
  {
    const char *character;
    const char *says;
  } cases[] = {
    { "x", "/object/content: longer than 280 characters" },
    { "\xc3\xa4", "/object/content: longer than 280 characters" },
    { "\xf0\x9f\x94\x94", "/object/content: longer than 1120 bytes" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) content = g_string_new ("'amber','content':'");
      g_autofree char *at_limit = NULL, *past_limit = NULL;
      g_autoptr (TocsinActivity) activity = NULL;

      for (int j = 0; j < TOCSIN_CONTENT_MAX_CHARS; j++)
        g_string_append (content, cases[i].character);
      g_string_append (content, "'");
      at_limit = edited (REPORT, "'green'", content->str);
      activity = parse (at_limit);
      g_assert_cmpint (g_utf8_strlen (activity->report.content, -1), ==, TOCSIN_CONTENT_MAX_CHARS);
      past_limit = edited (at_limit, "'content':'", "'content':'x");
      assert_refused (past_limit, TOCSIN_ERROR_UNPROCESSABLE, cases[i].says);
    }
}

static char *
follow_of (const char *actor, const char *to)
{
  return g_strdup_printf ("{'type':'Follow','id':'https://a.example/activities/1','actor':'%s',"
                          "'object':'" B "','to':%s}",
                          actor, to);
}

static void
test_limits (void)
{
  for (int more = 0; more <= 1; more++)
    {
      g_autofree char *actor = g_strnfill (TOCSIN_URI_MAX_BYTES + (gsize) more, 'a');
      g_autofree char *quoted = g_strdup_printf ("['%s']", actor);
      g_autofree char *of_actor = follow_of (actor, "[]");
      g_autofree char *to_actor = follow_of (A, quoted);
      g_autofree char *to_many = NULL, *liked = NULL, *nested = NULL;
      g_autoptr (GString) many = g_string_new ("[");
      g_autoptr (TocsinActivity) like = NULL;

      for (int i = 0; i < 16 + more; i++)
        g_string_append_printf (many, "%s'https://b.example/%d'", i > 0 ? "," : "", i);
      g_string_append_c (many, ']');
      to_many = follow_of (A, many->str);
      liked = edited (to_many, "Follow", "Like");
      like = parse (liked); /* may be sent to whomever */
      g_assert_cmpuint (g_strv_length (like->to), ==, 0);
      nested = g_strdup_printf ("{'type':'Accept','actor':'" A "','object':{'type':'Follow','id':"
                                "'%s'}}",
                                actor);
      if (more)
        {
          assert_refused (of_actor, TOCSIN_ERROR_INVALID, "/actor" NO_URI);
          assert_refused (to_actor, TOCSIN_ERROR_INVALID, "/to: not a list of URIs");
          assert_refused (to_many, TOCSIN_ERROR_INVALID, "/to: more than 16 recipients");
          assert_refused (nested, TOCSIN_ERROR_INVALID,
                          "/object: neither an id nor an activity with actor and object");
        }
      else
        {
          g_autoptr (TocsinActivity) by_longest = parse (of_actor);
          g_autoptr (TocsinActivity) to_longest = parse (to_actor);
          g_autoptr (TocsinActivity) to_most = parse (to_many);
          g_autoptr (TocsinActivity) of_longest = parse (nested);

          g_assert_cmpstr (by_longest->actor, ==, actor);
          g_assert_cmpstr (to_longest->to[0], ==, actor);
          g_assert_cmpuint (g_strv_length (to_most->to), ==, 16);
          g_assert_cmpstr (of_longest->nested.id, ==, actor);
        }
    }
}

/* Kept for people, so cut by characters. */
static void
test_long_type (void)
{
  g_autoptr (TocsinActivity) activity = parse ("{'type':'\xc3\xa4\xc3\xb6\xc3\xbc"
                                               "4567890123456789'," IDS "}");

  g_assert_cmpint ((int) activity->kind, ==, TOCSIN_ACTIVITY_OTHER);
  g_assert_cmpstr (activity->type, ==,
                   "\xc3\xa4\xc3\xb6\xc3\xbc"
                   "4567890123456");
  g_assert_null (tocsin_activity_kind_to_string (activity->kind));
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

/* The hash outlives the document; where there is no canonical form, it is that of the bytes. */
static void
test_kept_hash (void)
{
  g_autofree char *odd = edited (REPORT, "'to':", "'cc':1.5,'to':");
  const char *const texts[] = { REPORT, odd };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (TocsinActivity) activity = parse (texts[i]);
      guint8 before[TOCSIN_SHA256_BYTES], after[TOCSIN_SHA256_BYTES], of_bytes[TOCSIN_SHA256_BYTES];

      tocsin_activity_content_hash (activity, before);
      tocsin_activity_drop_root (activity);
      g_assert_null (activity->root);
      tocsin_activity_drop_root (activity);
      tocsin_activity_content_hash (activity, after);
      g_assert_cmpmem (before, sizeof before, after, sizeof after);
      tocsin_sha256 (g_bytes_get_data (activity->raw, NULL), g_bytes_get_size (activity->raw),
                     of_bytes);
      g_assert_true ((memcmp (before, of_bytes, sizeof before) == 0) == (i == 1));
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
    const char *says;
  } rows[] = {
    { REPORT, "", "", NULL, -1, NULL },
    { STATEMENT, "", "", NULL, -1, NULL },
    { REPORT, A "/reports", "https://a.example/r", "https://a.example/r", -1, NULL },
    { REPORT, "", "", "https://a.example/r", TOCSIN_ERROR_OWNERSHIP, NO_COLLECTION },
    { REPORT, A "/reports", A "/trust", NULL, TOCSIN_ERROR_OWNERSHIP, NO_COLLECTION },
    { STATEMENT, A "/trust", A "/reports", NULL, TOCSIN_ERROR_OWNERSHIP, NO_COLLECTION },
    { REPORT, A "/reports", B "/reports", NULL, TOCSIN_ERROR_OWNERSHIP, NO_COLLECTION },
    { REPORT, "'attributedTo':'" A "'", "'attributedTo':'" B "'", NULL, TOCSIN_ERROR_OWNERSHIP,
      "/object/attributedTo: not the actor of the activity" },
    { REPORT, "https://a.example/reports/1", "https://b.example/reports/1", NULL,
      TOCSIN_ERROR_OWNERSHIP, "/object/id: not on the origin of the actor" },
    { REPORT, "https://a.example/activities/1", "https://b.example/activities/1", NULL,
      TOCSIN_ERROR_OWNERSHIP, "/id: not on the origin of the actor" },
    { REPORT, "https://a.example/activities/1", "http://a.example/activities/1", NULL,
      TOCSIN_ERROR_OWNERSHIP, "/id: not on the origin of the actor" },
    { REPORT, "https://a.example/activities/1", "https://a.example/actor#1", NULL, -1, NULL },
    { REPORT, "https://a.example/activities/1", "https://A.example/activities/1", NULL,
      TOCSIN_ERROR_INVALID, "/id" UNCANONICAL },
    { REPORT, "https://a.example/activities/1", "urn:uuid:1", NULL, TOCSIN_ERROR_INVALID,
      "/id: Not a URI with a host" },
    { REPORT, "https://a.example/reports/1", "https://a.example/reports#1", NULL,
      TOCSIN_ERROR_INVALID, "/object/id: This id may not have a fragment" },
    { REPORT, "https://a.example/reports/1", "https://a.example/x/../reports/1", NULL,
      TOCSIN_ERROR_INVALID, "/object/id" UNCANONICAL },
    { REPORT, "https://a.example/reports/1", "https://a.example:443/reports/1", NULL,
      TOCSIN_ERROR_INVALID, "/object/id" UNCANONICAL },
    { REPORT, "'actor':'" A "'", "'actor':'https://u@a.example/actor'", NULL, TOCSIN_ERROR_INVALID,
      "/actor: URI has a user name in it" },
    { "{'type':'Remove'," IDS ",'published':'2026-11-23T18:00:00Z','target':'" A
      "/trust','object':'https://a.example/s/1'}",
      "", "", NULL, -1, NULL },
    { "{'type':'Remove'," IDS ",'published':'2026-11-23T18:00:00Z','target':'" A
      "/trust','object':'https://b.example/s/1'}",
      "", "", NULL, TOCSIN_ERROR_OWNERSHIP, "/object/id: not on the origin of the actor" },
    { "{'type':'Undo'," IDS ",'object':{'type':'Follow','actor':'" B "','object':'" B "'}}", "", "",
      NULL, TOCSIN_ERROR_OWNERSHIP, "/object/actor: not the actor of the Undo" },
    { "{'type':'Move'," IDS ",'object':'" B "','target':'" A "'}", "", "", NULL,
      TOCSIN_ERROR_OWNERSHIP, "/object: not the actor of the activity" },
    { "{'type':'Update'," IDS ",'object':{'id':'" B "','type':'Person'}}", "", "", NULL,
      TOCSIN_ERROR_OWNERSHIP, "/object: not the document of the actor, nor a thing of its own" },
    { "{'type':'Update'," IDS ",'object':{'id':'https://a.example/n','type':'Note',"
      "'attributedTo':'" B "'}}",
      "", "", NULL, TOCSIN_ERROR_OWNERSHIP,
      "/object: not the document of the actor, nor a thing of its own" },
    { "{'type':'Update'," IDS ",'object':{'id':'https://a.example/n','type':'Note',"
      "'attributedTo':'" A "'}}",
      "", "", NULL, -1, NULL },
    { "{'type':'Update'," IDS ",'object':'" B "'}", "", "", NULL, -1, NULL },
    { "{'type':'Accept','actor':'" A "','object':'https://b.example/f/1'}", "", "", NULL, -1,
      NULL },
    { "{'type':'Accept','actor':'a','object':'https://b.example/f/1'}", "", "", NULL,
      TOCSIN_ERROR_INVALID, "/actor: Not a URI with a host" },
    { "{'type':'Undo'," IDS ",'object':'https://a.example/f/1'}", "", "", NULL, -1, NULL },
    { "{'type':'Undo'," IDS ",'object':{'type':'Follow','actor':'" A "','object':'" B "'}}", "", "",
      NULL, -1, NULL },
    { "{'type':'Move'," IDS ",'object':'" A "','target':'" B "'}", "", "", NULL, -1, NULL },
    { "{'type':'Remove'," IDS
      ",'published':'2026-11-23T18:00:00Z','target':'x','object':'https://a.example/s/1'}",
      "", "", NULL, TOCSIN_ERROR_INVALID, "/target: Not a URI with a host" },
    { "{'type':'Like','id':'x','actor':'y'}", "", "", NULL, -1, NULL },
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
      g_assert_cmpstr (error != NULL ? error->message : NULL, ==, rows[i].says);
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
  g_test_add_func ("/activity/remove-says-no-more", test_remove_says_no_more);
  g_test_add_func ("/activity/remove-time", test_remove_time);
  g_test_add_func ("/activity/content-limit", test_content_limit);
  g_test_add_func ("/activity/limits", test_limits);
  g_test_add_func ("/activity/long-type", test_long_type);
  g_test_add_func ("/activity/too-large", test_too_large);
  g_test_add_func ("/activity/content-hash", test_content_hash);
  g_test_add_func ("/activity/kept-hash", test_kept_hash);
  g_test_add_func ("/activity/ownership", test_ownership);
  return g_test_run ();
}
