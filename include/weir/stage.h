/* SPDX-License-Identifier: MIT */
/* weir/stage.h - filter stages: kind WEIR_STAGE, and the host table "weir.message/1".
 *
 * Stages run in configured order. A stage sees the message as the stages before it
 * left it; edits may be made at any event from MAIL to EOM, by what comes first in
 * the pipeline first. After EOM a message is queued and never changes again. */
#ifndef WEIR_STAGE_H
#define WEIR_STAGE_H
#include "weir.h"
#ifdef __cplusplus
extern "C" {
#endif

/* Event types.          name            value            params        ref
 * session events: verdict DONE means "nothing more in this session" */
enum {
   WEIR_EV_CONNECT = 0,     /* client host  client address   -             port     */
   WEIR_EV_HELO = 1,        /* HELO | EHLO  the name given   -             -        */
   WEIR_EV_TLS = 2,         /* version      cipher           sni, peer...  bits     */
   WEIR_EV_AUTH = 3,        /* mechanism    user             result=       -        */
   /* message events */
   WEIR_EV_MAIL = 4,        /* -            address          ESMTP         -        */
   WEIR_EV_RCPT = 5,        /* -            address          ESMTP         -        */
   WEIR_EV_DATA = 6,        /* DATA | BDAT  -                -             rcpts    */
   WEIR_EV_HEADER = 7,      /* field name   field value      -             header   */
   WEIR_EV_EOH = 8,         /* -            -                -             fields   */
   WEIR_EV_PART_HEADER = 9, /* field name   field value      -             -        */
   WEIR_EV_PART = 10,       /* type/subtype decoded filename charset...    depth    */
   WEIR_EV_PART_BODY = 11,  /* -            decoded bytes    -             offset   */
   WEIR_EV_BODY = 12,       /* -            raw bytes, CRLF  -             offset   */
   WEIR_EV_EOM = 13,        /* -            -                -             size     */
   WEIR_EV_ABORT = 14,      /* -            reason           -             -        */
   /* reports: the verdict is ignored */
   WEIR_EV_QUEUED = 15,     /* queue id     -                -             size     */
   WEIR_EV_DELIVERY = 16,   /* recipient    reply text       see below     attempt  */
   WEIR_EV_CLOSE = 17       /* -            reason           -             -        */
};
/* EOM or ABORT ends every message that had a MAIL; CLOSE ends every session that had a
 * CONNECT: whatever the verdicts were. DELIVERY may come days later, after a restart: it
 * has no session and no message state; "queue.id" says which. Its params: queue.id=
 * status=delivered|deferred|bounced|expired dsn= host= tls= delay= */

/* event.flags */
enum {
   WEIR_F_REJECTED = 1, /* RCPT: already refused by an earlier stage */
   WEIR_F_NESTED = 2,   /* PART_HEADER: of an attached message/rfc822 */
   WEIR_F_LAST = 4,     /* BODY, PART_BODY: final piece of this body */
   WEIR_F_LOCAL = 8     /* the message did not come by SMTP (pickup, bounce, ...) */
};
/* BODY pieces end at a line end, hold many lines, and are at most 64 KiB; a longer
 * line is split. MIME is parsed only if some stage asks for a PART event. */

/* Capabilities: an undeclared one is WEIR_E_DENIED; an unneeded one costs the core
 * work (it must hold the header, spool the body, ...), so declare few. */
enum {
   WEIR_CAP_HEADERS = 1 << 0, /* message->header */
   WEIR_CAP_RCPTS = 1 << 1,   /* message->rcpt */
   WEIR_CAP_SENDER = 1 << 2,  /* message->sender */
   WEIR_CAP_BODY = 1 << 3,    /* message->body */
   WEIR_CAP_ROUTE = 1 << 4,   /* message->route */
   WEIR_CAP_REJECT = 1 << 5,  /* verdicts REJECT, TEMPFAIL, DISCARD */
   WEIR_CAP_FIELDS = 1 << 6,  /* message->next_header at EOH and later */
   WEIR_CAP_CONTENT = 1 << 7  /* message->content at EOM */
};

enum { WEIR_HDR_APPEND, WEIR_HDR_PREPEND, WEIR_HDR_BEFORE, WEIR_HDR_AFTER,
       WEIR_HDR_REPLACE, WEIR_HDR_DELETE };
enum { WEIR_RCPT_ADD, WEIR_RCPT_DELETE, WEIR_RCPT_REWRITE /* of the current RCPT */ };
enum { WEIR_ROUTE_HOLD, WEIR_ROUTE_QUARANTINE, WEIR_ROUTE_REDIRECT, WEIR_ROUTE_NEXTHOP };

#define WEIR_MESSAGE "weir.message/1"
typedef struct weir_message { /* all [session] */
   uint32_t size;
   uint32_t reserved;

   /* Set the reply to the event `id` belongs to (of a pending event: the pending id).
    * text may have several lines (LF); enhanced may be NULL (x.7.1). Returns the
    * matching verdict: `return m->reply(h, ctx->id, 550, "5.7.1", text);` */
   int32_t (*reply)(const weir_host *, uint64_t id, uint32_t code, const char *enhanced,
                    weir_str text);

   /* ref: the reference of a HEADER event or next_header; 0 where none is needed.
    * References are never reused and stay good whatever is inserted or deleted. */
   int32_t (*header)(const weir_host *, uint64_t id, uint32_t op, uint64_t ref,
                     weir_str name, weir_str value);
   /* Walk the fields: *ref 0 starts; WEIR_E_NOTFOUND ends. */
   int32_t (*next_header)(const weir_host *, uint64_t id, uint64_t *ref, weir_str *name,
                          weir_str *value);
   int32_t (*rcpt)(const weir_host *, uint64_t id, uint32_t op, weir_str address,
                   weir_str esmtp);
   int32_t (*sender)(const weir_host *, uint64_t id, weir_str address, weir_str esmtp);
   /* From the first call (at BODY or EOM) the new body is what was written, no more. */
   int32_t (*body)(const weir_host *, uint64_t id, weir_str bytes);
   /* arg: reason (HOLD, QUARANTINE), address (REDIRECT), transport:nexthop (NEXTHOP) */
   int32_t (*route)(const weir_host *, uint64_t id, uint32_t op, weir_str arg);
   /* A view of the raw message from offset on; at least 1 byte, or NOTFOUND at its end. */
   int32_t (*content)(const weir_host *, uint64_t id, uint64_t offset, weir_str *out);
} weir_message;

#ifdef __cplusplus
}
#endif
#endif
