/* SPDX-License-Identifier: GPL-3.0-or-later */

/* StrataMachineView: what the pages and groups that show one machine have in common. */

#include "config.h"

#include "strata-machine-view.h"

typedef struct
{
  StrataHost *host;
  StrataMachine *machine;
  StrataJobQueue *queue;
} StrataMachineViewPrivate;

enum
{
  PROP_0,
  PROP_HOST,
  PROP_MACHINE,
  PROP_QUEUE,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (StrataMachineView, strata_machine_view, ADW_TYPE_BIN)

static StrataMachineViewPrivate *
get_private (StrataMachineView *self)
{
  return strata_machine_view_get_instance_private (self);
}

static gboolean
accepts (StrataMachineView *self, StrataMachine *machine)
{
  StrataMachineViewClass *klass = STRATA_MACHINE_VIEW_GET_CLASS (self);

  return machine == NULL || klass->accepts == NULL || klass->accepts (machine);
}

static void
strata_machine_view_dispose (GObject *object)
{
  StrataMachineViewPrivate *priv = get_private (STRATA_MACHINE_VIEW (object));

  g_clear_object (&priv->queue);
  g_clear_object (&priv->machine);
  g_clear_object (&priv->host);

  G_OBJECT_CLASS (strata_machine_view_parent_class)->dispose (object);
}

static void
strata_machine_view_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  StrataMachineViewPrivate *priv = get_private (STRATA_MACHINE_VIEW (object));

  switch (prop_id)
    {
    case PROP_HOST:
      g_value_set_object (value, priv->host);
      break;
    case PROP_MACHINE:
      g_value_set_object (value, priv->machine);
      break;
    case PROP_QUEUE:
      g_value_set_object (value, priv->queue);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_machine_view_set_property (GObject *object,
                                  guint prop_id,
                                  const GValue *value,
                                  GParamSpec *pspec)
{
  StrataMachineView *self = STRATA_MACHINE_VIEW (object);
  StrataMachineViewPrivate *priv = get_private (self);
  gboolean changed = FALSE;

  switch (prop_id)
    {
    case PROP_HOST:
      changed = g_set_object (&priv->host, g_value_get_object (value));
      break;
    case PROP_MACHINE:
      changed = accepts (self, g_value_get_object (value)) &&
                g_set_object (&priv->machine, g_value_get_object (value));
      break;
    case PROP_QUEUE:
      changed = g_set_object (&priv->queue, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }

  if (!changed)
    return;
  if (STRATA_MACHINE_VIEW_GET_CLASS (self)->subject_changed != NULL)
    STRATA_MACHINE_VIEW_GET_CLASS (self)->subject_changed (self);
  g_object_notify_by_pspec (object, pspec);
}

static void
strata_machine_view_class_init (StrataMachineViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_machine_view_dispose;
  object_class->get_property = strata_machine_view_get_property;
  object_class->set_property = strata_machine_view_set_property;

  properties[PROP_HOST] = g_param_spec_object ("host", NULL, NULL, STRATA_TYPE_HOST, flags);
  properties[PROP_MACHINE] =
      g_param_spec_object ("machine", NULL, NULL, STRATA_TYPE_MACHINE, flags);
  properties[PROP_QUEUE] = g_param_spec_object ("queue", NULL, NULL, STRATA_TYPE_JOB_QUEUE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_machine_view_init (StrataMachineView *self)
{
}

StrataHost *
strata_machine_view_get_host (StrataMachineView *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE_VIEW (self), NULL);

  return get_private (self)->host;
}

StrataMachine *
strata_machine_view_get_machine (StrataMachineView *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE_VIEW (self), NULL);

  return get_private (self)->machine;
}

StrataJobQueue *
strata_machine_view_get_queue (StrataMachineView *self)
{
  g_return_val_if_fail (STRATA_IS_MACHINE_VIEW (self), NULL);

  return get_private (self)->queue;
}
