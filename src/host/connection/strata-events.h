/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>
#include <libvirt/libvirt.h>

G_BEGIN_DECLS

/**
 * StrataEventKind:
 * @STRATA_EVENT_DOMAIN_CHANGED: the key is a UUID
 * @STRATA_EVENT_DOMAIN_LEFT: stopped or was undefined: it may be gone now; the key is a UUID
 * @STRATA_EVENT_DOMAIN_REVERTED: went back to a snapshot by libvirt's own way, so that the metadata may be unsound;
 *   the key is a UUID
 * @STRATA_EVENT_POOL_CHANGED: the key is a pool's name
 * @STRATA_EVENT_CLOSED: the daemon went away; no key
 */
typedef enum
{
  STRATA_EVENT_DOMAIN_CHANGED,
  STRATA_EVENT_DOMAIN_LEFT,
  STRATA_EVENT_DOMAIN_REVERTED,
  STRATA_EVENT_POOL_CHANGED,
  STRATA_EVENT_CLOSED,
} StrataEventKind;

/* Called on the default main context, and only while TARGET lives. */
typedef void (*StrataEventFunc) (GObject         *target,
                                 StrataEventKind  kind,
                                 const char      *key);

typedef struct _StrataEvents StrataEvents;

StrataEvents *strata_events_new  (virConnectPtr    handle,
                                  GObject         *target,
                                  StrataEventFunc  func);
void          strata_events_free (StrataEvents    *self);

G_END_DECLS
