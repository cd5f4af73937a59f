/* SPDX-License-Identifier: Apache-2.0 */
/* Hangs as soon as it is loaded, before anybody has called it. */
#include <stdlib.h>
#include <unistd.h>
#include "plain.h"

__attribute__((constructor)) static void at_load(void) { for (;;) pause(); }
