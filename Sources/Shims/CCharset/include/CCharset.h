/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's conversion of character sets. It keeps what it has read of a character set. */
#ifndef WEIR_CCHARSET_H
#define WEIR_CCHARSET_H

#include <stddef.h>
#include <stdint.h>

/* Text in UTF-8: how many bytes were written, or -1 if the character set is not known. What is no text in it becomes `?`. */
ptrdiff_t ccharset_to_utf8(const char *charset, const uint8_t *text, size_t length, uint8_t *output, size_t size);

#endif
