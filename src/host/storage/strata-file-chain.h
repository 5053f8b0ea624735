/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The one walk down a chain of files, for what reads their headers as they are now (in a graph it is strata_graph_walk()):
 *
 *   g_auto (StrataFileChain) link = strata_file_chain_begin (top, format);
 *
 *   while (link.path != NULL)
 *     {
 *       …
 *       strata_file_chain_next (&link, image->backing_path, image->backing_format);
 *     }
 *
 * Each link is met once: a chain that loops ends.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * StrataFileChain:
 * @path: (nullable): of this link; %NULL after the last
 * @format: (nullable): what the link above, or a definition, says that it is; below a raw image is nothing, whatever a guest wrote
 *   into it
 */
typedef struct
{
  char *path;
  char *format;

  /*< private >*/
  GHashTable *met;
} StrataFileChain;

StrataFileChain strata_file_chain_begin (const char *path, const char *format);
/* PATH: (nullable): what this link stands on by its header, whatever that says of its format in FORMAT */
void strata_file_chain_next (StrataFileChain *self, const char *path, const char *format);
void strata_file_chain_clear (StrataFileChain *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataFileChain, strata_file_chain_clear)

G_END_DECLS
