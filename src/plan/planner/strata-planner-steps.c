/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The steps that plans are put together from: each with its arguments, its words, and the command
 * one would have typed.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-planner-private.h"

/**
 * strata_step_args:
 * @first_key: a key
 * @...: its string value (nullable: the member is left out), then further pairs, then %NULL
 *
 * Returns: (transfer full): the arguments of a step
 */
JsonObject *
strata_step_args (const char *first_key, ...)
{
  JsonObject *args = json_object_new ();
  va_list ap;

  va_start (ap, first_key);
  for (const char *key = first_key; key != NULL; key = va_arg (ap, const char *))
    {
      const char *value = va_arg (ap, const char *);

      if (value != NULL)
        json_object_set_string_member (args, key, value);
    }
  va_end (ap);

  return args;
}

gboolean
strata_planner_seals (StrataPlanner *self)
{
  return self->request->operations == NULL || self->request->operations[0] != NULL;
}

char *
strata_planner_get_operations (StrataPlanner *self)
{
  return self->request->operations != NULL ? g_strjoinv (",", self->request->operations) : NULL;
}

JsonArray *
strata_planner_disks_to_json (GPtrArray *disks)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < disks->len; i++)
    {
      StrataPlannedDisk *disk = g_ptr_array_index (disks, i);
      StrataImage *top = g_ptr_array_index (disk->chain, 0);
      const char *path = disk->overlay != NULL ? disk->overlay : top->path;
      const char *format = disk->overlay != NULL ? "qcow2" : top->format;

      json_array_add_object_element (array,
                                     strata_step_args ("path", path, "format", format, NULL));
    }

  return array;
}

/* Brings the domain to a state in which its disks are open nowhere, and makes sure of it even where the
 * graph said so, because between plan and job another client may have started it. */
void
strata_planner_add_power (StrataPlanner *self, StrataDomainFacts *domain)
{
  gboolean force = self->request->running == STRATA_RUNNING_FORCE_OFF;
  JsonObject *args = strata_step_args ("uuid", domain->uuid, "name", domain->name, NULL);

  if (!strata_domain_facts_is_active (domain) || self->request->running == STRATA_RUNNING_REFUSE)
    {
      strata_plan_add_step (self->plan, STRATA_STEP_REQUIRE_OFF, args, _ ("Check that “%s” is off"),
                            domain->name);
      return;
    }

  json_object_set_boolean_member (args, "force", force);
  json_object_set_boolean_member (args, "same-disks", TRUE);
  json_object_set_boolean_member (args, "paused", domain->state == STRATA_DOMAIN_STATE_PAUSED);
  json_object_set_int_member (args, "timeout",
                              self->request->timeout > 0 ? self->request->timeout : 120);
  strata_plan_add_step (self->plan, STRATA_STEP_SHUT_DOWN, args,
                        force ? _ ("Force “%s” off") : _ ("Shut “%s” down"), domain->name);
  strata_plan_add_effect (self->plan, STRATA_EFFECT_CHANGES, 0,
                          force ? _ ("“%s” is forced off, as if its plug were pulled")
                                : _ ("“%s” is shut down"),
                          domain->name);
  strata_plan_add_command (self->plan, "virsh", force ? "destroy" : "shutdown", domain->name, NULL);
}

void
strata_planner_add_start (StrataPlanner *self, const char *uuid, const char *name)
{
  strata_plan_add_step (self->plan, STRATA_STEP_START,
                        strata_step_args ("uuid", uuid, "name", name, NULL), _ ("Start “%s”"),
                        name);
  strata_plan_add_command (self->plan, "virsh", "start", name, NULL);
}

void
strata_planner_add_start_again (StrataPlanner *self, const StrataDomainFacts *domain)
{
  JsonObject *args = strata_step_args ("uuid", domain->uuid, "name", domain->name, NULL);
  gboolean paused = domain->state == STRATA_DOMAIN_STATE_PAUSED;

  json_object_set_boolean_member (args, "was-running", TRUE);
  json_object_set_boolean_member (args, "paused", paused);
  strata_plan_add_step (self->plan, STRATA_STEP_START, args, _ ("Start “%s”"), domain->name);
  strata_plan_add_command (self->plan, "virsh", "start", domain->name, paused ? "--paused" : NULL,
                           NULL);
}

/* What the guest mounts and sealing need not reach. */
static void
set_accepted (StrataPlanner *self, JsonObject *args)
{
  JsonArray *array;

  if (self->request->accepted == NULL)
    return;

  array = json_array_new ();
  for (size_t i = 0; self->request->accepted[i] != NULL; i++)
    json_array_add_string_element (array, self->request->accepted[i]);
  json_object_set_array_member (args, "accepted", array);
}

void
strata_planner_add_inspect (StrataPlanner *self, JsonArray *disks)
{
  JsonObject *args = json_object_new ();
  gboolean reached;
  const char *far = strata_graph_get_far_host (self->graph, &reached);

  json_object_set_array_member (args, "disks", disks);
  set_accepted (self, args);
  if (far != NULL)
    strata_plan_add_step (self->plan, STRATA_STEP_INSPECT, args,
                          /* Translators: a computer */
                          _ ("Look what is installed, on “%s” by ssh"), far);
  else
    strata_plan_add_step (self->plan, STRATA_STEP_INSPECT, args, _ ("Look what is installed"));
}

void
strata_planner_add_seal (StrataPlanner *self, JsonArray *disks)
{
  g_autofree char *operations = strata_planner_get_operations (self);
  const StrataStepKind kinds[] = { STRATA_STEP_SEAL, STRATA_STEP_VERIFY };
  const char *titles[] = { _ ("Seal"), _ ("Verify what was sealed") };
  const char *listed[] = { "--operations", operations };
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      JsonObject *args = strata_step_args ("operations", operations, NULL);

      json_object_set_array_member (args, "disks", json_array_ref (disks));
      set_accepted (self, args);
      strata_plan_add_step (self->plan, kinds[i], args, "%s", titles[i]);
    }

  g_ptr_array_add (words, (char *) "virt-sysprep");
  for (size_t i = 0; operations != NULL && i < G_N_ELEMENTS (listed); i++)
    g_ptr_array_add (words, (char *) listed[i]);
  for (guint i = 0; i < json_array_get_length (disks); i++)
    {
      JsonObject *disk = json_array_get_object_element (disks, i);

      g_ptr_array_add (words, (char *) "--format");
      g_ptr_array_add (words, (char *) json_object_get_string_member (disk, "format"));
      g_ptr_array_add (words, (char *) "-a");
      g_ptr_array_add (words, (char *) json_object_get_string_member (disk, "path"));
    }
  g_ptr_array_add (words, NULL);
  strata_plan_add_command_words (self->plan, (const char *const *) words->pdata);
}

/* By its name alone a step would act on whatever another client puts there meanwhile. */
static void
set_identity (JsonObject *args, const char *key, const StrataImage *image)
{
  if (image != NULL && strata_image_is_identified (image))
    json_object_set_string_member (args, key, image->identity);
}

void
strata_planner_add_overlay (StrataPlanner *self,
                            const char *path,
                            StrataImage *backing,
                            const char *backing_format)
{
  g_autofree char *base = g_path_get_basename (path);
  JsonObject *args = strata_step_args ("path", path, "format", "qcow2", "backing", backing->path,
                                       "backing-format", backing_format, NULL);

  json_object_set_int_member (args, "capacity", (gint64) backing->capacity);
  set_identity (args, "backing-identity", backing);
  strata_plan_add_step (self->plan, STRATA_STEP_CREATE_OVERLAY, args, _ ("Create the overlay “%s”"),
                        base);
  strata_plan_add_command (self->plan, "qemu-img", "create", "-f", "qcow2", "-b", backing->path,
                           "-F", backing_format, path, NULL);
  strata_plan_add_resource (self->plan, path);
}

StrataStep *
strata_planner_add_copy (StrataPlanner *self, StrataPlannedDisk *disk, const char *destination)
{
  StrataImage *top = g_ptr_array_index (disk->chain, 0);
  g_autofree char *from = g_path_get_basename (top->path);
  g_autofree char *to = g_path_get_basename (destination);
  JsonObject *args = strata_step_args ("source", top->path, "source-format", top->format,
                                       "destination", destination, "format", "qcow2", NULL);
  StrataStep *step;

  json_object_set_boolean_member (args, "block", top->type == STRATA_IMAGE_BLOCK);
  json_object_set_boolean_member (args, "flat", disk->chain->len == 1);
  json_object_set_int_member (args, "capacity", (gint64) top->capacity);
  step = strata_plan_add_step (self->plan, STRATA_STEP_COPY_IMAGE, args, _ ("Copy “%s” to “%s”"),
                               from, to);
  step->bytes = strata_planned_disk_get_bytes (disk);
  strata_plan_add_effect (self->plan, STRATA_EFFECT_CREATES, step->bytes, _ ("“%s”, a full copy"),
                          destination);
  strata_plan_add_command (self->plan, "qemu-img", "convert", "-f", top->format, "-O", "qcow2",
                           top->path, destination, NULL);
  strata_plan_add_resource (self->plan, destination);

  return step;
}

/**
 * strata_planner_nvram_path:
 * @self: the planner
 * @definition: a definition that keeps UEFI variables in a file
 * @name: the new domain's name
 *
 * Returns: (transfer full) (nullable): where that domain's variables go; %NULL for a guest without any
 */
char *
strata_planner_nvram_path (StrataPlanner *self, StrataDomainXml *definition, const char *name)
{
  g_autofree char *old = strata_domain_xml_get_nvram (definition);
  g_autofree char *folder = NULL;
  const char *dir = strata_graph_get_nvram_dir (self->graph);
  const char *suffix;

  if (old == NULL)
    return NULL;

  folder = g_path_get_dirname (old);
  suffix = g_str_has_suffix (old, ".qcow2") ? "qcow2" : "fd";

  return g_strdup_printf ("%s/%s_VARS.%s", dir != NULL ? dir : folder, name, suffix);
}

void
strata_planner_add_copy_nvram (StrataPlanner *self, const char *from, const char *to)
{
  g_autofree char *base = g_path_get_basename (to);

  strata_plan_add_step (self->plan, STRATA_STEP_COPY_FILE,
                        strata_step_args ("from", from, "to", to, NULL),
                        _ ("Copy the UEFI variables to “%s”"), base);
  strata_plan_add_command (self->plan, "cp", from, to, NULL);
  strata_plan_add_resource (self->plan, to);
}

/* The file that has the data of the image PATH, where there is one, and no other image has its data there too. */
static StrataImage *
find_own_data (StrataPlanner *self, const char *path)
{
  StrataImage *image = strata_graph_get_image (self->graph, path);
  StrataImage *data = image != NULL ? strata_graph_get_image (self->graph, image->data_file) : NULL;
  g_autoptr (GPtrArray) images = data != NULL ? strata_graph_get_images (self->graph) : NULL;

  for (guint i = 0; images != NULL && i < images->len; i++)
    {
      const StrataImage *other = g_ptr_array_index (images, i);

      if (other != image && g_strcmp0 (other->data_file, data->path) == 0)
        return NULL;
    }

  return data;
}

/* Left out where it can't be done from here; what depends on it has to ask strata_planner_is_mode_fixed(). */
void
strata_planner_add_set_mode (StrataPlanner *self, const char *path, guint mode, guint previous)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *octal = g_strdup_printf ("%04o", mode);
  StrataImage *data = find_own_data (self, path);
  JsonObject *args;

  if (strata_planner_is_mode_fixed (self, path))
    return;

  args = strata_step_args ("path", path, NULL);
  json_object_set_int_member (args, "mode", mode);
  json_object_set_int_member (args, "previous", previous);
  set_identity (args, "identity", strata_graph_get_image (self->graph, path));
  strata_plan_add_step (self->plan, STRATA_STEP_SET_MODE, args,
                        mode & 0222 ? _ ("Make “%s” writable") : _ ("Make “%s” read-only"), base);
  strata_plan_add_command (self->plan, "chmod", octal, path, NULL);
  if (data != NULL)
    strata_planner_add_set_mode (self, data->path,
                                 mode & 0222 ? mode : strata_image_get_protected_mode (data),
                                 strata_image_get_own_mode (data));
}

gboolean
strata_planner_is_device (const char *path, gpointer self)
{
  const StrataImage *image = strata_graph_get_image (((StrataPlanner *) self)->graph, path);

  return image != NULL && image->type == STRATA_IMAGE_BLOCK;
}

char *
strata_planner_print_definition (StrataPlanner *self, StrataDomainXml *definition)
{
  strata_domain_xml_name_devices (definition, strata_planner_is_device, self);

  return strata_domain_xml_to_string (definition);
}

/**
 * strata_planner_add_define:
 * @self: the planner
 * @definition: the definition
 * @previous: (nullable): the definition that undo brings back, %NULL to undefine
 * @stamp: whether the template's mark is completed from what inspection and sealing found
 *
 * Returns: (transfer none): the step
 */
StrataStep *
strata_planner_add_define (StrataPlanner *self,
                           StrataDomainXml *definition,
                           const char *previous,
                           gboolean stamp)
{
  g_autofree char *xml = strata_planner_print_definition (self, definition);
  g_autofree char *uuid = strata_domain_xml_get_uuid (definition);
  g_autofree char *name = strata_domain_xml_get_name (definition);
  g_autofree char *file = g_strconcat (name, ".xml", NULL);
  JsonObject *args =
      strata_step_args ("uuid", uuid, "name", name, "xml", xml, "previous", previous, NULL);

  json_object_set_boolean_member (args, "stamp", stamp);
  strata_plan_add_command (self->plan, "virsh", "define", file, NULL);
  strata_plan_add_resource (self->plan, uuid);
  /* The name, too: two jobs must not make the same one. */
  strata_plan_add_resource (self->plan, name);

  return strata_plan_add_step (self->plan, STRATA_STEP_DEFINE, args, _ ("Define “%s”"), name);
}

/**
 * strata_planner_get_defined:
 * @self: the planner
 * @domain: a domain
 *
 * Returns: what @domain is defined as after the steps so far
 */
const char *
strata_planner_get_defined (StrataPlanner *self, const StrataDomainFacts *domain)
{
  for (guint i = strata_plan_get_n_steps (self->plan); i > 0; i--)
    {
      StrataStep *step = strata_plan_get_step (self->plan, i - 1);

      if (step->kind == STRATA_STEP_DEFINE &&
          g_strcmp0 (json_object_get_string_member_with_default (step->args, "uuid", NULL),
                     domain->uuid) == 0)
        return json_object_get_string_member_with_default (step->args, "xml", NULL);
    }

  return domain->xml;
}

void
strata_planner_add_undefine (StrataPlanner *self, StrataDomainFacts *domain)
{
  JsonObject *args =
      strata_step_args ("uuid", domain->uuid, "name", domain->name, "xml", domain->xml, NULL);

  json_object_set_boolean_member (args, "autostart", domain->autostart);
  strata_plan_add_step (self->plan, STRATA_STEP_UNDEFINE, args, _ ("Remove the definition of “%s”"),
                        domain->name);
  strata_plan_add_command (self->plan, "virsh", "undefine", "--keep-nvram", domain->name, NULL);
  strata_plan_add_resource (self->plan, domain->uuid);
  strata_plan_add_resource (self->plan, domain->name);
}

/* The first commit of a plan is its point of no return: a half-done one has changed the base, so from
 * here the overlay is what must not be lost. Running it again is harmless. */
void
strata_planner_add_commit (StrataPlanner *self, const char *top, StrataPlannedDisk *disk)
{
  StrataImage *base = g_ptr_array_index (disk->chain, 0);
  g_autofree char *top_name = g_path_get_basename (top);
  g_autofree char *base_name = g_path_get_basename (base->path);
  StrataStep *step =
      strata_plan_add_step (self->plan, STRATA_STEP_COMMIT,
                            strata_step_args ("top", top, "top-format", "qcow2", "base", base->path,
                                              "base-format", base->format, NULL),
                            _ ("Commit “%s” into “%s”"), top_name, base_name);

  step->forward_only = TRUE;
  strata_plan_add_command (self->plan, "qemu-img", "commit", "-b", base->path, top, NULL);
}

/* A link to nothing can't be told from one to storage that is away, and would be in the way of all that is deleted later. */
static void
add_links (StrataPlanner *self, JsonObject *args, const StrataImage *image)
{
  JsonArray *links;

  if (image == NULL || image->links == NULL)
    return;

  links = json_array_new ();
  for (guint i = 0; image->links[i] != NULL; i++)
    {
      json_array_add_string_element (links, image->links[i]);
      strata_plan_add_effect (self->plan, STRATA_EFFECT_REMOVES, 0,
                              /* Translators: a symbolic link, and the image that it leads to */
                              _ ("“%s”, a link to “%s”"), image->links[i], image->path);
      strata_plan_add_command (self->plan, "rm", image->links[i], NULL);
    }
  json_object_set_array_member (args, "links", links);
}

/**
 * strata_planner_is_anothers:
 * @self: the planner
 * @path: an image
 *
 * Returns: whether, in a session of one's own, it is another user's file, whose machines don't show here
 */
gboolean
strata_planner_is_anothers (StrataPlanner *self, const char *path)
{
  const StrataImage *image = strata_graph_get_image (self->graph, path);

  return image != NULL && image->type != STRATA_IMAGE_BLOCK && image->mode_fixed &&
         !strata_graph_get_modes_fixed (self->graph);
}

/* Whether strata_planner_add_remove() has PATH, which isn't needed any more, deleted. */
gboolean
strata_planner_removes (StrataPlanner *self, const char *path)
{
  const StrataImage *image = strata_graph_get_image (self->graph, path);

  return image == NULL ||
         (image->type != STRATA_IMAGE_BLOCK && !strata_planner_is_anothers (self, path));
}

void
strata_planner_add_remove (StrataPlanner *self, const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  StrataImage *image = strata_graph_get_image (self->graph, path);
  StrataImage *data = find_own_data (self, path);
  JsonObject *args;
  StrataStep *step;

  if (!strata_planner_removes (self, path))
    {
      strata_plan_add_effect (
          self->plan, STRATA_EFFECT_NOTE, 0,
          image->type == STRATA_IMAGE_BLOCK
              ? _ ("“%s” isn’t needed any more, and stays, since it is a device")
              : _ ("“%s” isn’t needed any more, and stays, since it belongs to another user"),
          path);
      return;
    }

  args = strata_step_args ("path", path, NULL);
  step =
      strata_plan_add_step (self->plan, STRATA_STEP_DELETE_VOLUME, args, _ ("Delete “%s”"), base);
  set_identity (args, "identity", image);
  add_links (self, args, image);
  step->forward_only = TRUE;
  strata_plan_add_command (self->plan, "rm", path, NULL);
  strata_plan_add_resource (self->plan, path);
  if (data != NULL)
    strata_planner_add_remove (self, data->path);
}
