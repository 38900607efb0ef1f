/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What every target is held to, whoever runs it. Memory is counted where AddressSanitizer is there
 * to tell: all that is alive at once, whatever thread asked for it.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
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

static void
on_malloc (const volatile void *at, size_t size)
{
  gint64 now = __atomic_add_fetch (&live_bytes, (gint64) size, __ATOMIC_RELAXED);

  if (now > __atomic_load_n (&peak_bytes, __ATOMIC_RELAXED))
    __atomic_store_n (&peak_bytes, now, __ATOMIC_RELAXED);
}

static void
on_free (const volatile void *at)
{
  if (at != NULL)
    __atomic_sub_fetch (&live_bytes, (gint64) __sanitizer_get_allocated_size (at),
                        __ATOMIC_RELAXED);
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
        __lsan_register_root_region ((const void *) begin, end - begin); /* NOLINT */
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
    __sanitizer_install_malloc_and_free_hooks (on_malloc, on_free);
  return 0;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gint64 limit = tocsin_fuzz_base_bytes () + MEMORY_PER_BYTE * (gint64) size;
  gint64 before_ns = processor_time_ns ();
  gint64 took_ns;

  __atomic_store_n (&live_bytes, 0, __ATOMIC_RELAXED);
  __atomic_store_n (&peak_bytes, 0, __ATOMIC_RELAXED);
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
