/* SPDX-License-Identifier: MIT */
/* # weir/weir.h: what every plugin needs
 *
 * A plugin is a shared object with one exported function, `weir_plugin_v0`. It returns a
 * descriptor: which components there are, which events each wants, what it may do, which
 * options it has. The host, Weir, calls the functions that the descriptor names; the plugin
 * calls the functions of the tables that the host gives it. It links with nothing of Weir.
 *
 * This header is the base. What a component of a kind is called for is in a header of its
 * own: `weir/stage.h` for filters, `weir/table.h` for look-up tables. `weir/easy.h` has conveniences in source. */
/* ## Rules
 *
 * They hold for every header in this directory.
 *
 * 1. **Memory.** Nobody frees what he did not allocate, and there is no allocator here. What
 *    is passed in a call is *lent*: good until that call ends. What a host function puts
 *    into an `out` argument is lent until the callback that called it returns. Who wants to
 *    keep it makes a copy. Descriptors live until the process ends: nothing is unloaded.
 * 2. **Bytes.** A `weir_str` is bytes with a length. There is no NUL at its end, there may
 *    be some inside, and `ptr` may be NULL if `len` is 0. A `const char *` is ASCII that
 *    ends with NUL.
 * 3. **Threads.** Each function has a tag: who calls it, and when.
 *      - `[main]`: while the instance is made or ended; nothing else of it runs then.
 *      - `[session]`: one call at a time in one session, many sessions at once. Must not
 *        block. A host function with this tag is called inside a callback only.
 *      - `[worker]`: on a thread of the host's that may block, beside anything else.
 *      - `[any]`: from any thread, the plugin's own included.
 * 4. **Ownership.** After the thread the tag says whose memory it is: `lent` as in rule 1;
 *    `plugin's` or `host's`: theirs to free, and the other side only holds the pointer;
 *    `static`: there until the process ends; `none`: nothing but numbers passes.
 * 5. **Ids.** An `id` is a ticket, not a pointer. That of an event is good until the event
 *    is answered; that of a callback until the callback returns. Using one later, twice or
 *    in another session is no crash: it is `WEIR_E_STALE`.
 * 6. **Inside a callback** `get`, `set`, `reply`, the edits and the requests take the id of
 *    this callback, or that of the event of the same session that is pending. Outside any
 *    callback, and so from a thread of the plugin's own, they are `WEIR_E_DENIED`, and
 *    `complete` is, too: use `post`, and do it there.
 * 7. **Edits** take effect when the callback returns, for the stages that follow.
 * 8. **Exactly once.** If a function that takes a `weir_done` returns `WEIR_OK`, that
 *    callback runs once, later, and never before the function has returned. If it returns
 *    anything else, the callback never runs.
 * 9. **No unwinding.** No C++ exception, Rust panic, `longjmp` or `pthread_exit` may leave a
 *    function of one side for the other.
 * 10. **Declared.** A component gets the events and properties that its descriptor names and
 *    may do what its `caps` name. Anything else is `WEIR_E_DENIED`, in every mode, and
 *    counts as a failure of the component.
 * 11. **Versions.** While `WEIR_ABI_MAJOR` is 0, a plugin runs only in a host of exactly the
 *    same `WEIR_ABI`: compile it again for another. From major 1 on, structs with a `size`
 *    grow only at their end and only with the minor number; the writer stores `sizeof`,
 *    the reader asks `WEIR_HAS` for what came later; no meaning ever changes. */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ## Version */
#define WEIR_ABI_MAJOR 0u
#define WEIR_ABI_MINOR 3u
#define WEIR_ABI       ((WEIR_ABI_MAJOR << 16) | WEIR_ABI_MINOR)
#define WEIR_MAGIC     0x52494557u /* the bytes "WEIR" */

#if defined(__GNUC__) || defined(__clang__)
#define WEIR_EXPORT __attribute__((visibility("default")))
#else
#define WEIR_EXPORT
#endif

/* Does table `t` of the other side have member `m`, and is it set? */
#define WEIR_HAS(t, m) \
   ((t)->size >= offsetof(__typeof__(*(t)), m) + sizeof((t)->m) && (t)->m)

/* The bit of an event type in `weir_component.events`. */
#define WEIR_BIT(type) (UINT64_C(1) << (type))

/* ## Bytes and pairs */
typedef struct weir_str {
   const char *ptr;
   size_t      len;
} weir_str;

typedef struct weir_pair {
   weir_str key;
   weir_str value;
} weir_pair;

/* ## Status: what host functions return, and what a `weir_result` carries */
enum {
   WEIR_OK = 0,
   WEIR_E_NOTFOUND = -1,    /* no such name, record, key, property */
   WEIR_E_TEMP = -2,        /* try again later */
   WEIR_E_TIMEOUT = -3,
   WEIR_E_CANCELLED = -4,   /* the session or message is gone: only free `user` */
   WEIR_E_STALE = -5,       /* the id was answered already, or its time is over */
   WEIR_E_DENIED = -6,      /* not declared in events, caps or props, or not now */
   WEIR_E_INVALID = -7,     /* bad argument: CR or LF in a header field, no such op, ... */
   WEIR_E_UNSUPPORTED = -8  /* this host cannot do that */
};

/* ## Verdicts: what `on_event` returns, and what `complete` takes
 *
 * A number that is none of these, a status among them, is a failure of the component. */
enum {
   WEIR_CONTINUE = 0, /* no opinion; of a database: not mine, ask the next */
   WEIR_DONE = 1,     /* no more events of this message; of this session, if the event
                         was the session's; of a database: answered */
   WEIR_SKIP = 2,     /* no more events of this type of this message */
   WEIR_REJECT = 3,   /* refused for good: 5xx */
   WEIR_TEMPFAIL = 4, /* refused for now: 4xx */
   WEIR_DISCARD = 5,  /* say 250, deliver to nobody */
   WEIR_PENDING = 6,  /* complete(id, verdict) follows; of on_event only */
   WEIR_FAIL = 7,     /* the component itself has failed: do what on_failure says */
   WEIR_CLOSE = 0x100 /* or-ed to REJECT or TEMPFAIL: and close the connection */
};

/* Levels of `log`, kinds of `metric`, scopes of `set` and `free_state`. */
enum { WEIR_DEBUG, WEIR_INFO, WEIR_WARNING, WEIR_ERROR };
enum { WEIR_COUNTER, WEIR_GAUGE, WEIR_HISTOGRAM };
enum { WEIR_PER_SESSION, WEIR_PER_MESSAGE };

/* ## What a callback is given
 *
 * One record for every event; what `name`, `value`, `params` and `ref` mean stands beside
 * each event type. All of it is lent. */
typedef struct weir_event {
   uint32_t         size;
   uint32_t         type; /* a bit number: WEIR_EV_*, by kind of component */
   uint32_t         flags;
   uint32_t         part; /* number of the MIME part; 0 is the message itself */
   uint64_t         ref;  /* header reference, byte offset, count */
   weir_str         name;
   weir_str         value;
   const weir_pair *params;
   uint64_t         n_params;
} weir_event;

/* Where the component is. `session` and `message` are the component's own: it sets them in
 * any callback, the host keeps them, shows them in each callback of the same session or
 * message, and gives them to `free_state` when that ends. */
typedef struct weir_ctx {
   uint32_t size;
   uint32_t budget_ms; /* time left before on_failure is applied; 0: no limit */
   uint64_t id;        /* of this callback; see rules 5 and 6 */
   void    *session;
   void    *message;
} weir_ctx;

/* What a request came back with.
 *
 * Items of the DNS, in order: MX and SRV have key = preference or priority, others key = "";
 * value is the record's data as text, of TXT with its strings joined. Items of a table:
 * key = "", value = each value. */
typedef struct weir_result {
   uint32_t         size;
   int32_t          status;
   uint32_t         flags; /* WEIR_RESULT_* */
   uint32_t         ttl;   /* seconds */
   const weir_pair *items;
   uint64_t         n_items;
} weir_result;
enum { WEIR_RESULT_SECURE = 1 /* DNSSEC has validated it */ };

/* The callback of a request. `user` is what was given with the request, and comes back
 * exactly once: free it here. `ctx` is NULL if the session or message has gone (status
 * WEIR_E_CANCELLED); then nothing is left to do but that. If an event is pending, answer
 * it here by `complete` with the event's id, not with `ctx->id`.
 * [session; ctx and result lent, user plugin's] */
typedef void (*weir_done)(void *user, weir_ctx *ctx, const weir_result *result);

/* ## What the host gives an instance
 *
 * Each function takes the table itself first. An instance may keep the pointer until
 * `destroy` returns. `id` 0 means the instance, outside any session: of `log` only. */
typedef struct weir_host {
   uint32_t    size;
   uint32_t    abi;     /* of this host */
   const char *version; /* for people: "Weir 1.4.2" */

   /* A table by its id, such as WEIR_MESSAGE, or NULL if this host has none.
    * [any; id lent, table static] */
   const void *(*extension)(const struct weir_host *, const char *id);

   /* A line in the log. The host adds session, queue id and component, and limits
    * how many there may be. [any; text lent] */
   void (*log)(const struct weir_host *, uint64_t id, uint32_t level, weir_str text);

   /* Makes a figure of the component's own, shown as weir_plugin_COMPONENT_NAME; 0 if there
    * cannot be one more. In create() only. [main; name and help lent] */
   uint64_t (*metric)(const struct weir_host *, uint32_t kind, const char *name,
                      const char *help);
   /* Adds to a counter or histogram, sets a gauge. [any; none] */
   void (*metric_add)(const struct weir_host *, uint64_t metric, double value);

   /* Reads a property; see "Properties" in weir/stage.h. WEIR_E_NOTFOUND if it is not
    * set, WEIR_E_DENIED if component.props does not name it (a component may always read
    * its own). [session; key lent, out lent until the callback returns] */
   int32_t (*get)(const struct weir_host *, uint64_t id, const char *key, weir_str *out);
   /* Sets "COMPONENT.*" or "ar.*", for a WEIR_PER_* scope. Anything else is WEIR_E_DENIED.
    * [session; lent] */
   int32_t (*set)(const struct weir_host *, uint64_t id, uint32_t scope, const char *key,
                  weir_str value);

   /* Answers the event `id`, for which on_event returned WEIR_PENDING. The first one counts;
    * another, or one after the deadline, is WEIR_E_STALE. [session; none] */
   int32_t (*complete)(const struct weir_host *, uint64_t id, int32_t verdict);

   /* Runs fn in the session of `id`: the one way in from a thread of the plugin's own.
    * WEIR_E_STALE if that session has gone. [any; user plugin's until fn] */
   int32_t (*post)(const struct weir_host *, uint64_t id, weir_done fn, void *user);

   /* Requests. They end with the message if they were begun at a message event, else with
    * the session; not with the event that began them: begin at CONNECT, collect at RCPT.
    * WEIR_E_TEMP if too many are under way. */

   /* Calls back after `ms` milliseconds. [session; user plugin's until done] */
   int32_t (*timer)(const struct weir_host *, uint64_t id, uint32_t ms, weir_done, void *user);
   /* Asks the DNS. qtype is the type's number: 1 A, 12 PTR, 15 MX, 16 TXT, 28 AAAA.
    * [session; name lent, user plugin's until done] */
   int32_t (*dns)(const struct weir_host *, uint64_t id, weir_str name, uint32_t qtype,
                  weir_done, void *user);
   /* Asks a table that an option of type WEIR_OPT_TABLE names.
    * [session; table and key lent, user plugin's until done] */
   int32_t (*lookup)(const struct weir_host *, uint64_t id, const char *table, weir_str key,
                     weir_done, void *user);
   /* Runs work(user) once as [worker], then done; work runs even if the session has gone.
    * [session; user plugin's until done] */
   int32_t (*offload)(const struct weir_host *, uint64_t id, void (*work)(void *user),
                      weir_done, void *user);
} weir_host;

/* ## What a plugin says of itself
 *
 * The host reads the options from the configuration, checks them, and passes each value in
 * one form, whatever the operator wrote:
 *
 * | type | form |
 * |---|---|
 * | `WEIR_OPT_STRING` | as it is |
 * | `WEIR_OPT_BOOL` | `yes` or `no` |
 * | `WEIR_OPT_INT` | a decimal number |
 * | `WEIR_OPT_DURATION` | milliseconds, as a decimal number |
 * | `WEIR_OPT_SIZE` | bytes, as a decimal number |
 * | `WEIR_OPT_PATH` | an absolute path |
 * | `WEIR_OPT_TABLE` | what `lookup` takes as its table |
 */
typedef struct weir_option {
   const char *name;  /* not plugin, component, mode, on_failure, timeout, shadow, when or
                         listener, nor what begins with worker_: these words are the host's */
   const char *deflt; /* as an operator would write it; NULL: must be given */
   const char *help;
   uint32_t    type;  /* WEIR_OPT_* */
   uint32_t    flags; /* WEIR_OPT_MANY, WEIR_OPT_SECRET */
} weir_option;
enum { WEIR_OPT_STRING, WEIR_OPT_BOOL, WEIR_OPT_INT, WEIR_OPT_DURATION, WEIR_OPT_SIZE,
       WEIR_OPT_PATH, WEIR_OPT_TABLE };
enum {
   WEIR_OPT_MANY = 1,  /* may be given more than once: a pair for each */
   WEIR_OPT_SECRET = 2 /* its value is shown nowhere */
};

/* Kinds of component. This host has stages and tables; the other numbers are taken for what
 * is to come, and each kind will have a header of its own. */
enum { WEIR_STAGE = 1, WEIR_TABLE = 2, WEIR_SASL = 3, WEIR_AUTHDB = 4, WEIR_SERVICE = 5 };

/* weir_component.flags */
enum {
   WEIR_BLOCKING = 1,       /* on_event may block: it is called as [worker] */
   WEIR_SERIAL = 2,         /* not made for threads: one on_event at a time, ever */
   WEIR_DECODED_HEADERS = 4 /* header values come unfolded, decoded (RFC 2047), in UTF-8 */
};

typedef struct weir_component {
   uint32_t           size;
   uint32_t           kind; /* WEIR_STAGE, WEIR_TABLE */
   const char        *name; /* letters, digits, '-', '_': what the configuration calls it */
   const char        *help;
   uint64_t           events; /* WEIR_BIT(type) | ...: it is called for these only */
   uint64_t           caps;   /* WEIR_CAP_*: it may do these only */
   uint32_t           flags;
   uint32_t           n_options;
   const weir_option *options;
   const char *const *props; /* the properties it reads, then NULL; or NULL */

   /* Makes an instance: one for each time it appears in the configuration. Options come
    * checked, in the order of the file, defaults filled in. *events: in, what this host
    * grants; out, what this instance needs of that: clear bits that its options make
    * needless. On failure: NULL, and the reason in err, with a NUL; one that begins with the
    * name of an option and a colon is shown at the place of that option.
    * [main; host static until destroy, options lent, err host's, result plugin's] */
   void *(*create)(const weir_host *, const weir_pair *options, uint64_t n_options,
                   uint64_t *events, char *err, uint64_t err_size);
   /* After its last session. A reload makes a new instance, then ends the old one.
    * [main; self plugin's] */
   void (*destroy)(void *self);
   /* Something happens: the answer is a verdict.
    * [session, or worker if WEIR_BLOCKING; ctx and event lent] */
   int32_t (*on_event)(void *self, weir_ctx *ctx, const weir_event *event);
   /* Frees what was left in ctx->session or ctx->message. May be NULL if nothing ever is.
    * [session; state plugin's] */
   void (*free_state)(void *self, uint32_t scope, void *state);
} weir_component;

typedef struct weir_plugin {
   uint32_t                     magic;   /* WEIR_MAGIC */
   uint32_t                     size;
   uint32_t                     abi;     /* WEIR_ABI, as it was when this was compiled */
   uint32_t                     abi_min; /* the oldest host it can work with; with major 0:
                                            WEIR_ABI again */
   const char                  *id;      /* like a domain, backwards: "org.example.lottery" */
   const char                  *version; /* of the plugin, for people */
   const weir_component *const *components;
   uint64_t                     n_components;
   /* A table of the plugin's that the host asks for, or NULL; the member may be NULL.
    * [any; id lent, table static] */
   const void *(*extension)(const char *id);
} weir_plugin;

/* A table of the plugin's, which one in Swift has: WeirPlugin gives it. Swift has no stable
 * binary interface on Linux, so a plugin in Swift runs in the host's process only if the
 * same compiler made both; any other, and one without this table, runs in a worker. */
#define WEIR_SWIFT "weir.swift/1"
typedef struct weir_swift {
   uint32_t size;
   uint32_t version; /* a byte for each number: 0x060301 is Swift 6.3.1; 0: not known */
} weir_swift;

/* ## The one symbol
 *
 * The 0 is the major version. The function has no effect but to return the descriptor: it is
 * also called to list and to check plugins. [main; result static] */
WEIR_EXPORT const weir_plugin *weir_plugin_v0(void);

#ifdef __cplusplus
}
#endif
#endif
