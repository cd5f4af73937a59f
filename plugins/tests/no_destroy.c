/* SPDX-License-Identifier: Apache-2.0 */
/* Its component has no destroy(). */
#define PLAIN_DESTROY 0
#include "plain.h"
