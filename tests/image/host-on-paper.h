/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plan/planner/strata-planner.h"

/* A host that exists only as a graph: what the planner, being pure, is tested on. */

#define PAPER_POOL "/pool"

#define PAPER_FILE(name) PAPER_POOL "/" name
/* in a domain's devices */
#define PAPER_DISK(target, name) PAPER_DEVICE ("disk", target, name, "")
/* DEVICE: disk, cdrom…; MORE: elements of the disk */
#define PAPER_DEVICE(device, target, name, more)                                           \
  "<disk type='file' device='" device "'><driver name='qemu' type='qcow2'/><source file='" \
  PAPER_POOL "/" name "'/><target dev='" target "'/>" more "</disk>"
/* in a domain, beside its devices: what QEMU is given on its command line */
#define PAPER_OPTION(name)                                                                \
  "<commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><arg value='-drive'/>" \
  "<arg value='file=" PAPER_POOL "/" name ",format=qcow2,if=none,id=x'/></commandline>"

StrataGraph *paper_host_new (void);
/* a domain with one disk per IMAGE, each in PAPER_POOL; TEMPLATE marks it as one */
void paper_host_add (StrataGraph *graph,
                     const char *name,
                     StrataDomainState state,
                     gboolean template_mark,
                     const char *const *snapshots,
                     const char *image,
                     ...) G_GNUC_NULL_TERMINATED;
/* a domain's definition; INNER: what is in it besides its name and UUID */
char *paper_host_definition (const char *name, const char *uuid, const char *inner);
/* a domain that is defined by what is in INNER, and runs by LIVE, if that isn't NULL */
StrataDomainFacts *paper_host_define (StrataGraph *graph,
                                      const char *name,
                                      const char *inner,
                                      const char *live);
/* a snapshot of DOMAIN; INNER: what is in its document besides its name and time */
StrataSnapshotFacts *paper_host_document (StrataGraph *graph,
                                          const char *domain,
                                          const char *name,
                                          const char *inner);
StrataImage *paper_host_image (StrataGraph *graph, const char *name, const char *backing);
/* ARGS: JSON with a ` for each quotation mark, so that a definition can be in it */
StrataStep *paper_plan_add (StrataPlan *plan, StrataStepKind kind, const char *args, ...)
    G_GNUC_PRINTF (3, 4);
/* the kinds of a plan's steps, separated by spaces; "|" stands before the first forward-only one */
char *paper_plan_to_kinds (StrataPlan *plan);
/* that a journal can hold it: what is read from its JSON is the same plan */
void paper_plan_assert_readable (StrataPlan *plan);
/* that it carries itself out: no step is refused for what an earlier one did */
void paper_plan_assert_defines (StrataPlan *plan);
/* An external snapshot of DOMAIN's vda, whose frozen image is IMAGE; RETAINED: a retained */
void paper_host_snapshot (StrataGraph *graph,
                          const char *domain,
                          const char *name,
                          const char *parent,
                          const char *image,
                          gboolean current,
                          gboolean retained);
/* an internal one, in IMAGE, which gets the tag */
void paper_host_internal (StrataGraph *graph,
                          const char *domain,
                          const char *name,
                          const char *parent,
                          const char *image,
                          gboolean current);
