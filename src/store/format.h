/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn-private.h"

G_BEGIN_DECLS

/* Private to the store: what a file has to be for this version to open it. */

/**
 * tocsin_format_explain:
 * @file: path of the data file
 * @rc: why LMDB would not open it
 * @error: (out): %TOCSIN_ERROR_UNSUPPORTED where it is of another machine or program, else as
 *   tocsin_store_error_from_rc()
 *
 * Returns: %FALSE
 */
gboolean tocsin_format_explain (const char *file, int rc, GError **error);

/**
 * tocsin_format_begin_anew:
 * @file: path of the data file, before LMDB opens it and while nobody else may
 *
 * Empties what a first start left that had no room for its two first pages: LMDB would refuse it
 * for ever. A file that may hold anything is left as it is.
 *
 * Returns: an LMDB code
 */
int tocsin_format_begin_anew (const char *file);

/**
 * tocsin_format_check_pages:
 * @file: path of the data file, before LMDB opens it
 *
 * LMDB divides by the page size that a file names, whatever that is.
 *
 * Returns: an LMDB code, %MDB_CORRUPTED where it is none
 */
int tocsin_format_check_pages (const char *file);

/**
 * tocsin_format_look:
 * @env: an environment that was just opened
 * @file: path of the data file
 * @error: return location for an error, or %NULL
 *
 * Looks whether the tables are ours and not of a newer version, and reads both ends of each, before
 * anything is written. What is refused is byte for byte what it was; what is taken may have got
 * zeros at its end, for free pages that LMDB had left out.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNSUPPORTED if not, or %TOCSIN_ERROR_STORE
 */
gboolean tocsin_format_look (MDB_env *env, const char *file, GError **error);

/* Reads both ends of @table: finds what a copy that was cut short lacks. An LMDB code. */
int tocsin_format_touch (MDB_txn *txn, MDB_dbi table);

/* A #TocsinWriteFunc: writes the format into a new store, brings an older one up to it. */
gboolean tocsin_format_settle (TocsinTxn *txn, gpointer data, GError **error);

G_END_DECLS
