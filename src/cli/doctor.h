/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "cli/control.h"

G_BEGIN_DECLS

/* Private to `tocsin doctor`. */

/* One thing that was looked at. */
typedef struct
{
  const char *name;
  gboolean ok;
  char *text; /* (owned) what is wrong, or how it is */
} TocsinDoctorFinding;

/* Adds a finding; @text is cleaned. */
void tocsin_doctor_add (GArray *findings, const char *name, gboolean ok, const char *text);

/**
 * tocsin_doctor_look_from_outside:
 * @findings: (element-type TocsinDoctorFinding): added to
 * @node: what the node said: its base URL, its actor, the secret of its echo
 *
 * Asks the node by its public address, as a peer does: whether it answers there, whether WebFinger
 * and actor are what a peer needs, and whether what is signed arrives as it was sent.
 */
void tocsin_doctor_look_from_outside (GArray *findings, JsonObject *node);

G_END_DECLS
