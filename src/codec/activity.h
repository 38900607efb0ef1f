/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "codec/actor-json.h"
#include "codec/json-strict.h"
#include "codec/trust-json.h"
#include "core/hash.h"
#include "core/report.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_ACTIVITY_OTHER, /* a kind that we do not know: ignored with 202 */
  TOCSIN_ACTIVITY_FOLLOW,
  TOCSIN_ACTIVITY_ACCEPT,
  TOCSIN_ACTIVITY_REJECT,
  TOCSIN_ACTIVITY_UNDO,
  TOCSIN_ACTIVITY_ADD,
  TOCSIN_ACTIVITY_REMOVE,
  TOCSIN_ACTIVITY_UPDATE,
  TOCSIN_ACTIVITY_BLOCK,
  TOCSIN_ACTIVITY_MOVE,
  TOCSIN_ACTIVITY_DELETE,
} TocsinActivityKind;

typedef enum
{
  TOCSIN_OBJECT_NONE,     /* no object, or several: only in an activity of kind OTHER */
  TOCSIN_OBJECT_URI,      /* named by its id alone */
  TOCSIN_OBJECT_REPORT,   /* only in an Add; see `report` */
  TOCSIN_OBJECT_TRUST,    /* only in an Add; see `statement` */
  TOCSIN_OBJECT_ACTOR,    /* only in an Update of the sender's own document; see `document` */
  TOCSIN_OBJECT_ACTIVITY, /* only in Accept, Reject, Undo; see `nested` */
  TOCSIN_OBJECT_OTHER,    /* something else, with an id */
} TocsinObjectKind;

/* The activity that an Accept, a Reject or an Undo embeds. */
typedef struct
{
  TocsinActivityKind kind;
  char *id;     /* (owned) (nullable) */
  char *actor;  /* (owned) (nullable) */
  char *object; /* (owned) (nullable) the id of its object */
} TocsinNestedActivity;

/**
 * TocsinActivity:
 *
 * An activity as it was received, read but not believed: who signed it, whether its ids are
 * its actor's own and whether its times are near ours are questions for others. Immutable
 * once made; may be read from any thread.
 */
typedef struct
{
  TocsinActivityKind kind;
  char *type;  /* (owned) the first type, as written, at most 64 bytes */
  char *id;    /* (owned) (nullable) never %NULL but for Accept, Reject and OTHER */
  char *actor; /* (owned) */
  TocsinObjectKind object_kind;
  char *object; /* (owned) (nullable) the id of the object, embedded or not */
  TocsinReport report;
  TocsinTrustStatement statement;
  TocsinActorDocument *document; /* (owned) (nullable) */
  TocsinNestedActivity nested;
  char *target;                 /* (owned) (nullable) never %NULL for Add, Remove, Move */
  TocsinRemoveReason reason;    /* of a Remove; OTHER where none that we know is named */
  gint64 published_us;          /* 0: not named; of a Remove, else when it was proven */
  char **to;                    /* (owned) (array zero-terminated=1) */
  gboolean has_unknown_members; /* processed, and never forwarded */
  gboolean is_foreign;          /* an Update of what another owns */
  gboolean is_listed;           /* read by tocsin_activity_parse_listed() */
  gboolean is_outline;          /* a report that is not taken, and so far known alone */
  GBytes *raw;                  /* (owned) the body, byte for byte */
  JsonNode *root;               /* (owned) (nullable) of type object; until it is dropped */
  gboolean has_content_hash;
  guint8 content_hash[TOCSIN_SHA256_BYTES]; /* once tocsin_activity_keep_content_hash() has it */
  TocsinJsonFacts facts;
} TocsinActivity;

TocsinActivity *tocsin_activity_parse (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinActivity *tocsin_activity_parse_listed (GBytes *item,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_activity_free (TocsinActivity *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinActivity, tocsin_activity_free)

const char *tocsin_activity_kind_to_string (TocsinActivityKind kind);
JsonObject *tocsin_activity_root (const TocsinActivity *self);
gboolean tocsin_activity_needs_proof (const TocsinActivity *self);
gboolean tocsin_activity_is_canonicalisable (const TocsinActivity *self);
const char *tocsin_activity_unproven_text (const TocsinActivity *self);
void tocsin_activity_keep_content_hash (TocsinActivity *self,
                                        const guint8 hash[TOCSIN_SHA256_BYTES]);
void tocsin_activity_content_hash (const TocsinActivity *self, guint8 out[TOCSIN_SHA256_BYTES]);
void tocsin_activity_drop_root (TocsinActivity *self);

gboolean tocsin_activity_check_ownership (const TocsinActivity *self,
                                          const char *reports,
                                          const char *trust,
                                          GError **error);

G_END_DECLS
