/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any bytes as a database of places: what is opened answers, and what is not is refused, both with
 * text of one line, without control characters.
 */
#include "fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "feeds/geo.h"

static void
check_text (const char *text)
{
  if (!g_utf8_validate (text, -1, NULL))
    g_error ("a text that is no UTF-8");
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    if (g_unichar_iscntrl (g_utf8_get_char (c)))
      g_error ("a text with a control character: %s", text);
}

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
    check_text (g_array_index (places, TocsinPlace, i).name);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *path = NULL;
  g_autoptr (TocsinGeoFile) file = NULL;
  g_autoptr (TocsinGeo) geo = tocsin_geo_new ();
  g_autoptr (GError) error = NULL;
  int fd = memfd_create ("mmdb", MFD_CLOEXEC);

  if (write (fd, data, size) != (ssize_t) size)
    g_error ("no memory");
  path = g_strdup_printf ("/proc/self/fd/%d", fd);
  file = tocsin_geo_file_open (path, &error);
  g_assert_true ((file == NULL) == (error != NULL));
  if (error != NULL)
    check_text (error->message);
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
