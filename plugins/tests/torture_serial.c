/* SPDX-License-Identifier: Apache-2.0 */
/* The same as torture.c, as a component that is WEIR_SERIAL. */
#define TORTURE_FLAGS WEIR_SERIAL
#define TORTURE_NAME "torture_serial"
#include "torture.c"
