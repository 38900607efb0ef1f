/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "skips.h"
#include "store-fixture.h"
#include "stored.h"

/* A store of tests/data/stores, opened by this version. */

#define MAP_BYTES (G_GUINT64_CONSTANT (64) << 20)

/* @data: its format */
static inline void
set_up_stored (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->dir = g_dir_make_tmp ("tocsin-format-XXXXXX", &error);
  g_assert_no_error (error);
  /* cppcheck-suppress knownConditionTrueFalse ; on other machines it is not */
  if (!stored_fits ())
    return;
  stored_unpack (GPOINTER_TO_UINT (data), f->dir);
  fixture_open (f, MAP_BYTES);
}

static inline gboolean
is_missing (Fixture *f)
{
  if (f->store == NULL)
    skip_test ("The store is of a little-endian machine of 64 bits");
  return f->store == NULL;
}
