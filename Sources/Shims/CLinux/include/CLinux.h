/* SPDX-License-Identifier: Apache-2.0 */
/* What Swift cannot import from Linux and glibc: macros, variadic calls and what needs _GNU_SOURCE.
   One header per area; each has a .c file of the same name that defines _GNU_SOURCE. */
#ifndef WEIR_CLINUX_H
#define WEIR_CLINUX_H

#include "disk.h"
#include "loop.h"
#include "users.h"
#include "net.h"
#include "process.h"
#include "service.h"

#endif
