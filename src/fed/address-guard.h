/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TocsinAddressGuard:
 *
 * Which addresses this node may connect to: the global ones, and those that the operator named
 * with `--allow-address`. Immutable and atomically reference-counted; any thread may ask it.
 */
typedef struct _TocsinAddressGuard TocsinAddressGuard;

TocsinAddressGuard *tocsin_address_guard_new (const char *const *allow,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinAddressGuard *tocsin_address_guard_ref (TocsinAddressGuard *self);
void tocsin_address_guard_unref (TocsinAddressGuard *self);
gboolean tocsin_address_guard_allows (const TocsinAddressGuard *self, GInetAddress *address);
gboolean tocsin_address_guard_names (const TocsinAddressGuard *self, GInetAddress *address);
gboolean tocsin_address_guard_is_relaxed (const TocsinAddressGuard *self);

/* An address, or a network in CIDR form, without bits past its length. %NULL: it is none; GLib 2.74
 * would warn of a length beyond 128. */
GInetAddressMask *tocsin_address_mask_parse (const char *text) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinAddressGuard, tocsin_address_guard_unref)

G_END_DECLS
