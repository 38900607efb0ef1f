/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A handful of peers and subjects of one key, for the tests of view/score.c.
 */
#pragma once

#include "view/score.h"

#define NOW_S      1795478400u /* 2026-11-24T00:00:00Z */
#define NOW_US     ((gint64) NOW_S * TOCSIN_SECOND_US)
#define DAY_S      86400u
#define SPAM       1
#define SCAM       3
#define SCRAPING   16
#define HARASSMENT 8
#define TOR_EXIT   20
#define DISPOSABLE 23
#define HOSTING    22
#define OTHER      63
#define IP         TOCSIN_SUBJECT_IP
#define NETWORK    TOCSIN_SUBJECT_NETWORK
#define EMAIL      TOCSIN_SUBJECT_EMAIL
#define BENIGN     TOCSIN_EVIDENCE_BENIGN
#define HELD       TOCSIN_EVIDENCE_HELD
#define IMPORTED   TOCSIN_EVIDENCE_IMPORTED
#define ROWS_MAX   8
#define STRANGER   99

/* 1 to 8 have a weight of 50, 10 of 80 and is fully trusted, 11 of 100, 12 of 55, 13 of 4;
 * 14 of 1, fully trusted in all but spam, where it is distrusted; 15 of 80 in spam alone. */
static const TocsinTrustPeer peers[] = {
  { 1, TOCSIN_AREA_ANY, 0.5, FALSE },   { 2, TOCSIN_AREA_ANY, 0.5, FALSE },
  { 3, TOCSIN_AREA_ANY, 0.5, FALSE },   { 4, TOCSIN_AREA_ANY, 0.5, FALSE },
  { 5, TOCSIN_AREA_ANY, 0.5, FALSE },   { 6, TOCSIN_AREA_ANY, 0.5, FALSE },
  { 7, TOCSIN_AREA_ANY, 0.5, FALSE },   { 8, TOCSIN_AREA_ANY, 0.5, FALSE },
  { 10, TOCSIN_AREA_ANY, 0.8, TRUE },   { 11, TOCSIN_AREA_ANY, 1.0, FALSE },
  { 12, TOCSIN_AREA_ANY, 0.55, FALSE }, { 13, TOCSIN_AREA_ANY, 0.04, FALSE },
  { 14, TOCSIN_AREA_ANY, 0.01, TRUE },  { 14, TOCSIN_AREA_SPAM, 0, TRUE },
  { 15, TOCSIN_AREA_ANY, 0, FALSE },    { 15, TOCSIN_AREA_SPAM, 0.8, FALSE },
};

/* One row of evidence: age and time left in days. */
typedef struct
{
  guint32 reporter;
  guint8 category;
  guint8 flags;
  guint8 confidence; /* 0: 100 */
  guint age_days;
  int left_days;          /* 0: 30 */
  TocsinSubjectType type; /* that was claimed; 0: that of the key */
} Row;

#define ALLOW  TOCSIN_VERDICT_ALLOW
#define NOTE   TOCSIN_VERDICT_NOTE
#define REVIEW TOCSIN_VERDICT_REVIEW
#define BLOCK  TOCSIN_VERDICT_BLOCK

static TocsinTrustSnapshot *
make_trust (void)
{
  static const TocsinTrustInput input = { .peers = peers, .n_peers = G_N_ELEMENTS (peers) };

  return tocsin_trust_snapshot_new (&input, 1, 1);
}

/* A subject with one key, as the store would hand it out. */
typedef struct
{
  TocsinSubject subject;
  TocsinProbe probe;
  TocsinEvidence rows[ROWS_MAX];
  TocsinKeyEvidence key;
  TocsinSubjectEvidence evidence;
} Asked;

static void
asked_init (Asked *self, guint8 number, const Row *rows)
{
  gsize n = 0;

  *self = (Asked){ .subject = { .type = IP, .key_type = IP, .value = (char *) "192.0.2.1" },
                   .probe = { .type = IP, .value = (char *) "192.0.2.1", .exact = TRUE } };
  self->probe.key.bytes[0] = number;
  for (; n < ROWS_MAX && rows[n].category != 0; n++)
    self->rows[n] = (TocsinEvidence){
      .reporter = rows[n].reporter,
      .category = rows[n].category,
      .flags = rows[n].flags,
      .confidence = rows[n].confidence != 0 ? rows[n].confidence : 100,
      .subject_type = (guint8) (rows[n].type != 0 ? rows[n].type : IP),
      .observed_s = NOW_S - rows[n].age_days * DAY_S,
      .expires_s =
          (guint32) ((gint64) NOW_S + (rows[n].left_days != 0 ? rows[n].left_days : 30) * DAY_S),
      .report = n + 1,
    };
  self->key =
      (TocsinKeyEvidence){ .probe = &self->probe, .type = IP, .rows = self->rows, .n_rows = n };
  self->evidence =
      (TocsinSubjectEvidence){ .subject = &self->subject, .keys = &self->key, .n_keys = 1 };
}

static void
judge (
    const char *profile_name, Asked **asked, gsize n, const TocsinScoring *base, TocsinFinding *out)
{
  g_autoptr (TocsinTrustSnapshot) trust = make_trust ();
  g_autoptr (TocsinProfile) profile =
      tocsin_profile_new_builtin (profile_name != NULL ? profile_name : "default");
  TocsinScoring scoring = base != NULL ? *base : (TocsinScoring){ 0 };
  TocsinSubjectEvidence evidence[TOCSIN_EVENT_MAX];

  scoring.trust = scoring.trust != NULL ? scoring.trust : trust;
  scoring.profile = profile;
  scoring.now_us = NOW_US;
  for (gsize i = 0; i < n; i++)
    evidence[i] = asked[i]->evidence;
  tocsin_score_event (&scoring, evidence, n, out);
}

static const TocsinSubjectFinding *
subject_at (const TocsinFinding *finding, guint i)
{
  return &g_array_index (finding->subjects, TocsinSubjectFinding, i);
}
