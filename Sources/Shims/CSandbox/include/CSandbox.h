/* SPDX-License-Identifier: Apache-2.0 */
/* What a process gives up for good before it runs code of others: Landlock by its system calls, seccomp by libseccomp. All return -errno on failure. */
#ifndef WEIR_CSANDBOX_H
#define WEIR_CSANDBOX_H

#include <stddef.h>
#include <stdint.h>

/* SIGKILL when the thread that started us ends; -ESRCH if it has already. No set-id bit has an effect from now on; nobody may trace us. */
int csandbox_begin(int parent);
/* The version of Landlock that this kernel has; negative where it has none. */
int csandbox_landlock_version(void);
/* Whether this kernel has filters for system calls. */
int csandbox_has_seccomp(void);
/* From now on only these files, and what is below these folders, can be opened: the first ones for reading, the others for writing, too.
   Paths that are not there are left out. Without network also no TCP port, where the kernel knows how. */
int csandbox_landlock(const char *const *readable, size_t readable_count, const char *const *writable, size_t writable_count, int network);
/* The system calls that a computation needs; network adds those for sockets. Made once, for many processes: that takes longer than all else here. */
struct csandbox_filter {
  struct sock_filter *instructions;
  uint16_t count;
};
int csandbox_filter_make(int network, struct csandbox_filter *made);
void csandbox_filter_free(struct csandbox_filter *filter);
/* From now on only those, in all threads. */
int csandbox_filter_enter(const struct csandbox_filter *filter);
/* At most so much more address space than there is now, so many descriptors, no core dump; no file grows unless writes is set. */
int csandbox_limits(uint64_t memory, uint64_t descriptors, int writes);

#endif
