/* SPDX-License-Identifier: Apache-2.0 */
/* Its descriptor says that it has no size. */
#define PLAIN_PLUGIN_SIZE 0
#include "plain.h"
