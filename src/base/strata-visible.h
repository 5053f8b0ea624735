/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full): TEXT with what a terminal would obey rather than show as `\x1b` or `\u202e` */
char *strata_make_visible (const char *text);
/* (transfer full): JSON, a document as text, with the same values, of visible characters only */
char *strata_make_json_visible (const char *json);
/* (transfer full): WORD as a shell reads it as that one word, itself where it needs nothing */
char *strata_quote_word (const char *word);

G_END_DECLS
