/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_JSON_EVENTS_DEPTH        32
#define TOCSIN_JSON_EVENTS_STRING_BYTES 8192

typedef enum
{
  TOCSIN_JSON_EVENT_BEGIN_OBJECT,
  TOCSIN_JSON_EVENT_END_OBJECT,
  TOCSIN_JSON_EVENT_BEGIN_ARRAY,
  TOCSIN_JSON_EVENT_END_ARRAY,
  TOCSIN_JSON_EVENT_STRING,
  TOCSIN_JSON_EVENT_OTHER, /* a number, true, false or null */
} TocsinJsonEventKind;

/**
 * TocsinJsonEvent:
 * @depth: how many objects and arrays it is in; that of a begin and its end is the same
 * @name: (nullable) (unowned): of the member, if it is one
 * @text: (nullable) (unowned): of a string, unescaped; without a NUL
 * @element: in an array, its number from 1
 */
typedef struct
{
  TocsinJsonEventKind kind;
  guint depth;
  const char *name;
  const char *text;
  guint64 element;
} TocsinJsonEvent;

/* %FALSE stops, with @error. */
typedef gboolean (*TocsinJsonEventFunc) (const TocsinJsonEvent *event,
                                         gpointer data,
                                         GError **error);

/**
 * TocsinJsonEvents:
 *
 * Reads a JSON document (RFC 8259, strictly) of any length in pieces of any size, and holds no more
 * of it than one string: for lists that no tree should be made of. Duplicate members are told
 * as they come; documents that are signed or ask for something are read by tocsin_json_parse().
 */
typedef struct _TocsinJsonEvents TocsinJsonEvents;

/* @func is called, with @data, from within tocsin_json_events_push() and _end(). */
TocsinJsonEvents *tocsin_json_events_new (TocsinJsonEventFunc func,
                                          gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_json_events_free (TocsinJsonEvents *self);

/**
 * tocsin_json_events_push:
 * @text: (array length=size): UTF-8, whole characters
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID, which names the line, or what the function said
 */
gboolean
tocsin_json_events_push (TocsinJsonEvents *self, const char *text, gsize size, GError **error);
/* %FALSE if the document is not complete. */
gboolean tocsin_json_events_end (TocsinJsonEvents *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinJsonEvents, tocsin_json_events_free)

G_END_DECLS
