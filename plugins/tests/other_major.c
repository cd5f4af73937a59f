/* SPDX-License-Identifier: Apache-2.0 */
/* Was made for a host of major 1: it exports that entry only. */
#define PLAIN_ENTRY weir_plugin_v1
#include "plain.h"
