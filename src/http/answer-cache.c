/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/answer-cache.h"

#include <string.h>

#include "core/hash.h"

/* Sets of a few slots, chosen by the hash. An entry is in one block of memory, behind the one
 * before it; none is freed alone. Once the block is full, or everything is void, the cache begins
 * anew: that is a new round, and slots of older rounds are empty. */
#define WAYS   4
#define N_SETS 16384 /* a power of two */

typedef struct
{
  guint64 hash;
  guint32 at;    /* of its entry in the block */
  guint32 round; /* 0: never used */
} Slot;

typedef struct
{
  gint64 decided_us;
  guint32 question_size;
  guint32 answer_size;
  char text[]; /* the question, then the answer */
} Entry;

struct _TocsinAnswerCache
{
  Slot *slots;   /* (owned) N_SETS × WAYS */
  guint8 *block; /* (owned) (nullable) until something is kept */
  gsize used;
  guint64 generation;
  guint32 round;
  guint32 next_way;
};

TocsinAnswerCache *
tocsin_answer_cache_new (void)
{
  TocsinAnswerCache *self = g_new0 (TocsinAnswerCache, 1);

  self->slots = g_new0 (Slot, N_SETS * WAYS);
  self->round = 1;
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
  self->used = 0;
  self->round++;
  /* Once in four billion times, slots of a round long past would look like new ones. */
  if (self->round == 0)
    {
      memset (self->slots, 0, sizeof (Slot) * N_SETS * WAYS);
      self->round = 1;
    }
}

static const Entry *
entry_at (const TocsinAnswerCache *self, guint32 at)
{
  return (const Entry *) (gconstpointer) (self->block + at);
}

static Slot *
find_slot (const TocsinAnswerCache *self, guint64 hash, const char *question, gsize size)
{
  Slot *set = &self->slots[(hash & (N_SETS - 1)) * WAYS];

  for (guint i = 0; i < WAYS; i++)
    if (set[i].round == self->round && set[i].hash == hash)
      {
        const Entry *entry = entry_at (self, set[i].at);

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
    if (set[i].round != self->round)
      return &set[i];
  return &set[self->next_way++ % WAYS];
}

gboolean
tocsin_answer_cache_find (TocsinAnswerCache *self,
                          guint64 generation,
                          gint64 now_us,
                          const char *question,
                          gsize size,
                          GString *out)
{
  const Slot *slot;
  const Entry *entry;

  if (generation != self->generation)
    {
      tocsin_answer_cache_forget (self);
      self->generation = generation;
    }
  if (self->used == 0 || size > TOCSIN_ANSWER_CACHE_QUESTION_MAX_BYTES)
    return FALSE;
  slot = find_slot (self, tocsin_hash_quick (question, size), question, size);
  if (slot == NULL)
    return FALSE;
  entry = entry_at (self, slot->at);
  if (now_us < entry->decided_us || now_us - entry->decided_us >= TOCSIN_ANSWER_CACHE_US)
    return FALSE;
  g_string_append_len (out, entry->text + size, entry->answer_size);
  return TRUE;
}

void
tocsin_answer_cache_add (TocsinAnswerCache *self,
                         guint64 generation,
                         gint64 now_us,
                         const char *question,
                         gsize size,
                         const char *answer,
                         gsize answer_size)
{
  /* Entries stand where a 64-bit number may. */
  gsize needed = (sizeof (Entry) + size + answer_size + 7) & ~(gsize) 7;
  guint64 hash;
  Slot *slot;
  Entry *entry;

  if (generation != self->generation || size > TOCSIN_ANSWER_CACHE_QUESTION_MAX_BYTES ||
      answer_size > TOCSIN_ANSWER_CACHE_ANSWER_MAX_BYTES)
    return;
  if (self->block == NULL)
    self->block = g_malloc (TOCSIN_ANSWER_CACHE_BYTES);
  if (self->used + needed > TOCSIN_ANSWER_CACHE_BYTES)
    tocsin_answer_cache_forget (self);
  hash = tocsin_hash_quick (question, size);
  slot = find_slot (self, hash, question, size);
  if (slot == NULL)
    slot = choose_slot (self, hash);
  entry = (Entry *) (gpointer) (self->block + self->used);
  *entry = (Entry){ now_us, (guint32) size, (guint32) answer_size };
  memcpy (entry->text, question, size);
  memcpy (entry->text + size, answer, answer_size);
  *slot = (Slot){ hash, (guint32) self->used, self->round };
  self->used += needed;
}
