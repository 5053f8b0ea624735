/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  STRATA_GUEST_VERB_CHECK,
  STRATA_GUEST_VERB_LIST_OPERATIONS,
  STRATA_GUEST_VERB_INSPECT,
  STRATA_GUEST_VERB_SEAL,
  STRATA_GUEST_VERB_VERIFY,
  STRATA_GUEST_VERB_CUSTOMISE,
} StrataGuestVerb;

/* What one clone gets; a NULL is left as it is in the guest. */
typedef struct
{
  char      *name;
  GPtrArray *disks;
  char      *hostname;
  char     **ssh_keys;
  char      *root_hash;
  char      *user;
  char      *user_hash;
  char      *first_boot;
} StrataGuestClone;

/**
 * StrataGuestRequest:
 * @verb: what to do
 * @disks: (element-type StrataGuestDisk): on which disks; empty where the verb needs none
 * @operations: (nullable): virt-sysprep's operations, %NULL for its defaults
 * @clones: (element-type StrataGuestClone): for customise
 * @accepted: (nullable): mount points or devices of the guest that may go unsealed
 * @for_sealing: inspect and verify: all of the guest is looked at, and each of its files listed
 * @refuse_windows: fail with `STRATA_ERROR_WINDOWS` on a Windows guest
 * @force_tcg: run the appliance without KVM
 * @attended: a client holds the other end of stdin, and its end means “cancel”
 */
typedef struct
{
  StrataGuestVerb verb;
  GPtrArray      *disks;
  char          **operations;
  GPtrArray      *clones;
  char          **accepted;
  gboolean        refuse_windows;
  gboolean        for_sealing;
  gboolean        force_tcg;
  gboolean        attended;
} StrataGuestRequest;

StrataGuestRequest *strata_guest_request_parse (const char         *text,
                                                GError            **error);
void                strata_guest_request_free  (StrataGuestRequest *self);
void                strata_guest_clone_free    (StrataGuestClone   *self);
const char         *strata_guest_verb_to_nick  (StrataGuestVerb     verb);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGuestRequest, strata_guest_request_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGuestClone, strata_guest_clone_free)

G_END_DECLS
