/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int csandbox_begin(int parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0) return -errno;
  return getppid() == parent ? 0 : -ESRCH;
}

int csandbox_has_seccomp(void) {
  unsigned action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static const char *const usual[] = {
    /* memory and threads */
    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "mincore", "msync", "mlock", "munlock", "membarrier", "futex", "futex_waitv",
    "set_robust_list", "get_robust_list", "set_tid_address", "rseq", "arch_prctl", "sched_yield", "sched_getaffinity", "sched_getparam",
    "sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min", "getcpu", "exit", "exit_group", "memfd_create",
    /* signals to oneself */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend", "sigaltstack", "restart_syscall", "pause",
    /* time */
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "getrusage", "alarm", "setitimer", "getitimer",
    "timer_create", "timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete", "timerfd_create", "timerfd_settime", "timerfd_gettime",
    /* who and where we are */
    "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getresuid", "getresgid", "getpgrp", "getpgid", "getsid",
    "uname", "sysinfo", "getrandom", "getcwd", "umask", "getrlimit",
    /* files, where Landlock lets them be opened */
    "open", "openat", "openat2", "close", "close_range", "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev",
    "pwritev2", "lseek", "stat", "fstat", "lstat", "newfstatat", "fstatat64", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "getdents", "getdents64", "dup", "dup2", "dup3", "fadvise64", "flock", "fsync", "fdatasync", "ftruncate", "truncate",
    "fallocate", "copy_file_range", "sendfile", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat",
    "mkdir", "mkdirat", "rmdir", "utimensat",
    /* waiting, and talking through descriptors that are there */
    "pipe", "pipe2", "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "eventfd", "eventfd2", "recvmsg", "sendmsg", "recvfrom", "sendto", "recvmmsg", "sendmmsg", "shutdown", "getsockopt",
};

static const char *const sockets[] = {"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "getsockname", "getpeername", "setsockopt"};

static int allow_all(scmp_filter_ctx filter, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int number = seccomp_syscall_resolve_name(names[i]);
    /* One that this architecture does not have needs no rule. */
    if (number < 0) continue;
    int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    if (result < 0) return result;
  }
  return 0;
}

static int allow_values(scmp_filter_ctx filter, int number, unsigned argument, const unsigned long *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_CMP32(argument, SCMP_CMP_EQ, (unsigned int)values[i], 0u));
    if (result < 0) return result;
  }
  return 0;
}

#define VALUES(...) (const unsigned long[]){__VA_ARGS__}, sizeof((const unsigned long[]){__VA_ARGS__}) / sizeof(unsigned long)
#define TRY(call) if ((result = (call)) < 0) goto out

/* Stands for the process that the filter will be in: no process has such an id, and no other value of a rule is like it. */
enum { SELF = 0x7e57face };

static int make_filter(scmp_filter_ctx filter, int network) {
  int result;
  TRY(allow_all(filter, usual, sizeof usual / sizeof *usual));
  if (network) TRY(allow_all(filter, sockets, sizeof sockets / sizeof *sockets));
  /* Threads, but no processes. clone3's flags cannot be seen here: who tries it hears that there is none, and takes clone. */
  TRY(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM)));
  TRY(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
  TRY(allow_values(filter, SCMP_SYS(kill), 0, VALUES(SELF)));
  TRY(allow_values(filter, SCMP_SYS(tgkill), 0, VALUES(SELF)));
  TRY(allow_values(filter, SCMP_SYS(prlimit64), 0, VALUES(0, SELF)));
  TRY(allow_values(filter, SCMP_SYS(prctl), 0, VALUES(PR_SET_NAME, PR_GET_NAME)));
  TRY(allow_values(filter, SCMP_SYS(ioctl), 1, VALUES(FIONREAD, FIONBIO, TCGETS)));
  /* Not those that send signals when a descriptor becomes ready. O_ASYNC alone signals nobody without an owner, who cannot be set. */
  TRY(allow_values(filter, SCMP_SYS(fcntl), 1, VALUES(F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK,
                                                      F_OFD_SETLKW, F_DUPFD_CLOEXEC, F_ADD_SEALS, F_GET_SEALS)));
out:
  return result;
}

static int read_all(int file, char *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t count = pread(file, bytes + done, size - done, (off_t)done);
    if (count <= 0) return count == 0 ? -EIO : -errno;
    done += (size_t)count;
  }
  return 0;
}

int csandbox_filter_make(int network, struct csandbox_filter *made) {
  made->instructions = NULL;
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  int file = memfd_create("filter", MFD_CLOEXEC);
  int result = !filter ? -ENOMEM : file < 0 ? -errno : 0;
  if (result < 0) goto out;
  TRY(make_filter(filter, network));
  TRY(seccomp_export_bpf(filter, file));
  off_t size = lseek(file, 0, SEEK_END);
  result = -EIO;
  if (size <= 0 || (size_t)size % sizeof(struct sock_filter) != 0 || (size_t)size / sizeof(struct sock_filter) > BPF_MAXINSNS) goto out;
  result = -ENOMEM;
  if (!(made->instructions = malloc((size_t)size))) goto out;
  made->count = (uint16_t)((size_t)size / sizeof(struct sock_filter));
  TRY(read_all(file, (char *)made->instructions, (size_t)size));
out:
  if (result < 0) csandbox_filter_free(made);
  if (file >= 0) close(file);
  if (filter) seccomp_release(filter);
  return result < 0 ? result : 0;
}

void csandbox_filter_free(struct csandbox_filter *filter) {
  free(filter->instructions);
  filter->instructions = NULL;
}

int csandbox_filter_enter(const struct csandbox_filter *filter) {
  struct sock_filter own[BPF_MAXINSNS];
  struct sock_fprog program = {.len = filter->count, .filter = own};
  int found = 0;
  if (!filter->instructions || filter->count > BPF_MAXINSNS) return -EINVAL;
  memcpy(own, filter->instructions, filter->count * sizeof *own);
  for (unsigned i = 0; i < filter->count; i++) {
    if (own[i].k != SELF) continue;
    if (own[i].code != (BPF_JMP | BPF_JEQ | BPF_K)) return -EINVAL;
    own[i].k = (uint32_t)getpid();
    found++;
  }
  /* kill, tgkill, prlimit64 */
  if (found < 1) return -EINVAL;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0 ? 0 : -errno;
}

static uint64_t address_space(void) {
  FILE *file = fopen("/proc/self/statm", "re");
  unsigned long pages = 0;
  if (file) {
    if (fscanf(file, "%lu", &pages) != 1) pages = 0;
    fclose(file);
  }
  return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int limit(int resource, uint64_t value) {
  struct rlimit now, wanted = {.rlim_cur = value, .rlim_max = value};
  if (getrlimit(resource, &now) < 0) return -errno;
  if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value) wanted.rlim_cur = wanted.rlim_max = now.rlim_max;
  return setrlimit(resource, &wanted) < 0 ? -errno : 0;
}

int csandbox_limits(uint64_t memory, uint64_t descriptors, int writes) {
  int result = limit(RLIMIT_CORE, 0);
  if (result == 0 && !writes) result = limit(RLIMIT_FSIZE, 0);
  if (result == 0) result = limit(RLIMIT_NOFILE, descriptors);
  if (result == 0) result = limit(RLIMIT_MEMLOCK, 0);
  if (result == 0) result = limit(RLIMIT_AS, address_space() + memory);
  return result;
}
