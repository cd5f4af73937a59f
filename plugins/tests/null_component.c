/* SPDX-License-Identifier: Apache-2.0 */
/* Its second component is a null pointer. */
#define PLAIN_SECOND 0
#define PLAIN_N_COMPONENTS 2
#include "plain.h"
