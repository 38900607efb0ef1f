/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/keyspace.h"

typedef struct
{
  const guint8 *data;
  gsize left;
} Input;

static void
pack_u32 (GByteArray *out, guint32 value)
{
  g_byte_array_append (out, (const guint8 *) &value, sizeof value);
}

static gboolean
take (Input *in, gpointer out, gsize size)
{
  if (in->left < size)
    return FALSE;
  memcpy (out, in->data, size);
  in->data += size;
  in->left -= size;
  return TRUE;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as a shape has elements of another, two. */
static void
pack_field (const TocsinField *field, gconstpointer member, GByteArray *out)
{
  switch (field->kind)
    {
    case TOCSIN_FIELD_PLAIN:
      g_byte_array_append (out, member, (guint) field->size);
      break;

    case TOCSIN_FIELD_STRING:
      {
        const char *text = *(char *const *) member;
        guint32 size = text == NULL ? 0 : (guint32) strlen (text) + 1;

        pack_u32 (out, size);
        if (size > 0)
          g_byte_array_append (out, (const guint8 *) text, size);
        break;
      }

    case TOCSIN_FIELD_BYTES:
      {
        GBytes *bytes = *(GBytes *const *) member;
        gsize size = 0;
        const guint8 *data = bytes == NULL ? NULL : g_bytes_get_data (bytes, &size);

        /* 0 is NULL; n + 1 is n bytes. */
        pack_u32 (out, bytes == NULL ? 0 : (guint32) size + 1);
        if (size > 0)
          g_byte_array_append (out, data, (guint) size);
        break;
      }

    case TOCSIN_FIELD_ARRAY:
    default:
      {
        const GArray *array = *(GArray *const *) member;
        guint32 n = array == NULL ? 0 : array->len;

        pack_u32 (out, n);
        for (guint32 i = 0; i < n; i++)
          tocsin_shape_pack (field->element, array->data + i * field->element->size, out);
        break;
      }
    }
}

void
tocsin_shape_pack (const TocsinShape *shape, gconstpointer record, GByteArray *out)
{
  for (gsize i = 0; i < shape->n_fields; i++)
    pack_field (&shape->fields[i], (const guint8 *) record + shape->fields[i].offset, out);
}

static gboolean unpack_record (const TocsinShape *shape, Input *in, gpointer record);

static gboolean
peek_string (Input *in, const char **out)
{
  guint32 size;

  if (!take (in, &size, sizeof size) || size > in->left)
    return FALSE;
  if (size == 0)
    return TRUE;
  if (memchr (in->data, '\0', size) != in->data + size - 1)
    return FALSE;
  *out = (const char *) in->data;
  in->data += size;
  in->left -= size;
  return TRUE;
}

static gboolean
unpack_string (Input *in, char **out)
{
  const char *text = NULL;

  if (!peek_string (in, &text))
    return FALSE;
  *out = g_strdup (text);
  return TRUE;
}

static gboolean
unpack_bytes (Input *in, GBytes **out)
{
  guint32 size;

  if (!take (in, &size, sizeof size))
    return FALSE;
  if (size == 0)
    return TRUE;
  size--;
  if (size > in->left)
    return FALSE;
  *out = g_bytes_new (in->data, size);
  in->data += size;
  in->left -= size;
  return TRUE;
}

static gboolean
unpack_array (const TocsinShape *element, Input *in, GArray **out)
{
  guint32 n;

  /* However large: each element takes some of what is left, so a wrong number soon ends this. */
  if (!take (in, &n, sizeof n))
    return FALSE;
  if (n == 0)
    return TRUE;
  *out = g_array_new (FALSE, TRUE, (guint) element->size);
  if (element->clear != NULL)
    g_array_set_clear_func (*out, element->clear);
  for (guint32 i = 0; i < n; i++)
    {
      g_array_set_size (*out, i + 1);
      if (!unpack_record (element, in, (*out)->data + i * element->size))
        return FALSE;
    }
  return TRUE;
}

static gboolean
unpack_record (const TocsinShape *shape, Input *in, gpointer record)
{
  gboolean ok = TRUE;

  for (gsize i = 0; ok && i < shape->n_fields; i++)
    {
      const TocsinField *field = &shape->fields[i];
      gpointer member = (guint8 *) record + field->offset;

      switch (field->kind)
        {
        case TOCSIN_FIELD_PLAIN:
          ok = take (in, member, field->size);
          break;
        case TOCSIN_FIELD_STRING:
          ok = unpack_string (in, member);
          break;
        case TOCSIN_FIELD_BYTES:
          ok = unpack_bytes (in, member);
          break;
        case TOCSIN_FIELD_ARRAY:
        default:
          ok = unpack_array (field->element, in, member);
          break;
        }
    }
  return ok;
}
/* NOLINTEND(misc-no-recursion) */

gboolean
tocsin_shape_unpack (const TocsinShape *shape, gconstpointer data, gsize size, gpointer record)
{
  Input in = { .data = data, .left = size };

  memset (record, 0, shape->size);
  if (unpack_record (shape, &in, record) && in.left == 0)
    return TRUE;
  tocsin_shape_clear (shape, record);
  return FALSE;
}

gboolean
tocsin_shape_peek (
    const TocsinShape *shape, gsize n_fields, gconstpointer data, gsize size, gpointer record)
{
  Input in = { .data = data, .left = size };

  memset (record, 0, shape->size);
  for (gsize i = 0; i < n_fields; i++)
    {
      const TocsinField *field = &shape->fields[i];
      gpointer member = (guint8 *) record + field->offset;

      if (!(field->kind == TOCSIN_FIELD_STRING ? peek_string (&in, member)
                                               : take (&in, member, field->size)))
        return FALSE;
    }
  return TRUE;
}

void
tocsin_shape_clear (const TocsinShape *shape, gpointer record)
{
  for (gsize i = 0; i < shape->n_fields; i++)
    {
      const TocsinField *field = &shape->fields[i];
      gpointer member = (guint8 *) record + field->offset;

      if (field->kind == TOCSIN_FIELD_STRING)
        g_clear_pointer ((char **) member, g_free);
      else if (field->kind == TOCSIN_FIELD_BYTES)
        g_clear_pointer ((GBytes **) member, g_bytes_unref);
      else if (field->kind == TOCSIN_FIELD_ARRAY)
        g_clear_pointer ((GArray **) member, g_array_unref);
    }
  memset (record, 0, shape->size);
}
