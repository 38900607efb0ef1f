/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What build-aux/gen-categories.py makes of data/categories.csv. For category.c alone.
 */
#pragma once

#include "core/category.h"

G_BEGIN_DECLS

/* By ascending id. */
extern const TocsinCategory tocsin_category_table[];
extern const gsize tocsin_category_table_size;

G_END_DECLS
