/* SPDX-License-Identifier: Apache-2.0 */
/* Processes and signals. All return -errno on failure. */
#ifndef WEIR_CLINUX_PROCESS_H
#define WEIR_CLINUX_PROCESS_H

#include <stddef.h>
#include <stdint.h>

/* Blocks the signals that a daemon handles, in this thread and those it starts, and ignores SIGPIPE. */
int clinux_block_signals(void);
/* Waits for one of them: its number, or 0 after timeout_ms (negative: no limit). */
int clinux_wait_signal(int timeout_ms);
/* A descriptor that can be read when one of them has come; for clinux_next_signal, which answers its number, or 0. */
int clinux_signal_descriptor(void);
int clinux_next_signal(int fd);

struct clinux_identity {
  int change; /* 0: stay who we are */
  uint32_t uid;
  uint32_t gid;
  const uint32_t *groups;
  size_t group_count;
};

/* Starts a program with descriptors fds[i] as 3+i and everything else above 2 closed; it gets SIGTERM when we die. Its environment is
   `environment`, or ours where that is NULL. */
int clinux_spawn(
    const char *path, char *const argv[], char *const environment[], const int *fds, size_t fd_count, const struct clinux_identity *identity);
/* A program for a message: a process group of its own, with nothing but standard input, output and error. */
struct clinux_program {
  const char *path;
  char *const *argv;
  char *const *environment;
  const char *directory; /* NULL: as we are */
  const char *root;      /* NULL: none */
  struct clinux_identity identity;
  int input;
  int output; /* standard output and error */
};
int clinux_start_program(const struct clinux_program *program);
/* Whether that child has ended: 1 with *status as of waitpid(2), 0 if not yet. */
int clinux_has_ended(int pid, int *status);
/* A pipe whose ends close on exec; the end that is ours (1: for writing) never blocks. */
int clinux_pipe(int ends[2], int ours);
/* Reaps one child that ended: its pid with *status (exit code, or 128 + signal), 0 when none has. */
int clinux_reap(int *status);
/* Waits for this child to end: its exit code, or 128 + signal. */
int clinux_wait_child(int pid);
/* As fork(2): the child has fds as 3, 4, ..., and no others above 2. For a process with one thread. */
int clinux_fork(const int *fds, size_t fd_count);
/* All threads of another process of ours get the processor when nobody else wants it. */
int clinux_be_nice(int pid);
int clinux_kill(int pid, int signal);
/* Kills a process and its group as another user, whose they are. */
int clinux_kill_group_as(int pid, uint32_t uid);
/* Neither core dumps nor ptrace by others: memory holds mail and keys. */
int clinux_set_undumpable(void);
int clinux_processors(void);
/* At most so many heaps for all threads together: each keeps what it once had. */
void clinux_limit_heaps(int count);
/* Free memory at a heap's end goes back to the system beyond `spare` bytes only; pieces beyond `largest` are not of a heap. */
void clinux_keep_heaps(size_t spare, size_t largest);
char *const *clinux_environment(void);
/* Gives free memory back to the system. */
void clinux_trim_heaps(void);
int clinux_terminal_width(int fd);
/* Local time: fields of struct tm and the offset from UTC in seconds. */
struct clinux_time {
  int year, month, day, hour, minute, second, weekday, offset;
};
void clinux_local_time(int64_t seconds, struct clinux_time *out);
/* A file in memory, close-on-exec, that can be sealed. */
int clinux_memory_file(const char *name);
/* Forbids every further change; fails unless it holds length bytes. */
int clinux_memory_seal(int fd, size_t length);
/* A sealed file in memory with both pieces in it, one after the other. */
int clinux_memory_of(const char *name, const void *first, size_t first_length, const void *second, size_t second_length);
/* Starts a program in a session of its own, with nothing on its standard descriptors. Its pid. */
int clinux_spawn_detached(const char *path, char *const argv[]);
/* Makes the folder unless it is there; a new one belongs to uid and gid. */
int clinux_make_folder(const char *path, unsigned mode, uint32_t uid, uint32_t gid);
/* Opens a log file for appending, made if need be; a new one belongs to uid and gid. */
int clinux_open_log(const char *path, unsigned mode, uint32_t uid, uint32_t gid);
/* Lets fd lead to what other is open on, at once; both stay open. */
int clinux_redirect(int fd, int other);
int clinux_hostname(char *name, size_t size);
/* Whether the kernel holds the clock for synchronised: 1 or 0. */
int clinux_clock_is_synchronized(void);

#endif
