/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The capability probe: what this host is and can do, asked once when the connection opens. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "strata-host-facts.h"
#include "strata-vir.h"
#include "strata-xpath.h"

/* What of a URI's parameters ssh is told, by libvirt's documents of its transports. */
static void
add_parameters (GStrvBuilder *words, GHashTable *parameters)
{
  const char *key = g_hash_table_lookup (parameters, "keyfile");

  if (key != NULL)
    g_strv_builder_add_many (words, "-i", key, NULL);
  if (g_strcmp0 (g_hash_table_lookup (parameters, "no_verify"), "1") == 0)
    g_strv_builder_add_many (words, "-o", "StrictHostKeyChecking=no", NULL);
  if (g_strcmp0 (g_hash_table_lookup (parameters, "no_tty"), "1") == 0)
    g_strv_builder_add_many (words, "-o", "BatchMode=yes", NULL);
}

static GStrv
read_ssh (GUri *uri)
{
  const char *plus = strchr (g_uri_get_scheme (uri), '+');
  const char *query = g_uri_get_query (uri);
  g_autoptr (GHashTable) parameters =
      query != NULL ? g_uri_parse_params (query, -1, "&;", G_URI_PARAMS_NONE, NULL) : NULL;
  const char *command = parameters != NULL ? g_hash_table_lookup (parameters, "command") : NULL;
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  if (plus == NULL || !g_str_has_suffix (plus, "ssh"))
    return NULL;

  g_strv_builder_add_many (words, command != NULL ? command : "ssh", "-T", NULL);
  if (g_uri_get_port (uri) > 0)
    g_strv_builder_take (words, g_strdup ("-p"));
  if (g_uri_get_port (uri) > 0)
    g_strv_builder_take (words, g_strdup_printf ("%d", g_uri_get_port (uri)));
  if (g_uri_get_user (uri) != NULL)
    g_strv_builder_add_many (words, "-l", g_uri_get_user (uri), NULL);
  if (parameters != NULL)
    add_parameters (words, parameters);
  g_strv_builder_add_many (words, "--", g_uri_get_host (uri), NULL);

  return g_strv_builder_end (words);
}

/* A URI with a host in it is served by another machine, as far as we may assume: "localhost" can be
 * the end of a tunnel. qemu+unix names a socket of this one. */
static void
read_uri (StrataHostFacts *self, virConnectPtr handle)
{
  g_autofree char *text = virConnectGetURI (handle);
  g_autoptr (GUri) uri = NULL;

  if (text != NULL)
    uri = g_uri_parse (
        text, G_URI_FLAGS_NON_DNS | G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_HAS_PASSWORD, NULL);
  if (uri == NULL)
    return;

  self->is_local = g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0';
  self->is_session = g_strcmp0 (g_uri_get_path (uri), "/session") == 0;
  if (!self->is_local)
    self->ssh = read_ssh (uri);
}

/* A remote session's home is not known to the client; a definition there names the folder. */
static void
guess_nvram_dir (StrataHostFacts *self)
{
  if (!self->is_session)
    self->nvram_dir = g_strdup ("/var/lib/libvirt/qemu/nvram");
  else if (self->is_local)
    self->nvram_dir = g_build_filename (g_get_user_config_dir (), "libvirt", "qemu", "nvram", NULL);
}

static void
read_capabilities (StrataHostFacts *self, virConnectPtr handle)
{
  g_autofree char *host = virConnectGetCapabilities (handle);
  g_autofree char *domain = virConnectGetDomainCapabilities (handle, NULL, NULL, NULL, NULL, 0);

  self->arch = strata_xpath_string (domain, "/domainCapabilities/arch");
  if (self->arch == NULL)
    self->arch = strata_xpath_string (host, "/capabilities/host/cpu/arch");
  self->emulator = strata_xpath_string (domain, "/domainCapabilities/path");
  if (self->emulator == NULL)
    self->emulator = strata_xpath_string (host, "/capabilities/guest[1]/arch/emulator");
  if (!self->is_session)
    self->uuid = strata_xpath_string (host, "/capabilities/host/uuid");
  self->can_external_snapshots =
      strata_xpath_boolean (host, "/capabilities/guest/features/externalSnapshot");
}

/**
 * strata_host_facts_new:
 * @handle: an open connection
 * @error: where to put libvirt's error
 *
 * Worker threads only. `kvm_usable` is left at %FALSE, because to know it something has to be run:
 * see strata_connection_probe_kvm().
 *
 * Returns: (transfer full): the facts, or %NULL if the daemon does not answer
 */
StrataHostFacts *
strata_host_facts_new (virConnectPtr handle, GError **error)
{
  g_autoptr (StrataHostFacts) self = g_new0 (StrataHostFacts, 1);

  if (virConnectGetLibVersion (handle, &self->libvirt_version) < 0)
    {
      strata_vir_set_error (error, _ ("Asking the host for its version"));
      return NULL;
    }

  /* A daemon whose hypervisor is missing still opens; it then has no version. */
  if (virConnectGetVersion (handle, &self->qemu_version) < 0)
    self->qemu_version = 0;
  self->driver = g_strdup (virConnectGetType (handle));
  self->hostname = virConnectGetHostname (handle);

  read_uri (self, handle);
  guess_nvram_dir (self);
  read_capabilities (self, handle);

  return g_steal_pointer (&self);
}

void
strata_host_facts_free (StrataHostFacts *self)
{
  g_free (self->driver);
  g_free (self->hostname);
  g_free (self->uuid);
  g_free (self->arch);
  g_free (self->emulator);
  g_free (self->nvram_dir);
  g_strfreev (self->ssh);
  g_free (self);
}
