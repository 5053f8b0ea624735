/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The unit that makes SSH host keys at a clone's first start, and what enables it. */
#define STRATA_SEAL_UNIT      "/etc/systemd/system/strata-ssh-hostkeys.service"
#define STRATA_SEAL_UNIT_LINK "/etc/systemd/system/multi-user.target.wants/strata-ssh-hostkeys.service"

/**
 * StrataSealFacts:
 * @linux_guest: the guest is Linux
 * @systemd: systemd starts it
 * @sshd: an SSH server is installed
 * @makes_own_host_keys: and makes host keys when there are none, without our help
 * @cloud_init: cloud-init is installed, or has left its state
 * @has_machine_id: /etc/machine-id exists
 * @machine_id_empty: and is empty
 * @dbus_machine_id: /var/lib/dbus/machine-id is a file of its own, no link
 * @var_log: /var/log is a folder
 * @core_file: /core is a file
 * @homes: (nullable): home directories beyond /root and those in /home
 *
 * What the recipe depends on, as an inspection of the guest found it.
 */
typedef struct
{
  gboolean linux_guest;
  gboolean systemd;
  gboolean sshd;
  gboolean makes_own_host_keys;
  gboolean cloud_init;
  gboolean has_machine_id;
  gboolean machine_id_empty;
  gboolean dbus_machine_id;
  gboolean var_log;
  gboolean core_file;
  char   **homes;
} StrataSealFacts;

void   strata_seal_facts_clear (StrataSealFacts       *self);

char **strata_seal_recipe_argv (const char            *program,
                                GPtrArray             *disks,
                                const StrataSealFacts *facts,
                                const char *const     *operations);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataSealFacts, strata_seal_facts_clear)

G_END_DECLS
