/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define STRATA_WORKER_PREFIX "strata-worker-"

/* A disk of the worker domain, or the destination of a block copy. */
typedef struct
{
  const char *target;
  const char *path;
  const char *format;
  gboolean    block; /* a block device rather than a file */
  gboolean    read_only;
} StrataWorkerDisk;

/* The transient, paused domain in which block jobs run on images that no VM has open: 16 MiB, no
 * network, no display, no balloon, just these disks (virtio). EMULATOR and ARCH come from the host's
 * capabilities, VIRT_TYPE is "kvm" or "qemu". */
char *strata_worker_xml_new      (const char             *uuid,
                                  const char             *virt_type,
                                  const char             *arch,
                                  const char             *emulator,
                                  const StrataWorkerDisk *disks,
                                  size_t                  n_disks);
/* The <disk> document that virDomainBlockCopy takes as destination. */
char *strata_worker_copy_xml_new (const StrataWorkerDisk *destination);

G_END_DECLS
