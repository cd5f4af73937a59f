/* SPDX-License-Identifier: Apache-2.0 */
#include "CUnbound.h"

#include <stddef.h>

struct ub_ctx *cunbound_context(void) {
  struct ub_ctx *context = ub_ctx_create();
  if (!context) return NULL;
  if (ub_ctx_async(context, 1) == 0 && ub_ctx_debugout(context, NULL) == 0) return context;
  ub_ctx_delete(context);
  return NULL;
}
