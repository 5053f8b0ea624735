/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "graph/strata-layers.h"
#include "graph/strata-lineage.h"
#include "strata-planner.h"

G_BEGIN_DECLS

/* libvirt before that calls QEMU's older commands for internal snapshots, which take any name. */
#define STRATA_LIBVIRT_INTERNAL_JOBS 10000000

/* What every request's planner works with. */
typedef struct
{
  StrataGraph *graph;
  const StrataRequest *request;
  StrataPlan *plan;
  /* The host as it is after the steps so far; only where a planner asks for it. */
  StrataLayers *layers;
  GHashTable *definitions; /* UUID -> StrataDomainXml */
  GHashTable *documents;   /* StrataHolderKey -> StrataSnapshotXml */
  GHashTable *moves;       /* an image's path -> where a commit put its content */
  GHashTable *lineages;    /* UUID -> StrataLineage */
} StrataPlanner;

/* A disk whose bytes matter: a plain file or block device, writable, with its healthy chain. */
typedef struct
{
  StrataDiskXml *disk;
  GPtrArray *chain; /* StrataImage, top first; owned by the graph */
  char *overlay;
} StrataPlannedDisk;

/* strata-plan-template.c, -deploy.c, -delete.c, -seal.c: a planner per kind of request */
StrataPlan *strata_plan_template_create (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_template_import (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_deploy (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_delete (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_seal_domain (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_seal_image (StrataPlanner *self, GError **error);

StrataPlan *strata_plan_snapshot_create (StrataPlanner *self, GError **error);
/* whether it keeps libvirt from taking an internal snapshot, which it would have to be in */
gboolean strata_planner_blocks_internal (const StrataDiskXml *disk);
StrataPlan *strata_plan_snapshot_revert (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_snapshot_delete (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_snapshot_edit (StrataPlanner *self, GError **error);
/* what both kinds of return share: strata-plan-snapshot-revert.c */
typedef struct
{
  StrataPlanner *planner;
  StrataDomainFacts *domain;
  const StrataSnapshotFacts *snapshot;
  GPtrArray *tips;        /* char *: what the domain has now and may be held by none afterwards */
  char *previous;         /* its definition as it is then */
  GPtrArray *copies;      /* StrataCopyMark: images that were left behind for copies */
  gboolean present_moved; /* keeping the present state put it on overlays */
  JsonArray *media; /* (nullable) strings: what is in the drives when it is started, or goes on */
} StrataRevert;

gboolean strata_return_keep_present (StrataRevert *self, StrataSnapshotKind kind, GError **error);
/* DEFINITION: with which it is started, or goes on */
gboolean strata_revert_require_media (StrataRevert *self,
                                      StrataDomainXml *definition,
                                      GError **error);
/* to the ARGS of a step that needs it */
void strata_return_add_media (StrataRevert *self, JsonObject *args);
void strata_return_add_stop (StrataRevert *self);
gboolean strata_return_add_define (StrataRevert *self,
                                   StrataDomainXml *definition,
                                   gboolean forward,
                                   GError **error);
void strata_return_tell_discarded (StrataRevert *self, const StrataLayer *layer);
gboolean strata_return_remove_tips (StrataRevert *self, GError **error);
/* strata-plan-snapshot-internal.c */
gboolean strata_return_to_internal (StrataRevert *self, GError **error);
StrataPlan *strata_plan_clone (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_flatten (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_merge (StrataPlanner *self, GError **error);
StrataPlan *strata_plan_reconcile (StrataPlanner *self, GError **error);

/* strata-planner-simulation.c: the host after the steps so far */
StrataLayers *strata_planner_get_layers (StrataPlanner *self);
/* carries STEP, which was just added, out on the planner's own paper */
gboolean strata_planner_apply (StrataPlanner *self, StrataStep *step, GError **error);
StrataDomainXml *strata_planner_get_definition (StrataPlanner *self, const char *uuid);
void strata_planner_put_definition (StrataPlanner *self,
                                    const char *uuid,
                                    StrataDomainXml *definition);
StrataLineage *strata_planner_get_lineage (StrataPlanner *self, const StrataDomainFacts *domain);
/* where the content of what the facts call PATH is now */
const char *strata_planner_where_is (StrataPlanner *self, const char *path);
void strata_planner_note_move (StrataPlanner *self, const char *from, const char *to);
StrataSnapshotXml *strata_planner_get_document (StrataPlanner *self,
                                                StrataDomainFacts *domain,
                                                const StrataSnapshotFacts *snapshot);
/* a file name that nothing has yet: FOLDER/STEM.SUFFIX, or with a number before the suffix */
char *strata_planner_free_path (StrataPlanner *self,
                                const char *folder,
                                const char *stem,
                                const char *suffix);
/* whether PATH is in the open chain of a running VM; its first such holder */
StrataHolder *strata_planner_find_running (StrataPlanner *self, const char *path);
StrataSnapshotFacts *strata_planner_find_snapshot (StrataPlanner *self,
                                                   StrataDomainFacts *domain,
                                                   const char *name,
                                                   GError **error);
gboolean strata_planner_require_free_snapshot (StrataDomainFacts *domain,
                                               const char *name,
                                               GError **error);
/* that no other tag in the image has the name of SNAPSHOT, which is internal on DISK */
gboolean strata_planner_require_single_tag (StrataPlanner *self,
                                            const StrataSnapshotFacts *snapshot,
                                            const StrataSnapshotDisk *disk,
                                            GError **error);

/* strata-planner-merge.c: one layer into its neighbour */
typedef struct
{
  StrataLayer *upper;
  StrataLayer *lower;
  StrataMerge direction; /* never CHEAPER */
} StrataMerging;

/* FALSE, with the reason in WHY, where no direction that WANTED allows is open now */
gboolean strata_planner_choose_merge (StrataPlanner *self,
                                      StrataMerge wanted,
                                      StrataMerging *merging,
                                      char **why);
gboolean strata_planner_add_merge (StrataPlanner *self,
                                   const StrataMerging *merging,
                                   GError **error);
/* strata-planner-merged.c: (element-type StrataMerging): the merges, and the domains that have to know of them */
gboolean strata_planner_add_merges (StrataPlanner *self, GPtrArray *merges, GError **error);
gboolean strata_planner_reconcile_merged (StrataPlanner *self,
                                          StrataDomainFacts *domain,
                                          GPtrArray *merges,
                                          GError **error);
/* (element-type utf8): likewise of images that stand on nothing any more */
gboolean strata_planner_reconcile_pulled (StrataPlanner *self,
                                          StrataDomainFacts *domain,
                                          GPtrArray *images,
                                          GError **error);
/* no domain that has PATH in its chain says any longer what it stands on: the headers do */
gboolean strata_planner_drop_backing (StrataPlanner *self, const char *path, GError **error);

/* strata-planner-snapshot.c: steps about snapshots */
gboolean strata_planner_add_snapshot_define (StrataPlanner *self,
                                             StrataDomainFacts *domain,
                                             const StrataSnapshotFacts *snapshot,
                                             StrataSnapshotXml *document,
                                             gboolean current,
                                             GError **error);
gboolean strata_planner_add_delete_metadata (StrataPlanner *self,
                                             StrataDomainFacts *domain,
                                             const StrataSnapshotFacts *snapshot,
                                             gboolean forward,
                                             GError **error);
/* MAP: (nullable) (transfer full): [{from, to, format}] */
gboolean strata_planner_add_reconcile (StrataPlanner *self,
                                       StrataDomainFacts *domain,
                                       JsonArray *map,
                                       GError **error);
gboolean strata_planner_remove_path (StrataPlanner *self, const char *path, GError **error);
void strata_planner_tell_left_out (StrataPlanner *self,
                                   const StrataDomainFacts *domain,
                                   const StrataSnapshotFacts *snapshot);
gboolean strata_planner_let_go (StrataPlanner *self,
                                const StrataDomainFacts *domain,
                                const char *path,
                                gboolean tell,
                                GError **error);
/* strata-plan-snapshot-delete.c */
gboolean strata_planner_sweep (StrataPlanner *self,
                               StrataDomainFacts *domain,
                               GPtrArray *also,
                               GError **error);
/* takes a snapshot: strata-plan-snapshot-create.c */
gboolean strata_planner_add_snapshot (StrataPlanner *self,
                                      StrataDomainFacts *domain,
                                      const char *name,
                                      const char *description,
                                      StrataSnapshotKind kind,
                                      const char *const *targets,
                                      gboolean quiesce,
                                      GError **error);

/* strata-planner-fitness.c: whether domains and snapshots are in a state to be worked on */
gboolean strata_planner_require_fit (StrataPlanner *self, GError **error);
gboolean strata_planner_require_fit_steps (StrataPlanner *self, GError **error);
gboolean strata_planner_require_writable (const StrataStep *step, GError **error);
gboolean strata_planner_require_fresh (StrataPlanner *self,
                                       const StrataDomainFacts *domain,
                                       const StrataSnapshotFacts *snapshot,
                                       GError **error);

/* strata-planner-checks.c: what has to hold before anything is planned */
StrataDomainFacts *strata_planner_find_domain (StrataPlanner *self, GError **error);
gboolean strata_planner_require_free_name (StrataPlanner *self, const char *name, GError **error);
gboolean strata_planner_require_free_path (StrataPlanner *self, const char *path, GError **error);
gboolean strata_planner_require_off (StrataDomainFacts *domain, GError **error);
gboolean strata_planner_require_no_template (StrataDomainFacts *domain, GError **error);
gboolean strata_planner_require_sole_use (StrataPlanner *self,
                                          StrataDomainFacts *domain,
                                          const char *path,
                                          GError **error);
gboolean strata_planner_require_unsaved (const StrataDomainFacts *domain, GError **error);
gboolean strata_planner_require_agreement (StrataPlanner *self,
                                           const StrataDomainFacts *domain,
                                           GError **error);
/* whether a holder reads PATH, after the steps so far */
gboolean strata_planner_is_needed (StrataPlanner *self, const char *path);
const StrataSnapshotDisk *strata_planner_find_left_out (StrataPlanner *self,
                                                        const StrataDomainFacts *domain,
                                                        const char *path);
gboolean strata_planner_is_media (const StrataDiskXml *disk);
gboolean strata_planner_require_own_disk (const StrataDiskXml *disk,
                                          const char *domain_name,
                                          GError **error);
/* whether guests of the host can be looked into and changed from here, by libguestfs */
gboolean strata_planner_require_guest_here (StrataPlanner *self, GError **error);
/* whether this client can't change the permissions of what is, or comes to be, at PATH */
gboolean strata_planner_is_mode_fixed (StrataPlanner *self, const char *path);
/* that nothing but its disks and its UEFI variables, of which a copy gets its own, is written to as DEFINITION says */
gboolean strata_planner_require_own_storage (StrataDomainXml *definition,
                                             const char *domain_name,
                                             GError **error);
gboolean strata_planner_require_known_format (GPtrArray *chain, GError **error);
char *strata_planner_find_folder (StrataPlanner *self, const StrataImage *image);
/* where a request names no pool */
const char *strata_planner_get_folder_hint (void);
char *strata_planner_require_folder (StrataPlanner *self,
                                     const StrataImage *image,
                                     const char *target,
                                     const char *domain_name,
                                     const char *hint,
                                     GError **error);
gboolean strata_planner_require_space (StrataPlanner *self,
                                       const char *path,
                                       guint64 bytes,
                                       GError **error);
/* (element-type StrataPlannedDisk) (transfer full) */
GPtrArray *strata_planner_get_disks (StrataPlanner *self,
                                     StrataDomainXml *definition,
                                     const char *domain_name,
                                     GError **error);
/* what DEFINITION, a thin clone's, stands on: images of SOURCE, of a snapshot of it where SNAPSHOT is not NULL, and what is
 * below them; CHAINS: (element-type GPtrArray): of StrataImage */
void strata_planner_mark_thin (StrataDomainXml *definition,
                               const StrataDomainFacts *source,
                               const StrataSnapshotFacts *snapshot,
                               GPtrArray *chains);
/* CHAINS: (element-type GPtrArray): takes those below the disks that DEFINITION, a new machine's, has of its original */
void strata_planner_add_media_chains (StrataPlanner *self,
                                      StrataDomainXml *definition,
                                      GPtrArray *chains);
void strata_planned_disk_free (gpointer data);
guint64 strata_planned_disk_get_bytes (StrataPlannedDisk *self);

/* strata-plan-deploy.c */
/* a StrataIsDevice, by what the graph has at a path */
gboolean strata_planner_is_device (const char *path, gpointer self);
/* what is a device is called one in it, which no path tells */
char *strata_planner_print_definition (StrataPlanner *self, StrataDomainXml *definition);
GStrv strata_planner_collect_macs (StrataGraph *graph);

/* strata-planner-steps.c: the words and arguments of each step */
JsonObject *strata_step_args (const char *first_key, ...) G_GNUC_NULL_TERMINATED;
void strata_planner_add_power (StrataPlanner *self, StrataDomainFacts *domain);
void strata_planner_add_seal (StrataPlanner *self, JsonArray *disks);
void strata_planner_add_overlay (StrataPlanner *self,
                                 const char *path,
                                 StrataImage *backing,
                                 const char *backing_format);
StrataStep *strata_planner_add_copy (StrataPlanner *self,
                                     StrataPlannedDisk *disk,
                                     const char *destination);
void strata_planner_add_copy_nvram (StrataPlanner *self, const char *from, const char *to);
void strata_planner_add_set_mode (StrataPlanner *self,
                                  const char *path,
                                  guint mode,
                                  guint previous);
guint strata_image_get_own_mode (StrataImage *self);
/* the same without the permission to write; a user that may not read it now is not let in */
guint strata_image_get_protected_mode (StrataImage *self);
StrataStep *strata_planner_add_define (StrataPlanner *self,
                                       StrataDomainXml *definition,
                                       const char *previous,
                                       gboolean stamp);
const char *strata_planner_get_defined (StrataPlanner *self, const StrataDomainFacts *domain);
void strata_planner_add_undefine (StrataPlanner *self, StrataDomainFacts *domain);
void strata_planner_add_commit (StrataPlanner *self, const char *top, StrataPlannedDisk *disk);
gboolean strata_planner_is_anothers (StrataPlanner *self, const char *path);
gboolean strata_planner_removes (StrataPlanner *self, const char *path);
void strata_planner_add_remove (StrataPlanner *self, const char *path);
void strata_planner_add_inspect (StrataPlanner *self, JsonArray *disks);
void strata_planner_add_start (StrataPlanner *self, const char *uuid, const char *name);
/* which the plan stopped: paused if it was */
void strata_planner_add_start_again (StrataPlanner *self, const StrataDomainFacts *domain);
JsonArray *strata_planner_disks_to_json (GPtrArray *disks);
char *strata_planner_nvram_path (StrataPlanner *self,
                                 StrataDomainXml *definition,
                                 const char *name);
gboolean strata_planner_seals (StrataPlanner *self);
char *strata_planner_get_operations (StrataPlanner *self);

G_END_DECLS
