/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Preloaded into a daemon, it makes the wall clock run faster, so that years of retention go by
 * while a test runs. FAST_CLOCK has three numbers: how much faster, and at which nanosecond of the
 * monotonic clock it was which nanosecond of the wall clock. Who has the same numbers has the same
 * time. The time since the machine was started goes with it, from another origin: a wall clock that
 * runs away from that is one that jumped. The monotonic clock, by which timers run, keeps its pace.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C (1000000000)

static int64_t factor = 1, monotonic_ns, wall_ns;

static int64_t
read_ns (clockid_t clock)
{
  struct timespec now = { 0 };

  syscall (SYS_clock_gettime, clock, &now);
  return now.tv_sec * SECOND_NS + now.tv_nsec;
}

__attribute__ ((constructor)) static void
begin (void)
{
  const char *text = getenv ("FAST_CLOCK");
  long long numbers[3];

  if (text == NULL || sscanf (text, "%lld %lld %lld", &numbers[0], &numbers[1], &numbers[2]) != 3 ||
      numbers[0] < 1)
    {
      fputs ("fast-clock: FAST_CLOCK has no three numbers\n", stderr);
      _exit (127);
    }
  factor = numbers[0];
  monotonic_ns = numbers[1];
  wall_ns = numbers[2];
}

/* Before begin() has run the pace is that of the machine. */
static int64_t
now_ns (void)
{
  if (wall_ns == 0)
    return read_ns (CLOCK_REALTIME);
  return wall_ns + (read_ns (CLOCK_MONOTONIC) - monotonic_ns) * factor;
}

int
clock_gettime (clockid_t clock, struct timespec *out)
{
  int64_t ns;

  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE && clock != CLOCK_BOOTTIME)
    return (int) syscall (SYS_clock_gettime, clock, out);
  ns = now_ns ();
  out->tv_sec = ns / SECOND_NS;
  out->tv_nsec = ns % SECOND_NS;
  return 0;
}

int
gettimeofday (struct timeval *restrict out, void *restrict zone)
{
  int64_t us = now_ns () / 1000;

  (void) zone;
  out->tv_sec = us / 1000000;
  out->tv_usec = us % 1000000;
  return 0;
}

time_t
time (time_t *out)
{
  time_t seconds = now_ns () / SECOND_NS;

  if (out != NULL)
    *out = seconds;
  return seconds;
}
