/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CPluginHost.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct entry {
  _Atomic uint64_t call;
  _Atomic uint32_t event, crashed;
};
_Static_assert(sizeof(struct entry) * CPLUGINHOST_MARKS <= CPLUGINHOST_PAGE, "the entries fill a page at most");

static _Thread_local struct entry *mine;
static struct entry *foreign;
static _Thread_local int depth;
static _Atomic int taken;

static struct entry *entry_of(void *page) {
  if (mine) return mine;
  int index = __atomic_fetch_add((int *)&taken, 1, __ATOMIC_RELAXED);
  /* Threads beyond the last share it: then more than the guilty one may fail. */
  if (index >= CPLUGINHOST_FOREIGN) index = CPLUGINHOST_FOREIGN - 1;
  mine = (struct entry *)page + index;
  return mine;
}

void cpluginhost_mark(void *page, uint64_t call, uint32_t event) {
  struct entry *entry = entry_of(page);
  if (depth++ > 0) return;
  __atomic_store_n((uint32_t *)&entry->event, event, __ATOMIC_RELAXED);
  __atomic_store_n((uint64_t *)&entry->call, call, __ATOMIC_RELEASE);
}

void cpluginhost_unmark(void *page) {
  if (--depth > 0) return;
  struct entry *entry = entry_of(page);
  __atomic_store_n((uint64_t *)&entry->call, 0, __ATOMIC_RELEASE);
}

struct cpluginhost_running cpluginhost_running(const void *page, int index) {
  struct cpluginhost_running running = {0, 0, 0};
  if (!page || index < 0 || index >= CPLUGINHOST_MARKS) return running;
  const struct entry *entry = (const struct entry *)page + index;
  running.call = __atomic_load_n((const uint64_t *)&entry->call, __ATOMIC_ACQUIRE);
  running.event = __atomic_load_n((const uint32_t *)&entry->event, __ATOMIC_RELAXED);
  running.crashed = __atomic_load_n((const uint32_t *)&entry->crashed, __ATOMIC_RELAXED);
  return running;
}

/* Only stores: whatever the thread was in the midst of. The signal comes again, with its default action, when this returns;
   one that was not raised by an instruction would not, but for raise(). */
static void crashed(int signal) {
  struct entry *entry = mine ? mine : foreign;
  if (entry) __atomic_store_n((uint32_t *)&entry->crashed, (uint32_t)signal, __ATOMIC_RELEASE);
  raise(signal);
}

static char spare_stack[64 * 1024]; /* for a main thread that has used up its own */

void cpluginhost_note_crashes(void *page) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
  (void)entry_of(page);
  foreign = (struct entry *)page + CPLUGINHOST_FOREIGN;
  stack_t stack = {.ss_sp = spare_stack, .ss_size = sizeof spare_stack};
  sigaltstack(&stack, NULL);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = crashed;
  action.sa_flags = (int)(SA_RESETHAND | SA_ONSTACK);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

int cpluginhost_page_open(void) {
  int fd = memfd_create("weir-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  if (ftruncate(fd, CPLUGINHOST_PAGE) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
    int code = -errno;
    close(fd);
    return code;
  }
  return fd;
}

void *cpluginhost_page_map(int descriptor) {
  void *page = mmap(NULL, CPLUGINHOST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  return page == MAP_FAILED ? NULL : page;
}

void cpluginhost_page_unmap(void *page) { munmap(page, CPLUGINHOST_PAGE); }
