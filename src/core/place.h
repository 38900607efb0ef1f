/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinPlace: where a database believes an address to be. It says nothing about what is done from
 * there, so it moves no verdict.
 * @name: (owned): a country, or who runs a network
 * @number: of the autonomous system; 0: @name is a country
 * @title: (unowned): the database
 * @as_of_us: when it was last read or confirmed
 */
typedef struct
{
  char *name;
  guint32 number;
  const char *title;
  gint64 as_of_us;
} TocsinPlace;

G_END_DECLS
