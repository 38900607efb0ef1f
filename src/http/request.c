/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/request-private.h"

#include "core/error.h"
#include "http/connections.h"

#define BODY_KEEP_BYTES_MAX (64 * 1024)
#define FORWARDED_HOPS_MAX  32

/* Ties @string (transfer full) to the request. */
static const char *
keep (TocsinRequest *self, char *string)
{
  if (self->strings == NULL)
    self->strings = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->strings, string);
  return string;
}

TocsinRequest *
tocsin_request_new (const char *method, const char *target)
{
  TocsinRequest *self = g_new0 (TocsinRequest, 1);

  self->refs = 1;
  self->target = g_string_sized_new (256);
  self->path = g_string_sized_new (256);
  self->token_copy = g_string_new (NULL);
  self->fields = g_array_sized_new (FALSE, FALSE, sizeof (TocsinField), 32);
  self->received = g_byte_array_new ();
  self->reply = tocsin_reply_new ();
  self->method = keep (self, g_strdup (method));
  tocsin_request_set_target (self, target);
  return self;
}

static void
clear (TocsinRequest *self)
{
  g_clear_pointer (&self->strings, g_ptr_array_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->completed, g_async_queue_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
}

TocsinRequest *
tocsin_request_ref (TocsinRequest *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
tocsin_request_unref (TocsinRequest *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->refs))
    return;
  clear (self);
  g_string_free (self->target, TRUE);
  g_string_free (self->path, TRUE);
  g_string_free (self->token_copy, TRUE);
  g_array_unref (self->fields);
  g_byte_array_unref (self->received);
  tocsin_reply_free (self->reply);
  g_free (self);
}

void
tocsin_request_reset (TocsinRequest *self)
{
  clear (self);
  self->method = "";
  self->state = TOCSIN_REQUEST_OPEN;
  g_array_set_size (self->fields, 0);
  if (self->received->len > BODY_KEEP_BYTES_MAX)
    {
      g_byte_array_unref (self->received);
      self->received = g_byte_array_new ();
    }
  g_byte_array_set_size (self->received, 0);
  self->match = (TocsinMatch){ 0 };
  self->scopes = 0;
  self->token_name = NULL;
  self->remote[0] = '\0';
  self->is_from_proxy = FALSE;
  self->is_forwarded = FALSE;
  self->detached = FALSE;
  self->handler_suspended = FALSE;
  self->connection = NULL;
  tocsin_reply_reset (self->reply);
}

/* A proxy or an old client may send the whole URI (RFC 9112, section 3.2.2). */
static const char *
skip_authority (const char *target)
{
  const char *authority;

  if (target[0] == '/')
    return target;
  if (g_ascii_strncasecmp (target, "http://", 7) == 0)
    authority = target + 7;
  else if (g_ascii_strncasecmp (target, "https://", 8) == 0)
    authority = target + 8;
  else
    return target;
  return authority + strcspn (authority, "/?");
}

void
tocsin_request_set_target (TocsinRequest *self, const char *target)
{
  const char *path;
  gsize path_len;

  g_string_assign (self->target, target);
  path = skip_authority (self->target->str);
  path_len = strcspn (path, "?");
  self->query = path[path_len] == '?' ? path + path_len + 1 : NULL;
  g_string_truncate (self->path, 0);
  if (path_len == 0 && path != self->target->str)
    g_string_append_c (self->path, '/');
  g_string_append_len (self->path, path, (gssize) path_len);
}

const char *
tocsin_request_get_method (const TocsinRequest *self)
{
  return self->method;
}

const char *
tocsin_request_get_target (const TocsinRequest *self)
{
  return self->target->str;
}

const char *
tocsin_request_get_path (const TocsinRequest *self)
{
  return self->path->str;
}

/* Decodes what tocsin_request_check() has found to be well formed. */
static char *
decode (const char *text, gsize len, gboolean plus_is_space)
{
  char *out = g_malloc (len + 1);
  gsize n = 0;

  for (gsize i = 0; i < len; i++)
    {
      if (text[i] == '%' && i + 2 < len && g_ascii_isxdigit (text[i + 1]) &&
          g_ascii_isxdigit (text[i + 2]))
        {
          out[n++] =
              (char) (g_ascii_xdigit_value (text[i + 1]) * 16 + g_ascii_xdigit_value (text[i + 2]));
          i += 2;
        }
      else if (plus_is_space && text[i] == '+')
        out[n++] = ' ';
      else
        out[n++] = text[i];
    }
  out[n] = '\0';
  return out;
}

const char *
tocsin_request_get_param (TocsinRequest *self, const char *name)
{
  for (guint i = 0; i < self->match.n_params; i++)
    if (strlen (name) == self->match.params[i].name_len &&
        memcmp (name, self->match.params[i].name, self->match.params[i].name_len) == 0)
      return keep (self, decode (self->path->str + self->match.params[i].start,
                                 self->match.params[i].len, FALSE));
  g_return_val_if_reached (NULL);
}

static const char *
find_query (TocsinRequest *self, const char *name, gsize least)
{
  const char *p = self->query;

  while (p != NULL && *p != '\0')
    {
      gsize pair_len = strcspn (p, "&");
      gsize name_len = MIN (strcspn (p, "="), pair_len);
      gsize skip = MIN (name_len + 1, pair_len);
      g_autofree char *decoded = decode (p, name_len, TRUE);

      if (pair_len - skip >= least && strcmp (decoded, name) == 0)
        return keep (self, decode (p + skip, pair_len - skip, TRUE));
      p += pair_len;
      p += *p == '&';
    }
  return NULL;
}

const char *
tocsin_request_get_query (TocsinRequest *self, const char *name)
{
  return find_query (self, name, 0);
}

const char *
tocsin_request_get_given (TocsinRequest *self, const char *name)
{
  return find_query (self, name, 1);
}

void
tocsin_request_foreach_query (TocsinRequest *self, TocsinQueryFunc func, gpointer data)
{
  const char *p = self->query;

  while (p != NULL && *p != '\0')
    {
      gsize pair_len = strcspn (p, "&");
      gsize name_len = MIN (strcspn (p, "="), pair_len);
      gsize skip = MIN (name_len + 1, pair_len);
      g_autofree char *name = decode (p, name_len, TRUE);
      g_autofree char *value = decode (p + skip, pair_len - skip, TRUE);

      if (pair_len > 0 && !func (name, value, data))
        return;
      p += pair_len;
      p += *p == '&';
    }
}

static const TocsinField *
field_at (const TocsinRequest *self, guint i)
{
  return &g_array_index (self->fields, TocsinField, i);
}

/* A request is asked for a dozen names: most differ in length, and the rest are mostly written as
 * we write them. */
static gboolean
is_named (const TocsinField *field, const char *name, gsize name_size)
{
  return field->name_size == name_size && (memcmp (field->name, name, name_size) == 0 ||
                                           g_ascii_strcasecmp (field->name, name) == 0);
}

#define IS_NAMED(field, literal) is_named (field, literal, sizeof (literal) - 1)

const char *
tocsin_request_get_header (const TocsinRequest *self, const char *name)
{
  gsize size = strlen (name);

  for (guint i = 0; i < self->fields->len; i++)
    if (is_named (field_at (self, i), name, size))
      return field_at (self, i)->value;
  return NULL;
}

gboolean
tocsin_request_knows (const TocsinRequest *self, const char *etag)
{
  const char *field = tocsin_request_get_header (self, "If-None-Match");
  g_auto (GStrv) tags = g_strsplit (field != NULL ? field : "", ",", -1);

  for (gsize i = 0; tags[i] != NULL; i++)
    {
      const char *tag = g_strstrip (tags[i]);

      if (g_str_equal (tag, "*") ||
          g_str_equal (g_str_has_prefix (tag, "W/") ? tag + strlen ("W/") : tag, etag))
        return TRUE;
    }
  return FALSE;
}

guint
tocsin_request_count_header (const TocsinRequest *self, const char *name)
{
  gsize size = strlen (name);
  guint count = 0;

  for (guint i = 0; i < self->fields->len; i++)
    count += is_named (field_at (self, i), name, size);
  return count;
}

void
tocsin_request_foreach_header (const TocsinRequest *self, TocsinHeaderFunc func, gpointer data)
{
  for (guint i = 0; i < self->fields->len; i++)
    func (field_at (self, i)->name, field_at (self, i)->value, data);
}

void
tocsin_request_add_header (TocsinRequest *self, const char *name, const char *value)
{
  TocsinField field = { keep (self, g_strdup (name)), strlen (name), keep (self, g_strdup (value)),
                        strlen (value) };

  g_array_append_val (self->fields, field);
}

GBytes *
tocsin_request_get_body (TocsinRequest *self)
{
  if (self->body == NULL)
    {
      self->body = g_byte_array_free_to_bytes (self->received);
      self->received = g_byte_array_new ();
    }
  return self->body;
}

const char *
tocsin_request_peek_body (const TocsinRequest *self, gsize *size)
{
  if (self->body != NULL)
    return g_bytes_get_data (self->body, size);
  *size = self->received->len;
  return (const char *) self->received->data;
}

void
tocsin_request_set_body (TocsinRequest *self, GBytes *body)
{
  g_clear_pointer (&self->body, g_bytes_unref);
  self->body = g_bytes_ref (body);
}

const char *
tocsin_request_get_remote (const TocsinRequest *self)
{
  return self->remote;
}

TocsinListenerKind
tocsin_request_get_listener_kind (const TocsinRequest *self)
{
  return self->kind;
}

gboolean
tocsin_request_is_from_proxy (const TocsinRequest *self)
{
  return self->is_from_proxy;
}

gboolean
tocsin_request_is_forwarded (const TocsinRequest *self)
{
  return self->is_forwarded;
}

guint
tocsin_request_get_scopes (const TocsinRequest *self)
{
  return self->scopes;
}

const char *
tocsin_request_get_token_name (const TocsinRequest *self)
{
  return self->token_name;
}

TocsinReply *
tocsin_request_get_reply (TocsinRequest *self)
{
  return self->reply;
}

TocsinEnvelope *
tocsin_request_to_envelope (TocsinRequest *self)
{
  TocsinEnvelope *envelope = tocsin_envelope_new (self->method, self->target->str);

  for (guint i = 0; i < self->fields->len; i++)
    tocsin_envelope_add_header (envelope, field_at (self, i)->name, field_at (self, i)->value);
  envelope->body = g_bytes_ref (tocsin_request_get_body (self));
  envelope->remote = g_strdup (self->remote);
  return envelope;
}

void
tocsin_request_detach (TocsinRequest *self)
{
  if (self->detached)
    return;
  self->detached = TRUE;
  self->method = keep (self, g_strdup (self->method));
  for (guint i = 0; i < self->fields->len; i++)
    {
      TocsinField *field = &g_array_index (self->fields, TocsinField, i);

      field->name = keep (self, g_strdup (field->name));
      field->value = keep (self, g_strdup (field->value));
    }
}

void
tocsin_request_suspend (TocsinRequest *self)
{
  self->handler_suspended = TRUE;
  /* Already so if the server handed it from its thread to the main one. */
  if (g_atomic_int_get (&self->state) != TOCSIN_REQUEST_OPEN)
    return;
  tocsin_request_detach (self);
  self->cancellable = g_cancellable_new ();
  tocsin_request_ref (self);
  g_atomic_int_set (&self->state, TOCSIN_REQUEST_SUSPENDED);
}

void
tocsin_request_complete (TocsinRequest *self)
{
  if (g_atomic_int_compare_and_exchange (&self->state, TOCSIN_REQUEST_SUSPENDED,
                                         TOCSIN_REQUEST_COMPLETE) &&
      self->completed != NULL)
    {
      g_autoptr (GMainContext) context = g_main_context_ref (self->context);

      /* The reference goes with it. */
      g_async_queue_push (self->completed, self);
      g_main_context_wakeup (context);
      return;
    }
  /* Without a server: whoever made the request waits in the default context. */
  g_main_context_wakeup (NULL);
  tocsin_request_unref (self);
}

gboolean
tocsin_request_is_complete (const TocsinRequest *self)
{
  return g_atomic_int_get (&self->state) == TOCSIN_REQUEST_COMPLETE;
}

GCancellable *
tocsin_request_get_cancellable (TocsinRequest *self)
{
  return self->cancellable;
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, message);
  return FALSE;
}

/* tchar of RFC 9110, section 5.6.2; every field of every request is looked at. */
static const guint8 is_tchar[256] = {
  ['!'] = 1,         ['#' ... '\''] = 1, ['*'] = 1,         ['+'] = 1, ['-'] = 1, ['.'] = 1,
  ['0' ... '9'] = 1, ['A' ... 'Z'] = 1,  ['^' ... 'z'] = 1, ['|'] = 1, ['~'] = 1,
};

static gboolean
is_token (const char *text, gsize size)
{
  guint8 good = size > 0;

  for (gsize i = 0; i < size; i++)
    good &= is_tchar[(guchar) text[i]];
  return good != 0;
}

/* Without a way out of the loop, so that many bytes are looked at together. */
static gboolean
value_is_clean (const char *text, gsize size)
{
  guint8 bad = 0;

  for (gsize i = 0; i < size; i++)
    {
      guint8 c = (guint8) text[i];

      bad |= (guint8) ((c < 0x20 && c != '\t') || c == 0x7f);
    }
  return bad == 0;
}

static gboolean
is_digits (const char *text)
{
  return text[0] != '\0' && strlen (text) < 19 && strspn (text, "0123456789") == strlen (text);
}

static gboolean
check_fields (const TocsinRequest *self, GError **error)
{
  guint n_host = 0;
  guint n_length = 0;
  guint n_coding = 0;
  guint n_authorization = 0;

  for (guint i = 0; i < self->fields->len; i++)
    {
      const TocsinField *field = field_at (self, i);

      if (!is_token (field->name, field->name_size))
        return refuse (error, "A header field has no proper name");
      if (!value_is_clean (field->value, field->value_size))
        return refuse (error, "A header field holds a control character");
      /* One look at the first letter spares most of the comparisons. */
      switch (field->name[0] | 0x20)
        {
        case 'h':
          n_host += IS_NAMED (field, "Host");
          break;
        case 'a':
          n_authorization += IS_NAMED (field, "Authorization");
          break;
        case 'c':
          if (!IS_NAMED (field, "Content-Length"))
            break;
          n_length++;
          if (!is_digits (field->value))
            return refuse (error, "Content-Length is not a number");
          break;
        case 't':
          if (!IS_NAMED (field, "Transfer-Encoding"))
            break;
          n_coding++;
          if (g_ascii_strcasecmp (field->value, "chunked") != 0)
            return refuse (error, "Transfer-Encoding is not “chunked”");
          break;
        default:
          break;
        }
    }
  if (n_host > 1)
    return refuse (error, "There is more than one Host");
  if (n_length + n_coding > 1)
    return refuse (error, "The length of the body is given twice");
  if (n_authorization > 1)
    return refuse (error, "There is more than one Authorization");
  return TRUE;
}

static gboolean
check_target (const TocsinRequest *self, GError **error)
{
  const char *text = self->target->str;
  gboolean is_plain = TRUE;
  g_autofree char *decoded = NULL;

  if (self->path->str[0] != '/' && strcmp (text, "*") != 0)
    return refuse (error, "The request target is not a path");
  for (const char *p = text; *p != '\0'; p++)
    {
      if ((guchar) *p <= 0x20 || *p == 0x7f || *p == '#')
        return refuse (error, "The request target holds a character that must be escaped");
      if (*p == '%' && !(g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2])))
        return refuse (error, "The request target has a broken percent escape");
      if (*p == '%' || (guchar) *p >= 0x80)
        is_plain = FALSE;
      if (*p == '%' && (g_ascii_xdigit_value (p[1]) * 16 + g_ascii_xdigit_value (p[2]) < 0x20 ||
                        (p[1] == '7' && (p[2] | 0x20) == 'f')))
        return refuse (error, "The request target holds an escaped control character");
    }
  if (is_plain)
    return TRUE;
  decoded = decode (text, self->target->len, FALSE);
  if (!g_utf8_validate (decoded, -1, NULL))
    return refuse (error, "The request target is not UTF-8");
  return TRUE;
}

gboolean
tocsin_request_check (const TocsinRequest *self, GError **error)
{
  gint64 length;

  if (!is_token (self->method, strlen (self->method)))
    return refuse (error, "The method is not a token");
  if (!check_fields (self, error) || !check_target (self, error))
    return FALSE;
  /* RFC 9110, section 10.1.1. The library would say that it waits for the body, and not take an
   * answer any more if bytes of another request were there by then. */
  if (tocsin_request_get_header (self, "Expect") != NULL &&
      !tocsin_request_announces_body (self, &length))
    return refuse (error, "There is an Expect, and no body that it is for");
  return TRUE;
}

gboolean
tocsin_request_announces_body (const TocsinRequest *self, gint64 *out_length)
{
  const char *length = tocsin_request_get_header (self, "Content-Length");

  if (length != NULL)
    *out_length = g_ascii_strtoll (length, NULL, 10);
  else
    *out_length = tocsin_request_get_header (self, "Transfer-Encoding") != NULL ? -1 : 0;
  return *out_length != 0;
}

/* One hop as a proxy wrote it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `"[2001:db8::1]:80"`,
 * and in Forwarded `for=…` among other parameters. */
static GInetAddress *
parse_hop (const char *hop, gboolean is_forwarded)
{
  g_autofree char *text = NULL;
  const char *host;
  GInetAddress *address;
  char *end;

  if (is_forwarded)
    {
      g_auto (GStrv) parts = g_strsplit (hop, ";", 8);

      for (gsize i = 0; parts[i] != NULL && text == NULL; i++)
        if (g_ascii_strncasecmp (g_strstrip (parts[i]), "for=", 4) == 0)
          text = g_strdup (parts[i] + 4);
      if (text == NULL)
        return NULL;
    }
  else
    text = g_strdup (hop);
  g_strdelimit (text, "\"", ' ');
  g_strstrip (text);
  host = text[0] == '[' ? text + 1 : text;
  end = strchr (text, text[0] == '[' ? ']' : ':');
  if (end == NULL && host != text)
    return NULL;
  if (end != NULL && (host != text || strchr (end + 1, ':') == NULL))
    *end = '\0';
  address = g_inet_address_new_from_string (host);
  return address != NULL ? tocsin_address_unmap (address) : NULL;
}

/* Joins all fields of that name, as one list (RFC 9110, section 5.3). */
static char *
join_fields (const TocsinRequest *self, const char *name)
{
  GString *joined = NULL;
  gsize size = strlen (name);

  for (guint i = 0; i < self->fields->len; i++)
    if (is_named (field_at (self, i), name, size))
      {
        if (joined == NULL)
          joined = g_string_new (NULL);
        else
          g_string_append_c (joined, ',');
        g_string_append (joined, field_at (self, i)->value);
      }
  return joined != NULL ? g_string_free (joined, FALSE) : NULL;
}

/* The address that the outermost trusted proxy saw; NULL if it says nothing usable. */
static GInetAddress *
forwarded_address (const TocsinRequest *self, GPtrArray *trusted)
{
  g_autofree char *list = join_fields (self, "X-Forwarded-For");
  gboolean is_forwarded = list == NULL;
  g_autoptr (GInetAddress) found = NULL;

  if (is_forwarded)
    list = join_fields (self, "Forwarded");
  if (list == NULL)
    return NULL;
  for (guint i = 0; i < FORWARDED_HOPS_MAX; i++)
    {
      char *comma = strrchr (list, ',');
      g_autoptr (GInetAddress) hop = parse_hop (comma != NULL ? comma + 1 : list, is_forwarded);

      /* What is left of a hop that cannot be read was written by strangers. */
      if (hop == NULL)
        break;
      g_set_object (&found, hop);
      if (comma == NULL || !tocsin_address_in (trusted, hop))
        break;
      *comma = '\0';
    }
  return g_steal_pointer (&found);
}

gboolean
tocsin_request_set_forwarded (TocsinRequest *self, GPtrArray *trusted)
{
  g_autoptr (GInetAddress) forwarded = forwarded_address (self, trusted);
  g_autofree char *text = NULL;

  if (forwarded == NULL)
    return FALSE;
  text = g_inet_address_to_string (forwarded);
  g_strlcpy (self->remote, text, sizeof self->remote);
  self->is_forwarded = TRUE;
  return TRUE;
}
