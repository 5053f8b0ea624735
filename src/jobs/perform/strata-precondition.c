/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whether the host is still what a plan takes it for, directly before a step that can't be taken back. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/strata-error.h"
#include "host/domain/strata-domain-control.h"
#include "host/storage/strata-file-chain.h"
#include "host/storage/strata-storage.h"
#include "graph/strata-layers.h"
#include "plan/planner/strata-planner.h"
#include "strata-precondition.h"

#define LOOK_AGAIN _ ("Nothing more is done. Look at the machine, and try again.")

/* Both as libvirt writes them, so that a path is compared with itself. */
static gboolean
has_disks_of (GPtrArray *disks, const char *xml)
{
  g_autoptr (StrataDomainXml) definition = strata_domain_xml_new_from_string (xml, NULL);
  g_autoptr (GPtrArray) others = NULL;

  if (definition == NULL)
    return FALSE;

  others = strata_domain_xml_get_disks (definition);
  if (others->len != disks->len)
    return FALSE;

  for (guint i = 0; i < others->len; i++)
    {
      const StrataDiskXml *other = g_ptr_array_index (others, i);
      const StrataDiskXml *disk = strata_disk_xml_find (disks, other->target);

      /* What is in a drive may be changed by the guest itself. */
      if (disk == NULL || (g_strcmp0 (other->device, "disk") == 0 &&
                           (g_strcmp0 (disk->source, other->source) != 0 ||
                            g_strcmp0 (disk->pool, other->pool) != 0)))
        return FALSE;
    }

  return TRUE;
}

gboolean
strata_require_definition (StrataConnection *connection,
                           const char *uuid,
                           const char *previous,
                           const char *xml,
                           const char *known,
                           GError **error)
{
  g_autofree char *now = strata_domain_get_xml (connection, uuid, error);
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (StrataDomainXml) before = NULL;
  g_autoptr (GPtrArray) disks = NULL;
  g_autofree char *name = NULL;

  if (now == NULL)
    return FALSE;
  definition = strata_domain_xml_new_from_string (now, error);
  if (definition == NULL)
    return FALSE;

  name = strata_domain_xml_get_name (definition);
  disks = strata_domain_xml_get_disks (definition);
  if (!has_disks_of (disks, previous) && (xml == NULL || !has_disks_of (disks, xml)))
    {
      strata_set_error (error, STRATA_ERROR_CHANGED, LOOK_AGAIN,
                        _ ("Another program has changed the disks of “%s” since the job began"),
                        name);
      return FALSE;
    }

  before = strata_domain_xml_new_from_string (known != NULL ? known : previous, error);
  if (before == NULL)
    return FALSE;
  if (strata_domain_xml_equal_but_images (definition, before))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_CHANGED, LOOK_AGAIN,
                    _ ("Another program has changed the definition of “%s” since the job began"),
                    name);
  return FALSE;
}

gboolean
strata_require_persistent (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (StrataDomainFacts) facts = NULL;

  if (strata_domain_is_persistent (connection, uuid))
    return TRUE;
  facts = strata_connection_get_domain (connection, uuid, error);
  if (facts == NULL)
    return FALSE;
  if (facts->persistent)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_CHANGED,
                    _ ("Make it permanent again: virsh dumpxml --inactive NAME > NAME.xml, then "
                       "virsh define NAME.xml."),
                    _ ("Another program has removed the definition of “%s” since the job began: it "
                       "would vanish when its guest stops"),
                    facts->name);
  return FALSE;
}

gboolean
strata_require_same_disks (StrataConnection *connection,
                           const char *uuid,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (StrataGraph) graph = strata_connection_gather (connection, cancellable, error);
  const StrataDomainFacts *facts = graph != NULL ? strata_graph_find_domain (graph, uuid) : NULL;

  /* One that is gone is for the step itself to miss. */
  return graph != NULL && (facts == NULL || strata_planner_require_same_disks (facts, TRUE, error));
}

gboolean
strata_require_off (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (StrataDomainFacts) facts = NULL;

  if (strata_domain_is_off (connection, uuid))
    return TRUE;
  facts = strata_connection_get_domain (connection, uuid, error);
  if (facts == NULL)
    return FALSE;
  if (!strata_domain_facts_is_active (facts))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_CHANGED, LOOK_AGAIN, _ ("“%s” was started in the meantime"),
                    facts->name);
  return FALSE;
}

static void
set_saved (const char *name, GError **error)
{
  strata_set_error (error, STRATA_ERROR_BUSY,
                    _ ("Start it and shut it down, or drop the state with “virsh "
                       "managedsave-remove”. Then finish the job, or take it back."),
                    _ ("The state of “%s” was saved in the meantime"), name);
}

gboolean
strata_require_unsaved (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (StrataDomainFacts) facts = NULL;
  gboolean exists;

  if (strata_domain_is_unsaved (connection, uuid))
    return TRUE;
  if (!strata_domain_exists (connection, uuid, &exists, error))
    return FALSE;
  if (!exists)
    return TRUE;
  facts = strata_connection_get_domain (connection, uuid, error);
  if (facts == NULL)
    return FALSE;
  if (strata_domain_facts_is_active (facts) || !facts->managed_save)
    return TRUE;

  set_saved (facts->name, error);
  return FALSE;
}

/* By the headers as they are now. */
static gboolean
reaches (StrataConnection *connection,
         const char *top,
         const char *path,
         gboolean *found,
         GError **error)
{
  g_auto (StrataFileChain) link = strata_file_chain_begin (top, NULL);

  *found = FALSE;
  while (link.path != NULL && g_path_is_absolute (link.path))
    {
      g_autoptr (StrataImage) image = NULL;
      g_autoptr (GError) local = NULL;

      *found = g_str_equal (link.path, path);
      if (*found)
        return TRUE;
      image = strata_storage_read_image (connection, link.path, &local);
      if (image == NULL && !g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      *found = image != NULL && g_str_equal (image->path, path);
      if (*found)
        return TRUE;
      strata_file_chain_next (&link, image != NULL ? image->backing_path : NULL, NULL);
    }

  return TRUE;
}

/* (transfer full): what it was saved with; where libvirt can't say, its definition has to do. */
static GPtrArray *
get_saved_disks (StrataConnection *connection, const StrataDomainFacts *domain, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *xml = strata_domain_get_saved_xml (connection, domain->uuid, &local);
  g_autoptr (StrataDomainXml) saved = NULL;

  if (xml == NULL && !g_error_matches (local, STRATA_ERROR, STRATA_ERROR_UNSUPPORTED))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (xml == NULL)
    return g_ptr_array_ref (domain->disks);

  saved = strata_domain_xml_new_from_string (xml, error);

  return saved != NULL ? strata_domain_xml_get_disks (saved) : NULL;
}

static gboolean
check_saved_not_on (StrataConnection *connection,
                    const StrataDomainFacts *domain,
                    const char *path,
                    GError **error)
{
  g_autoptr (GPtrArray) disks = get_saved_disks (connection, domain, error);

  for (guint i = 0; disks != NULL && i < disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (disks, i);
      gboolean found =
          disk->backings != NULL && g_strv_contains ((const char *const *) disk->backings, path);

      if (!found && disk->source != NULL &&
          !reaches (connection, disk->source, path, &found, error))
        return FALSE;
      if (found)
        {
          set_saved (domain->name, error);
          return FALSE;
        }
    }

  return disks != NULL;
}

gboolean
strata_require_none_saved_on (StrataConnection *connection,
                              const char *path,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autoptr (GPtrArray) domains = strata_connection_list_domains (connection, cancellable, error);

  for (guint i = 0; domains != NULL && i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (domain->managed_save && !strata_domain_facts_is_active (domain) &&
          !check_saved_not_on (connection, domain, path, error))
        return FALSE;
    }

  return domains != NULL;
}

static gboolean
stands_on (const StrataDiskXml *disk, const char *path)
{
  return disk->backings != NULL && g_strv_contains ((const char *const *) disk->backings, path);
}

static gboolean
check_disk_unused (const StrataDomainFacts *domain,
                   const StrataDiskXml *disk,
                   const char *path,
                   GError **error)
{
  if (g_strcmp0 (disk->source, path) != 0 && !stands_on (disk, path))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_CHANGED, LOOK_AGAIN,
                    _ ("“%s” has come to use “%s” since the job began"), domain->name, path);
  return FALSE;
}

static gboolean
check_disks_unused (const StrataDomainFacts *domain,
                    GPtrArray *disks,
                    const char *path,
                    GError **error)
{
  for (guint i = 0; i < disks->len; i++)
    {
      if (!check_disk_unused (domain, g_ptr_array_index (disks, i), path, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
strata_require_unused (StrataConnection *connection,
                       const char *path,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (GPtrArray) domains = strata_connection_list_domains (connection, cancellable, error);

  for (guint i = 0; domains != NULL && i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (!check_disks_unused (domain, domain->disks, path, error) ||
          !check_disks_unused (domain, domain->next_disks, path, error))
        return FALSE;
      for (guint j = 0; j < domain->uses->len; j++)
        {
          const StrataImageUse *use = g_ptr_array_index (domain->uses, j);

          if (!check_disk_unused (domain, use->disk, path, error))
            return FALSE;
        }
    }

  return domains != NULL;
}

static gboolean
check_unshared (StrataLayers *layers,
                const StrataDomainFacts *domain,
                const StrataDiskXml *disk,
                GError **error)
{
  GPtrArray *holders = strata_layers_get_holders (layers);

  for (guint i = 0; i < holders->len; i++)
    {
      const StrataHolder *holder = g_ptr_array_index (holders, i);
      const StrataDomainFacts *other;

      if (holder->uuid == NULL || g_str_equal (holder->uuid, domain->uuid) ||
          !strata_layers_reach (layers, holder->top, disk->source))
        continue;
      other = strata_graph_find_domain (strata_layers_get_graph (layers), holder->uuid);
      strata_set_error (error, STRATA_ERROR_CHANGED, LOOK_AGAIN,
                        /* Translators: a virtual machine, an image, another virtual machine */
                        _ ("“%s” reads “%s” by now, to which “%s” would write"),
                        other != NULL ? other->name : holder->uuid, disk->source, domain->name);
      return FALSE;
    }

  return TRUE;
}

gboolean
strata_require_unshared (StrataConnection *connection,
                         const char *uuid,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (StrataGraph) graph = strata_connection_gather (connection, cancellable, error);
  g_autoptr (StrataLayers) layers = graph != NULL ? strata_layers_new (graph) : NULL;
  const StrataDomainFacts *domain = graph != NULL ? strata_graph_find_domain (graph, uuid) : NULL;

  for (guint i = 0; domain != NULL && i < domain->next_disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (domain->next_disks, i);

      if (strata_disk_is_written (disk) && !disk->shareable &&
          !check_unshared (layers, domain, disk, error))
        return FALSE;
    }

  return graph != NULL;
}

static gboolean
check_disk_at_rest (const StrataDomainFacts *domain,
                    const StrataDiskXml *disk,
                    gboolean active,
                    const char *top,
                    const char *base,
                    GError **error)
{
  gboolean is_its_own = g_strcmp0 (disk->source, top) == 0 || g_strcmp0 (disk->source, base) == 0;

  if (!is_its_own && (stands_on (disk, top) || stands_on (disk, base)))
    return check_disk_unused (domain, disk, stands_on (disk, top) ? top : base, error);
  if (!is_its_own || !active)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_CHANGED, LOOK_AGAIN, _ ("“%s” was started in the meantime"),
                    domain->name);
  return FALSE;
}

static gboolean
check_disks_at_rest (const StrataDomainFacts *domain,
                     GPtrArray *disks,
                     gboolean active,
                     const char *top,
                     const char *base,
                     GError **error)
{
  for (guint i = 0; i < disks->len; i++)
    {
      if (!check_disk_at_rest (domain, g_ptr_array_index (disks, i), active, top, base, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
strata_require_at_rest (StrataConnection *connection,
                        const char *top,
                        const char *base,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GPtrArray) domains = strata_connection_list_domains (connection, cancellable, error);

  for (guint i = 0; domains != NULL && i < domains->len; i++)
    {
      const StrataDomainFacts *domain = g_ptr_array_index (domains, i);

      if (!check_disks_at_rest (domain, domain->disks, strata_domain_facts_is_active (domain), top,
                                base, error) ||
          !check_disks_at_rest (domain, domain->next_disks, FALSE, top, base, error))
        return FALSE;
    }

  return domains != NULL;
}

gboolean
strata_require_media (StrataConnection *connection,
                      const char *name,
                      JsonArray *media,
                      GError **error)
{
  for (guint i = 0; media != NULL && i < json_array_get_length (media); i++)
    {
      const char *path = json_array_get_string_element (media, i);
      gboolean exists;

      /* What can't be seen from here may be there. */
      if (strata_path_is_device (path) ||
          !strata_storage_exists (connection, path, &exists, NULL) || exists)
        continue;
      strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Put the file back, and try again."),
                        /* Translators: a file, and a VM */
                        _ ("“%s”, which goes into a drive of “%s”, is missing"), path, name);
      return FALSE;
    }

  return TRUE;
}
