/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "strata-appliance.h"

G_BEGIN_DECLS

char     **strata_guest_survey_homes           (guestfs_h          *g);
gboolean   strata_guest_survey_check           (StrataAppliance    *appliance,
                                                char              **accepted,
                                                GPtrArray          *unmounted,
                                                GError            **error);
gboolean   strata_guest_survey_set_listing     (StrataAppliance    *appliance,
                                                JsonObject         *value,
                                                GError            **error);
GPtrArray *strata_guest_survey_swaps           (guestfs_h          *g);
GPtrArray *strata_guest_survey_swap_files      (guestfs_h          *g);
GPtrArray *strata_guest_survey_snapshots       (StrataAppliance    *appliance);
char      *strata_guest_survey_split_subvolume (const char         *mountable,
                                                char              **path);

G_END_DECLS
