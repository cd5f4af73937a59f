/* SPDX-License-Identifier: Apache-2.0 */
/* libunbound for Swift. */
#ifndef WEIR_CUNBOUND_H
#define WEIR_CUNBOUND_H

#include <unbound.h>

/* A context that works in a thread of its own, never in a forked process, and writes no log; NULL when out of memory or descriptors. */
struct ub_ctx *cunbound_context(void);

#endif
