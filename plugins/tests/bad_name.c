/* SPDX-License-Identifier: Apache-2.0 */
/* Its component has a name that no configuration can hold. */
#define PLAIN_NAME "two words"
#include "plain.h"
