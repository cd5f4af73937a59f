/* SPDX-License-Identifier: Apache-2.0 */
#include "CIDN2.h"

#include <idn2.h>
#include <string.h>

static int copy(int result, char *found, char *output, size_t capacity) {
  if (result != IDN2_OK || !found) return -1;
  size_t length = strlen(found);
  int fits = length < capacity;
  if (fits) memcpy(output, found, length + 1);
  idn2_free(found);
  return fits ? (int)length : -1;
}

int cidn2_to_ascii(const char *domain, char *output, size_t capacity) {
  char *found = NULL;
  int result = idn2_to_ascii_8z(domain, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  return copy(result, found, output, capacity);
}

int cidn2_to_unicode(const char *domain, char *output, size_t capacity) {
  char *found = NULL;
  int result = idn2_to_unicode_8z8z(domain, &found, 0);
  return copy(result, found, output, capacity);
}
