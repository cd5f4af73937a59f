/* SPDX-License-Identifier: Apache-2.0 */
#include "CPCRE2.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <time.h>

struct subject {
  const uint8_t *bytes;
  size_t length;
};

struct cpcre2_pattern {
  pcre2_code *code;
  /* The library counts the steps of each place where a match might begin for itself: few for all of them, or many for one. */
  pcre2_match_context *quick, *patient;
  pcre2_general_context *memory;
  /* The library keeps what it asks for before, which must not be in a thread's room. */
  int is_ready;
  int has_reference, is_anchored;
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
         (flags & CPCRE2_UNGREEDY ? PCRE2_UNGREEDY : 0) | PCRE2_USE_OFFSET_LIMIT;
}

/* Steps at one place. With a back reference one step may compare a whole line. */
enum { QUICK = 2000, QUICK_REFERENCE = 250, PATIENT = 1000000, PATIENT_REFERENCE = 50000 };

static pcre2_match_context *context(const cpcre2_pattern *pattern, uint32_t steps, uint32_t steps_of_reference) {
  pcre2_match_context *context = pcre2_match_context_create(NULL);
  if (context == NULL) return NULL;
  pcre2_set_match_limit(context, pattern->has_reference ? steps_of_reference : steps);
  pcre2_set_heap_limit(context, CPCRE2_HEAP_LIMIT);
  return context;
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
  uint32_t references = 0, options = 0;
  pcre2_pattern_info(compiled->code, PCRE2_INFO_BACKREFMAX, &references);
  pcre2_pattern_info(compiled->code, PCRE2_INFO_ALLOPTIONS, &options);
  compiled->has_reference = references > 0;
  compiled->is_anchored = (options & PCRE2_ANCHORED) != 0;
  compiled->quick = context(compiled, QUICK, QUICK_REFERENCE);
  compiled->patient = context(compiled, PATIENT, PATIENT_REFERENCE);
  compiled->memory = pcre2_general_context_create(take, give_back, compiled);
  if (compiled->quick == NULL || compiled->patient == NULL || compiled->memory == NULL) {
    cpcre2_free(compiled);
    return NULL;
  }
  /* Where pages may not become executable this fails, and patterns are interpreted. */
  (void)pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);
  compiled->is_ready = 1;
  return compiled;
}

void cpcre2_free(cpcre2_pattern *pattern) {
  if (pattern == NULL) return;
  pcre2_match_context_free(pattern->quick);
  pcre2_match_context_free(pattern->patient);
  pcre2_general_context_free(pattern->memory);
  pcre2_code_free(pattern->code);
  free(pattern);
}

size_t cpcre2_groups(const cpcre2_pattern *pattern) {
  uint32_t count = 0;
  pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

/* JIT code has the 32 KiB that the library takes from the stack; the interpreter has the heap, up to its limit. */
static int run(const cpcre2_pattern *pattern, struct subject subject, size_t begin, pcre2_match_data *data, pcre2_match_context *limits) {
  int result = pcre2_match(pattern->code, subject.bytes, subject.length, begin, 0, data, limits);
  if (result != PCRE2_ERROR_JIT_STACKLIMIT) return result;
  return pcre2_match(pattern->code, subject.bytes, subject.length, begin, PCRE2_NO_JIT, data, limits);
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Place for place with all their steps, until the time is over. */
static int run_patiently(
    const cpcre2_pattern *pattern, struct subject subject, size_t begin, size_t end, pcre2_match_data *data, pcre2_match_context *limits, int64_t until) {
  int result = PCRE2_ERROR_NOMATCH;
  for (; begin <= end && result == PCRE2_ERROR_NOMATCH; begin++) {
    pcre2_set_offset_limit(limits, begin);
    result = run(pattern, subject, begin, data, limits);
    if (result == PCRE2_ERROR_NOMATCH && nanoseconds() > until) result = PCRE2_ERROR_MATCHLIMIT;
  }
  return result;
}

/* At so many places at once a match may begin that none of them can take long: of a long subject few. */
static size_t places(const cpcre2_pattern *pattern, size_t length) {
  size_t most = CPCRE2_COST / (pattern->has_reference ? 8 : 1) / (length + 1);
  return length < most ? length + 1 : most < 16 ? 16 : most;
}

static int run_bounded(
    const cpcre2_pattern *pattern, struct subject subject, pcre2_match_data *data, pcre2_match_context *quick, pcre2_match_context *patient) {
  int64_t until = nanoseconds() + CPCRE2_TIME;
  size_t window = places(pattern, subject.length);
  for (size_t begin = 0; begin <= subject.length; begin += window) {
    size_t end = begin + window - 1 < subject.length ? begin + window - 1 : subject.length;
    pcre2_set_offset_limit(quick, end);
    int result = run(pattern, subject, begin, data, quick);
    if (result == PCRE2_ERROR_MATCHLIMIT) result = run_patiently(pattern, subject, begin, end, data, patient, until);
    if (result != PCRE2_ERROR_NOMATCH || pattern->is_anchored) return result;
    if (end < subject.length && nanoseconds() > until) return PCRE2_ERROR_MATCHLIMIT;
  }
  return PCRE2_ERROR_NOMATCH;
}

/* `callout` with `noted`: asked at the end of each match. */
static int run_limited(
    const cpcre2_pattern *pattern, struct subject subject, pcre2_match_data *data, int (*callout)(pcre2_callout_block *, void *), void *noted) {
  int is_short = places(pattern, subject.length) > subject.length;
  if (is_short && callout == NULL) {
    int result = run(pattern, subject, 0, data, pattern->quick);
    if (result != PCRE2_ERROR_MATCHLIMIT) return result;
  }
  pcre2_match_context *quick = pcre2_match_context_copy(pattern->quick), *patient = pcre2_match_context_copy(pattern->patient);
  int result = PCRE2_ERROR_NOMEMORY;
  if (quick != NULL && patient != NULL) {
    pcre2_set_callout(quick, callout, noted);
    pcre2_set_callout(patient, callout, noted);
    result = run_bounded(pattern, subject, data, quick, patient);
  }
  pcre2_match_context_free(quick);
  pcre2_match_context_free(patient);
  return result;
}

int cpcre2_match(const cpcre2_pattern *pattern, const uint8_t *subject, size_t length, size_t *spans, size_t count) {
  pcre2_match_data *data = pcre2_match_data_create(count > 0 ? (uint32_t)count : 1, pattern->memory);
  if (data == NULL) return -1;
  int result = run_limited(pattern, (struct subject){subject, length}, data, NULL, NULL);
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

struct longest {
  size_t *spans, count;
  size_t begin, end;
  int is_found;
};

static size_t span_of(const pcre2_callout_block *block, size_t group, size_t *begin) {
  int is_set = group < block->capture_top && block->offset_vector[2 * group] != PCRE2_UNSET;
  *begin = is_set ? block->offset_vector[2 * group] : SIZE_MAX;
  return is_set ? block->offset_vector[2 * group + 1] : SIZE_MAX;
}

static int note_match(pcre2_callout_block *block, void *data) {
  struct longest *best = data;
  if (best->is_found && block->start_match != best->begin) return PCRE2_ERROR_CALLOUT;
  if (!best->is_found || block->current_position > best->end) {
    best->is_found = 1;
    best->begin = block->start_match;
    best->end = block->current_position;
    for (size_t group = 1; group < best->count; group++) best->spans[2 * group + 1] = span_of(block, group, &best->spans[2 * group]);
  }
  return best->count > 0;
}

int cpcre2_match_longest(const cpcre2_pattern *pattern, const uint8_t *subject, size_t length, size_t *spans, size_t count) {
  struct longest best = {.spans = spans, .count = count};
  pcre2_match_data *data = pcre2_match_data_create(1, NULL);
  if (data == NULL) return -1;
  int result = run_limited(pattern, (struct subject){subject, length}, data, note_match, &best);
  pcre2_match_data_free(data);
  if (best.is_found && count > 0) spans[0] = best.begin, spans[1] = best.end;
  return best.is_found ? 1 : result == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
