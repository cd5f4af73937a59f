/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

_Static_assert(CLINUX_IN == EPOLLIN && CLINUX_OUT == EPOLLOUT, "epoll bits");
_Static_assert(CLINUX_ERR == EPOLLERR && CLINUX_HUP == EPOLLHUP && CLINUX_RDHUP == EPOLLRDHUP, "epoll bits");

static int checked(int result) { return result < 0 ? -errno : result; }

static int add(int epoll, int fd, uint64_t data, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u64 = data};
  return checked(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

int clinux_epoll_create(void) { return checked(epoll_create1(EPOLL_CLOEXEC)); }

int clinux_epoll_add(int epoll, int fd, uint64_t data) { return add(epoll, fd, data, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET); }

int clinux_epoll_add_listener(int epoll, int fd, uint64_t data) { return add(epoll, fd, data, EPOLLIN | EPOLLEXCLUSIVE); }

int clinux_epoll_remove(int epoll, int fd) { return checked(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL)); }

int clinux_epoll_wait(int epoll, struct clinux_event *events, int capacity, int timeout_ms) {
  struct epoll_event raw[256];
  if (capacity > 256) capacity = 256;
  int n = epoll_wait(epoll, raw, capacity, timeout_ms);
  if (n < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < n; i++) {
    events[i].data = raw[i].data.u64;
    events[i].events = raw[i].events;
  }
  return n;
}

int clinux_eventfd(void) { return checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int clinux_eventfd_signal(int fd) {
  uint64_t one = 1;
  return write(fd, &one, sizeof one) < 0 ? -errno : 0;
}

int clinux_eventfd_drain(int fd) {
  uint64_t count;
  return read(fd, &count, sizeof count) < 0 ? -errno : 0;
}

static __thread int ours;

void clinux_name_thread(const char *name) {
  ours = 1;
  pthread_setname_np(pthread_self(), name);
}

int clinux_thread_is_ours(void) { return ours; }

static __thread void *current;

void clinux_set_current(void *loop) { current = loop; }

void *clinux_current(void) { return current; }
