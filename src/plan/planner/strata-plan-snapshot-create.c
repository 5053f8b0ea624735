/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that takes a snapshot. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"
#include "plan/strata-name.h"

/* On libvirt before 12 a chain of 24 images starts, and one of 26 does not: "nesting too deep" (tested on 11.3). */
#define DEEP_CHAIN     20
#define DEEPEST_CHAIN  24
#define CHAINS_FREE_IN 12000000

typedef struct
{
  StrataPlanner *planner;
  StrataDomainFacts *domain;
  const char *name;
  StrataSnapshotKind kind; /* never AUTO */
  GPtrArray *entries;      /* StrataSnapshotDisk, every disk of the domain: for the document */
  JsonArray *disks;        /* {target, overlay, base, base-format}: those that take part */
} Snapshot;

static gboolean
is_media (const StrataDiskXml *disk)
{
  return strata_planner_is_media (disk) || disk->source == NULL;
}

static gboolean
refuse_disk (Snapshot *self, const StrataDiskXml *disk, const char *why, GError **error)
{
  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Leave it out by naming the other disks (--disk), or choose another kind."),
                    /* Translators: a disk ("vda"), a VM, the reason */
                    _ ("Disk %s of “%s” can’t be in the snapshot: %s"), disk->target,
                    self->domain->name, why);
  return FALSE;
}

/* Below an overlay libvirt has to write the format of what it stands on; of a volume it doesn't fill one in, as it does of a file,
 * and then can neither write the definition nor read it (tested on 9.0 and 11.3). */
static gboolean
is_volume_without_format (const StrataDomainFacts *domain, const StrataDiskXml *disk)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (domain->definition);

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *written = g_ptr_array_index (disks, i);

      if (g_strcmp0 (written->target, disk->target) == 0 && written->pool != NULL &&
          written->format == NULL)
        return TRUE;
    }

  return disk->pool != NULL && disk->format == NULL;
}

static gboolean
require_fit_disk (Snapshot *self,
                  const StrataDiskXml *disk,
                  const StrataLayer *layer,
                  GError **error)
{
  if (disk->transient)
    return refuse_disk (self, disk, _ ("it is transient"), error);
  if (disk->shareable)
    return refuse_disk (self, disk, _ ("it is shared with other virtual machines"), error);
  if (g_strcmp0 (disk->type, "file") != 0 && g_strcmp0 (disk->type, "block") != 0)
    return refuse_disk (self, disk, _ ("it is neither a file nor a block device"), error);
  if (disk->encrypted)
    return refuse_disk (self, disk, _ ("it is encrypted"), error);
  if (disk->sliced)
    return refuse_disk (self, disk, _ ("it is only a part of a file (slices)"), error);
  if (layer == NULL)
    return refuse_disk (self, disk, _ ("its image is missing"), error);
  if (self->kind != STRATA_SNAPSHOT_KIND_INTERNAL && is_volume_without_format (self->domain, disk))
    {
      strata_set_error (
          error, STRATA_ERROR_REFUSED,
          _ ("Write it there (<driver name='qemu' type='…'/>, by “virsh edit”), or leave the disk out by naming "
             "the others (--disk)."),
          /* Translators: a disk ("vda"), a VM */
          _ ("Disk %s of “%s” can’t be in the snapshot: it is a volume, and the definition "
             "doesn’t say its format"),
          disk->target, self->domain->name);
      return FALSE;
    }
  if (self->kind == STRATA_SNAPSHOT_KIND_INTERNAL && g_strcmp0 (layer->format, "qcow2") != 0)
    return refuse_disk (self, disk, _ ("only qcow2 images hold internal snapshots"), error);
  if (self->kind == STRATA_SNAPSHOT_KIND_INTERNAL &&
      strata_layer_find_tag ((StrataLayer *) layer, self->name) != NULL)
    return refuse_disk (self, disk, _ ("its image has an internal snapshot of that name"), error);
  if (self->kind == STRATA_SNAPSHOT_KIND_INTERNAL &&
      strspn (self->name, "0123456789") == strlen (self->name))
    return refuse_disk (self, disk, _ ("QEMU takes a number for another name of a snapshot"),
                        error);

  return TRUE;
}

/* QEMU lets none write to an image that another machine has open, below a disk of its own. */
static gboolean
require_unopened (Snapshot *self, const StrataLayer *layer, GError **error)
{
  StrataHolder *running;

  if (self->kind != STRATA_SNAPSHOT_KIND_INTERNAL || strata_domain_facts_is_active (self->domain))
    return TRUE;
  running = strata_planner_find_running (self->planner, layer->path);
  if (running == NULL)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_BUSY, _ ("Shut it down first."), _ ("“%s” runs and has “%s” open"),
      strata_graph_find_domain (self->planner->graph, running->uuid)->name, layer->path);
  return FALSE;
}

static gboolean
require_depth (Snapshot *self, const StrataDiskXml *disk, GError **error)
{
  StrataPlanner *planner = self->planner;
  guint depth = strata_layers_get_depth (strata_planner_get_layers (planner), disk->source) + 1;
  gulong version = strata_graph_get_libvirt_version (planner->graph);

  if (depth > DEEPEST_CHAIN && version < CHAINS_FREE_IN)
    {
      strata_set_error (
          error, STRATA_ERROR_REFUSED, _ ("Delete snapshots, so that layers merge."),
          _ ("Disk %s of “%s” would be a chain of %u images, which this host’s libvirt "
             "doesn’t start"),
          disk->target, self->domain->name, depth);
      return FALSE;
    }
  if (depth > DEEP_CHAIN)
    strata_plan_add_effect (planner->plan, STRATA_EFFECT_NOTE, 0,
                            _ ("The chain of %s will be %u images deep; deleting snapshots makes "
                               "it shorter"),
                            disk->target, depth);

  return TRUE;
}

static gboolean
is_line_of (const StrataDomainFacts *domain, const StrataSnapshotFacts *snapshot)
{
  const StrataSnapshotFacts *line = strata_domain_facts_get_current (domain);

  for (guint depth = 0; line != NULL && line != snapshot && depth <= domain->snapshots->len;
       depth++)
    line = line->parent != NULL ? strata_domain_facts_find_snapshot (domain, line->parent) : NULL;

  return line == snapshot;
}

/* A snapshot whose frozen image is written to shows it only as long as that is so: frozen again, the image would pass for
 * what it kept. Of one that the new snapshot comes after it goes on to be seen. */
static gboolean
require_no_pretender (Snapshot *self, const char *image, GError **error)
{
  StrataLayers *layers = strata_planner_get_layers (self->planner);
  GPtrArray *holders = strata_layers_get_holders (layers);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      StrataDomainFacts *domain;
      const StrataSnapshotFacts *snapshot;

      if (holder->key->kind != STRATA_HOLDER_KEY_SNAPSHOT || holder->by_tag ||
          !strata_layers_reach (layers, holder->top, image))
        continue;
      domain = strata_graph_find_domain (self->planner->graph, holder->uuid);
      snapshot =
          domain != NULL ? strata_domain_facts_find_snapshot (domain, holder->snapshot) : NULL;
      if (snapshot == NULL || (domain == self->domain && g_strcmp0 (holder->top, image) == 0 &&
                               is_line_of (domain, snapshot)))
        continue;
      if (!strata_planner_require_fresh (self->planner, domain, snapshot, error))
        return FALSE;
    }

  return TRUE;
}

static char *
get_folder (Snapshot *self, const StrataDiskXml *disk, GError **error)
{
  const StrataImage *image = strata_graph_get_image (self->planner->graph, disk->source);
  char *folder = image != NULL ? strata_planner_find_folder (self->planner, image)
                               : g_path_get_dirname (disk->source);

  if (folder == NULL)
    refuse_disk (self, disk,
                 _ ("it is a block device, and there is no pool “default” for its overlay"), error);

  return folder;
}

/* libvirt doubles a comma of the overlay's path for qemu-img, which then looks for a folder that isn't there; of a VM that
 * runs QEMU makes the overlay, and understands it (tested on 11.3). */
static gboolean
require_plain_folder (Snapshot *self, const char *folder, GError **error)
{
  gboolean by_qemu = self->planner->request->kind == STRATA_REQUEST_SNAPSHOT_CREATE &&
                     strata_domain_facts_is_active (self->domain);

  if (by_qemu || strchr (folder, ',') == NULL)
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Take it while the virtual machine runs, choose an internal snapshot, or move the "
         "image to another folder."),
      _ ("The folder “%s” has a comma in its name, with which libvirt can’t make an "
         "overlay there"),
      folder);
  return FALSE;
}

static gboolean
add_disk (Snapshot *self, const StrataDiskXml *disk, StrataSnapshotDisk *entry, GError **error)
{
  StrataLayer *layer = strata_layers_find (strata_planner_get_layers (self->planner), disk->source);
  g_autofree char *folder = NULL;
  g_autofree char *stem = NULL;

  if (!require_fit_disk (self, disk, layer, error) || !require_unopened (self, layer, error))
    return FALSE;

  entry->location = STRATA_SNAPSHOT_INTERNAL;
  if (self->kind != STRATA_SNAPSHOT_KIND_INTERNAL)
    {
      folder = get_folder (self, disk, error);
      if (folder == NULL || !require_plain_folder (self, folder, error) ||
          !require_depth (self, disk, error) || !require_no_pretender (self, disk->source, error))
        return FALSE;

      entry->location = STRATA_SNAPSHOT_EXTERNAL;
      stem = g_strdup_printf ("%s-%s.%s", self->domain->name, disk->target, self->name);
      entry->overlay = strata_planner_free_path (self->planner, folder, stem, ".qcow2");
    }

  json_array_add_object_element (
      self->disks, strata_step_args ("target", disk->target, "overlay", entry->overlay, "base",
                                     layer->path, "base-format", layer->format, NULL));

  return TRUE;
}

static gboolean
collect_disks (Snapshot *self, const char *const *targets, GError **error)
{
  GPtrArray *disks = self->domain->disks;

  for (guint i = 0; targets != NULL && targets[i] != NULL; i++)
    {
      gboolean known = FALSE;

      for (guint j = 0; j < disks->len; j++)
        known = known || g_strcmp0 (((StrataDiskXml *) disks->pdata[j])->target, targets[i]) == 0;
      if (!known)
        {
          strata_set_error (error, STRATA_ERROR_NOT_FOUND, NULL, _ ("“%s” has no disk “%s”"),
                            self->domain->name, targets[i]);
          return FALSE;
        }
    }

  for (guint i = 0; i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      StrataSnapshotDisk *entry = strata_snapshot_disk_new (disk->target, STRATA_SNAPSHOT_NONE);

      g_ptr_array_add (self->entries, entry);
      if (is_media (disk) || (targets != NULL && !g_strv_contains (targets, disk->target)))
        continue;
      if (!add_disk (self, disk, entry, error))
        return FALSE;
    }

  if (json_array_get_length (self->disks) > 0)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED, NULL, _ ("“%s” has no disk of its own"),
                    self->domain->name);
  return FALSE;
}

/* libvirt wants all that can be written to in an internal snapshot, also a drive that is empty, and QEMU can't have a raw floppy
 * in it. */
gboolean
strata_planner_blocks_internal (const StrataDiskXml *disk)
{
  return g_strcmp0 (disk->device, "floppy") == 0 && !disk->read_only;
}

static gboolean
has_blocking_drive (Snapshot *self)
{
  for (guint i = 0; i < self->domain->disks->len; i++)
    {
      if (strata_planner_blocks_internal (g_ptr_array_index (self->domain->disks, i)))
        return TRUE;
    }

  return FALSE;
}

/* The file systems are frozen by the guest's agent; whether that answers shows when it is asked. */
static const char *
find_freeze_obstacle (Snapshot *self)
{
  if (!strata_domain_facts_is_active (self->domain) || self->kind != STRATA_SNAPSHOT_KIND_DISK_ONLY)
    return _ ("only the disk-only snapshot of a running guest can freeze its file systems");
  if (self->domain->state == STRATA_DOMAIN_STATE_PAUSED)
    return _ ("its guest stands still, and can’t freeze its file systems");
  if (!strata_domain_xml_has_agent (self->domain->definition))
    return _ ("it has no channel for a guest agent, which would freeze its file systems");

  return NULL;
}

static gboolean
require_kind (Snapshot *self, const char *const *targets, gboolean quiesce, GError **error)
{
  gboolean active = strata_domain_facts_is_active (self->domain);
  g_autofree char *nvram = strata_domain_xml_get_nvram (self->domain->definition);
  g_autofree char *nvram_format = strata_domain_xml_get_nvram_format (self->domain->definition);
  const char *why = NULL;
  StrataError code = STRATA_ERROR_REFUSED;

  if (self->kind == STRATA_SNAPSHOT_KIND_MEMORY && !active)
    why = _ ("it is off, so there is no memory to keep");
  else if (self->kind == STRATA_SNAPSHOT_KIND_INTERNAL && targets != NULL)
    why = _ ("an internal snapshot always has every disk in it");
  else if (self->kind == STRATA_SNAPSHOT_KIND_INTERNAL && has_blocking_drive (self))
    why = _ ("its floppy drive would have to be in an internal one, and can’t be");
  else if (self->kind == STRATA_SNAPSHOT_KIND_INTERNAL && active && nvram != NULL &&
           g_strcmp0 (nvram_format, "qcow2") != 0)
    why = _ ("its UEFI variables are in a raw file, which QEMU doesn’t snapshot while it runs");
  else if (self->kind == STRATA_SNAPSHOT_KIND_INTERNAL && active &&
           strata_graph_get_libvirt_version (self->planner->graph) >=
               STRATA_LIBVIRT_INTERNAL_JOBS &&
           !strata_name_is_job_id (self->name))
    why = _ ("while it runs, QEMU takes only letters without accents, digits, hyphens, dots and "
             "underscores in the name");
  else if (quiesce)
    why = find_freeze_obstacle (self);

  if (why == NULL && !active && self->domain->managed_save)
    {
      why = _ ("it is saved to disk in the middle of its work; start it first");
      code = STRATA_ERROR_BUSY;
    }

  if (why != NULL)
    strata_set_error (error, code,
                      quiesce ? _ ("Take it without freezing them.")
                              : _ ("Choose another kind of snapshot."),
                      /* Translators: a VM, and the reason */
                      _ ("“%s” can’t have such a snapshot: %s"), self->domain->name, why);
  else if (nvram != NULL)
    strata_plan_add_effect (self->planner->plan, STRATA_EFFECT_NOTE, 0,
                            _ ("The UEFI variables are not in the snapshot"));

  return why == NULL;
}

/* virsh has commas of its own there, and takes two for one that is meant. */
static char *
make_disk_spec (const char *target, const char *overlay)
{
  g_auto (GStrv) parts = g_strsplit (overlay, ",", -1);
  g_autofree char *escaped = g_strjoinv (",,", parts);

  return g_strdup_printf ("%s,file=%s", target, escaped);
}

/* The guest whose present a revert keeps is stopped in the same moment: what it did from then on would be in nothing that was kept. */
static gboolean
halts (Snapshot *self)
{
  return self->planner->request->kind == STRATA_REQUEST_SNAPSHOT_REVERT &&
         strata_domain_facts_is_active (self->domain);
}

static void
add_command (Snapshot *self, const char *memory_file, gboolean quiesce)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) words = NULL;

  g_strv_builder_add_many (builder, "virsh", "snapshot-create-as", self->domain->name, self->name,
                           NULL);
  if (self->kind == STRATA_SNAPSHOT_KIND_DISK_ONLY)
    g_strv_builder_add (builder, "--disk-only");
  if (self->kind != STRATA_SNAPSHOT_KIND_INTERNAL)
    g_strv_builder_add (builder, "--atomic");
  if (quiesce)
    g_strv_builder_add (builder, "--quiesce");
  if (halts (self))
    g_strv_builder_add (builder, "--halt");
  if (memory_file != NULL)
    g_strv_builder_add_many (builder, "--memspec", memory_file, NULL);

  for (guint i = 0; i < self->entries->len; i++)
    {
      const StrataSnapshotDisk *entry = g_ptr_array_index (self->entries, i);

      if (entry->overlay == NULL && self->kind == STRATA_SNAPSHOT_KIND_INTERNAL)
        continue;
      g_strv_builder_add (builder, "--diskspec");
      g_strv_builder_take (builder, entry->overlay != NULL
                                        ? make_disk_spec (entry->target, entry->overlay)
                                        : g_strdup_printf ("%s,snapshot=no", entry->target));
    }

  words = g_strv_builder_end (builder);
  strata_plan_add_command_words (self->planner->plan, (const char *const *) words);
}

static void
add_effects (Snapshot *self, const char *memory_file)
{
  StrataPlan *plan = self->planner->plan;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const StrataSnapshotDisk *entry = g_ptr_array_index (self->entries, i);

      if (entry->overlay != NULL)
        strata_plan_add_effect (plan, STRATA_EFFECT_CREATES, 0, _ ("“%s”, an overlay"),
                                entry->overlay);
      else if (entry->location == STRATA_SNAPSHOT_INTERNAL)
        strata_plan_add_effect (plan, STRATA_EFFECT_CHANGES, 0,
                                _ ("The image of %s gets an internal snapshot “%s”"), entry->target,
                                self->name);
    }
  if (memory_file != NULL)
    strata_plan_add_effect (plan, STRATA_EFFECT_CREATES,
                            strata_domain_xml_get_memory (self->domain->definition),
                            _ ("“%s”, the guest’s memory"), memory_file);
}

static char *
get_memory_file (Snapshot *self)
{
  JsonObject *first = json_array_get_object_element (self->disks, 0);
  g_autofree char *folder = g_path_get_dirname (json_object_get_string_member (first, "overlay"));
  g_autofree char *stem = g_strdup_printf ("%s.%s", self->domain->name, self->name);

  return strata_planner_free_path (self->planner, folder, stem, ".mem");
}

static const char *
kind_to_nick (StrataSnapshotKind kind)
{
  switch (kind)
    {
    case STRATA_SNAPSHOT_KIND_INTERNAL:
      return "internal";
    case STRATA_SNAPSHOT_KIND_MEMORY:
      return "memory";
    case STRATA_SNAPSHOT_KIND_DISK_ONLY:
    case STRATA_SNAPSHOT_KIND_AUTO:
      break;
    }

  return "disk-only";
}

static StrataSnapshotLocation
memory_location (Snapshot *self)
{
  if (self->kind == STRATA_SNAPSHOT_KIND_MEMORY)
    return STRATA_SNAPSHOT_EXTERNAL;
  if (self->kind == STRATA_SNAPSHOT_KIND_INTERNAL && strata_domain_facts_is_active (self->domain))
    return STRATA_SNAPSHOT_INTERNAL;

  return STRATA_SNAPSHOT_NONE;
}

/* What it runs with is what the snapshot has; its next start is another matter. */
static void
note_other_disks (Snapshot *self)
{
  g_autoptr (GError) error = NULL;

  if (!strata_planner_require_same_disks (self->domain, FALSE, &error))
    strata_plan_add_effect (self->planner->plan, STRATA_EFFECT_NOTE, 0, "%s", error->message);
}

/* The guest's memory has in it what it knows of each disk, such as the tables of a file system. */
static void
note_left_out (Snapshot *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const StrataSnapshotDisk *entry = g_ptr_array_index (self->entries, i);

      if (entry->location == STRATA_SNAPSHOT_NONE &&
          !is_media (g_ptr_array_index (self->domain->disks, i)))
        strata_plan_add_effect (self->planner->plan, STRATA_EFFECT_NOTE, 0,
                                /* Translators: a disk ("vdb") */
                                _ ("Disk %s is left out: once the guest has written to it, it no "
                                   "longer matches the memory that comes back"),
                                entry->target);
    }
}

static gboolean
add_steps (Snapshot *self, const char *description, gboolean quiesce, GError **error)
{
  StrataPlanner *planner = self->planner;
  StrataDomainFacts *domain = self->domain;
  g_autofree char *memory_file =
      self->kind == STRATA_SNAPSHOT_KIND_MEMORY ? get_memory_file (self) : NULL;
  g_autoptr (StrataSnapshotXml) document = strata_snapshot_xml_new (
      self->name, description, self->entries, memory_location (self), memory_file);
  g_autofree char *xml = strata_snapshot_xml_to_string (document);
  gboolean active = strata_domain_facts_is_active (domain);
  JsonObject *args;
  StrataStep *step;

  strata_plan_add_step (
      planner->plan, active ? STRATA_STEP_REQUIRE_ACTIVE : STRATA_STEP_REQUIRE_OFF,
      strata_step_args ("uuid", domain->uuid, "name", domain->name, NULL),
      active ? _ ("Check that “%s” is running") : _ ("Check that “%s” is off"), domain->name);

  args = strata_step_args ("uuid", domain->uuid, "name", domain->name, "snapshot", self->name,
                           "xml", xml, "kind", kind_to_nick (self->kind), "previous", domain->xml,
                           "memory-file", memory_file, NULL);
  json_object_set_boolean_member (args, "quiesce", quiesce);
  json_object_set_boolean_member (args, "screenshot", active);
  if (halts (self))
    json_object_set_boolean_member (args, "halt", TRUE);
  json_object_set_array_member (args, "disks", json_array_ref (self->disks));
  step = strata_plan_add_step (planner->plan, STRATA_STEP_SNAPSHOT_CREATE, args,
                               /* Translators: a snapshot, a virtual machine */
                               halts (self) ? _ ("Take the snapshot “%s”, and stop “%s” with it")
                                            : _ ("Take the snapshot “%s”"),
                               self->name, domain->name);
  strata_plan_add_resource (planner->plan, domain->uuid);
  add_command (self, memory_file, quiesce);
  add_effects (self, memory_file);
  note_other_disks (self);
  if (memory_file != NULL)
    note_left_out (self);

  return strata_planner_apply (planner, step, error);
}

/**
 * strata_planner_add_snapshot:
 * @self: the planner
 * @domain: a domain
 * @name: a name that is free
 * @description: (nullable): a description
 * @kind: which kind
 * @targets: (nullable): the disks that take part, %NULL for all
 * @quiesce: whether the guest's file systems are frozen meanwhile
 * @error: the refusal
 *
 * Returns: whether it can be done
 */
gboolean
strata_planner_add_snapshot (StrataPlanner *self,
                             StrataDomainFacts *domain,
                             const char *name,
                             const char *description,
                             StrataSnapshotKind kind,
                             const char *const *targets,
                             gboolean quiesce,
                             GError **error)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) strata_snapshot_disk_free);
  g_autoptr (JsonArray) disks = json_array_new ();
  Snapshot snapshot = { self, domain, name, kind, entries, disks };

  if (kind == STRATA_SNAPSHOT_KIND_AUTO)
    snapshot.kind = strata_domain_facts_is_active (domain) && !quiesce
                        ? STRATA_SNAPSHOT_KIND_MEMORY
                        : STRATA_SNAPSHOT_KIND_DISK_ONLY;

  return strata_planner_require_free_snapshot (domain, name, error) &&
         strata_description_check (description, error) &&
         require_kind (&snapshot, targets, quiesce, error) &&
         collect_disks (&snapshot, targets, error) &&
         add_steps (&snapshot, description, quiesce, error);
}

/**
 * strata_plan_snapshot_create:
 * @self: the planner
 * @error: the refusal
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_snapshot_create (StrataPlanner *self, GError **error)
{
  const StrataRequest *request = self->request;
  StrataDomainFacts *domain = strata_planner_find_domain (self, error);
  g_autofree char *title = NULL;

  if (domain == NULL || !strata_planner_require_no_template (domain, error) ||
      !strata_planner_require_agreement (self, domain, error))
    return NULL;

  title = g_strdup_printf (_ ("Take the snapshot “%s” of “%s”"),
                           request->snapshot != NULL ? request->snapshot : "", domain->name);
  self->plan = strata_plan_new (title, _ ("Take Snapshot"));
  if (!strata_planner_add_snapshot (self, domain, request->snapshot, request->description,
                                    request->snapshot_kind, (const char *const *) request->disks,
                                    request->quiesce, error) ||
      !strata_planner_add_reconcile (self, domain, NULL, error))
    return NULL;

  return self->plan;
}
