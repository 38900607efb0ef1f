/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/policy.h"

static void
policy_clear (gpointer data)
{
  TocsinPolicy *self = data;

  g_free (self->host);
  g_free (self->actor);
  g_clear_pointer (&self->protected, tocsin_protected_free);
  g_clear_pointer (&self->trust, tocsin_trust_snapshot_unref);
}

/**
 * tocsin_policy_new:
 *
 * Returns: (transfer full): a policy to be filled before it is shared
 */
TocsinPolicy *
tocsin_policy_new (void)
{
  TocsinPolicy *self = g_atomic_rc_box_new0 (TocsinPolicy);

  self->protected = tocsin_protected_new ();
  self->time_scale = 1;
  return self;
}

TocsinPolicy *
tocsin_policy_ref (TocsinPolicy *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
tocsin_policy_unref (TocsinPolicy *self)
{
  g_atomic_rc_box_release_full (self, policy_clear);
}
