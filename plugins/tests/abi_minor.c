/* SPDX-License-Identifier: Apache-2.0 */
/* Was compiled with another minor of major 0: until major 1 host and plugin must be the same. */
#define PLAIN_ABI (WEIR_ABI + 1)
#define PLAIN_ABI_MIN WEIR_ABI
#include "plain.h"
