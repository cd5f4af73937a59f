/* SPDX-License-Identifier: Apache-2.0 */
/* What of SQLite a table of blobs needs, and one who only asks. A connection and its statements belong to one thread. */
#ifndef WEIR_CSQLITE_H
#define WEIR_CSQLITE_H

#include <stddef.h>
#include <stdint.h>

typedef struct csqlite_database csqlite_database;
typedef struct csqlite_statement csqlite_statement;

enum {
  CSQLITE_OK = 0,
  /* A row is there. */
  CSQLITE_ROW = 1,
  /* The file is no database, or is damaged. */
  CSQLITE_DAMAGED = -1,
  /* Anything else: csqlite_message tells. */
  CSQLITE_FAILED = -2,
};

/* Opens the file at `path`, and with `creates` makes it, readable by its owner only. The database must be closed even if this fails; it is NULL without memory. */
int csqlite_open(const char *path, int creates, int busy_milliseconds, csqlite_database **database);
/* The same for who only reads: the file must be there. */
int csqlite_open_reader(const char *path, csqlite_database **database);
void csqlite_close(csqlite_database *database);
/* Of the last failure; as long as nothing else is called. */
const char *csqlite_message(csqlite_database *database);
/* Statements whose rows do not matter. */
int csqlite_run(csqlite_database *database, const char *sql);

int csqlite_prepare(csqlite_database *database, const char *sql, csqlite_statement **statement);
/* The same, and where in `sql` the first statement ends. */
int csqlite_prepare_first(csqlite_database *database, const char *sql, csqlite_statement **statement, size_t *end);
/* Whether it can change nothing. */
int csqlite_only_reads(csqlite_statement *statement);
int csqlite_columns(csqlite_statement *statement);
void csqlite_finish(csqlite_statement *statement);
/* Places count from 1. Bytes are lent until the next reset. */
int csqlite_bind_number(csqlite_statement *statement, int place, int64_t number);
int csqlite_bind_bytes(csqlite_statement *statement, int place, const void *bytes, size_t count);
int csqlite_bind_text(csqlite_statement *statement, int place, const char *text, size_t count);
int csqlite_step(csqlite_statement *statement);
void csqlite_reset(csqlite_statement *statement);
/* Columns count from 0. Bytes are valid until the next step. */
int64_t csqlite_number(csqlite_statement *statement, int column);
const void *csqlite_bytes(csqlite_statement *statement, int column, size_t *count);
/* The column as UTF-8, whatever its type; NULL for NULL. */
const char *csqlite_text(csqlite_statement *statement, int column, size_t *count);

/* When a statement is to end, whether or not it is done: milliseconds from the beginning of `csqlite_limit`, for locks and for work. */
typedef struct csqlite_deadline {
  int64_t nanoseconds;
} csqlite_deadline;

/* `deadline` is the caller's, and stays until the connection is closed. */
void csqlite_limit(csqlite_database *database, csqlite_deadline *deadline, int milliseconds);
/* Whether the last failure was that. */
int csqlite_was_interrupted(csqlite_database *database);

#endif
