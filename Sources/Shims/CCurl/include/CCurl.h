/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTPS request by libcurl, which is loaded when it is first wanted: most runs never do, and it brings many libraries along. */
#ifndef WEIR_CCURL_H
#define WEIR_CCURL_H

#include <stddef.h>

typedef struct {
  const char *url;
  /* "host:443:192.0.2.1,[2001:db8::1]", or NULL to find the addresses with the system's resolver. */
  const char *addresses;
  /* PEM file and hashed folder of authorities; NULL for the library's own. */
  const char *authority_file, *authority_folder;
  long timeout_milliseconds;
  /* Where the body goes. More than fits is an error. */
  unsigned char *body;
  size_t limit;
} ccurl_request;

typedef enum { CCURL_DONE, CCURL_NO_LIBRARY, CCURL_BAD_CERTIFICATE, CCURL_TOO_LARGE, CCURL_FAILED } ccurl_kind;

typedef struct {
  ccurl_kind kind;
  long status;
  size_t count;
  char media_type[128];
  char reason[256];
} ccurl_answer;

/* Blocks until the answer or the deadline. No redirects, no proxy, HTTPS alone. From any thread. */
void ccurl_get(const ccurl_request *request, ccurl_answer *answer);

#endif
