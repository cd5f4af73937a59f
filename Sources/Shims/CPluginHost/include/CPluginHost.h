/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread is in the midst of: the context whose callback runs, so that host functions find it without a look-up. */
#ifndef CPLUGINHOST_H
#define CPLUGINHOST_H

extern _Thread_local void *cpluginhost_frame;

static inline void *cpluginhost_get_frame(void) { return cpluginhost_frame; }
static inline void cpluginhost_set_frame(void *frame) { cpluginhost_frame = frame; }

#endif
