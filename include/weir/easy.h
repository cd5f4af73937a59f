/* SPDX-License-Identifier: MIT */
/* weir/easy.h - conveniences for C and C++. Source only: nothing here is ABI. */
#ifndef WEIR_EASY_H
#define WEIR_EASY_H
#include "weir.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static inline weir_str weir_s(const char *s) {
   weir_str r;
   r.ptr = s;
   r.len = s ? strlen(s) : 0;
   return r;
}
/* Copies s into a buffer and ends it with NUL; 0, and an empty buffer, if it does not fit. */
static inline int weir_copy(char *buffer, size_t size, weir_str s) {
   int fits = s.len < size;
   if (size == 0) return 0;
   if (fits && s.len > 0) memcpy(buffer, s.ptr, s.len);
   buffer[fits ? s.len : 0] = 0;
   return fits;
}
/* What follows the last c, or nothing if there is none. */
static inline weir_str weir_after(weir_str s, char c) {
   size_t   i = s.len;
   weir_str r;
   while (i > 0 && s.ptr[i - 1] != c) i--;
   r.ptr = i > 0 ? s.ptr + i : s.ptr;
   r.len = i > 0 ? s.len - i : 0;
   return r;
}
/* The same where `a` and `A` are the same; ASCII letters only. */
static inline int weir_ibytes(const char *a, const char *b, size_t n) {
   size_t i;
   for (i = 0; i < n; i++) {
      unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];
      if (x >= 'A' && x <= 'Z') x = (unsigned char)(x | 0x20);
      if (y >= 'A' && y <= 'Z') y = (unsigned char)(y | 0x20);
      if (x != y) return 0;
   }
   return 1;
}
static inline int weir_ieq(weir_str a, const char *b) {
   size_t n = strlen(b);
   return a.len == n && weir_ibytes(a.ptr, b, n);
}
static inline int weir_icontains(weir_str hay, const char *needle) {
   size_t i, n = strlen(needle);
   for (i = 0; i + n <= hay.len; i++)
      if (weir_ibytes(hay.ptr + i, needle, n)) return 1;
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
