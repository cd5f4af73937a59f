/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's regular expressions, regex(3), as functions without state: a compiled pattern never changes, and any thread may match with it. */
#ifndef WEIR_CREGEX_H
#define WEIR_CREGEX_H

#include <stddef.h>
#include <stdint.h>

enum {
  CREGEX_BASIC = 1,      /* not REG_EXTENDED */
  CREGEX_CASELESS = 2,   /* REG_ICASE */
  CREGEX_BY_LINE = 4,    /* REG_NEWLINE */
};

/* What is wrong with a pattern. */
enum {
  CREGEX_BAD_REPETITION = 1,
  CREGEX_BAD_BACK_REFERENCE,
  CREGEX_BAD_BRACKET,
  CREGEX_BAD_PARENTHESIS,
  CREGEX_BAD_BRACE,
  CREGEX_BAD_RANGE,
  CREGEX_BAD_CLASS,
  CREGEX_BAD_ESCAPE,
  CREGEX_OTHER,
};

enum {
  /* Nanoseconds after which a match in a long subject is given up. */
  CREGEX_TIME = 20000000,
  /* Steps that are never too long: some milliseconds. */
  CREGEX_COST = 4000000,
};

typedef struct cregex_pattern cregex_pattern;

/* NULL if the pattern, which ends in NUL, cannot be compiled: then *problem is one of the above, and the text has the library's words. */
cregex_pattern *cregex_compile(const char *pattern, int flags, int *problem, char *text, size_t size);
void cregex_free(cregex_pattern *pattern);

/* How many groups the pattern has. */
size_t cregex_groups(const cregex_pattern *pattern);

/* 1 for a match, 0 for none, negative if it took too long or there was no memory. Of the match and its first groups, as many as there is room for, spans gets
   the beginning and the end; SIZE_MAX twice for a group that took no part. */
int cregex_match(const cregex_pattern *pattern, const uint8_t *subject, size_t length, size_t *spans, size_t count);

#endif
