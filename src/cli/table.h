/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "cli/terminal.h"

G_BEGIN_DECLS

/**
 * TocsinTable:
 *
 * Rows and columns of text for a person. Cells are cleaned as they come in, so anyone's words may
 * be in them.
 */
typedef struct _TocsinTable TocsinTable;

TocsinTable *tocsin_table_new (guint n_columns,
                               const char *const *titles) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_table_free (TocsinTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinTable, tocsin_table_free)

/* For a column of numbers. */
void tocsin_table_align_right (TocsinTable *self, guint column);
void tocsin_table_keep_whole (TocsinTable *self, guint column);
void tocsin_table_add (TocsinTable *self, const char *text);
/* The next cell, in a colour where there is a terminal. %NULL or "" shows as a dash. */
void tocsin_table_add_toned (TocsinTable *self, const char *text, TocsinTone tone);
/* Rows that are whole, without the titles. */
guint tocsin_table_n_rows (const TocsinTable *self);
char *tocsin_table_render (const TocsinTable *self,
                           guint width,
                           gboolean colour) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_table_print (const TocsinTable *self);

G_END_DECLS
