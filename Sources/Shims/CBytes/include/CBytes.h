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

#endif
