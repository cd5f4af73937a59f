/* SPDX-License-Identifier: Apache-2.0 */
/* What of SQLite a table of blobs needs. A connection and its statements belong to one thread. */
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
void csqlite_close(csqlite_database *database);
/* Of the last failure; as long as nothing else is called. */
const char *csqlite_message(csqlite_database *database);
/* Statements whose rows do not matter. */
int csqlite_run(csqlite_database *database, const char *sql);

int csqlite_prepare(csqlite_database *database, const char *sql, csqlite_statement **statement);
void csqlite_finish(csqlite_statement *statement);
/* Places count from 1. Bytes are lent until the next reset. */
int csqlite_bind_number(csqlite_statement *statement, int place, int64_t number);
int csqlite_bind_bytes(csqlite_statement *statement, int place, const void *bytes, size_t count);
int csqlite_step(csqlite_statement *statement);
void csqlite_reset(csqlite_statement *statement);
/* Columns count from 0. Bytes are valid until the next step. */
int64_t csqlite_number(csqlite_statement *statement, int column);
const void *csqlite_bytes(csqlite_statement *statement, int column, size_t *count);

#endif
