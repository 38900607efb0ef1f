/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>
#include <string.h>

#include "core/hash.h"

G_BEGIN_DECLS

/* Private to the store: how keys and records look in the map. */

/**
 * TocsinKey: a key being put together. Numbers are big-endian, so that the order of keys is the
 * order of numbers.
 */
typedef struct
{
  guint8 bytes[48];
  gsize size;
} TocsinKey;

/* Appends; a key that does not fit is a programmer's error. */
static inline void
tocsin_key_add (TocsinKey *self, gconstpointer data, gsize size)
{
  g_assert (self->size + size <= sizeof self->bytes);
  memcpy (self->bytes + self->size, data, size);
  self->size += size;
}

/* Appends one byte. */
static inline void
tocsin_key_add_u8 (TocsinKey *self, guint8 value)
{
  tocsin_key_add (self, &value, sizeof value);
}

/* Appends 4 bytes, big-endian. */
static inline void
tocsin_key_add_u32 (TocsinKey *self, guint32 value)
{
  guint32 be = GUINT32_TO_BE (value);

  tocsin_key_add (self, &be, sizeof be);
}

/* Appends 8 bytes, big-endian. */
static inline void
tocsin_key_add_u64 (TocsinKey *self, guint64 value)
{
  guint64 be = GUINT64_TO_BE (value);

  tocsin_key_add (self, &be, sizeof be);
}

/* A key of one number of 4 bytes. */
static inline TocsinKey
tocsin_key_u32 (guint32 value)
{
  TocsinKey key = { .size = 0 };

  tocsin_key_add_u32 (&key, value);
  return key;
}

/* A key of one number of 8 bytes. */
static inline TocsinKey
tocsin_key_u64 (guint64 value)
{
  TocsinKey key = { .size = 0 };

  tocsin_key_add_u64 (&key, value);
  return key;
}

/* A key of two numbers: 4 bytes, then 8. */
static inline TocsinKey
tocsin_key_u32_u64 (guint32 a, guint64 b)
{
  TocsinKey key = tocsin_key_u32 (a);

  tocsin_key_add_u64 (&key, b);
  return key;
}

/* A key of two numbers of 8 bytes each. */
static inline TocsinKey
tocsin_key_u64_u64 (guint64 a, guint64 b)
{
  TocsinKey key = tocsin_key_u64 (a);

  tocsin_key_add_u64 (&key, b);
  return key;
}

static inline TocsinKey
tocsin_key_id (const TocsinId *id)
{
  TocsinKey key = { .size = 0 };

  tocsin_key_add (&key, id->bytes, sizeof id->bytes);
  return key;
}

/* The number of 4 bytes at @data, which has no alignment. */
static inline guint32
tocsin_key_read_u32 (gconstpointer data)
{
  guint32 be;

  memcpy (&be, data, sizeof be);
  return GUINT32_FROM_BE (be);
}

/* The number of 8 bytes at @data, which has no alignment. */
static inline guint64
tocsin_key_read_u64 (gconstpointer data)
{
  guint64 be;

  memcpy (&be, data, sizeof be);
  return GUINT64_FROM_BE (be);
}

/**
 * TocsinShape:
 * @size: of the struct
 * @fields: in the order in which they are stored
 * @clear: (nullable): of an element of an array
 *
 * How a struct is stored: plain members as they are in memory (the store is of one machine),
 * strings and bytes with their length before them.
 */
typedef struct _TocsinShape TocsinShape;

typedef enum
{
  TOCSIN_FIELD_PLAIN,  /* copied */
  TOCSIN_FIELD_STRING, /* char *, nullable, UTF-8; the NUL is stored, so it can be read in place */
  TOCSIN_FIELD_BYTES,  /* GBytes *, nullable */
  TOCSIN_FIELD_ARRAY,  /* GArray * of structs, nullable when empty */
} TocsinFieldKind;

typedef struct
{
  TocsinFieldKind kind;
  gsize offset;
  gsize size;
  const TocsinShape *element;
} TocsinField;

struct _TocsinShape
{
  gsize size;
  const TocsinField *fields;
  gsize n_fields;
  GDestroyNotify clear;
};

#define TOCSIN_PLAIN(Type, member)                                                                 \
  {                                                                                                \
    TOCSIN_FIELD_PLAIN, G_STRUCT_OFFSET (Type, member), sizeof (((Type *) 0)->member), NULL        \
  }
#define TOCSIN_STRING(Type, member)                                                                \
  {                                                                                                \
    TOCSIN_FIELD_STRING, G_STRUCT_OFFSET (Type, member), sizeof (char *), NULL                     \
  }
#define TOCSIN_BYTES(Type, member)                                                                 \
  {                                                                                                \
    TOCSIN_FIELD_BYTES, G_STRUCT_OFFSET (Type, member), sizeof (GBytes *), NULL                    \
  }
#define TOCSIN_ARRAY(Type, member, shape)                                                          \
  {                                                                                                \
    TOCSIN_FIELD_ARRAY, G_STRUCT_OFFSET (Type, member), sizeof (GArray *), (shape)                 \
  }
#define TOCSIN_SHAPE(Type, fields, clear)                                                          \
  {                                                                                                \
    sizeof (Type), fields, G_N_ELEMENTS (fields), clear                                            \
  }

/* Appends @record as it is stored. */
void tocsin_shape_pack (const TocsinShape *shape, gconstpointer record, GByteArray *out);

/* Overwrites @record, which owns nothing yet. %FALSE, and @record is zero, if @data is not exactly
 * such a record: damage. */
gboolean tocsin_shape_unpack (const TocsinShape *shape,
                              gconstpointer data,
                              gsize size,
                              gpointer record) G_GNUC_WARN_UNUSED_RESULT;
/* The first @n_fields of them alone, which are plain or strings: these stay where they are, and
 * @record is as good as @data. It owns nothing, and all else of it is zero. */
gboolean tocsin_shape_peek (const TocsinShape *shape,
                            gsize n_fields,
                            gconstpointer data,
                            gsize size,
                            gpointer record) G_GNUC_WARN_UNUSED_RESULT;
/* Frees what @record owns and zeroes it. */
void tocsin_shape_clear (const TocsinShape *shape, gpointer record);

G_END_DECLS
