/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/subject.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_EVIDENCE_BENIGN = 1 << 0, /* opinion benign; else malicious */
  TOCSIN_EVIDENCE_HELD = 1 << 1,   /* stored, not counted, not relayed */
  TOCSIN_EVIDENCE_IMPORTED =
      1 << 2,                      /* basis imported or derived: shown, never counted; local only */
  TOCSIN_EVIDENCE_OWN = 1 << 3,    /* of this node's own operator */
  TOCSIN_EVIDENCE_PERSON = 1 << 4, /* the reported subject is a person subject */
  TOCSIN_EVIDENCE_DERIVED = 1 << 5, /* with IMPORTED: an echo of what others said here; no more */
} TocsinEvidenceFlags;

/* The expires_s of what stays until its list takes it back. */
#define TOCSIN_EVIDENCE_NEVER_S G_MAXUINT32

/**
 * TocsinEvidence:
 *
 * What one live report contributes to one subject key: the record of the `evidence`
 * table, read in place from the map. Host byte order; the store is of one machine.
 */
typedef struct
{
  guint32 reporter;    /* interned actor number; 0 is this node's operator */
  guint8 category;     /* TocsinCategory id */
  guint8 flags;        /* TocsinEvidenceFlags */
  guint8 confidence;   /* 1..100 */
  guint8 subject_type; /* TocsinSubjectType that was reported: half-lives are by it */
  guint32 observed_s;  /* lastObservedAt, seconds since the epoch */
  guint32 expires_s;   /* endTime, seconds since the epoch */
  guint64 report;      /* number of the report in table `reports` */
} TocsinEvidence;

G_STATIC_ASSERT (sizeof (TocsinEvidence) == 24);

/**
 * tocsin_evidence_is_of:
 * @self: a row
 * @key_type: the type of the key under which it was found
 *
 * What travels as a digest is stored under whatever key that names, and so under one of another
 * type, where it says nothing: neither that type's rules nor the guards saw it.
 *
 * Returns: %TRUE if @self is about what has the key
 */
static inline gboolean
tocsin_evidence_is_of (const TocsinEvidence *self, TocsinSubjectType key_type)
{
  return self->subject_type == key_type ||
         (key_type == TOCSIN_SUBJECT_NETWORK && self->subject_type == TOCSIN_SUBJECT_IP);
}

G_END_DECLS
