/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For strata-disk-stack.c and strata-disk-layer*.c, which fill a layer before a page sees it. */

#pragma once

#include "strata-disk-layer.h"

G_BEGIN_DECLS

struct _StrataDiskLayer
{
  GObject parent_instance;

  char *path;
  char *name;
  char *folder;
  char *format;
  char *said_format; /* by what stands on it, or the definition */
  char *pool;
  char *domain; /* UUID */
  char *target;
  char *above;           /* (nullable): path of the layer on it */
  char *below;           /* (nullable): path of the layer under it */
  char *cut;             /* (nullable): the snapshot whose deletion merges it with the layer on it */
  char *cut_below;       /* (nullable): likewise with the one under it */
  GPtrArray *owners;     /* StrataLayerHolder */
  GPtrArray *dependents; /* StrataLayerHolder */
  GPtrArray *problems;   /* StrataLayerProblem */
  GStrv tags;
  guint64 capacity;
  guint64 allocation;
  double thickness;
  gboolean live; /* a guest writes to it now */
  gboolean missing;

  StrataLayerCheck check;
  char *check_text;
};

StrataDiskLayer *strata_disk_layer_new         (const char        *path);
void             strata_disk_layer_add_problem (StrataDiskLayer   *self,
                                                gboolean           grave,
                                                const char        *format,
                                                ...) G_GNUC_PRINTF (3, 4);
void             strata_disk_layer_set_check   (StrataDiskLayer   *self,
                                                StrataLayerCheck   check,
                                                const char        *text);
/* strata-layer-problems.c */
void             strata_disk_layer_read        (StrataDiskLayer   *self,
                                                const StrataImage *image,
                                                gboolean           local);
void             strata_disk_layer_compare_format (StrataDiskLayer       *self,
                                                   const StrataDiskLayer *above);
/* strata-layer-holders.c: fills owners and dependents */
void             strata_disk_layer_find_holders (StrataDiskLayer  *self,
                                                 StrataHolderList *list);
/* strata-layer-holders.c: the one snapshot whose deletion merges PATH with what stands on it */
const char      *strata_disk_layer_find_cut    (StrataGraph       *graph,
                                                StrataDomainFacts *domain,
                                                const char        *path);

G_END_DECLS
