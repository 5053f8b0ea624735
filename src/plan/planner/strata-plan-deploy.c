/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plan that deploys a template: N clones, thin or full, all or nothing. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"
#include "base/strata-error.h"
#include "plan/strata-writers.h"
#include "plan/strata-name.h"

/* A simulated clone. */
typedef struct
{
  char *name;
  char *hostname;
  StrataDomainXml *definition;
  GPtrArray *paths; /* char *, in the order of the template's disks */
} Clone;

static void
clone_free (gpointer data)
{
  Clone *clone = data;

  g_free (clone->name);
  g_free (clone->hostname);
  g_clear_object (&clone->definition);
  g_ptr_array_unref (clone->paths);
  g_free (clone);
}

static StrataDomainFacts *
find_template (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *template = strata_planner_find_domain (self, error);

  if (template == NULL || template->template_mark != NULL)
    return template;

  strata_set_error (error, STRATA_ERROR_REFUSED, _ ("Make a template from it first."),
                    _ ("“%s” is not a template"), template->name);
  return NULL;
}

static GStrv
get_names (StrataPlanner *self, GError **error)
{
  const StrataRequest *request = self->request;

  if (request->names != NULL && request->names[0] != NULL)
    return g_strdupv (request->names);

  return strata_name_pattern_expand (request->name != NULL ? request->name : "vm-%02d", 1,
                                     MAX (request->count, 1), error);
}

static gboolean
require_names (StrataPlanner *self, GStrv names, GError **error)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      if (!strata_planner_require_free_name (self, names[i], error))
        return FALSE;

      for (guint j = 0; j < i; j++)
        {
          if (g_str_equal (names[i], names[j]))
            {
              strata_set_error (error, STRATA_ERROR_INVALID, NULL,
                                _ ("The name “%s” was given twice"), names[i]);
              return FALSE;
            }
        }
    }

  return TRUE;
}

/* The folder the clones' images go to. */
static char *
get_folder (StrataPlanner *self, StrataPlannedDisk *disk, GError **error)
{
  StrataImage *top = g_ptr_array_index (disk->chain, 0);
  StrataPoolFacts *pool;

  if (self->request->pool == NULL)
    return strata_planner_require_folder (
        self, top, disk->disk->target, self->request->domain,
        _ ("Name a storage pool with a folder for the clones (--pool)."), error);

  pool = strata_graph_find_pool (self->graph, self->request->pool);
  if (pool != NULL && strata_pool_has_folder (pool))
    return g_strdup (pool->path);

  strata_set_error (error, STRATA_ERROR_NOT_FOUND, _ ("“virsh pool-list” shows the pools."),
                    _ ("There is no active storage pool “%s” with a folder on this host"),
                    self->request->pool);
  return NULL;
}

/* Every MAC that is in use on the host, so that no clone gets one of them. */
GStrv
strata_planner_collect_macs (StrataGraph *graph)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GPtrArray *domains = strata_graph_get_domains (graph);

  for (guint i = 0; i < domains->len; i++)
    {
      StrataDomainFacts *domain = g_ptr_array_index (domains, i);
      g_auto (GStrv) macs = strata_domain_xml_get_macs (domain->definition);

      g_strv_builder_addv (builder, (const char **) macs);
    }

  return g_strv_builder_end (builder);
}

static StrataDomainXml *
make_definition (StrataPlanner *self,
                 StrataDomainFacts *template,
                 GPtrArray *disks,
                 const char *name,
                 GStrv *macs)
{
  StrataDomainXml *definition = strata_domain_xml_copy (template->definition);
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *nvram = strata_planner_nvram_path (self, template->definition, name);
  g_autoptr (GStrvBuilder) taken = g_strv_builder_new ();
  g_autoptr (GPtrArray) chains =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  g_auto (GStrv) own = NULL;
  StrataCloneMark mark = {
    .domain = uuid,
    .template_uuid = template->uuid,
    .template_name = template->name,
    .version = template->template_mark->version,
    .thin = !self->request->full,
  };

  strata_domain_xml_set_template_mark (definition, NULL);
  strata_domain_xml_renew_identity (definition, name, uuid, (const char *const *) *macs);
  if (nvram != NULL)
    strata_domain_xml_set_nvram (definition, nvram);
  if (self->request->network != NULL)
    strata_domain_xml_set_network (definition, self->request->network);
  strata_domain_xml_set_clone_mark (definition, &mark);
  for (guint i = 0; mark.thin && i < disks->len; i++)
    g_ptr_array_add (chains,
                     g_ptr_array_ref (((StrataPlannedDisk *) g_ptr_array_index (disks, i))->chain));
  strata_planner_add_media_chains (self, definition, chains);
  if (chains->len > 0)
    strata_planner_mark_thin (definition, template, NULL, chains);

  /* The next clone must not get this one's MACs either. */
  own = strata_domain_xml_get_macs (definition);
  g_strv_builder_addv (taken, (const char **) *macs);
  g_strv_builder_addv (taken, (const char **) own);
  g_strfreev (*macs);
  *macs = g_strv_builder_end (taken);

  return definition;
}

static Clone *
make_clone (StrataPlanner *self,
            StrataDomainFacts *template,
            GPtrArray *disks,
            const char *name,
            const char *hostname,
            GStrv *macs,
            GError **error)
{
  Clone *clone = g_new0 (Clone, 1);
  g_autofree char *stem = g_strdelimit (g_strdup (name), ",", '_');

  clone->name = g_strdup (name);
  clone->hostname = g_strdup (hostname);
  clone->definition = make_definition (self, template, disks, name, macs);
  clone->paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      g_autofree char *folder = get_folder (self, disk, error);
      char *path;

      if (folder == NULL)
        break;

      path = disks->len == 1 ? g_strdup_printf ("%s/%s.qcow2", folder, stem)
                             : g_strdup_printf ("%s/%s-%s.qcow2", folder, stem, disk->disk->target);
      g_ptr_array_add (clone->paths, path);
      if (!strata_planner_require_free_path (self, path, error))
        break;

      strata_domain_xml_set_disk_file (clone->definition, disk->disk->target, path, "qcow2");
      strata_domain_xml_set_disk_readonly (clone->definition, disk->disk->target, FALSE);
      if (i + 1 == disks->len)
        return clone;
    }

  clone_free (clone);
  return NULL;
}

static void
add_images (StrataPlanner *self, GPtrArray *disks, Clone *clone)
{
  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      StrataImage *top = g_ptr_array_index (disk->chain, 0);
      const char *path = g_ptr_array_index (clone->paths, i);

      /* Other clones may run on it. */
      if (self->request->full)
        json_object_set_boolean_member (strata_planner_add_copy (self, disk, path)->args,
                                        "read-only", TRUE);
      else
        strata_planner_add_overlay (self, path, top, top->format);
    }
}

static gboolean
customises (const StrataRequest *request)
{
  return request->hostname != NULL || request->root_hash != NULL || request->user != NULL ||
         request->first_boot != NULL || (request->ssh_keys != NULL && request->ssh_keys[0] != NULL);
}

static JsonObject *
clone_to_json (StrataPlanner *self, Clone *clone)
{
  const StrataRequest *request = self->request;
  JsonObject *object = strata_step_args (
      "name", clone->name, "hostname", clone->hostname, "root-hash", request->root_hash, "user",
      request->user, "user-hash", request->user_hash, "first-boot", request->first_boot, NULL);
  JsonArray *disks = json_array_new ();
  JsonArray *keys = json_array_new ();

  for (guint i = 0; i < clone->paths->len; i++)
    json_array_add_object_element (
        disks,
        strata_step_args ("path", g_ptr_array_index (clone->paths, i), "format", "qcow2", NULL));
  for (guint i = 0; request->ssh_keys != NULL && request->ssh_keys[i] != NULL; i++)
    json_array_add_string_element (keys, request->ssh_keys[i]);
  json_object_set_array_member (object, "disks", disks);
  json_object_set_array_member (object, "ssh-keys", keys);

  return object;
}

/* One step for all of them: one boot of the appliance, not one per clone. */
static void
add_customise (StrataPlanner *self, GPtrArray *clones)
{
  JsonObject *args = json_object_new ();
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < clones->len; i++)
    {
      const Clone *clone = g_ptr_array_index (clones, i);

      json_array_add_object_element (array, clone_to_json (self, g_ptr_array_index (clones, i)));
      strata_plan_add_command (self->plan, "virt-customize", "-a",
                               g_ptr_array_index (clone->paths, 0), "…", NULL);
    }
  json_object_set_array_member (args, "clones", array);
  strata_plan_add_step (self->plan, STRATA_STEP_CUSTOMISE, args,
                        g_dngettext (GETTEXT_PACKAGE, "Customise the clone",
                                     "Customise %u clones in one appliance", clones->len),
                        clones->len);
}

static void
add_domains (StrataPlanner *self, StrataDomainFacts *template, GPtrArray *clones)
{
  g_autofree char *nvram = strata_domain_xml_get_nvram (template->definition);

  for (guint i = 0; i < clones->len; i++)
    {
      Clone *clone = g_ptr_array_index (clones, i);
      g_autofree char *to = strata_domain_xml_get_nvram (clone->definition);

      if (nvram != NULL && to != NULL)
        strata_planner_add_copy_nvram (self, nvram, to);
      strata_planner_add_define (self, clone->definition, NULL, FALSE);
    }

  for (guint i = 0; self->request->start && i < clones->len; i++)
    {
      Clone *clone = g_ptr_array_index (clones, i);
      g_autofree char *uuid = strata_domain_xml_get_uuid (clone->definition);

      strata_planner_add_start (self, uuid, clone->name);
    }
}

static gboolean
require_room (StrataPlanner *self, GPtrArray *disks, GPtrArray *clones, GError **error)
{
  Clone *first = g_ptr_array_index (clones, 0);

  for (guint i = 0; self->request->full && i < disks->len; i++)
    {
      guint64 bytes = strata_planned_disk_get_bytes (g_ptr_array_index (disks, i)) * clones->len;
      const char *path = g_ptr_array_index (first->paths, i);
      JsonObject *args;

      if (!strata_planner_require_space (self, path, bytes, error))
        return FALSE;

      args = strata_step_args ("path", path, NULL);
      json_object_set_int_member (args, "bytes", (gint64) bytes);
      strata_plan_add_step (self->plan, STRATA_STEP_CHECK_SPACE, args,
                            _ ("Check that there is room"));
    }

  return TRUE;
}

static void
add_effects (StrataPlanner *self, StrataDomainFacts *template, GPtrArray *clones)
{
  for (guint i = 0; i < clones->len; i++)
    {
      Clone *clone = g_ptr_array_index (clones, i);

      strata_plan_add_effect (self->plan, STRATA_EFFECT_CREATES, 0,
                              self->request->full ? _ ("“%s”, independent of the template")
                                                  : _ ("“%s”, a thin clone"),
                              clone->name);
    }

  if (!self->request->full)
    strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0,
                            _ ("Thin clones need “%s”: it can’t be deleted while they exist"),
                            template->name);
  if (template->template_mark->sealed == NULL)
    strata_plan_add_effect (self->plan, STRATA_EFFECT_NOTE, 0,
                            _ ("“%s” isn’t sealed: the clones share its machine-id and SSH host "
                               "keys"),
                            template->name);
}

/* "%s" stands for the clone's own name; anything else is a pattern with a number. */
static GStrv
expand_hostnames (const char *pattern, GStrv names, GError **error)
{
  if (g_str_equal (pattern, "%s"))
    return g_strdupv (names);

  return strata_name_pattern_expand (pattern, 1, g_strv_length (names), error);
}

static GPtrArray *
make_clones (StrataPlanner *self,
             StrataDomainFacts *template,
             GPtrArray *disks,
             GStrv names,
             GError **error)
{
  g_autoptr (GPtrArray) clones = g_ptr_array_new_with_free_func (clone_free);
  g_auto (GStrv) macs = strata_planner_collect_macs (self->graph);
  g_auto (GStrv) hostnames = NULL;

  if (self->request->hostname != NULL)
    {
      hostnames = expand_hostnames (self->request->hostname, names, error);
      if (hostnames == NULL)
        return NULL;
    }

  for (guint i = 0; names[i] != NULL; i++)
    {
      Clone *clone = make_clone (self, template, disks, names[i],
                                 hostnames != NULL ? hostnames[i] : NULL, &macs, error);

      if (clone == NULL)
        return NULL;
      g_ptr_array_add (clones, clone);
    }

  return g_steal_pointer (&clones);
}

/* What stands on a template must not change; and what another machine may write to while it is copied is no copy. */
static gboolean
require_protected (StrataPlanner *self,
                   const StrataDomainFacts *template,
                   GPtrArray *disks,
                   GError **error)
{
  g_autoptr (StrataWriters) writers =
      strata_writers_new (self->graph, strata_planner_get_layers (self));
  const char *image;
  StrataHolder *other = strata_writers_find_other (writers, template, &image);
  const StrataDomainFacts *owner =
      other != NULL ? strata_graph_find_domain (self->graph, other->uuid) : NULL;

  if (owner != NULL)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED,
                        _ ("Take the disk out of one of the two, or give it a copy of its own."),
                        /* Translators: an image, a template, a virtual machine */
                        _ ("“%s”, a disk of the template “%s”, is a disk of “%s” too"), image,
                        template->name, owner->name);
      return FALSE;
    }

  for (guint i = 0; i < disks->len && !self->request->full; i++)
    {
      const StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      const StrataImage *top = g_ptr_array_index (disk->chain, 0);

      if (!strata_template_is_open (template, top))
        continue;
      strata_set_error (
          error, STRATA_ERROR_REFUSED,
          _ ("“stratactl doctor --repair” makes it read-only; or make full copies (--full)."),
          /* Translators: an image, a template */
          _ ("“%s”, a disk of the template “%s”, can be written to, and what stands "
             "on it would change"),
          top->path, template->name);
      return FALSE;
    }

  return TRUE;
}

/**
 * strata_plan_deploy:
 * @self: the planner
 * @error: the refusal
 *
 * Nothing here is forward-only: a deployment that fails or is cancelled at any step is taken back whole.
 *
 * Returns: (transfer full): the plan
 */
StrataPlan *
strata_plan_deploy (StrataPlanner *self, GError **error)
{
  StrataDomainFacts *template = find_template (self, error);
  g_auto (GStrv) names = template != NULL ? get_names (self, error) : NULL;
  g_autoptr (GPtrArray) disks = NULL;
  g_autoptr (GPtrArray) clones = NULL;
  g_autofree char *title = NULL;
  g_autofree char *act = NULL;
  guint n;

  if (names == NULL || !require_names (self, names, error) ||
      !strata_planner_require_off (template, error) ||
      (customises (self->request) && !strata_planner_require_guest_here (self, error)) ||
      !strata_planner_require_own_storage (template->definition, template->name, error))
    return NULL;

  disks = strata_planner_get_disks (self, template->definition, template->name, error);
  clones = disks != NULL && require_protected (self, template, disks, error)
               ? make_clones (self, template, disks, names, error)
               : NULL;
  if (clones == NULL)
    return NULL;

  n = clones->len;
  title = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "Deploy %u clone of “%s”", "Deploy %u clones of “%s”", n), n,
      template->name);
  act = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Deploy", "Deploy %u", n), n);
  self->plan = strata_plan_new (title, act);
  strata_plan_add_resource (self->plan, template->uuid);
  strata_planner_add_power (self, template);
  if (!require_room (self, disks, clones, error))
    return NULL;

  for (guint i = 0; i < n; i++)
    add_images (self, disks, g_ptr_array_index (clones, i));
  if (customises (self->request))
    add_customise (self, clones);
  add_domains (self, template, clones);
  add_effects (self, template, clones);

  return self->plan;
}
