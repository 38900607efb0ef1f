/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any bytes as a database of places: what is opened answers, with text of one line.
 */
#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feeds/geo.h"

static void
place_clear (gpointer data)
{
  g_free (((TocsinPlace *) data)->name);
}

static void
ask (const TocsinGeo *geo, const char *address)
{
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (TocsinPlace));
  TocsinSubject subject = { .type = TOCSIN_SUBJECT_IP, .value = (char *) address };

  g_array_set_clear_func (places, place_clear);
  tocsin_geo_find (geo, &subject, places);
  for (guint i = 0; i < places->len; i++)
    {
      const char *name = g_array_index (places, TocsinPlace, i).name;

      if (!g_utf8_validate (name, -1, NULL) || strchr (name, '\n') != NULL)
        g_error ("a name that is no line of text");
    }
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *path = NULL;
  g_autoptr (TocsinGeoFile) file = NULL;
  g_autoptr (TocsinGeo) geo = tocsin_geo_new ();
  int fd = memfd_create ("mmdb", MFD_CLOEXEC);

  if (write (fd, data, size) != (ssize_t) size)
    g_error ("no memory");
  path = g_strdup_printf ("/proc/self/fd/%d", fd);
  file = tocsin_geo_file_open (path, NULL);
  if (file != NULL)
    {
      tocsin_geo_add (geo, file, "fuzz", 0);
      ask (geo, "192.0.2.1");
      ask (geo, "255.255.255.255");
      ask (geo, "2001:db8::1");
      ask (geo, "::");
    }
  close (fd);
}
