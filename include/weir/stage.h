/* SPDX-License-Identifier: MIT */
/* # weir/stage.h: filters
 *
 * A stage is called for what happens in a session, and may look, refuse and edit. Stages run
 * in the order of the configuration. Each sees the message as those before it have left it.
 * Edits may be made at any event from MAIL to EOM; after EOM a message never changes.
 *
 * For each event the first stage that refuses ends it: the stages after it are not asked.
 * Each message that a stage saw begin (MAIL) ends for it with EOM, with ABORT, or with its
 * own DONE; each session (CONNECT) ends with CLOSE, whatever the verdicts were. */
#ifndef WEIR_STAGE_H
#define WEIR_STAGE_H
#include "weir.h"
#ifdef __cplusplus
extern "C" {
#endif

/* ## Events
 *
 * | verdict | where it may be given |
 * |---|---|
 * | CONTINUE, FAIL | everywhere |
 * | DONE | everywhere: no more of this message, or of this session |
 * | SKIP | RCPT, HEADER to BODY: no more of this type of this message |
 * | REJECT, TEMPFAIL | CONNECT to EOM, with WEIR_CAP_REJECT |
 * | DISCARD | MAIL to EOM, with WEIR_CAP_REJECT |
 * | PENDING | CONNECT to EOM |
 *
 * What is refused: at CONNECT the connection; at HELO, TLS, AUTH that command; at RCPT that
 * recipient; at MAIL, DATA and EOM the message. A refusal at HEADER to BODY is the reply to
 * the whole message, said at its end. ABORT, QUEUED, DELIVERY and CLOSE only tell: their
 * verdict is not looked at.
 *
 * The value of a HEADER is what follows the colon and one blank. Where something else stood
 * between name and value, such as a colon alone, the param `separator` has that. A field that
 * Weir itself has put on top when the message came (Received, a missing Date) has WEIR_F_ADDED.
 *
 * DELIVERY may come days later, after a restart: it has no session and no state. Its params:
 * queue.id, status (delivered, deferred, bounced, expired), dsn, host, tls, delay. */
enum {
   /* session events       name            value            params        ref      */
   WEIR_EV_CONNECT = 0,     /* client host  client address   -             port     */
   WEIR_EV_HELO = 1,        /* HELO | EHLO  the name given   -             -        */
   WEIR_EV_TLS = 2,         /* version      cipher           sni, peer...  bits     */
   WEIR_EV_AUTH = 3,        /* mechanism    user             result=       -        */
   /* message events */
   WEIR_EV_MAIL = 4,        /* -            address          ESMTP         -        */
   WEIR_EV_RCPT = 5,        /* -            address          ESMTP         -        */
   WEIR_EV_DATA = 6,        /* DATA | BDAT  -                -             rcpts    */
   WEIR_EV_HEADER = 7,      /* field name   field value      see above     header   */
   WEIR_EV_EOH = 8,         /* -            -                -             fields   */
   WEIR_EV_PART_HEADER = 9, /* field name   field value      -             -        */
   WEIR_EV_PART = 10,       /* type/subtype decoded filename charset...    depth    */
   WEIR_EV_PART_BODY = 11,  /* -            decoded bytes    -             offset   */
   WEIR_EV_BODY = 12,       /* -            raw bytes, LF    -             offset   */
   WEIR_EV_EOM = 13,        /* -            -                -             size     */
   WEIR_EV_ABORT = 14,      /* -            reason           -             -        */
   /* reports */
   WEIR_EV_QUEUED = 15,     /* queue id     -                -             size     */
   WEIR_EV_DELIVERY = 16,   /* recipient    reply text       see above     attempt  */
   WEIR_EV_CLOSE = 17       /* -            reason           -             -        */
};

/* weir_event.flags */
enum {
   WEIR_F_REJECTED = 1, /* RCPT: an earlier stage has refused it already */
   WEIR_F_NESTED = 2,   /* PART_HEADER: of an attached message/rfc822 */
   WEIR_F_LAST = 4,     /* BODY, PART_BODY: the last piece of this body */
   WEIR_F_LOCAL = 8,    /* the message did not come by SMTP (pickup, bounce, ...) */
   WEIR_F_ADDED = 16    /* HEADER: the host has added this field */
};
/* Content has LF at the ends of its lines, as Weir keeps it: in BODY, in the values of fields,
 * in message->content, and in what message->body takes. Pieces of BODY end at the end of a line, hold many lines and have at most 64 KiB; a line
 * that is longer is split. MIME is parsed only if some stage asks for a PART event. */

/* ## Capabilities
 *
 * What is not declared is `WEIR_E_DENIED`. What is declared costs the host work, which holds
 * the header or keeps the content for it: declare few. */
enum {
   WEIR_CAP_HEADERS = 1 << 0, /* message->header */
   WEIR_CAP_RCPTS = 1 << 1,   /* message->rcpt */
   WEIR_CAP_SENDER = 1 << 2,  /* message->sender */
   WEIR_CAP_BODY = 1 << 3,    /* message->body, message->splice */
   WEIR_CAP_ROUTE = 1 << 4,   /* message->route */
   WEIR_CAP_REJECT = 1 << 5,  /* verdicts REJECT, TEMPFAIL, DISCARD */
   WEIR_CAP_FIELDS = 1 << 6,  /* message->next_header at EOH and later */
   WEIR_CAP_CONTENT = 1 << 7  /* message->content at EOM */
};

/* ## Properties
 *
 * Text by key. A component reads those that `weir_component.props` names, by `host->get`:
 *
 * | of | keys |
 * |---|---|
 * | the session | `client.addr` `client.port` `client.name` `client.verified` `client.mynetworks` `server.name` `listener` `helo` `tls.version` `tls.cipher` `auth.user` `protocol` |
 * | the message | `queue.id` `sender` `rcpt` `rcpt.count` `size.declared` `body.8bit` `smtputf8` |
 * | other components | `COMPONENT.*`, as they have set it |
 *
 * By `host->set` it sets its own, `COMPONENT.*`, for the stages that follow, for conditions
 * in the configuration and for the log; and `ar.METHOD` (`ar.spf`, `ar.dkim`), such as
 * `pass smtp.mailfrom=example.org`, of which the host makes one Authentication-Results field.
 *
 * ## Edits and replies
 *
 * They take effect when the callback returns. They are good inside a callback, for the id of
 * that callback or of the session's pending event. */
enum {
   WEIR_HDR_APPEND,  /* at the end of the header */
   WEIR_HDR_PREPEND, /* at its top */
   WEIR_HDR_BEFORE,  /* before the field ref */
   WEIR_HDR_AFTER,   /* behind it */
   WEIR_HDR_REPLACE, /* instead of it */
   WEIR_HDR_DELETE   /* name and value are not looked at */
};
enum { WEIR_RCPT_ADD, WEIR_RCPT_DELETE, WEIR_RCPT_REWRITE /* that of the current RCPT */ };
enum { WEIR_ROUTE_HOLD, WEIR_ROUTE_QUARANTINE, WEIR_ROUTE_REDIRECT, WEIR_ROUTE_NEXTHOP };

/* The table: `const weir_message *m = host->extension(host, WEIR_MESSAGE);` in create(). */
#define WEIR_MESSAGE "weir.message/1"
typedef struct weir_message {
   uint32_t size;
   uint32_t reserved;

   /* Sets the reply to the event `id`. text may have several lines (LF); enhanced may be NULL
    * (4.7.1 or 5.7.1). Returns the verdict that belongs to the code, so that
    * `return m->reply(h, ctx->id, 550, "5.7.1", text);` says it all; or, if the reply cannot
    * be said, a status, which as a verdict is a failure. [session; lent] */
   int32_t (*reply)(const weir_host *, uint64_t id, uint32_t code, const char *enhanced,
                    weir_str text);

   /* Edits the header by a WEIR_HDR_* op. ref is that of a HEADER event or of next_header,
    * and 0 for APPEND and PREPEND. References are never used again and stay good whatever
    * is inserted or deleted. value may have folded lines (a line end and a blank). REPLACE
    * with an empty name keeps the field's own. What cannot stand in a header is
    * WEIR_E_INVALID; a reference that is not there makes the edit, and with it the component,
    * fail when the callback returns. [session; lent] */
   int32_t (*header)(const weir_host *, uint64_t id, uint32_t op, uint64_t ref,
                     weir_str name, weir_str value);
   /* Walks through the fields: *ref = 0 before the first; WEIR_E_NOTFOUND after the last.
    * [session; out lent until the callback returns] */
   int32_t (*next_header)(const weir_host *, uint64_t id, uint64_t *ref, weir_str *name,
                          weir_str *value);
   /* Adds, deletes or rewrites a recipient. esmtp: parameters as in RCPT, or empty.
    * [session; lent] */
   int32_t (*rcpt)(const weir_host *, uint64_t id, uint32_t op, weir_str address,
                   weir_str esmtp);
   /* Sets the envelope's sender; empty is <>. [session; lent] */
   int32_t (*sender)(const weir_host *, uint64_t id, weir_str address, weir_str esmtp);
   /* Writes a piece of a new body. From the first call on (at BODY or EOM) the new body is
    * what is written, and no more. [session; lent] */
   int32_t (*body)(const weir_host *, uint64_t id, weir_str bytes);
   /* Says where the message goes. arg: a reason (HOLD, QUARANTINE), an address (REDIRECT),
    * transport:nexthop (NEXTHOP). [session; lent] */
   int32_t (*route)(const weir_host *, uint64_t id, uint32_t op, weir_str arg);
   /* The message from offset on, as much as is at hand in one piece; WEIR_E_NOTFOUND at its
    * end. [session; out lent until the callback returns] */
   int32_t (*content)(const weir_host *, uint64_t id, uint64_t offset, weir_str *out);
   /* Puts bytes in the place of `length` bytes of the body from offset on, as BODY's ref counts
    * it; a length of 0 inserts. From PART_HEADER to EOM, from the front of the body to its end:
    * one that begins before the end of the last, or that comes together with `body`, makes the
    * component fail when the callback returns. [session; lent] */
   int32_t (*splice)(const weir_host *, uint64_t id, uint64_t offset, uint64_t length,
                     weir_str bytes);
} weir_message;

#ifdef __cplusplus
}
#endif
#endif
