/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/decisions-form.h"

#include <string.h>

#include "codec/json-writer.h"
#include "core/clock.h"

#define ID_BITS         52 /* exact in a double, which is all that some bouncers have */
#define DURATION_MAX_US (24 * TOCSIN_DAY_US) /* ipset counts milliseconds in 31 bits */

static const struct
{
  TocsinSubjectType type;
  const char *name;
} scopes[] = {
  { TOCSIN_SUBJECT_IP, "Ip" },       { TOCSIN_SUBJECT_NETWORK, "Range" },
  { TOCSIN_SUBJECT_EMAIL, "Email" }, { TOCSIN_SUBJECT_DOMAIN, "Domain" },
  { TOCSIN_SUBJECT_URL, "Url" },     { TOCSIN_SUBJECT_USERNAME, "Username" },
  { TOCSIN_SUBJECT_ACTOR, "Actor" },
};

const char *
tocsin_decision_scope (TocsinSubjectType type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (scopes); i++)
    if (scopes[i].type == type)
      return scopes[i].name;
  return NULL;
}

TocsinSubjectType
tocsin_decision_scope_parse (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (scopes); i++)
    if (g_ascii_strcasecmp (scopes[i].name, name) == 0)
      return scopes[i].type;
  return TOCSIN_SUBJECT_NONE;
}

static void
append_duration (GString *out, guint32 expires_s, gint64 now_us)
{
  gint64 left_us = (gint64) expires_s * TOCSIN_SECOND_US - now_us;
  guint seconds = (guint) (CLAMP (left_us, TOCSIN_SECOND_US, DURATION_MAX_US) / TOCSIN_SECOND_US);

  g_string_append_printf (out, "%uh%um%us", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static gint64
id_of (const TocsinSubjectKey *key)
{
  guint64 id = 0;

  for (guint i = 0; i < 8; i++)
    id = id << 8 | key->bytes[i];
  return (gint64) MAX (id >> (64 - ID_BITS), 1);
}

void
tocsin_decision_append (GString *out, const TocsinExportRow *row, gint64 now_us)
{
  gboolean ban = row->verdict == TOCSIN_VERDICT_BLOCK;

  /* Numbers and our own words; the value alone needs escapes. */
  g_string_append (out, "{\"duration\":\"");
  append_duration (out, row->expires_s, now_us);
  g_string_append (out, "\",\"id\":");
  tocsin_json_append_int (out, id_of (row->key));
  g_string_append (out, ban ? ",\"origin\":\"" TOCSIN_DECISIONS_ORIGIN "\",\"scenario\":\"tocsin/"
                            : ",\"origin\":\"" TOCSIN_DECISIONS_ORIGIN_REVIEW
                              "\",\"scenario\":\"tocsin/");
  tocsin_export_append_slugs (out, row->categories, ",");
  g_string_append (out, "\",\"scope\":\"");
  g_string_append (out, tocsin_decision_scope (row->type));
  g_string_append (out,
                   ban ? "\",\"type\":\"ban\",\"value\":" : "\",\"type\":\"captcha\",\"value\":");
  tocsin_json_append_string (out, row->value, strlen (row->value));
  g_string_append_c (out, '}');
}
