/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/request.h"

G_BEGIN_DECLS

/**
 * TocsinStepFunc:
 * @data: what the answer is made of
 * @request: whose answer it is
 *
 * Makes a little more of an answer: it takes a few milliseconds at most, and holds no transaction
 * when it returns.
 *
 * Returns: %FALSE once the reply is filled, and @data freed or handed on
 */
typedef gboolean (*TocsinStepFunc) (gpointer data, TocsinRequest *request);

/**
 * tocsin_steps_go_on:
 * @request: a request whose handler is running
 * @step: takes a step
 * @data: (transfer full): for it
 * @give_up: frees @data, where nobody waits for the answer any more
 *
 * Has an answer that takes long made on this thread, one step a turn of its loop, so that other
 * requests are answered in between.
 */
void tocsin_steps_go_on (TocsinRequest *request,
                         TocsinStepFunc step,
                         gpointer data,
                         GDestroyNotify give_up);

G_END_DECLS
