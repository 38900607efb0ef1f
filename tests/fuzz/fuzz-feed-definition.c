/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any bytes as the key file of a feed: what is taken is complete.
 */
#include "fuzz/fuzz.h"

#include "feeds/definition.h"

int
LLVMFuzzerTestOneInput (const unsigned char *data, size_t size)
{
  g_autoptr (TocsinFeedDefinition) definition =
      tocsin_feed_definition_parse ("a", (const char *) data, size, "feed.conf", NULL);

  if (definition == NULL)
    return 0;
  if (definition->url == NULL || definition->format == NULL || definition->title == NULL ||
      definition->max_bytes == 0)
    g_error ("an incomplete definition was taken");
  return 0;
}
