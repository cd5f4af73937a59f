/* SPDX-License-Identifier: Apache-2.0 */
/* Has no components. */
#define PLAIN_N_COMPONENTS 0
#include "plain.h"
