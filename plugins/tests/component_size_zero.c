/* SPDX-License-Identifier: Apache-2.0 */
/* Its component says that it has no size. */
#define PLAIN_SIZE 0
#include "plain.h"
