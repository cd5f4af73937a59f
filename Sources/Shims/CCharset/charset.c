/* SPDX-License-Identifier: Apache-2.0 */
#include "CCharset.h"

#include <errno.h>
#include <iconv.h>

ptrdiff_t ccharset_to_utf8(const char *charset, const uint8_t *text, size_t length, uint8_t *output, size_t size) {
  iconv_t handle = iconv_open("UTF-8", charset);
  if (handle == (iconv_t)-1) return -1;
  char *from = (char *)text, *to = (char *)output;
  size_t left = length, room = size;
  while (left > 0 && iconv(handle, &from, &left, &to, &room) == (size_t)-1) {
    /* The text ends within a character, or there is no room. */
    if (errno != EILSEQ || room == 0 || left == 0) break;
    from++, left--;
    *to++ = '?', room--;
  }
  iconv(handle, NULL, NULL, &to, &room);
  iconv_close(handle);
  return to - (char *)output;
}
