/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Facts for the tests of what shows snapshots. */

#include "config.h"

#include "facts-on-paper.h"

#define CHAIN         100
#define NOVEMBER_2025 1762000000

StrataDomainFacts *
paper_facts_new (void)
{
  g_autoptr (GError) error = NULL;
  StrataDomainFacts *facts = strata_domain_facts_new (
      "<domain type='qemu'><name>vm</name><uuid>11111111-2222-3333-4444-555555555555</uuid>"
      "<memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os><devices>"
      "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
      "<source file='/pool/top.qcow2'/><target dev='vda' bus='virtio'/></disk>"
      "</devices></domain>",
      NULL, STRATA_DOMAIN_STATE_OFF, &error);

  g_assert_no_error (error);

  return facts;
}

StrataSnapshotFacts *
paper_facts_add (StrataDomainFacts *facts, const char *name, const char *parent, gint64 created)
{
  StrataSnapshotFacts *snapshot = g_new0 (StrataSnapshotFacts, 1);
  StrataSnapshotDisk *disk = strata_snapshot_disk_new ("vda", STRATA_SNAPSHOT_EXTERNAL);

  disk->image = g_strdup_printf ("/pool/%s.qcow2", name);
  snapshot->name = g_strdup (name);
  snapshot->parent = g_strdup (parent);
  snapshot->state = g_strdup ("shutoff");
  snapshot->disks = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_disk_free);
  g_ptr_array_add (snapshot->disks, disk);
  snapshot->created = created;
  strata_domain_facts_take_snapshot (facts, snapshot);

  return snapshot;
}

StrataDomainFacts *
paper_facts_many (guint n)
{
  StrataDomainFacts *facts = paper_facts_new ();
  StrataSnapshotFacts *snapshot = NULL;

  for (guint i = 0; i < n; i++)
    {
      guint chain = i / CHAIN;
      guint parent = i % CHAIN > 0 ? i - 1 : (chain == 0 ? 0 : chain * CHAIN - CHAIN / 2);
      g_autofree char *name = g_strdup_printf ("snapshot-%05u", i);
      g_autofree char *below = i > 0 ? g_strdup_printf ("snapshot-%05u", parent) : NULL;

      snapshot = paper_facts_add (facts, name, below, NOVEMBER_2025 + 600 * (gint64) i);
      snapshot->memory = i % 3 == 0 ? STRATA_SNAPSHOT_EXTERNAL : STRATA_SNAPSHOT_NONE;
      snapshot->description = g_strdup_printf ("What was there before step %u of the upgrade", i);
    }
  if (snapshot != NULL)
    snapshot->current = TRUE;

  return facts;
}
