/* SPDX-License-Identifier: Apache-2.0 */
#include "CBytes.h"

enum { NO_CODE = 64, PADDING = 65 };

static uint8_t value(uint8_t byte) {
  if (byte >= 'A' && byte <= 'Z') return byte - 'A';
  if (byte >= 'a' && byte <= 'z') return byte - 'a' + 26;
  if (byte >= '0' && byte <= '9') return byte - '0' + 52;
  return byte == '+' ? 62 : byte == '/' ? 63 : byte == '=' ? PADDING : NO_CODE;
}

size_t cbytes_base64(const uint8_t *text, size_t length, uint8_t *output, size_t room, int resets, int *padding) {
  uint8_t values[256];
  uint32_t bits = 0, count = 0;
  size_t written = 0;
  int waits = 0;
  for (int byte = 0; byte < 256; byte++) values[byte] = value((uint8_t)byte);
  *padding = 0;
  for (size_t index = 0; index < length && written < room; index++) {
    uint8_t code = values[text[index]];
    if (code == NO_CODE) continue;
    if (code == PADDING) {
      waits = 1;
      if (resets) count = 0;
      continue;
    }
    if (waits) *padding = 1;
    waits = 0;
    bits = bits << 6 | code;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    output[written++] = (uint8_t)(bits >> count);
  }
  return written;
}
