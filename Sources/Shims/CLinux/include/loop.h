/* SPDX-License-Identifier: Apache-2.0 */
/* Event loops: epoll, eventfd, accept4, signalfd. All return -errno on failure. */
#ifndef WEIR_CLINUX_LOOP_H
#define WEIR_CLINUX_LOOP_H

#include <stdint.h>

struct clinux_event {
  uint64_t data;
  uint32_t events;
};

enum {
  CLINUX_IN = 0x001,
  CLINUX_OUT = 0x004,
  CLINUX_ERR = 0x008,
  CLINUX_HUP = 0x010,
  CLINUX_RDHUP = 0x2000,
};

int clinux_epoll_create(void);
/* Registers fd edge-triggered for reading, writing and hang-up. */
int clinux_epoll_add(int epoll, int fd, uint64_t data);
/* Registers a listening fd, level-triggered; of several epolls that watch it only some are woken per connection. */
int clinux_epoll_add_listener(int epoll, int fd, uint64_t data);
int clinux_epoll_remove(int epoll, int fd);
int clinux_epoll_wait(int epoll, struct clinux_event *events, int capacity, int timeout_ms);
int clinux_eventfd(void);
int clinux_eventfd_signal(int fd);
int clinux_eventfd_drain(int fd);
/* One pointer per thread: the event loop that runs on it. */
void clinux_set_current(void *loop);
void *clinux_current(void);
/* Names the calling thread as ps and gdb show it. */
void clinux_name_thread(const char *name);
/* Whether the calling thread has been named so: one of ours, not of Swift's pool. */
int clinux_thread_is_ours(void);

#endif
