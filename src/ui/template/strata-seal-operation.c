/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataSealOperation: one thing that sealing can do to a guest, and whether it shall. */

#include "config.h"

#include "strata-seal-findings.h"
#include "strata-seal-operation.h"

struct _StrataSealOperation
{
  GObject parent_instance;

  char *name;
  char *title;
  char *detail;
  gboolean found;
  gboolean by_default;
  gboolean selected;
};

typedef enum
{
  PROP_NAME = 1,
  PROP_TITLE,
  PROP_DETAIL,
  PROP_SELECTED,
  N_PROPS,
} StrataSealOperationProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataSealOperation, strata_seal_operation, G_TYPE_OBJECT)

static void
strata_seal_operation_finalize (GObject *object)
{
  StrataSealOperation *self = STRATA_SEAL_OPERATION (object);

  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->detail, g_free);

  G_OBJECT_CLASS (strata_seal_operation_parent_class)->finalize (object);
}

static void
strata_seal_operation_get_property (GObject *object,
                                    guint prop_id,
                                    GValue *value,
                                    GParamSpec *pspec)
{
  StrataSealOperation *self = STRATA_SEAL_OPERATION (object);

  switch ((StrataSealOperationProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_DETAIL:
      g_value_set_string (value, self->detail);
      break;
    case PROP_SELECTED:
      g_value_set_boolean (value, self->selected);
      break;
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_seal_operation_set_property (GObject *object,
                                    guint prop_id,
                                    const GValue *value,
                                    GParamSpec *pspec)
{
  StrataSealOperation *self = STRATA_SEAL_OPERATION (object);

  switch ((StrataSealOperationProperty) prop_id)
    {
    case PROP_SELECTED:
      if (self->selected != g_value_get_boolean (value))
        {
          self->selected = g_value_get_boolean (value);
          g_object_notify_by_pspec (object, pspec);
        }
      break;
    case PROP_NAME:
    case PROP_TITLE:
    case PROP_DETAIL:
    case N_PROPS:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_seal_operation_class_init (StrataSealOperationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = strata_seal_operation_finalize;
  object_class->get_property = strata_seal_operation_get_property;
  object_class->set_property = strata_seal_operation_set_property;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags | G_PARAM_READABLE);
  properties[PROP_TITLE] =
      g_param_spec_string ("title", NULL, NULL, NULL, flags | G_PARAM_READABLE);
  properties[PROP_DETAIL] =
      g_param_spec_string ("detail", NULL, NULL, NULL, flags | G_PARAM_READABLE);
  properties[PROP_SELECTED] =
      g_param_spec_boolean ("selected", NULL, NULL, FALSE, flags | G_PARAM_READWRITE);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_seal_operation_init (StrataSealOperation *self)
{
}

/**
 * strata_seal_operation_new:
 * @operation: a member of the helper's list of operations
 * @facts: (nullable): what inspection found in the guest
 *
 * Returns: (transfer full): a new operation, selected if it is one of the defaults
 */
StrataSealOperation *
strata_seal_operation_new (JsonObject *operation, JsonObject *facts)
{
  StrataSealOperation *self;
  const char *description;
  const char *title;

  g_return_val_if_fail (operation != NULL, NULL);

  description = json_object_get_string_member_with_default (operation, "description", "");
  self = g_object_new (STRATA_TYPE_SEAL_OPERATION, NULL);
  self->name = g_strdup (json_object_get_string_member_with_default (operation, "name", ""));
  self->by_default = json_object_get_boolean_member_with_default (operation, "default", FALSE);
  self->selected = self->by_default;

  title = strata_seal_findings_get_title (self->name);
  self->title = g_strdup (title != NULL ? title : description);
  self->detail = facts != NULL ? strata_seal_findings_describe (self->name, facts) : NULL;
  self->found = self->detail != NULL;
  if (self->detail == NULL)
    self->detail = g_strdup (self->name);

  return self;
}

const char *
strata_seal_operation_get_name (StrataSealOperation *self)
{
  g_return_val_if_fail (STRATA_IS_SEAL_OPERATION (self), NULL);

  return self->name;
}

gboolean
strata_seal_operation_get_selected (StrataSealOperation *self)
{
  g_return_val_if_fail (STRATA_IS_SEAL_OPERATION (self), FALSE);

  return self->selected;
}

gboolean
strata_seal_operation_is_found (StrataSealOperation *self)
{
  g_return_val_if_fail (STRATA_IS_SEAL_OPERATION (self), FALSE);

  return self->found;
}

gboolean
strata_seal_operation_is_default (StrataSealOperation *self)
{
  g_return_val_if_fail (STRATA_IS_SEAL_OPERATION (self), FALSE);

  return self->by_default;
}
