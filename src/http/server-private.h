/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* What server.c, which drives the daemon, and exchange.c, which answers its calls, share. */
#include <microhttpd.h>

#include "http/connections.h"
#include "http/linger.h"
#include "http/rate.h"
#include "http/request-private.h"
#include "http/server.h"

G_BEGIN_DECLS

#define TOCSIN_STATUS_CLASSES 5

typedef struct _TocsinServerSource TocsinServerSource;

/* Where in its life an exchange is, seen from on_request(). */
typedef enum
{
  TOCSIN_STAGE_HEADER,
  TOCSIN_STAGE_BODY,
  TOCSIN_STAGE_PUT_OFF, /* whole, and not yet answered */
  TOCSIN_STAGE_REFUSED, /* the reply is filled; the body, if any, is thrown away */
  TOCSIN_STAGE_SUSPENDED,
  TOCSIN_STAGE_RESUMED, /* the reply is filled; the library has yet to call for it */
  TOCSIN_STAGE_ABANDONED,
} TocsinStage;

/* One request and its reply; reused. */
typedef struct
{
  TocsinRequest *request; /* (owned) */
  TocsinStage stage;
  const char *target_at; /* (unowned): in the parser's buffer, for comparing alone */
  gsize n_received;
  gsize n_buffered;
} TocsinExchange;

struct _TocsinServer
{
  TocsinRouter *router;        /* (owned) */
  TocsinServerOptions options; /* trusted_proxies owned */
  TocsinListener *listener;    /* (owned) (nullable): while it accepts */
  TocsinListenerKind kind;
  struct MHD_Daemon *daemon;  /* (owned) (nullable) */
  GMainContext *context;      /* (owned) (nullable): the daemon's */
  GMainContext *main_context; /* (owned) (nullable): of handlers that write */
  GThread *thread;            /* (owned) (nullable): if the daemon has its own */
  GMainLoop *loop;            /* (owned) (nullable) */
  TocsinServerSource *source; /* (owned) (nullable) */
  TocsinConnections connections;
  TocsinLingers lingers;
  TocsinRate *rate;       /* (owned) (nullable) */
  GAsyncQueue *completed; /* (owned) (element-type TocsinRequest) */
  GPtrArray *spare;       /* (owned) (element-type Exchange) */
  guint n_whole;          /* requests that were read whole in this dispatch */
  guint n_whole_before;   /* … in the last that had any */
  guint n_put_off;        /* of @n_whole */
  gboolean is_running;    /* the daemon, from this dispatch */
  gint64 now_us;          /* monotonic, of this dispatch */
  gint64 sweep_at_us;
  gint64 throttled_until_us; /* 0: not */
  guint64 seen_at_sweep;     /* connections accepted or refused */
  gboolean was_stuck;        /* at the last sweep, with clients that nobody accepts */
  gboolean layout_is_known;
  gboolean is_stopping;
  gboolean is_finishing; /* no handler begins any more */
  gint64 drain_until_us;
  GTask *stop_task; /* (owned) (nullable) */
  TocsinServerStats stats;
  guint64 *route_counts; /* (owned): class by class for every route */
};

/* One writer, many readers: no read-modify-write is needed. */
static inline void
/* NOLINTNEXTLINE(readability-non-const-parameter): an atomic store writes. */
tocsin_counter_add (guint64 *counter, guint64 n)
{
  __atomic_store_n (counter, __atomic_load_n (counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* A figure that another thread counts; of no order with others. */
static inline guint64
tocsin_counter_get (const guint64 *counter)
{
  return __atomic_load_n (counter, __ATOMIC_RELAXED);
}

/* Returns: a daemon on @fd, which becomes its own, whose calls are answered for @self; or NULL, and
 * @fd is as before. */
struct MHD_Daemon *tocsin_exchange_start_daemon (TocsinServer *self, int fd);
void tocsin_exchange_free (gpointer data);

/* Whether a connection in the phase SUSPENDED was neither resumed nor abandoned. */
gboolean tocsin_exchange_is_suspended (const TocsinConnection *connection);

/* The reply of a suspended exchange is ready: have the library call for it. */
void tocsin_exchange_resume (TocsinConnection *connection);

/* Answers a suspended exchange 503 in place of its handler, unless that was faster. */
void tocsin_exchange_abandon (TocsinServer *self, TocsinConnection *connection);

G_END_DECLS
