/* SPDX-License-Identifier: Apache-2.0 */
/* Needs a function that nobody has. */
#include <weir/weir.h>

int a_function_that_nobody_has(void);
static int32_t ask(void *self, weir_ctx *ctx, const weir_event *event) {
   (void)self, (void)ctx, (void)event;
   return a_function_that_nobody_has();
}
#define PLAIN_ON_EVENT ask
#include "plain.h"
