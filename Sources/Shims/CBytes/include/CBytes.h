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

#endif
