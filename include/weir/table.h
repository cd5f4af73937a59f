/* SPDX-License-Identifier: MIT */
/* # weir/table.h: look-up tables
 *
 * A table answers a key with a value: which mailbox an address has, what becomes of a client.
 * In a setting it is named `TYPE:/path`, such as `sqlite:/etc/weir/users.cf`. A TYPE that Weir
 * has not itself is a component of kind WEIR_TABLE with this name, in the plugin TYPE.so; the
 * file at /path has its options, `name = value` on a line, which the host checks against
 * `weir_component.options` like those of a stage. There is one instance for each such file,
 * whichever settings name it.
 *
 * Nobody waits on an event loop for a table: the host asks on threads of its own, so that a
 * `[session]` function of a table is called on such a thread, too. Each look-up is a session
 * of its own: many at once, or with WEIR_SERIAL one after the other. */
#ifndef WEIR_TABLE_H
#define WEIR_TABLE_H
#include "weir.h"
#ifdef __cplusplus
extern "C" {
#endif

/* ## Events
 *
 * | verdict of LOOKUP | what it says |
 * |---|---|
 * | DONE | found: `weir_answer.answer` has been given the value |
 * | CONTINUE | there is no such key |
 * | TEMPFAIL | nobody can tell for now: mail is answered 451, or waits in the queue |
 * | PENDING | `complete` follows, with one of these |
 *
 * Anything else, an answer that is too late among them, is a failure, which counts as TEMPFAIL.
 *
 * PARTS is no event. Its bit in `*events` says that keys may be parts of what is looked for, as
 * Postfix asks an indexed table: of `user+ext@example.com` also `user@example.com`, `@example.com`,
 * `example.com`, `user`; of an address its networks. They come as LOOKUP. A table whose bit is not
 * there, or was cleared by create(), is asked for the whole key alone, like a table of patterns.
 *
 * CHANGED asks now and then, between look-ups, whether the instance has grown old: DONE, and the
 * host makes a new one with the same options, and ends this one when its last look-up has
 * returned. It is for tables that read all they have in create(); that of the options' own file is
 * the host's to look after. */
enum {
   /*                      name                 value   */
   WEIR_TABLE_LOOKUP = 0,  /* path of the file  the key */
   WEIR_TABLE_PARTS = 1,   /* -                 -       */
   WEIR_TABLE_CHANGED = 2  /* path of the file  -       */
};

/* weir_component.flags. Keys come in lower case (Unicode's folding, if they are UTF-8), as
 * Postfix folds them for all tables but those of patterns. With this flag they come as they are. */
enum { WEIR_TABLE_EXACT_CASE = 0x100 };

/* ## The answer
 *
 * `const weir_answer *a = host->extension(host, WEIR_ANSWER);` in create(). Of the functions of
 * `weir_host` a table has `extension`, `log`, `metric`, `metric_add`, `complete` and `post`. The
 * others are WEIR_E_UNSUPPORTED: a table may block instead, where WEIR_BLOCKING is declared. */
#define WEIR_ANSWER "weir.answer/1"
typedef struct weir_answer {
   uint32_t size;
   uint32_t reserved;

   /* Gives the values of the key, each in `value`; several are put together with commas. What
    * `key` holds is not looked at. The last call counts. A value has at most 64 KiB, is not empty
    * and has no NUL; else, and with no values at all, it is WEIR_E_INVALID. [session; lent] */
   int32_t (*answer)(const weir_host *, uint64_t id, const weir_pair *items, uint64_t n_items);
} weir_answer;

#ifdef __cplusplus
}
#endif
#endif
