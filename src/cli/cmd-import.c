/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* tocsin report import: the file is read to its end, then sent in chunks of one batch. */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/import-file.h"
#include "codec/json-writer.h"
#include "core/error.h"

#define CHUNK_ENTRIES  5000
#define CHUNK_BYTES    (768 * 1024) /* the node takes bodies of 1 MiB */
#define REJECTED_SHOWN 10

static struct
{
  char *format;
  char *category;
  char *type;
  char *as;
  char *source;
  gboolean dry_run;
} given;

typedef struct
{
  TocsinInvocation *invocation; /* (unowned) */
  const TocsinImport *list;     /* (unowned) */
  const char *source;           /* (unowned) */
  char *batch;                  /* (owned) (nullable) from the first answer */
  gint64 accepted;
  gint64 duplicates; /* known already */
  guint sent;
  GPtrArray *rejected; /* (owned) of char*: JSON objects {index, error}, index in the file */
  GPtrArray *shown;    /* (owned) of char*: the same for people */
} Upload;

static void
upload_clear (Upload *self)
{
  g_free (self->batch);
  g_clear_pointer (&self->rejected, g_ptr_array_unref);
  g_clear_pointer (&self->shown, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Upload, upload_clear)

/* All of a file or of standard input, with a NUL after it; at most a byte more than is allowed. */
static GByteArray *
read_all (const char *name, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gboolean is_stdin = g_str_equal (name, "-");
  int fd = is_stdin ? STDIN_FILENO : open (name, O_RDONLY | O_CLOEXEC);
  g_autofree guint8 *buffer = g_malloc (256 * 1024);
  gssize got = fd;

  while (got >= 0 && out->len <= TOCSIN_IMPORT_MAX_BYTES)
    {
      got = read (fd, buffer, 256 * 1024);
      if (got < 0 && errno == EINTR)
        got = 0;
      else if (got <= 0)
        break;
      g_byte_array_append (out, buffer, (guint) got);
    }
  if (got < 0)
    g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (errno), _ ("%s: %s"), name,
                 g_strerror (errno));
  if (fd >= 0 && !is_stdin)
    close (fd);
  if (got < 0)
    return NULL;
  g_byte_array_append (out, (const guint8 *) "", 1);
  return g_steal_pointer (&out);
}

static TocsinImport *
load (TocsinInvocation *self, GError **error)
{
  TocsinImportFormat format = TOCSIN_IMPORT_AUTO;
  TocsinSubjectType type = TOCSIN_SUBJECT_NONE;
  g_autoptr (GByteArray) data = NULL;
  TocsinImport *list;

  if (given.format != NULL && (!tocsin_argument_name ("format", given.format, error) ||
                               !tocsin_import_format_from_string (given.format, &format)))
    return NULL;
  if (given.type != NULL && !tocsin_argument_name ("type", given.type, error))
    return NULL;
  if (given.type != NULL)
    type = tocsin_subject_type_from_string (given.type);
  if ((given.category != NULL && !tocsin_argument_name ("category", given.category, error)) ||
      (given.as != NULL && !tocsin_argument_name ("as", given.as, error)))
    return NULL;

  data = read_all (self->args[0], error);
  if (data == NULL)
    return NULL;
  list = tocsin_import_parse ((const char *) data->data, data->len - 1, format, type, error);
  if (list == NULL && !g_error_matches (*error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE))
    {
      /* The command line was right; the file is not. */
      self->status = TOCSIN_EXIT_FAILED;
      g_prefix_error (error, "%s: ", self->args[0]);
    }
  return list;
}

static gboolean
check_categories (const TocsinImport *list, GError **error)
{
  for (guint i = 0; given.category == NULL && i < list->entries->len; i++)
    if (g_array_index (list->entries, TocsinImportEntry, i).category == NULL)
      {
        g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                             _ ("--category is missing: not every entry names its own"));
        return FALSE;
      }
  return TRUE;
}

static void
write_member (TocsinJsonWriter *json, const char *name, const char *value)
{
  if (value != NULL)
    tocsin_json_writer_member_string (json, name, value);
}

/* Writes entries from @first until a chunk is full; gives how many. */
static guint
write_chunk (const Upload *upload, guint first, GString *body)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  const GArray *entries = upload->list->entries;
  guint i = first;

  tocsin_json_writer_begin_object (&json);
  write_member (&json, "source", upload->source);
  write_member (&json, "category", given.category);
  write_member (&json, "type", given.type);
  tocsin_json_writer_member_string (&json, "as", given.as != NULL ? given.as : "imported");
  tocsin_json_writer_member_bool (&json, "dry_run", given.dry_run);
  write_member (&json, "batch", upload->batch);
  tocsin_json_writer_name (&json, "entries");
  tocsin_json_writer_begin_array (&json);
  for (; i < entries->len && i - first < CHUNK_ENTRIES && body->len < CHUNK_BYTES; i++)
    {
      const TocsinImportEntry *entry = &g_array_index (entries, TocsinImportEntry, i);

      tocsin_json_writer_begin_object (&json);
      write_member (&json, "type", entry->type != NULL ? entry->type : given.type);
      tocsin_json_writer_member_string (&json, "value", entry->value);
      write_member (&json, "category", entry->category);
      write_member (&json, "comment", entry->comment);
      tocsin_json_writer_end_object (&json);
    }
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
  return i - first;
}

/* The node counts within a chunk, people within their file. */
static void
take_rejected (Upload *upload, JsonObject *answer, guint first)
{
  JsonArray *rejected = tocsin_answer_array (answer, "rejected");

  for (guint i = 0; rejected != NULL && i < json_array_get_length (rejected); i++)
    {
      JsonNode *node = json_array_get_element (rejected, i);
      g_autoptr (GString) out = g_string_new (NULL);
      TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (out);
      gint64 index;
      const char *text;

      if (!JSON_NODE_HOLDS_OBJECT (node))
        continue;
      index = first + tocsin_answer_int (json_node_get_object (node), "index");
      text = tocsin_answer_string (json_node_get_object (node), "error");
      if (index < 0 || index >= (gint64) upload->list->entries->len)
        continue;
      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_int (&json, "index", index);
      tocsin_json_writer_member_string (&json, "error", text);
      tocsin_json_writer_end_object (&json);
      g_ptr_array_add (upload->rejected, g_strdup (out->str));
      if (upload->shown->len < REJECTED_SHOWN)
        {
          const TocsinImportEntry *entry =
              &g_array_index (upload->list->entries, TocsinImportEntry, (guint) index);
          g_autofree char *line =
              g_strdup_printf (_ ("line or entry %u, %s: %s"), entry->place, entry->value,
                               text != NULL ? text : _ ("rejected"));

          g_ptr_array_add (upload->shown, tocsin_text_clean (line));
        }
    }
}

static gboolean
send_chunk (Upload *upload, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (JsonNode) node = NULL;
  TocsinControl *control = upload->invocation->control;
  guint n = write_chunk (upload, upload->sent, body);
  JsonObject *object;

  answer = tocsin_control_call (control, "POST", "/v1/imports", body, error);
  node = answer != NULL ? tocsin_control_parse (control, answer, error) : NULL;
  if (node == NULL)
    return FALSE;
  object = json_node_get_object (node);
  if (upload->batch == NULL && !given.dry_run)
    {
      upload->batch = tocsin_answer_text (object, "batch");
      if (*upload->batch == '\0')
        {
          g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                               _ ("The node took entries without naming a batch"));
          return FALSE;
        }
    }
  upload->accepted += tocsin_answer_int (object, "accepted");
  upload->duplicates += tocsin_answer_int (object, "duplicates");
  take_rejected (upload, object, upload->sent);
  upload->sent += n;
  return TRUE;
}

static gboolean
send_all (Upload *upload, GError **error)
{
  TocsinProgress progress;
  gboolean ok = TRUE;

  tocsin_progress_start (&progress, _ ("Importing"), upload->list->entries->len);
  while (ok && upload->sent < upload->list->entries->len)
    {
      ok = send_chunk (upload, error);
      tocsin_progress_show (&progress, upload->sent);
    }
  tocsin_progress_stop (&progress);
  if (!ok && upload->batch != NULL)
    g_prefix_error (error, _ ("After %u of %u entries (tocsin report undo %s takes them back): "),
                    upload->sent, upload->list->entries->len, upload->batch);
  return ok;
}

/* The shape of the node's own answer, over all chunks. */
static void
print_json (const Upload *upload)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (out);

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "batch", upload->batch);
  tocsin_json_writer_member_bool (&json, "dry_run", given.dry_run);
  tocsin_json_writer_member_int (&json, "accepted", upload->accepted);
  tocsin_json_writer_member_int (&json, "duplicates", upload->duplicates);
  tocsin_json_writer_member_int (&json, "skipped", upload->list->skipped);
  tocsin_json_writer_name (&json, "rejected");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < upload->rejected->len; i++)
    tocsin_json_writer_raw (&json, upload->rejected->pdata[i], strlen (upload->rejected->pdata[i]));
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
  tocsin_answer_write_text (out->str);
}

static void
print_summary (const Upload *upload)
{
  for (guint i = 0; i < upload->shown->len; i++)
    g_printerr ("%s\n", (const char *) upload->shown->pdata[i]);
  if (upload->rejected->len > upload->shown->len)
    g_printerr (_ ("… and %u more\n"), upload->rejected->len - upload->shown->len);
  if (upload->list->skipped > 0)
    g_printerr (_ ("Passed over, because they accuse nobody: %u\n"), upload->list->skipped);
  if (upload->duplicates > 0)
    g_printerr (_ ("Known already, and left as they are: %d\n"), (int) upload->duplicates);
  if (given.dry_run)
    g_print (_ ("Nothing was imported; accepted would be: %d, rejected: %u\n"),
             (int) upload->accepted, upload->rejected->len);
  else
    g_print (_ ("Accepted: %d, rejected: %u, batch %s\n"), (int) upload->accepted,
             upload->rejected->len, upload->batch);
}

gboolean
tocsin_report_import_run (TocsinInvocation *self, GError **error)
{
  g_autoptr (TocsinImport) list = load (self, error);
  g_autofree char *base = g_path_get_basename (self->args[0]);
  g_auto (Upload) upload = { .invocation = self, .list = list };

  if (list == NULL || !check_categories (list, error))
    return FALSE;
  upload.source = given.source != NULL               ? given.source
                  : g_str_equal (self->args[0], "-") ? "stdin"
                                                     : base;
  upload.rejected = g_ptr_array_new_with_free_func (g_free);
  upload.shown = g_ptr_array_new_with_free_func (g_free);
  if (!send_all (&upload, error))
    return FALSE;
  if (self->json)
    print_json (&upload);
  else
    print_summary (&upload);
  if (upload.accepted + upload.duplicates == 0)
    self->status = TOCSIN_EXIT_FAILED;
  return TRUE;
}

const GOptionEntry tocsin_report_import_options[] = {
  { "format", 0, 0, G_OPTION_ARG_STRING, &given.format,
    N_ ("auto (default), lines, csv, mastodon-csv, misp-warninglist or json"), N_ ("FORMAT") },
  { "category", 0, 0, G_OPTION_ARG_STRING, &given.category,
    N_ ("What the entries are that do not name their own"), N_ ("SLUG") },
  { "type", 0, 0, G_OPTION_ARG_STRING, &given.type,
    N_ ("Type of the entries that do not name their own"), N_ ("TYPE") },
  { "as", 0, 0, G_OPTION_ARG_STRING, &given.as,
    N_ ("first_hand: you saw it, and peers are told; imported (default): others say so"),
    N_ ("BASIS") },
  { "source", 0, 0, G_OPTION_ARG_STRING, &given.source,
    N_ ("A name for the list (default: that of the file)"), N_ ("NAME") },
  { "dry-run", 0, 0, G_OPTION_ARG_NONE, &given.dry_run, N_ ("Only see what would be taken"), NULL },
  G_OPTION_ENTRY_NULL,
};
