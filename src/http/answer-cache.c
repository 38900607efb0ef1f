/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/answer-cache.h"

#include <string.h>

#include "core/hash.h"

/* Sets of a few slots, chosen by the hash. Entries are written one behind the other into one block
 * of memory, and at its end again from its beginning over the oldest. Where an entry is is counted
 * over all that was ever written, so that a slot tells by itself whether its entry is still there.
 * A newer answer takes the place of the one that it replaces if it fits. */
#define WAYS   8
#define N_SETS 8192 /* a power of two */

typedef struct
{
  guint64 hash;
  guint64 at; /* of its entry; 0: never used */
} Slot;

typedef struct
{
  gint64 decided_us;
  gint64 until_us;
  guint32 question_size;
  guint32 answer_size;
  guint32 room; /* for both */
  TocsinVerdict verdict;
  char text[]; /* the question, then the answer */
} Entry;

struct _TocsinAnswerCache
{
  Slot *slots;   /* (owned) N_SETS × WAYS */
  guint8 *block; /* (owned) (nullable) until something is kept */
  guint64 since; /* entries before this place are void */
  guint64 end;   /* the place behind the newest entry */
  guint64 generation;
  guint32 next_way;
};

TocsinAnswerCache *
tocsin_answer_cache_new (void)
{
  TocsinAnswerCache *self = g_new0 (TocsinAnswerCache, 1);

  self->slots = g_new0 (Slot, N_SETS * WAYS);
  self->since = self->end = TOCSIN_ANSWER_CACHE_BYTES;
  return self;
}

void
tocsin_answer_cache_free (TocsinAnswerCache *self)
{
  if (self == NULL)
    return;
  g_free (self->slots);
  g_free (self->block);
  g_free (self);
}

void
tocsin_answer_cache_forget (TocsinAnswerCache *self)
{
  self->since = self->end;
}

static gboolean
is_kept (const TocsinAnswerCache *self, const Slot *slot)
{
  return slot->at >= self->since && slot->at + TOCSIN_ANSWER_CACHE_BYTES >= self->end;
}

static Entry *
entry_of (const TocsinAnswerCache *self, const Slot *slot)
{
  return (Entry *) (gpointer) (self->block + slot->at % TOCSIN_ANSWER_CACHE_BYTES);
}

static Slot *
find_slot (const TocsinAnswerCache *self, guint64 hash, const char *question, gsize size)
{
  Slot *set = &self->slots[(hash & (N_SETS - 1)) * WAYS];

  for (guint i = 0; i < WAYS; i++)
    if (set[i].hash == hash && is_kept (self, &set[i]))
      {
        const Entry *entry = entry_of (self, &set[i]);

        if (entry->question_size == size && memcmp (entry->text, question, size) == 0)
          return &set[i];
      }
  return NULL;
}

static Slot *
choose_slot (TocsinAnswerCache *self, guint64 hash)
{
  Slot *set = &self->slots[(hash & (N_SETS - 1)) * WAYS];

  for (guint i = 0; i < WAYS; i++)
    if (!is_kept (self, &set[i]))
      return &set[i];
  return &set[self->next_way++ % WAYS];
}

gboolean
tocsin_answer_cache_find (TocsinAnswerCache *self,
                          guint64 generation,
                          gint64 now_us,
                          const char *question,
                          gsize size,
                          GString *out,
                          TocsinAnswered *answered)
{
  const Slot *slot;
  const Entry *entry;

  if (generation != self->generation)
    {
      tocsin_answer_cache_forget (self);
      self->generation = generation;
    }
  if (self->since == self->end || size > TOCSIN_ANSWER_CACHE_QUESTION_MAX_BYTES)
    return FALSE;
  slot = find_slot (self, tocsin_hash_quick (question, size), question, size);
  if (slot == NULL)
    return FALSE;
  entry = entry_of (self, slot);
  if (now_us < entry->decided_us || now_us >= entry->until_us)
    return FALSE;
  g_string_append_len (out, entry->text + size, entry->answer_size);
  *answered = (TocsinAnswered){ entry->verdict, entry->until_us };
  return TRUE;
}

/* Another one for each question, and for the same question each time. */
static gint64
time_to_live_us (guint64 hash, gint64 now_us)
{
  const guint64 spread_us = TOCSIN_ANSWER_CACHE_MOST_US - TOCSIN_ANSWER_CACHE_LEAST_US;
  guint64 mixed = (hash ^ (guint64) now_us) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return TOCSIN_ANSWER_CACHE_LEAST_US + (gint64) ((mixed >> 32) % spread_us);
}

/* Room for a question and its answer of @needed bytes: that of the entry in @slot, or what follows
 * the newest one. */
static Entry *
make_entry (TocsinAnswerCache *self, guint64 hash, Slot *slot, gsize needed)
{
  gsize room = (needed + 7) & ~(gsize) 7; /* entries stand where a 64-bit number may */
  gsize left = TOCSIN_ANSWER_CACHE_BYTES - self->end % TOCSIN_ANSWER_CACHE_BYTES;
  Entry *entry;

  slot->hash = hash;
  if (is_kept (self, slot) && needed <= entry_of (self, slot)->room)
    return entry_of (self, slot);
  if (sizeof (Entry) + room > left)
    self->end += left;
  slot->at = self->end;
  self->end += sizeof (Entry) + room;
  entry = entry_of (self, slot);
  entry->room = (guint32) room;
  return entry;
}

void
tocsin_answer_cache_add (TocsinAnswerCache *self,
                         guint64 generation,
                         gint64 now_us,
                         const TocsinAnswered *answered,
                         const char *question,
                         gsize size,
                         const char *answer,
                         gsize answer_size)
{
  guint64 hash;
  Slot *slot;
  Entry *entry;

  if (generation != self->generation || size > TOCSIN_ANSWER_CACHE_QUESTION_MAX_BYTES ||
      answer_size > TOCSIN_ANSWER_CACHE_ANSWER_MAX_BYTES)
    return;
  if (self->block == NULL)
    self->block = g_malloc (TOCSIN_ANSWER_CACHE_BYTES);
  hash = tocsin_hash_quick (question, size);
  slot = find_slot (self, hash, question, size);
  if (slot == NULL)
    slot = choose_slot (self, hash);
  entry = make_entry (self, hash, slot, size + answer_size);
  entry->decided_us = now_us;
  entry->verdict = answered->verdict;
  entry->until_us = MIN (answered->until_us, now_us + time_to_live_us (hash, now_us));
  entry->question_size = (guint32) size;
  entry->answer_size = (guint32) answer_size;
  memcpy (entry->text, question, size);
  memcpy (entry->text + size, answer, answer_size);
}
