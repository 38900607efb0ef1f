/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "export/export.h"

G_BEGIN_DECLS

/* One table a file of this layer; export/export.c lists them. */
extern const TocsinExportFormat tocsin_export_json, tocsin_export_csv, tocsin_export_lines;
extern const TocsinExportFormat tocsin_export_mastodon_csv, tocsin_export_mastodon_hashes;
extern const TocsinExportFormat tocsin_export_fires;
extern const TocsinExportFormat tocsin_export_rbldnsd, tocsin_export_rpz;
extern const TocsinExportFormat tocsin_export_nginx_geo, tocsin_export_nginx_map;
extern const TocsinExportFormat tocsin_export_postfix, tocsin_export_postfix_cidr;
extern const TocsinExportFormat tocsin_export_nftables;
extern const TocsinExportFormat tocsin_export_stix;

#define TOCSIN_EXPORT_ADDRESSES                                                                    \
  (TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_IP) | TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_NETWORK))
#define TOCSIN_EXPORT_DOMAINS TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_DOMAIN)
#define TOCSIN_EXPORT_ALL     0xfeu

/* Entries that are always there. Names and addresses that nobody can have: RFC 6761, section 6.2;
 * RFC 5737; RFC 6666. */
#define TOCSIN_EXPORT_CANARY_NAME "canary.test"
#define TOCSIN_EXPORT_CANARY_V4   "192.0.2.255"
#define TOCSIN_EXPORT_CANARY_V6   "100::1"

/* Whether all of @value is in the form of its type that no syntax gives a meaning to: an address
 * or network of digits, colons, dots and one slash; a name of letters, digits, hyphens, underscores
 * and dots. What is not is left out of lists for servers, never escaped by guesswork. */
gboolean tocsin_export_is_address (const TocsinExportRow *row);
gboolean tocsin_export_is_name (const char *value);
gboolean tocsin_export_is_v6 (const TocsinExportRow *row);

/* Where a name stands for what is below it: whether each that is allowed there can be written. */
gboolean tocsin_export_can_except (const TocsinExportRow *row);
/* The next of them that is in no row before, from *@i on; NULL: there is none. */
const char *
tocsin_export_next_exception (TocsinExportWriter *self, const TocsinExportRow *row, guint *i);

/* "Reported for spam, phishing": ASCII without quotes, from our own table alone. */
void tocsin_export_append_reason (GString *out, guint64 categories);

/* Lines that say what the list is, each after @mark; and the last line, which tells a whole list.
 */
void tocsin_export_append_title (TocsinExportWriter *self, const char *mark);
void tocsin_export_append_foot (TocsinExportWriter *self, const char *mark);

G_END_DECLS
