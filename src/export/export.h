/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/subject.h"
#include "core/verdict.h"

G_BEGIN_DECLS

#define TOCSIN_EXPORT_TYPE_BIT(type) (1u << (type))

/**
 * TocsinExportRow:
 * @type: of the key: network for an IPv6 address
 * @value: (nullable): the canonical text; %NULL where only the digest is known
 * @key: the first half of its digest
 * @mastodon: (nullable): hash of the Mastodon form of an e-mail address
 * @categories: ids of those that it was reported in, a bit each
 * @first_seen_s, @last_seen_s, @expires_s: seconds since the epoch; 0: not known
 * @withheld: so much in it is allowed that it cannot be told without that
 * @doubled: a network of one address that says no more than the address, which is known itself
 * @allowed: (nullable) (element-type utf8): names below it that are allowed
 *
 * What is listed. Everything but numbers comes from strangers.
 */
typedef struct
{
  TocsinSubjectType type;
  const char *value;
  const TocsinSubjectKey *key;
  const guint8 *mastodon;
  TocsinVerdict verdict;
  guint score;
  guint64 categories;
  guint32 first_seen_s;
  guint32 last_seen_s;
  guint32 expires_s;
  gboolean withheld;
  gboolean doubled;
  const GPtrArray *allowed;
} TocsinExportRow;

/**
 * TocsinExportInfo:
 * @as_of_us: the time that scores are of
 * @serial: grows with every change of the list; for zones
 * @types: bits of the types it lists
 * @base_url: origin of this node
 * @observe: only what this node's operator reported is in it
 *
 * What a list says of itself.
 */
typedef struct
{
  guint64 generation;
  gint64 as_of_us;
  guint32 serial;
  guint types;
  const char *base_url;
  const char *profile;
  TocsinVerdict least;
  gboolean observe;
} TocsinExportInfo;

typedef struct _TocsinExportFormat TocsinExportFormat;

/**
 * TocsinExportWriter:
 * @out: (unowned): where the next bytes go; whoever calls may take them out between two rows
 * @count: rows in the list so far
 * @skipped: rows that the format has no way to write
 * @section: the part being written, from 0
 * @in_block: rows of the command being written, for formats that group them
 * @last_value: (unowned) (nullable): of the last row
 * @last: (owned): the last entry, where that is not its value; for the manifest
 * @seen: (owned) (nullable) (element-type guint64): what was written, for formats in which two
 *   values may be one
 * @excepted: (owned) (nullable) (element-type utf8): allowed names that were written
 */
typedef struct
{
  const TocsinExportFormat *format;
  const TocsinExportInfo *info;
  GString *out;
  guint64 count;
  guint64 skipped;
  guint section;
  guint in_block;
  const char *last_value;
  GString *last;
  GHashTable *seen;
  GHashTable *excepted;
} TocsinExportWriter;

/**
 * TocsinExportFormat:
 * @name: as in the path of the request
 * @content_type: static
 * @types: bits of the types it lists where nobody asks for others
 * @possible: bits of the types it can list
 * @digested: it lists what is known by digest alone, too
 * @says_verdict: each entry says its verdict, so that what is allowed may be one
 * @least: the weakest verdict in it where nobody asks for another
 * @n_sections: how often the rows are gone through: addresses before names and the like
 * @canary: (nullable): an entry that is always there, so that a reader can tell a whole list from
 *   one that is empty or cut
 * @takes: (nullable): whether a row belongs to a section; %NULL: there is one for all
 * @takes_verdict: (nullable): likewise, once it is judged
 * @begin, @end: (nullable): what is before and after all rows
 * @begin_section, @end_section: (nullable): likewise of a section
 * @row: writes one; %FALSE without writing if the format has no form for it
 */
struct _TocsinExportFormat
{
  const char *name;
  const char *content_type;
  guint types;
  guint possible;
  gboolean digested;
  gboolean says_verdict;
  TocsinVerdict least;
  guint n_sections;
  const char *canary;
  gboolean (*takes) (guint section, const TocsinExportRow *row);
  gboolean (*takes_verdict) (guint section, TocsinVerdict verdict);
  void (*begin) (TocsinExportWriter *self);
  void (*end) (TocsinExportWriter *self);
  void (*begin_section) (TocsinExportWriter *self);
  void (*end_section) (TocsinExportWriter *self);
  gboolean (*row) (TocsinExportWriter *self, const TocsinExportRow *row);
};

/**
 * tocsin_export_format:
 * @name: a name from a request
 *
 * Returns: (nullable): the format, static
 */
const TocsinExportFormat *tocsin_export_format (const char *name);

/* All of them, static, in the order in which they are documented. */
const TocsinExportFormat *const *tocsin_export_formats (gsize *n);

/**
 * tocsin_export_begin:
 * @self: (out caller-allocates): a writer; tocsin_export_clear()
 * @out: (unowned): gets the list
 *
 * Then, for every section: tocsin_export_begin_section(), each row that the section takes by
 * tocsin_export_row(), tocsin_export_end_section(). At last tocsin_export_end(). What rows point to
 * has to stay until then. Pure: the same rows make the same bytes.
 */
void tocsin_export_begin (TocsinExportWriter *self,
                          const TocsinExportFormat *format,
                          const TocsinExportInfo *info,
                          GString *out);
void tocsin_export_begin_section (TocsinExportWriter *self, guint section);
gboolean tocsin_export_takes (const TocsinExportWriter *self, const TocsinExportRow *row);
gboolean tocsin_export_takes_verdict (const TocsinExportWriter *self, TocsinVerdict verdict);
void tocsin_export_row (TocsinExportWriter *self, const TocsinExportRow *row);
void tocsin_export_end_section (TocsinExportWriter *self);
void tocsin_export_end (TocsinExportWriter *self);

/* Returns: (nullable): the entry that a whole copy holds; the last one where the format has no
 * standing one; %NULL: the list is empty. */
const char *tocsin_export_canary (const TocsinExportWriter *self);
void tocsin_export_clear (TocsinExportWriter *self);

/* Whether it is an address at which a machine speaks to itself: no program should be told to keep
 * that out. */
gboolean tocsin_export_is_own_address (const TocsinExportRow *row);

/* The slugs of categories, with @separator between them. */
void tocsin_export_append_slugs (GString *out, guint64 categories, const char *separator);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinExportWriter, tocsin_export_clear)

G_END_DECLS
