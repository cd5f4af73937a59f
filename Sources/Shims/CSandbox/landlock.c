/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers of the kernel's interface, of which a system's headers may have an older edition. The system calls have them on every architecture. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, PATH_BENEATH = 1, ASK_VERSION = 1 };

enum {
  FS_EXECUTE = 1 << 0, FS_WRITE_FILE = 1 << 1, FS_READ_FILE = 1 << 2, FS_READ_DIR = 1 << 3, FS_ALL_OF_1 = (1 << 13) - 1, FS_REFER = 1 << 13,
  FS_TRUNCATE = 1 << 14, FS_IOCTL_DEV = 1 << 15,
  FS_OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
  NET_ALL = 3, SCOPE_ALL = 3
};

struct ruleset { uint64_t fs, net, scoped; };
struct beneath { uint64_t allowed; int32_t parent; } __attribute__((packed));

int csandbox_landlock_version(void) {
  long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
  return version < 0 ? -errno : (int)version;
}

static int allow(int ruleset, const char *path, uint64_t access) {
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
  struct stat status;
  int result = fstat(fd, &status) < 0 ? -errno : 0;
  if (result == 0) {
    struct beneath rule = {.allowed = S_ISDIR(status.st_mode) ? access : access & FS_OF_FILES, .parent = fd};
    if (syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0) < 0) result = -errno;
  }
  close(fd);
  return result;
}

int csandbox_landlock(const char *const *readable, size_t readable_count, const char *const *writable, size_t writable_count, int network) {
  int version = csandbox_landlock_version();
  if (version < 1) return version < 0 ? version : -EOPNOTSUPP;
  struct ruleset rules = {.fs = FS_ALL_OF_1};
  if (version >= 2) rules.fs |= FS_REFER;
  if (version >= 3) rules.fs |= FS_TRUNCATE;
  if (version >= 4 && !network) rules.net = NET_ALL;
  if (version >= 5) rules.fs |= FS_IOCTL_DEV;
  if (version >= 6) rules.scoped = SCOPE_ALL;
  int fd = (int)syscall(CREATE_RULESET, &rules, sizeof rules, 0);
  if (fd < 0) return -errno;
  int result = 0;
  for (size_t i = 0; i < readable_count && result == 0; i++) result = allow(fd, readable[i], FS_READ_FILE | FS_READ_DIR);
  for (size_t i = 0; i < writable_count && result == 0; i++) result = allow(fd, writable[i], rules.fs & ~(uint64_t)(FS_EXECUTE | FS_IOCTL_DEV));
  if (result == 0 && syscall(RESTRICT_SELF, fd, 0) < 0) result = -errno;
  close(fd);
  return result;
}
