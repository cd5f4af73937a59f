/* SPDX-License-Identifier: Apache-2.0 */
/* Has no id. */
#define PLAIN_ID 0
#include "plain.h"
