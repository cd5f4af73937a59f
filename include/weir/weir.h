/* SPDX-License-Identifier: MIT */
/* weir/weir.h - the stable C plugin interface of the Weir MTA: base layer.
 *
 * RULES (they hold for every header in this directory)
 *  1. Memory. Nobody frees what he did not allocate; there is no allocator in
 *     this interface. Every weir_str and array is BORROWED: valid until the
 *     call it was passed to (or returned from a callback's host call) ends;
 *     the receiver copies what it keeps. Descriptors returned by
 *     weir_plugin_v0() live until the process ends: plugins are never unloaded.
 *  2. Bytes. A weir_str is bytes with a length. It is not NUL-terminated unless
 *     a field says so; it may hold NULs. `const char *` parameters are
 *     NUL-terminated identifiers (ASCII) and must be static or outlive the call.
 *  3. Threads. Every function carries one tag:
 *       [main]    load and shutdown; never concurrent with anything of the instance
 *       [session] serial within one session; different sessions run concurrently.
 *                 Must not block (see WEIR_BLOCKING).
 *       [worker]  a host thread that may block; concurrent with everything
 *       [any]     may be called from any thread, the plugin's own included
 *  4. Handles. An `id` is a 64-bit ticket with a generation, not a pointer. It is
 *     good from the start of a callback until that event is answered. A late use
 *     is not a crash: it returns WEIR_E_STALE.
 *  5. Callbacks. If a function that takes a weir_done returns WEIR_OK, the
 *     callback runs exactly once, later, never from inside that function. If it
 *     returns anything else, the callback never runs.
 *  6. Unwinding. No C++ exception, Rust panic, longjmp or pthread_exit may cross.
 *  7. Growth. A struct with a `size` grows only at its end, only in a minor
 *     version. The writer stores sizeof; the reader tests WEIR_HAS() for any
 *     member added after 1.0. A meaning never changes: that takes a new
 *     extension id or a new major (= a new entry symbol).
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_ABI_MAJOR 0u
#define WEIR_ABI_MINOR 1u
#define WEIR_ABI       ((WEIR_ABI_MAJOR << 16) | WEIR_ABI_MINOR)
#define WEIR_MAGIC     0x52494557u /* "WEIR" */

#if defined(__GNUC__) || defined(__clang__)
#define WEIR_EXPORT __attribute__((visibility("default")))
#else
#define WEIR_EXPORT
#endif

/* Is member m present in (and set by) the other side's table t? */
#define WEIR_HAS(t, m) \
   ((t)->size >= offsetof(__typeof__(*(t)), m) + sizeof((t)->m) && (t)->m)

typedef struct weir_str {
   const char *ptr;
   size_t      len;
} weir_str;

typedef struct weir_pair {
   weir_str key;
   weir_str value;
} weir_pair;

/* Status: what host functions return, and what a weir_result carries. */
enum {
   WEIR_OK = 0,
   WEIR_E_NOTFOUND = -1,    /* no such key, record, property */
   WEIR_E_TEMP = -2,        /* try again later */
   WEIR_E_TIMEOUT = -3,
   WEIR_E_CANCELLED = -4,   /* the session or message is gone: only free `user` */
   WEIR_E_STALE = -5,       /* the id was answered already, or timed out */
   WEIR_E_DENIED = -6,      /* not declared in events/caps/props, or wrong phase */
   WEIR_E_INVALID = -7,     /* bad argument: CR or LF in a header, no such op, ... */
   WEIR_E_UNSUPPORTED = -8  /* this host cannot do that */
};

/* Verdicts: what on_event returns, and what complete() takes. */
enum {
   WEIR_CONTINUE = 0, /* no opinion; for databases: not mine, ask the next */
   WEIR_DONE = 1,     /* this component is finished with this message (from a
                         session event: with this session); databases: answered */
   WEIR_SKIP = 2,     /* no more events of this type for this message */
   WEIR_REJECT = 3,   /* permanent: 5xx */
   WEIR_TEMPFAIL = 4, /* transient: 4xx */
   WEIR_DISCARD = 5,  /* say 250, deliver nothing */
   WEIR_PENDING = 6,  /* complete(id, verdict) follows (on_event only) */
   WEIR_FAIL = 7,     /* the component itself failed: apply its on_failure policy */
   WEIR_CLOSE = 0x100 /* flag with REJECT or TEMPFAIL: and close the connection */
};

enum { WEIR_DEBUG, WEIR_INFO, WEIR_WARNING, WEIR_ERROR };
enum { WEIR_COUNTER, WEIR_GAUGE, WEIR_HISTOGRAM };
enum { WEIR_PER_SESSION, WEIR_PER_MESSAGE };

/* One event. What name/value/params/ref mean is given beside each event type. */
typedef struct weir_event {
   uint32_t         size;
   uint32_t         type; /* a bit number: WEIR_EV_*, WEIR_SASL_*, ... by kind */
   uint32_t         flags;
   uint32_t         part; /* MIME part ordinal; 0 is the message itself */
   uint64_t         ref;  /* header reference, byte offset, count */
   weir_str         name;
   weir_str         value;
   const weir_pair *params;
   uint64_t         n_params;
} weir_event;

/* Where a component is. Valid during the callback it is passed to. */
typedef struct weir_ctx {
   uint32_t size;
   uint32_t budget_ms; /* time left before on_failure is applied; 0: no limit */
   uint64_t id;
   void    *session;   /* the component's own: set it, the host keeps it and hands */
   void    *message;   /* it to free_state() when the session or message ends */
} weir_ctx;

typedef struct weir_result {
   uint32_t         size;
   int32_t          status;
   uint32_t         flags; /* WEIR_RESULT_SECURE: DNSSEC-validated */
   uint32_t         ttl;
   const weir_pair *items; /* DNS: key = preference or "", value = RDATA as text
                              (TXT: joined); tables: key = "", value = each value */
   uint64_t         n_items;
} weir_result;
enum { WEIR_RESULT_SECURE = 1 };

/* [session] ctx is NULL for instance-wide requests and when status is CANCELLED. ctx->id
 * is a ticket for this callback; a pending event's id stays good until complete(). */
typedef void (*weir_done)(void *user, weir_ctx *ctx, const weir_result *result);

/* What the host gives a component instance. An instance may keep the pointer until
 * destroy() returns. `id` 0 means the instance itself, outside any session. */
typedef struct weir_host {
   uint32_t    size;
   uint32_t    abi;     /* of this host */
   const char *version; /* "Weir 1.4.2" */

   /* [any] A table by id ("weir.message/1"), or NULL. Constant for the process. */
   const void *(*extension)(const struct weir_host *, const char *id);

   /* [any] The line is given session and queue ids, component and rate limit. */
   void (*log)(const struct weir_host *, uint64_t id, uint32_t level, weir_str text);

   /* [main] In create() only. Exported as weir_plugin_<component>_<name>. */
   uint64_t (*metric)(const struct weir_host *, uint32_t kind, const char *name,
                      const char *help);
   /* [any] */
   void (*metric_add)(const struct weir_host *, uint64_t metric, double value);

   /* [session] Properties: "client.addr", "tls.version", "auth.user", "queue.id",
    * and what other components set ("spf.result"). Reading one that is not in
    * component.props is WEIR_E_DENIED; setting one is limited to "<component>.*"
    * and "ar.*" (merged by the core into one Authentication-Results field). */
   int32_t (*get)(const struct weir_host *, uint64_t id, const char *key, weir_str *out);
   int32_t (*set)(const struct weir_host *, uint64_t id, uint32_t scope, const char *key,
                  weir_str value);

   /* [session] Answer an event for which on_event returned WEIR_PENDING. */
   int32_t (*complete)(const struct weir_host *, uint64_t id, int32_t verdict);

   /* [any] Run fn in the session: the only way in from a thread of one's own. */
   int32_t (*post)(const struct weir_host *, uint64_t id, weir_done fn, void *user);

   /* [session] Requests. They end with the session (begun at a session event) or
    * the message (begun at a message event), not with the event that began them:
    * begin at CONNECT, collect at EOM. */
   int32_t (*timer)(const struct weir_host *, uint64_t id, uint32_t ms, weir_done, void *user);
   int32_t (*dns)(const struct weir_host *, uint64_t id, weir_str name, uint32_t qtype,
                  weir_done, void *user);
   int32_t (*lookup)(const struct weir_host *, uint64_t id, const char *table, weir_str key,
                     weir_done, void *user);
   /* work runs once as [worker]; then done. work also runs if the session has gone. */
   int32_t (*offload)(const struct weir_host *, uint64_t id, void (*work)(void *user),
                      weir_done, void *user);
} weir_host;

typedef struct weir_option { /* the host checks, documents and defaults these */
   const char *name;
   const char *deflt; /* NULL: required */
   const char *help;
   uint32_t    type;  /* WEIR_OPT_* */
   uint32_t    flags; /* WEIR_OPT_MANY */
} weir_option;
enum { WEIR_OPT_STRING, WEIR_OPT_BOOL, WEIR_OPT_INT, WEIR_OPT_DURATION, WEIR_OPT_SIZE,
       WEIR_OPT_PATH, WEIR_OPT_TABLE };
enum { WEIR_OPT_MANY = 1, WEIR_OPT_SECRET = 2 };

/* Kinds of component. Each has its own event numbers and its own header. */
enum { WEIR_STAGE = 1, WEIR_TABLE = 2, WEIR_SASL = 3, WEIR_AUTHDB = 4, WEIR_SERVICE = 5 };

enum {
   WEIR_BLOCKING = 1,       /* on_event may block: the host calls it as [worker] */
   WEIR_SERIAL = 2,         /* not thread-safe: one on_event at a time, ever */
   WEIR_DECODED_HEADERS = 4 /* header values unfolded, RFC 2047 decoded, UTF-8 */
};

typedef struct weir_component {
   uint32_t           size;
   uint32_t           kind;
   const char        *name; /* what the configuration file calls it */
   const char        *help;
   uint64_t           events; /* WEIR_BIT(type) | ...: it is called for these only */
   uint64_t           caps;   /* WEIR_CAP_*: it may do these only */
   uint32_t           flags;
   uint32_t           n_options;
   const weir_option *options;
   const char *const *props; /* properties it reads, NULL-terminated, or NULL */

   /* [main] One instance per appearance in the configuration. Options arrive
    * checked, in file order, defaults filled in. *events: in, what this host grants
    * (bits it does not know are gone); out, what the instance wants of that.
    * On failure: NULL, with the reason in err (NUL-terminated). */
   void *(*create)(const weir_host *, const weir_pair *options, uint64_t n_options,
                   uint64_t *events, char *err, uint64_t err_size);
   /* [main] After its last session. A reload makes a new instance, then this. */
   void (*destroy)(void *self);
   /* [session] */
   int32_t (*on_event)(void *self, weir_ctx *ctx, const weir_event *event);
   /* [session] May be NULL if ctx->session and ctx->message are never set. */
   void (*free_state)(void *self, uint32_t scope, void *state);
} weir_component;

#define WEIR_BIT(type) (UINT64_C(1) << (type))

typedef struct weir_plugin {
   uint32_t                     magic;   /* WEIR_MAGIC */
   uint32_t                     size;
   uint32_t                     abi;     /* WEIR_ABI it was compiled with */
   uint32_t                     abi_min; /* the oldest host it can work with */
   const char                  *id;      /* "org.example.lottery" */
   const char                  *version;
   const weir_component *const *components;
   uint64_t                     n_components;
   /* [any] Tables the host may ask for; NULL if none. */
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

/* The one symbol a plugin exports. The 0 is the major version. Must have no effect
 * but to return the descriptor: it is also called to list and check plugins. */
WEIR_EXPORT const weir_plugin *weir_plugin_v0(void);

#ifdef __cplusplus
}
#endif
#endif
