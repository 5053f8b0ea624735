/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataFileChain: down from a file over what the headers say. */

#include "config.h"

#include "strata-file-chain.h"

StrataFileChain
strata_file_chain_begin (const char *path, const char *format)
{
  StrataFileChain self = { .path = g_strdup (path), .format = g_strdup (format) };

  self.met = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (path != NULL)
    g_hash_table_add (self.met, g_strdup (path));

  return self;
}

void
strata_file_chain_next (StrataFileChain *self, const char *path, const char *format)
{
  g_return_if_fail (self->path != NULL);

  if (path != NULL &&
      (g_strcmp0 (self->format, "raw") == 0 || g_hash_table_contains (self->met, path)))
    path = NULL;
  if (path != NULL)
    g_hash_table_add (self->met, g_strdup (path));
  g_set_str (&self->path, path);
  g_set_str (&self->format, format);
}

void
strata_file_chain_clear (StrataFileChain *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->format, g_free);
  g_clear_pointer (&self->met, g_hash_table_unref);
}
