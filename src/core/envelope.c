/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/envelope.h"

#include <string.h>

static void
clear_header (gpointer data)
{
  TocsinHeader *header = data;

  g_free (header->name);
  g_free (header->value);
}

TocsinEnvelope *
tocsin_envelope_new (const char *method, const char *target)
{
  TocsinEnvelope *self = g_new0 (TocsinEnvelope, 1);

  self->method = g_strdup (method);
  self->target = g_strdup (target);
  self->headers = g_array_new (FALSE, FALSE, sizeof (TocsinHeader));
  g_array_set_clear_func (self->headers, clear_header);
  return self;
}

void
tocsin_envelope_free (TocsinEnvelope *self)
{
  if (self == NULL)
    return;
  g_free (self->method);
  g_free (self->target);
  g_array_unref (self->headers);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->remote);
  g_free (self);
}

/* OWS of RFC 9110, section 5.6.3, is space and tab and no other white space. */
static char *
dup_without_outer_space (const char *value)
{
  gsize start = strspn (value, " \t");
  gsize end = strlen (value);

  while (end > start && (value[end - 1] == ' ' || value[end - 1] == '\t'))
    end--;
  return g_strndup (value + start, end - start);
}

void
tocsin_envelope_add_header (TocsinEnvelope *self, const char *name, const char *value)
{
  TocsinHeader header = {
    .name = g_ascii_strdown (name, -1),
    .value = dup_without_outer_space (value),
  };

  g_array_append_val (self->headers, header);
}

const char *
tocsin_envelope_get_header (const TocsinEnvelope *self, const char *name)
{
  for (guint i = 0; i < self->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (self->headers, TocsinHeader, i);

      if (g_ascii_strcasecmp (header->name, name) == 0)
        return header->value;
    }
  return NULL;
}

guint
tocsin_envelope_count_header (const TocsinEnvelope *self, const char *name)
{
  guint n = 0;

  for (guint i = 0; i < self->headers->len; i++)
    if (g_ascii_strcasecmp (g_array_index (self->headers, TocsinHeader, i).name, name) == 0)
      n++;
  return n;
}
