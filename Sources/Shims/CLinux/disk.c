/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

static int checked(int result) { return result < 0 ? -errno : result; }
static int at(int directory) { return directory < 0 ? AT_FDCWD : directory; }

static int open_flags(int options) {
  int write = options & CLINUX_OPEN_WRITE, read = options & CLINUX_OPEN_READ;
  int flags = O_CLOEXEC | (write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY);
  if (options & CLINUX_OPEN_CREATE) flags |= O_CREAT;
  if (options & CLINUX_OPEN_EXCLUSIVE) flags |= O_EXCL;
  if (options & CLINUX_OPEN_DIRECTORY) flags |= O_DIRECTORY;
  if (options & CLINUX_OPEN_NO_FOLLOW) flags |= O_NOFOLLOW;
  if (options & CLINUX_OPEN_NON_BLOCKING) flags |= O_NONBLOCK;
  if (options & CLINUX_OPEN_APPEND) flags |= O_APPEND;
  return flags;
}

int clinux_openat(int directory, const char *path, int options, uint32_t mode) {
  int fd;
  do fd = openat(at(directory), path, open_flags(options), (mode_t)mode);
  while (fd < 0 && errno == EINTR);
  return checked(fd);
}

/* Linux has closed the descriptor even when close() reports EINTR. */
int clinux_close(int fd) { return close(fd) < 0 && errno != EINTR ? -errno : 0; }

int64_t clinux_pread(int fd, void *buffer, size_t length, int64_t offset) {
  ssize_t n;
  do n = pread(fd, buffer, length, offset);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int64_t clinux_pwritev(int fd, const struct iovec *pieces, int count, int64_t offset) {
  ssize_t n;
  do n = pwritev(fd, pieces, count, offset);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int clinux_fdatasync(int fd) { return checked(fdatasync(fd)); }
int clinux_fsync(int fd) { return checked(fsync(fd)); }
int clinux_syncfs(int fd) { return checked(syncfs(fd)); }
int clinux_fallocate(int fd, int64_t length) {
  int result;
  do result = fallocate(fd, 0, 0, length);
  while (result < 0 && errno == EINTR);
  return checked(result);
}
int clinux_ftruncate(int fd, int64_t length) { return checked(ftruncate(fd, length)); }

int clinux_renameat(int from_directory, const char *from, int to_directory, const char *to, int replace) {
  return checked(renameat2(at(from_directory), from, at(to_directory), to, replace ? 0 : RENAME_NOREPLACE));
}

int clinux_linkat(int from_directory, const char *from, int to_directory, const char *to) {
  return checked(linkat(at(from_directory), from, at(to_directory), to, 0));
}

int clinux_unlinkat(int directory, const char *path) { return checked(unlinkat(at(directory), path, 0)); }
int clinux_mkdirat(int directory, const char *path, uint32_t mode) { return checked(mkdirat(at(directory), path, (mode_t)mode)); }

static int fill(int result, const struct stat *from, struct clinux_status *to) {
  if (result < 0) return -errno;
  to->size = from->st_size;
  to->modified_us = (int64_t)from->st_mtim.tv_sec * 1000000 + from->st_mtim.tv_nsec / 1000;
  to->device = from->st_dev;
  to->inode = from->st_ino;
  to->mode = from->st_mode;
  to->owner = from->st_uid;
  to->group = from->st_gid;
  to->links = (uint32_t)from->st_nlink;
  return 0;
}

int clinux_fstatat(int directory, const char *path, struct clinux_status *status) {
  struct stat raw;
  return fill(fstatat(at(directory), path, &raw, AT_SYMLINK_NOFOLLOW), &raw, status);
}

int clinux_fstat(int fd, struct clinux_status *status) {
  struct stat raw;
  return fill(fstat(fd, &raw), &raw, status);
}

int clinux_flock(int fd) { return checked(flock(fd, LOCK_EX | LOCK_NB)); }

int clinux_lock_records(int fd) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int result;
  do result = fcntl(fd, F_OFD_SETLK, &whole);
  while (result < 0 && errno == EINTR);
  return result < 0 ? (errno == EACCES ? -EWOULDBLOCK : -errno) : 0;
}

int clinux_fs_kind(int fd) {
  struct statfs raw;
  if (fstatfs(fd, &raw) < 0) return -errno;
  switch ((unsigned long)raw.f_type) {
    case EXT4_SUPER_MAGIC: return CLINUX_FS_EXT4;
    case XFS_SUPER_MAGIC: return CLINUX_FS_XFS;
    case BTRFS_SUPER_MAGIC: return CLINUX_FS_BTRFS;
    default: return CLINUX_FS_OTHER;
  }
}

int clinux_volume(const char *path, struct clinux_volume *volume) {
  struct statfs raw;
  if (statfs(path, &raw) < 0) return -errno;
  *volume = (struct clinux_volume){
      .bytes = (int64_t)raw.f_blocks * raw.f_bsize, .free_bytes = (int64_t)raw.f_bavail * raw.f_bsize, .inodes = (int64_t)raw.f_files,
      .free_inodes = (int64_t)raw.f_ffree, .type = (uint64_t)raw.f_type, .read_only = (raw.f_flags & ST_RDONLY) != 0};
  return 0;
}

int clinux_list(int fd, void *context, void (*each)(void *context, const char *name)) {
  int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return -errno;
  DIR *directory = fdopendir(own);
  if (!directory) {
    int code = errno;
    close(own);
    return -code;
  }
  errno = 0;
  for (struct dirent *entry; (entry = readdir(directory)); errno = 0)
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) each(context, entry->d_name);
  int code = errno;
  closedir(directory);
  return -code;
}
