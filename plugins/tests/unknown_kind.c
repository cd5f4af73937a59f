/* SPDX-License-Identifier: Apache-2.0 */
/* Its component is of a kind that this host does not know: that component alone is left out. */
#define PLAIN_KIND 77
#include "plain.h"
