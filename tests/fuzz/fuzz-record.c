/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Records of the database: whatever is accepted packs to the same bytes again, and damage is
 * refused without harm. */
#include "fuzz.h"

#include "store/keyspace.h"

typedef struct
{
  guint8 small;
  char *text;
} Element;

typedef struct
{
  gint64 number;
  char *text;
  GBytes *bytes;
  GArray *elements;
} Record;

static const TocsinField element_fields[] = {
  TOCSIN_PLAIN (Element, small),
  TOCSIN_STRING (Element, text),
};

static void element_clear (gpointer data);

static const TocsinShape element_shape = TOCSIN_SHAPE (Element, element_fields, element_clear);

static void
element_clear (gpointer data)
{
  tocsin_shape_clear (&element_shape, data);
}

static const TocsinField fields[] = {
  TOCSIN_PLAIN (Record, number),
  TOCSIN_STRING (Record, text),
  TOCSIN_BYTES (Record, bytes),
  TOCSIN_ARRAY (Record, elements, &element_shape),
};

static const TocsinShape shape = TOCSIN_SHAPE (Record, fields, NULL);

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) packed = g_byte_array_new ();
  Record record;

  if (!tocsin_shape_unpack (&shape, data, size, &record))
    {
      g_assert_true (record.text == NULL && record.bytes == NULL && record.elements == NULL);
      return;
    }
  tocsin_shape_pack (&shape, &record, packed);
  g_assert_cmpmem (packed->data, packed->len, data, size);
  tocsin_shape_clear (&shape, &record);
}
