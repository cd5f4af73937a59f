/* SPDX-License-Identifier: Apache-2.0 */
/* PCRE2 with its just-in-time compiler, as functions without state: a compiled pattern never changes, and any thread may match with it. */
#ifndef WEIR_CPCRE2_H
#define WEIR_CPCRE2_H

#include <stddef.h>
#include <stdint.h>

enum {
  CPCRE2_CASELESS = 1,
  CPCRE2_MULTILINE = 2,
  CPCRE2_DOTALL = 4,
  CPCRE2_EXTENDED = 8,
  CPCRE2_ANCHORED = 16,
  CPCRE2_DOLLAR_ENDONLY = 32,
  CPCRE2_UNGREEDY = 64,
};

enum {
  /* Nanoseconds after which a match that might take long is given up. */
  CPCRE2_TIME = 20000000,
  /* Steps that are never too long: some milliseconds. */
  CPCRE2_COST = 4000000,
  /* Memory of one match, in KiB. */
  CPCRE2_HEAP_LIMIT = 16384,
};

typedef struct cpcre2_pattern cpcre2_pattern;

/* NULL if the pattern cannot be compiled: then *offset is the place in it where that was noticed, and the text has the library's words. */
cpcre2_pattern *cpcre2_compile(const uint8_t *pattern, size_t length, unsigned flags, size_t *offset, char *text, size_t size);
void cpcre2_free(cpcre2_pattern *pattern);

/* How many groups the pattern has. */
size_t cpcre2_groups(const cpcre2_pattern *pattern);

/* 1 for a match, 0 for none, negative if a limit was reached or there was no memory. Of the match and its first groups, as many as there is
   room for, spans gets the beginning and the end; SIZE_MAX twice for a group that took no part. */
int cpcre2_match(const cpcre2_pattern *pattern, const uint8_t *subject, size_t length, size_t *spans, size_t count);

/* For a pattern that ends in (?C1): with room for spans, the longest of the matches that begin first, and of these the one whose groups are the longest,
   the first group before the others, as POSIX wants it. When a limit is reached, the longest until then. */
int cpcre2_match_longest(const cpcre2_pattern *pattern, const uint8_t *subject, size_t length, size_t *spans, size_t count);

#endif
