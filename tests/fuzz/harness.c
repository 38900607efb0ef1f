/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What every target is held to, whoever runs it. Memory is counted where AddressSanitizer is there
 * to tell: all that is alive at once of what was asked for since the input began, whatever thread
 * asked for it. What is older and goes meanwhile makes up for nothing.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A tree of JSON takes some 120 bytes for each byte of "[[],[],…]"; nothing else comes near. */
#define MEMORY_PER_BYTE 256

/* Without a sanitizer it takes a thousandth; not even a busy machine makes an input slow that is
 * not. */
#define TIME_MAX_NS (G_GINT64_CONSTANT (3) * 1000 * 1000 * 1000)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);
int LLVMFuzzerInitialize (int *argc, char ***argv);

typedef void (*MallocHook) (const volatile void *at, size_t size);
typedef void (*FreeHook) (const volatile void *at);

int __attribute__ ((weak))
__sanitizer_install_malloc_and_free_hooks (MallocHook on_malloc, FreeHook on_free);
size_t __attribute__ ((weak)) __sanitizer_get_allocated_size (const volatile void *at);
void __attribute__ ((weak)) __lsan_register_root_region (const void *begin, size_t size);

/* Of OpenSSL, which not every target has. */
int __attribute__ ((weak)) CRYPTO_secure_malloc_initialized (void);
void *__attribute__ ((weak)) CRYPTO_secure_malloc (size_t size, const char *file, int line);
void __attribute__ ((weak)) CRYPTO_secure_free (void *at, const char *file, int line);

static gint64 live_bytes; /* atomic */
static gint64 peak_bytes; /* atomic */

/* ---- the blocks of the present input ---- */

/* How often memory is asked for makes no input a new one. */
#ifdef __clang__
#define UNSEEN __attribute__ ((no_sanitize ("coverage")))
#else
#define UNSEEN
#endif

#define SLOTS      (1 << 18)
#define PROBES_MAX 256
#define ROUND_BITS 20
#define ROUND_MAX  ((G_GUINT64_CONSTANT (1) << ROUND_BITS) - 1)

/* Each 0, or the round in the lowest bits and above them the address of a block, an eighth of it,
 * or 0 for a block that was freed. What is of another round than the present one is as 0, so that
 * nothing is to be cleared when an input begins. */
static guint64 slots[SLOTS]; /* atomic */
static guint64 current_round;

static UNSEEN guint64
slot_value (const volatile void *at)
{
  return ((guint64) (guintptr) at >> 3) << ROUND_BITS | current_round;
}

static UNSEEN guint64 *
slot_at (guint64 value, guint probe)
{
  guint64 hash = (value >> ROUND_BITS) * G_GUINT64_CONSTANT (0x9E3779B97F4A7C15);

  return &slots[((hash >> 32) + probe) % SLOTS];
}

/* Where there is no room the block is counted, and never taken off again. */
static UNSEEN void
keep_block (const volatile void *at)
{
  guint64 value = slot_value (at);

  for (guint i = 0; i < PROBES_MAX; i++)
    {
      guint64 *slot = slot_at (value, i);
      guint64 old = __atomic_load_n (slot, __ATOMIC_RELAXED);

      if (((old & ROUND_MAX) != current_round || old >> ROUND_BITS == 0) &&
          __atomic_compare_exchange_n (slot, &old, value, FALSE, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED))
        return;
    }
}

/* FALSE: it is older than the input. */
static UNSEEN gboolean
drop_block (const volatile void *at)
{
  guint64 value = slot_value (at);

  for (guint i = 0; i < PROBES_MAX; i++)
    {
      guint64 *slot = slot_at (value, i);
      guint64 old = __atomic_load_n (slot, __ATOMIC_RELAXED);

      if (old == value)
        {
          __atomic_store_n (slot, current_round, __ATOMIC_RELAXED);
          return TRUE;
        }
      if ((old & ROUND_MAX) != current_round)
        return FALSE;
    }
  return FALSE;
}

static UNSEEN void
on_malloc (const volatile void *at, size_t size)
{
  gint64 now = __atomic_add_fetch (&live_bytes, (gint64) size, __ATOMIC_RELAXED);
  gint64 peak = __atomic_load_n (&peak_bytes, __ATOMIC_RELAXED);

  while (now > peak && !__atomic_compare_exchange_n (&peak_bytes, &peak, now, FALSE,
                                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    ;
  keep_block (at);
}

static UNSEEN void
on_free (const volatile void *at)
{
  if (at != NULL && drop_block (at))
    __atomic_sub_fetch (&live_bytes, (gint64) __sanitizer_get_allocated_size (at),
                        __ATOMIC_RELAXED);
}

static void
begin_counting (void)
{
  if (current_round == ROUND_MAX)
    {
      memset (slots, 0, sizeof slots);
      current_round = 0;
    }
  current_round++;
  __atomic_store_n (&live_bytes, 0, __ATOMIC_RELAXED);
  __atomic_store_n (&peak_bytes, 0, __ATOMIC_RELAXED);
}

/* That the sanitizer tells, and that what is older is not set off. Threads of the target may ask
 * for something meanwhile. */
static void
check_counting (void)
{
  const gint64 older_bytes = G_GINT64_CONSTANT (1) << 20;
  gpointer older, block;
  gint64 live;

  begin_counting ();
  /* cppcheck-suppress unusedAllocatedMemory ; that it is there is all that counts */
  older = g_malloc (older_bytes);
  begin_counting ();
  block = g_malloc (MEMORY_PER_BYTE);
  g_free (older);
  live = __atomic_load_n (&live_bytes, __ATOMIC_RELAXED);
  g_free (block);
  if (live < MEMORY_PER_BYTE || live >= older_bytes)
    g_error ("memory is not counted");
}

static gint64
processor_time_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * 1000 * 1000 * 1000 + now.tv_nsec;
}

/* The generators of random numbers keep what they work with in the memory for private keys, where
 * LeakSanitizer would not look for what still points to something. */
static void
show_guarded_memory (void)
{
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;
  void *inside;

  if (__lsan_register_root_region == NULL || CRYPTO_secure_malloc_initialized == NULL ||
      !CRYPTO_secure_malloc_initialized () ||
      !g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL))
    return;
  inside = CRYPTO_secure_malloc (1, __FILE__, __LINE__);
  lines = g_strsplit (maps, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      char *minus = NULL;
      guintptr begin = (guintptr) g_ascii_strtoull (*line, &minus, 16);
      guintptr end = *minus == '-' ? (guintptr) g_ascii_strtoull (minus + 1, NULL, 16) : begin;

      if (begin <= (guintptr) inside && (guintptr) inside < end)
        __lsan_register_root_region ((const void *) begin, end - begin);
    }
  CRYPTO_secure_free (inside, __FILE__, __LINE__);
}

void __attribute__ ((weak)) tocsin_fuzz_begin (void)
{
}

gint64 __attribute__ ((weak)) tocsin_fuzz_base_bytes (void)
{
  return G_GINT64_CONSTANT (1) << 20;
}

/* Ends with the signal that libFuzzer keeps the input on. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) == 0)
    return G_LOG_WRITER_HANDLED;
  g_log_writer_standard_streams (level, fields, n_fields, data);
  abort ();
}

int
LLVMFuzzerInitialize (int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
  g_log_set_writer_func (write_log, NULL, NULL);
  tocsin_fuzz_begin ();
  tocsin_fuzz_one ((const guint8 *) "", 0); /* what GLib and OpenSSL keep for ever */
  show_guarded_memory ();
  if (__sanitizer_install_malloc_and_free_hooks != NULL)
    {
      if (__sanitizer_install_malloc_and_free_hooks (on_malloc, on_free) == 0)
        g_error ("memory cannot be counted");
      check_counting ();
    }
  return 0;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gint64 limit = tocsin_fuzz_base_bytes () + MEMORY_PER_BYTE * (gint64) size;
  gint64 before_ns = processor_time_ns ();
  gint64 took_ns;

  begin_counting ();
  tocsin_fuzz_one (data, size);
  took_ns = processor_time_ns () - before_ns;
  if (peak_bytes > limit)
    g_error ("%" G_GINT64_FORMAT " bytes of memory for %" G_GSIZE_FORMAT " bytes of input",
             peak_bytes, size);
  if (took_ns > TIME_MAX_NS)
    g_error ("%" G_GINT64_FORMAT " ms for %" G_GSIZE_FORMAT " bytes of input",
             took_ns / (1000 * 1000), size);
  return 0;
}
