/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it was compiled with major 7, under the entry of major 0. */
#define PLAIN_ABI ((7u << 16) | WEIR_ABI_MINOR)
#define PLAIN_ABI_MIN ((7u << 16) | WEIR_ABI_MINOR)
#include "plain.h"
