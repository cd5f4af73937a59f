/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it has options, but where they are it does not say. */
#define PLAIN_OPTIONS 0
#define PLAIN_N_OPTIONS 3
#include "plain.h"
