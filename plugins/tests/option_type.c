/* SPDX-License-Identifier: Apache-2.0 */
/* Has an option of a type that there is not. */
#include <weir/weir.h>
static const weir_option options[] = {{"depth", "1", "of no known type", 99, 0}};
#define PLAIN_OPTIONS options
#define PLAIN_N_OPTIONS 1
#include "plain.h"
