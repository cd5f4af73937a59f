/* SPDX-License-Identifier: Apache-2.0 */
/* Its component has no create(). */
#define PLAIN_CREATE 0
#include "plain.h"
