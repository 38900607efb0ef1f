/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/subject.h"

G_BEGIN_DECLS

/**
 * TocsinNetworkList:
 *
 * Networks that the operator named in a setting. Immutable; may be read from any thread.
 */
typedef struct _TocsinNetworkList TocsinNetworkList;

gboolean tocsin_network_list_takes (const char *network);
TocsinNetworkList *tocsin_network_list_new (const char *const *networks) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_network_list_free (TocsinNetworkList *self);
gboolean tocsin_network_list_holds (const TocsinNetworkList *self, const TocsinSubject *subject);

/* Each in CIDR form, until the call returns. */
typedef void (*TocsinNetworkFunc) (const char *network, gpointer data);
void
tocsin_network_list_foreach (const TocsinNetworkList *self, TocsinNetworkFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinNetworkList, tocsin_network_list_free)

G_END_DECLS
