/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum
{
  STRATA_REQUEST_TEMPLATE_CREATE,
  STRATA_REQUEST_TEMPLATE_IMPORT,
  STRATA_REQUEST_TEMPLATE_DEPLOY,
  STRATA_REQUEST_SEAL_DOMAIN,
  STRATA_REQUEST_SEAL_IMAGE,
  STRATA_REQUEST_DELETE, /* a domain or template, with its own images and snapshots */
  STRATA_REQUEST_SNAPSHOT_CREATE,
  STRATA_REQUEST_SNAPSHOT_REVERT,
  STRATA_REQUEST_SNAPSHOT_DELETE,
  STRATA_REQUEST_SNAPSHOT_EDIT,
  STRATA_REQUEST_CLONE,   /* a new VM from a VM, or from a snapshot of it */
  STRATA_REQUEST_FLATTEN, /* a VM's disks made independent of what they stand on */
  STRATA_REQUEST_MERGE,   /* a layer merged with its neighbour, where no snapshot is between them */
  STRATA_REQUEST_RECONCILE, /* the metadata of a VM's snapshots made sound, and what can be mended mended */
} StrataRequestKind;

typedef enum
{
  STRATA_RUNNING_REFUSE,    /* the default: a running VM is in the way */
  STRATA_RUNNING_SHUT_DOWN, /* by guest agent or ACPI, within the time limit */
  STRATA_RUNNING_FORCE_OFF, /* as pulling the plug */
} StrataRunningPolicy;

typedef enum
{
  STRATA_SNAPSHOT_KIND_AUTO, /* with memory where the VM is active, else disk-only */
  STRATA_SNAPSHOT_KIND_INTERNAL,
  STRATA_SNAPSHOT_KIND_DISK_ONLY, /* external */
  STRATA_SNAPSHOT_KIND_MEMORY,    /* external */
} StrataSnapshotKind;

typedef enum
{
  STRATA_AFTER_AS_SNAPSHOT, /* as the VM was when the snapshot was taken; off where it has no memory */
  STRATA_AFTER_OFF,
  STRATA_AFTER_RUNNING,
  STRATA_AFTER_PAUSED,
} StrataAfter;

typedef enum
{
  STRATA_MERGE_CHEAPER, /* whichever open direction moves fewer bytes */
  STRATA_MERGE_COMMIT,  /* down */
  STRATA_MERGE_PULL,    /* up */
} StrataMerge;

/**
 * StrataRequest:
 *
 * What is wanted, before anything is known about whether it can be had. Plain data: fields that a
 * kind has no use for stay %NULL or 0. Strings are owned. A new field needs its line in the table in strata-request.c.
 */
typedef struct
{
  StrataRequestKind kind;

  char *domain;      /* name or UUID of the VM or template it is about */
  char *domain_uuid; /* which one has that name; NULL: whichever has it now */
  char *name;        /* TEMPLATE_*: the new template's name; DEPLOY: the name pattern, `web-%02d` */
  char *file;        /* IMPORT: the dumped XML's path; SEAL_IMAGE: the image's path */
  char *
      format; /* SEAL_IMAGE: the image's format; NULL: what its name's definition or, of one that stands alone, its header says */
  char *text; /* IMPORT: the XML itself, read by the caller */

  /* TEMPLATE_CREATE */
  gboolean convert;
  StrataRunningPolicy running;
  guint timeout; /* seconds to wait for a shutdown, 0 for 120 */

  /* TEMPLATE_CREATE, TEMPLATE_IMPORT, SEAL_*; NULL: the defaults, empty: none (do not seal) */
  GStrv operations;
  GStrv accepted; /* mount points or devices of the guest that may go unsealed; may be NULL */

  /* TEMPLATE_DEPLOY */
  gboolean full;
  guint count;     /* 0 is 1 */
  GStrv names;     /* in place of pattern and count, as edited by the user; may be NULL */
  char *pool;      /* NULL: the template's own */
  char *network;   /* NULL: the template's own */
  char *hostname;  /* a pattern, "%s" for the clone's own name; NULL: leave it */
  GStrv ssh_keys;  /* public keys, a line each */
  char *root_hash; /* crypt(3) hash: a password never reaches plan or journal */
  char *user;      /* created if it is not there; the keys are then his */
  char *user_hash;
  char *first_boot; /* a script's text */
  gboolean start;

  /* SNAPSHOT_*, CLONE: the snapshot's name; CLONE: NULL for the VM as it is. `name` is the clone's name, `full`
   * its kind */
  char *snapshot;
  char *
      snapshot_id; /* what the person saw, StrataSnapshotFacts.id; NULL: whichever has that name now */
  char *description; /* SNAPSHOT_CREATE, _EDIT; NULL leaves it */

  /* SNAPSHOT_CREATE */
  StrataSnapshotKind snapshot_kind;
  GStrv disks; /* targets, NULL: all that can be */
  gboolean quiesce;

  /* SNAPSHOT_REVERT: what becomes of the present state: kept as the snapshot `save_as`, or, where that is NULL,
   * discarded */
  char *save_as;
  StrataAfter after;

  /* SNAPSHOT_DELETE */
  gboolean subtree;       /* with everything that stands below it in the tree */
  gboolean metadata_only; /* libvirt forgets it; every file stays */
  StrataMerge merge;      /* MERGE too */

  /* MERGE */
  char *target; /* `vda` */
  char *image;  /* the upper one of the two; NULL: what the VM writes to */

  char *rename; /* SNAPSHOT_EDIT; NULL leaves it */
} StrataRequest;

#define STRATA_TYPE_REQUEST (strata_request_get_type ())

GType strata_request_get_type (void);
StrataRequest *strata_request_new (StrataRequestKind kind);
StrataRequest *strata_request_copy (const StrataRequest *self);
void strata_request_free (StrataRequest *self);
StrataRequest *strata_request_new_from_json (JsonObject *object, GError **error);
JsonObject *strata_request_to_json (const StrataRequest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataRequest, strata_request_free)

G_END_DECLS
