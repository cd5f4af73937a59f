/* SPDX-License-Identifier: Apache-2.0 */
/* Its create() refuses, and says why. */
#include <stdio.h>
#include <weir/weir.h>

static void *refuse(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   (void)host, (void)options, (void)n, (void)events;
   snprintf(err, err_size, "the moon is not full");
   return 0;
}
#define PLAIN_CREATE refuse
#include "plain.h"
