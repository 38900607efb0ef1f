/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/public.h"

#include <string.h>

#include "codec/discovery-json.h"
#include "core/clock.h"
#include "core/hash.h"

#define PAGE_RESOURCE     "/org/tocsin/public-page.html"
#define TYPE_LD           "application/ld+json"
#define PROFILE_AS        "https://www.w3.org/ns/activitystreams"
#define PLACEHOLDER_BYTES 16 /* more than the longest name between two @ */

/* ---- the page ---- */

GResource *tocsin_page_get_resource (void); /* generated; see src/meson.build */

typedef struct
{
  const char *name;
  const char *html;
} Filling;

/* A link where the text can be one; the settings were checked, but a page is no place to rely on
 * that. */
static char *
link_or_text (const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  if (g_str_has_prefix (text, "https://") || g_str_has_prefix (text, "mailto:"))
    return g_strdup_printf ("<a href=\"%s\">%s</a>", escaped,
                            g_str_has_prefix (escaped, "mailto:") ? escaped + strlen ("mailto:")
                                                                  : escaped);
  if (strchr (text, '@') != NULL && strpbrk (text, " :/?#%") == NULL)
    return g_strdup_printf ("<a href=\"mailto:%s\">%s</a>", escaped, escaped);
  return g_steal_pointer (&escaped);
}

static char *
contact_html (const TocsinPublicOptions *options)
{
  g_autofree char *link = options->contact != NULL ? link_or_text (options->contact) : NULL;

  if (link == NULL)
    return g_strdup ("The operator of this node has not said how to be reached. The people who run "
                     "its host can pass a message on.");
  return g_strdup_printf ("The operator of this node can be reached at %s.", link);
}

static char *
appeal_html (const TocsinPublicOptions *options)
{
  const char *where = options->appeal_url != NULL ? options->appeal_url : options->contact;
  g_autofree char *link = where != NULL ? link_or_text (where) : NULL;

  if (link == NULL)
    return g_strdup ("If they tell you that a report by this node is the reason, ask its operator "
                     "to withdraw it.");
  return g_strdup_printf ("If they tell you that a report by this node is the reason, appeal here: "
                          "%s. Say what was blocked (an address, a domain, an account) and when.",
                          link);
}

/* Fills in one pass, so that nothing a value says is taken for a placeholder. */
static GString *
fill (const char *template, gsize size, const Filling *fillings)
{
  GString *page = g_string_sized_new (size + 1024);

  for (const char *p = template, *end = template + size; p < end;)
    {
      const char *close =
          *p == '@' ? memchr (p + 1, '@', MIN ((gsize) (end - p - 1), PLACEHOLDER_BYTES)) : NULL;
      const Filling *filling = fillings;

      while (close != NULL && filling->name != NULL &&
             (strlen (filling->name) != (gsize) (close - p - 1) ||
              memcmp (filling->name, p + 1, (gsize) (close - p - 1)) != 0))
        filling++;
      if (close == NULL || filling->name == NULL)
        {
          g_string_append_c (page, *p++);
          continue;
        }
      g_string_append (page, filling->html);
      p = close + 1;
    }
  return page;
}

/* No scripts, nothing from elsewhere, and of styles exactly the one in the page. */
static char *
policy_of (const GString *page)
{
  const char *style = strstr (page->str, "<style>") + strlen ("<style>");
  guint8 hash[TOCSIN_SHA256_BYTES];
  g_autofree char *base64 = NULL;

  tocsin_sha256 (style, (gsize) (strstr (style, "</style>") - style), hash);
  base64 = g_base64_encode (hash, sizeof hash);
  return g_strdup_printf ("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
                          "form-action 'none'; frame-ancestors 'none'",
                          base64);
}

GBytes *
tocsin_public_page (const char *base, const TocsinPublicOptions *options, char **out_policy)
{
  g_autoptr (GBytes) template =
      g_resource_lookup_data (tocsin_page_get_resource (), PAGE_RESOURCE, 0, NULL);
  const char *host = strstr (base, "://") + strlen ("://");
  const char *name_text = options->name != NULL ? options->name : host;
  const char *username = options->username != NULL ? options->username : "tocsin";
  g_autofree char *name = g_markup_escape_text (name_text, -1);
  g_autofree char *summary_text =
      options->summary != NULL ? g_markup_escape_text (options->summary, -1) : NULL;
  g_autofree char *summary =
      summary_text != NULL ? g_strdup_printf ("<p>%s</p>", summary_text) : g_strdup ("");
  g_autofree char *appeal = appeal_html (options);
  g_autofree char *contact = contact_html (options);
  g_autofree char *actor = g_markup_printf_escaped ("%s/actor", base);
  g_autofree char *handle = g_markup_printf_escaped ("@%s@%s", username, host);
  g_autofree char *version = g_markup_escape_text (options->version, -1);
  const Filling fillings[] = { { "NAME", name },       { "SUMMARY", summary }, { "APPEAL", appeal },
                               { "CONTACT", contact }, { "ACTOR", actor },     { "HANDLE", handle },
                               { "VERSION", version }, { NULL, NULL } };
  gsize size;
  const char *text = g_bytes_get_data (template, &size);
  GString *page = fill (text, size, fillings);

  *out_policy = policy_of (page);
  return g_string_free_to_bytes (page);
}

/* ---- the context ---- */

/**
 * tocsin_public_new:
 * @federation: (unowned): has to outlive it
 * @options: what the operator says about the node
 *
 * Returns: (transfer full): what the routes of the public side need
 */
TocsinPublic *
tocsin_public_new (TocsinFederation *federation, const TocsinPublicOptions *options)
{
  TocsinPublic *self = g_new0 (TocsinPublic, 1);
  const char *base = tocsin_identity_get_base (federation->identity);
  TocsinPublicOptions all = *options;

  all.username = tocsin_identity_get_username (federation->identity);
  self->federation = federation;
  self->page = tocsin_public_page (base, &all, &self->page_policy);
  self->nodeinfo_index = tocsin_nodeinfo_index (base);
  self->nodeinfo = tocsin_nodeinfo_document (options->version, options->name);
  self->now_us = options->now_us != NULL ? options->now_us : tocsin_time_now_us;
  return self;
}

void
tocsin_public_free (TocsinPublic *self)
{
  g_clear_pointer (&self->page, g_bytes_unref);
  g_clear_pointer (&self->nodeinfo_index, g_bytes_unref);
  g_clear_pointer (&self->nodeinfo, g_bytes_unref);
  g_free (self->page_policy);
  g_free (self);
}

/* ---- what several routes do ---- */

void
tocsin_public_harden (TocsinReply *reply)
{
  tocsin_reply_add_header (reply, "X-Content-Type-Options", "nosniff");
  tocsin_reply_add_header (reply, "Referrer-Policy", "no-referrer");
  if (tocsin_reply_get_header (reply, "Content-Security-Policy") == NULL)
    tocsin_reply_add_header (reply, "Content-Security-Policy",
                             "default-src 'none'; frame-ancestors 'none'");
}

void
tocsin_public_answer (TocsinRequest *request,
                      TocsinReply *reply,
                      const char *content_type,
                      GBytes *body,
                      guint max_age_seconds)
{
  guint8 hash[TOCSIN_SHA256_BYTES];
  g_autofree char *hex = NULL;
  g_autofree char *etag = NULL;
  g_autofree char *caching = g_strdup_printf ("public, max-age=%u", max_age_seconds);
  gsize size;
  gconstpointer data = g_bytes_get_data (body, &size);

  tocsin_sha256 (data, size, hash);
  hex = tocsin_hex_encode (hash, 16);
  etag = g_strdup_printf ("\"%s\"", hex);
  tocsin_reply_add_header (reply, "ETag", etag);
  tocsin_reply_add_header (reply, "Cache-Control", caching);
  tocsin_public_harden (reply);
  if (tocsin_request_knows (request, etag))
    tocsin_reply_set_status (reply, 304);
  tocsin_reply_set_bytes (reply, content_type, body);
}

/* The parameter @name of the range or type in @part, a weight if it is "q"; NULL: there is none. */
static char *
parameter (const char *part, const char *name)
{
  g_auto (GStrv) pieces = g_strsplit (part, ";", -1);

  for (gsize i = 1; pieces[0] != NULL && pieces[i] != NULL; i++)
    {
      char *piece = g_strstrip (pieces[i]);
      char *equals = strchr (piece, '=');
      char *value;
      gsize len;

      if (equals == NULL || strlen (name) != (gsize) (equals - piece) ||
          g_ascii_strncasecmp (piece, name, strlen (name)) != 0)
        continue;
      value = equals + 1;
      len = strlen (value);
      if (len >= 2 && value[0] == '"' && value[len - 1] == '"')
        return g_strndup (value + 1, len - 2);
      return g_strdup (value);
    }
  return NULL;
}

static gboolean
has_type (const char *part, const char *type)
{
  gsize len;

  part += strspn (part, " \t");
  len = strcspn (part, "; \t");
  return len == strlen (type) && g_ascii_strncasecmp (part, type, len) == 0;
}

gboolean
tocsin_public_prefers_html (const char *accept)
{
  static const char *const activity[] = { TOCSIN_TYPE_ACTIVITY, TYPE_LD, TOCSIN_TYPE_JSON };
  g_auto (GStrv) parts = g_strsplit (accept != NULL ? accept : "", ",", -1);
  double html = 0, json = 0;

  for (gsize i = 0; parts[i] != NULL; i++)
    {
      g_autofree char *weight = parameter (parts[i], "q");
      double q = weight != NULL ? CLAMP (g_ascii_strtod (weight, NULL), 0, 1) : 1;

      if (has_type (parts[i], "text/html"))
        html = MAX (html, q);
      for (gsize k = 0; k < G_N_ELEMENTS (activity); k++)
        if (has_type (parts[i], activity[k]))
          json = MAX (json, q);
    }
  return html > json;
}

gboolean
tocsin_public_is_activity_type (const char *content_type)
{
  g_autofree char *profile = NULL;
  g_auto (GStrv) profiles = NULL;

  if (content_type == NULL)
    return FALSE;
  if (has_type (content_type, TOCSIN_TYPE_ACTIVITY))
    return TRUE;
  if (!has_type (content_type, TYPE_LD))
    return FALSE;
  profile = parameter (content_type, "profile");
  if (profile == NULL)
    return TRUE;
  /* A list of URIs (RFC 6906); servers write this one with and without the fragment's sign. */
  profiles = g_strsplit (profile, " ", -1);
  return g_strv_contains ((const char *const *) profiles, PROFILE_AS) ||
         g_strv_contains ((const char *const *) profiles, PROFILE_AS "#");
}
