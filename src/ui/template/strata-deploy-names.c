/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataDeployNames: how many clones, and what each is called: a pattern proposes, the person disposes. */

#include "config.h"

#include <glib/gi18n.h>

#include "plan/strata-request.h"
#include "strata-deploy-names.h"
#include "plan/strata-name.h"

/* Where numbers go on from when the first ones are taken. */
#define MAX_FIRST 9999

struct _StrataDeployNames
{
  AdwBin parent_instance;

  StrataHost *host;
  GPtrArray *rows; /* AdwEntryRow, owned by names_row */
  gboolean valid;

  GtkSpinButton *count_button;
  AdwEntryRow *pattern_row;
  AdwExpanderRow *names_row;
  GtkLabel *problem_label;
};

typedef enum
{
  PROP_COUNT = 1,
  PROP_VALID,
  N_PROPS,
} StrataDeployNamesProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataDeployNames, strata_deploy_names, ADW_TYPE_BIN)

/* (transfer full) (nullable): why NAME, the INDEXth, won't do */
static char *
find_problem (StrataDeployNames *self, char **names, guint index)
{
  g_autoptr (GError) error = NULL;

  if (!strata_name_check (names[index], &error))
    return g_strdup (error->message);
  if (self->host != NULL && strata_host_find (self->host, names[index]) != NULL)
    return g_strdup_printf (_ ("There is a machine named “%s” already."), names[index]);

  for (guint i = 0; i < index; i++)
    {
      if (g_str_equal (names[i], names[index]))
        return g_strdup_printf (_ ("Two clones would be named “%s”."), names[index]);
    }

  return NULL;
}

static void
set_problem (StrataDeployNames *self, const char *problem)
{
  gboolean valid = problem == NULL;

  gtk_label_set_label (self->problem_label, problem != NULL ? problem : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem_label), !valid);
  if (self->valid == valid)
    return;

  self->valid = valid;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALID]);
}

static void
summarise (StrataDeployNames *self, char **names)
{
  guint n = g_strv_length (names);
  g_autofree char *text = NULL;

  if (n <= 3)
    text = g_strjoinv (", ", names);
  else
    /* Translators: the first and the last of many names. */
    text = g_strdup_printf (_ ("%s, %s … %s"), names[0], names[1], names[n - 1]);

  adw_expander_row_set_subtitle (self->names_row, text);
}

static void
check_names (StrataDeployNames *self)
{
  g_auto (GStrv) names = strata_deploy_names_dup_names (self);
  g_autofree char *first_problem = NULL;

  for (guint i = 0; i < self->rows->len; i++)
    {
      GtkWidget *row = g_ptr_array_index (self->rows, i);
      g_autofree char *problem = find_problem (self, names, i);

      gtk_widget_set_tooltip_text (row, problem);
      if (problem != NULL)
        gtk_widget_add_css_class (row, "error");
      else
        gtk_widget_remove_css_class (row, "error");
      if (first_problem == NULL)
        first_problem = g_steal_pointer (&problem);
    }

  summarise (self, names);
  set_problem (self, first_problem);
}

static void
resize_rows (StrataDeployNames *self, guint count)
{
  while (self->rows->len > count)
    {
      adw_expander_row_remove (self->names_row,
                               g_ptr_array_index (self->rows, self->rows->len - 1));
      g_ptr_array_set_size (self->rows, self->rows->len - 1);
    }

  while (self->rows->len < count)
    {
      GtkWidget *row = adw_entry_row_new ();
      /* Translators: %u counts clones from 1. */
      g_autofree char *title = g_strdup_printf (_ ("Clone %u"), self->rows->len + 1);

      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
      g_signal_connect_object (row, "changed", G_CALLBACK (check_names), self, G_CONNECT_SWAPPED);
      adw_expander_row_add_row (self->names_row, row);
      g_ptr_array_add (self->rows, row);
    }
}

/* The names of the first run of numbers of which none is taken. */
static GStrv
expand_freely (StrataDeployNames *self, const char *pattern, guint count, GError **error)
{
  guint first = 1;

  while (TRUE)
    {
      g_auto (GStrv) names = strata_name_pattern_expand (pattern, first, count, error);
      guint taken = G_MAXUINT;

      if (names == NULL)
        return NULL;

      for (guint i = 0; self->host != NULL && names[i] != NULL; i++)
        {
          if (strata_host_find (self->host, names[i]) != NULL)
            taken = i;
        }
      if (taken == G_MAXUINT || strchr (pattern, '%') == NULL || first > MAX_FIRST)
        return g_steal_pointer (&names);

      first += taken + 1;
    }
}

static guint
get_count (StrataDeployNames *self)
{
  return self->count_button != NULL ? (guint) gtk_spin_button_get_value_as_int (self->count_button)
                                    : 0;
}

static void
pattern_changed_cb (StrataDeployNames *self)
{
  const char *pattern = gtk_editable_get_text (GTK_EDITABLE (self->pattern_row));
  guint count = get_count (self);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = NULL;

  if (self->rows == NULL)
    return;

  names = expand_freely (self, pattern, count, &error);
  if (names == NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->pattern_row), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->pattern_row), "error");

  resize_rows (self, count);
  for (guint i = 0; names != NULL && i < count; i++)
    gtk_editable_set_text (g_ptr_array_index (self->rows, i), names[i]);

  if (names != NULL)
    check_names (self);
  else
    set_problem (self, error->message);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COUNT]);
}

static void
strata_deploy_names_dispose (GObject *object)
{
  StrataDeployNames *self = STRATA_DEPLOY_NAMES (object);

  g_clear_pointer (&self->rows, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_DEPLOY_NAMES);
  g_clear_object (&self->host);

  G_OBJECT_CLASS (strata_deploy_names_parent_class)->dispose (object);
}

static void
strata_deploy_names_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataDeployNames *self = STRATA_DEPLOY_NAMES (object);

  switch ((StrataDeployNamesProperty) prop_id)
    {
    case PROP_COUNT:
      g_value_set_uint (value, get_count (self));
      break;
    case PROP_VALID:
      g_value_set_boolean (value, self->valid);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_deploy_names_class_init (StrataDeployNamesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_deploy_names_dispose;
  object_class->get_property = strata_deploy_names_get_property;

  properties[PROP_COUNT] = g_param_spec_uint ("count", NULL, NULL, 0, G_MAXUINT, 1, flags);
  properties[PROP_VALID] = g_param_spec_boolean ("valid", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/stratavm/Strata/strata-deploy-names.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataDeployNames, count_button);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployNames, pattern_row);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployNames, names_row);
  gtk_widget_class_bind_template_child (widget_class, StrataDeployNames, problem_label);
  gtk_widget_class_bind_template_callback (widget_class, pattern_changed_cb);
}

static void
strata_deploy_names_init (StrataDeployNames *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->rows = g_ptr_array_new ();
}

/**
 * strata_deploy_names_propose:
 * @self: the widget
 * @host: where the clones will be
 * @template_name: name of the template, "template-web"
 *
 * Proposes a pattern, "web-%02d".
 */
void
strata_deploy_names_propose (StrataDeployNames *self, StrataHost *host, const char *template_name)
{
  g_autofree char *pattern = NULL;
  const char *stem = template_name;

  g_return_if_fail (STRATA_IS_DEPLOY_NAMES (self));
  g_return_if_fail (template_name != NULL);

  g_set_object (&self->host, host);
  if (g_str_has_prefix (stem, "template-") && stem[strlen ("template-")] != '\0')
    stem += strlen ("template-");
  pattern = g_strdup_printf ("%s-%%02d", stem);
  gtk_editable_set_text (GTK_EDITABLE (self->pattern_row), pattern);
}

/**
 * strata_deploy_names_dup_names:
 * @self: the widget
 *
 * Returns: (transfer full): the names as they are now
 */
char **
strata_deploy_names_dup_names (StrataDeployNames *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_return_val_if_fail (STRATA_IS_DEPLOY_NAMES (self), NULL);

  for (guint i = 0; i < self->rows->len; i++)
    g_strv_builder_add (builder, gtk_editable_get_text (g_ptr_array_index (self->rows, i)));

  return g_strv_builder_end (builder);
}
