/* SPDX-License-Identifier: Apache-2.0 */
/* Returns no descriptor. */
#define PLAIN_ENTRY unused
#include "plain.h"

const weir_plugin *weir_plugin_v0(void) { return 0; }
