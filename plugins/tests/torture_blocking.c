/* SPDX-License-Identifier: Apache-2.0 */
/* The same as torture.c, as a component that is WEIR_BLOCKING. */
#define TORTURE_FLAGS WEIR_BLOCKING
#define TORTURE_NAME "torture_blocking"
#include "torture.c"
