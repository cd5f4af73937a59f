/* SPDX-License-Identifier: Apache-2.0 */
#include "CGlobalExecutor.h"

#include "CLinux.h"

#define SWIFTCALL __attribute__((swiftcall))

typedef SWIFTCALL void (*enqueue)(void *job);
/* The runtime calls it instead of its own function, which it passes along. */
extern SWIFTCALL void (*swift_task_enqueueGlobal_hook)(void *job, enqueue original);

static long jobs;

static SWIFTCALL void count(void *job, enqueue original) {
  if (clinux_thread_is_ours()) __atomic_add_fetch(&jobs, 1, __ATOMIC_SEQ_CST);
  original(job);
}

void global_executor_watch(void) { swift_task_enqueueGlobal_hook = count; }

long global_executor_jobs(void) { return __atomic_load_n(&jobs, __ATOMIC_SEQ_CST); }
