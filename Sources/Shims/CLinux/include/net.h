/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets. All descriptors are non-blocking and close-on-exec. All return -errno on failure. */
#ifndef WEIR_CLINUX_NET_H
#define WEIR_CLINUX_NET_H

#include <stddef.h>
#include <stdint.h>

enum { CLINUX_UNIX = 1, CLINUX_IPV4 = 4, CLINUX_IPV6 = 6 };

/* One end of a connection, numbers in host order. An IPv4 address mapped into IPv6 is given as IPv4. */
struct clinux_address {
  uint8_t family;
  uint16_t port;
  uint32_t low;        /* the IPv4 address */
  uint64_t high, wide; /* the IPv6 address: its first and last 64 bits */
};

/* share: where another socket of this user listens on the same port and lets it, too (clinux_share_port). */
int clinux_listen_ip(const struct clinux_address *address, int backlog, int share);
int clinux_share_port(int fd, int share);
/* Another backlog for a socket that listens already. */
int clinux_listen(int fd, int backlog);
/* Replaces a socket that is left at path; mode as chmod. */
int clinux_listen_unix(const char *path, unsigned mode, int backlog);
int clinux_accept(int listener, struct clinux_address *peer);
/* Begins a connection; -EINPROGRESS is success, answered as the descriptor. */
int clinux_connect_ip(const struct clinux_address *address, const struct clinux_address *source);
// A datagram socket that talks to this address alone.
int clinux_connect_udp(const struct clinux_address *address);
int clinux_connect_unix(const char *path);
int clinux_socket_pair(int *left, int *right);
int clinux_socket_error(int fd);
int clinux_local_address(int fd, struct clinux_address *address);
int clinux_peer_uid(int fd, uint32_t *uid);
int clinux_peer_pid(int fd, int32_t *pid);
/* A socket whose every send is a datagram to path. */
int clinux_connect_datagrams(const char *path);
/* Sends an open file, and nothing else. */
int clinux_send_descriptor(int socket, int fd);
/* A connection of whole packets up to size bytes. */
int clinux_packet_pair(int *left, int *right, int size);
/* Sends a packet, and with it an open file unless passed is negative. */
long clinux_send_packet(int fd, const void *buffer, size_t length, int passed);
/* The next packet, and the file that came with it or -1. -EMSGSIZE when it is longer than the buffer; 0 at the end. */
long clinux_receive_packet(int fd, void *buffer, size_t length, int *passed);
long clinux_receive(int fd, void *buffer, size_t length);
/* The same, but what has arrived stays to be received. */
long clinux_peek(int fd, void *buffer, size_t length);
long clinux_send(int fd, const void *buffer, size_t length);
/* The same, but it may wait some 200 ms for what follows: more bytes, or the end. */
long clinux_send_more(int fd, const void *buffer, size_t length);
int clinux_shutdown_write(int fd);
/* The addresses of this machine's interfaces, and how many bits of each name its network; their number. */
int clinux_own_addresses(struct clinux_address *addresses, uint8_t *lengths, int capacity);
/* Raises the soft limit of open descriptors to the hard one; answers it. */
long clinux_raise_descriptor_limit(void);

#endif
