/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-request.h"

G_BEGIN_DECLS

/* What every request's planner works with. */
typedef struct
{
  StrataGraph *graph;
  const StrataRequest *request;
  StrataPlan *plan;
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

/* strata-planner-law.c: what has to hold before anything is planned */
StrataDomainFacts *strata_planner_find_domain (StrataPlanner *self, GError **error);
gboolean strata_planner_need_free_name (StrataPlanner *self, const char *name, GError **error);
gboolean strata_planner_need_free_path (StrataPlanner *self, const char *path, GError **error);
gboolean strata_planner_need_off (StrataDomainFacts *domain, GError **error);
gboolean strata_planner_need_no_template (StrataDomainFacts *domain, GError **error);
gboolean strata_planner_need_sole_use (StrataPlanner *self,
                                       StrataDomainFacts *domain,
                                       const char *path,
                                       GError **error);
gboolean strata_planner_need_known_format (GPtrArray *chain, GError **error);
gboolean strata_planner_need_space (StrataPlanner *self,
                                    const char *path,
                                    guint64 bytes,
                                    GError **error);
/* (element-type StrataPlannedDisk) (transfer full) */
GPtrArray *strata_planner_get_disks (StrataPlanner *self,
                                     StrataDomainXml *definition,
                                     const char *domain_name,
                                     GError **error);
void strata_planned_disk_free (gpointer data);
guint64 strata_planned_disk_get_bytes (StrataPlannedDisk *self);

/* strata-planner-steps.c: the words and arguments of each step */
JsonObject *strata_step_args (const char *first_key, ...) G_GNUC_NULL_TERMINATED;
void strata_planner_add_power (StrataPlanner *self, StrataDomainFacts *domain);
void strata_planner_add_seal (StrataPlanner *self, JsonArray *disks);
void strata_planner_add_overlay (StrataPlanner *self,
                                 const char *path,
                                 StrataImage *backing,
                                 const char *backing_format);
void strata_planner_add_copy (StrataPlanner *self,
                              StrataPlannedDisk *disk,
                              const char *destination);
void strata_planner_add_copy_nvram (StrataPlanner *self, const char *from, const char *to);
void strata_planner_add_set_mode (StrataPlanner *self,
                                  const char *path,
                                  guint mode,
                                  guint previous);
guint strata_image_get_own_mode (StrataImage *self);
StrataStepSpec *strata_planner_add_define (StrataPlanner *self,
                                           StrataDomainXml *definition,
                                           const char *previous,
                                           gboolean stamp);
void strata_planner_add_undefine (StrataPlanner *self, StrataDomainFacts *domain);
void strata_planner_add_commit (StrataPlanner *self, const char *top, StrataPlannedDisk *disk);
void strata_planner_add_remove (StrataPlanner *self, const char *path);
void strata_planner_add_inspect (StrataPlanner *self, JsonArray *disks);
void strata_planner_add_start (StrataPlanner *self,
                               const char *uuid,
                               const char *name,
                               gboolean was_running);
JsonArray *strata_planner_disks_to_json (GPtrArray *disks);
char *strata_planner_nvram_path (StrataPlanner *self,
                                 StrataDomainXml *definition,
                                 const char *name);
gboolean strata_planner_seals (StrataPlanner *self);
char *strata_planner_get_operations (StrataPlanner *self);

G_END_DECLS
