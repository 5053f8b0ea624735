/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The program `strata`: sets up translations, then hands over to StrataApplication. */

#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "ui/shell/strata-application.h"

int
main (int argc, char *argv[])
{
  g_autoptr (StrataApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  application = strata_application_new ();

  return g_application_run (G_APPLICATION (application), argc, argv);
}
