/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CBYTES_H
#define WEIR_CBYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* CRC-32C (Castagnoli) of data, continuing from crc (0 to begin). */
uint32_t cbytes_crc32c(uint32_t crc, const void *data, size_t length);

/* How often the byte stands in data. */
size_t cbytes_count(const void *data, size_t length, uint8_t byte);

/* Base64, with what is no code passed over: how many bytes were written, at most `room`. `resets`: codes after padding begin anew; else padding is passed
 * over, too. *padding becomes 1 if there are codes after padding. */
size_t cbytes_base64(const uint8_t *text, size_t length, uint8_t *output, size_t room, int resets, int *padding);

/* Of four bytes anywhere, in any case (and some signs alike): 32 - shift bits. */
static inline uint32_t cbytes_hash_four(const void *bytes, uint32_t shift) {
  uint32_t four;
  memcpy(&four, bytes, sizeof four);
  return ((four | 0x20202020u) * 0x9e3779b1u) >> shift;
}

/* The first of the places `place`, `place` + `stride`, ... up to `last` whose four bytes have a hash with its bit set; beyond `last` if there is none. */
size_t cbytes_find_fours(const uint8_t *data, size_t place, size_t last, size_t stride, uint32_t shift, const uint64_t *bits);

/* What tells fours from others at a glance: in which of eight groups there is one with this byte, for the halves of each of the first three bytes. */
typedef struct {
  uint8_t low[3][16], high[3][16];
} cbytes_prints;

/* Puts four bytes into a group, 0 to 7. */
void cbytes_add_print(cbytes_prints *prints, const uint8_t *four, unsigned group);

/* As cbytes_find_fours at every place, in much larger steps on processors of which cbytes_has_prints() says so. `prints` has all whose bits are set. */
size_t cbytes_find_prints(
    const uint8_t *data, size_t place, size_t last, const cbytes_prints *prints, uint32_t shift, const uint64_t *bits);
int cbytes_has_prints(void);

#endif
