/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMachine: a domain as the window sees it. Everything shown is derived once, when facts
 * arrive, so that bindings read plain fields.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-machine.h"
#include "strata-words.h"

struct _StrataMachine
{
  GObject parent_instance;

  StrataDomainFacts *facts;
  char *template_os_id;
  GStrv thin_clones;
  guint n_clones;

  char *sort_key;
  char *os_id;
  char *subtitle;
  char *reasons[STRATA_N_ABILITIES];
};

typedef enum
{
  PROP_UUID = 1,
  PROP_NAME,
  PROP_STATE,
  PROP_STATE_NAME,
  PROP_IS_TEMPLATE,
  PROP_IS_ACTIVE,
  PROP_SUBTITLE,
  PROP_OS_ID,
  PROP_TEMPLATE_UUID,
  PROP_N_CLONES,
  PROP_FACTS,
  PROP_CAN,
  PROP_REASON = PROP_CAN + STRATA_N_ABILITIES,
  N_PROPS = PROP_REASON + STRATA_N_ABILITIES,
} StrataMachineProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataMachine, strata_machine, G_TYPE_OBJECT)

/* Steals VALUE; notifies if it says something new. */
static void
take_string (StrataMachine *self, char **field, char *value, guint property)
{
  g_autofree char *old = *field;

  *field = value;
  if (g_strcmp0 (old, value) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static const char *const can_names[STRATA_N_ABILITIES] = {
  [STRATA_CAPABILITY_START] = "can-start",
  [STRATA_CAPABILITY_SHUT_DOWN] = "can-shut-down",
  [STRATA_CAPABILITY_FORCE_OFF] = "can-force-off",
  [STRATA_CAPABILITY_MAKE_TEMPLATE] = "can-make-template",
  [STRATA_CAPABILITY_DEPLOY] = "can-deploy",
  [STRATA_CAPABILITY_DELETE] = "can-delete",
  [STRATA_CAPABILITY_OPEN_CONSOLE] = "can-open-console",
  [STRATA_CAPABILITY_TAKE_SNAPSHOT] = "can-take-snapshot",
};

static const char *const reason_names[STRATA_N_ABILITIES] = {
  [STRATA_CAPABILITY_START] = "start-reason",
  [STRATA_CAPABILITY_SHUT_DOWN] = "shut-down-reason",
  [STRATA_CAPABILITY_FORCE_OFF] = "force-off-reason",
  [STRATA_CAPABILITY_MAKE_TEMPLATE] = "make-template-reason",
  [STRATA_CAPABILITY_DEPLOY] = "deploy-reason",
  [STRATA_CAPABILITY_DELETE] = "delete-reason",
  [STRATA_CAPABILITY_OPEN_CONSOLE] = "open-console-reason",
  [STRATA_CAPABILITY_TAKE_SNAPSHOT] = "take-snapshot-reason",
};

static const char *
get_start_reason (const StrataDomainFacts *facts)
{
  if (facts->template_mark != NULL)
    return _ (
        "A template is never started, so that its disks stay as they are. Deploy a clone and start that.");
  if (strata_domain_facts_is_active (facts))
    return _ ("It is running already.");

  return NULL;
}

static const char *
get_shut_down_reason (const StrataDomainFacts *facts)
{
  switch (facts->state)
    {
    case STRATA_DOMAIN_STATE_RUNNING:
      return NULL;

    case STRATA_DOMAIN_STATE_PAUSED:
    case STRATA_DOMAIN_STATE_SUSPENDED:
      return _ ("It is paused, so its guest would not notice. Force it off instead.");

    case STRATA_DOMAIN_STATE_SHUTTING_DOWN:
      return _ ("It is shutting down already.");

    case STRATA_DOMAIN_STATE_CRASHED:
      return _ ("Its guest has crashed. Force it off instead.");

    case STRATA_DOMAIN_STATE_OFF:
      return _ ("It is not running.");
    }

  g_return_val_if_reached (NULL);
}

static gboolean
has_writable_disk (const StrataDomainFacts *facts)
{
  for (guint i = 0; facts->disks != NULL && i < facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (facts->disks, i);

      if (disk->source != NULL && !disk->read_only && g_strcmp0 (disk->device, "disk") == 0)
        return TRUE;
    }

  return FALSE;
}

static const char *
get_make_template_reason (const StrataDomainFacts *facts)
{
  if (facts->template_mark != NULL)
    return _ ("It is a template already.");
  if (!facts->persistent)
    return _ ("It is transient: libvirt forgets it when it stops.");
  if (!has_writable_disk (facts))
    return _ ("It has no disk of its own to make a template from.");

  return NULL;
}

static const char *
get_console_reason (const StrataDomainFacts *facts)
{
  g_autofree char *graphics = NULL;

  if (facts->template_mark != NULL)
    return _ ("A template is never started, so it has no screen.");
  if (!strata_domain_facts_is_active (facts))
    return _ ("It is not running.");

  graphics = strata_domain_xml_get_graphics (facts->definition);
  if (graphics == NULL)
    return _ ("It has no graphical screen.");

  return NULL;
}

static const char *
get_take_snapshot_reason (const StrataDomainFacts *facts)
{
  if (facts->template_mark != NULL)
    return _ ("A template stays as it is. Deploy a clone and take snapshots of that.");
  if (!facts->persistent)
    return _ ("It is transient: libvirt forgets it when it stops.");
  if (!has_writable_disk (facts))
    return _ ("It has no disk of its own to take a snapshot of.");

  return NULL;
}

static char *
get_delete_reason (const StrataDomainFacts *facts, const char *const *thin_clones)
{
  g_autofree char *names = NULL;

  if (strata_domain_facts_is_active (facts))
    return g_strdup (_ ("It is running. Shut it down first."));
  if (thin_clones == NULL || thin_clones[0] == NULL)
    return NULL;

  names = g_strjoinv (", ", (char **) thin_clones);

  /* Translators: %s is a list of names: “web-01, web-02”. */
  return g_strdup_printf (_ ("Thin clones stand on its disks: %s. Delete them first."), names);
}

/* Why it can't be done, a whole sentence; NULL if it can. THIN_CLONES: (nullable): names of the clones whose disks stand on the
 * machine's. */
static char *
make_reason (StrataCapability capability,
             const StrataDomainFacts *facts,
             const char *const *thin_clones)
{
  if (facts->read_only && capability != STRATA_CAPABILITY_OPEN_CONSOLE)
    return g_strdup (_ ("This host is open for reading only."));

  switch (capability)
    {
    case STRATA_CAPABILITY_START:
      return g_strdup (get_start_reason (facts));

    case STRATA_CAPABILITY_SHUT_DOWN:
      return g_strdup (get_shut_down_reason (facts));

    case STRATA_CAPABILITY_FORCE_OFF:
      return g_strdup (strata_domain_facts_is_active (facts) ? NULL : _ ("It is not running."));

    case STRATA_CAPABILITY_MAKE_TEMPLATE:
      return g_strdup (get_make_template_reason (facts));

    case STRATA_CAPABILITY_DEPLOY:
      return g_strdup (facts->template_mark != NULL
                           ? NULL
                           : _ ("Only a template is deployed. Make one of it first."));

    case STRATA_CAPABILITY_DELETE:
      return get_delete_reason (facts, thin_clones);

    case STRATA_CAPABILITY_OPEN_CONSOLE:
      return g_strdup (get_console_reason (facts));

    case STRATA_CAPABILITY_TAKE_SNAPSHOT:
      return g_strdup (get_take_snapshot_reason (facts));
    }

  g_return_val_if_reached (NULL);
}

/* A libosinfo id is a URL: "http://debian.org/debian/12". */
static char *
os_id_from_libosinfo (const char *url)
{
  g_auto (GStrv) parts = NULL;
  guint n;

  if (url == NULL)
    return NULL;

  parts = g_strsplit (url, "/", -1);
  n = g_strv_length (parts);

  return n >= 3 ? g_strdup (parts[n - 2]) : NULL;
}

static char *
describe_template (const StrataDomainFacts *facts, guint n_clones)
{
  g_autofree char *clones = NULL;

  if (n_clones == 0)
    clones = g_strdup (_ ("no clones"));
  else
    /* Translators: how many clones a template has. */
    clones = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u clone", "%u clones", n_clones),
                              n_clones);

  if (facts->template_mark->os == NULL)
    return g_steal_pointer (&clones);

  /* Translators: a template’s clones and its operating system: “4 clones · Debian 12”. */
  return g_strdup_printf (C_ ("template", "%s · %s"), clones, facts->template_mark->os);
}

static char *
describe_machine (const StrataDomainFacts *facts)
{
  const StrataCloneMark *clone = facts->clone_mark;
  g_autofree char *memory = NULL;
  guint vcpus;

  if (!strata_domain_facts_is_told (facts))
    return g_strdup (_ ("Its definition can’t be read"));

  /* Translators: what kind of clone a machine is, and its template’s name. */
  if (clone != NULL && clone->template_name != NULL)
    return g_strdup_printf (clone->thin ? _ ("thin · %s") : _ ("full · %s"), clone->template_name);

  vcpus = strata_domain_xml_get_vcpus (facts->definition);
  memory = g_format_size_full (strata_domain_xml_get_memory (facts->definition),
                               G_FORMAT_SIZE_IEC_UNITS);

  /* Translators: memory and number of processors: “512.0 MiB · 1 CPU”. */
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s · %u CPU", "%s · %u CPUs", vcpus),
                          memory, vcpus);
}

static char *
make_subtitle (const StrataDomainFacts *facts, guint n_clones)
{
  if (facts->template_mark != NULL)
    return describe_template (facts, n_clones);

  return describe_machine (facts);
}

/* The short name of the guest's distribution, "debian". What inspection said counts before what a person chose when the domain was
 * made. */
static char *
find_os_id (const StrataDomainFacts *facts, const char *template_os_id)
{
  g_autofree char *url = NULL;

  if (facts->template_mark != NULL && facts->template_mark->os_id != NULL)
    return g_strdup (facts->template_mark->os_id);
  if (template_os_id != NULL)
    return g_strdup (template_os_id);

  url = strata_domain_xml_get_os_info (facts->definition);

  return os_id_from_libosinfo (url);
}

static void
derive (StrataMachine *self)
{
  take_string (self, &self->os_id, find_os_id (self->facts, self->template_os_id), PROP_OS_ID);
  take_string (self, &self->subtitle, make_subtitle (self->facts, self->n_clones), PROP_SUBTITLE);

  for (guint i = 0; i < STRATA_N_ABILITIES; i++)
    {
      char *reason = make_reason (i, self->facts, (const char *const *) self->thin_clones);
      gboolean was_able = self->reasons[i] == NULL;

      take_string (self, &self->reasons[i], reason, PROP_REASON + i);
      if (was_able != (reason == NULL))
        g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAN + i]);
    }
}

static void
notify_differences (StrataMachine *self, StrataDomainFacts *old)
{
  GObject *object = G_OBJECT (self);

  if (g_strcmp0 (old->name, self->facts->name) != 0)
    g_object_notify_by_pspec (object, properties[PROP_NAME]);
  if (old->state != self->facts->state)
    {
      g_object_notify_by_pspec (object, properties[PROP_STATE]);
      g_object_notify_by_pspec (object, properties[PROP_STATE_NAME]);
    }
  if (strata_domain_facts_is_active (old) != strata_domain_facts_is_active (self->facts))
    g_object_notify_by_pspec (object, properties[PROP_IS_ACTIVE]);
  if ((old->template_mark != NULL) != (self->facts->template_mark != NULL))
    g_object_notify_by_pspec (object, properties[PROP_IS_TEMPLATE]);
  if (g_strcmp0 (old->clone_mark ? old->clone_mark->template_uuid : NULL,
                 strata_machine_get_template_uuid (self)) != 0)
    g_object_notify_by_pspec (object, properties[PROP_TEMPLATE_UUID]);
}

static void
strata_machine_finalize (GObject *object)
{
  StrataMachine *self = STRATA_MACHINE (object);

  g_clear_pointer (&self->facts, strata_domain_facts_unref);
  g_clear_pointer (&self->template_os_id, g_free);
  g_clear_pointer (&self->thin_clones, g_strfreev);
  g_clear_pointer (&self->sort_key, g_free);
  g_clear_pointer (&self->os_id, g_free);
  g_clear_pointer (&self->subtitle, g_free);
  for (guint i = 0; i < STRATA_N_ABILITIES; i++)
    g_clear_pointer (&self->reasons[i], g_free);

  G_OBJECT_CLASS (strata_machine_parent_class)->finalize (object);
}

static void
strata_machine_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataMachine *self = STRATA_MACHINE (object);

  if (prop_id >= PROP_REASON)
    {
      g_value_set_string (value, strata_machine_get_reason (self, prop_id - PROP_REASON));
      return;
    }
  if (prop_id >= PROP_CAN)
    {
      g_value_set_boolean (value, strata_machine_can (self, prop_id - PROP_CAN));
      return;
    }

  switch ((StrataMachineProperty) prop_id)
    {
    case PROP_UUID:
      g_value_set_string (value, strata_machine_get_uuid (self));
      break;
    case PROP_NAME:
      g_value_set_string (value, strata_machine_get_name (self));
      break;
    case PROP_STATE:
      g_value_set_uint (value, self->facts->state);
      break;
    case PROP_STATE_NAME:
      g_value_set_string (value, strata_words_for_state (self->facts));
      break;
    case PROP_IS_TEMPLATE:
      g_value_set_boolean (value, strata_machine_is_template (self));
      break;
    case PROP_IS_ACTIVE:
      g_value_set_boolean (value, strata_machine_is_active (self));
      break;
    case PROP_SUBTITLE:
      g_value_set_string (value, self->subtitle);
      break;
    case PROP_OS_ID:
      g_value_set_string (value, self->os_id);
      break;
    case PROP_TEMPLATE_UUID:
      g_value_set_string (value, strata_machine_get_template_uuid (self));
      break;
    case PROP_N_CLONES:
      g_value_set_uint (value, self->n_clones);
      break;
    case PROP_FACTS:
      g_value_set_boxed (value, self->facts);
      break;
    case PROP_CAN:
    case PROP_REASON:
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_machine_class_init (StrataMachineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = strata_machine_finalize;
  object_class->get_property = strata_machine_get_property;

  properties[PROP_UUID] = g_param_spec_string ("uuid", NULL, NULL, NULL, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_STATE] = g_param_spec_uint ("state", NULL, NULL, 0, STRATA_DOMAIN_STATE_SUSPENDED,
                                              STRATA_DOMAIN_STATE_OFF, flags);
  properties[PROP_STATE_NAME] = g_param_spec_string ("state-name", NULL, NULL, NULL, flags);
  properties[PROP_IS_TEMPLATE] = g_param_spec_boolean ("is-template", NULL, NULL, FALSE, flags);
  properties[PROP_IS_ACTIVE] = g_param_spec_boolean ("is-active", NULL, NULL, FALSE, flags);
  properties[PROP_SUBTITLE] = g_param_spec_string ("subtitle", NULL, NULL, NULL, flags);
  properties[PROP_OS_ID] = g_param_spec_string ("os-id", NULL, NULL, NULL, flags);
  properties[PROP_TEMPLATE_UUID] = g_param_spec_string ("template-uuid", NULL, NULL, NULL, flags);
  properties[PROP_N_CLONES] = g_param_spec_uint ("n-clones", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_FACTS] =
      g_param_spec_boxed ("facts", NULL, NULL, STRATA_TYPE_DOMAIN_FACTS, flags);
  for (guint i = 0; i < STRATA_N_ABILITIES; i++)
    {
      properties[PROP_CAN + i] = g_param_spec_boolean (can_names[i], NULL, NULL, FALSE, flags);
      properties[PROP_REASON + i] = g_param_spec_string (reason_names[i], NULL, NULL, NULL, flags);
    }

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_machine_init (StrataMachine *self)
{
}

/**
 * strata_machine_new:
 * @facts: what is known of the domain
 *
 * Main thread.
 *
 * Returns: (transfer full): a new machine
 */
StrataMachine *
strata_machine_new (StrataDomainFacts *facts)
{
  StrataMachine *self;

  g_return_val_if_fail (facts != NULL, NULL);

  self = g_object_new (STRATA_TYPE_MACHINE, NULL);
  self->facts = strata_domain_facts_ref (facts);
  self->sort_key = g_utf8_collate_key_for_filename (facts->name, -1);
  derive (self);

  return self;
}

/**
 * strata_machine_set_facts:
 * @self: a machine
 * @facts: newer facts of the same domain
 *
 * Replaces what is known and notifies what changed. The caller keeps the order of lists if the
 * name did. Main thread.
 */
void
strata_machine_set_facts (StrataMachine *self, StrataDomainFacts *facts)
{
  g_autoptr (StrataDomainFacts) old = NULL;

  g_return_if_fail (STRATA_IS_MACHINE (self));
  g_return_if_fail (facts != NULL && g_strcmp0 (facts->uuid, self->facts->uuid) == 0);

  if (facts == self->facts)
    return;

  old = g_steal_pointer (&self->facts);
  self->facts = strata_domain_facts_ref (facts);
  g_free (self->sort_key);
  self->sort_key = g_utf8_collate_key_for_filename (facts->name, -1);

  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FACTS]);
  notify_differences (self, old);
  derive (self);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * strata_machine_get_facts:
 * @self: a machine
 *
 * Main thread.
 *
 * Returns: (transfer none): what is known of the domain
 */
StrataDomainFacts *
strata_machine_get_facts (StrataMachine *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE (self), NULL);

  return self->facts;
}

/**
 * strata_machine_set_relations:
 * @self: a machine
 * @template_os_id: (nullable): the guest's kind as its template knows it
 * @thin_clones: (nullable): names of the thin clones that stand on it
 * @n_clones: how many clones it has, thin and full
 *
 * Main thread.
 */
void
strata_machine_set_relations (StrataMachine *self,
                              const char *template_os_id,
                              const char *const *thin_clones,
                              guint n_clones)
{
  static const char *const none[] = { NULL };
  const char *const *old;

  g_return_if_fail (STRATA_IS_MACHINE (self));

  thin_clones = thin_clones != NULL ? thin_clones : none;
  old = self->thin_clones != NULL ? (const char *const *) self->thin_clones : none;
  if (self->n_clones == n_clones && g_strcmp0 (self->template_os_id, template_os_id) == 0 &&
      g_strv_equal (old, thin_clones))
    return;

  g_object_freeze_notify (G_OBJECT (self));
  g_set_str (&self->template_os_id, template_os_id);
  if (self->n_clones != n_clones)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_CLONES]);
  self->n_clones = n_clones;
  g_strfreev (self->thin_clones);
  self->thin_clones = g_strdupv ((char **) thin_clones);
  derive (self);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * strata_machine_get_sort_key:
 * @self: a machine
 *
 * Returns: (transfer none): what its name is sorted by, bytewise
 */
const char *
strata_machine_get_sort_key (StrataMachine *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE (self), NULL);

  return self->sort_key;
}

const char *
strata_machine_get_uuid (StrataMachine *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE (self), NULL);

  return self->facts->uuid;
}

const char *
strata_machine_get_name (StrataMachine *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE (self), NULL);

  return self->facts->name;
}

/**
 * strata_machine_get_template_uuid:
 * @self: a machine
 *
 * Returns: (nullable): UUID of the template it was deployed from
 */
const char *
strata_machine_get_template_uuid (StrataMachine *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE (self), NULL);

  return self->facts->clone_mark != NULL ? self->facts->clone_mark->template_uuid : NULL;
}

gboolean
strata_machine_is_template (StrataMachine *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE (self), FALSE);

  return self->facts->template_mark != NULL;
}

gboolean
strata_machine_is_active (StrataMachine *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE (self), FALSE);

  return strata_domain_facts_is_active (self->facts);
}

gboolean
strata_machine_can (StrataMachine *self, StrataCapability capability)
{
  return strata_machine_get_reason (self, capability) == NULL;
}

/**
 * strata_machine_get_reason:
 * @self: a machine
 * @capability: what a person would do with it
 *
 * Returns: (nullable): why it can't be done, a sentence; %NULL where it can
 */
const char *
strata_machine_get_reason (StrataMachine *self, StrataCapability capability)
{
  g_return_val_if_fail (STRATA_IS_MACHINE (self), NULL);
  g_return_val_if_fail (capability < STRATA_N_ABILITIES, NULL);

  return self->reasons[capability];
}

char *
strata_machine_dup_snapshot_id (StrataMachine *self, const char *snapshot)
{
  const StrataSnapshotFacts *facts;

  g_return_val_if_fail (STRATA_IS_MACHINE (self), NULL);

  if (snapshot == NULL)
    return NULL;

  facts = strata_domain_facts_find_snapshot (self->facts, snapshot);

  return facts != NULL ? g_strdup (facts->id) : NULL;
}
