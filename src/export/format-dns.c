/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Lists that are asked by DNS: a combined dataset of rbldnsd(8), and a response policy zone
 * (draft-vixie-dnsop-dns-rpz) in the syntax of RFC 1035, section 5, for any name server.
 *
 * Rows come in the order of their keys, which never changes, so two exports differ in the lines of
 * what changed and a server that works out differences (IXFR) sends little. The answer of rbldnsd
 * says how sure we are: 127.0.0.2 note, 127.0.0.3 review, 127.0.0.4 block; its TXT says why. The
 * entries that tell a test from a failure are those of RFC 5782, section 5: 127.0.0.2,
 * ::ffff:7f00:2 and "test".
 */
#define G_LOG_DOMAIN "tocsin-export"

#include <gio/gio.h>
#include <string.h>

#include "codec/json-writer.h"
#include "export/formats.h"

#define TTL_SECONDS      300
#define RPZ_V6_GROUPS    8
#define RBLDNSD_SECTIONS 3 /* IPv4, IPv6, names */

/* With "*." before it and a zone's name of 60 after it a name has 255 bytes on the wire. */
#define RPZ_NAME_BYTES 190

static guint
section_of (const TocsinExportRow *row)
{
  if (row->type == TOCSIN_SUBJECT_DOMAIN)
    return 2;
  return tocsin_export_is_v6 (row) ? 1 : 0;
}

/* ---- rbldnsd ---- */

static void
begin_rbldnsd (TocsinExportWriter *self)
{
  tocsin_export_append_title (self, "#");
  g_string_append_printf (self->out, "$SOA %d localhost. hostmaster.localhost. %u 1h 10m 1w 5m\n",
                          TTL_SECONDS, self->info->serial);
  g_string_append_printf (self->out, "$NS %d localhost.\n", TTL_SECONDS);
}

static void
begin_rbldnsd_section (TocsinExportWriter *self)
{
  static const char *const heads[RBLDNSD_SECTIONS] = {
    "$DATASET ip4trie:tocsin-v4 @\n127.0.0.2 :127.0.0.2:Test entry\n",
    "$DATASET ip6trie:tocsin-v6 @\n::ffff:7f00:2 :127.0.0.2:Test entry\n",
    "$DATASET dnset:tocsin-names @\ntest :127.0.0.2:Test entry\n",
  };

  g_string_append (self->out, heads[self->section]);
}

static gboolean
takes_rbldnsd (guint section, const TocsinExportRow *row)
{
  return section == section_of (row);
}

static gboolean
write_rbldnsd (TocsinExportWriter *self, const TocsinExportRow *row)
{
  GString *out = self->out;
  const char *allowed;
  guint i = 0;

  if ((row->type == TOCSIN_SUBJECT_DOMAIN ? !tocsin_export_is_name (row->value)
                                          : !tocsin_export_is_address (row)) ||
      !tocsin_export_can_except (row))
    return FALSE;
  if (row->type == TOCSIN_SUBJECT_DOMAIN)
    g_string_append_c (out, '.'); /* the name and what is below it */
  g_string_append (out, row->value);
  g_string_append (out, " :127.0.0.");
  g_string_append_c (out, (char) ('1' + MAX (row->verdict, TOCSIN_VERDICT_NOTE)));
  g_string_append_c (out, ':');
  tocsin_export_append_reason (out, row->categories);
  g_string_append_c (out, '\n');
  while ((allowed = tocsin_export_next_exception (self, row, &i)) != NULL)
    g_string_append_printf (out, "!.%s\n", allowed);
  return TRUE;
}

static void
end_rbldnsd (TocsinExportWriter *self)
{
  tocsin_export_append_foot (self, "#");
}

const TocsinExportFormat tocsin_export_rbldnsd = {
  .name = "rbldnsd",
  .content_type = "text/plain; charset=utf-8",
  .types = TOCSIN_EXPORT_ADDRESSES | TOCSIN_EXPORT_DOMAINS,
  .possible = TOCSIN_EXPORT_ADDRESSES | TOCSIN_EXPORT_DOMAINS,
  .least = TOCSIN_VERDICT_REVIEW,
  .n_sections = RBLDNSD_SECTIONS,
  .canary = "127.0.0.2",
  .takes = takes_rbldnsd,
  .begin = begin_rbldnsd,
  .begin_section = begin_rbldnsd_section,
  .row = write_rbldnsd,
  .end = end_rbldnsd,
};

/* ---- rpz ---- */

static void
begin_rpz (TocsinExportWriter *self)
{
  tocsin_export_append_title (self, ";");
  g_string_append_printf (self->out,
                          "$TTL %d\n"
                          "@ SOA localhost. hostmaster.localhost. %u 3600 600 604800 300\n"
                          "@ NS localhost.\n" TOCSIN_EXPORT_CANARY_NAME " CNAME .\n",
                          TTL_SECONDS, self->info->serial);
}

/* The longest run of zero groups is "zz"; what is written is in reverse. */
static void
append_rpz_v6 (GString *out, const guint8 *bytes)
{
  guint16 groups[RPZ_V6_GROUPS];
  int best = -1, best_length = 1;
  gboolean first = TRUE;

  for (int i = 0; i < RPZ_V6_GROUPS; i++)
    groups[i] = (guint16) (bytes[2 * i] << 8 | bytes[2 * i + 1]);
  for (int i = 0; i < RPZ_V6_GROUPS; i++)
    {
      int length = 0;

      while (i + length < RPZ_V6_GROUPS && groups[i + length] == 0)
        length++;
      if (length > best_length)
        {
          best = i;
          best_length = length;
        }
    }
  for (int i = RPZ_V6_GROUPS - 1; i >= 0; i--)
    {
      if (!first)
        g_string_append_c (out, '.');
      first = FALSE;
      if (best >= 0 && i == best + best_length - 1)
        {
          g_string_append (out, "zz");
          i = best;
        }
      else
        g_string_append_printf (out, "%x", groups[i]);
    }
}

/* LENGTH.ADDRESS-IN-REVERSE.rpz-ip: answers that hold the address. */
static gboolean
append_rpz_ip (GString *out, const char *value)
{
  const char *slash = strchr (value, '/');
  g_autofree char *text =
      slash != NULL ? g_strndup (value, (gsize) (slash - value)) : g_strdup (value);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  const guint8 *bytes;
  guint64 length;

  if (address == NULL)
    return FALSE;
  length = 8 * g_inet_address_get_native_size (address);
  if (slash != NULL && !g_ascii_string_to_unsigned (slash + 1, 10, 1, length, &length, NULL))
    return FALSE;
  bytes = g_inet_address_to_bytes (address);
  g_string_append_printf (out, "%u.", (guint) length);
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    g_string_append_printf (out, "%u.%u.%u.%u", bytes[3], bytes[2], bytes[1], bytes[0]);
  else
    append_rpz_v6 (out, bytes);
  g_string_append (out, ".rpz-ip CNAME .\n");
  return TRUE;
}

/* Names below these are rules about addresses and name servers, of clients too: who is listed as
 * 8.0.0.0.10.rpz-ip would have a rule of their own choice. No such top-level domain exists. */
static gboolean
is_rpz_trigger (const char *name)
{
  const char *dot = strrchr (name, '.');

  return g_str_has_prefix (dot != NULL ? dot + 1 : name, "rpz-");
}

/* A name that does not fit would make servers refuse the whole zone. */
static gboolean
fits_rpz (const char *name)
{
  return tocsin_export_is_name (name) && strlen (name) <= RPZ_NAME_BYTES && !is_rpz_trigger (name);
}

static void
append_rpz_name (GString *out, const char *name, const char *target)
{
  g_string_append_printf (out, "%s CNAME %s\n*.%s CNAME %s\n", name, target, name, target);
}

static gboolean
write_rpz (TocsinExportWriter *self, const TocsinExportRow *row)
{
  const char *allowed;
  guint i = 0;

  if (row->type != TOCSIN_SUBJECT_DOMAIN)
    return tocsin_export_is_address (row) && append_rpz_ip (self->out, row->value);
  if (!fits_rpz (row->value))
    return FALSE;
  for (guint k = 0; row->allowed != NULL && k < row->allowed->len; k++)
    if (!fits_rpz (g_ptr_array_index (row->allowed, k)))
      return FALSE;
  append_rpz_name (self->out, row->value, ".");
  while ((allowed = tocsin_export_next_exception (self, row, &i)) != NULL)
    append_rpz_name (self->out, allowed, "rpz-passthru.");
  return TRUE;
}

static void
end_rpz (TocsinExportWriter *self)
{
  tocsin_export_append_foot (self, ";");
}

const TocsinExportFormat tocsin_export_rpz = {
  .name = "rpz",
  .content_type = "text/dns; charset=utf-8",
  .types = TOCSIN_EXPORT_DOMAINS,
  .possible = TOCSIN_EXPORT_ADDRESSES | TOCSIN_EXPORT_DOMAINS,
  .least = TOCSIN_VERDICT_BLOCK,
  .n_sections = 1,
  .canary = TOCSIN_EXPORT_CANARY_NAME,
  .begin = begin_rpz,
  .row = write_rpz,
  .end = end_rpz,
};
