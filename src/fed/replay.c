/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Whether what an actor says between itself and this node is new: docs/wire, "Checks", 7. A signed
 * request can be sent again for twelve hours by whoever has it, and a sender that tries again after
 * a time-out does so by itself; neither may bring back what was so before.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/replay.h"

#include <string.h>

#include "codec/proof.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "store/table-heard.h"
#include "store/table-seen.h"

static gboolean
refuse (GError **error, TocsinError code, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, code, message);
  return FALSE;
}

/**
 * tocsin_replay_update_us:
 * @change: an Update
 *
 * Returns: of when it is, by what it says and by its proof, which most often is dated to the second
 *   alone; 0: neither says
 */
gint64
tocsin_replay_update_us (const TocsinRelationChange *change)
{
  gint64 created_us =
      change->proven ? tocsin_proof_peek_created_us (tocsin_activity_root (change->activity)) : 0;

  return MAX (change->activity->published_us, created_us);
}

/**
 * tocsin_replay_newest_document:
 * @change: an Update with a document
 * @error: return location for an error, or %NULL
 *
 * Of one that says not of when it is, and could be any, what the actor's host shows now counts. A
 * key that it proves would be one that the host alone names: nodes date what they prove.
 *
 * Returns: (transfer none) (nullable): what it says that the actor's document is; %NULL with
 *   %TOCSIN_ERROR_UNPROCESSABLE
 */
const TocsinActorDocument *
tocsin_replay_newest_document (const TocsinRelationChange *change, GError **error)
{
  if (tocsin_replay_update_us (change) != 0)
    return change->activity->document;
  if (!change->proven)
    return change->sender->document;
  refuse (error, TOCSIN_ERROR_UNPROCESSABLE, "/published: missing, and the proof is not dated");
  return NULL;
}

/**
 * tocsin_replay_check_times:
 * @change: what an actor said
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_FUTURE or _STALE
 */
gboolean
tocsin_replay_check_times (const TocsinRelationChange *change, GError **error)
{
  gint64 dated_us = change->activity->kind == TOCSIN_ACTIVITY_UPDATE
                        ? tocsin_replay_update_us (change)
                        : change->activity->published_us;

  if (dated_us == 0)
    return TRUE;
  if (dated_us > change->now_us + TOCSIN_MAX_AHEAD_SECONDS * TOCSIN_SECOND_US)
    return refuse (error, TOCSIN_ERROR_FUTURE, "“published” is in the future");
  /* An actor's own outbox shows what it says now, however long ago it said so. */
  if (!change->was_read && dated_us < change->now_us - TOCSIN_SEEN_DAYS * TOCSIN_DAY_US)
    return refuse (error, TOCSIN_ERROR_STALE, "Nothing older than 400 days is taken");
  return TRUE;
}

/* Some programs count their answers anew for each Follow, or do without an id. */
static TocsinId
name_of (const TocsinActivity *activity, const TocsinId *content)
{
  g_autofree char *pair = NULL;

  if (activity->id == NULL)
    return *content;
  if (activity->kind != TOCSIN_ACTIVITY_ACCEPT && activity->kind != TOCSIN_ACTIVITY_REJECT)
    return tocsin_id_for_string (activity->id);
  pair = g_strconcat (activity->id, "\n", activity->object, NULL);
  return tocsin_id_for_string (pair);
}

static TocsinHeard
message_of (const TocsinActivity *activity)
{
  TocsinHeard message = { 0 };
  guint8 hash[TOCSIN_SHA256_BYTES];

  tocsin_activity_content_hash (activity, hash);
  memcpy (message.content.bytes, hash, sizeof message.content.bytes);
  message.name = name_of (activity, &message.content);
  return message;
}

/* What has no date of its own has that of its signature, if it can be meant a second time. */
static gint64
date_of (const TocsinRelationChange *change)
{
  const TocsinActivity *activity = change->activity;

  if (activity->published_us != 0)
    return activity->published_us;
  return activity->kind == TOCSIN_ACTIVITY_UNDO || activity->kind == TOCSIN_ACTIVITY_BLOCK
             ? -change->signed_us
             : 0;
}

/* Of its name: whether @message was heard, and if not, whether another was that it cannot follow.
 * Some programs have one id for each pair of actors, so that what ends a relation a second time has
 * the id of the first; its date then tells. */
static TocsinSeen
compare (const TocsinHeardRecord *record, const TocsinHeard *message, gboolean may_follow)
{
  TocsinSeen seen = TOCSIN_SEEN_NEW;

  for (guint i = 0; record->messages != NULL && i < record->messages->len; i++)
    {
      const TocsinHeard *heard = &g_array_index (record->messages, TocsinHeard, i);

      if (!tocsin_id_equal (&heard->name, &message->name))
        continue;
      if (tocsin_id_equal (&heard->content, &message->content))
        return TOCSIN_SEEN_SAME;
      if (!may_follow || heard->dated_us <= 0 || message->dated_us <= heard->dated_us)
        seen = TOCSIN_SEEN_DIFFERENT;
    }
  return seen;
}

/**
 * tocsin_replay_was_heard:
 * @txn: a transaction
 * @activity: what an actor says
 * @actor: the number of a peer
 *
 * Returns: whether it said just that before
 */
gboolean
tocsin_replay_was_heard (TocsinTxn *txn, const TocsinActivity *activity, guint32 actor)
{
  g_auto (TocsinHeardRecord) record = { 0 };
  TocsinHeard message = message_of (activity);

  return tocsin_heard_get (txn, actor, &record) &&
         compare (&record, &message, FALSE) == TOCSIN_SEEN_SAME;
}

/* Whether @message, whose name was heard, is signed later than what had that name, and not before a
 * Follow, Undo or Block that came. A copy of a request is neither, nor is one that was overtaken.
 */
static gboolean
is_signed_anew (const TocsinHeardRecord *record, const TocsinHeard *message)
{
  if (message->dated_us >= 0)
    return FALSE;
  for (guint i = 0; i < record->messages->len; i++)
    {
      const TocsinHeard *heard = &g_array_index (record->messages, TocsinHeard, i);
      gboolean is_named_so = tocsin_id_equal (&heard->name, &message->name);

      if (is_named_so ? heard->dated_us > 0 || heard->dated_us <= message->dated_us
                      : heard->dated_us < message->dated_us)
        return FALSE;
    }
  return TRUE;
}

static void
remember (TocsinTxn *txn, TocsinHeardRecord *record, const TocsinHeard *message)
{
  tocsin_heard_record_add (record, message);
  tocsin_heard_put (txn, record);
}

/* Before what has its name is said anew. */
static void
forget_named (TocsinHeardRecord *record, const TocsinId *name)
{
  for (guint i = record->messages != NULL ? record->messages->len : 0; i-- > 0;)
    if (tocsin_id_equal (&g_array_index (record->messages, TocsinHeard, i).name, name))
      g_array_remove_index (record->messages, i);
}

/**
 * tocsin_replay_note_follow:
 * @txn: the write transaction
 * @change: a Follow that was taken
 * @actor: its actor's number
 *
 * Remembers when the newest Follow was signed, so that an Undo that its actor signed before does
 * not end what it began.
 */
void
tocsin_replay_note_follow (TocsinTxn *txn, const TocsinRelationChange *change, guint32 actor)
{
  g_auto (TocsinHeardRecord) record = { 0 };
  /* A clock that was ahead must not stop the Undo that follows. */
  TocsinHeard follow = { .dated_us = -MIN (change->signed_us, change->now_us),
                         .name = tocsin_id_for_string ("Follow") };

  if (change->signed_us == 0)
    return;
  tocsin_heard_get (txn, actor, &record);
  forget_named (&record, &follow.name);
  remember (txn, &record, &follow);
}

/* What was heard of @actor, what it says now, and how that compares. */
static gboolean
look (const TocsinRelationChange *change,
      const TocsinHeardRecord *record,
      TocsinHeard *message,
      TocsinReplay *out,
      GError **error)
{
  const TocsinActivity *activity = change->activity;
  gboolean is_update = activity->kind == TOCSIN_ACTIVITY_UPDATE;
  gint64 update_us = is_update ? tocsin_replay_update_us (change) : 0;
  TocsinSeen seen;

  if (!tocsin_replay_check_times (change, error))
    return FALSE;
  *message = message_of (activity);
  message->dated_us = date_of (change);
  seen = compare (record, message, !is_update);
  if (seen != TOCSIN_SEEN_NEW && is_signed_anew (record, message))
    {
      *out = TOCSIN_REPLAY_ANEW;
      return TRUE;
    }
  if (seen == TOCSIN_SEEN_DIFFERENT)
    return refuse (error, TOCSIN_ERROR_EQUIVOCATION,
                   "This activity id was seen with another content");
  *out = seen == TOCSIN_SEEN_SAME                          ? TOCSIN_REPLAY_SAME
         : update_us != 0 && update_us < record->update_us ? TOCSIN_REPLAY_OLD
                                                           : TOCSIN_REPLAY_NEW;
  return TRUE;
}

/**
 * tocsin_replay_look:
 * @txn: a transaction
 * @change: what @actor said: no Follow
 * @actor: the number of a peer
 * @out: (out): if %TRUE is returned
 * @error: return location for an error, or %NULL
 *
 * As tocsin_replay_check(), and remembers nothing.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_FUTURE, _STALE or _EQUIVOCATION
 */
gboolean
tocsin_replay_look (TocsinTxn *txn,
                    const TocsinRelationChange *change,
                    guint32 actor,
                    TocsinReplay *out,
                    GError **error)
{
  g_auto (TocsinHeardRecord) record = { 0 };
  TocsinHeard message;

  tocsin_heard_get (txn, actor, &record);
  return look (change, &record, &message, out, error);
}

/**
 * tocsin_replay_check:
 * @txn: the write transaction
 * @change: what @actor said: no Follow, which is answered again
 * @actor: the number of a peer
 * @out: (out): if %TRUE is returned; what is not new changes nothing, and is 202
 * @error: return location for an error, or %NULL
 *
 * Remembers what is new, so this comes after whatever else may refuse it.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_FUTURE, _STALE or _EQUIVOCATION, and nothing was changed
 */
gboolean
tocsin_replay_check (TocsinTxn *txn,
                     const TocsinRelationChange *change,
                     guint32 actor,
                     TocsinReplay *out,
                     GError **error)
{
  gboolean is_update = change->activity->kind == TOCSIN_ACTIVITY_UPDATE;
  gint64 update_us = is_update ? tocsin_replay_update_us (change) : 0;
  g_auto (TocsinHeardRecord) record = { 0 };
  TocsinHeard message;

  tocsin_heard_get (txn, actor, &record);
  if (!look (change, &record, &message, out, error))
    return FALSE;
  if (*out == TOCSIN_REPLAY_ANEW)
    {
      forget_named (&record, &message.name);
      remember (txn, &record, &message);
    }
  if (*out != TOCSIN_REPLAY_NEW)
    return TRUE;

  /* A clock that was wrong for a while must not stop the Updates that follow. */
  record.update_us = MAX (record.update_us, MIN (update_us, change->now_us));
  remember (txn, &record, &message);
  return TRUE;
}
