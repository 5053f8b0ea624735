/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is the matter with a host's images and snapshots, and what would be if another tool's native calls met them. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-health.h"
#include "graph/strata-holders.h"
#include "graph/strata-layers.h"
#include "base/strata-error.h"
#include "base/strata-visible.h"
#include "strata-writers.h"

/* On libvirt before 12 a chain of more than 24 images may not start. */
#define DEEP_CHAIN 20

typedef struct
{
  StrataGraph *graph;
  StrataLayers *layers;
  StrataWriters *writers;
  StrataDomainFacts *domain;
  GPtrArray *findings;
  GHashTable *said;      /* what is in findings, as "DOMAIN\nTEXT" */
  GHashTable *told;      /* the texts alone */
  GHashTable *overlays;  /* path of an image -> how many stand on it */
  GHashTable *variables; /* path of UEFI variables -> GPtrArray of the domains that have them */
} Visit;

void
strata_finding_free (StrataFinding *self)
{
  g_free (self->domain);
  g_free (self->text);
  g_free (self->hint);
  g_free (self);
}

static void report (Visit *self,
                    const char *code,
                    gboolean mendable,
                    const char *hint,
                    const char *format,
                    ...) G_GNUC_PRINTF (5, 6);

static void
report (Visit *self, const char *code, gboolean mendable, const char *hint, const char *format, ...)
{
  StrataFinding *finding = g_new0 (StrataFinding, 1);
  va_list args;

  va_start (args, format);
  finding->text = g_strdup_vprintf (format, args);
  va_end (args);
  finding->code = code;
  finding->hint = g_strdup (hint);
  finding->mendable = mendable;
  finding->domain = self->domain != NULL ? g_strdup (self->domain->name) : NULL;

  if (!g_hash_table_add (self->said,
                         g_strdup_printf ("%s\n%s", finding->domain != NULL ? finding->domain : "",
                                          finding->text)))
    {
      strata_finding_free (finding);
      return;
    }
  /* Of no domain in particular, and told with one that it concerns. */
  if (!g_hash_table_add (self->told, g_strdup (finding->text)) && finding->domain == NULL)
    {
      strata_finding_free (finding);
      return;
    }

  g_ptr_array_add (self->findings, finding);
}

/* NULL for one that was seen and is what is said of it, or is missing, which the chain tells with what stands on it. */
static const char *
get_sight_code (const StrataImage *image)
{
  switch (image->state)
    {
    case STRATA_IMAGE_SEEN:
    case STRATA_IMAGE_MISSING:
      break;
    case STRATA_IMAGE_UNKNOWN:
      return "unknown";
    case STRATA_IMAGE_AMBIGUOUS:
      return "ambiguous";
    case STRATA_IMAGE_CONTRADICTING:
      return image->backing_path != NULL && image->backing_format == NULL ? "no-format"
                                                                          : "wrong-format";
    case STRATA_IMAGE_FOREIGN:
      return "foreign";
    }

  return NULL;
}

/* Every link of the chain from TOP, as far as it can be followed. */
static gboolean
check_sight (Visit *self, const char *top)
{
  gboolean all = TRUE;

  for (StrataChain link = strata_graph_walk (self->graph, top); link.image != NULL;
       strata_chain_next (&link))
    {
      const StrataImage *image = link.image;
      const char *code = get_sight_code (image);
      g_autofree char *hint = image->state == STRATA_IMAGE_UNKNOWN
                                  ? strata_graph_get_unseen_hint (self->graph, image)
                                  : NULL;
      g_autoptr (GError) error = NULL;

      if (code == NULL)
        continue;
      strata_image_require_seen (image, &error);
      report (self, code, FALSE, hint != NULL ? hint : strata_error_get_hint (error), "%s",
              error->message);
      all = all && image->state == STRATA_IMAGE_FOREIGN;
    }

  return all;
}

/* What a raw image would stand on is held, and why may be a riddle to who meets the refusal. */
static void
report_claims (Visit *self, const StrataImage *image)
{
  for (guint i = 0;
       strata_image_is_raw (image) && image->claims != NULL && image->claims[i] != NULL; i++)
    {
      const StrataImage *claimed = strata_graph_get_image (self->graph, image->claims[i]);
      g_autofree char *hint = strata_image_get_claim_hint (image);

      if (claimed != NULL && !claimed->missing)
        report (self, "raw-header", FALSE, hint,
                /* Translators: an image, what says so, another image */
                _ ("“%s” is raw by %s, but there is a header in it by which it stands on “%s”"),
                image->path, image->declared_by, claimed->path);
    }
}

static void
check_claims (Visit *self, const char *top)
{
  for (StrataChain link = strata_graph_walk (self->graph, top); link.image != NULL;
       strata_chain_next (&link))
    report_claims (self, link.image);
}

static void
check_chain (Visit *self, const char *top)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chain = NULL;

  if (!check_sight (self, top))
    return;
  chain = strata_graph_get_chain (self->graph, top, &error);
  if (chain == NULL)
    {
      report (self, "missing", FALSE, _ ("Bring the file back, or repair the backing chain."), "%s",
              error->message);
      return;
    }

  if (chain->len >= DEEP_CHAIN)
    report (self, "deep", FALSE, _ ("Delete snapshots, so that layers merge."),
            _ ("The chain of “%s” is %u images deep"), top, chain->len);
}

static void
check_variables (Visit *self)
{
  g_autofree char *path = strata_domain_xml_get_nvram (self->domain->definition);
  GPtrArray *domains = path != NULL ? g_hash_table_lookup (self->variables, path) : NULL;

  for (guint i = 0; domains != NULL && i < domains->len; i++)
    {
      const StrataDomainFacts *other = g_ptr_array_index (domains, i);

      if (other == self->domain)
        continue;
      report (
          self, "shared-variables", FALSE,
          _ ("Give one of the two a file of its own: virsh edit NAME, the element <nvram>."),
          /* Translators: a file, then a virtual machine */
          _ ("The UEFI variables in “%s” are those of “%s” too: both can’t run, and what the one changes of its boot entries the "
             "other has"),
          path, other->name);
      return;
    }
}

/* What the host is doing, and how this domain is defined. */
static void
check_domain (Visit *self)
{
  const StrataDomainFacts *domain = self->domain;
  const char *image;
  StrataHolder *other = strata_writers_find_other (self->writers, domain, &image);
  StrataDomainFacts *owner =
      other != NULL ? strata_graph_find_domain (self->graph, other->uuid) : NULL;

  if (!domain->persistent)
    report (
        self, "transient", FALSE,
        _ ("virsh dumpxml --inactive NAME > NAME.xml, then virsh define NAME.xml, makes it "
           "permanent."),
        _ ("It is transient, perhaps because it was undefined while it ran: it vanishes when its "
           "guest stops, with all that is known of its snapshots"));
  if (domain->busy != NULL)
    report (
        self, "busy", FALSE,
        _ ("Wait until it is over, or end it: virsh blockjob NAME DISK --abort for a block job, "
           "virsh domjobabort NAME for a backup."),
        /* Translators: "a block copy of vda to “/path”" */
        _ ("%s is under way"), domain->busy);
  if (domain->job != NULL)
    report (self, "busy", FALSE, _ ("Wait until it is over (virsh domjobinfo NAME)."),
            /* Translators: "a save" */
            _ ("%s is under way"), domain->job);
  if (owner != NULL)
    report (
        self, "two-definitions", FALSE,
        _ ("Take the disk out of one of the two, or give it a copy of its own; until then neither "
           "can have a snapshot."),
        _ ("“%s” is a disk of “%s” too: what the one writes changes what the other has"), image,
        owner->name);
  check_variables (self);
}

static void
check_agreement (Visit *self, const StrataDiskXml *disk)
{
  const char *above;
  const char *said;
  const char *below;
  g_autofree char *text = NULL;

  if (!strata_graph_find_disagreement (self->graph, disk, &above, &said, &below))
    return;

  text = strata_disagreement_to_text (above, said, below);
  report (self, "wrong-format", FALSE,
          _ ("Where the header is right, take <backingStore> out of the definition (virsh edit); "
             "else “qemu-img rebase -u” corrects the header."),
          "%s", text);
}

/* A file that lets none write to it keeps a machine from being started on it. */
static void
check_written_below (Visit *self, const StrataDiskXml *disk)
{
  const char *path;
  StrataHolder *writer = strata_writers_find_under (self->writers, self->domain, disk, &path);
  StrataDomainFacts *owner =
      writer != NULL ? strata_graph_find_domain (self->graph, writer->uuid) : NULL;
  StrataImage *image = strata_graph_get_image (self->graph, path);
  g_autofree char *word = NULL;
  g_autofree char *hint = NULL;

  if (owner == NULL || image == NULL ||
      !(strata_domain_facts_is_active (owner) || strata_image_is_writable (image)))
    return;

  word = strata_quote_word (owner->name);
  /* Translators: a virtual machine, twice */
  hint = g_strdup_printf (_ ("Don’t start “%s” before it has an overlay of its own: “stratactl "
                             "snapshot create %s” puts it on one."),
                          owner->name, word);
  report (self, "written-below", FALSE, hint,
          /* Translators: an image, an image below it, a virtual machine */
          _ ("“%s” stands on “%s”, a disk of “%s”: what that one writes changes what this one "
             "reads"),
          disk->source, path, owner->name);
}

static void
check_disks (Visit *self)
{
  for (guint i = 0; i < self->domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (self->domain->disks, i);
      StrataImage *image = strata_graph_get_image (self->graph, disk->source);

      if (disk->source == NULL ||
          (g_strcmp0 (disk->type, "file") != 0 && g_strcmp0 (disk->type, "block") != 0))
        continue;
      check_chain (self, disk->source);
      check_claims (self, disk->source);
      check_written_below (self, disk);
      if (self->domain->template_mark != NULL && image != NULL && !disk->read_only &&
          g_strcmp0 (disk->device, "disk") == 0 && strata_template_is_open (self->domain, image))
        report (
            self, "template-writable", TRUE,
            _ ("“stratactl doctor --repair” makes it read-only, so that the template can’t be started."),
            _ ("“%s”, a disk of a template, can be written to, and what stands on it would "
               "change"),
            image->path);
      if (self->domain->template_mark == NULL && image != NULL && strata_disk_is_written (disk) &&
          image->type == STRATA_IMAGE_FILE && image->mode != 0 && (image->mode & 0222) == 0)
        report (self, "read-only", FALSE,
                _ ("If nothing stands on it, “chmod u+w” lets the machine write to it."),
                _ ("“%s”, its disk %s, is read-only, so that it can’t start"), image->path,
                disk->target);
      if (image != NULL && image->backing_path != NULL && (image->mode & 0004) != 0)
        report (self, "world-readable", TRUE,
                _ ("“stratactl doctor --repair” lets only its owner and group read it."),
                _ ("Everybody on the host may read “%s”"), image->path);
      check_agreement (self, disk);
    }

  for (guint i = 0; i < self->domain->uses->len; i++)
    {
      const StrataDiskXml *disk =
          ((StrataImageUse *) g_ptr_array_index (self->domain->uses, i))->disk;

      if (strata_graph_get_image (self->graph, disk->source) != NULL)
        check_chain (self, disk->source);
    }

  for (guint i = 0;
       self->domain->next_disks != self->domain->disks && i < self->domain->next_disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (self->domain->next_disks, i);

      check_agreement (self, disk);
      check_claims (self, disk->source);
    }
}

/* The external snapshot of the domain whose deletion merges IMAGE into what it froze: the one that froze what IMAGE stands on. */
static const StrataSnapshotFacts *
find_frozen_below (Visit *self, const StrataImage *image)
{
  GPtrArray *snapshots = self->domain->snapshots;

  for (guint i = 0; i < snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (snapshots, i);

      for (guint j = 0; j < snapshot->disks->len; j++)
        {
          const StrataSnapshotDisk *disk = g_ptr_array_index (snapshot->disks, j);

          if (disk->location == STRATA_SNAPSHOT_EXTERNAL && disk->image != NULL &&
              g_strcmp0 (image->backing_path, disk->image) == 0)
            return snapshot;
        }
    }

  return NULL;
}

/* libvirt itself knows nothing of a tag when it merges an overlay away or rewrites a base (tested on 11.3). */
static void
check_tag_place (Visit *self, const StrataSnapshotFacts *snapshot, const StrataImage *image)
{
  const StrataSnapshotFacts *below =
      image->backing_path != NULL ? find_frozen_below (self, image) : NULL;
  guint n_overlays = GPOINTER_TO_UINT (g_hash_table_lookup (self->overlays, image->path));

  if (below != NULL)
    report (self, "native-unsafe", FALSE,
            _ ("Delete that one with Strata, which keeps the internal snapshot, not with virsh "
               "snapshot-delete or virt-manager, which remove the overlay without a word."),
            /* Translators: a snapshot, an image, a snapshot */
            _ ("The internal snapshot “%s” is inside “%s”, an overlay that is lost when libvirt "
               "itself deletes “%s”"),
            snapshot->name, image->path, below->name);
  if (n_overlays > 0)
    report (
        self, "native-unsafe", FALSE,
        _ ("Revert to it with Strata, which does that on a copy, not with virsh snapshot-revert or virt-manager."),
        /* Translators: a snapshot, an image */
        _ ("The internal snapshot “%s” is inside “%s”, on which other images stand: libvirt’s "
           "own return to it would change what they hold"),
        snapshot->name, image->path);
}

/* The machine has it back with the snapshot, and until then it may stand on any image of the machine. */
static void
check_left_out (Visit *self, const StrataSnapshotFacts *snapshot, const StrataSnapshotDisk *disk)
{
  const StrataImage *image = strata_graph_get_image (self->graph, disk->image);

  if (image == NULL || !image->missing || snapshot->retained)
    return;

  report (self, "missing", FALSE,
          _ ("Bring it back or, if it is gone for good, put an empty image in its place (“qemu-img "
             "create”)."),
          /* Translators: a snapshot, an image */
          _ ("The snapshot “%s” left out the disk “%s”, which is missing"), snapshot->name,
          disk->image);
}

static void
check_snapshot_disk (Visit *self,
                     const StrataSnapshotFacts *snapshot,
                     const StrataSnapshotDisk *disk)
{
  StrataImage *image = strata_graph_get_image (self->graph, disk->image);
  StrataLayer *layer = strata_layers_find (self->layers, disk->image);
  guint n_overlays;

  if (disk->location == STRATA_SNAPSHOT_NONE)
    check_left_out (self, snapshot, disk);
  if (disk->location == STRATA_SNAPSHOT_NONE || disk->image == NULL)
    return;
  if (image == NULL || image->missing)
    {
      report (self, "missing", FALSE,
              _ ("Bring the file back, or delete the snapshot’s metadata (--metadata-only)."),
              _ ("The snapshot “%s” needs “%s”, which is missing"), snapshot->name, disk->image);
      return;
    }
  check_chain (self, disk->image);
  if (disk->location == STRATA_SNAPSHOT_INTERNAL && layer != NULL &&
      !strata_layer_may_have_tag (layer, snapshot->name))
    report (self, "tag-missing", FALSE,
            _ ("Its content is gone; delete the snapshot’s metadata (--metadata-only)."),
            _ ("“%s” has no internal snapshot “%s”"), disk->image, snapshot->name);
  if (disk->location == STRATA_SNAPSHOT_INTERNAL &&
      strata_image_count_tags (image, snapshot->name) > 1)
    report (self, "doubled-tag", FALSE,
            _ ("“qemu-img snapshot -l” lists them, and “qemu-img snapshot -d” removes the first of "
               "a name."),
            _ ("“%s” has %u internal snapshots called “%s”, and QEMU can’t tell one from another"),
            disk->image, strata_image_count_tags (image, snapshot->name), snapshot->name);
  if (disk->location == STRATA_SNAPSHOT_INTERNAL)
    check_tag_place (self, snapshot, image);

  n_overlays = GPOINTER_TO_UINT (g_hash_table_lookup (self->overlays, disk->image));
  if (disk->location == STRATA_SNAPSHOT_EXTERNAL && n_overlays > 1)
    report (
        self, "native-unsafe", FALSE,
        _ ("Delete it with Strata, not with virsh or virt-manager, which would change or remove "
           "what the others stand on."),
        _ ("%u images stand on the image of “%s”"), n_overlays, snapshot->name);
}

/* What libvirt's own return and deletion go by. */
static void
check_current (Visit *self, const StrataSnapshotFacts *current)
{
  if (current == NULL)
    {
      report (
          self, "no-current", TRUE, _ ("“stratactl doctor --repair” makes one current."),
          _ ("There are snapshots and none is current, which takes libvirt’s daemon down at its "
             "next return to one"));
      return;
    }

  for (guint i = 0; i < current->disks->len; i++)
    {
      const StrataSnapshotDisk *disk = g_ptr_array_index (current->disks, i);
      StrataHolder *holder =
          strata_layers_find_disk (self->layers, self->domain->uuid, disk->target);

      if (disk->location != STRATA_SNAPSHOT_EXTERNAL || holder == NULL || disk->overlay == NULL ||
          g_strcmp0 (holder->top, disk->image) == 0 ||
          g_strcmp0 (holder->top, disk->overlay) == 0 ||
          g_strcmp0 (holder->top, disk->revert_overlay) == 0 ||
          g_str_has_suffix (disk->revert_overlay != NULL ? disk->revert_overlay : disk->overlay,
                            STRATA_NO_OVERLAY_SUFFIX) ||
          strata_graph_get_libvirt_version (self->graph) < 9010000)
        continue;
      report (self, "native-unsafe", TRUE, _ ("“stratactl doctor --repair” writes it down."),
              _ ("libvirt doesn’t know that the VM runs on “%s” since it went back to “%s”"),
              holder->top, current->name);
    }
}

static void
check_snapshots (Visit *self)
{
  StrataDomainFacts *domain = self->domain;

  /* What libvirt is in the middle of isn't true of it yet. */
  if (domain->snapshots->len == 0 || domain->job != NULL)
    return;

  check_current (self, strata_domain_facts_get_current (domain));
  for (guint i = 0; i < domain->snapshots->len; i++)
    {
      const StrataSnapshotFacts *snapshot = g_ptr_array_index (domain->snapshots, i);

      gboolean lost;
      g_autofree char *hint = NULL;
      g_autofree char *stale = strata_writers_find_stale (self->writers, domain, snapshot, &lost);

      if (stale != NULL && lost)
        report (
            self, "stale-snapshot", TRUE,
            _ ("“stratactl doctor --repair” takes it out of the list; no file is touched by that."),
            /* Translators: a snapshot, and the reason */
            _ ("The snapshot “%s” doesn’t hold what it kept any more: %s"), snapshot->name, stale);
      hint = stale != NULL && !lost
                 ? strata_writers_get_stale_hint (self->writers, domain, snapshot)
                 : NULL;
      if (hint != NULL)
        report (self, "stale-snapshot", FALSE, hint,
                /* Translators: a snapshot, and the reason */
                _ ("The snapshot “%s” may not hold what it kept any more: %s"), snapshot->name,
                stale);
      for (guint j = 0; j < snapshot->disks->len; j++)
        check_snapshot_disk (self, snapshot, g_ptr_array_index (snapshot->disks, j));
      if (snapshot->lost_parent != NULL)
        report (self, "lost-parent", TRUE,
                _ ("“stratactl doctor --repair” puts it below the nearest one that is left."),
                _ ("The snapshot “%s” comes after “%s”, of which libvirt knows nothing any more"),
                snapshot->name, snapshot->lost_parent);
      if (snapshot->memory_missing)
        report (self, "memory-missing", FALSE,
                _ ("Bring the file back; without it the VM can be reverted to the disks only."),
                _ ("The memory of “%s”, “%s”, is missing"), snapshot->name, snapshot->memory_file);
      if (!snapshot->backing_known)
        report (self, "native-unsafe", TRUE, _ ("“stratactl doctor --repair” writes it down."),
                _ ("The snapshot “%s” doesn’t say what its images stand on, which takes libvirt’s "
                   "daemon down when it deletes another"),
                snapshot->name);
      if (snapshot->backing_wrong)
        report (self, "native-unsafe", TRUE,
                _ ("“stratactl doctor --repair” writes down what they stand on."),
                _ ("The snapshot “%s” doesn’t say rightly what its images stand on; libvirt would "
                   "open others when it goes back to it"),
                snapshot->name);
      if (snapshot->retained)
        report (self, "joint", TRUE, _ ("It is merged away when one is left."),
                _ ("“%s” was deleted; its image is kept for what stands on it"), snapshot->name);
    }
}

static void
check_places (Visit *self)
{
  g_autoptr (GPtrArray) images = strata_graph_get_images (self->graph);
  g_autoptr (GError) error = NULL;

  if (!strata_graph_check_seen (self->graph, &error))
    report (self, "unknown", FALSE, strata_error_get_hint (error), "%s", error->message);
  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);

      if (image->state == STRATA_IMAGE_UNKNOWN || image->state == STRATA_IMAGE_AMBIGUOUS)
        check_sight (self, image->path);
    }
}

/* What images may stand on by a header in them that may be right, or by another of their names, and what that stands on. */
static GHashTable *
collect_claims (StrataGraph *graph)
{
  GHashTable *claims = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);

  for (guint i = 0; i < images->len; i++)
    {
      const StrataImage *image = g_ptr_array_index (images, i);

      for (guint j = 0; image->claims != NULL && image->claims[j] != NULL; j++)
        {
          for (StrataChain link = strata_graph_walk (graph, image->claims[j]);
               link.image != NULL && g_hash_table_add (claims, link.image->path);)
            strata_chain_next (&link);
        }
    }

  return claims;
}

static void
check_unnamed (Visit *self)
{
  GPtrArray *holders = strata_layers_get_holders (self->layers);
  g_autoptr (GHashTable) claims = collect_claims (self->graph);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);

      if (holder->kind != STRATA_HOLDER_IMAGE)
        continue;
      /* Of an image that may not be read there may be some, and who may only look is not told so for each of them. */
      if (holder->by_tag && holder->tag == NULL && strata_graph_get_read_only (self->graph) != NULL)
        continue;
      if (holder->by_tag && holder->tag == NULL)
        report (self, "orphan-tag", FALSE,
                _ ("Run Strata where the file can be read, to see which they are."),
                _ ("“%s” holds internal snapshots whose names can’t be read"), holder->top);
      else if (holder->by_tag)
        report (
            self, "orphan-tag", FALSE,
            _ ("If it isn’t needed, “qemu-img snapshot -d NAME FILE” deletes it while no guest has "
               "the file open."),
            _ ("No virtual machine names the internal snapshot “%s” in “%s”"), holder->tag,
            holder->top);
      else if (!g_hash_table_contains (claims, holder->top))
        report (
            self, "orphan", FALSE,
            _ ("See first that no process has it open (fuser -v FILE), and that no unfinished job "
               "needs it (stratactl job list). If it isn’t needed, delete it (virsh vol-delete "
               "FILE); what it stands on can’t be merged until then."),
            _ ("“%s” is an overlay that no virtual machine or snapshot names"), holder->top);
    }
}

/* To look for an image's overlays among all images, for each image, would take a crowded host's time squared. */
static GHashTable *
count_overlays (StrataGraph *graph)
{
  GHashTable *counts = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) images = strata_graph_get_images (graph);

  for (guint i = 0; i < images->len; i++)
    {
      StrataImage *image = g_ptr_array_index (images, i);
      guint n;

      if (image->missing || image->backing_path == NULL)
        continue;
      n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, image->backing_path));
      g_hash_table_insert (counts, image->backing_path, GUINT_TO_POINTER (n + 1));
    }

  return counts;
}

static GHashTable *
list_variables (StrataGraph *graph)
{
  GHashTable *variables =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      char *path = strata_domain_xml_get_nvram (domain->definition);
      GPtrArray *same = path != NULL ? g_hash_table_lookup (variables, path) : NULL;

      if (path == NULL)
        continue;
      if (same == NULL)
        {
          same = g_ptr_array_new ();
          g_hash_table_insert (variables, g_strdup (path), same);
        }
      g_ptr_array_add (same, domain);
      g_free (path);
    }

  return variables;
}

static void
check_domains (Visit *self, StrataDomainFacts *only)
{
  GPtrArray *domains = strata_graph_get_domains (self->graph);

  for (guint i = 0; i < domains->len; i++)
    {
      self->domain = g_ptr_array_index (domains, i);
      if (only != NULL && only != self->domain)
        continue;
      check_domain (self);
      check_disks (self);
      check_snapshots (self);
    }

  self->domain = NULL;
}

/* By the domain's name, what belongs to none last; the order within stays. */
static int
compare_domains (gconstpointer a, gconstpointer b)
{
  const StrataFinding *first = a;
  const StrataFinding *second = b;

  if (first->domain == NULL || second->domain == NULL)
    return (first->domain == NULL) - (second->domain == NULL);

  return g_strcmp0 (first->domain, second->domain);
}

/**
 * strata_health_check:
 * @graph: a host
 * @domain: (nullable): a domain of it, %NULL for all and for what belongs to none
 *
 * Returns: (transfer full) (element-type StrataFinding): what was found
 */
GPtrArray *
strata_health_check (StrataGraph *graph, StrataDomainFacts *domain)
{
  g_autoptr (StrataLayers) layers = strata_layers_new (graph);
  g_autoptr (GHashTable) said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) overlays = count_overlays (graph);
  GPtrArray *findings = g_ptr_array_new_with_free_func ((GDestroyNotify) strata_finding_free);
  g_autoptr (StrataWriters) writers = strata_writers_new (graph, layers);
  g_autoptr (GHashTable) told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) variables = list_variables (graph);
  Visit visit = { graph, layers, writers, NULL, findings, said, told, overlays, variables };

  check_domains (&visit, domain);
  if (domain == NULL)
    {
      check_places (&visit);
      check_unnamed (&visit);
    }
  g_ptr_array_sort_values (findings, compare_domains);

  return findings;
}
