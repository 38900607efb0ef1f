/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From a question to a finding: probes, reads in place, scoring.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/judge.h"

#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/scratch.h"
#include "store/table-actors.h"
#include "store/table-allow.h"
#include "store/table-evidence.h"
#include "view/listed.h"

#define ACCT_PREFIX   "acct:"
#define KEYS_EXPECTED 4 /* of one event that have evidence */

static const char *
actor_name (guint32 actor, gpointer data)
{
  return tocsin_actors_peek_uri (data, actor);
}

void
tocsin_judge_begin (TocsinJudge *self,
                    TocsinApi *api,
                    const TocsinProfile *profile,
                    gboolean explain)
{
  const TocsinApiState *state = tocsin_api_state (api);
  gint64 now_us = tocsin_api_now_us (api);
  gboolean today = now_us / TOCSIN_DAY_US == state->budget_day;
  TocsinStoreHints hints;

  *self = (TocsinJudge){ .txn = tocsin_reader_begin (tocsin_api_reader (api)),
                         .state = state,
                         .until_us = G_MAXINT64,
                         .shared_networks = api->shared_networks };
  self->scoring = (TocsinScoring){
    .trust = state->trust,
    .profile = profile != NULL ? profile : api->default_profile,
    .now_us = now_us,
    .over_budget = today ? state->over_budget : NULL,
    .n_over_budget = today ? state->n_over_budget : 0,
    .charged = state->charged,
    .n_charged = state->n_charged,
    .lists = state->lists,
    .actor_name = actor_name,
    .actor_name_data = self->txn,
    .explain = explain,
  };
  tocsin_store_hints (api->store, self->txn, &hints);
  self->generation = hints.generation;
  self->lengths = hints.lengths;
  self->has_allow = hints.allow_count > 0;
}

guint64
tocsin_judge_version (const TocsinJudge *self)
{
  return tocsin_trust_snapshot_version (self->scoring.trust) + self->state->lists_version;
}

void
tocsin_judge_end (TocsinJudge *self)
{
  g_clear_pointer (&self->txn, tocsin_reading_end);
  tocsin_evidence_buffer_clear (&self->buffer);
}

/* ---- account names ---- */

static gboolean
parse_account (TocsinJudge *self, const char *user, const char *host, TocsinSubject *out)
{
  g_autofree char *name = g_strconcat (user, "@", host, NULL);
  g_autofree char *lower = g_utf8_strdown (name, -1);
  guint32 number;

  if (tocsin_actors_find_acct (self->txn, lower, &number))
    {
      const char *uri = tocsin_actors_peek_uri (self->txn, number);

      if (uri != NULL && tocsin_subject_parse (out, TOCSIN_SUBJECT_ACTOR, uri, NULL))
        return TRUE;
    }
  *out = (TocsinSubject){ .type = TOCSIN_SUBJECT_ACTOR, .key_type = TOCSIN_SUBJECT_ACTOR };
  out->value = g_strconcat (ACCT_PREFIX, name, NULL);
  out->key_value = g_strdup (out->value);
  tocsin_sha256 (out->value, strlen (out->value), out->digest);
  return TRUE;
}

gboolean
tocsin_judge_parse (TocsinJudge *self,
                    TocsinSubjectType type,
                    const char *input,
                    TocsinSubject *out,
                    GError **error)
{
  g_autofree char *user = NULL;
  g_autofree char *host = NULL;

  if (type == TOCSIN_SUBJECT_ACTOR && !g_str_has_prefix (input, "https:") &&
      !g_str_has_prefix (input, "http:") && tocsin_subject_parse_acct (input, &user, &host))
    return parse_account (self, user, host, out);
  return tocsin_subject_parse (out, type, input, error);
}

/* An account that nobody here knows has no key of its own: its host is all there is to ask. */
static GArray *
probes_of (const TocsinJudge *self, const TocsinSubject *subject)
{
  g_auto (TocsinSubject) origin = { 0 };
  g_autofree char *uri = NULL;
  GArray *probes;

  if (subject->type != TOCSIN_SUBJECT_ACTOR || subject->value == NULL ||
      !g_str_has_prefix (subject->value, ACCT_PREFIX))
    return tocsin_subject_probes (subject, &self->lengths);
  uri = g_strconcat ("https://", strrchr (subject->value, '@') + 1, "/", NULL);
  if (!tocsin_subject_parse (&origin, TOCSIN_SUBJECT_ACTOR, uri, NULL))
    return g_array_new (FALSE, FALSE, sizeof (TocsinProbe));
  probes = tocsin_subject_probes (&origin, &self->lengths);
  return g_array_remove_index (probes, 0);
}

/* ---- one event ---- */

/* What lives as long as an event is judged. */
typedef struct
{
  GArray *probes[TOCSIN_CHECK_MAX_SUBJECTS]; /* (owned) */
  GArray *keys;                              /* (owned) (element-type TocsinKeyEvidence) of all */
  gsize first_key[TOCSIN_CHECK_MAX_SUBJECTS + 1];
  TocsinEvidenceBuffer buffer;               /* for the next key that lies on several pages */
  GPtrArray *joined;                         /* (owned) (nullable) rows that were joined in it */
  char *reasons[TOCSIN_CHECK_MAX_SUBJECTS];  /* (owned) of allow entries */
  GArray *places[TOCSIN_CHECK_MAX_SUBJECTS]; /* (owned) (nullable) (element-type TocsinPlace) */
  TocsinSubjectEvidence subjects[TOCSIN_CHECK_MAX_SUBJECTS];
} Event;

static gboolean
is_shared (const TocsinJudge *self, const TocsinSubject *subject)
{
  return tocsin_subject_is_shared_address (subject) ||
         tocsin_network_list_holds (self->shared_networks, subject);
}

static void
note_expiries (TocsinJudge *self, const TocsinEvidence *rows, gsize n)
{
  guint32 now_s = (guint32) (self->scoring.now_us / TOCSIN_SECOND_US);

  for (gsize i = 0; i < n; i++)
    {
      gint64 listed_us = tocsin_listed_until (&self->scoring, &rows[i]);

      if (rows[i].expires_s > now_s)
        self->until_us = MIN (self->until_us, (gint64) rows[i].expires_s * TOCSIN_SECOND_US);
      if (listed_us > self->scoring.now_us)
        self->until_us = MIN (self->until_us, listed_us);
    }
}

static void
read_key (TocsinJudge *self, Event *event, const TocsinSubject *subject, const TocsinProbe *probe)
{
  TocsinSubject key = { .type = probe->type, .key_type = probe->type, .value = probe->value };
  TocsinKeyEvidence evidence = { .probe = probe, .type = probe->type };

  evidence.n_rows = tocsin_evidence_read (self->txn, &probe->key, &event->buffer, &evidence.rows);
  if (evidence.n_rows == 0)
    return;
  note_expiries (self, evidence.rows, evidence.n_rows);
  if (evidence.rows == event->buffer.rows)
    {
      if (event->joined == NULL)
        event->joined = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (event->joined, event->buffer.rows);
      event->buffer = (TocsinEvidenceBuffer){ 0 };
    }
  evidence.broad = tocsin_probe_is_broad (probe, subject);
  evidence.shared = is_shared (self, subject) || is_shared (self, &key);
  g_array_append_val (event->keys, evidence);
}

/* Of a key that is known by digests alone nobody can tell the type, and whoever was first to claim
 * one may have claimed a wrong one: so it is judged as each that is claimed. */
static void
add_claimed_types (Event *event, gsize first_key)
{
  static const TocsinSubjectType types[] = { TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_URL,
                                             TOCSIN_SUBJECT_USERNAME };
  TocsinKeyEvidence evidence;

  if (event->keys->len == first_key)
    return;
  evidence = g_array_index (event->keys, TocsinKeyEvidence, first_key);
  for (gsize t = 0; t < G_N_ELEMENTS (types); t++)
    {
      gboolean claimed = FALSE;

      for (gsize i = 0; i < evidence.n_rows; i++)
        claimed = claimed || evidence.rows[i].subject_type == types[t];
      if (!claimed || types[t] == evidence.probe->type)
        continue;
      evidence.type = types[t];
      g_array_append_val (event->keys, evidence);
    }
}

/* An entry for the subject itself or for a network around it speaks for the whole event; one for
 * the domain of an e-mail address, a URL or an account for that subject alone (view/score.h). */
static void
match_allow (TocsinJudge *self, Event *event, gsize i, const TocsinSubject *subject)
{
  gboolean is_address =
      subject->type == TOCSIN_SUBJECT_IP || subject->type == TOCSIN_SUBJECT_NETWORK;

  for (guint p = 0; p < event->probes[i]->len; p++)
    {
      const TocsinProbe *probe = &g_array_index (event->probes[i], TocsinProbe, p);
      g_auto (TocsinAllowRecord) entry = { 0 };

      if (!tocsin_allow_match (self->txn, &probe->key, self->scoring.now_us) ||
          !tocsin_allow_get (self->txn, &probe->key, &entry))
        continue;
      if (entry.expires_us != 0)
        self->until_us = MIN (self->until_us, entry.expires_us);
      if (entry.reason != NULL && *entry.reason != '\0')
        event->reasons[i] = g_steal_pointer (&entry.reason);
      else
        event->reasons[i] = g_strdup (probe->value != NULL ? probe->value : "");
      event->subjects[i].allowed_by = event->reasons[i];
      event->subjects[i].allowed_exactly = probe->exact || is_address;
      return;
    }
}

static void
place_clear (gpointer data)
{
  g_free (((TocsinPlace *) data)->name);
}

/* What a database believes of an address; of a key that was stored nobody asks. */
static void
find_places (TocsinJudge *self, Event *event, gsize i, const TocsinSubject *subject)
{
  const TocsinGeo *geo = self->state->geo;

  if (geo == NULL || tocsin_geo_is_empty (geo) ||
      (subject->type != TOCSIN_SUBJECT_IP && subject->type != TOCSIN_SUBJECT_NETWORK))
    return;
  event->places[i] = g_array_new (FALSE, FALSE, sizeof (TocsinPlace));
  g_array_set_clear_func (event->places[i], place_clear);
  tocsin_geo_find (geo, subject, event->places[i]);
  event->subjects[i].n_places = event->places[i]->len;
  event->subjects[i].places = (const TocsinPlace *) (gpointer) event->places[i]->data;
}

static void
event_clear (Event *self, gsize n_subjects)
{
  for (gsize i = 0; i < n_subjects; i++)
    {
      g_clear_pointer (&self->places[i], g_array_unref);
      g_array_unref (self->probes[i]);
      g_free (self->reasons[i]);
    }
  g_array_unref (self->keys);
  g_clear_pointer (&self->joined, g_ptr_array_unref);
  tocsin_evidence_buffer_clear (&self->buffer);
}

/* @event has room for 16 subjects, of which most events use one: only what is used is written. */
static void
event_init (Event *self, gsize n_subjects)
{
  self->keys = g_array_sized_new (FALSE, FALSE, sizeof (TocsinKeyEvidence), KEYS_EXPECTED);
  self->buffer = (TocsinEvidenceBuffer){ 0 };
  self->joined = NULL;
  for (gsize i = 0; i < n_subjects; i++)
    {
      self->reasons[i] = NULL;
      self->places[i] = NULL;
      self->subjects[i] = (TocsinSubjectEvidence){ 0 };
    }
}

/* Takes over the probes in @event. @own_key_only: evidence of what is around is another's. */
static void
judge (TocsinJudge *self,
       Event *event,
       const TocsinSubject *subjects,
       gsize n_subjects,
       gboolean own_key_only,
       TocsinFinding *out)
{
  for (gsize i = 0; i < n_subjects; i++)
    {
      guint n_probes = own_key_only ? 1 : event->probes[i]->len;

      event->first_key[i] = event->keys->len;
      event->subjects[i].subject = &subjects[i];
      for (guint p = 0; p < n_probes; p++)
        read_key (self, event, &subjects[i], &g_array_index (event->probes[i], TocsinProbe, p));
      if (own_key_only && subjects[i].value == NULL)
        add_claimed_types (event, event->first_key[i]);
      if (!own_key_only)
        find_places (self, event, i, &subjects[i]);
      if (self->has_allow)
        match_allow (self, event, i, &subjects[i]);
    }
  event->first_key[n_subjects] = event->keys->len;
  for (gsize i = 0; i < n_subjects; i++)
    {
      event->subjects[i].n_keys = event->first_key[i + 1] - event->first_key[i];
      event->subjects[i].keys =
          &g_array_index (event->keys, TocsinKeyEvidence, event->first_key[i]);
    }
  tocsin_score_event (&self->scoring, event->subjects, n_subjects, out);
  event_clear (event, n_subjects);
}

void
tocsin_judge_event (TocsinJudge *self,
                    const TocsinSubject *subjects,
                    gsize n_subjects,
                    TocsinFinding *out)
{
  TOCSIN_UNZEROED Event event;

  g_return_if_fail (n_subjects >= 1 && n_subjects <= TOCSIN_CHECK_MAX_SUBJECTS);

  event_init (&event, n_subjects);
  for (gsize i = 0; i < n_subjects; i++)
    event.probes[i] = probes_of (self, &subjects[i]);
  judge (self, &event, subjects, n_subjects, FALSE, out);
}

void
tocsin_judge_key (TocsinJudge *self,
                  const TocsinSubjectRecord *record,
                  TocsinSubject *subject,
                  TocsinFinding *out)
{
  TOCSIN_UNZEROED Event event;

  *subject = (TocsinSubject){ .type = record->type,
                              .key_type = record->type,
                              .value = (char *) record->value,
                              .key_value = (char *) record->value };
  memcpy (subject->digest, record->key.bytes, sizeof record->key.bytes);
  event_init (&event, 1);
  event.probes[0] = tocsin_subject_probes (subject, &self->lengths);
  judge (self, &event, subject, 1, TRUE, out);
}

/* Whether an entry of the allow list names the key, or what is around it. */
static gboolean
is_allowed (TocsinJudge *self, const TocsinSubject *subject)
{
  g_autoptr (GArray) probes = NULL;

  if (!self->has_allow)
    return FALSE;
  probes = tocsin_subject_probes (subject, &self->lengths);
  for (guint i = 0; i < probes->len; i++)
    if (tocsin_allow_match (self->txn, &g_array_index (probes, TocsinProbe, i).key,
                            self->scoring.now_us))
      return TRUE;
  return FALSE;
}

gboolean
tocsin_judge_row (TocsinJudge *self, const TocsinSubjectRecord *record, TocsinExportRow *row)
{
  TocsinKeyEvidence evidence = { .type = record->type };
  TocsinSubject subject = { .type = record->type,
                            .key_type = record->type,
                            .value = (char *) record->value,
                            .key_value = (char *) record->value };
  TocsinKeyFinding found;

  memcpy (subject.digest, record->key.bytes, sizeof record->key.bytes);
  evidence.n_rows =
      tocsin_evidence_read_onward (self->txn, &record->key, &self->buffer, &evidence.rows);
  if (evidence.n_rows == 0)
    return FALSE;
  tocsin_score_key (&self->scoring, &evidence, &found);
  if (found.bounded)
    {
      evidence.broad = tocsin_subject_is_broad (&subject);
      evidence.shared = is_shared (self, &subject);
      if (evidence.broad || evidence.shared)
        tocsin_score_key (&self->scoring, &evidence, &found);
    }
  if (found.known && is_allowed (self, &subject))
    {
      found.verdict = TOCSIN_VERDICT_ALLOW;
      found.score = 0;
    }
  row->verdict = found.verdict;
  row->score = found.score;
  row->first_seen_s = found.first_seen_s;
  row->last_seen_s = found.last_seen_s;
  row->expires_s = found.expires_s;
  row->categories = found.categories;
  return found.known;
}
