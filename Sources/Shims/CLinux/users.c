/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "users.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's setgroups changes every thread of the process; the system calls change the calling thread only. */
int clinux_assume_user(uid_t uid, gid_t gid, const gid_t *groups, size_t count) {
  if (uid == 0 || gid == 0 || uid == (uid_t)-1 || gid == (gid_t)-1) return -EPERM;
  if (syscall(SYS_setgroups, count, groups) < 0) return -errno;
  syscall(SYS_setfsgid, gid);
  syscall(SYS_setfsuid, uid);
  /* setfsuid and setfsgid do not tell of failure: an invalid id changes nothing and answers the present one. */
  if ((gid_t)syscall(SYS_setfsgid, -1) != gid || (uid_t)syscall(SYS_setfsuid, -1) != uid) return -EPERM;
  return 0;
}

static int keep_capabilities(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}, {0}};
  data[0].effective = data[0].permitted = 1u << CAP_SETUID | 1u << CAP_SETGID;
  return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int clinux_keep_setid(uid_t uid, gid_t gid) {
  if (uid == 0 || gid == 0) return -EPERM;
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return -errno;
  if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0) return -errno;
  int failed = keep_capabilities();
  if (failed) return failed;
  if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}
