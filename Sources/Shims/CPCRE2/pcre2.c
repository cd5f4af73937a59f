/* SPDX-License-Identifier: Apache-2.0 */
#include "CPCRE2.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

struct cpcre2_pattern {
  pcre2_code *code;
  pcre2_match_context *limits;
  pcre2_general_context *memory;
  /* The library keeps what it asks for before, which must not be in a thread's room. */
  int is_ready;
};

/* What the library remembers of a match is small and needed for as long as the match takes: each thread has room for one, and a match makes no call to
   malloc. A second one, or more than there is room for, comes from the heap. */
enum { ROOM = 4096 };
static _Thread_local struct {
  _Alignas(16) unsigned char bytes[ROOM];
  int is_taken;
} room;

static void *take(size_t size, void *pattern) {
  if (size > ROOM || room.is_taken || !((cpcre2_pattern *)pattern)->is_ready) return malloc(size);
  room.is_taken = 1;
  return room.bytes;
}

static void give_back(void *block, void *unused) {
  (void)unused;
  if (block == (void *)room.bytes) room.is_taken = 0;
  else free(block);
}

static uint32_t options_of(unsigned flags) {
  return (flags & CPCRE2_CASELESS ? PCRE2_CASELESS : 0) | (flags & CPCRE2_MULTILINE ? PCRE2_MULTILINE : 0) |
         (flags & CPCRE2_DOTALL ? PCRE2_DOTALL : 0) | (flags & CPCRE2_EXTENDED ? PCRE2_EXTENDED : 0) |
         (flags & CPCRE2_ANCHORED ? PCRE2_ANCHORED : 0) | (flags & CPCRE2_DOLLAR_ENDONLY ? PCRE2_DOLLAR_ENDONLY : 0) |
         (flags & CPCRE2_UNGREEDY ? PCRE2_UNGREEDY : 0);
}

cpcre2_pattern *cpcre2_compile(const uint8_t *pattern, size_t length, unsigned flags, size_t *offset, char *text, size_t size) {
  int error = 0;
  *offset = 0;
  if (size > 0) text[0] = 0;
  cpcre2_pattern *compiled = calloc(1, sizeof *compiled);
  if (compiled == NULL) return NULL;
  compiled->code = pcre2_compile(pattern, length, options_of(flags), &error, offset, NULL);
  if (compiled->code == NULL) {
    pcre2_get_error_message(error, (PCRE2_UCHAR *)text, size);
    free(compiled);
    return NULL;
  }
  compiled->limits = pcre2_match_context_create(NULL);
  compiled->memory = pcre2_general_context_create(take, give_back, compiled);
  if (compiled->limits == NULL || compiled->memory == NULL) {
    cpcre2_free(compiled);
    return NULL;
  }
  pcre2_set_match_limit(compiled->limits, CPCRE2_MATCH_LIMIT);
  pcre2_set_heap_limit(compiled->limits, CPCRE2_HEAP_LIMIT);
  /* Where pages may not become executable this fails, and patterns are interpreted. */
  (void)pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);
  compiled->is_ready = 1;
  return compiled;
}

void cpcre2_free(cpcre2_pattern *pattern) {
  if (pattern == NULL) return;
  pcre2_match_context_free(pattern->limits);
  pcre2_general_context_free(pattern->memory);
  pcre2_code_free(pattern->code);
  free(pattern);
}

size_t cpcre2_groups(const cpcre2_pattern *pattern) {
  uint32_t count = 0;
  pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

int cpcre2_match(const cpcre2_pattern *pattern, const uint8_t *subject, size_t length, size_t *spans, size_t count) {
  pcre2_match_data *data = pcre2_match_data_create(count > 0 ? (uint32_t)count : 1, pattern->memory);
  if (data == NULL) return -1;
  int result = pcre2_match(pattern->code, subject, length, 0, 0, data, pattern->limits);
  /* Compiled code has the 32 KiB that the library takes from the stack; the interpreter has the heap, up to its limit. */
  if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = pcre2_match(pattern->code, subject, length, 0, PCRE2_NO_JIT, data, pattern->limits);
  /* 0: a match with more groups than there is room for. */
  if (result >= 0) {
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(data);
    size_t known = result == 0 ? count : (size_t)result;
    for (size_t index = 0; index < count; index++) {
      int is_set = index < known && found[2 * index] != PCRE2_UNSET;
      spans[2 * index] = is_set ? found[2 * index] : SIZE_MAX;
      spans[2 * index + 1] = is_set ? found[2 * index + 1] : SIZE_MAX;
    }
  }
  pcre2_match_data_free(data);
  return result >= 0 ? 1 : result == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
