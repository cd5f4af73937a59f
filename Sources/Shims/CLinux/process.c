/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timex.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int checked(int result) { return result < 0 ? -errno : result; }

static int fail(int fd) {
  int code = -errno;
  close(fd);
  return code;
}

static void handled(sigset_t *set) {
  static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, SIGQUIT};
  sigemptyset(set);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaddset(set, signals[i]);
}

int clinux_block_signals(void) {
  sigset_t set;
  handled(&set);
  signal(SIGPIPE, SIG_IGN);
  return checked(sigprocmask(SIG_BLOCK, &set, NULL));
}

int clinux_wait_signal(int timeout_ms) {
  sigset_t set;
  handled(&set);
  if (timeout_ms < 0) {
    int result = sigwaitinfo(&set, NULL);
    return result < 0 && errno == EINTR ? 0 : checked(result);
  }
  struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = (timeout_ms % 1000) * 1000000L};
  int result = sigtimedwait(&set, NULL, &timeout);
  return result < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : checked(result);
}

#define HIGH 512 /* above any descriptor that is handed down */
#define MOST 500 /* descriptors that can be handed down */

/* Moves the descriptors to 3, 4, ...; all others close on exec. */
static int place(const int *fds, size_t count) {
  if (syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) < 0) return -1;
  int moved[MOST];
  if (count > MOST) {
    errno = E2BIG;
    return -1;
  }
  for (size_t i = 0; i < count; i++)
    if ((moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, HIGH)) < 0) return -1;
  for (size_t i = 0; i < count; i++)
    if (dup2(moved[i], 3 + (int)i) < 0) return -1;
  return 0;
}

static int drop_capabilities(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[2] = {{0}, {0}};
  return (int)syscall(SYS_capset, &header, none);
}

/* A process that is not root keeps the right to become others when it becomes somebody: that goes, too. */
static int become(const struct clinux_identity *identity) {
  if (!identity->change) return 0;
  if (setgroups(identity->group_count, identity->groups) < 0) return -1;
  if (setresgid(identity->gid, identity->gid, identity->gid) < 0) return -1;
  int was_root = geteuid() == 0;
  if (setresuid(identity->uid, identity->uid, identity->uid) < 0) return -1;
  return was_root ? 0 : drop_capabilities();
}

int clinux_spawn(
    const char *path, char *const argv[], char *const environment[], const int *fds, size_t fd_count, const struct clinux_identity *identity) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) return -errno;
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int out = fcntl(report[1], F_DUPFD_CLOEXEC, HIGH);
    if (out >= 0 && place(fds, fd_count) == 0 && become(identity) == 0 && prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent)
      execve(path, argv, environment ? environment : environ);
    int code = errno;
    if (write(out, &code, sizeof code) < 0) _exit(126);
    _exit(127);
  }
  int code = pid < 0 ? errno : 0;
  close(report[1]);
  if (pid > 0 && read(report[0], &code, sizeof code) != sizeof code) code = 0;
  close(report[0]);
  if (code != 0 && pid > 0) waitpid(pid, NULL, 0);
  return code != 0 ? -code : pid;
}

int clinux_spawn_detached(const char *path, char *const argv[]) {
  pid_t pid = fork();
  if (pid != 0) return pid < 0 ? -errno : pid;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int nothing = open("/dev/null", O_RDWR);
  if (setsid() < 0 || chdir("/") < 0 || nothing < 0) _exit(127);
  for (int fd = 0; fd <= 2; fd++) dup2(nothing, fd);
  if (nothing > 2) close(nothing);
  execv(path, argv);
  _exit(127);
}

int clinux_pipe(int ends[2], int ours) {
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  return checked(fcntl(ends[ours], F_SETFL, O_NONBLOCK));
}

/* In the child: only what is safe between fork and exec. */
static void run_program(const struct clinux_program *program) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  /* What it writes is its user's alone, as with Postfix. */
  umask(077);
  setsid();
  if (dup2(program->input, 0) < 0 || dup2(program->output, 1) < 0 || dup2(program->output, 2) < 0) return;
  if (syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) < 0) return;
  if (program->root && (chroot(program->root) < 0 || chdir("/") < 0)) return;
  if (become(&program->identity) < 0) return;
  if (program->directory && chdir(program->directory) < 0) return;
  execve(program->path, program->argv, program->environment);
}

int clinux_start_program(const struct clinux_program *program) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) return -errno;
  pid_t pid = fork();
  if (pid == 0) {
    int out = fcntl(report[1], F_DUPFD_CLOEXEC, HIGH);
    run_program(program);
    int code = errno;
    if (write(out, &code, sizeof code) < 0) _exit(126);
    _exit(127);
  }
  int code = pid < 0 ? errno : 0;
  close(report[1]);
  if (pid > 0 && read(report[0], &code, sizeof code) != sizeof code) code = 0;
  close(report[0]);
  if (code != 0 && pid > 0) waitpid(pid, NULL, 0);
  return code != 0 ? -code : pid;
}

int clinux_has_ended(int pid, int *status) {
  pid_t ended;
  do ended = waitpid(pid, status, WNOHANG);
  while (ended < 0 && errno == EINTR);
  if (ended < 0) *status = 0;
  return ended != 0;
}

int clinux_reap(int *status) {
  int raw = 0;
  pid_t pid = waitpid(-1, &raw, WNOHANG);
  if (pid <= 0) return 0;
  *status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
  return pid;
}

int clinux_wait_child(int pid) {
  int raw = 0;
  pid_t ended;
  do ended = waitpid(pid, &raw, 0);
  while (ended < 0 && errno == EINTR);
  if (ended < 0) return -errno;
  return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

/* Of many threads at nice 19 each has its small share; those that are idle have next to none together. */
static int be_idle(int id) {
  struct sched_param none = {0};
  setpriority(PRIO_PROCESS, (id_t)id, 19);
  return checked(sched_setscheduler(id, SCHED_IDLE, &none));
}

int clinux_be_nice(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  int result = be_idle(pid);
  DIR *tasks = opendir(path);
  if (!tasks) return result;
  for (struct dirent *task; (task = readdir(tasks));) {
    int id = atoi(task->d_name);
    if (id > 0) be_idle(id);
  }
  closedir(tasks);
  return result;
}

int clinux_fork(const int *fds, size_t count) {
  pid_t pid = fork();
  if (pid != 0) return checked(pid);
  if (place(fds, count) < 0 || syscall(SYS_close_range, 3u + (unsigned)count, ~0u, 0u) < 0) _exit(127);
  return 0;
}

int clinux_signal_descriptor(void) {
  sigset_t set;
  handled(&set);
  return checked(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

int clinux_next_signal(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int clinux_kill(int pid, int signal) { return checked(kill(pid, signal)); }

int clinux_kill_group_as(int pid, uint32_t uid) {
  pid_t child = fork();
  if (child == 0) {
    if (setresuid(uid, uid, uid) < 0) _exit(1);
    kill(-pid, SIGKILL);
    _exit(kill(pid, SIGKILL) < 0 && errno != ESRCH);
  }
  return child < 0 ? -errno : clinux_wait_child(child);
}

int clinux_set_undumpable(void) { return checked(prctl(PR_SET_DUMPABLE, 0)); }

int clinux_processors(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) < 0 ? -errno : CPU_COUNT(&set);
}

int clinux_terminal_width(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) < 0 ? -errno : size.ws_col;
}

void clinux_local_time(int64_t seconds, struct clinux_time *out) {
  time_t time = (time_t)seconds;
  struct tm tm;
  memset(&tm, 0, sizeof tm);
  localtime_r(&time, &tm);
  *out = (struct clinux_time){tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_wday, (int)tm.tm_gmtoff};
}

int clinux_hostname(char *name, size_t size) {
  if (gethostname(name, size) < 0) return -errno;
  name[size - 1] = 0;
  return 0;
}

int clinux_clock_is_synchronized(void) {
  struct timex state = {0};
  int result = adjtimex(&state);
  return result < 0 ? -errno : result != TIME_ERROR && !(state.status & STA_UNSYNC);
}

int clinux_memory_file(const char *name) { return checked(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)); }

int clinux_memory_seal(int fd, size_t length) {
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  if ((size_t)status.st_size != length) return -ENOSPC;
  return checked(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
}

static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -errno;
    bytes += n;
    length -= (size_t)n;
  }
  return 0;
}

int clinux_memory_of(const char *name, const void *first, size_t first_length, const void *second, size_t second_length) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  int result = write_all(fd, first, first_length);
  if (result == 0) result = write_all(fd, second, second_length);
  if (result == 0) result = checked(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
  if (result == 0) return fd;
  close(fd);
  return result;
}

int clinux_make_folder(const char *path, unsigned mode, uint32_t uid, uint32_t gid) {
  struct stat status;
  if (stat(path, &status) == 0) return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
  if (mkdir(path, mode) < 0) return -errno;
  if (geteuid() == 0 && chown(path, uid, gid) < 0) return -errno;
  return 0;
}

int clinux_open_log(const char *path, unsigned mode, uint32_t uid, uint32_t gid) {
  int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY;
  int fd = open(path, flags);
  if (fd >= 0 || errno != ENOENT) return checked(fd);
  fd = open(path, flags | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  if (fd < 0) return -errno;
  if (geteuid() == 0 && fchown(fd, uid, gid) < 0) return fail(fd);
  return fd;
}

int clinux_redirect(int fd, int other) { return checked(dup3(other, fd, O_CLOEXEC)); }

void clinux_limit_heaps(int count) { mallopt(M_ARENA_MAX, count); }

char *const *clinux_environment(void) { return environ; }

void clinux_keep_heaps(size_t spare, size_t largest) {
  mallopt(M_MMAP_THRESHOLD, (int)largest);
  mallopt(M_TRIM_THRESHOLD, (int)spare);
}

void clinux_trim_heaps(void) { malloc_trim(0); }
