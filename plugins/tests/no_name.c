/* SPDX-License-Identifier: Apache-2.0 */
/* Its component has no name. */
#define PLAIN_NAME 0
#include "plain.h"
