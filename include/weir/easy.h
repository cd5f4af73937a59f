/* SPDX-License-Identifier: MIT */
/* # weir/easy.h: conveniences for C and C++
 *
 * Source only: nothing here is part of the binary interface, and a plugin need not use it. */
#ifndef WEIR_EASY_H
#define WEIR_EASY_H
#include "weir.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The function that Weir looks for, of a plugin with these components: `WEIR_PLUGIN("org.example.x", "1", &component);` */
#define WEIR_PLUGIN(its_id, its_version, ...)                                       \
   static const weir_component *const weir_its_components[] = {__VA_ARGS__};        \
   static const weir_plugin weir_it = {                                             \
      WEIR_MAGIC, sizeof(weir_plugin), WEIR_ABI, WEIR_ABI, its_id, its_version,     \
      weir_its_components, sizeof weir_its_components / sizeof *weir_its_components, NULL}; \
   const weir_plugin *weir_plugin_v0(void) { return &weir_it; }                     \
   WEIR_EXPORT const weir_plugin *weir_plugin_v0(void)

/* Lends a C string; NULL is empty. */
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

/* What follows the last c; nothing if there is none. */
static inline weir_str weir_after(weir_str s, char c) {
   size_t   i = s.len;
   weir_str r;
   while (i > 0 && s.ptr[i - 1] != c) i--;
   r.ptr = i > 0 ? s.ptr + i : NULL;
   r.len = i > 0 ? s.len - i : 0;
   return r;
}

/* The small letter of an ASCII capital; any other byte as it is. */
static inline unsigned char weir_lower(char c) {
   unsigned char byte = (unsigned char)c;
   return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

/* Are n bytes the same, in letters of any case? */
static inline int weir_ibytes(const char *a, const char *b, size_t n) {
   size_t i;
   for (i = 0; i < n; i++)
      if (weir_lower(a[i]) != weir_lower(b[i])) return 0;
   return 1;
}

/* Is it this word, in letters of any case? */
static inline int weir_ieq(weir_str s, const char *word) {
   size_t n = strlen(word);
   return s.len == n && weir_ibytes(s.ptr, word, n);
}

/* Is the word in it, in letters of any case? */
static inline int weir_icontains(weir_str s, const char *word) {
   size_t        i, n = strlen(word);
   unsigned char first = weir_lower(word[0]);
   if (n == 0) return 1;
   for (i = 0; i + n <= s.len; i++)
      if (weir_lower(s.ptr[i]) == first && weir_ibytes(s.ptr + i, word, n)) return 1;
   return 0;
}

/* The value of an option that is given once; empty if there is none of that name. */
static inline weir_str weir_opt(const weir_pair *options, uint64_t n, const char *name) {
   uint64_t i;
   for (i = 0; i < n; i++)
      if (weir_ieq(options[i].key, name)) return options[i].value;
   return weir_s(NULL);
}

/* host->log with a format; a line longer than 1023 bytes is cut. */
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
