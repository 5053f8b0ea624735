/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataRequest: what is wanted, as plain data. */

#include "config.h"

#include "strata-request-private.h"

G_DEFINE_BOXED_TYPE (StrataRequest, strata_request, strata_request_copy, strata_request_free)

/* These words are in journals: they may be added to, never changed. */
static const char *const kind_nicks[] = {
  [STRATA_REQUEST_TEMPLATE_CREATE] = "template-create",
  [STRATA_REQUEST_TEMPLATE_IMPORT] = "template-import",
  [STRATA_REQUEST_TEMPLATE_DEPLOY] = "template-deploy",
  [STRATA_REQUEST_SEAL_DOMAIN] = "seal-domain",
  [STRATA_REQUEST_SEAL_IMAGE] = "seal-image",
  [STRATA_REQUEST_DELETE] = "delete",
  [STRATA_REQUEST_SNAPSHOT_CREATE] = "snapshot-create",
  [STRATA_REQUEST_SNAPSHOT_REVERT] = "snapshot-revert",
  [STRATA_REQUEST_SNAPSHOT_DELETE] = "snapshot-delete",
  [STRATA_REQUEST_SNAPSHOT_EDIT] = "snapshot-edit",
  [STRATA_REQUEST_CLONE] = "clone",
  [STRATA_REQUEST_FLATTEN] = "flatten",
  [STRATA_REQUEST_MERGE] = "merge",
  [STRATA_REQUEST_RECONCILE] = "settle",
  NULL,
};

static const char *const running_nicks[] = {
  [STRATA_RUNNING_REFUSE] = "refuse",
  [STRATA_RUNNING_SHUT_DOWN] = "shut-down",
  [STRATA_RUNNING_FORCE_OFF] = "force-off",
  NULL,
};

static const char *const snapshot_kind_nicks[] = {
  [STRATA_SNAPSHOT_KIND_AUTO] = "auto",
  [STRATA_SNAPSHOT_KIND_INTERNAL] = "internal",
  [STRATA_SNAPSHOT_KIND_DISK_ONLY] = "disk-only",
  [STRATA_SNAPSHOT_KIND_MEMORY] = "memory",
  NULL,
};

static const char *const after_nicks[] = {
  [STRATA_AFTER_AS_SNAPSHOT] = "as-snapshot",
  [STRATA_AFTER_OFF] = "off",
  [STRATA_AFTER_RUNNING] = "running",
  [STRATA_AFTER_PAUSED] = "paused",
  NULL,
};

static const char *const merge_nicks[] = {
  [STRATA_MERGE_CHEAPER] = "cheaper",
  [STRATA_MERGE_COMMIT] = "commit",
  [STRATA_MERGE_PULL] = "pull",
  NULL,
};

#define FIELD(type, key, member) \
  { key, STRATA_FIELD_##type, G_STRUCT_OFFSET (StrataRequest, member), NULL }
#define ENUM(key, member, nicks) \
  { key, STRATA_FIELD_ENUM, G_STRUCT_OFFSET (StrataRequest, member), nicks }

static const StrataRequestField fields[] = {
  ENUM ("kind", kind, kind_nicks),
  FIELD (STRING, "domain", domain),
  FIELD (STRING, "domain-uuid", domain_uuid),
  FIELD (STRING, "name", name),
  FIELD (STRING, "file", file),
  FIELD (STRING, "format", format),
  FIELD (STRING, "text", text),
  FIELD (BOOLEAN, "convert", convert),
  ENUM ("running", running, running_nicks),
  FIELD (UINT, "timeout", timeout),
  FIELD (STRINGS, "operations", operations),
  FIELD (STRINGS, "accepted", accepted),
  FIELD (BOOLEAN, "full", full),
  FIELD (UINT, "count", count),
  FIELD (STRINGS, "names", names),
  FIELD (STRING, "pool", pool),
  FIELD (STRING, "network", network),
  FIELD (STRING, "hostname", hostname),
  FIELD (STRINGS, "ssh-keys", ssh_keys),
  FIELD (STRING, "root-hash", root_hash),
  FIELD (STRING, "user", user),
  FIELD (STRING, "user-hash", user_hash),
  FIELD (STRING, "first-boot", first_boot),
  FIELD (BOOLEAN, "start", start),
  FIELD (STRING, "snapshot", snapshot),
  FIELD (STRING, "snapshot-id", snapshot_id),
  FIELD (STRING, "description", description),
  ENUM ("snapshot-kind", snapshot_kind, snapshot_kind_nicks),
  FIELD (STRINGS, "disks", disks),
  FIELD (BOOLEAN, "quiesce", quiesce),
  FIELD (STRING, "save-as", save_as),
  ENUM ("after", after, after_nicks),
  FIELD (BOOLEAN, "subtree", subtree),
  FIELD (BOOLEAN, "metadata-only", metadata_only),
  ENUM ("merge", merge, merge_nicks),
  FIELD (STRING, "target", target),
  FIELD (STRING, "image", image),
  FIELD (STRING, "rename", rename),
};

const StrataRequestField *
strata_request_get_fields (guint *n_fields)
{
  *n_fields = G_N_ELEMENTS (fields);

  return fields;
}

/**
 * strata_request_new:
 * @kind: what is wanted
 *
 * Returns: (transfer full): a request to fill in
 */
StrataRequest *
strata_request_new (StrataRequestKind kind)
{
  StrataRequest *self = g_new0 (StrataRequest, 1);

  self->kind = kind;

  return self;
}

StrataRequest *
strata_request_copy (const StrataRequest *self)
{
  StrataRequest *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_memdup2 (self, sizeof *self);
  for (size_t i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      char **string = STRATA_REQUEST_MEMBER (copy, &fields[i], char *);
      GStrv *strings = STRATA_REQUEST_MEMBER (copy, &fields[i], GStrv);

      if (fields[i].type == STRATA_FIELD_STRING)
        *string = g_strdup (*string);
      else if (fields[i].type == STRATA_FIELD_STRINGS)
        *strings = g_strdupv (*strings);
    }

  return copy;
}

void
strata_request_free (StrataRequest *self)
{
  if (self == NULL)
    return;

  for (size_t i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      if (fields[i].type == STRATA_FIELD_STRING)
        g_free (*STRATA_REQUEST_MEMBER (self, &fields[i], char *));
      else if (fields[i].type == STRATA_FIELD_STRINGS)
        g_strfreev (*STRATA_REQUEST_MEMBER (self, &fields[i], GStrv));
    }
  g_free (self);
}
