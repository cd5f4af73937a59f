/* SPDX-License-Identifier: Apache-2.0 */
#include "CCurl.h"

#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* What is wanted of the library. */
static struct {
  int is_loaded;
  CURL *(*init)(void);
  CURLcode (*setopt)(CURL *, CURLoption, ...);
  CURLcode (*perform)(CURL *);
  CURLcode (*getinfo)(CURL *, CURLINFO, ...);
  void (*cleanup)(CURL *);
  const char *(*strerror)(CURLcode);
  struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
  void (*slist_free_all)(struct curl_slist *);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static int find(void *handle, const char *name, void *place) {
  void *symbol = dlsym(handle, name);
  memcpy(place, &symbol, sizeof symbol);
  return symbol != NULL;
}

static void load(void) {
  void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!handle) handle = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!handle) return;
  CURLcode (*global_init)(long) = NULL;
  int found = find(handle, "curl_global_init", &global_init) && find(handle, "curl_easy_init", &library.init) &&
              find(handle, "curl_easy_setopt", &library.setopt) && find(handle, "curl_easy_perform", &library.perform) &&
              find(handle, "curl_easy_getinfo", &library.getinfo) && find(handle, "curl_easy_cleanup", &library.cleanup) &&
              find(handle, "curl_easy_strerror", &library.strerror) && find(handle, "curl_slist_append", &library.slist_append) &&
              find(handle, "curl_slist_free_all", &library.slist_free_all);
  library.is_loaded = found && global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

struct sink {
  unsigned char *body;
  size_t limit, count;
  int is_full;
};

static size_t take(char *bytes, size_t size, size_t number, void *argument) {
  struct sink *sink = argument;
  size_t length = size * number;
  if (length > sink->limit - sink->count) {
    sink->is_full = 1;
    return 0;
  }
  memcpy(sink->body + sink->count, bytes, length);
  sink->count += length;
  return length;
}

static ccurl_kind kind_of(CURLcode code, const struct sink *sink) {
  switch (code) {
    case CURLE_OK: return CCURL_DONE;
    case CURLE_PEER_FAILED_VERIFICATION: return CCURL_BAD_CERTIFICATE;
    case CURLE_WRITE_ERROR: return sink->is_full ? CCURL_TOO_LARGE : CCURL_FAILED;
    default: return CCURL_FAILED;
  }
}

void ccurl_get(const ccurl_request *request, ccurl_answer *answer) {
  memset(answer, 0, sizeof *answer);
  answer->kind = CCURL_NO_LIBRARY;
  snprintf(answer->reason, sizeof answer->reason, "libcurl is not installed");
  pthread_once(&once, load);
  if (!library.is_loaded) return;
  CURL *curl = library.init();
  if (!curl) return;
  struct sink sink = {request->body, request->limit, 0, 0};
  struct curl_slist *addresses = request->addresses ? library.slist_append(NULL, request->addresses) : NULL;
  library.setopt(curl, CURLOPT_URL, request->url);
  library.setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
  library.setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  library.setopt(curl, CURLOPT_PROXY, "");
  library.setopt(curl, CURLOPT_NOSIGNAL, 1L);
  library.setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_milliseconds);
  library.setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  library.setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  if (addresses) library.setopt(curl, CURLOPT_RESOLVE, addresses);
  if (request->authority_file) library.setopt(curl, CURLOPT_CAINFO, request->authority_file);
  if (request->authority_folder) library.setopt(curl, CURLOPT_CAPATH, request->authority_folder);
  library.setopt(curl, CURLOPT_WRITEFUNCTION, take);
  library.setopt(curl, CURLOPT_WRITEDATA, &sink);
  CURLcode code = library.perform(curl);
  answer->kind = kind_of(code, &sink);
  answer->count = sink.count;
  library.getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
  const char *type = NULL;
  if (library.getinfo(curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type) snprintf(answer->media_type, sizeof answer->media_type, "%s", type);
  snprintf(answer->reason, sizeof answer->reason, "%s", library.strerror(code));
  library.cleanup(curl);
  library.slist_free_all(addresses);
}
