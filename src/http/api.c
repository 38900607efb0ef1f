/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/api.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "http/answer-cache.h"
#include "http/decisions.h"
#include "http/exports.h"
#include "http/list-thread.h"
#include "store/table-review.h"
#include "store/table-voices.h"
#include "view/score.h"

#define CHARGES_WAITING_MAX 10000
#define RECENT_CHARGES      1024  /* a thread remembers, so as not to post them again */
#define CHARGED_ACTORS_MAX  10000 /* believed ones alone are charged */

/* What one thread has. Only @mailbox is shared; the rest belongs to @owner. */
typedef struct
{
  gpointer owner;             /* atomic: tells threads apart; NULL: not claimed yet */
  TocsinApiState *mailbox;    /* (owned) (nullable) atomic: the newest state not yet taken */
  TocsinApiState *state;      /* (owned) (nullable) in force here */
  TocsinReader *reader;       /* (nullable) owned but on the main thread, whose is the store's */
  gboolean reader_is_stores;  /* ditto */
  guint64 *charged;           /* (owned) (nullable) hashes of what was posted lately */
  TocsinAnswerCache *answers; /* (owned) (nullable) */
} Slot;

/* What was a review by one actor alone on one day. */
typedef struct
{
  guint n;
  guint64 events[TOCSIN_VOICE_BUDGET_DAY];
} Budget;

typedef struct _TocsinApiPrivate
{
  guint64 serial;        /* no other api in this process has it */
  GMainContext *context; /* (owned): main's */
  gpointer main_owner;
  TocsinApiState *published; /* (owned) the newest state; main thread */
  GHashTable *budgets;       /* (owned) (element-type guint32 Budget) of @budget_day */
  gint64 budget_day;
  gint waiting;            /* atomic: charges on their way */
  TocsinObserved observed; /* atomic, each */
  Slot slots[TOCSIN_API_THREADS_MAX];
} TocsinApiPrivate;

/* This thread's slot in the api that asked last. Its address also names the thread. */
static _Thread_local struct
{
  guint64 serial; /* cppcheck-suppress unusedStructMember ; it knows no _Thread_local */
  Slot *slot;     /* cppcheck-suppress unusedStructMember ; as above */
} here;

/* ---- states ---- */

static TocsinApiState *
state_ref (TocsinApiState *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

static void
state_unref (TocsinApiState *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  tocsin_trust_snapshot_unref (self->trust);
  g_clear_pointer (&self->lists, tocsin_list_sources_unref);
  g_clear_pointer (&self->geo, tocsin_geo_unref);
  g_free (self->over_budget);
  g_free (self->charged);
  g_free (self);
}

static TocsinApiState *
state_copy (const TocsinApiState *from)
{
  TocsinApiState *copy = g_new (TocsinApiState, 1);

  /* Member by member: readers count in @from->refs meanwhile. */
  *copy = (TocsinApiState){
    .refs = 1,
    .trust = tocsin_trust_snapshot_ref (from->trust),
    .lists = from->lists != NULL ? tocsin_list_sources_ref (from->lists) : NULL,
    .lists_version = from->lists_version,
    .geo = from->geo != NULL ? tocsin_geo_ref (from->geo) : NULL,
    .observe = from->observe,
    .observe_version = from->observe_version,
    .observe_until_us = from->observe_until_us,
    .over_budget = g_memdup2 (from->over_budget, from->n_over_budget * sizeof (guint32)),
    .n_over_budget = from->n_over_budget,
    .charged = g_memdup2 (from->charged, from->n_charged * sizeof (guint64)),
    .n_charged = from->n_charged,
    .budget_day = from->budget_day,
  };
  return copy;
}

/* Takes @state over and puts it into every mailbox, also of slots that nobody has claimed yet. */
static void
publish (TocsinApiPrivate *priv, TocsinApiState *state)
{
  for (gsize i = 0; i < TOCSIN_API_THREADS_MAX; i++)
    {
      TocsinApiState *unread =
          __atomic_exchange_n (&priv->slots[i].mailbox, state_ref (state), __ATOMIC_ACQ_REL);

      g_clear_pointer (&unread, state_unref);
    }
  g_clear_pointer (&priv->published, state_unref);
  priv->published = state;
}

static Slot *
claim_slot (TocsinApiPrivate *priv)
{
  for (gsize i = 0; i < TOCSIN_API_THREADS_MAX; i++)
    {
      gpointer nobody = NULL;
      gpointer me = &here;

      if (__atomic_load_n (&priv->slots[i].owner, __ATOMIC_ACQUIRE) == me ||
          __atomic_compare_exchange_n (&priv->slots[i].owner, &nobody, me, FALSE, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED))
        return &priv->slots[i];
    }
  g_error ("More than %d threads serve one api", TOCSIN_API_THREADS_MAX);
}

static Slot *
get_slot (TocsinApiPrivate *priv)
{
  if (G_UNLIKELY (here.serial != priv->serial))
    {
      here.slot = claim_slot (priv);
      here.serial = priv->serial;
    }
  return here.slot;
}

const TocsinApiState *
tocsin_api_state (TocsinApi *self)
{
  Slot *slot = get_slot (self->priv);

  if (__atomic_load_n (&slot->mailbox, __ATOMIC_RELAXED) != NULL)
    {
      gint64 day = slot->state != NULL ? slot->state->budget_day : 0;

      g_clear_pointer (&slot->state, state_unref);
      slot->state = __atomic_exchange_n (&slot->mailbox, NULL, __ATOMIC_ACQ_REL);
      /* Main has to hear it again: it may have been on another day since. */
      if (slot->state->budget_day != day)
        g_clear_pointer (&slot->charged, g_free);
      if (slot->answers != NULL)
        tocsin_answer_cache_forget (slot->answers);
    }
  return slot->state;
}

TocsinTrustSnapshot *
tocsin_api_trust (TocsinApi *self)
{
  return tocsin_api_state (self)->trust;
}

TocsinReader *
tocsin_api_reader (TocsinApi *self)
{
  Slot *slot = get_slot (self->priv);

  if (G_UNLIKELY (slot->reader == NULL))
    {
      slot->reader_is_stores = self->priv->main_owner == (gpointer) &here;
      slot->reader = slot->reader_is_stores ? tocsin_store_get_reader (self->store)
                                            : tocsin_reader_new (self->store);
    }
  return slot->reader;
}

TocsinAnswerCache *
tocsin_api_answers (TocsinApi *self)
{
  Slot *slot = get_slot (self->priv);

  /* A new state makes them void. */
  (void) tocsin_api_state (self);
  if (G_UNLIKELY (slot->answers == NULL))
    slot->answers = tocsin_answer_cache_new ();
  return slot->answers;
}

gint64
tocsin_api_now_us (const TocsinApi *self)
{
  return self->now_us ();
}

gboolean
tocsin_api_is_observing (const TocsinApiState *state, gint64 now_us)
{
  return state->observe && (state->observe_until_us == 0 || now_us < state->observe_until_us);
}

void
tocsin_api_count_observed (TocsinApi *self,
                           const TocsinApiState *state,
                           TocsinVerdict verdict,
                           gint64 now_us)
{
  if (tocsin_api_is_observing (state, now_us))
    __atomic_add_fetch (&self->priv->observed.by_verdict[verdict], 1, __ATOMIC_RELAXED);
}

void
tocsin_api_get_observed (const TocsinApi *self, TocsinObserved *out)
{
  for (gsize i = 0; i < G_N_ELEMENTS (out->by_verdict); i++)
    out->by_verdict[i] = __atomic_load_n (&self->priv->observed.by_verdict[i], __ATOMIC_RELAXED);
}

void
tocsin_api_add_observed (TocsinApi *self, const TocsinObserved *before)
{
  for (gsize i = 0; i < G_N_ELEMENTS (before->by_verdict); i++)
    __atomic_add_fetch (&self->priv->observed.by_verdict[i], before->by_verdict[i],
                        __ATOMIC_RELAXED);
}

void
tocsin_api_set_trust (TocsinApi *self, TocsinTrustSnapshot *trust)
{
  TocsinApiState *state = state_copy (self->priv->published);

  tocsin_trust_snapshot_unref (state->trust);
  state->trust = tocsin_trust_snapshot_ref (trust);
  publish (self->priv, state);
}

void
tocsin_api_set_lists (TocsinApi *self, TocsinListSources *lists, TocsinGeo *geo)
{
  TocsinApiState *state = state_copy (self->priv->published);

  if (!tocsin_list_sources_judge_alike (state->lists, lists, tocsin_api_now_us (self)))
    state->lists_version++;
  g_clear_pointer (&state->lists, tocsin_list_sources_unref);
  g_clear_pointer (&state->geo, tocsin_geo_unref);
  state->lists = tocsin_list_sources_ref (lists);
  state->geo = tocsin_geo_ref (geo);
  publish (self->priv, state);
}

void
tocsin_api_set_observe (TocsinApi *self, gboolean observe, gint64 until_us)
{
  TocsinApiState *state = state_copy (self->priv->published);

  if (state->observe != observe || state->observe_until_us != until_us)
    state->observe_version++;
  state->observe = observe;
  state->observe_until_us = until_us;
  publish (self->priv, state);
}

/* ---- the single-voice budget ---- */

typedef struct
{
  TocsinApi *api; /* (unowned) */
  guint32 actor;
  guint64 event;
  gint64 now_us;
} Charge;

static int
compare_actors (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  return x < y ? -1 : x > y;
}

static int
compare_marks (gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;

  return x < y ? -1 : x > y;
}

static void
publish_over_budget (TocsinApiPrivate *priv)
{
  TocsinApiState *state = state_copy (priv->published);
  g_autoptr (GArray) actors = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) charged = g_array_new (FALSE, FALSE, sizeof (guint64));
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, priv->budgets);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      guint32 actor = GPOINTER_TO_UINT (key);
      const Budget *budget = value;

      if (budget->n < TOCSIN_VOICE_BUDGET_DAY)
        continue;
      g_array_append_val (actors, actor);
      for (guint i = 0; i < budget->n; i++)
        {
          guint64 mark = tocsin_score_charge_mark (actor, budget->events[i]);

          g_array_append_val (charged, mark);
        }
    }
  g_array_sort (actors, compare_actors);
  g_array_sort (charged, compare_marks);
  g_free (state->over_budget);
  g_free (state->charged);
  state->n_over_budget = actors->len;
  state->over_budget = (guint32 *) (gpointer) g_array_free (g_steal_pointer (&actors), FALSE);
  state->n_charged = charged->len;
  state->charged = (guint64 *) (gpointer) g_array_free (g_steal_pointer (&charged), FALSE);
  state->budget_day = priv->budget_day;
  publish (priv, state);
}

/* What the writer stores of an event: not the budget as it stands here, which may hold what was
 * erased since. */
typedef struct
{
  guint32 actor;
  guint64 event;
  gint64 now_us;
  gboolean is_last;
} BudgetWrite;

static gboolean
write_budget (TocsinTxn *txn, gpointer data, GError **error)
{
  const BudgetWrite *write = data;
  TocsinReviewRecord line = {
    .kind = TOCSIN_REVIEW_BUDGET,
    .actor = write->actor,
    .count = TOCSIN_VOICE_BUDGET_DAY,
    .created_us = write->now_us,
    .text = (char *) "Today's reviews that rest on this actor alone have reached the limit; "
                     "further ones are notes until midnight UTC",
  };
  guint64 open;

  tocsin_voices_add (txn, (guint32) (write->now_us / TOCSIN_DAY_US), write->actor, write->event);
  if (write->is_last && !tocsin_review_find_open (txn, line.kind, line.actor, 0, &open))
    tocsin_review_add (txn, &line);
  return TRUE;
}

/* Returns: (nullable): the budget of @actor, a new one if there was none. */
static Budget *
get_budget (TocsinApiPrivate *priv, guint32 actor)
{
  Budget *budget = g_hash_table_lookup (priv->budgets, GUINT_TO_POINTER (actor));

  if (budget != NULL || g_hash_table_size (priv->budgets) >= CHARGED_ACTORS_MAX)
    return budget;
  budget = g_new0 (Budget, 1);
  g_hash_table_insert (priv->budgets, GUINT_TO_POINTER (actor), budget);
  return budget;
}

static gboolean
take_budget (guint32 actor, gconstpointer events, guint n_events, gpointer data)
{
  TocsinApiPrivate *priv = data;
  Budget *budget = get_budget (priv, actor);

  if (budget == NULL)
    return FALSE;
  budget->n = MIN (n_events, TOCSIN_VOICE_BUDGET_DAY);
  memcpy (budget->events, events, budget->n * sizeof budget->events[0]);
  return TRUE;
}

/* What was charged on @day counts: neither a restart nor a clock that goes forth and back gives
 * anybody a second budget. */
static void
begin_day (TocsinApi *self, gint64 day)
{
  TocsinApiPrivate *priv = self->priv;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (self->store));

  g_hash_table_remove_all (priv->budgets);
  priv->budget_day = day;
  tocsin_voices_foreach (txn, (guint32) day, take_budget, priv);
  publish_over_budget (priv);
}

/* Main thread. */
static gboolean
on_charge (gpointer data)
{
  const Charge *charge = data;
  TocsinApiPrivate *priv = charge->api->priv;
  BudgetWrite write = { .actor = charge->actor, .event = charge->event, .now_us = charge->now_us };
  gint64 today = tocsin_api_now_us (charge->api) / TOCSIN_DAY_US;
  Budget *budget;

  g_atomic_int_add (&priv->waiting, -1);
  /* By main's clock, for a charge may be of before midnight. An earlier day is another one, too: a
   * clock that was ahead may have been put right. */
  if (today != priv->budget_day)
    begin_day (charge->api, today);
  budget = get_budget (priv, charge->actor);
  if (budget == NULL || budget->n == TOCSIN_VOICE_BUDGET_DAY)
    return G_SOURCE_REMOVE;
  for (guint i = 0; i < budget->n; i++)
    if (budget->events[i] == charge->event)
      return G_SOURCE_REMOVE;
  budget->events[budget->n++] = charge->event;
  write.is_last = budget->n == TOCSIN_VOICE_BUDGET_DAY;
  if (write.is_last)
    publish_over_budget (priv);
  tocsin_writer_submit (charge->api->writer, write_budget, g_memdup2 (&write, sizeof write),
                        g_free);
  return G_SOURCE_REMOVE;
}

void
tocsin_api_charge (TocsinApi *self, guint32 actor, guint64 event, gint64 now_us)
{
  TocsinApiPrivate *priv = self->priv;
  Slot *slot = get_slot (priv);
  guint64 mark = (event ^ actor) +
                 (guint64) (now_us / TOCSIN_DAY_US) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  Charge charge = { .api = self, .actor = actor, .event = event, .now_us = now_us };
  g_autoptr (GSource) source = NULL;

  if (actor == 0 || actor == TOCSIN_WALKS_NOBODY)
    return;
  if (slot->charged == NULL)
    slot->charged = g_new0 (guint64, RECENT_CHARGES);
  if (slot->charged[mark % RECENT_CHARGES] == mark)
    return;
  if (g_atomic_int_add (&priv->waiting, 1) >= CHARGES_WAITING_MAX)
    {
      g_atomic_int_add (&priv->waiting, -1);
      return;
    }
  slot->charged[mark % RECENT_CHARGES] = mark;
  /* Not g_main_context_invoke(): on a thread without a context of its own it calls at once while
   * main does not iterate its context, and two such threads would meet in on_charge(). */
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_charge, g_memdup2 (&charge, sizeof charge), g_free);
  g_source_attach (source, priv->context);
}

/* ---- life ---- */

static TocsinApiPrivate *
private_new (TocsinApi *api)
{
  static guint64 serials = 0;
  TocsinApiPrivate *priv = g_new0 (TocsinApiPrivate, 1);
  TocsinTrustInput nobody = { 0 };
  TocsinApiState *state = g_new0 (TocsinApiState, 1);

  priv->serial = __atomic_add_fetch (&serials, 1, __ATOMIC_RELAXED);
  priv->context = g_main_context_ref_thread_default ();
  priv->main_owner = &here;
  priv->budgets = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  state->refs = 1;
  state->trust = tocsin_trust_snapshot_new (&nobody, 0, 0);
  publish (priv, state);
  return priv;
}

static void
add_profiles (TocsinApi *self, GPtrArray *own)
{
  static const char *const builtin[] = { "lenient", "default", "strict" };

  for (gsize i = 0; i < G_N_ELEMENTS (builtin); i++)
    {
      TocsinProfile *profile = tocsin_profile_new_builtin (builtin[i]);

      g_hash_table_replace (self->profiles, profile->name, profile);
    }
  for (guint i = 0; own != NULL && i < own->len; i++)
    {
      TocsinProfile *profile = g_ptr_array_index (own, i);

      g_hash_table_replace (self->profiles, profile->name, profile);
    }
}

TocsinApi *
tocsin_api_new (const TocsinApiOptions *options, GError **error)
{
  const char *name = options->default_profile != NULL ? options->default_profile : "default";
  g_autoptr (TocsinApi) self = g_new0 (TocsinApi, 1);

  self->store = options->store;
  self->writer = options->writer;
  self->federation = options->federation;
  self->auth = options->auth;
  self->servers = g_ptr_array_new ();
  self->profiles =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) tocsin_profile_free);
  add_profiles (self, options->profiles);
  self->shared_networks = tocsin_network_list_new (options->shared_networks);
  self->allow_get_checks = options->allow_get_checks;
  self->authz_header = g_strdup (options->authz_header != NULL ? options->authz_header
                                                               : TOCSIN_AUTHZ_HEADER_DEFAULT);
  self->base_url = g_strdup (options->base_url);
  self->data_dir = g_strdup (options->data_dir);
  self->settings = g_strdupv ((char **) options->settings);
  self->now_us = options->now_us != NULL ? options->now_us : tocsin_time_now_us;
  self->started_us = self->now_us ();
  self->priv = private_new (self);
  self->lists = tocsin_list_thread_new ();
  begin_day (self, self->started_us / TOCSIN_DAY_US);
  self->default_profile = g_hash_table_lookup (self->profiles, name);
  if (self->default_profile == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "default-profile: there is no profile “%.64s”", name);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
tocsin_api_free (TocsinApi *self)
{
  TocsinApiPrivate *priv = self->priv;

  tocsin_list_thread_free (self->lists);
  g_clear_pointer (&self->exports, tocsin_exports_free);
  g_clear_pointer (&self->decisions, tocsin_decisions_free);
  /* Charges that were posted hold @self. */
  while (g_atomic_int_get (&priv->waiting) > 0)
    g_main_context_iteration (priv->context, FALSE);
  for (gsize i = 0; i < TOCSIN_API_THREADS_MAX; i++)
    {
      Slot *slot = &priv->slots[i];

      g_clear_pointer (&slot->mailbox, state_unref);
      g_clear_pointer (&slot->state, state_unref);
      if (!slot->reader_is_stores)
        g_clear_pointer (&slot->reader, tocsin_reader_free);
      g_free (slot->charged);
      tocsin_answer_cache_free (slot->answers);
    }
  state_unref (priv->published);
  g_hash_table_unref (priv->budgets);
  g_main_context_unref (priv->context);
  g_free (priv);
  g_ptr_array_unref (self->servers);
  g_hash_table_unref (self->profiles);
  tocsin_network_list_free (self->shared_networks);
  g_free (self->authz_header);
  g_free (self->base_url);
  g_free (self->data_dir);
  g_strfreev (self->settings);
  g_free (self);
}
