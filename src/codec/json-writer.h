/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinJsonWriter:
 * @out: (unowned): where the text goes
 * @comma: whether a comma stands before what comes next
 *
 * Writes one JSON text into a buffer as it is said, with no tree in between. It keeps commas
 * and escapes right; that what was begun is ended, and that a name stands before each value
 * of an object, is the caller's part. A plain value on the stack; nothing to free.
 */
typedef struct
{
  GString *out;
  gboolean comma;
} TocsinJsonWriter;

#define TOCSIN_JSON_WRITER_INIT(buffer)                                                            \
  {                                                                                                \
    .out = (buffer)                                                                                \
  }

/* Structure: each begin has its end, and each value of an object its name before it. */
void tocsin_json_writer_begin_object (TocsinJsonWriter *self);
void tocsin_json_writer_end_object (TocsinJsonWriter *self);
void tocsin_json_writer_begin_array (TocsinJsonWriter *self);
void tocsin_json_writer_end_array (TocsinJsonWriter *self);
void tocsin_json_writer_name (TocsinJsonWriter *self, const char *name);

/* Values: elements of an array, or of the name written last. */
void tocsin_json_writer_string (TocsinJsonWriter *self,
                                const char *value); /* UTF-8; NULL writes null */
void tocsin_json_writer_string_len (TocsinJsonWriter *self, const char *value, gsize size);
void tocsin_json_writer_int (TocsinJsonWriter *self, gint64 value);
void tocsin_json_writer_double (TocsinJsonWriter *self,
                                double value); /* 6 decimals; NaN and infinities write null */
void tocsin_json_writer_bool (TocsinJsonWriter *self, gboolean value);
void tocsin_json_writer_null (TocsinJsonWriter *self);
void tocsin_json_writer_raw (TocsinJsonWriter *self, const char *json, gsize size);

/* A name and its value. */
void tocsin_json_writer_member_string (TocsinJsonWriter *self, const char *name, const char *value);
void tocsin_json_writer_member_int (TocsinJsonWriter *self, const char *name, gint64 value);
void tocsin_json_writer_member_double (TocsinJsonWriter *self, const char *name, double value);
void tocsin_json_writer_member_bool (TocsinJsonWriter *self, const char *name, gboolean value);

/* The bare tools: a quoted, escaped string and decimal digits, without any comma. */
void tocsin_json_append_string (GString *out, const char *value, gsize size);
void tocsin_json_append_int (GString *out, gint64 value);

G_END_DECLS
