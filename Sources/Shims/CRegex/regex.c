/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CRegex.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

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

int cregex_match(const cregex_pattern *pattern, const uint8_t *subject, size_t length, size_t *spans, size_t count) {
  regmatch_t matches[MAXIMUM_SPANS];
  if (count > MAXIMUM_SPANS) return -1;
  matches[0].rm_so = 0;
  matches[0].rm_eo = (regoff_t)length;
  int result = execute(&pattern->regex, (const char *)subject, length, count, matches);
  if (result == REG_NOMATCH) return 0;
  if (result != 0) return -1;
  for (size_t index = 0; index < count; index++) {
    spans[2 * index] = matches[index].rm_so < 0 ? SIZE_MAX : (size_t)matches[index].rm_so;
    spans[2 * index + 1] = matches[index].rm_eo < 0 ? SIZE_MAX : (size_t)matches[index].rm_eo;
  }
  return 1;
}
