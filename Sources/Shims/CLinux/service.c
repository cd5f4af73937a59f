/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int clinux_notify(const char *path, const void *message, size_t length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t path_length = strlen(path);
  if (path_length == 0 || path_length >= sizeof address.sun_path) return -ENAMETOOLONG;
  memcpy(address.sun_path, path, path_length);
  if (path[0] == '@') address.sun_path[0] = 0;
  socklen_t address_length = offsetof(struct sockaddr_un, sun_path) + path_length + (path[0] == '@' ? 0 : 1);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  ssize_t sent = sendto(fd, message, length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, address_length);
  int code = sent < 0 ? -errno : 0;
  close(fd);
  return code;
}

int clinux_adopt_listener(int fd) {
  int listens = 0, type = 0;
  socklen_t length = sizeof listens;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -errno;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) < 0) return errno == ENOTSOCK ? 0 : -errno;
  length = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return -errno;
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
  return listens && type == SOCK_STREAM;
}

int clinux_socket_path(int fd, char *path, size_t size) {
  struct sockaddr_un address;
  socklen_t length = sizeof address;
  if (size == 0) return -EINVAL;
  path[0] = 0;
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
  if (address.sun_family != AF_UNIX || length <= offsetof(struct sockaddr_un, sun_path)) return 0;
  size_t count = length - offsetof(struct sockaddr_un, sun_path);
  if (count >= size) return -ENAMETOOLONG;
  memcpy(path, address.sun_path, count);
  path[count] = 0;
  return 0;
}
