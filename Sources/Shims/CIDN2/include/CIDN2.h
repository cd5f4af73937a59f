/* SPDX-License-Identifier: Apache-2.0 */
/* libidn2 for Swift. */
#ifndef WEIR_CIDN2_H
#define WEIR_CIDN2_H

#include <stddef.h>

/* Each writes a domain with a NUL at its end into output and returns its length without that, or -1 if there is none that fits. */

/* A-labels in lower case (RFC 5891 section 5, with the mapping of UTS 46). */
int cidn2_to_ascii(const char *domain, char *output, size_t capacity);
/* A-labels become U-labels. */
int cidn2_to_unicode(const char *domain, char *output, size_t capacity);

#endif
