/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-holder-list.h"
#include "host/connection/strata-connection.h"
#include "plan/strata-request.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_LAYER_UNCHECKED,
  STRATA_LAYER_CHECKING,
  STRATA_LAYER_SOUND,
  STRATA_LAYER_UNREADABLE, /* there, and it could not be looked into */
  STRATA_LAYER_DAMAGED,
} StrataLayerCheck;

/* Who holds a layer; TEXT names him: "This VM", "Thin clone “web-02”". RETAINED: only what stands on it. */
typedef struct
{
  char            *text;
  StrataHolderKind kind;
  gboolean         own; /* this VM, or a snapshot of it */
  gboolean         retained;
} StrataLayerHolder;

/* What is the matter with a layer. GRAVE: nothing can be built on it. */
typedef struct
{
  char    *text;
  gboolean grave;
} StrataLayerProblem;

/* One layer of a disk, as it was found on the host. Immutable but for the properties check (StrataLayerCheck) and
 * check-text (NULL: not checked), which belong to the main thread. */
#define STRATA_TYPE_LAYER_CHECK (strata_layer_check_get_type ())
#define STRATA_TYPE_DISK_LAYER  (strata_disk_layer_get_type ())

GType              strata_layer_check_get_type       (void);

G_DECLARE_FINAL_TYPE (StrataDiskLayer, strata_disk_layer, STRATA, DISK_LAYER, GObject)

const char        *strata_disk_layer_get_path        (StrataDiskLayer     *self);
/* the file's name, and the folder that it is in */
const char        *strata_disk_layer_get_name        (StrataDiskLayer     *self);
const char        *strata_disk_layer_get_folder      (StrataDiskLayer     *self);
/* NULL if it could not be told */
const char        *strata_disk_layer_get_format      (StrataDiskLayer     *self);
const char        *strata_disk_layer_get_pool        (StrataDiskLayer     *self);
/* "340 MB of 2.1 GB" */
char              *strata_disk_layer_get_size_text   (StrataDiskLayer     *self);
/* 0…1: how thick it is beside the others of its disk; the square root of its share */
double             strata_disk_layer_get_thickness   (StrataDiskLayer     *self);
/* (element-type StrataLayerHolder): whose own it is: the domain that writes to it, the snapshots that froze it */
GPtrArray         *strata_disk_layer_get_owners      (StrataDiskLayer     *self);
/* (element-type StrataLayerHolder): who merely stands on it */
GPtrArray         *strata_disk_layer_get_dependents  (StrataDiskLayer     *self);
/* (element-type StrataLayerProblem) */
GPtrArray         *strata_disk_layer_get_problems    (StrataDiskLayer     *self);
/* internal snapshots in it */
const char *const *strata_disk_layer_get_tags        (StrataDiskLayer     *self);
/* whether a holder besides this VM and its snapshots has it */
gboolean           strata_disk_layer_is_shared       (StrataDiskLayer     *self);
/* all of it in one sentence, for who can't see it */
char              *strata_disk_layer_describe        (StrataDiskLayer     *self);
/* what merges it into its neighbour: COMMIT: down, PULL: up; NULL, and WHY says so, where there is none */
StrataRequest     *strata_disk_layer_create_request  (StrataDiskLayer     *self,
                                                      StrataMerge          direction,
                                                      const char         **why);
/* whether a person would see no difference */
gboolean           strata_disk_layer_equal           (StrataDiskLayer     *self,
                                                      StrataDiskLayer     *other);

StrataLayerCheck   strata_disk_layer_get_check       (StrataDiskLayer     *self);
const char        *strata_disk_layer_get_check_text  (StrataDiskLayer     *self);
/* what was found in OTHER, if that is the same file, and unchanged */
void               strata_disk_layer_adopt_check     (StrataDiskLayer     *self,
                                                      StrataDiskLayer     *other);
/* looks through it in a worker; the properties say what was found */
void               strata_disk_layer_check_async     (StrataDiskLayer     *self,
                                                      StrataConnection    *connection,
                                                      GCancellable        *cancellable,
                                                      GAsyncReadyCallback  callback,
                                                      gpointer             user_data);
/* whether it was looked at; cancelled otherwise */
gboolean           strata_disk_layer_check_finish    (StrataDiskLayer     *self,
                                                      GAsyncResult        *result,
                                                      GError             **error);

G_END_DECLS
