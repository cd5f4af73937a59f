/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir-drop: takes a message from standard input and leaves it in the drop folder, for the daemon to find.
 *
 * Installed setgid, so that everybody can leave mail there and nobody can look in. It reads no configuration, no argument and no environment. What it
 * writes is checked for its frame only: the daemon trusts nothing in the folder but who owns a file.
 *
 * The format: a line that names it, then records, each a letter, the length of what follows as 4 bytes (most significant first), and that. The records
 * of the envelope come first (F R N T V B U P), then the content in pieces (C), and an empty E last.
 *
 * Exit status 0 once the message is on stable storage; 65 for what is no message, 75 when it cannot be taken now.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#ifndef DROP_FOLDER
#define DROP_FOLDER "/var/lib/weir/queue/maildrop"
#endif

enum {
  MOST = 256 << 20,    /* bytes of one message */
  ENVELOPE = 2 << 20,  /* of them before the content */
  PIECE = 64 << 10,    /* of one record */
  SPARE = 16 << 20,    /* that stay free on the disk */
  PATIENCE = 3600,     /* seconds for the whole message */
  DATA = 65,           /* EX_DATAERR */
  LATER = 75           /* EX_TEMPFAIL */
};

static const char title[] = "weir-drop 1\n";
static int folder = -1;
static int file = -1;
static char name[34];

static _Noreturn void fail(int status, const char *text) {
  if (file >= 0) unlinkat(folder, name, 0);
  dprintf(2, "weir-drop: %s%s%s\n", text, status == LATER && errno ? ": " : "", status == LATER && errno ? strerror(errno) : "");
  _exit(status);
}

/* Nobody has prepared this process for us: descriptors 0 to 2 exist, nothing else is open, nothing is inherited. */
static void start_clean(void) {
  int fd;
  do {
    fd = open("/dev/null", O_RDWR);
    if (fd < 0) _exit(LATER);
  } while (fd <= 2);
  close_range(3, ~0U, 0);
  clearenv();
  umask(077);
  if (chdir("/") < 0) _exit(LATER);
  struct rlimit none = {0, 0}, most = {MOST + (1 << 20), MOST + (1 << 20)};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_FSIZE, &most);
}

/* Who interrupts the mail program must not leave half a message; a file that nothing comes for must not stay for ever. */
static void keep_signals_off(void) {
  sigset_t all, few;
  sigfillset(&all);
  sigdelset(&all, SIGALRM);
  sigdelset(&all, SIGKILL);
  sigprocmask(SIG_SETMASK, &all, &few);
  signal(SIGALRM, SIG_DFL);
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  alarm(PATIENCE);
}

static size_t take(unsigned char *bytes, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t got = read(0, bytes + done, count - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(LATER, "standard input");
    if (got == 0) break;
    done += (size_t)got;
  }
  return done;
}

static void put(const void *bytes, size_t count) {
  const unsigned char *rest = bytes;
  while (count > 0) {
    ssize_t put = write(file, rest, count);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) fail(LATER, "the message cannot be written");
    rest += put;
    count -= (size_t)put;
  }
}

static void open_folder(void) {
  struct statvfs space;
  folder = open(DROP_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) fail(LATER, DROP_FOLDER);
  if (fstatvfs(folder, &space) < 0) fail(LATER, DROP_FOLDER);
  errno = ENOSPC;
  if ((uint64_t)space.f_bavail * space.f_frsize < SPARE) fail(LATER, DROP_FOLDER);
}

static void make_file(void) {
  unsigned char random[16];
  if (getrandom(random, sizeof random, 0) != sizeof random) fail(LATER, "getrandom");
  name[0] = 'T';
  for (size_t i = 0; i < sizeof random; i++) snprintf(name + 1 + 2 * i, 3, "%02x", random[i]);
  file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) fail(LATER, "a file in " DROP_FOLDER);
}

static int is_envelope(int type) { return type && strchr("FRNTVBUP", type) != NULL; }

static void copy(void) {
  static unsigned char bytes[PIECE];
  unsigned char head[5];
  size_t total = 0;
  int has_sender = 0, has_recipient = 0, in_content = 0;
  if (take(bytes, sizeof title - 1) != sizeof title - 1 || memcmp(bytes, title, sizeof title - 1) != 0) fail(DATA, "this is no message");
  put(title, sizeof title - 1);
  for (;;) {
    if (take(head, sizeof head) != sizeof head) fail(DATA, "the message has no end");
    uint32_t length = (uint32_t)head[1] << 24 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 8 | head[4];
    if (length > PIECE || (total += sizeof head + length) > MOST) fail(DATA, "the message is too long");
    if (take(bytes, length) != length) fail(DATA, "the message has no end");
    put(head, sizeof head);
    put(bytes, length);
    if (head[0] == 'E' && length == 0) break;
    if (head[0] == 'C') in_content = 1;
    else if (in_content || !is_envelope(head[0])) fail(DATA, "a record that is not in its place");
    else if (total > ENVELOPE) fail(DATA, "the envelope is too long");
    has_sender |= head[0] == 'F';
    has_recipient |= head[0] == 'R';
  }
  if (take(bytes, 1) != 0) fail(DATA, "something follows the message");
  if (!has_sender || !has_recipient) fail(DATA, "the message is for nobody");
}

/* The name changes once the content is stable: the daemon looks at whole messages only. */
static void finish(void) {
  char final[sizeof name];
  memcpy(final, name, sizeof name);
  final[0] = 'M';
  if (fchmod(file, 0644) < 0 || fsync(file) < 0) fail(LATER, "the message cannot be written");
  if (renameat2(folder, name, folder, final, RENAME_NOREPLACE) < 0) fail(LATER, "the message cannot be named");
  memcpy(name, final, sizeof name);
  if (fsync(folder) < 0) fail(LATER, DROP_FOLDER);
}

int main(void) {
  start_clean();
  keep_signals_off();
  open_folder();
  make_file();
  copy();
  finish();
  return 0;
}
