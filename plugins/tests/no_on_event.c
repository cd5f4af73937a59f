/* SPDX-License-Identifier: Apache-2.0 */
/* Its component has no on_event(). */
#define PLAIN_ON_EVENT 0
#include "plain.h"
