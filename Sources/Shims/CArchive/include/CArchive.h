/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARCHIVE_H
#define CARCHIVE_H
#include <stddef.h>
#include <stdint.h>

/* libarchive as the attachments plugin needs it: an archive in memory, read entry by entry, with an end to its time.
 *
 * Only formats and filters that libarchive reads itself: no other program is ever run. */

typedef struct carchive carchive;

typedef struct carchive_entry {
   const char *name; /* UTF-8 if it can be had, else bytes as they are; NULL: cannot be read. Lent until the next call. */
   int64_t     size; /* -1: not said */
   int         is_file;
   int         is_encrypted;
   int         is_raw; /* not an archive, but one compressed file */
   int         is_zip;
} carchive_entry;

enum {
   CARCHIVE_OK = 0,
   CARCHIVE_END = 1,
   CARCHIVE_BROKEN = -1,    /* cannot be read, or not further */
   CARCHIVE_ENCRYPTED = -2, /* not without a password */
   CARCHIVE_LATE = -3,      /* the time is over */
   CARCHIVE_FOREIGN = -4    /* no archive that is known here */
};

/* Bytes are lent until carchive_close. `deadline`: of carchive_clock. `streaming`: a zip file is read from its front and not by its directory.
 * NULL: no memory. */
carchive *carchive_open(const void *bytes, size_t count, int streaming, int64_t deadline);
int carchive_next(carchive *, carchive_entry *out);
/* A piece of the entry's content, lent until the next call. */
int carchive_read(carchive *, const void **bytes, size_t *count);
void carchive_close(carchive *);

/* Where a word stands first, in linear time; NULL if nowhere. */
const void *carchive_find(const void *bytes, size_t count, const void *word, size_t length);

/* Microseconds of processor time that this thread has used. */
int64_t carchive_clock(void);

#endif
