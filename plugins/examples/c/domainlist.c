/* SPDX-License-Identifier: MIT */
/* Refuses senders whose domain is on a list in the DNS: a TXT record of DOMAIN.ZONE says why.
 * The answer takes its time; nobody waits for it but this one message. */
#include <stdlib.h>
#include <weir/easy.h>
#include <weir/stage.h>

enum { TXT = 16 }; /* the number of this type of record */

struct self { const weir_host *host; const weir_message *message; char zone[256]; };
struct question { struct self *self; uint64_t mail; }; /* for the callback: the event that waits */

static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   struct self *self = calloc(1, sizeof *self);
   (void)events;
   if (self && (self->message = host->extension(host, WEIR_MESSAGE)) &&
       weir_copy(self->zone, sizeof self->zone, weir_opt(options, n, "zone"))) {
      self->host = host;
      return self;
   }
   snprintf(err, err_size, "no memory, no %s, or the zone is too long", WEIR_MESSAGE);
   free(self);
   return NULL;
}

static void answered(void *user, weir_ctx *ctx, const weir_result *result) { /* once, and later */
   struct question *question = user;
   struct self     *self = question->self;
   if (ctx) { /* else the client has gone */
      int32_t verdict = WEIR_CONTINUE; /* WEIR_E_NOTFOUND: not on the list */
      if (result->status == WEIR_OK)
         verdict = self->message->reply(self->host, question->mail, 550, "5.7.1", result->items[0].value);
      else if (result->status != WEIR_E_NOTFOUND)
         verdict = WEIR_TEMPFAIL;
      self->host->complete(self->host, question->mail, verdict);
   }
   free(question);
}

static int32_t on_event(void *me, weir_ctx *ctx, const weir_event *event) { /* MAIL only */
   struct self     *self = me;
   weir_str         domain = weir_after(event->value, '@');
   char             name[255 + 1 + sizeof self->zone];
   struct question *question;
   if (domain.len == 0 || domain.len > 255) return WEIR_CONTINUE; /* <>, or no name of the DNS */
   snprintf(name, sizeof name, "%.*s.%s", (int)domain.len, domain.ptr, self->zone);
   if (!(question = malloc(sizeof *question))) return WEIR_FAIL;
   question->self = self;
   question->mail = ctx->id;
   if (self->host->dns(self->host, ctx->id, weir_s(name), TXT, answered, question) == WEIR_OK) return WEIR_PENDING;
   free(question); /* not taken: answered() will not run */
   return WEIR_TEMPFAIL;
}

static const weir_option options[] = {
   {"zone", NULL, "the zone that lists domains, such as dbl.example.org", WEIR_OPT_STRING, 0}};
static const weir_component component = {
   .size = sizeof component, .kind = WEIR_STAGE, .name = "domainlist", .help = "refuses listed sender domains",
   .events = WEIR_BIT(WEIR_EV_MAIL), .caps = WEIR_CAP_REJECT,
   .n_options = 1, .options = options, .create = create, .destroy = free, .on_event = on_event};

WEIR_PLUGIN("org.example.domainlist", "1", &component);
