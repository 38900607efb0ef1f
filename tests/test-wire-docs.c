/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The examples and tables of docs/wire are true: each is read by the code that reads what a peer
 * sends, each signature and proof is verified with the keys that stand on the same pages.
 */
#include "codec/activity.h"
#include "codec/collection-json.h"
#include "codec/discovery-json.h"
#include "codec/httpsig.h"
#include "codec/multibase.h"
#include "codec/proof.h"
#include "core/category.h"
#include "core/clock.h"
#include "core/envelope.h"
#include "core/subject.h"
#include "markdown.h"

#define PROTOCOL   "docs/wire/README.md"
#define VOCABULARY "docs/wire/vocabulary.md"
#define BASE       "https://tocsin.example"

/* What the pages have of each kind, so that an example which is lost is missed. */
typedef struct
{
  GPtrArray *actors; /* (owned) (element-type TocsinActorDocument) */
  guint activities[TOCSIN_ACTIVITY_DELETE + 1];
  guint reports[TOCSIN_SHARING_AMBER + 1];
  guint statements;
  guint proofs;
  guint heads;
  guint pages;
  guint pages_with_next;
  guint webfinger;
} Seen;

static const TocsinActorDocument *
find_actor (const Seen *seen, const char *id)
{
  for (guint i = 0; i < seen->actors->len; i++)
    if (strcmp (((TocsinActorDocument *) seen->actors->pdata[i])->id, id) == 0)
      return seen->actors->pdata[i];
  g_error ("No page has the actor %s", id);
}

static TocsinPublicKey *
find_key (const Seen *seen, const char *id)
{
  for (guint i = 0; i < seen->actors->len; i++)
    {
      const TocsinActorKey *key = tocsin_actor_document_find_key (seen->actors->pdata[i], id);
      g_autoptr (GError) error = NULL;
      TocsinPublicKey *made;

      if (key == NULL || key->multibase == NULL)
        continue;
      made = tocsin_public_key_from_multikey (key->multibase, &error);
      g_assert_no_error (error);
      return made;
    }
  g_error ("No page has the key %s", id);
}

static void
check_proof (Seen *seen, TocsinActivity *activity)
{
  TocsinProofState state = TOCSIN_PROOF_ABSENT;
  g_autoptr (TocsinProof) proof = NULL;
  g_autoptr (TocsinPublicKey) key = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *root = tocsin_activity_root (activity);
  JsonObject *written = json_object_get_object_member (root, "proof");
  gint64 now_us = 0;

  g_assert_nonnull (written);
  g_assert_true (
      tocsin_time_parse (json_object_get_string_member (written, "created"), &now_us, NULL));
  tocsin_proof_inspect (root, now_us, &state, &proof, &error);
  g_assert_no_error (error);
  g_assert_cmpint (state, ==, TOCSIN_PROOF_CANDIDATE);
  key = find_key (seen, tocsin_proof_verification_method (proof));
  tocsin_proof_verify (proof, key, &error);
  g_assert_no_error (error);
  seen->proofs++;
}

static void
check_activity (Seen *seen, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinActivity) activity = tocsin_activity_parse (bytes, &error);
  const TocsinActorDocument *actor;

  g_assert_no_error (error);
  g_assert_cmpint (activity->kind, !=, TOCSIN_ACTIVITY_OTHER);
  seen->activities[activity->kind]++;
  actor = find_actor (seen, activity->actor);
  tocsin_activity_check_ownership (activity, actor->reports, actor->trust, &error);
  g_assert_no_error (error);
  if (tocsin_activity_needs_proof (activity))
    check_proof (seen, activity);
  if (activity->object_kind == TOCSIN_OBJECT_REPORT)
    seen->reports[activity->report.sharing]++;
  seen->statements += activity->object_kind == TOCSIN_OBJECT_TRUST;
}

static void
check_collection (Seen *seen, JsonObject *object, GBytes *bytes)
{
  const char *id = json_object_get_string_member (object, "id");
  g_autoptr (GError) error = NULL;

  if (tocsin_json_type_is (object, "OrderedCollection"))
    {
      g_autoptr (TocsinCollectionHead) head = tocsin_collection_head_parse (bytes, id, &error);

      g_assert_no_error (error);
      g_assert_true (head->epoch != NULL || head->has_digest);
      seen->heads++;
    }
  else
    {
      const char *digits = id + strlen (BASE "/outbox/after/");
      gint64 after = g_ascii_strtoll (digits, NULL, 10);
      g_autoptr (TocsinOutboxPage) page =
          tocsin_outbox_page_parse (bytes, BASE "/outbox", after, &error);

      g_assert_no_error (error);
      g_assert_cmpint (page->last_sequence, >, after);
      seen->pages_with_next += page->has_next;
      g_assert_cmpuint (page->activities->len, >, 0);
      for (guint i = 0; i < page->activities->len; i++)
        check_activity (seen, page->activities->pdata[i]);
      seen->pages++;
    }
}

static void
check_json (Seen *seen, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node =
      tocsin_json_parse (text, strlen (text), &tocsin_json_default_limits, NULL, &error);
  JsonObject *object;

  g_assert_no_error (error);
  object = json_node_get_object (node);
  if (json_object_has_member (object, "subject"))
    {
      g_autofree char *actor = tocsin_webfinger_find_actor (bytes, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (actor, ==, BASE "/actor");
      seen->webfinger++;
    }
  else if (tocsin_json_type_is (object, "Application"))
    {
      TocsinActorDocument *document = tocsin_actor_document_parse (bytes, &error);

      g_assert_no_error (error);
      g_assert_cmpint (tocsin_actor_document_protocol_major (document), ==, 1);
      g_ptr_array_add (seen->actors, document);
    }
  else if (g_str_has_prefix (json_object_get_string_member_with_default (object, "type", ""),
                             "OrderedCollection"))
    check_collection (seen, object, bytes);
  else
    check_activity (seen, bytes);
}

static void
look_at (Seen *seen, const char *page)
{
  g_autofree char *text = markdown_read (page);
  g_autoptr (GPtrArray) blocks = markdown_blocks (text, "json");

  for (guint i = 0; i < blocks->len; i++)
    check_json (seen, blocks->pdata[i]);
}

static void
test_examples (void)
{
  Seen seen = { .actors =
                    g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_actor_document_free) };

  look_at (&seen, PROTOCOL);
  look_at (&seen, VOCABULARY);
  g_assert_cmpuint (seen.actors->len, ==, 2);
  g_assert_cmpuint (seen.webfinger, ==, 1);
  g_assert_cmpuint (seen.heads, ==, 2);
  g_assert_cmpuint (seen.pages, ==, 2);
  g_assert_cmpuint (seen.pages_with_next, ==, 1);
  g_assert_cmpuint (seen.activities[TOCSIN_ACTIVITY_ACCEPT], ==, 1);
  g_assert_cmpuint (seen.activities[TOCSIN_ACTIVITY_REMOVE], ==, 1);
  g_assert_cmpuint (seen.activities[TOCSIN_ACTIVITY_UPDATE], ==, 1);
  g_assert_cmpuint (seen.reports[TOCSIN_SHARING_GREEN], ==, 3);
  g_assert_cmpuint (seen.reports[TOCSIN_SHARING_AMBER], ==, 1);
  g_assert_cmpuint (seen.statements, ==, 2);
  g_assert_cmpuint (seen.proofs, ==, seen.activities[TOCSIN_ACTIVITY_ADD] + 2);
  g_ptr_array_unref (seen.actors);
}

/* A request as it stands in a block: start line, fields, an empty line, the body. */
static TocsinEnvelope *
read_request (const char *block)
{
  const char *body = strstr (block, "\n\n");
  g_autofree char *head = NULL;
  g_auto (GStrv) lines = NULL;
  g_auto (GStrv) start = NULL;
  TocsinEnvelope *envelope;

  if (body == NULL)
    g_error ("A request without an empty line: %s", block);
  head = g_strndup (block, (gsize) (body - block));
  lines = g_strsplit (head, "\n", -1);
  start = g_strsplit (lines[0], " ", 3);
  envelope = tocsin_envelope_new (start[0], start[1]);
  for (gsize i = 1; lines[i] != NULL; i++)
    {
      g_auto (GStrv) field = g_strsplit (lines[i], ": ", 2);

      tocsin_envelope_add_header (envelope, field[0], field[1]);
    }
  envelope->body = g_bytes_new (body + 2, strlen (body + 2));
  return envelope;
}

static void
test_request (void)
{
  g_autofree char *text = markdown_read (PROTOCOL);
  g_autoptr (GPtrArray) blocks = markdown_blocks (text, "http");
  Seen seen = { .actors =
                    g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_actor_document_free) };

  look_at (&seen, PROTOCOL);
  g_assert_cmpuint (blocks->len, ==, 1);
  for (guint i = 0; i < blocks->len; i++)
    {
      g_autoptr (TocsinEnvelope) request = read_request (blocks->pdata[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinSignature) signature = NULL;
      g_autoptr (TocsinPublicKey) key = NULL;
      g_autoptr (TocsinVerified) verified = NULL;
      gint64 now_us = 0;

      g_assert_true (
          tocsin_http_date_parse (tocsin_envelope_get_header (request, "date"), &now_us));
      signature = tocsin_signature_parse (request, BASE, now_us, &error);
      g_assert_no_error (error);
      g_assert_cmpint (tocsin_signature_scheme (signature), ==, TOCSIN_SCHEME_RFC9421);
      key = find_key (&seen, tocsin_signature_key_id (signature));
      verified = tocsin_signature_verify (signature, key, &error);
      g_assert_no_error (error);
      g_assert_nonnull (verified);
      check_activity (&seen, request->body);
    }
  g_assert_cmpuint (seen.activities[TOCSIN_ACTIVITY_FOLLOW], ==, 1);
  g_ptr_array_unref (seen.actors);
}

static void
test_subjects (void)
{
  g_autofree char *text = markdown_read (VOCABULARY);
  g_autoptr (GPtrArray) rows = markdown_table (text, "| type | written |");
  guint types = 0;

  for (guint i = 0; i < rows->len; i++)
    {
      char **cells = rows->pdata[i];
      TocsinSubjectType type = tocsin_subject_type_from_string (cells[0]);
      g_autoptr (GError) error = NULL;
      g_auto (TocsinSubject) subject = { 0 };
      g_autofree char *digest = NULL;
      g_autofree char *hashed = NULL;

      tocsin_subject_parse (&subject, type, cells[1], &error);
      g_assert_no_error (error);
      g_assert_cmpstr (subject.value, ==, cells[2]);
      digest = tocsin_subject_digest_string (&subject);
      g_assert_cmpstr (digest, ==, cells[4]);
      hashed = g_compute_checksum_for_string (G_CHECKSUM_SHA256, cells[3], -1);
      g_assert_cmpstr (digest + strlen ("sha-256:"), ==, hashed);
      types |= 1u << type;
    }
  for (TocsinSubjectType type = TOCSIN_SUBJECT_IP; tocsin_subject_type_to_string (type) != NULL;
       type++)
    g_assert_true (types & (1u << type));
}

static void
test_categories (void)
{
  g_autofree char *text = markdown_read (VOCABULARY);
  g_autoptr (GPtrArray) rows = markdown_table (text, "| slug | class |");
  g_autofree char *csv = markdown_read ("data/categories.csv");
  g_auto (GStrv) lines = g_strsplit (csv, "\n", -1);
  guint n = 0;

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) field = g_strsplit (lines[i], ",", -1);
      char **cells;

      if (!g_ascii_isdigit (lines[i][0]))
        continue;
      g_assert_cmpuint (n, <, rows->len);
      cells = rows->pdata[n++];
      g_assert_cmpstr (cells[0], ==, field[1]);
      g_assert_cmpstr (cells[1], ==, field[3]);
      g_assert_cmpstr (cells[2], ==, *field[5] != '\0' ? field[5] : "–");
      for (guint j = 0; j < 6; j++)
        g_assert_cmpstr (cells[3 + j], ==, field[6 + j]);
    }
  g_assert_cmpuint (n, ==, rows->len);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire-docs/examples", test_examples);
  g_test_add_func ("/wire-docs/request", test_request);
  g_test_add_func ("/wire-docs/subjects", test_subjects);
  g_test_add_func ("/wire-docs/categories", test_categories);
  return g_test_run ();
}
