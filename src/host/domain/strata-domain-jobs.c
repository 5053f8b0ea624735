/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is under way in a running domain: block jobs and backups, of any client. A revert or a shutdown would end them without
 * a word, and what they read and write is theirs alone meanwhile. And what libvirt does with the domain as a whole, which goes on
 * when the client that asked for it is gone.
 */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <libvirt/virterror.h>

#include "host/connection/strata-connection-private.h"
#include "strata-domain-control.h"
#include "base/strata-error.h"
#include "host/connection/strata-vir.h"
#include "host/connection/strata-xpath.h"

typedef struct
{
  StrataConnection *connection;
  StrataDomainFacts *facts;
  GString *words;
} Look;

static void
add_image (Look *self, const char *path)
{
  g_autofree char *canonical = NULL;

  if (path == NULL || *path == '\0')
    return;
  canonical = g_path_is_absolute (path) ? strata_connection_canonical_path (self->connection, path)
                                        : g_strdup (path);
  if (!g_ptr_array_find_with_equal_func (self->facts->busy_images, canonical, g_str_equal, NULL))
    g_ptr_array_add (self->facts->busy_images, g_steal_pointer (&canonical));
}

static void add_words (Look *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add_words (Look *self, const char *format, ...)
{
  va_list args;

  if (self->words->len > 0)
    g_string_append (self->words, ", ");
  va_start (args, format);
  g_string_append_vprintf (self->words, format, args);
  va_end (args);
}

/* Where the live definition says that the disk's content goes; NULL for a job that it does not tell of. */
static char *
get_mirror (Look *self, const char *target)
{
  g_autofree char *expression = NULL;

  /* It is put into an expression. */
  for (const char *c = target; *c != '\0'; c++)
    {
      if (!g_ascii_isalnum (*c))
        return NULL;
    }
  expression = g_strdup_printf ("/domain/devices/disk[target/@dev='%s']/mirror/source/@file | "
                                "/domain/devices/disk[target/@dev='%s']/mirror/source/@dev",
                                target, target);

  return strata_xpath_string (self->facts->live_xml, expression);
}

static void
add_job (Look *self, const StrataDiskXml *disk, int type)
{
  g_autofree char *mirror = get_mirror (self, disk->target);

  add_image (self, disk->source);
  switch (type)
    {
    case VIR_DOMAIN_BLOCK_JOB_TYPE_COPY:
      add_image (self, mirror);
      /* Translators: a disk ("vda"), a path */
      add_words (self, _ ("a block copy of %s to “%s”"), disk->target,
                 mirror != NULL ? mirror : "-");
      break;
    case VIR_DOMAIN_BLOCK_JOB_TYPE_PULL:
      add_words (self, _ ("a block pull of %s"), disk->target);
      break;
    case VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT:
    case VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT:
      for (guint i = 0; disk->backings != NULL && disk->backings[i] != NULL; i++)
        add_image (self, disk->backings[i]);
      add_image (self, mirror);
      add_words (self, _ ("a block commit of %s"), disk->target);
      break;
    default:
      add_words (self, _ ("a block job of %s"), disk->target);
      break;
    }
}

static void
look_at_disks (Look *self, virDomainPtr domain)
{
  for (guint i = 0; i < self->facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (self->facts->disks, i);
      virDomainBlockJobInfo info;

      /* QEMU itself is only asked where libvirt knows of a job. */
      if (disk->source != NULL && !disk->read_only &&
          virDomainGetBlockJobInfo (domain, disk->target, &info, 0) == 1 &&
          info.type != VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP)
        add_job (self, disk, info.type);
    }
}

static void
look_at_backup (Look *self, virDomainPtr domain)
{
  g_autofree char *xml = virDomainBackupGetXMLDesc (domain, 0);
  g_auto (GStrv) files = NULL;
  g_auto (GStrv) targets = NULL;

  if (xml == NULL)
    return;

  files = strata_xpath_strings (xml, "/domainbackup/disks/disk/target/@file | "
                                     "/domainbackup/disks/disk/target/@dev | "
                                     "/domainbackup/disks/disk/scratch/@file | "
                                     "/domainbackup/disks/disk/scratch/@dev");
  targets = strata_xpath_strings (xml, "/domainbackup/disks/disk[not(@backup='no')]/@name");
  for (guint i = 0; files != NULL && files[i] != NULL; i++)
    add_image (self, files[i]);
  for (guint i = 0; i < self->facts->disks->len; i++)
    {
      const StrataDiskXml *disk = g_ptr_array_index (self->facts->disks, i);

      if (targets != NULL && g_strv_contains ((const char *const *) targets, disk->target))
        add_image (self, disk->source);
    }
  add_words (self, "%s", _ ("a backup"));
}

static const char *
describe_operation (int operation)
{
  switch (operation)
    {
    case VIR_DOMAIN_JOB_OPERATION_START:
    case VIR_DOMAIN_JOB_OPERATION_RESTORE:
      return _ ("a start");
    case VIR_DOMAIN_JOB_OPERATION_SAVE:
      return _ ("a save");
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN:
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
      return _ ("a migration");
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT:
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT:
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_DELETE:
      return _ ("work on a snapshot");
    case VIR_DOMAIN_JOB_OPERATION_DUMP:
      return _ ("a dump");
    case VIR_DOMAIN_JOB_OPERATION_BACKUP:
      return _ ("a backup");
    default:
      return _ ("a job of libvirt");
    }
}

/* WORDS: out: NULL where there is none. A backup goes on beside other work, and look_at_backup() tells of it. */
static gboolean
find_job (virDomainPtr domain, gboolean with_backup, const char **words)
{
  virTypedParameterPtr params = NULL;
  int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
  int n = 0;
  int type;

  *words = NULL;
  if (virDomainGetJobStats (domain, &type, &params, &n, 0) < 0)
    return strata_vir_last_code () == VIR_ERR_OPERATION_INVALID;

  virTypedParamsGetInt (params, n, VIR_DOMAIN_JOB_OPERATION, &operation);
  virTypedParamsFree (params, n);
  if ((type == VIR_DOMAIN_JOB_BOUNDED || type == VIR_DOMAIN_JOB_UNBOUNDED) &&
      (with_backup || operation != VIR_DOMAIN_JOB_OPERATION_BACKUP))
    *words = describe_operation (operation);

  return TRUE;
}

/* A domain that isn't there passes. */
static gboolean
require_no_job (StrataConnection *connection,
                const char *uuid,
                gboolean with_backup,
                GError **error)
{
  g_autoptr (virDomain) domain = NULL;
  g_autoptr (GError) local = NULL;
  const char *words;

  STRATA_ASSERT_WORKER ();
  g_return_val_if_fail (STRATA_IS_CONNECTION (connection), FALSE);

  domain = strata_connection_lookup_domain (connection, uuid, &local);
  if (domain == NULL)
    {
      if (g_error_matches (local, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (!find_job (domain, with_backup, &words))
    {
      strata_vir_set_error (error, _ ("Asking what is under way with “%s”"),
                            virDomainGetName (domain));
      return FALSE;
    }
  if (words == NULL)
    return TRUE;

  strata_set_error (error, STRATA_ERROR_BUSY,
                    _ ("Wait until it is over (virsh domjobinfo NAME), and try again."),
                    /* Translators: a virtual machine, then "a save" */
                    _ ("“%s” is busy: %s is under way"), virDomainGetName (domain), words);
  return FALSE;
}

/**
 * strata_domain_require_settled:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: where to put `STRATA_ERROR_BUSY` or another error
 *
 * libvirt lists a snapshot from the moment at which it begins to save the memory for it, which may take minutes, and puts the domain
 * onto the overlays in the end; so with other work. A call that would change the domain meanwhile waits for that, and then
 * does what was right for the domain of before. A domain that isn't there passes. Worker threads only.
 *
 * Returns: whether libvirt isn't in the middle of anything but a backup with the domain
 */
gboolean
strata_domain_require_settled (StrataConnection *connection, const char *uuid, GError **error)
{
  return require_no_job (connection, uuid, FALSE, error);
}

/**
 * strata_domain_require_idle:
 * @connection: a connection
 * @uuid: a domain's UUID
 * @error: where to put `STRATA_ERROR_BUSY` or another error
 *
 * As strata_domain_require_settled(), for what would end a backup, too. Worker threads only.
 *
 * Returns: whether libvirt isn't in the middle of anything with the domain
 */
gboolean
strata_domain_require_idle (StrataConnection *connection, const char *uuid, GError **error)
{
  return require_no_job (connection, uuid, TRUE, error);
}

/* Whose paths are canonical already. That nothing can be found out is no error: the domain may be off by now. */
void
strata_connection_read_jobs (StrataConnection *self, virDomainPtr domain, StrataDomainFacts *facts)
{
  g_autoptr (GString) words = g_string_new (NULL);
  Look look = { self, facts, words };
  const char *job;

  if (facts->live_xml == NULL)
    return;
  if (find_job (domain, FALSE, &job))
    facts->job = g_strdup (job);

  facts->busy_images = g_ptr_array_new_with_free_func (g_free);
  look_at_disks (&look, domain);
  look_at_backup (&look, domain);
  if (words->len > 0)
    facts->busy = g_strdup (words->str);
  else
    g_clear_pointer (&facts->busy_images, g_ptr_array_unref);
}
