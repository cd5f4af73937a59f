/* SPDX-License-Identifier: Apache-2.0 */
#include "CBytes.h"

/* In blocks, so that the counters of a block fit a byte each and the compiler can count many bytes in one step. */
size_t cbytes_count(const void *data, size_t length, uint8_t byte) {
  const uint8_t *bytes = data;
  size_t count = 0;
  while (length >= 255) {
    uint8_t block = 0;
    for (size_t index = 0; index < 255; index++) block = (uint8_t)(block + (bytes[index] == byte));
    count += block;
    bytes += 255;
    length -= 255;
  }
  for (size_t index = 0; index < length; index++) count += bytes[index] == byte;
  return count;
}
