/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "core/subject.h"

G_BEGIN_DECLS

/**
 * TocsinProtected:
 *
 * Whom a report of somebody else must not hit before a person has looked at it: this node, and its
 * direct peers (docs/wire "Answers"). Filled by one thread; immutable from then on,
 * and any thread may ask it.
 */
typedef struct _TocsinProtected TocsinProtected;

TocsinProtected *tocsin_protected_new (void) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_protected_free (TocsinProtected *self);

/* The host of @uri, with the names above it, or the address that it is. One that is no URI adds
 * nothing. */
void tocsin_protected_add_host (TocsinProtected *self, const char *uri);

/* An address that no peer's word may have us block. Takes a reference. */
void tocsin_protected_add_address (TocsinProtected *self, GInetAddress *address);

/* The global addresses that this machine's interfaces have now. Behind a translator there are none:
 * an allow entry protects the address outside. */
void tocsin_protected_add_interfaces (TocsinProtected *self);

/**
 * tocsin_protected_concerns:
 * @self: what is protected
 * @subject: the canonical subject of a report, in clear or by digest
 *
 * A domain concerns what is at it and below it, since whoever checks something there hears it; so
 * does the URL of a host's first page; a network concerns what is in it, and an IPv6 address all of
 * its /64. A digest hides none of these names, pages and addresses, nor the actors themselves,
 * whatever type it is said to be of.
 *
 * Returns: %TRUE if a check of something protected would hear of @subject
 */
gboolean tocsin_protected_concerns (const TocsinProtected *self, const TocsinSubject *subject);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinProtected, tocsin_protected_free)

G_END_DECLS
