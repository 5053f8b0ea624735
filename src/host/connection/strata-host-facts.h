/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

G_BEGIN_DECLS

/**
 * StrataHostFacts: what the capability probe found
 * @libvirt_version: the daemon's, 11003000 for 11.3.0
 * @qemu_version: the hypervisor's, likewise
 * @driver: "QEMU", "TEST"
 * @hostname: the host's name
 * @uuid: (nullable): the computer's, as a system's daemon says it; a session's makes one up at each start (11.3)
 * @is_local: the client sees the host's files
 * @ssh: (nullable): how a command is run on a host that is reached by ssh, which follows these words; as libvirt itself gets there
 * @is_session: `qemu:///session` (or a socket of one): runs as the user
 * @kvm_usable: KVM was seen to run something, not only /dev/kvm to exist
 * @can_external_snapshots: libvirt says `<externalSnapshot/>` in its capabilities
 */
typedef struct
{
  gulong   libvirt_version;
  gulong   qemu_version;
  char    *driver;
  char    *hostname;
  char    *uuid;
  char    *arch;
  char    *emulator;
  char    *nvram_dir;
  char   **ssh;
  gboolean is_local;
  gboolean is_session;
  gboolean kvm_usable;
  gboolean can_external_snapshots;
} StrataHostFacts;

StrataHostFacts *strata_host_facts_new  (virConnectPtr     handle,
                                         GError          **error);
void             strata_host_facts_free (StrataHostFacts  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataHostFacts, strata_host_facts_free)

G_END_DECLS
