/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What has to hold before a plan is made, each with the refusal that says who is in the way. */

#include "graph/strata-holders.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"
#include "plan/strata-name.h"

/**
 * strata_planner_find_domain:
 * @self: the planner
 * @error: `STRATA_ERROR_NOT_FOUND`
 *
 * Returns: (transfer none): the domain that the request is about
 */
StrataDomainFacts *
strata_planner_find_domain (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *domain = strata_graph_find_domain (self->graph, self->request->domain);

  if (domain == NULL)
    strata_set_error (error, STRATA_ERROR_NOT_FOUND,
                      _ ("“stratactl list” shows the names on this host."),
                      _ ("There is no virtual machine or template “%s” on this host"),
                      self->request->domain != NULL ? self->request->domain : "");
  if (domain != NULL && self->request->domain_uuid != NULL &&
      !g_str_equal (domain->uuid, self->request->domain_uuid))
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Look at it again, and begin anew."),
                        _ ("“%s” is another virtual machine now"), self->request->domain);
      return NULL;
    }

  return domain != NULL && strata_domain_facts_require_read (domain, error) ? domain : NULL;
}

gboolean
strata_planner_require_free_name (StrataPlanner *self, const char *name, GError **error)
{
  if (!strata_name_check (name, error))
    return FALSE;
  if (strata_graph_find_domain (self->graph, name) == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_EXISTS, _ ("Choose another name."),
                    _ ("The name “%s” is taken by another virtual machine or template"), name);
  return FALSE;
}

gboolean
strata_planner_require_free_path (StrataPlanner *self, const char *path, GError **error)
{
  StrataImage *image = strata_graph_get_image (self->graph, path);

  if (image == NULL && !strata_graph_is_taken (self->graph, path))
    return TRUE;

  strata_set_error (
      error, STRATA_ERROR_EXISTS,
      _ ("Choose another name, or move the file away if you know that no program needs it."),
      image != NULL && image->missing ? _ ("“%s” is still named by a definition on this host")
                                      : _ ("The file “%s” exists already"),
      path);
  return FALSE;
}

/**
 * strata_planner_require_unsaved:
 * @domain: a domain whose disks are to be somewhere else, or to stand on something else
 * @error: `STRATA_ERROR_BUSY`
 *
 * What libvirt has saved of a guest in the middle of its work goes with the very chain it had then.
 *
 * Returns: whether there is no such state
 */
gboolean
strata_planner_require_unsaved (const StrataDomainFacts *domain, GError **error)
{
  if (!domain->managed_save)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY,
                    _ ("Start it and shut it down, or drop the state with “virsh "
                       "managedsave-remove”."),
                    _ ("“%s” is saved to disk in the middle of its work"), domain->name);
  return FALSE;
}

gboolean
strata_planner_require_off (StrataDomainFacts *domain, GError **error)
{
  if (strata_domain_facts_is_active (domain))
    {
      strata_set_error (error, STRATA_ERROR_BUSY,
                        _ ("Shut it down first, or have Strata do it (--shut-down)."),
                        _ ("“%s” is running, so its disks are in use"), domain->name);
      return FALSE;
    }

  return strata_planner_require_unsaved (domain, error);
}

gboolean
strata_planner_require_no_template (StrataDomainFacts *domain, GError **error)
{
  if (domain->template_mark == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Deploy a clone of it, change that, and make a template of the clone."),
                    _ ("“%s” is a template"), domain->name);
  return FALSE;
}

static char *
holder_to_text (StrataHolder *holder)
{
  switch (holder->kind)
    {
    case STRATA_HOLDER_TEMPLATE:
      return g_strdup_printf (_ ("the template “%s”"), holder->domain->name);
    case STRATA_HOLDER_CLONE:
      return g_strdup_printf (_ ("the thin clone “%s”"), holder->domain->name);
    case STRATA_HOLDER_IMAGE:
      return g_strdup_printf (_ ("the image “%s”"), holder->top);
    case STRATA_HOLDER_SNAPSHOT:
      return g_strdup_printf (_ ("the snapshot “%s” of “%s”"), holder->snapshot,
                              holder->domain->name);
    case STRATA_HOLDER_DOMAIN:
      break;
    }

  return g_strdup_printf (_ ("“%s”"), holder->domain->name);
}

/**
 * strata_planner_require_sole_use:
 * @self: the planner
 * @domain: (nullable): who may hold it
 * @path: an image that the plan is to change or remove
 * @error: `STRATA_ERROR_REFUSED`, with every other holder's name
 *
 * The law's first line: bytes that another party reads are not touched.
 *
 * Returns: whether @domain alone holds @path
 */
gboolean
strata_planner_require_sole_use (StrataPlanner *self,
                                 StrataDomainFacts *domain,
                                 const char *path,
                                 GError **error)
{
  g_autoptr (GPtrArray) holders = strata_graph_get_holders (self->graph, path);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < holders->len; i++)
    {
      StrataHolder *holder = g_ptr_array_index (holders, i);
      g_autofree char *text = NULL;

      if (holder->domain != NULL && holder->domain == domain)
        continue;

      text = holder_to_text (holder);
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", text);
    }

  if (names->len == 0)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Delete those first, or make a full copy, which leaves the image alone."),
                    /* Translators: a file, then a list of names that need it */
                    _ ("“%s” is needed by %s"), path, names->str);
  return FALSE;
}

gboolean
strata_planner_require_space (StrataPlanner *self, const char *path, guint64 bytes, GError **error)
{
  StrataPoolFacts *pool = strata_graph_pool_of_path (self->graph, path);
  g_autofree char *need = g_format_size (bytes);
  g_autofree char *left = NULL;

  /* Of a folder outside every pool the graph doesn't know the space; the step "check-space" asks. */
  if (pool == NULL || pool->available >= bytes)
    return TRUE;

  left = g_format_size (pool->available);
  strata_set_error (error, STRATA_ERROR_NO_SPACE, _ ("Free some space, or choose another pool."),
                    _ ("The storage pool “%s” has %s left, and %s are needed"), pool->name, left,
                    need);
  return FALSE;
}

/**
 * strata_planner_find_folder:
 * @self: the planner
 * @image: an image
 *
 * Returns: (transfer full) (nullable): where what is made of it goes: beside it, and for a block device, beside which no
 *   file can be, the pool “default”; %NULL where there is none with a folder
 */
char *
strata_planner_find_folder (StrataPlanner *self, const StrataImage *image)
{
  StrataPoolFacts *pool;

  if (image->type != STRATA_IMAGE_BLOCK && !strata_path_is_device (image->path))
    return g_path_get_dirname (image->path);

  pool = strata_graph_find_pool (self->graph, "default");

  return pool != NULL && strata_pool_has_folder (pool) ? g_strdup (pool->path) : NULL;
}

const char *
strata_planner_get_folder_hint (void)
{
  return _ ("Make one with a folder: virsh pool-define-as default dir --target FOLDER, then virsh "
            "pool-start default.");
}

/**
 * strata_planner_require_folder:
 * @self: the planner
 * @image: an image that is copied
 * @target: whose disk it is
 * @domain_name: the domain's name, for messages
 * @hint: what can be done where it has no place
 * @error: `STRATA_ERROR_REFUSED`
 *
 * Returns: (transfer full) (nullable): where its copy goes
 */
char *
strata_planner_require_folder (StrataPlanner *self,
                               const StrataImage *image,
                               const char *target,
                               const char *domain_name,
                               const char *hint,
                               GError **error)
{
  char *folder = strata_planner_find_folder (self, image);

  if (folder == NULL)
    strata_set_error (error, STRATA_ERROR_REFUSED, hint,
                      _ ("Disk %s of “%s” is the block device “%s”, and there is no pool "
                         "“default” to put a file in"),
                      target, domain_name, image->path);

  return folder;
}

/**
 * strata_planner_require_own_disk:
 * @disk: a disk that is copied, or gets an overlay, for another domain
 * @domain_name: whose it is, for messages
 * @error: `STRATA_ERROR_REFUSED`
 *
 * Returns: whether it is one that can be, and that no other domain writes to
 */
gboolean
strata_planner_require_own_disk (const StrataDiskXml *disk, const char *domain_name, GError **error)
{
  const char *why = NULL;

  if (g_strcmp0 (disk->type, "file") != 0 && g_strcmp0 (disk->type, "block") != 0)
    why = _ ("it is neither a file nor a block device");
  else if (disk->source == NULL)
    why = _ ("it has no image");
  else if (disk->shareable)
    why = _ ("it is shared with other virtual machines");
  else if (disk->encrypted)
    why = _ ("it is encrypted");
  else if (disk->sliced)
    why = _ ("it is only a part of a file (slices)");

  if (why == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Remove this disk from the virtual machine, or give it a disk of its own."),
                    /* Translators: a disk ("vda"), a virtual machine, and the reason */
                    _ ("Disk %s of “%s” can’t be taken: %s"), disk->target, domain_name, why);
  return FALSE;
}

static gboolean
require_lasting_disk (const StrataDiskXml *disk, const char *domain_name, GError **error)
{
  if (!disk->transient)
    return strata_planner_require_own_disk (disk, domain_name, error);

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Remove this disk from the virtual machine, or give it a disk of its own."),
                    _ ("Disk %s of “%s” can’t be taken: %s"), disk->target, domain_name,
                    _ ("it is transient: what is written to it is thrown away at every shutdown"));

  return FALSE;
}

gboolean
strata_planner_require_guest_here (StrataPlanner *self, GError **error)
{
  gboolean reached;
  const char *far = strata_graph_get_far_host (self->graph, &reached);

  if (far == NULL || reached)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_UNSUPPORTED,
                    _ ("Run Strata on that host, or go on without sealing."),
                    _ ("Guests are sealed where their disks are, and those are on “%s”"), far);
  return FALSE;
}

gboolean
strata_planner_is_mode_fixed (StrataPlanner *self, const char *path)
{
  const StrataImage *image = strata_graph_get_image (self->graph, path);

  return image != NULL ? image->mode_fixed : strata_graph_get_modes_fixed (self->graph);
}

gboolean
strata_planner_require_own_storage (StrataDomainXml *definition,
                                    const char *domain_name,
                                    GError **error)
{
  g_autofree char *path = strata_domain_xml_find_written (definition);

  if (path == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Take that device out of the definition first; a new virtual machine can be "
                       "given one of its own."),
                    /* Translators: a virtual machine, and a file or an option of QEMU */
                    _ ("“%s” also writes to “%s”, which is not one of its disks, and so "
                       "would every copy of it"),
                    domain_name, path);
  return FALSE;
}

/* What stands below an image is known only if its header can be read. */
gboolean
strata_planner_require_known_format (GPtrArray *chain, GError **error)
{
  for (guint i = 0; i < chain->len; i++)
    {
      StrataImage *image = g_ptr_array_index (chain, i);

      if (!strata_image_require_seen (image, error))
        return FALSE;
      if (image->format != NULL)
        continue;

      strata_set_error (
          error, STRATA_ERROR_REFUSED,
          _ ("See whether “qemu-img info” can read it, as the user that runs Strata."),
          _ ("The format of the image “%s” can’t be told"), image->path);
      return FALSE;
    }

  return TRUE;
}

/* An explicit <backingStore> outranks the file's header (tested on libvirt 9.0 and 11.3). Where the
 * two disagree it can't be told which chain the owner means. */
static gboolean
require_agreeing_chain (StrataPlanner *self,
                        const StrataDiskXml *disk,
                        const char *domain_name,
                        GError **error)
{
  const char *said;
  const char *above;
  const char *below;
  g_autofree char *text = NULL;

  if (!strata_graph_find_disagreement (self->graph, disk, &above, &said, &below))
    return TRUE;

  text = strata_disagreement_to_text (above, said, below);
  strata_set_error (error, STRATA_ERROR_REFUSED,
                    _ ("Correct the <backingStore> in the definition, or the image’s header."),
                    "%s: %s", domain_name, text);
  return FALSE;
}

/**
 * strata_planner_require_agreement:
 * @self: the planner
 * @domain: a domain
 * @error: `STRATA_ERROR_REFUSED`
 *
 * Returns: whether its definition and its images' headers tell of the same chains
 */
gboolean
strata_planner_require_agreement (StrataPlanner *self,
                                  const StrataDomainFacts *domain,
                                  GError **error)
{
  GPtrArray *views[] = { domain->disks, domain->next_disks };

  for (size_t v = 0; v < G_N_ELEMENTS (views); v++)
    {
      for (guint i = 0; i < views[v]->len; i++)
        {
          if (!require_agreeing_chain (self, g_ptr_array_index (views[v], i), domain->name, error))
            return FALSE;
        }
    }

  return TRUE;
}

/**
 * strata_planned_disk_free:
 * @data: (transfer full): a StrataPlannedDisk
 */
void
strata_planned_disk_free (gpointer data)
{
  StrataPlannedDisk *self = data;

  strata_disk_xml_free (self->disk);
  g_clear_pointer (&self->chain, g_ptr_array_unref);
  g_free (self->overlay);
  g_free (self);
}

/* Where its own images are away, nothing else says what they stand on. */
void
strata_planner_mark_thin (StrataDomainXml *definition,
                          const StrataDomainFacts *source,
                          const StrataSnapshotFacts *snapshot,
                          GPtrArray *chains)
{
  g_autoptr (GPtrArray) bases = g_ptr_array_new ();
  StrataThinMark mark = { .source = source->uuid, .source_name = source->name };

  for (guint i = 0; i < chains->len; i++)
    {
      GPtrArray *chain = g_ptr_array_index (chains, i);

      for (guint j = 0; j < chain->len; j++)
        {
          const StrataImage *image = g_ptr_array_index (chain, j);

          if (!g_ptr_array_find_with_equal_func (bases, image->path, g_str_equal, NULL))
            g_ptr_array_add (bases, image->path);
        }
    }
  g_ptr_array_add (bases, NULL);

  mark.snapshot = snapshot != NULL ? snapshot->name : NULL;
  mark.bases = (GStrv) bases->pdata;
  strata_domain_xml_set_thin_mark (definition, &mark);
}

/* A new machine has its original's disks that hold nothing of its own as they are, also one that stands on other images. */
void
strata_planner_add_media_chains (StrataPlanner *self,
                                 StrataDomainXml *definition,
                                 GPtrArray *chains)
{
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);

  for (guint i = 0; i < disks->len; i++)
    {
      StrataDiskXml *disk = g_ptr_array_index (disks, i);
      g_autoptr (GPtrArray) chain = NULL;

      strata_graph_resolve_disk (self->graph, disk);
      if (disk->source == NULL || !strata_planner_is_media (disk))
        continue;
      chain = strata_graph_get_chain (self->graph, disk->source, NULL);
      if (chain != NULL && chain->len > 1)
        g_ptr_array_add (chains, g_steal_pointer (&chain));
    }
}

/* CD-ROMs, floppies and read-only disks hold nothing that is the guest's own. */
gboolean
strata_planner_is_media (const StrataDiskXml *disk)
{
  return (g_strcmp0 (disk->device, "disk") != 0 && g_strcmp0 (disk->device, "lun") != 0) ||
         disk->read_only;
}

/* DISK: (nullable) */
static char *
say_source (const StrataDiskXml *disk)
{
  if (disk == NULL)
    return g_strdup (_ ("not there"));
  if (disk->source == NULL)
    return g_strdup (_ ("without a file"));

  return g_strdup_printf (_ ("“%s”"), disk->source);
}

/* NOW, NEXT: (nullable): the disk as the machine runs with it, and as it is defined; not both %NULL */
static void
add_difference (GPtrArray *lines, const StrataDiskXml *now, const StrataDiskXml *next)
{
  const StrataDiskXml *disk = now != NULL ? now : next;
  g_autofree char *before = say_source (now);
  g_autofree char *after = say_source (next);

  if (!strata_planner_is_media (disk) && !g_str_equal (before, after))
    g_ptr_array_add (
        lines,
        /* Translators: a disk (vda), then for each of the two an image, or "not there" */
        g_strdup_printf (_ ("disk %s is %s now, and %s then"), disk->target, before, after));
}

/**
 * strata_planner_require_same_disks:
 * @domain: a domain
 * @all: whether a disk that only one of its two definitions has is a difference, too
 * @error: `STRATA_ERROR_REFUSED`, with each disk that differs
 *
 * Returns: whether it is off, or runs with the disks that its next start is defined with
 */
gboolean
strata_planner_require_same_disks (const StrataDomainFacts *domain, gboolean all, GError **error)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *text = NULL;

  for (guint i = 0; domain->next_disks != domain->disks && i < domain->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->disks, i);
      const StrataDiskXml *next = strata_disk_xml_find (domain->next_disks, disk->target);

      if (next != NULL || all)
        add_difference (lines, disk, next);
    }
  for (guint i = 0; all && domain->next_disks != domain->disks && i < domain->next_disks->len; i++)
    {
      const StrataDiskXml *next = g_ptr_array_index (domain->next_disks, i);

      if (strata_disk_xml_find (domain->disks, next->target) == NULL)
        add_difference (lines, NULL, next);
    }
  if (lines->len == 0)
    return TRUE;

  g_ptr_array_add (lines, NULL);
  text = g_strjoinv ("; ", (GStrv) lines->pdata);
  strata_set_error (
      error, STRATA_ERROR_REFUSED,
      _ ("Shut it down first, so that it is on the disks that it is defined with, or "
         "define it with those that it runs with."),
      /* Translators: a virtual machine, then a list of "disk vda is “…” now, and “…” then" */
      _ ("“%s” runs with other disks than its next start is defined with: %s"), domain->name, text);
  return FALSE;
}

/**
 * strata_planner_get_disks:
 * @self: the planner
 * @definition: a domain's definition
 * @domain_name: its name, for messages
 * @error: `STRATA_ERROR_REFUSED` or `_INVALID`
 *
 * Every writable disk, each checked to be one that can be copied or put an overlay on, with a whole
 * and unambiguous chain.
 *
 * Returns: (transfer full) (element-type StrataPlannedDisk): at least one disk, or %NULL
 */
GPtrArray *
strata_planner_get_disks (StrataPlanner *self,
                          StrataDomainXml *definition,
                          const char *domain_name,
                          GError **error)
{
  g_autoptr (GPtrArray) all = strata_domain_xml_get_disks (definition);
  g_autoptr (GPtrArray) planned = g_ptr_array_new_with_free_func (strata_planned_disk_free);

  g_ptr_array_set_free_func (all, NULL);
  for (guint i = 0; i < all->len; i++)
    {
      StrataPlannedDisk *item = g_new0 (StrataPlannedDisk, 1);

      item->disk = g_ptr_array_index (all, i);
      strata_graph_resolve_disk (self->graph, item->disk);
      g_ptr_array_add (planned, item);
    }

  for (guint i = planned->len; i > 0; i--)
    {
      StrataPlannedDisk *item = g_ptr_array_index (planned, i - 1);

      if (strata_planner_is_media (item->disk))
        {
          g_ptr_array_remove_index (planned, i - 1);
          continue;
        }
      if (!require_lasting_disk (item->disk, domain_name, error))
        return NULL;

      item->chain = strata_graph_get_chain (self->graph, item->disk->source, error);
      if (item->chain == NULL)
        return NULL;

      if (!strata_planner_require_known_format (item->chain, error))
        return NULL;
      if (!require_agreeing_chain (self, item->disk, domain_name, error))
        return NULL;
    }

  if (planned->len == 0)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED, NULL, _ ("“%s” has no disk of its own"),
                        domain_name);
      return NULL;
    }

  return g_steal_pointer (&planned);
}

/**
 * strata_planned_disk_get_bytes:
 * @self: a disk
 *
 * Returns: the most that a flat copy of it can take, in bytes
 */
guint64
strata_planned_disk_get_bytes (StrataPlannedDisk *self)
{
  StrataImage *top = g_ptr_array_index (self->chain, 0);
  guint64 bytes = 0;

  for (guint i = 0; i < self->chain->len; i++)
    bytes += ((StrataImage *) g_ptr_array_index (self->chain, i))->allocation;

  return top->capacity > 0 ? MIN (bytes, top->capacity) : bytes;
}

/**
 * strata_image_get_own_mode:
 * @self: an image
 *
 * Returns: the permission bits it has now, which undo gives it back
 */
guint
strata_image_get_own_mode (StrataImage *self)
{
  return self->mode != 0 ? self->mode : 0600;
}

guint
strata_image_get_protected_mode (StrataImage *self)
{
  return strata_image_get_own_mode (self) & 0444;
}
