/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* Reports of anybody about anything, for tests of the tables that they lie in. */
#include "store-fixture.h"

#include <string.h>

#include "core/clock.h"
#include "core/hash.h"
#include "store/table-reports.h"

#define DAY TOCSIN_DAY_US

/* Everything that a report owns, for one test's straight line. */
static TocsinReportRecord
make (guint32 actor, guint n)
{
  g_autofree char *id = g_strdup_printf ("https://a%u.example/reports/%u", actor, n);
  TocsinReportRecord record = {
    .actor = actor,
    .via = actor,
    .state = TOCSIN_STATE_LIVE,
    .category = 1,
    .subject_type = TOCSIN_SUBJECT_IP,
    .key_type = TOCSIN_SUBJECT_IP,
    .confidence = 90,
    .sharing = TOCSIN_SHARING_GREEN,
    .published_us = T0,
    .updated_us = T0,
    .observed_us = T0,
    .last_observed_us = T0,
    .end_us = T0 + 10 * DAY,
    .evidence_end_us = T0 + 10 * DAY,
    .received_us = T0,
    .key = key_number (n),
  };

  tocsin_sha256 (id, strlen (id), record.content_hash);
  record.id = g_steal_pointer (&id);
  record.value = g_strdup_printf ("192.0.2.%u", n);
  record.content = g_strdup ("text");
  record.activity = g_bytes_new_static ("{}", 2);
  return record;
}

static guint64
put (TocsinTxn *txn, guint32 actor, guint n)
{
  g_auto (TocsinReportRecord) record = make (actor, n);

  tocsin_reports_put (txn, &record, T0);
  return record.number;
}
