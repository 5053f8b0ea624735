/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is done to one domain: defining, starting, ending. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>

#include "host/connection/strata-connection-private.h"
#include "strata-domain-control.h"
#include "host/connection/strata-vir.h"
#include "base/strata-error.h"

/**
 * strata_domain_exists:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @exists: (out): whether the host knows it
 * @error: where to put an error other than that it does not
 *
 * Worker threads only.
 *
 * Returns: whether @exists was set
 */
gboolean
strata_domain_exists (StrataConnection *connection,
                      const char *uuid,
                      gboolean *exists,
                      GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (GError) local_error = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, &local_error);
  *exists = domain != NULL;
  if (domain != NULL || g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

/**
 * strata_domain_get_state:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @state: (out): its state
 * @error: where to put `STRATA_ERROR_NOT_FOUND` or another error
 *
 * Worker threads only.
 *
 * Returns: whether @state was set
 */
gboolean
strata_domain_get_state (StrataConnection *connection,
                         const char *uuid,
                         StrataDomainState *state,
                         GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autofree char *name = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;
  /* libvirt forgets its last error at that. */
  name = g_strdup (virDomainGetName (domain));
  if (strata_connection_read_state (domain, state))
    return TRUE;

  strata_vir_set_error (error, _ ("Asking for the state of “%s”"), name);

  return FALSE;
}

typedef int (*Question) (virDomainPtr domain);

static int
has_managed_save (virDomainPtr domain)
{
  return virDomainHasManagedSaveImage (domain, 0);
}

/* FALSE also where there is no answer. */
static gboolean
answers (StrataConnection *connection, const char *uuid, Question question, int answer)
{
  g_autoptr (virDomain) domain = NULL;

  STRATA_ASSERT_WORKER ();

  domain = strata_connection_lookup_domain (connection, uuid, NULL);

  return domain != NULL && question (domain) == answer;
}

gboolean
strata_domain_is_persistent (StrataConnection *connection, const char *uuid)
{
  return answers (connection, uuid, virDomainIsPersistent, 1);
}

gboolean
strata_domain_is_off (StrataConnection *connection, const char *uuid)
{
  return answers (connection, uuid, virDomainIsActive, 0);
}

gboolean
strata_domain_is_unsaved (StrataConnection *connection, const char *uuid)
{
  return answers (connection, uuid, has_managed_save, 0);
}

/**
 * strata_domain_get_xml:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: where to put `STRATA_ERROR_NOT_FOUND` or another error
 *
 * Worker threads only.
 *
 * Returns: (transfer full): the inactive definition, with its secrets, so that it can be defined again
 */
char *
strata_domain_get_xml (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autofree char *name = NULL;
  char *xml;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return NULL;
  /* libvirt forgets its last error at that. */
  name = g_strdup (virDomainGetName (domain));

  xml = virDomainGetXMLDesc (domain,
                             VIR_DOMAIN_XML_INACTIVE | strata_connection_get_secrecy (connection));
  if (xml == NULL)
    strata_vir_set_error (error, _ ("Reading “%s”"), name);

  return xml;
}

/**
 * strata_domain_get_saved_xml:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: where to put `STRATA_ERROR_NOT_FOUND`, `UNSUPPORTED` or another error
 *
 * Worker threads only.
 *
 * Returns: (transfer full): what it goes on with when it is started
 */
char *
strata_domain_get_saved_xml (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  char *xml;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return NULL;

  xml = virDomainManagedSaveGetXMLDesc (domain, 0);
  if (xml == NULL)
    strata_vir_set_error (error, _ ("Reading the saved state of the virtual machine %s"), uuid);

  return xml;
}

/* libvirt reports a taken name as "operation failed"; so it is looked for. */
static gboolean
check_name (StrataConnection *connection, const char *name, const char *uuid, GError **error)
{
  g_autoptr (virDomain) other =
      virDomainLookupByName (strata_connection_get_handle (connection), name);
  char other_uuid[VIR_UUID_STRING_BUFLEN];

  if (other == NULL || (uuid != NULL && virDomainGetUUIDString (other, other_uuid) == 0 &&
                        g_ascii_strcasecmp (uuid, other_uuid) == 0))
    return TRUE;

  strata_set_error (error, STRATA_ERROR_EXISTS, _ ("Choose another name."),
                    _ ("There is already a virtual machine called “%s”"), name);

  return FALSE;
}

/**
 * strata_domain_require_writable:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: where to put libvirt's error, if it can't write, or the domain is busy for too long
 *
 * Has libvirt write the domain's definition as it is, which also waits until what another client does with the domain is over.
 * By its title, which is set to what it is: a domain that is active and is defined anew meanwhile is another object to libvirt
 * (11.3), which crashes by that in the middle of a snapshot, or goes on with a definition of before. A domain without a
 * definition passes. Worker threads only.
 *
 * Returns: whether it wrote
 */
gboolean
strata_domain_require_writable (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autofree char *title = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;
  if (virDomainIsPersistent (domain) != 1)
    return TRUE;

  title = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_TITLE, NULL, VIR_DOMAIN_AFFECT_CONFIG);
  if ((title != NULL || strata_vir_last_code () == VIR_ERR_NO_DOMAIN_METADATA) &&
      virDomainSetMetadata (domain, VIR_DOMAIN_METADATA_TITLE, title, NULL, NULL,
                            VIR_DOMAIN_AFFECT_CONFIG) == 0)
    return TRUE;

  strata_vir_set_error (error, _ ("Writing the definition of “%s”"), virDomainGetName (domain));

  return FALSE;
}

/* Where it runs: see strata_domain_require_writable(). Between that and the definition there is a moment, but not the minutes that a
 * snapshot takes. */
static gboolean
wait_for_others (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain =
      uuid != NULL ? virDomainLookupByUUIDString (strata_connection_get_handle (connection), uuid)
                   : NULL;

  return domain == NULL || virDomainIsActive (domain) != 1 ||
         strata_domain_require_writable (connection, uuid, error);
}

/* Of a domain that runs and is to have other images at its next start, and nothing else, only its disks are written: a domain that is
 * defined anew is another object to libvirt, see strata_domain_require_writable().
 * DONE: out: whether there was nothing else */
static gboolean
define_disks (StrataConnection *connection,
              const char *uuid,
              StrataDomainXml *definition,
              gboolean *done,
              GError **error)
{
  g_autoptr (virDomain) domain =
      uuid != NULL ? virDomainLookupByUUIDString (strata_connection_get_handle (connection), uuid)
                   : NULL;
  g_autofree char *xml = NULL;
  g_autoptr (StrataDomainXml) now = NULL;
  g_autoptr (GPtrArray) disks = strata_domain_xml_get_disks (definition);

  *done = FALSE;
  if (domain == NULL || virDomainIsActive (domain) != 1 || virDomainIsPersistent (domain) != 1)
    return TRUE;
  xml = virDomainGetXMLDesc (domain,
                             VIR_DOMAIN_XML_INACTIVE | strata_connection_get_secrecy (connection));
  now = xml != NULL ? strata_domain_xml_new_from_string (xml, NULL) : NULL;
  if (now == NULL || !strata_domain_xml_equal_but_images (now, definition))
    return TRUE;

  for (guint i = 0; i < disks->len; i++)
    {
      const char *target = ((StrataDiskXml *) g_ptr_array_index (disks, i))->target;
      g_autofree char *disk = strata_domain_xml_print_disk (definition, target);
      g_autofree char *before = strata_domain_xml_print_disk (now, target);

      if (g_strcmp0 (disk, before) == 0 ||
          virDomainUpdateDeviceFlags (domain, disk, VIR_DOMAIN_AFFECT_CONFIG) == 0)
        continue;
      strata_vir_set_error (error, _ ("Defining “%s”"), virDomainGetName (domain));
      return FALSE;
    }
  *done = TRUE;

  return TRUE;
}

/**
 * strata_domain_define:
 * @connection: a connection
 * @xml: a definition with a name
 * @error: where to put `STRATA_ERROR_EXISTS` if the name belongs to another UUID, `INVALID` or another
 *
 * Defines the domain, or replaces its definition. Worker threads only.
 *
 * Returns: whether the host has the definition now
 */
gboolean
strata_domain_define (StrataConnection *connection, const char *xml, GError **error)
{
  g_autoptr (StrataDomainXml) definition = NULL;
  g_autoptr (virDomain) domain = NULL;
  g_autofree char *name = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *text = NULL;
  gboolean done;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  definition = strata_domain_xml_new_from_string (xml, error);
  if (definition == NULL)
    return FALSE;
  name = strata_domain_xml_get_name (definition);
  uuid = strata_domain_xml_get_uuid (definition);
  if (name == NULL)
    {
      strata_set_error (error, STRATA_ERROR_INVALID, NULL, _ ("The definition has no name"));
      return FALSE;
    }
  if (!check_name (connection, name, uuid, error))
    return FALSE;
  if (strata_domain_xml_name_devices (definition, strata_connection_is_device, connection))
    text = strata_domain_xml_to_string (definition);
  if (!define_disks (connection, uuid, definition, &done, error))
    return FALSE;
  if (done)
    return TRUE;
  if (!wait_for_others (connection, uuid, error))
    return FALSE;

  domain =
      virDomainDefineXML (strata_connection_get_handle (connection), text != NULL ? text : xml);
  if (domain != NULL)
    return TRUE;

  strata_vir_set_error (error, _ ("Defining “%s”"), name);

  return FALSE;
}

/* The flags that a definition without UEFI does not need are not known to every driver. */
static unsigned int
undefine_flags (virDomainPtr domain, StrataUndefineMode mode, gulong libvirt_version)
{
  guint flags = 0;
  g_autofree char *xml = virDomainGetXMLDesc (domain, VIR_DOMAIN_XML_INACTIVE);
  g_autoptr (StrataDomainXml) definition =
      xml != NULL ? strata_domain_xml_new_from_string (xml, NULL) : NULL;
  g_autofree char *nvram = definition != NULL ? strata_domain_xml_get_nvram (definition) : NULL;

  /* Without that libvirt (8.9 on) removes the state of an emulated TPM, which no undo brings back. */
  if (definition != NULL && strata_domain_xml_has_tpm (definition) && libvirt_version >= 8009000)
    flags |= VIR_DOMAIN_UNDEFINE_KEEP_TPM;
  if (definition != NULL && (nvram != NULL || strata_domain_xml_is_uefi (definition)))
    flags |= mode == STRATA_UNDEFINE_KEEP_NVRAM ? VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
                                                : VIR_DOMAIN_UNDEFINE_NVRAM;

  return flags;
}

/**
 * strata_domain_undefine:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @mode: what becomes of its UEFI variables
 * @error: where to put `STRATA_ERROR_BUSY` or another error
 *
 * Removes the definition, and no disk. A domain that has snapshots or a saved state is not removed:
 * libvirt would drop them with it, and what goes with a domain is the planner's decision. Worker threads only.
 *
 * Returns: whether there is no such definition any more
 */
gboolean
strata_domain_undefine (StrataConnection *connection,
                        const char *uuid,
                        StrataUndefineMode mode,
                        GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (GVirDomain) object = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GError) local_error = NULL;
  guint flags;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, &local_error);
  if (domain == NULL)
    {
      if (g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  /* libvirt forgets its last error at that. */
  name = g_strdup (virDomainGetName (domain));

  object = strata_vir_domain_new (domain);
  flags = undefine_flags (domain, mode, strata_connection_get_facts (connection)->libvirt_version);
  if (gvir_domain_delete (object, flags, NULL) || strata_vir_last_code () == VIR_ERR_NO_DOMAIN)
    return TRUE;

  strata_vir_set_error (error, _ ("Removing the definition of “%s”"), name);

  return FALSE;
}

/**
 * strata_domain_set_autostart:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @autostart: whether it starts with the host
 * @error: where to put an error
 *
 * Worker threads only.
 *
 * Returns: whether it was set
 */
gboolean
strata_domain_set_autostart (StrataConnection *connection,
                             const char *uuid,
                             gboolean autostart,
                             GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autofree char *name = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;
  /* libvirt forgets its last error at that. */
  name = g_strdup (virDomainGetName (domain));
  if (virDomainSetAutostart (domain, autostart ? 1 : 0) == 0)
    return TRUE;

  strata_vir_set_error (error, _ ("Changing the automatic start of “%s”"), name);

  return FALSE;
}

/**
 * strata_domain_start:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @paused: whether it waits before the first instruction
 * @error: where to put `STRATA_ERROR_REFUSED` for a template, `BUSY` if it runs, or another error
 *
 * Worker threads only.
 *
 * Returns: whether it was started
 */
gboolean
strata_domain_start (StrataConnection *connection,
                     const char *uuid,
                     gboolean paused,
                     GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (GVirDomain) object = NULL;
  g_autoptr (StrataDomainFacts) facts = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;
  facts = strata_connection_read_domain (connection, domain, error);
  if (facts == NULL)
    return FALSE;

  if (facts->template_mark != NULL)
    {
      strata_set_error (error, STRATA_ERROR_REFUSED,
                        _ ("Deploy a virtual machine from it, and start that."),
                        _ ("“%s” is a template; starting it would change the disks that its clones "
                           "stand on"),
                        facts->name);
      return FALSE;
    }

  object = strata_vir_domain_new (domain);
  if (gvir_domain_start (object, paused ? VIR_DOMAIN_START_PAUSED : 0, NULL))
    return TRUE;

  strata_vir_set_error (error, _ ("Starting “%s”"), facts->name);

  return FALSE;
}

/**
 * strata_domain_force_off:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: where to put an error
 *
 * Ends it as if the power failed. Worker threads only.
 *
 * Returns: whether it is off now
 */
gboolean
strata_domain_force_off (StrataConnection *connection, const char *uuid, GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (GVirDomain) object = NULL;
  g_autofree char *name = NULL;
  GError *failure = NULL;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return FALSE;
  /* libvirt forgets its last error at that. */
  name = g_strdup (virDomainGetName (domain));
  object = strata_vir_domain_new (domain);
  if (gvir_domain_stop (object, 0, NULL))
    return TRUE;

  strata_vir_set_error (&failure, _ ("Forcing “%s” off"), name);
  if (virDomainIsActive (domain) == 0)
    {
      g_error_free (failure);
      return TRUE;
    }
  g_propagate_error (error, failure);

  return FALSE;
}

/**
 * strata_domain_agent_command:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @command: the guest agent's command, as JSON
 * @timeout: how many seconds to wait for the answer
 * @error: where to put `STRATA_ERROR_TIMEOUT` if the agent does not answer, or another error
 *
 * Worker threads only.
 *
 * Returns: (transfer full): the agent's answer, as JSON
 */
char *
strata_domain_agent_command (StrataConnection *connection,
                             const char *uuid,
                             const char *command,
                             guint timeout,
                             GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autofree char *name = NULL;
  char *answer;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), NULL);

  domain = strata_connection_lookup_domain (connection, uuid, error);
  if (domain == NULL)
    return NULL;
  /* libvirt forgets its last error at that. */
  name = g_strdup (virDomainGetName (domain));

  answer = virDomainQemuAgentCommand (domain, command, (int) timeout, 0);
  if (answer == NULL)
    strata_vir_set_error (error, _ ("Asking the guest agent of “%s”"), name);

  return answer;
}
