/* SPDX-License-Identifier: Apache-2.0 */
#include "CBytes.h"

size_t cbytes_find_fours(const uint8_t *data, size_t place, size_t last, size_t stride, uint32_t shift, const uint64_t *bits) {
  for (; place <= last; place += stride) {
    uint32_t hash = cbytes_hash_four(data + place, shift);
    if (bits[hash >> 6] >> (hash & 63) & 1) break;
  }
  return place;
}
