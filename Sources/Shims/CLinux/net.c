/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "net.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

static int checked(int result) { return result < 0 ? -errno : result; }

static int fail(int fd) {
  int code = -errno;
  close(fd);
  return code;
}

static socklen_t to_system(const struct clinux_address *address, struct sockaddr_storage *out) {
  memset(out, 0, sizeof *out);
  if (address->family == CLINUX_IPV4) {
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    in->sin_family = AF_INET;
    in->sin_port = htons(address->port);
    in->sin_addr.s_addr = htonl(address->low);
    return sizeof *in;
  }
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(address->port);
  uint64_t words[2] = {htobe64(address->high), htobe64(address->wide)};
  memcpy(&in6->sin6_addr, words, sizeof words);
  return sizeof *in6;
}

static void from_system(const struct sockaddr_storage *in, struct clinux_address *address) {
  memset(address, 0, sizeof *address);
  if (in->ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)in;
    address->family = CLINUX_IPV4;
    address->port = ntohs(v4->sin_port);
    address->low = ntohl(v4->sin_addr.s_addr);
  } else if (in->ss_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)in;
    address->port = ntohs(v6->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
      address->family = CLINUX_IPV4;
      uint32_t low;
      memcpy(&low, (const uint8_t *)&v6->sin6_addr + 12, sizeof low);
      address->low = ntohl(low);
    } else {
      address->family = CLINUX_IPV6;
      uint64_t words[2];
      memcpy(words, &v6->sin6_addr, sizeof words);
      address->high = be64toh(words[0]);
      address->wide = be64toh(words[1]);
    }
  } else {
    address->family = CLINUX_UNIX;
  }
}

int clinux_share_port(int fd, int share) {
  return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &share, sizeof share) < 0 ? -errno : 0;
}

int clinux_listen_ip(const struct clinux_address *address, int backlog, int share) {
  struct sockaddr_storage storage;
  socklen_t length = to_system(address, &storage);
  int one = 1;
  int fd = socket(storage.ss_family, SOCK_STREAM | FLAGS, 0);
  if (fd < 0) return -errno;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0) return fail(fd);
  if (share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0) return fail(fd);
  if (storage.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) < 0) return fail(fd);
  /* Accepted sockets inherit it: replies are written whole, and must not wait for an acknowledgement. */
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0) return fail(fd);
  if (bind(fd, (struct sockaddr *)&storage, length) < 0 || listen(fd, backlog) < 0) return fail(fd);
  return fd;
}

int clinux_listen(int fd, int backlog) { return listen(fd, backlog) < 0 ? -errno : 0; }

static int unix_address(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) return -ENAMETOOLONG;
  strcpy(address->sun_path, path);
  return 0;
}

int clinux_listen_unix(const char *path, unsigned mode, int backlog) {
  struct sockaddr_un address;
  struct stat status;
  int code = unix_address(path, &address);
  if (code < 0) return code;
  if (lstat(path, &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return -EEXIST;
    if (unlink(path) < 0) return -errno;
  }
  int fd = socket(AF_UNIX, SOCK_STREAM | FLAGS, 0);
  if (fd < 0) return -errno;
  /* Linux gives the file the socket's own permissions, less the umask. The umask itself is of all threads, and one of them may be making a mailbox. */
  if (fchmod(fd, mode) < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return fail(fd);
  if (lstat(path, &status) < 0 || ((status.st_mode & 0777) != mode && chmod(path, mode) < 0) || listen(fd, backlog) < 0) return fail(fd);
  return fd;
}

int clinux_accept(int listener, struct clinux_address *peer) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  memset(&storage, 0, sizeof storage);
  int fd = accept4(listener, (struct sockaddr *)&storage, &length, FLAGS);
  if (fd < 0) return -errno;
  from_system(&storage, peer);
  return fd;
}

int clinux_connect_ip(const struct clinux_address *address, const struct clinux_address *source) {
  struct sockaddr_storage storage;
  socklen_t length = to_system(address, &storage);
  int one = 1;
  int fd = socket(storage.ss_family, SOCK_STREAM | FLAGS, 0);
  if (fd < 0) return -errno;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0) return fail(fd);
  if (source) {
    struct sockaddr_storage local;
    socklen_t size = to_system(source, &local);
    if (bind(fd, (struct sockaddr *)&local, size) < 0) return fail(fd);
  }
  if (connect(fd, (struct sockaddr *)&storage, length) < 0 && errno != EINPROGRESS) return fail(fd);
  return fd;
}

int clinux_connect_udp(const struct clinux_address *address) {
  struct sockaddr_storage storage;
  socklen_t length = to_system(address, &storage);
  int fd = socket(storage.ss_family, SOCK_DGRAM | FLAGS, 0);
  if (fd < 0) return -errno;
  if (connect(fd, (struct sockaddr *)&storage, length) < 0) return fail(fd);
  return fd;
}

int clinux_connect_unix(const char *path) {
  struct sockaddr_un address;
  int code = unix_address(path, &address);
  if (code < 0) return code;
  int fd = socket(AF_UNIX, SOCK_STREAM | FLAGS, 0);
  if (fd < 0) return -errno;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) return fail(fd);
  return fd;
}

int clinux_socket_pair(int *left, int *right) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | FLAGS, 0, pair) < 0) return -errno;
  *left = pair[0];
  *right = pair[1];
  return 0;
}

int clinux_socket_error(int fd) {
  int code = 0;
  socklen_t length = sizeof code;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) < 0) return -errno;
  return -code;
}

int clinux_local_address(int fd, struct clinux_address *address) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  memset(&storage, 0, sizeof storage);
  if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
  from_system(&storage, address);
  return 0;
}

int clinux_peer_uid(int fd, uint32_t *uid) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -errno;
  *uid = credentials.uid;
  return 0;
}

int clinux_peer_pid(int fd, int32_t *pid) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -errno;
  *pid = credentials.pid;
  return 0;
}

int clinux_connect_datagrams(const char *path) {
  struct sockaddr_un address;
  int code = unix_address(path, &address);
  if (code < 0) return code;
  int fd = socket(AF_UNIX, SOCK_DGRAM | FLAGS, 0);
  if (fd < 0) return -errno;
  int size = 8 << 20;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) return fail(fd);
  return fd;
}

int clinux_send_descriptor(int socket, int fd) {
  union {
    struct cmsghdr head;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {.msg_control = control.space, .msg_controllen = sizeof control.space};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return checked((int)sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int clinux_packet_pair(int *left, int *right, int size) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) return -errno;
  for (int i = 0; i < 2; i++) setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  *left = ends[0];
  *right = ends[1];
  return 0;
}

long clinux_send_packet(int fd, const void *buffer, size_t length, int passed) {
  union {
    struct cmsghdr head;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec piece = {.iov_base = (void *)buffer, .iov_len = length};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  if (passed >= 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &passed, sizeof passed);
  }
  for (;;) {
    ssize_t n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) return n;
    if (errno != EINTR) return -errno;
  }
}

/* The first file that came with a message; more than one are closed. */
static int passed_file(struct msghdr *message) {
  int found = -1;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      if (found < 0) found = fd;
      else close(fd);
    }
  }
  return found;
}

long clinux_receive_packet(int fd, void *buffer, size_t length, int *passed) {
  union {
    struct cmsghdr head;
    char space[CMSG_SPACE(4 * sizeof(int))];
  } control;
  struct iovec piece = {.iov_base = buffer, .iov_len = length};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  *passed = -1;
  ssize_t n;
  do n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  *passed = passed_file(&message);
  if (!(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) return n;
  if (*passed >= 0) close(*passed);
  *passed = -1;
  return -EMSGSIZE;
}

long clinux_receive(int fd, void *buffer, size_t length) {
  for (;;) {
    ssize_t n = recv(fd, buffer, length, MSG_DONTWAIT);
    if (n >= 0) return n;
    if (errno != EINTR) return -errno;
  }
}

long clinux_peek(int fd, void *buffer, size_t length) {
  for (;;) {
    ssize_t n = recv(fd, buffer, length, MSG_DONTWAIT | MSG_PEEK);
    if (n >= 0) return n;
    if (errno != EINTR) return -errno;
  }
}

static long send_with(int fd, const void *buffer, size_t length, int flags) {
  for (;;) {
    ssize_t n = send(fd, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL | flags);
    if (n >= 0) return n;
    if (errno != EINTR) return -errno;
  }
}

long clinux_send(int fd, const void *buffer, size_t length) { return send_with(fd, buffer, length, 0); }

long clinux_send_more(int fd, const void *buffer, size_t length) { return send_with(fd, buffer, length, MSG_MORE); }

int clinux_shutdown_write(int fd) { return checked(shutdown(fd, SHUT_WR)); }

long clinux_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  return (long)limit.rlim_cur;
}

/* The leading ones of a netmask. */
static uint8_t prefix_length(const struct sockaddr *mask) {
  const uint8_t *bytes;
  int length = 0, count;
  if (!mask) return 0;
  if (mask->sa_family == AF_INET) {
    bytes = (const uint8_t *)&((const struct sockaddr_in *)mask)->sin_addr;
    count = 4;
  } else {
    bytes = (const uint8_t *)&((const struct sockaddr_in6 *)mask)->sin6_addr;
    count = 16;
  }
  while (length < count * 8 && bytes[length / 8] & 0x80 >> length % 8) length++;
  return (uint8_t)length;
}

int clinux_own_addresses(struct clinux_address *addresses, uint8_t *lengths, int capacity) {
  struct ifaddrs *list;
  int count = 0;
  if (getifaddrs(&list) < 0) return -errno;
  for (struct ifaddrs *entry = list; entry && count < capacity; entry = entry->ifa_next) {
    if (!entry->ifa_addr || (entry->ifa_addr->sa_family != AF_INET && entry->ifa_addr->sa_family != AF_INET6)) continue;
    struct sockaddr_storage storage;
    memset(&storage, 0, sizeof storage);
    memcpy(&storage, entry->ifa_addr, entry->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    lengths[count] = prefix_length(entry->ifa_netmask);
    from_system(&storage, &addresses[count++]);
  }
  freeifaddrs(list);
  return count;
}
