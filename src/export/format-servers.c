/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Tables that servers and firewalls include: nginx, Postfix, nftables. Here a list is configuration
 * that runs with a server's rights. So a value is either of characters that mean nothing to the
 * syntax (tocsin_export_is_address(), tocsin_export_is_name()), or in the one quoted form of
 * append_nginx_string(); anything else is left out and counted as skipped.
 */
#define G_LOG_DOMAIN "tocsin-export"

#include <string.h>

#include "core/hash.h"
#include "export/formats.h"

#define NFT_ROWS_A_COMMAND 1000
#define NFT_TABLE          "inet tocsin"

static void
begin_hash (TocsinExportWriter *self)
{
  tocsin_export_append_title (self, "#");
}

static void
end_hash (TocsinExportWriter *self)
{
  tocsin_export_append_foot (self, "#");
}

/* ---- nginx-geo: geo $tocsin { default allow; include FILE; } ---- */

static void
begin_geo (TocsinExportWriter *self)
{
  begin_hash (self);
  g_string_append (self->out,
                   TOCSIN_EXPORT_CANARY_V4 " block;\n" TOCSIN_EXPORT_CANARY_V6 " block;\n");
}

static gboolean
write_geo (TocsinExportWriter *self, const TocsinExportRow *row)
{
  if (!tocsin_export_is_address (row))
    return FALSE;
  g_string_append (self->out, row->value);
  g_string_append_c (self->out, ' ');
  g_string_append (self->out, tocsin_verdict_to_string (row->verdict));
  g_string_append (self->out, ";\n");
  return TRUE;
}

const TocsinExportFormat tocsin_export_nginx_geo = {
  .name = "nginx-geo",
  .content_type = "text/plain; charset=utf-8",
  .types = TOCSIN_EXPORT_ADDRESSES,
  .possible = TOCSIN_EXPORT_ADDRESSES,
  .says_verdict = TRUE,
  .least = TOCSIN_VERDICT_BLOCK,
  .n_sections = 1,
  .canary = TOCSIN_EXPORT_CANARY_V4,
  .begin = begin_geo,
  .row = write_geo,
  .end = end_hash,
};

/* ---- nginx-map: map $host $tocsin { hostnames; default allow; include FILE; } ----
 * Without names in it, for a map without `hostnames`. */

static void
begin_map (TocsinExportWriter *self)
{
  begin_hash (self);
  /* Names are in one spelling, and each is there once. */
  if (self->info->types != TOCSIN_EXPORT_DOMAINS)
    self->seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_string_append (self->out, "." TOCSIN_EXPORT_CANARY_NAME " block;\n");
}

/* A double-quoted parameter: nginx takes the escapes \" and \\ in it. It is never in the place of
 * a name that nginx knows or of a regular expression, since a backslash goes before. */
static gboolean
append_nginx_string (GString *out, const char *value)
{
  for (const char *p = value; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return FALSE;
  g_string_append (out, "\"\\\\");
  for (; *value != '\0'; value++)
    {
      if (*value == '"' || *value == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *value);
    }
  g_string_append_c (out, '"');
  return TRUE;
}

/* nginx compares without case and refuses a map in which two keys are equal to it; a URL and an
 * actor may be spelt the same, too. */
static gboolean
is_new_key (TocsinExportWriter *self, const char *value)
{
  g_autofree char *lower = self->seen != NULL ? g_ascii_strdown (value, -1) : NULL;
  TocsinId id;

  if (lower == NULL)
    return TRUE;
  id = tocsin_id_for_string (lower);
  return g_hash_table_add (self->seen, g_memdup2 (id.bytes, sizeof (guint64)));
}

/* In a map with names, which needs `hostnames`, nginx takes a star at an end and a dot before for a
 * pattern, and refuses the file for other stars and for two dots. */
static gboolean
is_no_pattern (const TocsinExportWriter *self, const char *value)
{
  return (self->info->types & TOCSIN_EXPORT_DOMAINS) == 0 ||
         (value[0] != '.' && strchr (value, '*') == NULL && strstr (value, "..") == NULL);
}

static gboolean
write_map (TocsinExportWriter *self, const TocsinExportRow *row)
{
  const char *allowed;
  guint i = 0;

  /* Of a list from allow on an allowed name may be a row itself, and nginx wants each once. */
  if (!tocsin_export_can_except (row) ||
      (row->allowed != NULL && self->info->least == TOCSIN_VERDICT_ALLOW) ||
      !is_new_key (self, row->value))
    return FALSE;
  if (row->type == TOCSIN_SUBJECT_DOMAIN)
    {
      if (!tocsin_export_is_name (row->value))
        return FALSE;
      g_string_append_c (self->out, '.');
      g_string_append (self->out, row->value);
    }
  else if (!is_no_pattern (self, row->value) || !append_nginx_string (self->out, row->value))
    return FALSE;
  g_string_append_c (self->out, ' ');
  g_string_append (self->out, tocsin_verdict_to_string (row->verdict));
  g_string_append (self->out, ";\n");
  while ((allowed = tocsin_export_next_exception (self, row, &i)) != NULL)
    g_string_append_printf (self->out, ".%s allow;\n", allowed);
  return TRUE;
}

const TocsinExportFormat tocsin_export_nginx_map = {
  .name = "nginx-map",
  .content_type = "text/plain; charset=utf-8",
  .types = TOCSIN_EXPORT_DOMAINS,
  .possible = TOCSIN_EXPORT_ALL,
  .says_verdict = TRUE,
  .least = TOCSIN_VERDICT_BLOCK,
  .n_sections = 1,
  .canary = TOCSIN_EXPORT_CANARY_NAME,
  .begin = begin_map,
  .row = write_map,
  .end = end_hash,
};

/* ---- postfix: access(5), for postmap; postfix-cidr: cidr_table(5) ---- */

static void
begin_postfix (TocsinExportWriter *self)
{
  begin_hash (self);
  g_string_append (self->out, TOCSIN_EXPORT_CANARY_NAME " REJECT Test entry\n");
}

static void
begin_postfix_cidr (TocsinExportWriter *self)
{
  begin_hash (self);
  g_string_append (self->out, TOCSIN_EXPORT_CANARY_V4 " REJECT Test entry\n");
}

/* To review is to wait: the sender tries again while a person looks. */
static void
append_action (GString *out, const TocsinExportRow *row)
{
  g_string_append (out, row->verdict == TOCSIN_VERDICT_BLOCK ? " REJECT " : " DEFER ");
  tocsin_export_append_reason (out, row->categories);
  g_string_append_c (out, '\n');
}

/* An e-mail address that Postfix reads as one pattern. */
static gboolean
is_plain_email (const char *value)
{
  const char *at = strchr (value, '@');

  return at != NULL && at != value && tocsin_export_is_name (at + 1) &&
         strspn (value, "abcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+-/=?^_`{|}~") ==
             (gsize) (at - value) &&
         *value != '#';
}

static gboolean
write_postfix (TocsinExportWriter *self, const TocsinExportRow *row)
{
  const char *allowed;
  gboolean fits;
  guint i = 0;

  if (row->type == TOCSIN_SUBJECT_IP)
    fits = tocsin_export_is_address (row);
  else if (row->type == TOCSIN_SUBJECT_EMAIL)
    fits = is_plain_email (row->value);
  else
    fits = tocsin_export_is_name (row->value) && tocsin_export_can_except (row);
  if (!fits)
    return FALSE;
  g_string_append (self->out, row->value);
  append_action (self->out, row);
  while ((allowed = tocsin_export_next_exception (self, row, &i)) != NULL)
    g_string_append_printf (self->out, "%s DUNNO\n", allowed);
  return TRUE;
}

const TocsinExportFormat tocsin_export_postfix = {
  .name = "postfix",
  .content_type = "text/plain; charset=utf-8",
  .types = TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_IP) | TOCSIN_EXPORT_DOMAINS |
           TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_EMAIL),
  .possible = TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_IP) | TOCSIN_EXPORT_DOMAINS |
              TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_EMAIL),
  .least = TOCSIN_VERDICT_BLOCK,
  .n_sections = 1,
  .canary = TOCSIN_EXPORT_CANARY_NAME,
  .begin = begin_postfix,
  .row = write_postfix,
  .end = end_hash,
};

static gboolean
write_postfix_cidr (TocsinExportWriter *self, const TocsinExportRow *row)
{
  if (!tocsin_export_is_address (row))
    return FALSE;
  g_string_append (self->out, row->value);
  append_action (self->out, row);
  return TRUE;
}

/* Postfix takes the first line that fits and a check the strictest verdict: so blocks come first.
 */
static gboolean
takes_postfix_cidr (guint section, TocsinVerdict verdict)
{
  return section == (verdict == TOCSIN_VERDICT_BLOCK ? 0 : 1);
}

const TocsinExportFormat tocsin_export_postfix_cidr = {
  .name = "postfix-cidr",
  .content_type = "text/plain; charset=utf-8",
  .types = TOCSIN_EXPORT_ADDRESSES,
  .possible = TOCSIN_EXPORT_ADDRESSES,
  .least = TOCSIN_VERDICT_BLOCK,
  .n_sections = 2,
  .canary = TOCSIN_EXPORT_CANARY_V4,
  .takes_verdict = takes_postfix_cidr,
  .begin = begin_postfix_cidr,
  .row = write_postfix_cidr,
  .end = end_hash,
};

/* ---- nftables: two sets, replaced in one transaction by nft -f ---- */

static void
begin_nft (TocsinExportWriter *self)
{
  begin_hash (self);
  g_string_append (self->out,
                   "add table " NFT_TABLE "\n"
                   "add set " NFT_TABLE " listed4 { type ipv4_addr; flags interval; auto-merge; }\n"
                   "add set " NFT_TABLE " listed6 { type ipv6_addr; flags interval; auto-merge; }\n"
                   "flush set " NFT_TABLE " listed4\n"
                   "flush set " NFT_TABLE " listed6\n");
}

static const char *
nft_set (guint section)
{
  return section == 0 ? "listed4" : "listed6";
}

static void
begin_nft_section (TocsinExportWriter *self)
{
  g_string_append_printf (self->out, "add element " NFT_TABLE " %s { %s }\n",
                          nft_set (self->section),
                          self->section == 0 ? TOCSIN_EXPORT_CANARY_V4 : TOCSIN_EXPORT_CANARY_V6);
}

static gboolean
takes_nft (guint section, const TocsinExportRow *row)
{
  return section == (tocsin_export_is_v6 (row) ? 1 : 0);
}

static gboolean
write_nft (TocsinExportWriter *self, const TocsinExportRow *row)
{
  if (!tocsin_export_is_address (row))
    return FALSE;
  /* One command holds many elements, and not all: nft reads a command as a whole. */
  if (self->in_block == 0)
    g_string_append_printf (self->out, "add element " NFT_TABLE " %s {\n", nft_set (self->section));
  else
    g_string_append (self->out, ",\n");
  g_string_append (self->out, row->value);
  self->in_block++;
  if (self->in_block == NFT_ROWS_A_COMMAND)
    {
      g_string_append (self->out, "\n}\n");
      self->in_block = 0;
    }
  return TRUE;
}

static void
end_nft_section (TocsinExportWriter *self)
{
  if (self->in_block > 0)
    g_string_append (self->out, "\n}\n");
  self->in_block = 0;
}

const TocsinExportFormat tocsin_export_nftables = {
  .name = "nftables",
  .content_type = "text/plain; charset=utf-8",
  .types = TOCSIN_EXPORT_ADDRESSES,
  .possible = TOCSIN_EXPORT_ADDRESSES,
  .least = TOCSIN_VERDICT_BLOCK,
  .n_sections = 2,
  .canary = TOCSIN_EXPORT_CANARY_V4,
  .takes = takes_nft,
  .begin = begin_nft,
  .begin_section = begin_nft_section,
  .row = write_nft,
  .end_section = end_nft_section,
  .end = end_hash,
};
