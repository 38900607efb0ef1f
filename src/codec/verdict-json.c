/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/verdict-json.h"

#include "core/clock.h"

/* The order of members is that of the contract: answers are compared as text, too. */

static void
write_time (TocsinJsonWriter *json, const char *name, gint64 seconds)
{
  char text[TOCSIN_TIME_TEXT_BYTES];

  tocsin_time_write (seconds, text);
  tocsin_json_writer_member_string (json, name, seconds != 0 ? text : NULL);
}

static const char *
class_name (TocsinCategoryClass klass)
{
  return klass == TOCSIN_CLASS_CRITICAL ? "critical" : "informal";
}

static void
write_categories (TocsinJsonWriter *json, const GArray *categories)
{
  tocsin_json_writer_name (json, "categories");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < categories->len; i++)
    {
      const TocsinCategoryFinding *finding = &g_array_index (categories, TocsinCategoryFinding, i);
      const TocsinCategory *category = tocsin_category_by_id (finding->category);

      tocsin_json_writer_begin_object (json);
      tocsin_json_writer_member_string (json, "slug", category->slug);
      tocsin_json_writer_member_string (json, "class", class_name (category->klass));
      tocsin_json_writer_member_int (json, "origins", finding->origins);
      tocsin_json_writer_member_double (json, "s_or", finding->s_or);
      tocsin_json_writer_end_object (json);
    }
  tocsin_json_writer_end_array (json);
}

static void
write_notes (TocsinJsonWriter *json, const GArray *notes)
{
  tocsin_json_writer_name (json, "notes");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < notes->len; i++)
    {
      const TocsinNote *note = &g_array_index (notes, TocsinNote, i);

      tocsin_json_writer_begin_object (json);
      tocsin_json_writer_member_string (json, "class", class_name (note->klass));
      tocsin_json_writer_member_string (json, "text", note->text);
      tocsin_json_writer_end_object (json);
    }
  tocsin_json_writer_end_array (json);
}

static void
write_actor (const TocsinVerdictJson *self, TocsinJsonWriter *json, const char *name, guint32 actor)
{
  tocsin_json_writer_member_string (
      json, name, self->actor_uri != NULL ? self->actor_uri (actor, self->data) : NULL);
}

/* What the row is by itself; that its reporter is not believed, or said something newer, shows in a
 * strength of 0. */
static const char *
state_name (const TocsinEvidence *row, gint64 now_us)
{
  if ((row->flags & TOCSIN_EVIDENCE_HELD) != 0)
    return "held";
  if ((row->flags & TOCSIN_EVIDENCE_DERIVED) != 0)
    return "derived";
  if ((row->flags & TOCSIN_EVIDENCE_IMPORTED) != 0)
    return "imported";
  return (gint64) row->expires_s * TOCSIN_SECOND_US <= now_us ? "expired" : "live";
}

static void
write_evidence (const TocsinVerdictJson *self, TocsinJsonWriter *json, const GArray *heard)
{
  tocsin_json_writer_name (json, "evidence");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < heard->len; i++)
    {
      const TocsinHeard *h = &g_array_index (heard, TocsinHeard, i);
      const TocsinEvidence *row = &h->evidence;
      const TocsinCategory *category = tocsin_category_by_id (row->category);
      double age_days = ((double) self->decided_us / TOCSIN_SECOND_US - row->observed_s) / 86400.0;
      g_autofree char *report =
          self->report_uri != NULL ? self->report_uri (row->report, self->data) : NULL;

      tocsin_json_writer_begin_object (json);
      write_actor (self, json, "reporter", row->reporter);
      write_actor (self, json, "via", h->via);
      tocsin_json_writer_member_string (json, "category", category != NULL ? category->slug : NULL);
      tocsin_json_writer_member_string (
          json, "opinion", (row->flags & TOCSIN_EVIDENCE_BENIGN) != 0 ? "benign" : "malicious");
      tocsin_json_writer_member_string (json, "state", state_name (row, self->decided_us));
      tocsin_json_writer_member_double (json, "strength", h->strength);
      tocsin_json_writer_member_double (json, "age_days", MAX (age_days, 0));
      tocsin_json_writer_member_string (json, "report", report);
      tocsin_json_writer_end_object (json);
    }
  tocsin_json_writer_end_array (json);
}

static void
write_subject (const TocsinVerdictJson *self,
               TocsinJsonWriter *json,
               const TocsinSubjectFinding *finding)
{
  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "type",
                                    tocsin_subject_type_to_string (finding->subject->type));
  tocsin_json_writer_member_string (json, "value", finding->subject->value);
  tocsin_json_writer_member_string (json, "matched", finding->matched);
  tocsin_json_writer_member_string (json, "verdict", tocsin_verdict_to_string (finding->verdict));
  tocsin_json_writer_member_int (json, "score", finding->score);
  tocsin_json_writer_member_bool (json, "known", finding->known);
  tocsin_json_writer_member_double (json, "s_or", finding->s_or);
  tocsin_json_writer_member_double (json, "s_loo", finding->s_loo);
  tocsin_json_writer_member_double (json, "s_trim", finding->s_trim);
  tocsin_json_writer_member_int (json, "origins", finding->origins);
  write_time (json, "first_seen", finding->first_seen_s);
  write_time (json, "last_seen", finding->last_seen_s);
  write_time (json, "expires", finding->expires_s);
  write_categories (json, finding->categories);
  write_notes (json, finding->notes);
  if (self->explain && finding->heard != NULL)
    write_evidence (self, json, finding->heard);
  tocsin_json_writer_end_object (json);
}

static void
write_without (const TocsinVerdictJson *self, TocsinJsonWriter *json, const GArray *without)
{
  tocsin_json_writer_name (json, "without");
  tocsin_json_writer_begin_object (json);
  for (guint i = 0; i < without->len; i++)
    {
      const TocsinCounterfactual *c = &g_array_index (without, TocsinCounterfactual, i);
      const char *uri = self->actor_uri != NULL ? self->actor_uri (c->actor, self->data) : NULL;

      if (uri != NULL)
        tocsin_json_writer_member_string (json, uri, tocsin_verdict_to_string (c->verdict));
    }
  tocsin_json_writer_end_object (json);
}

void
tocsin_verdict_json_write (const TocsinVerdictJson *self,
                           const TocsinFinding *finding,
                           GString *out)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (out);

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "verdict", tocsin_verdict_to_string (finding->verdict));
  tocsin_json_writer_member_int (&json, "score", finding->score);
  tocsin_json_writer_member_bool (&json, "known", finding->known);
  tocsin_json_writer_member_string (&json, "profile", self->profile);
  tocsin_json_writer_member_string (&json, "ceiling", tocsin_verdict_to_string (finding->ceiling));
  tocsin_json_writer_member_int (&json, "generation", (gint64) self->generation);
  write_time (&json, "decided_at", self->decided_us / TOCSIN_SECOND_US);
  tocsin_json_writer_member_string (&json, "summary", finding->summary);
  tocsin_json_writer_name (&json, "subjects");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < finding->subjects->len; i++)
    write_subject (self, &json, &g_array_index (finding->subjects, TocsinSubjectFinding, i));
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_member_string (&json, "allowed_by", finding->allowed_by);
  if (self->explain && finding->without != NULL)
    write_without (self, &json, finding->without);
  if (self->observe)
    tocsin_json_writer_member_string (&json, "mode", "observe");
  tocsin_json_writer_end_object (&json);
}
