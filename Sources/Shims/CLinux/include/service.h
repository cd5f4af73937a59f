/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager gives a daemon, and what it wants to hear. All return -errno on failure. */
#ifndef WEIR_CLINUX_SERVICE_H
#define WEIR_CLINUX_SERVICE_H

#include <stddef.h>

/* One datagram to the unix socket at path; a path that begins with '@' is an abstract one. Never waits. */
int clinux_notify(const char *path, const void *message, size_t length);
/* Makes a descriptor that was inherited ours: closed on exec, not blocking. 1 if it is a listening stream socket, else 0. */
int clinux_adopt_listener(int fd);
/* The path that a unix socket is bound to; empty for none, or for an abstract one. */
int clinux_socket_path(int fd, char *path, size_t size);

#endif
