/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-export"

#include "export/export.h"

#include <string.h>

#include "core/category.h"
#include "core/clock.h"
#include "core/host.h"
#include "export/formats.h"

#define ADDRESS_MAX_CHARS 43 /* eight groups of four, and a length */

static const TocsinExportFormat *const formats[] = {
  &tocsin_export_json,
  &tocsin_export_csv,
  &tocsin_export_lines,
  &tocsin_export_mastodon_csv,
  &tocsin_export_mastodon_hashes,
  &tocsin_export_fires,
  &tocsin_export_rbldnsd,
  &tocsin_export_rpz,
  &tocsin_export_nginx_geo,
  &tocsin_export_nginx_map,
  &tocsin_export_postfix,
  &tocsin_export_postfix_cidr,
  &tocsin_export_nftables,
  &tocsin_export_stix,
};

const TocsinExportFormat *
tocsin_export_format (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_equal (formats[i]->name, name))
      return formats[i];
  return NULL;
}

const TocsinExportFormat *const *
tocsin_export_formats (gsize *n)
{
  *n = G_N_ELEMENTS (formats);
  return formats;
}

/* ---- what formats share ---- */

/* Loopback and "this host", RFC 6890; of IPv6 all of 0000::/16, where no host lives, so that the
 * network of ::1 is in it. A list of addresses without 127.0.0.1 is what RFC 5782, section 5,
 * wants, too. */
gboolean
tocsin_export_is_own_address (const TocsinExportRow *row)
{
  static const char *const beginnings[] = { "0.", "127.", "::", "0:" };

  if (row->type != TOCSIN_SUBJECT_IP && row->type != TOCSIN_SUBJECT_NETWORK)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (beginnings); i++)
    if (row->value != NULL && g_str_has_prefix (row->value, beginnings[i]))
      return TRUE;
  return FALSE;
}

gboolean
tocsin_export_is_address (const TocsinExportRow *row)
{
  gsize n;

  if ((row->type != TOCSIN_SUBJECT_IP && row->type != TOCSIN_SUBJECT_NETWORK) ||
      tocsin_export_is_own_address (row))
    return FALSE;
  n = strspn (row->value, "0123456789abcdef.:/");
  return n > 0 && n <= ADDRESS_MAX_CHARS && row->value[n] == '\0';
}

gboolean
tocsin_export_is_v6 (const TocsinExportRow *row)
{
  return strchr (row->value, ':') != NULL;
}

gboolean
tocsin_export_is_name (const char *value)
{
  gsize n = strspn (value, "abcdefghijklmnopqrstuvwxyz0123456789-_.");
  gsize label = 0;

  if (n == 0 || value[n] != '\0' || n > TOCSIN_HOST_MAX_BYTES)
    return FALSE;
  for (gsize i = 0; i <= n; i++)
    {
      if (value[i] != '.' && value[i] != '\0')
        {
          label++;
          continue;
        }
      if (label == 0 || label > 63)
        return FALSE;
      label = 0;
    }
  return TRUE;
}

gboolean
tocsin_export_can_except (const TocsinExportRow *row)
{
  for (guint i = 0; row->allowed != NULL && i < row->allowed->len; i++)
    if (!tocsin_export_is_name (g_ptr_array_index (row->allowed, i)))
      return FALSE;
  return TRUE;
}

/* A name may be below two that are listed, and some servers refuse what is there twice. */
const char *
tocsin_export_next_exception (TocsinExportWriter *self, const TocsinExportRow *row, guint *i)
{
  while (row->allowed != NULL && *i < row->allowed->len)
    {
      char *name = g_ptr_array_index (row->allowed, (*i)++);

      if (self->excepted == NULL)
        self->excepted = g_hash_table_new (g_str_hash, g_str_equal);
      if (g_hash_table_add (self->excepted, name))
        return name;
    }
  return NULL;
}

void
tocsin_export_append_slugs (GString *out, guint64 categories, const char *separator)
{
  gboolean first = TRUE;

  for (; categories != 0; categories &= categories - 1)
    {
      const TocsinCategory *category = tocsin_category_by_id ((guint) __builtin_ctzll (categories));

      if (category == NULL)
        continue;
      if (!first)
        g_string_append (out, separator);
      g_string_append (out, category->slug);
      first = FALSE;
    }
}

void
tocsin_export_append_reason (GString *out, guint64 categories)
{
  g_string_append (out, "Reported for ");
  if (categories == 0)
    g_string_append (out, "no category");
  tocsin_export_append_slugs (out, categories, ", ");
}

void
tocsin_export_append_title (TocsinExportWriter *self, const char *mark)
{
  const TocsinExportInfo *info = self->info;
  g_autofree char *as_of = tocsin_time_format (info->as_of_us);

  g_string_append_printf (self->out,
                          "%s Tocsin export %s, generation %" G_GUINT64_FORMAT ", as of %s\n"
                          "%s profile %s, least verdict %s%s\n",
                          mark, self->format->name, info->generation, as_of, mark, info->profile,
                          tocsin_verdict_to_string (info->least),
                          info->observe ? ", observing: own reports only" : "");
}

void
tocsin_export_append_foot (TocsinExportWriter *self, const char *mark)
{
  const char *canary = tocsin_export_canary (self);

  g_string_append_printf (self->out, "%s end: %" G_GUINT64_FORMAT " entries", mark, self->count);
  if (canary != NULL)
    g_string_append_printf (self->out, " and the canary %s", canary);
  g_string_append_c (self->out, '\n');
}

/* ---- the writer ---- */

void
tocsin_export_begin (TocsinExportWriter *self,
                     const TocsinExportFormat *format,
                     const TocsinExportInfo *info,
                     GString *out)
{
  *self = (TocsinExportWriter){ .format = format, .info = info, .out = out };
  self->last = g_string_new (NULL);
  if (format->begin != NULL)
    format->begin (self);
}

void
tocsin_export_begin_section (TocsinExportWriter *self, guint section)
{
  self->section = section;
  if (self->format->begin_section != NULL)
    self->format->begin_section (self);
}

gboolean
tocsin_export_takes (const TocsinExportWriter *self, const TocsinExportRow *row)
{
  return self->format->takes == NULL || self->format->takes (self->section, row);
}

gboolean
tocsin_export_takes_verdict (const TocsinExportWriter *self, TocsinVerdict verdict)
{
  return self->format->takes_verdict == NULL ||
         self->format->takes_verdict (self->section, verdict);
}

/* The canary is in the list already; a second one is an error to some servers. */
static gboolean
is_canary (const TocsinExportWriter *self, const TocsinExportRow *row)
{
  return self->format->canary != NULL && row->value != NULL &&
         g_ascii_strcasecmp (row->value, self->format->canary) == 0;
}

void
tocsin_export_row (TocsinExportWriter *self, const TocsinExportRow *row)
{
  if (row->withheld || is_canary (self, row) || !self->format->row (self, row))
    {
      self->skipped++;
      return;
    }
  self->count++;
  self->last_value = row->value;
}

void
tocsin_export_end_section (TocsinExportWriter *self)
{
  if (self->format->end_section != NULL)
    self->format->end_section (self);
}

void
tocsin_export_end (TocsinExportWriter *self)
{
  if (self->format->end != NULL)
    self->format->end (self);
}

const char *
tocsin_export_canary (const TocsinExportWriter *self)
{
  if (self->format->canary != NULL)
    return self->format->canary;
  return self->last->len > 0 ? self->last->str : self->last_value;
}

void
tocsin_export_clear (TocsinExportWriter *self)
{
  if (self->last != NULL)
    g_string_free (self->last, TRUE);
  self->last = NULL;
  g_clear_pointer (&self->seen, g_hash_table_unref);
  g_clear_pointer (&self->excepted, g_hash_table_unref);
}
