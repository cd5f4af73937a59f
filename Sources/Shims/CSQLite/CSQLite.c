/* SPDX-License-Identifier: Apache-2.0 */
#include "CSQLite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

static sqlite3 *own(csqlite_database *database) { return (sqlite3 *)database; }
static sqlite3_stmt *statement_of(csqlite_statement *statement) { return (sqlite3_stmt *)statement; }

static int outcome(int result) {
  switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE: return CSQLITE_OK;
    case SQLITE_ROW: return CSQLITE_ROW;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return CSQLITE_DAMAGED;
    default: return CSQLITE_FAILED;
  }
}

int csqlite_open(const char *path, int creates, int busy_milliseconds, csqlite_database **database) {
  sqlite3 *opened = NULL;
  if (creates) {
    /* For its owner alone. SQLite takes an empty file for a new database, gives its other files the permissions of this one, and says what is wrong. */
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) close(file);
  }
  int result = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  *database = (csqlite_database *)opened;
  if (result == SQLITE_OK) result = sqlite3_busy_timeout(opened, busy_milliseconds);
  return outcome(result);
}

int csqlite_open_reader(const char *path, csqlite_database **database) {
  sqlite3 *opened = NULL;
  int result = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
  *database = (csqlite_database *)opened;
  return outcome(result);
}

void csqlite_close(csqlite_database *database) { sqlite3_close_v2(own(database)); }

const char *csqlite_message(csqlite_database *database) { return sqlite3_errmsg(own(database)); }

int csqlite_run(csqlite_database *database, const char *sql) { return outcome(sqlite3_exec(own(database), sql, NULL, NULL, NULL)); }

int csqlite_prepare(csqlite_database *database, const char *sql, csqlite_statement **statement) {
  sqlite3_stmt *prepared = NULL;
  int result = sqlite3_prepare_v3(own(database), sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL);
  *statement = (csqlite_statement *)prepared;
  return outcome(result);
}

int csqlite_prepare_first(csqlite_database *database, const char *sql, csqlite_statement **statement, size_t *end) {
  sqlite3_stmt *prepared = NULL;
  const char *tail = sql;
  int result = sqlite3_prepare_v3(own(database), sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, &tail);
  *statement = (csqlite_statement *)prepared;
  *end = (size_t)(tail - sql);
  return outcome(result);
}

int csqlite_only_reads(csqlite_statement *statement) { return sqlite3_stmt_readonly(statement_of(statement)); }

int csqlite_columns(csqlite_statement *statement) { return sqlite3_column_count(statement_of(statement)); }

void csqlite_finish(csqlite_statement *statement) { sqlite3_finalize(statement_of(statement)); }

int csqlite_bind_number(csqlite_statement *statement, int place, int64_t number) {
  return outcome(sqlite3_bind_int64(statement_of(statement), place, number));
}

int csqlite_bind_bytes(csqlite_statement *statement, int place, const void *bytes, size_t count) {
  return outcome(sqlite3_bind_blob64(statement_of(statement), place, bytes ? bytes : "", count, SQLITE_STATIC));
}

int csqlite_bind_text(csqlite_statement *statement, int place, const char *text, size_t count) {
  return outcome(sqlite3_bind_text64(statement_of(statement), place, text ? text : "", count, SQLITE_STATIC, SQLITE_UTF8));
}

int csqlite_step(csqlite_statement *statement) { return outcome(sqlite3_step(statement_of(statement))); }

void csqlite_reset(csqlite_statement *statement) {
  sqlite3_reset(statement_of(statement));
  sqlite3_clear_bindings(statement_of(statement));
}

int64_t csqlite_number(csqlite_statement *statement, int column) { return sqlite3_column_int64(statement_of(statement), column); }

const void *csqlite_bytes(csqlite_statement *statement, int column, size_t *count) {
  const void *bytes = sqlite3_column_blob(statement_of(statement), column);
  int length = sqlite3_column_bytes(statement_of(statement), column);
  *count = length > 0 ? (size_t)length : 0;
  return bytes;
}

const char *csqlite_text(csqlite_statement *statement, int column, size_t *count) {
  const unsigned char *text = sqlite3_column_text(statement_of(statement), column);
  int length = sqlite3_column_bytes(statement_of(statement), column);
  *count = length > 0 ? (size_t)length : 0;
  return (const char *)text;
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int is_over(void *deadline) { return now() >= ((csqlite_deadline *)deadline)->nanoseconds; }

void csqlite_limit(csqlite_database *database, csqlite_deadline *deadline, int milliseconds) {
  /* Some ten microseconds of work. */
  enum { OPERATIONS = 1000 };
  deadline->nanoseconds = now() + (int64_t)milliseconds * 1000000;
  sqlite3_busy_timeout(own(database), milliseconds);
  sqlite3_progress_handler(own(database), OPERATIONS, is_over, deadline);
}

int csqlite_was_interrupted(csqlite_database *database) { return (sqlite3_errcode(own(database)) & 0xff) == SQLITE_INTERRUPT; }
