/* SPDX-License-Identifier: Apache-2.0 */
#include "CBytes.h"

#define POLYNOMIAL 0x82f63b78u

static uint32_t step_byte(uint32_t crc, uint8_t byte) {
  crc ^= byte;
  for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & (0u - (crc & 1u)));
  return crc;
}

static uint32_t portable(uint32_t crc, const uint8_t *p, size_t length) {
  static uint32_t table[256];
  static int ready;
  if (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) {
    for (uint32_t i = 0; i < 256; i++) __atomic_store_n(&table[i], step_byte(i, 0), __ATOMIC_RELAXED);
    __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
  }
  while (length--) crc = (crc >> 8) ^ __atomic_load_n(&table[(crc ^ *p++) & 0xff], __ATOMIC_RELAXED);
  return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>
__attribute__((target("sse4.2"))) static uint32_t accelerated(uint32_t crc, const uint8_t *p, size_t length) {
  uint64_t wide = crc;
  for (; length >= 8; length -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = (uint32_t)wide;
  while (length--) crc = _mm_crc32_u8(crc, *p++);
  return crc;
}
#endif

uint32_t cbytes_crc32c(uint32_t crc, const void *data, size_t length) {
  crc = ~crc;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~accelerated(crc, data, length);
#endif
  return ~portable(crc, data, length);
}
