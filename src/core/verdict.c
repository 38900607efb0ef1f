/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/verdict.h"

/* Wire names: part of the HTTP contract, never translated. */
static const char *const names[TOCSIN_N_VERDICTS] = { "allow", "note", "review", "block" };

const char *
tocsin_verdict_to_string (TocsinVerdict verdict)
{
  g_return_val_if_fail ((guint) verdict < TOCSIN_N_VERDICTS, NULL);

  return names[verdict];
}

gboolean
tocsin_verdict_from_string (const char *name, TocsinVerdict *out)
{
  for (guint i = 0; i < TOCSIN_N_VERDICTS; i++)
    if (g_str_equal (name, names[i]))
      {
        *out = (TocsinVerdict) i;
        return TRUE;
      }
  return FALSE;
}

/**
 * tocsin_finding_clear:
 * @self: a finding
 *
 * Frees what @self points to and zeroes it. The subjects asked about are the caller's.
 */
void
tocsin_finding_clear (TocsinFinding *self)
{
  g_free (self->summary);
  g_free (self->allowed_by);
  g_clear_pointer (&self->subjects, g_array_unref);
  g_clear_pointer (&self->without, g_array_unref);
  *self = (TocsinFinding){ 0 };
}
