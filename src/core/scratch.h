/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/**
 * TOCSIN_UNZEROED:
 *
 * For a large variable on the stack of what runs at every check, all of which is written before it
 * is read. The build has every other variable zeroed (-ftrivial-auto-var-init), which is worth its
 * price but for some kilobytes of scratch space a time.
 */
#define TOCSIN_UNZEROED __attribute__ ((uninitialized))
