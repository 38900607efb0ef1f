/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is a byte that says what it is, two that say how it is shown, and words of a stranger:
 * cells of a table, a line each with tabs between them; a JSON document of a node; or all that a
 * node sends on a connection. Properties: what is printed is UTF-8 without anything that steers a
 * terminal; cleaned once more it is the same; what is cut begins like the whole and is no wider
 * than it may be; a table has a line a row, none wider than the rows of the terminal that it needs,
 * and what is to stay whole does; JSON means the same; a download that succeeds is what its digest
 * is of; and a refusal says something.
 */
#include "fuzz/fuzz.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/answer.h"
#include "cli/control.h"
#include "codec/json-strict.h"
#include "core/error.h"
#include "fuzz/scripted-peer.h"

#define OPTION_BYTES 3
#define COLUMNS_MAX  5
#define MARKS_MAX    8
#define IDLE_TURNS   8
#define GAP          2

static GString *printed;
static TocsinControl *control;
static int file = -1;

/* ---- what may be printed ---- */

/* Of Unicode's controls and formats those that move the cursor, turn the line round or hide. */
static gboolean
steers (gunichar c)
{
  static const gunichar ranges[][2] = {
    { 0, 0x1F },        { 0x7F, 0x9F },     { 0xAD, 0xAD },     { 0x61C, 0x61C },
    { 0x180E, 0x180E }, { 0x200B, 0x200B }, { 0x200E, 0x200F }, { 0x2028, 0x202E },
    { 0x2060, 0x206F }, { 0xFEFF, 0xFEFF }, { 0xFFF0, 0xFFFB }, { 0xE0000, 0xE00FF },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (ranges); i++)
    if (c >= ranges[i][0] && c <= ranges[i][1])
      return TRUE;
  return FALSE;
}

/* @allowed: controls that are in their place. */
static void
check_shown (const char *text, const char *allowed)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    if (steers (g_utf8_get_char (c)) && strchr (allowed, *c) == NULL)
      g_error ("U+%04X is printed", g_utf8_get_char (c));
}

static void
check_piles (const char *text)
{
  guint pile = 0;

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      pile = g_unichar_iszerowidth (g_utf8_get_char (c)) ? pile + 1 : 0;
      g_assert_cmpuint (pile, <=, MARKS_MAX);
    }
}

static void
check_cut (const char *clean, guint width)
{
  g_autoptr (GString) cut = g_string_new (NULL);
  const char *ellipsis = NULL;

  tocsin_text_append_cut (cut, clean, width);
  check_shown (cut->str, "");
  g_assert_cmpuint (tocsin_text_width (cut->str), <=, width);
  if (g_str_equal (cut->str, clean))
    return;
  g_assert_cmpuint (tocsin_text_width (clean), >, width);
  g_assert_cmpuint (tocsin_text_width (cut->str), ==, width);
  ellipsis = g_strrstr (cut->str, "…");
  g_assert_nonnull (ellipsis);
  g_assert_cmpint (strncmp (cut->str, clean, (gsize) (ellipsis - cut->str)), ==, 0);
}

static char *
clean_and_check (const char *text, guint width)
{
  char *clean = tocsin_text_clean (text);
  g_autofree char *again = tocsin_text_clean (clean);

  check_shown (clean, "");
  check_piles (clean);
  g_assert_cmpstr (again, ==, clean);
  check_cut (clean, width);
  return clean;
}

/* ---- a table ---- */

typedef struct
{
  guint n;
  guint width;               /* of the terminal */
  guint whole;               /* bit n: a column that stays so */
  guint widths[COLUMNS_MAX]; /* of the widest cell */
  GPtrArray *cells;          /* (owned) clean */
} Shape;

static guint
room_of (const Shape *shape)
{
  guint narrowest = shape->whole != 0 ? 24 : 4;
  guint least = GAP * (shape->n - 1);

  for (guint i = 0; i < shape->n; i++)
    least += (shape->whole >> i & 1) != 0 ? shape->widths[i] : MIN (shape->widths[i], narrowest);
  return (least + shape->width - 1) / shape->width * shape->width;
}

static void
check_lines (const Shape *shape, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint room = room_of (shape);

  g_assert_cmpuint (g_strv_length (lines), ==, shape->cells->len / shape->n + 1);
  for (guint i = 0; i < shape->cells->len; i++)
    {
      const char *line = lines[i / shape->n];

      g_assert_cmpuint (tocsin_text_width (line), <=, room);
      if ((shape->whole >> i % shape->n & 1) != 0)
        g_assert_nonnull (strstr (line, shape->cells->pdata[i]));
    }
}

static void
add_cell (Shape *shape, TocsinTable *table, const char *text)
{
  char *clean = clean_and_check (text != NULL && *text != '\0' ? text : "-", shape->width);
  guint *widest = &shape->widths[shape->cells->len % shape->n];

  *widest = MAX (*widest, MAX (tocsin_text_width (clean), 1));
  g_ptr_array_add (shape->cells, clean);
  tocsin_table_add_toned (table, text, TOCSIN_TONE_BAD);
}

static void
try_table (const char *text, guint8 how, guint width)
{
  Shape shape = { .n = 1 + how % COLUMNS_MAX, .width = width, .whole = how / 8u % 32u };
  g_auto (GStrv) rows = g_strsplit (text, "\n", 64);
  g_autoptr (TocsinTable) table = tocsin_table_new (shape.n, NULL);
  g_autofree char *out = NULL;

  shape.whole &= (1u << shape.n) - 1;
  shape.cells = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < shape.n; i++)
    {
      if ((shape.whole >> i & 1) != 0)
        tocsin_table_keep_whole (table, i);
      if ((how + i) % 3 == 0)
        tocsin_table_align_right (table, i);
    }
  for (char **row = rows; *row != NULL; row++)
    {
      g_auto (GStrv) cells = g_strsplit (*row, "\t", (gint) shape.n);
      guint there = g_strv_length (cells);

      for (guint i = 0; i < shape.n; i++)
        add_cell (&shape, table, i < there ? cells[i] : NULL);
    }
  out = tocsin_table_render (table, width, FALSE);
  check_shown (out, "\n");
  if (shape.cells->len > 0)
    check_lines (&shape, out);
  g_ptr_array_unref (shape.cells);
}

/* ---- an answer ---- */

static void
keep_printed (const char *text)
{
  g_string_append (printed, text);
}

/* What goes to standard output by way of stdio. */
static char *
capture_write (GBytes *answer)
{
  FILE *before = stdout;
  char *text = NULL;
  size_t size = 0;

  stdout = open_memstream (&text, &size);
  tocsin_answer_write (answer);
  (void) fclose (stdout);
  stdout = before;
  return text;
}

static void
try_json (GBytes *answer)
{
  static const TocsinColumn columns[] = {
    { "a", "A", TOCSIN_COLUMN_PLAIN },  { "b", "B", TOCSIN_COLUMN_NUMBER },
    { "c", "C", TOCSIN_COLUMN_TIME },   { "d", "D", TOCSIN_COLUMN_STATE },
    { "e", "E", TOCSIN_COLUMN_ACTOR },  { "f", "F", TOCSIN_COLUMN_PEER },
    { "g", "G", TOCSIN_COLUMN_COUNT },  { "h", "H", TOCSIN_COLUMN_WHOLE },
    { "i", "I", TOCSIN_COLUMN_REPORT },
  };
  g_autoptr (JsonNode) node = tocsin_control_parse (control, answer, NULL);
  g_autofree char *written = NULL;
  g_autofree char *meant = NULL;
  g_autofree char *means = NULL;
  g_autoptr (JsonNode) again = NULL;
  g_autoptr (GBytes) bytes = NULL;
  GPrintFunc to_standard_output, to_standard_error;

  if (node == NULL)
    return;
  written = capture_write (answer);
  check_shown (written, "\n\t");
  bytes = g_bytes_new (written, strlen (written));
  again = tocsin_control_parse (control, bytes, NULL);
  g_assert_nonnull (again);
  meant = json_to_string (node, FALSE);
  means = json_to_string (again, FALSE);
  g_assert_cmpstr (means, ==, meant);

  g_string_truncate (printed, 0);
  to_standard_output = g_set_print_handler (keep_printed);
  to_standard_error = g_set_printerr_handler (keep_printed);
  tocsin_answer_print_page (json_node_get_object (node), "items", columns, G_N_ELEMENTS (columns),
                            "Nothing");
  tocsin_answer_print_members (json_node_get_object (node));
  g_set_print_handler (to_standard_output);
  g_set_printerr_handler (to_standard_error);
  check_shown (printed->str, "\n");
}

/* ---- a node ---- */

/* When nothing else is to be done. */
static gboolean
on_idle (gpointer data)
{
  guint *idle = data;

  *idle = peer_serve () ? 0 : *idle + 1;
  if (*idle > IDLE_TURNS)
    peer_stop_all ();
  return G_SOURCE_CONTINUE;
}

static void
check_error (const GError *error)
{
  g_autofree char *clean = clean_and_check (error->message, 80);

  g_assert_cmpint ((gint) error->domain, ==, (gint) TOCSIN_ERROR);
  g_assert_cmpstr (clean, !=, "");
}

/* Whether what is in the file is what the answer's digest is of, where that is to be seen. */
static void
check_download (void)
{
  g_autoptr (ReadAnswer) answer = read_answer (peer.script->pdata[0]);
  const char *digest = answer != NULL ? read_field (answer, "repr-digest") : NULL;
  off_t size = lseek (file, 0, SEEK_END);
  g_autofree guint8 *data = g_malloc ((gsize) size + 1);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 of[32];
  gsize of_size = sizeof of;
  g_autofree char *base64 = NULL;

  if (digest == NULL || strstr (digest, "sha-256=:") != digest || strchr (digest, ',') != NULL ||
      read_field (answer, "content-encoding") != NULL)
    return;
  g_assert_cmpint (pread (file, data, (gsize) size, 0), ==, size);
  g_checksum_update (sum, data, size);
  g_checksum_get_digest (sum, of, &of_size);
  base64 = g_base64_encode (of, of_size);
  g_assert_true (g_str_has_prefix (digest + strlen ("sha-256=:"), base64));
}

static void
try_node (const char *data, gsize size, guint8 how)
{
  g_autoptr (GPtrArray) script = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) error = NULL;
  guint idle = 0;
  guint source = g_idle_add (on_idle, &idle);
  gboolean ok;

  g_ptr_array_add (script, g_bytes_new (data, size));
  peer.script = script;
  peer.next = 0;
  peer.piece = how / 2;
  g_assert_cmpint (ftruncate (file, 0), ==, 0);
  g_assert_cmpint (lseek (file, 0, SEEK_SET), ==, 0);
  control = tocsin_control_new_for_url ("http://127.0.0.1:8080", NULL, &error);
  g_assert_no_error (error);
  if (how % 2 == 0)
    {
      answer = tocsin_control_call (control, "GET", "/v1/status", NULL, &error);
      ok = answer != NULL;
    }
  else
    ok = tocsin_control_download (control, "/v1/export/lines", file, &error);
  g_source_remove (source);
  g_assert_true (ok == (error == NULL));
  if (error != NULL)
    check_error (error);
  else if (answer != NULL)
    try_json (answer);
  else
    check_download ();
  g_clear_pointer (&control, tocsin_control_free);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_ptr_array_set_size (peer.connections, 0);
  g_hash_table_remove_all (peer.wanted);
}

/* ---- an input ---- */

static void
end (void)
{
  peer_end ();
  close (file);
  g_string_free (printed, TRUE);
}

void
tocsin_fuzz_begin (void)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;

  peer_begin ();
  printed = g_string_new (NULL);
  file = g_file_open_tmp ("terminal-XXXXXX", &name, &error);
  g_assert_no_error (error);
  unlink (name);
  atexit (end);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  const char *words = (const char *) data + OPTION_BYTES;
  g_autofree char *text = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (size <= OPTION_BYTES)
    return;
  size -= OPTION_BYTES;
  switch (data[0] % 3)
    {
    case 0:
      text = g_strndup (words, size);
      try_table (text, data[1], 1 + data[2] % 160u);
      break;
    case 1:
      bytes = g_bytes_new (words, size);
      control = tocsin_control_new_for_url ("http://127.0.0.1:8080", NULL, NULL);
      try_json (bytes);
      g_clear_pointer (&control, tocsin_control_free);
      break;
    default:
      try_node (words, size, data[1]);
      break;
    }
}
