/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-map.h"

G_BEGIN_DECLS

/**
 * StrataMapImpact:
 * @machines: machines and templates that would break, by name
 * @images: overlays that no machine names and that would break, by file name
 * @n_snapshots: how many snapshots would be lost
 * @n_freed: how many images no node would need any more, with the one that went
 * @freed: the bytes that those take on the host
 *
 * What would be if something on the map went: an image, or a machine with its disks and snapshots.
 */
typedef struct
{
  GStrv   machines;
  GStrv   images;
  guint   n_snapshots;
  guint   n_freed;
  guint64 freed;
} StrataMapImpact;

/* pure; any thread */
StrataMapImpact *strata_map_impact_new         (StrataMap             *map,
                                                guint                  index);
void             strata_map_impact_free        (StrataMapImpact       *self);
/* whether a node would miss it */
gboolean         strata_map_impact_is_harmless (const StrataMapImpact *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataMapImpact, strata_map_impact_free)

G_END_DECLS
