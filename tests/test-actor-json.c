/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/actor-json.h"
#include "codec/json-strict.h"
#include "core/clock.h"
#include "core/error.h"
#include "golden-body.h"

static TocsinActorDocument *
parse_golden (const char *name)
{
  g_autoptr (GBytes) body = golden_body (name);
  g_autoptr (GError) error = NULL;
  TocsinActorDocument *document = tocsin_actor_document_parse (body, &error);

  g_assert_no_error (error);
  return document;
}

static void
test_fedify (void)
{
  g_autoptr (TocsinActorDocument) actor = parse_golden ("07-fedify-actor-document-answer.json");
  const TocsinActorKey *rsa, *ed25519;

  g_assert_cmpstr (actor->id, ==, "http://127.0.0.1:8502/actors/beta");
  g_assert_cmpstr (actor->type, ==, "Application");
  g_assert_cmpstr (actor->inbox, ==, "http://127.0.0.1:8502/actors/beta/inbox");
  g_assert_cmpstr (actor->shared_inbox, ==, "http://127.0.0.1:8502/inbox");
  g_assert_cmpstr (actor->preferred_username, ==, "beta");
  g_assert_null (actor->reports);
  g_assert_null (actor->protocol_version);
  g_assert_cmpint (tocsin_actor_document_protocol_major (actor), ==, -1);
  g_assert_cmpuint (actor->keys->len, ==, 3);
  rsa = tocsin_actor_document_find_key (actor, "http://127.0.0.1:8502/actors/beta#main-key");
  if (rsa == NULL)
    g_error ("The RSA key is not found");
  g_assert_true (g_str_has_prefix (rsa->pem, "-----BEGIN PUBLIC KEY-----\n"));
  g_assert_null (rsa->multibase);
  g_assert_false (rsa->assertion);
  ed25519 = tocsin_actor_document_find_key (actor, "http://127.0.0.1:8502/actors/beta#multikey-2");
  g_assert_cmpstr (ed25519->multibase, ==, "z6Mkm2rLmBWj6Fu5ggB2QzGZHnKCZuHXVfmsH4ptXR5vcLkm");
  g_assert_true (ed25519->assertion);
  g_assert_null (tocsin_actor_document_find_key (actor, "http://127.0.0.1:8502/actors/beta"));
}

static void
test_gotosocial (void)
{
  g_autoptr (TocsinActorDocument) stub = parse_golden ("16-gotosocial-key-document-answer.json");
  g_autoptr (TocsinActorDocument) whole =
      parse_golden ("13-double-knock-fedify-to-gotosocial-answer.json");
  const char *key_id = "https://localhost:8701/users/gtsuser/main-key";

  g_assert_cmpstr (stub->id, ==, "https://localhost:8701/users/gtsuser");
  g_assert_null (stub->inbox);
  g_assert_false (stub->is_key_document);
  g_assert_nonnull (tocsin_actor_document_find_key (stub, key_id));
  g_assert_cmpstr (whole->id, ==, stub->id);
  g_assert_nonnull (whole->inbox);
  g_assert_cmpstr (tocsin_actor_document_find_key (whole, key_id)->pem, ==,
                   tocsin_actor_document_find_key (stub, key_id)->pem);
}

#define ID  "'id':'https://a.example/actor','type':'Application'"
#define KEY "{'id':'https://a.example/actor#k','owner':'https://a.example/actor','publicKeyPem':'P'"

static void
test_forms (void)
{
  static const struct
  {
    const char *json;
    guint n_keys;
  } rows[] = {
    { "{" ID "}", 0 },
    { "{" ID ",'publicKey':null}", 0 },
    { "{" ID ",'publicKey':[]}", 0 },
    { "{" ID ",'publicKey':'https://a.example/key'}", 0 },
    { "{" ID ",'publicKey':" KEY "}}", 1 },
    { "{" ID ",'publicKey':[" KEY "}]}", 1 },
    { "{" ID ",'publicKey':[" KEY "}," KEY "}]}", 1 }, /* never two keys under one id */
    { "{" ID ",'publicKey':" KEY ",'publicKeyMultibase':'z'}}", 0 },
    { "{" ID ",'publicKey':{'id':'https://a.example/actor#k','publicKeyPem':'P'}}", 0 },
    { "{" ID ",'publicKey':{'id':'https://a.example/k','owner':'https://b.example/actor',"
      "'publicKeyPem':'P'}}",
      0 },
    { "{" ID ",'sec:assertionMethod':[{'id':'https://a.example/actor#e','type':'sec:Multikey',"
      "'sec:controller':{'id':'https://a.example/actor'},"
      "'sec:publicKeyMultibase':{'type':'sec:multibase','@value':'z6Mk'}}]}",
      1 },
    { KEY "}", 1 },
    { "{'id':'https://a.example/actor#e','type':'Multikey','controller':'https://a.example/actor',"
      "'publicKeyMultibase':'z6Mk'}",
      1 },
    { "{" ID ",'inbox':['https://a.example/inbox'],'name':['x'],'summary':7}", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) body = json_body (rows[i].json);
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinActorDocument) actor = tocsin_actor_document_parse (body, &error);

      g_test_message ("%s", rows[i].json);
      g_assert_no_error (error);
      g_assert_cmpstr (actor->id, ==, "https://a.example/actor");
      g_assert_cmpuint (actor->keys->len, ==, rows[i].n_keys);
    }
}

#define NO_TYPE "/type: not a type of actor"
#define NO_KEY  "a key without an id and an owner in canonical form"
#define UNCANONICAL                                                                                \
  "Id is not in canonical form: lower-case host in ASCII, no default port, no dot segments"

static void
test_refused (void)
{
  static const struct
  {
    const char *json;
    TocsinError code;
    const char *says;
  } rows[] = {
    { "", TOCSIN_ERROR_INVALID, "JSON byte 0: a value was expected" },
    { "[]", TOCSIN_ERROR_INVALID, "The document is not an object" },
    { "{}", TOCSIN_ERROR_UNPROCESSABLE, "/id: missing, or not a URI of at most 2048 bytes" },
    { "{'id':7,'type':'Person'}", TOCSIN_ERROR_UNPROCESSABLE,
      "/id: missing, or not a URI of at most 2048 bytes" },
    { "{'id':'https://a.example/actor'}", TOCSIN_ERROR_UNPROCESSABLE, NO_TYPE },
    { "{'id':'https://a.example/actor','type':'Note'}", TOCSIN_ERROR_UNPROCESSABLE, NO_TYPE },
    { "{'id':'https://a.example/actor','type':['Object','Post']}", TOCSIN_ERROR_UNPROCESSABLE,
      NO_TYPE },
    { "{'id':'https://a.example:443/actor','type':'Person'}", TOCSIN_ERROR_INVALID,
      "/id: " UNCANONICAL },
    { "{'id':'https://a.example/actor#x','type':'Person'}", TOCSIN_ERROR_INVALID,
      "/id: This id may not have a fragment" },
    { "{" ID ",'inbox':'https://A.example/inbox'}", TOCSIN_ERROR_INVALID, "/inbox: " UNCANONICAL },
    { "{" ID ",'inbox':7}", TOCSIN_ERROR_UNPROCESSABLE,
      "/inbox: missing, or not a URI of at most 2048 bytes" },
    { "{" ID ",'outbox':'/outbox'}", TOCSIN_ERROR_INVALID, "/outbox: Not a URI with a host" },
    { "{" ID ",'followers':'https://a.example/f#1'}", TOCSIN_ERROR_INVALID,
      "/followers: This id may not have a fragment" },
    { "{" ID ",'following':'https://u@a.example/f'}", TOCSIN_ERROR_INVALID,
      "/following: URI has a user name in it" },
    { "{" ID ",'trust':'https://a.example:0/t'}", TOCSIN_ERROR_INVALID, "/trust: URI has port 0" },
    { "{" ID ",'endpoints':{'sharedInbox':'file:///etc'}}", TOCSIN_ERROR_INVALID,
      "/endpoints/sharedInbox: URI is not of scheme https" },
    { "{" ID ",'reports':['https://a.example/1','https://a.example/2']}",
      TOCSIN_ERROR_UNPROCESSABLE, "/reports: missing, or not a URI of at most 2048 bytes" },
    { "{" ID ",'publicKey':" KEY ",'expires':'soon'}}", TOCSIN_ERROR_UNPROCESSABLE,
      "/publicKey/expires: not an RFC 3339 time" },
    { KEY ",'revoked':7}", TOCSIN_ERROR_UNPROCESSABLE, "/revoked: not an RFC 3339 time" },
    { KEY ",'expires':7}", TOCSIN_ERROR_UNPROCESSABLE, "/expires: not an RFC 3339 time" },
    { "{'publicKeyPem':'P'}", TOCSIN_ERROR_UNPROCESSABLE, "/: " NO_KEY },
    { "{'id':'https://a.example/k','owner':'x','publicKeyPem':'P'}", TOCSIN_ERROR_UNPROCESSABLE,
      "/: " NO_KEY },
    { "{'id':'https://a.example/k','owner':'https://a.example/actor#x','publicKeyPem':'P'}",
      TOCSIN_ERROR_UNPROCESSABLE, "/: " NO_KEY },
    { "{'id':'k','owner':'https://a.example/actor','publicKeyPem':'P'}", TOCSIN_ERROR_UNPROCESSABLE,
      "/: " NO_KEY },
    { "{'@id':7,'id':'https://a.example/k','owner':'https://a.example/actor','publicKeyPem':'P'}",
      TOCSIN_ERROR_UNPROCESSABLE, "/: " NO_KEY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) body = json_body (rows[i].json);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i].json);
      g_assert_null (tocsin_actor_document_parse (body, &error));
      g_assert_error (error, TOCSIN_ERROR, (int) rows[i].code);
      g_assert_cmpstr (error->message, ==, rows[i].says);
    }
}

/* Inside another document it is said where. */
static void
test_refused_inside (void)
{
  g_autoptr (GBytes) body = json_body ("{'publicKeyPem':'P'}");
  g_autoptr (JsonNode) node =
      tocsin_json_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_actor_document_from_json (json_node_get_object (node), "/object", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
  g_assert_cmpstr (error->message, ==, "/object: " NO_KEY);
}

static TocsinActorDocument *
parse_text (const char *text, GError **error)
{
  g_autoptr (GBytes) body = json_body (text);

  return tocsin_actor_document_parse (body, error);
}

/* Of how many keys in one member notice is taken, retired ones included: the first. */
static void
test_many_keys (void)
{
  static const char *const members[] = { "publicKey", "assertionMethod" };

  for (gsize m = 0; m < G_N_ELEMENTS (members); m++)
    for (int n = 32; n <= 33; n++)
      {
        g_autoptr (GString) text = g_string_new (NULL);
        g_autoptr (TocsinActorDocument) actor = NULL;
        g_autoptr (GError) error = NULL;

        g_string_printf (text, "{" ID ",'%s':[", members[m]);
        for (int i = 0; i < n; i++)
          g_string_append_printf (text,
                                  "%s{'id':'https://a.example/actor#%d','owner':"
                                  "'https://a.example/actor','publicKeyPem':'P'}",
                                  i > 0 ? "," : "", i);
        g_string_append (text, "]}");
        actor = parse_text (text->str, &error);
        g_assert_no_error (error);
        g_assert_cmpuint (actor->keys->len, ==, 32);
        g_assert_nonnull (tocsin_actor_document_find_key (actor, "https://a.example/actor#31"));
        g_assert_null (tocsin_actor_document_find_key (actor, "https://a.example/actor#32"));
      }
}

/* What is too long is as absent: a key, and what is only shown. */
static void
test_long_texts (void)
{
  static const struct
  {
    const char *member;
    gsize max;
  } keys[] = { { "publicKeyPem", 4096 }, { "publicKeyMultibase", 2048 } };

  for (gsize more = 0; more <= 1; more++)
    {
      g_autofree char *name = g_strnfill (1024 + more, 'n');
      g_autofree char *summary = g_strnfill (16384 + more, 's');
      g_autofree char *version = g_strnfill (16 + more, '1');
      g_autofree char *text = g_strdup_printf (
          "{" ID ",'name':'%s','preferredUsername':'%s','summary':'%s','protocolVersion':'%s'}",
          name, name, summary, version);
      g_autoptr (TocsinActorDocument) actor = parse_text (text, NULL);

      g_assert_cmpstr (actor->name, ==, more ? NULL : name);
      g_assert_cmpstr (actor->preferred_username, ==, more ? NULL : name);
      g_assert_cmpstr (actor->summary, ==, more ? NULL : summary);
      g_assert_cmpstr (actor->protocol_version, ==, more ? NULL : version);
      for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
        {
          g_autofree char *value = g_strnfill (keys[i].max + more, 'z');
          g_autofree char *with_key =
              g_strdup_printf ("{" ID ",'publicKey':{'id':'https://a.example/actor#k','owner':"
                               "'https://a.example/actor','%s':'%s'}}",
                               keys[i].member, value);
          g_autoptr (TocsinActorDocument) owner = parse_text (with_key, NULL);

          g_assert_cmpuint (owner->keys->len, ==, more ? 0 : 1);
        }
    }
}

#define MULTIKEY(id, value)                                                                        \
  "{'id':'https://a.example/actor#" id "','type':'Multikey','controller':"                         \
  "'https://a.example/actor','publicKeyMultibase':'" value "'}"

/* The earlier of two dates ends a key. */
static void
test_end (void)
{
  static const struct
  {
    const char *members;
    gint64 expires_us;
  } rows[] = {
    { "'x':1", 0 },
    { "'expires':'1970-01-02T00:00:00Z'", TOCSIN_DAY_US },
    { "'revoked':'1970-01-02T00:00:00Z'", TOCSIN_DAY_US },
    { "'expires':'1970-01-03T00:00:00Z','revoked':'1970-01-02T00:00:00Z'", TOCSIN_DAY_US },
    { "'expires':'1970-01-02T00:00:00Z','revoked':'1970-01-03T00:00:00Z'", TOCSIN_DAY_US },
    { "'expires':'1970-01-02T00:00:00Z','revoked':null", TOCSIN_DAY_US },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strdup_printf ("{" ID ",'publicKey':" KEY ",%s}}", rows[i].members);
      g_autoptr (TocsinActorDocument) actor = parse_text (text, NULL);

      g_test_message ("%s", rows[i].members);
      g_assert_cmpint (((TocsinActorKey *) actor->keys->pdata[0])->expires_us, ==,
                       rows[i].expires_us);
    }
}

/* What is in assertionMethod may make proofs, wherever else it is; another key under an id that is
 * taken may not. */
static void
test_assertion (void)
{
  static const struct
  {
    const char *public_key;
    const char *assertion_method;
    gboolean assertion;
  } rows[] = {
    { "null", MULTIKEY ("k", "z6MkA"), TRUE },
    { MULTIKEY ("k", "z6MkA"), "[]", FALSE },
    { MULTIKEY ("k", "z6MkA"), MULTIKEY ("k", "z6MkA"), TRUE },
    { MULTIKEY ("k", "z6MkA"), MULTIKEY ("k", "z6MkB"), FALSE },
    { KEY "}", MULTIKEY ("k", "z6MkA"), FALSE },
    { MULTIKEY ("k", "z6MkA"), "[" MULTIKEY ("k", "z6MkB") "," MULTIKEY ("k", "z6MkA") "]", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strdup_printf ("{" ID ",'publicKey':%s,'assertionMethod':%s}",
                                               rows[i].public_key, rows[i].assertion_method);
      g_autoptr (TocsinActorDocument) actor = parse_text (text, NULL);
      const TocsinActorKey *key =
          tocsin_actor_document_find_key (actor, "https://a.example/actor#k");

      g_test_message ("%s", text);
      g_assert_cmpuint (actor->keys->len, ==, 1);
      g_assert_true (key->assertion == rows[i].assertion);
      g_assert_true (key->multibase == NULL || strcmp (key->multibase, "z6MkA") == 0);
    }
}

#define ED25519_Z "z6MkkisBTndLp1yQNKyQpYxHMLeqQdVRgBYBHH4RuBd8eTz4"
#define ED25519_U "u7QFdJY_QURhWym_GJuvT7zwMQ-MFMdSdG3UnPQY-FEI2zQ"

/* A key has one spelling from here on, whichever of two its document has. What is no key to prove
 * by stays as it is. */
static void
test_spelling (void)
{
  static const char *const rows[][2] = {
    { ED25519_Z, ED25519_Z }, { ED25519_U, ED25519_Z }, { "u7QFdJ2rS", "u7QFdJ2rS" },
    { "uhSQ", "uhSQ" },       { "u!", "u!" },           { "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "{" ID
          ",'publicKey':" MULTIKEY ("k", "%s") ",'assertionMethod':" MULTIKEY ("k", "%s") "}",
          rows[i][0], rows[i][1]);
      g_autoptr (TocsinActorDocument) actor = parse_text (text, NULL);
      const TocsinActorKey *key = g_ptr_array_index (actor->keys, 0);

      g_test_message ("%s", text);
      g_assert_cmpuint (actor->keys->len, ==, 1);
      g_assert_cmpstr (key->multibase, ==, rows[i][1]);
      g_assert_true (key->assertion);
    }
}

/* A retired PEM key beside the one in use makes an array, which is read as the same again. */
static void
test_two_pem_keys (void)
{
  g_autoptr (TocsinActorDocument) ours = tocsin_actor_document_new_for_base ("https://a.example");
  g_autoptr (TocsinActorDocument) read = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 2; i++)
    {
      g_autofree char *id = g_strdup_printf ("https://a.example/actor#rsa-%d", i);
      TocsinActorKey *key = tocsin_actor_key_new (id, ours->id);

      key->pem = g_strdup_printf ("P%d", i);
      key->expires_us = i == 0 ? 20000 * TOCSIN_DAY_US : 0;
      g_ptr_array_add (ours->keys, key);
    }
  object = tocsin_actor_document_to_json (ours);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "publicKey")), ==,
                    2);
  bytes = tocsin_actor_document_to_bytes (ours);
  read = tocsin_actor_document_parse (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (read->keys->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const TocsinActorKey *was = ours->keys->pdata[i];
      const TocsinActorKey *is = read->keys->pdata[i];

      g_assert_cmpstr (is->id, ==, was->id);
      g_assert_cmpstr (is->pem, ==, was->pem);
      g_assert_cmpint (is->expires_us, ==, was->expires_us);
    }
}

static void
add_key (TocsinActorDocument *actor,
         const char *id,
         const char *pem,
         const char *multibase,
         gint64 expires_us)
{
  TocsinActorKey *key = tocsin_actor_key_new (id, actor->id);

  key->pem = g_strdup (pem);
  key->multibase = g_strdup (multibase);
  key->assertion = multibase != NULL;
  key->expires_us = expires_us;
  g_ptr_array_add (actor->keys, key);
}

static void
test_round_trip (void)
{
  g_autoptr (TocsinActorDocument) ours =
      tocsin_actor_document_new_for_base ("https://a.example:8443");
  g_autoptr (TocsinActorDocument) read = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  ours->preferred_username = g_strdup ("tocsin");
  ours->name = g_strdup ("A \"node\"");
  add_key (ours, "https://a.example:8443/actor#main-key", "P", NULL, 0);
  add_key (ours, "https://a.example:8443/actor#ed25519-1", NULL, "z6MkA", 20000 * TOCSIN_DAY_US);
  add_key (ours, "https://a.example:8443/actor#ed25519-2", NULL, "z6MkB", 0);
  bytes = tocsin_actor_document_to_bytes (ours);
  read = tocsin_actor_document_parse (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (read->id, ==, "https://a.example:8443/actor");
  g_assert_cmpstr (read->type, ==, "Application");
  g_assert_cmpstr (read->inbox, ==, ours->inbox);
  g_assert_cmpstr (read->shared_inbox, ==, ours->shared_inbox);
  g_assert_cmpstr (read->outbox, ==, ours->outbox);
  g_assert_cmpstr (read->followers, ==, ours->followers);
  g_assert_cmpstr (read->following, ==, ours->following);
  g_assert_cmpstr (read->reports, ==, ours->reports);
  g_assert_cmpstr (read->trust, ==, ours->trust);
  g_assert_cmpstr (read->url, ==, "https://a.example:8443/");
  g_assert_cmpstr (read->name, ==, ours->name);
  g_assert_cmpint (tocsin_actor_document_protocol_major (read), ==, 1);
  g_assert_cmpuint (read->keys->len, ==, 3);
  for (guint i = 0; i < ours->keys->len; i++)
    {
      const TocsinActorKey *was = ours->keys->pdata[i];
      const TocsinActorKey *is = tocsin_actor_document_find_key (read, was->id);

      g_assert_cmpstr (is->owner, ==, was->owner);
      g_assert_cmpstr (is->pem, ==, was->pem);
      g_assert_cmpstr (is->multibase, ==, was->multibase);
      g_assert_cmpint (is->expires_us, ==, was->expires_us);
      g_assert_true (is->assertion == was->assertion);
    }
}

static void
test_protocol_major (void)
{
  static const struct
  {
    const char *text;
    int major;
  } rows[] = { { "1.0", 1 }, { "1", 1 },     { "12.3", 12 }, { "", -1 },
               { "x", -1 },  { "-1.0", -1 }, { "1x", -1 },   { "9999.0", -1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TocsinActorDocument) actor = tocsin_actor_document_new ("https://a.example/actor");

      actor->protocol_version = g_strdup (rows[i].text);
      g_assert_cmpint (tocsin_actor_document_protocol_major (actor), ==, rows[i].major);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/actor-json/fedify", test_fedify);
  g_test_add_func ("/actor-json/gotosocial", test_gotosocial);
  g_test_add_func ("/actor-json/forms", test_forms);
  g_test_add_func ("/actor-json/refused", test_refused);
  g_test_add_func ("/actor-json/refused-inside", test_refused_inside);
  g_test_add_func ("/actor-json/many-keys", test_many_keys);
  g_test_add_func ("/actor-json/long-texts", test_long_texts);
  g_test_add_func ("/actor-json/end", test_end);
  g_test_add_func ("/actor-json/assertion", test_assertion);
  g_test_add_func ("/actor-json/spelling", test_spelling);
  g_test_add_func ("/actor-json/two-pem-keys", test_two_pem_keys);
  g_test_add_func ("/actor-json/round-trip", test_round_trip);
  g_test_add_func ("/actor-json/protocol-major", test_protocol_major);
  return g_test_run ();
}
