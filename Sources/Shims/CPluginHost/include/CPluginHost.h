/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread is in the midst of: the context whose callback runs, so that host functions find it without a look-up. */
#ifndef CPLUGINHOST_H
#define CPLUGINHOST_H

#include <stdint.h>

extern _Thread_local void *cpluginhost_frame;

static inline void *cpluginhost_get_frame(void) { return cpluginhost_frame; }
static inline void cpluginhost_set_frame(void *frame) { cpluginhost_frame = frame; }

/* What tables have answered to the code that runs on this thread, and asks them again; NULL where they are waited for. */
extern _Thread_local void *cpluginhost_memo;
static inline void *cpluginhost_get_memo(void) { return cpluginhost_memo; }
static inline void cpluginhost_set_memo(void *memo) { cpluginhost_memo = memo; }

/* Whether a look-up of this thread has failed, and nobody has asked yet. */
extern _Thread_local int cpluginhost_failure;
static inline void cpluginhost_fail(void) { cpluginhost_failure = 1; }
static inline int cpluginhost_take_failure(void) {
  int failure = cpluginhost_failure;
  cpluginhost_failure = 0;
  return failure;
}

/* Which calls run in a worker: a page that it shares with the mta, one entry for each thread that calls the plugin. Written
   without a system call, and read by the mta when the worker has died or answers no more. */
enum { CPLUGINHOST_MARKS = 64, CPLUGINHOST_PAGE = 4096 };

struct cpluginhost_running {
  uint64_t call;
  uint32_t event;
  uint32_t crashed; /* the signal that this thread died of */
};

/* The last entry is that of all threads that call no plugin: they are a plugin's own. */
enum { CPLUGINHOST_FOREIGN = CPLUGINHOST_MARKS - 1 };

/* The calling thread calls the plugin for this call from now on; nested ones count as the first. */
void cpluginhost_mark(void *page, uint64_t call, uint32_t event);
/* It has returned. */
void cpluginhost_unmark(void *page);
/* One entry; call is 0 where nothing runs. */
struct cpluginhost_running cpluginhost_running(const void *page, int index);
/* Lets a signal that a crash raises be noted in the entry of its thread before it ends the process. */
void cpluginhost_note_crashes(void *page);
/* A page in memory for marks, as a descriptor that the other process maps; its size is sealed. */
int cpluginhost_page_open(void);
void *cpluginhost_page_map(int descriptor);
void cpluginhost_page_unmap(void *page);

#endif
