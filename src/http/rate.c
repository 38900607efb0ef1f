/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/rate.h"

#include "core/clock.h"
#include "core/hash.h"

#define N_SLOTS 8192

/* The generic cell rate algorithm: a slot is the time at which its owner's allowance is whole
 * again. A slot whose time has passed belongs to nobody. */
typedef struct
{
  guint64 tag;
  gint64 whole_at_us;
} Slot;

struct _TocsinRate
{
  gint64 interval_us;
  gint64 burst_us;
  guint64 secret[2]; /* so that nobody can aim at another's slot */
  Slot slots[N_SLOTS];
};

TocsinRate *
tocsin_rate_new (guint per_second, guint burst)
{
  TocsinRate *self;

  g_return_val_if_fail (per_second >= 1 && burst >= 1, NULL);

  self = g_new0 (TocsinRate, 1);
  self->interval_us = MAX (TOCSIN_SECOND_US / per_second, 1);
  self->burst_us = self->interval_us * burst;
  tocsin_random_bytes (self->secret, sizeof self->secret);
  return self;
}

void
tocsin_rate_free (TocsinRate *self)
{
  g_free (self);
}

/* Multiply and fold, keyed; the finaliser of splitmix64. */
static guint64
mix (guint64 x)
{
  x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* The address's own slot, else one that is free; of two that are busy, the one nearer to free. */
static Slot *
find_slot (TocsinRate *self, guint64 tag, gint64 now_us)
{
  Slot *a = &self->slots[tag % N_SLOTS];
  Slot *b = &self->slots[(tag >> 32) % N_SLOTS];
  Slot *slot;

  if (a->tag == tag)
    return a;
  if (b->tag == tag)
    return b;
  slot = a->whole_at_us <= b->whole_at_us ? a : b;
  if (slot->whole_at_us <= now_us)
    slot->tag = tag;
  return slot;
}

gboolean
tocsin_rate_take (TocsinRate *self, const TocsinAddressKey *key, gint64 now_us, gint64 *out_wait_us)
{
  guint64 halves[2];
  guint64 tag;
  Slot *slot;
  gint64 next_us;

  memcpy (halves, key, sizeof halves);
  tag = mix (mix (halves[0] ^ self->secret[0]) ^ halves[1] ^ self->secret[1]);
  slot = find_slot (self, tag, now_us);
  next_us = MAX (slot->whole_at_us, now_us) + self->interval_us;
  if (next_us - now_us > self->burst_us)
    {
      *out_wait_us = next_us - now_us - self->burst_us;
      return FALSE;
    }
  slot->whole_at_us = next_us;
  return TRUE;
}
