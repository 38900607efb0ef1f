/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * tocsin_domain_block_accuses:
 * @domain: as the list has it
 * @severity: (nullable): as the list has it; %NULL where it has none
 *
 * Whether a row of domain blocks, as Mastodon exports them, says anything about a domain: one of
 * severity noop blocks nothing, and an obfuscated name ("ex***le.org") can be looked up by nobody.
 */
gboolean tocsin_domain_block_accuses (const char *domain, const char *severity);

G_END_DECLS
