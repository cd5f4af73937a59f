/* SPDX-License-Identifier: Apache-2.0 */
/* Its create() crashes. */
#include <stdlib.h>
#include <weir/weir.h>

static void *crash(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   (void)host, (void)options, (void)n, (void)events, (void)err, (void)err_size;
   abort();
}
#define PLAIN_CREATE crash
#include "plain.h"
