/* SPDX-License-Identifier: Apache-2.0 */
/* Files: variadic and GNU calls. All return -errno on failure. */
#ifndef WEIR_CLINUX_DISK_H
#define WEIR_CLINUX_DISK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct clinux_status {
  int64_t size;
  int64_t modified_us;
  uint64_t device;
  uint64_t inode;
  uint32_t mode;
  uint32_t owner;
  uint32_t group;
  uint32_t links;
};

enum {
  CLINUX_OPEN_READ = 0x01,
  CLINUX_OPEN_WRITE = 0x02,
  CLINUX_OPEN_CREATE = 0x04,
  CLINUX_OPEN_EXCLUSIVE = 0x08,
  CLINUX_OPEN_DIRECTORY = 0x10,
  CLINUX_OPEN_NO_FOLLOW = 0x20,
  CLINUX_OPEN_NON_BLOCKING = 0x40,
  CLINUX_OPEN_APPEND = 0x80,
};

enum { CLINUX_FS_OTHER = 0, CLINUX_FS_EXT4 = 1, CLINUX_FS_XFS = 2, CLINUX_FS_BTRFS = 3 };

/* directory < 0 means the working directory. Close-on-exec always. */
int clinux_openat(int directory, const char *path, int options, uint32_t mode);
int clinux_close(int fd);
int64_t clinux_pread(int fd, void *buffer, size_t length, int64_t offset);
/* Writes the pieces from offset on; may write less than all of them. */
int64_t clinux_pwritev(int fd, const struct iovec *pieces, int count, int64_t offset);
int clinux_fdatasync(int fd);
int clinux_fsync(int fd);
int clinux_syncfs(int fd);
int clinux_fallocate(int fd, int64_t length);
int clinux_ftruncate(int fd, int64_t length);
int clinux_renameat(int from_directory, const char *from, int to_directory, const char *to, int replace);
int clinux_linkat(int from_directory, const char *from, int to_directory, const char *to);
int clinux_unlinkat(int directory, const char *path);
int clinux_mkdirat(int directory, const char *path, uint32_t mode);
int clinux_fstatat(int directory, const char *path, struct clinux_status *status);
int clinux_fstat(int fd, struct clinux_status *status);
/* 0 when the exclusive lock was taken, -EWOULDBLOCK when another holds it. */
int clinux_flock(int fd);
/* fcntl's write lock on the whole file, which belongs to the descriptor and not to the process. 0 or -EWOULDBLOCK, as above. */
int clinux_lock_records(int fd);
int clinux_fs_kind(int fd);

/* What a file system has; inodes are 0 where it does not count them. */
struct clinux_volume {
  int64_t bytes, free_bytes;
  int64_t inodes, free_inodes;
  uint64_t type; /* statfs(2)'s f_type */
  int read_only;
};
int clinux_volume(const char *path, struct clinux_volume *volume);

/* The names in a directory, one call of each() per entry but "." and "..". */
int clinux_list(int fd, void *context, void (*each)(void *context, const char *name));

#endif
