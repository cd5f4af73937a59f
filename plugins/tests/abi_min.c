/* SPDX-License-Identifier: Apache-2.0 */
/* Wants a newer host than there is. */
#define PLAIN_ABI_MIN (WEIR_ABI + 40)
#include "plain.h"
