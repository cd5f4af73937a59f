/* SPDX-License-Identifier: Apache-2.0 */
/* Its descriptor ends before its components. */
#define PLAIN_PLUGIN_SIZE 16
#include "plain.h"
