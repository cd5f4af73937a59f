/* SPDX-License-Identifier: Apache-2.0 */
/* Its descriptor does not begin with WEIR_MAGIC. */
#define PLAIN_MAGIC 0x4c4f4f46u
#include "plain.h"
