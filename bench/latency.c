// SPDX-License-Identifier: Apache-2.0
// latency PORT SESSIONS MESSAGES RECIPIENT FILE: each session sends its share of MESSAGES over one connection;
// prints the time from the final dot to its reply: "median p95 p99 max" in microseconds.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port, share;
static const char *recipient;
static char *content;
static size_t content_size;
static double *times;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void expect(int fd, const char *code) {
  char buffer[4096];
  size_t have = 0;
  for (;;) {
    ssize_t got = read(fd, buffer + have, sizeof buffer - 1 - have);
    if (got <= 0) fail("read");
    have += (size_t)got;
    buffer[have] = 0;
    if (buffer[have - 1] != '\n') continue;
    char *last = buffer + have - 1;
    while (last > buffer && last[-1] != '\n') last--;
    if (last[3] == '-') continue;
    if (strncmp(last, code, 3) == 0) return;
    fprintf(stderr, "expected %s: %s", code, last);
    exit(1);
  }
}

static void put(int fd, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t put = write(fd, bytes, count);
    if (put <= 0) fail("write");
    bytes += put;
    count -= (size_t)put;
  }
}

static void say(int fd, const char *line, const char *code) {
  put(fd, line, strlen(line));
  expect(fd, code);
}

static void *session(void *argument) {
  double *mine = argument;
  char rcpt[512];
  snprintf(rcpt, sizeof rcpt, "RCPT TO:<%s>\r\n", recipient);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
  expect(fd, "220");
  say(fd, "EHLO latency.test\r\n", "250");
  for (int i = 0; i < share; i++) {
    say(fd, "MAIL FROM:<s1@load.test>\r\n", "250");
    say(fd, rcpt, "250");
    say(fd, "DATA\r\n", "354");
    put(fd, content, content_size);
    double began = now_us();
    say(fd, ".\r\n", "250");
    mine[i] = now_us() - began;
  }
  say(fd, "QUIT\r\n", "221");
  close(fd);
  return NULL;
}

// The file's lines end in LF; the wire's in CRLF.
static void load(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  content = malloc(1 << 22);
  for (int c; (c = getc(file)) != EOF && content_size < (1 << 22) - 4;) {
    if (c == '\n') content[content_size++] = '\r';
    content[content_size++] = (char)c;
  }
  fclose(file);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 6) return fprintf(stderr, "usage: latency PORT SESSIONS MESSAGES RECIPIENT FILE\n"), 2;
  port = atoi(argv[1]);
  int sessions = atoi(argv[2]);
  share = atoi(argv[3]) / sessions;
  recipient = argv[4];
  load(argv[5]);
  int count = share * sessions;
  times = calloc((size_t)count, sizeof *times);
  pthread_t threads[sessions];
  for (int i = 0; i < sessions; i++) pthread_create(&threads[i], NULL, session, times + i * share);
  for (int i = 0; i < sessions; i++) pthread_join(threads[i], NULL);
  qsort(times, (size_t)count, sizeof *times, compare);
  printf("%.0f %.0f %.0f %.0f\n", times[count / 2], times[count * 95 / 100], times[count * 99 / 100], times[count - 1]);
}
