/* SPDX-License-Identifier: Apache-2.0 */
#include "CBytes.h"

static inline int is_in(const uint8_t *four, uint32_t shift, const uint64_t *bits) {
  uint32_t hash = cbytes_hash_four(four, shift);
  return bits[hash >> 6] >> (hash & 63) & 1;
}

size_t cbytes_find_fours(const uint8_t *data, size_t place, size_t last, size_t stride, uint32_t shift, const uint64_t *bits) {
  while (place <= last && !is_in(data + place, shift, bits)) place += stride;
  return place;
}

void cbytes_add_print(cbytes_prints *prints, const uint8_t *four, unsigned group) {
  for (int index = 0; index < 3; index++)
    for (int fold = 0; fold <= 0x20; fold += 0x20) {
      uint8_t byte = (uint8_t)((four[index] & ~0x20) | fold);
      prints->low[index][byte & 15] |= (uint8_t)(1u << group);
      prints->high[index][byte >> 4] |= (uint8_t)(1u << group);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

int cbytes_has_prints(void) { return __builtin_cpu_supports("avx2") != 0; }

/* A bit for each of the 32 places from `data` on at which three bytes are of one group. */
__attribute__((target("avx2"), always_inline)) static inline uint32_t candidates(const uint8_t *data, const __m256i *low, const __m256i *high) {
  const __m256i nibble = _mm256_set1_epi8(15);
  __m256i groups = _mm256_set1_epi8(-1);
  for (int index = 0; index < 3; index++) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(data + index));
    __m256i lower = _mm256_shuffle_epi8(low[index], _mm256_and_si256(bytes, nibble));
    __m256i upper = _mm256_shuffle_epi8(high[index], _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
    groups = _mm256_and_si256(groups, _mm256_and_si256(lower, upper));
  }
  return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, _mm256_setzero_si256()));
}

__attribute__((target("avx2"))) static size_t quick(
    const uint8_t *data, size_t place, size_t last, const cbytes_prints *prints, uint32_t shift, const uint64_t *bits) {
  __m256i low[3], high[3];
  for (int index = 0; index < 3; index++) {
    low[index] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)prints->low[index]));
    high[index] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)prints->high[index]));
  }
  while (place <= last) {
    /* The last step looks at some places twice instead of behind the end. */
    size_t from = last - place < 31 ? last - 31 : place;
    uint32_t found = candidates(data + from, low, high) & (0xffffffffu << (place - from));
    for (; found; found &= found - 1) {
      size_t at = from + (size_t)__builtin_ctz(found);
      if (is_in(data + at, shift, bits)) return at;
    }
    place = from + 32;
  }
  return place;
}
#else
int cbytes_has_prints(void) { return 0; }
#endif

size_t cbytes_find_prints(
    const uint8_t *data, size_t place, size_t last, const cbytes_prints *prints, uint32_t shift, const uint64_t *bits) {
#if defined(__x86_64__)
  if (last >= 31 && cbytes_has_prints()) return quick(data, place, last, prints, shift, bits);
#endif
  (void)prints;
  return cbytes_find_fours(data, place, last, 1, shift, bits);
}
