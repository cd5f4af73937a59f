/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CArchive.h"
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

/* Small pieces: between two of them the clock is looked at, and a piece of a bomb can be a thousand times as long. */
enum { PIECE = 16 * 1024, NAME = 4096 };

struct carchive {
   struct archive *archive;
   const char     *bytes;
   size_t          count, offset;
   int64_t         deadline;
   int             is_late, has_begun;
   char            name[NAME];
};

/* Names in Unicode come out as UTF-8 in such a locale only, and in C's not at all. It is set for the thread, while libarchive runs. */
static locale_t       utf8;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_locale(void) { utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); }

static locale_t enter(void) {
   pthread_once(&once, make_locale);
   return utf8 ? uselocale(utf8) : (locale_t)0;
}

static void leave(locale_t before) {
   if (before) uselocale(before);
}

int64_t carchive_clock(void) {
   struct timespec t;
   if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) clock_gettime(CLOCK_MONOTONIC, &t);
   return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

const void *carchive_find(const void *bytes, size_t count, const void *word, size_t length) { return memmem(bytes, count, word, length); }

static int late(carchive *c) {
   if (!c->is_late && carchive_clock() > c->deadline) c->is_late = 1;
   return c->is_late;
}

static la_ssize_t read_piece(struct archive *a, void *user, const void **out) {
   carchive *c = user;
   size_t    n = c->count - c->offset < PIECE ? c->count - c->offset : PIECE;
   if (late(c)) {
      archive_set_error(a, -1, "late");
      return -1;
   }
   *out = c->bytes + c->offset;
   c->offset += n;
   return (la_ssize_t)n;
}

static la_int64_t skip(struct archive *a, void *user, la_int64_t request) {
   carchive *c = user;
   size_t    left = c->count - c->offset, n = request < 0 ? 0 : (uint64_t)request > left ? left : (size_t)request;
   (void)a;
   c->offset += n;
   return (la_int64_t)n;
}

static la_int64_t seek(struct archive *a, void *user, la_int64_t offset, int whence) {
   carchive  *c = user;
   la_int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (la_int64_t)c->offset : (la_int64_t)c->count;
   (void)a;
   if (offset < -base) offset = -base;
   if (offset > (la_int64_t)c->count - base) offset = (la_int64_t)c->count - base;
   c->offset = (size_t)(base + offset);
   return (la_int64_t)c->offset;
}

static void choose(struct archive *a, int streaming) {
   archive_read_support_filter_gzip(a);
   archive_read_support_filter_bzip2(a);
   archive_read_support_filter_xz(a);
   archive_read_support_filter_lzma(a);
   archive_read_support_filter_lzip(a);
   archive_read_support_filter_zstd(a);
   archive_read_support_filter_compress(a);
   archive_read_support_filter_rpm(a);
   if (streaming) {
      archive_read_support_format_zip_streamable(a);
      return;
   }
   archive_read_support_format_zip_seekable(a);
   archive_read_support_format_7zip(a);
   archive_read_support_format_rar(a);
   archive_read_support_format_rar5(a);
   archive_read_support_format_cab(a);
   archive_read_support_format_tar(a);
   archive_read_support_format_gnutar(a);
   archive_read_support_format_iso9660(a);
   archive_read_support_format_lha(a);
   archive_read_support_format_cpio(a);
   archive_read_support_format_ar(a);
   archive_read_support_format_xar(a);
   archive_read_support_format_raw(a);
}

carchive *carchive_open(const void *bytes, size_t count, int streaming, int64_t deadline) {
   carchive *c = calloc(1, sizeof *c);
   locale_t  before;
   if (!c) return NULL;
   c->bytes = bytes;
   c->count = count;
   c->deadline = deadline;
   if (!(c->archive = archive_read_new())) {
      free(c);
      return NULL;
   }
   before = enter();
   choose(c->archive, streaming);
   archive_read_set_callback_data(c->archive, c);
   archive_read_set_read_callback(c->archive, read_piece);
   archive_read_set_skip_callback(c->archive, skip);
   archive_read_set_seek_callback(c->archive, seek);
   archive_read_open1(c->archive);
   leave(before);
   return c;
}

static int failure(carchive *c) {
   const char *text = archive_error_string(c->archive);
   if (c->is_late) return CARCHIVE_LATE;
   if (archive_read_has_encrypted_entries(c->archive) == 1) return CARCHIVE_ENCRYPTED;
   if (text && (strstr(text, "ncrypt") || strstr(text, "assphrase"))) return CARCHIVE_ENCRYPTED;
   if (!c->has_begun && text && strstr(text, "Unrecognized archive format")) return CARCHIVE_FOREIGN;
   return CARCHIVE_BROKEN;
}

static const char *name_of(carchive *c, struct archive_entry *entry) {
   const char    *name = archive_entry_pathname_utf8(entry);
   const wchar_t *wide;
   mbstate_t      state = {0};
   size_t         n;
   if (!name) name = archive_entry_pathname(entry);
   if (name) return name;
   if (!(wide = archive_entry_pathname_w(entry))) return NULL;
   n = wcsrtombs(c->name, &wide, sizeof c->name - 1, &state);
   if (n == (size_t)-1) return NULL;
   c->name[n] = 0;
   return c->name;
}

static int next(carchive *c, carchive_entry *out) {
   struct archive_entry *entry;
   int                   answer = archive_read_next_header(c->archive, &entry);
   if (answer == ARCHIVE_EOF) return CARCHIVE_END;
   if (answer < ARCHIVE_WARN) return failure(c);
   out->is_raw = (archive_format(c->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_RAW;
   /* "Raw" takes anything; without a filter that is the file itself. */
   if (out->is_raw && archive_filter_count(c->archive) < 2) return CARCHIVE_FOREIGN;
   c->has_begun = 1;
   out->name = name_of(c, entry);
   out->size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
   out->is_file = archive_entry_filetype(entry) != AE_IFDIR;
   out->is_encrypted = archive_entry_is_encrypted(entry) != 0;
   out->is_zip = (archive_format(c->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
   return CARCHIVE_OK;
}

int carchive_next(carchive *c, carchive_entry *out) {
   locale_t before = enter();
   int      answer = late(c) ? CARCHIVE_LATE : next(c, out);
   leave(before);
   return answer;
}

int carchive_read(carchive *c, const void **bytes, size_t *count) {
   la_int64_t offset;
   locale_t   before;
   int        answer;
   if (late(c)) return CARCHIVE_LATE;
   before = enter();
   answer = archive_read_data_block(c->archive, bytes, count, &offset);
   if (answer < ARCHIVE_WARN) answer = failure(c);
   else answer = answer == ARCHIVE_EOF ? CARCHIVE_END : CARCHIVE_OK;
   leave(before);
   return answer;
}

void carchive_close(carchive *c) {
   if (!c) return;
   archive_read_free(c->archive);
   free(c);
}
