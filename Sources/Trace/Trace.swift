// SPDX-License-Identifier: Apache-2.0
//
// What became of each message, kept for some days so that it can be explained.
//
// The log's thread hands on the records of all events (`TraceKeeper`); a thread of its own leaves out what explains nothing, and writes the rest to a database, a
// row for some 64 KiB of them: a row for each event, or an index of rows, would cost more than the events themselves. Beside its records each row has the
// hashes of all names by which somebody might ask (`TraceWord`), sorted. Who asks looks into these (`TraceLibrary`).
