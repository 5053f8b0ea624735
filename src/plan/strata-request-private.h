/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "strata-request.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_FIELD_STRING,
  STRATA_FIELD_STRINGS, /* a GStrv; empty is not the same as absent */
  STRATA_FIELD_BOOLEAN,
  STRATA_FIELD_UINT,
  STRATA_FIELD_ENUM,
} StrataFieldType;

/**
 * StrataRequestField:
 * @key: its name in JSON
 * @type: its C type
 * @offset: where it is in a #StrataRequest
 * @nicks: (nullable): of an enum: the words for its values, %NULL-terminated
 *
 * A field of a request. Copying, freeing and JSON all go by the one table of them.
 */
typedef struct
{
  const char *key;
  StrataFieldType type;
  size_t offset;
  const char *const *nicks;
} StrataRequestField;

/* in the order of the struct, without a gap */
const StrataRequestField *strata_request_get_fields (guint *n_fields);

#define STRATA_REQUEST_MEMBER(request, field, type) \
  ((type *) ((char *) (request) + (field)->offset))

G_END_DECLS
