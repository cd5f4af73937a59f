/* SPDX-License-Identifier: MIT */
/* weir/easy.h - conveniences for C and C++. Source only: nothing here is ABI. */
#ifndef WEIR_EASY_H
#define WEIR_EASY_H
#include "weir.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static inline weir_str weir_s(const char *s) {
   weir_str r;
   r.ptr = s;
   r.len = s ? strlen(s) : 0;
   return r;
}
static inline int weir_ieq(weir_str a, const char *b) {
   return strlen(b) == a.len && strncasecmp(a.ptr, b, a.len) == 0;
}
static inline int weir_icontains(weir_str hay, const char *needle) {
   size_t i, n = strlen(needle);
   for (i = 0; i + n <= hay.len; i++)
      if (strncasecmp(hay.ptr + i, needle, n) == 0) return 1;
   return 0;
}
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
static inline void weir_logf(const weir_host *h, uint64_t id, uint32_t level,
                             const char *fmt, ...) {
   char     buf[1024];
   weir_str t;
   va_list  ap;
   int      n;
   va_start(ap, fmt);
   n = vsnprintf(buf, sizeof buf, fmt, ap);
   va_end(ap);
   t.ptr = buf;
   t.len = n < 0 ? 0 : (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1;
   h->log(h, id, level, t);
}
#endif
