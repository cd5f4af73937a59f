/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CRegex.h"

#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAXIMUM_SPANS = 100 };

struct cregex_pattern {
  regex_t regex;
};

static int problem_of(int error) {
  switch (error) {
  case REG_BADRPT: return CREGEX_BAD_REPETITION;
  case REG_ESUBREG: return CREGEX_BAD_BACK_REFERENCE;
  case REG_EBRACK: return CREGEX_BAD_BRACKET;
  case REG_EPAREN: return CREGEX_BAD_PARENTHESIS;
  case REG_ERPAREN: return CREGEX_BAD_PARENTHESIS;
  case REG_EBRACE: return CREGEX_BAD_BRACE;
  case REG_BADBR: return CREGEX_BAD_BRACE;
  case REG_ERANGE: return CREGEX_BAD_RANGE;
  case REG_ECTYPE: return CREGEX_BAD_CLASS;
  case REG_ECOLLATE: return CREGEX_BAD_CLASS;
  case REG_EESCAPE: return CREGEX_BAD_ESCAPE;
  default: return CREGEX_OTHER;
  }
}

cregex_pattern *cregex_compile(const char *pattern, int flags, int *problem, char *text, size_t size) {
  cregex_pattern *compiled = calloc(1, sizeof *compiled);
  *problem = CREGEX_OTHER;
  if (size > 0) text[0] = 0;
  if (compiled == NULL) return NULL;
  int options = (flags & CREGEX_BASIC ? 0 : REG_EXTENDED) | (flags & CREGEX_CASELESS ? REG_ICASE : 0) | (flags & CREGEX_BY_LINE ? REG_NEWLINE : 0);
  int error = regcomp(&compiled->regex, pattern, options);
  /* What is found goes to the caller's arrays. */
  compiled->regex.regs_allocated = REGS_FIXED;
  if (error == 0) return compiled;
  *problem = problem_of(error);
  regerror(error, &compiled->regex, text, size);
  free(compiled);
  return NULL;
}

void cregex_free(cregex_pattern *pattern) {
  if (pattern == NULL) return;
  regfree(&pattern->regex);
  free(pattern);
}

size_t cregex_groups(const cregex_pattern *pattern) { return pattern->regex.re_nsub; }

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
/* The sanitizer's stand-in for regexec takes the subject for a string, in spite of REG_STARTEND: here it is one. */
static int execute(const regex_t *regex, const char *subject, size_t length, size_t count, regmatch_t *matches) {
  char *string = malloc(length + 1);
  if (string == NULL) return REG_ESPACE;
  memcpy(string, subject, length);
  string[length] = 0;
  int result = regexec(regex, string, count, matches, REG_STARTEND);
  free(string);
  return result;
}
#define WITH_SANITIZER
#endif
#endif

#ifndef WITH_SANITIZER
static int execute(const regex_t *regex, const char *subject, size_t length, size_t count, regmatch_t *matches) {
  (void)length;
  return regexec(regex, subject, count, matches, REG_STARTEND);
}
#endif

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* A long subject, at each place of which a match might begin that looks at all the rest: some places at a time, until the time is over. */
static int execute_bounded(const regex_t *regex, const char *subject, int length, size_t count, regmatch_t *matches) {
  int64_t until = nanoseconds() + CREGEX_TIME;
  int window = CREGEX_COST / length > 16 ? CREGEX_COST / length : 16;
  regoff_t begins[MAXIMUM_SPANS], ends[MAXIMUM_SPANS];
  struct re_registers registers = {MAXIMUM_SPANS, begins, ends};
  /* The library takes a lock of its own, and changes nothing of the pattern. */
  struct re_pattern_buffer *pattern = (struct re_pattern_buffer *)(uintptr_t)regex;
  for (int begin = 0; begin <= length; begin += window) {
    int range = window - 1 < length - begin ? window - 1 : length - begin;
    int found = re_search(pattern, subject, length, begin, range, count > 0 ? &registers : NULL);
    if (found >= 0) {
      for (size_t index = 0; index < count; index++) {
        int is_known = index <= regex->re_nsub;
        matches[index] = (regmatch_t){is_known ? begins[index] : -1, is_known ? ends[index] : -1};
      }
      return 0;
    }
    if (found != -1) return REG_ESPACE;
    if (nanoseconds() > until) return REG_ESPACE;
  }
  return REG_NOMATCH;
}

int cregex_match(const cregex_pattern *pattern, const uint8_t *subject, size_t length, size_t *spans, size_t count) {
  regmatch_t matches[MAXIMUM_SPANS];
  if (count > MAXIMUM_SPANS || length > INT_MAX / 2) return -1;
  int is_short = length * length <= CREGEX_COST;
  matches[0].rm_so = 0;
  matches[0].rm_eo = (regoff_t)length;
  int result = is_short ? execute(&pattern->regex, (const char *)subject, length, count, matches)
                        : execute_bounded(&pattern->regex, (const char *)subject, (int)length, count, matches);
  if (result == REG_NOMATCH) return 0;
  if (result != 0) return -1;
  for (size_t index = 0; index < count; index++) {
    spans[2 * index] = matches[index].rm_so < 0 ? SIZE_MAX : (size_t)matches[index].rm_so;
    spans[2 * index + 1] = matches[index].rm_eo < 0 ? SIZE_MAX : (size_t)matches[index].rm_eo;
  }
  return 1;
}
