/* SPDX-License-Identifier: MIT */
/* Refuses a message whose Subject has a certain word. */
#include <stdlib.h>
#include <weir/easy.h>
#include <weir/stage.h>

struct self { const weir_host *host; const weir_message *message; char word[64]; };

static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   struct self *self = calloc(1, sizeof *self);
   (void)events;
   if (self && (self->message = host->extension(host, WEIR_MESSAGE)) &&
       weir_copy(self->word, sizeof self->word, weir_opt(options, n, "word"))) {
      self->host = host;
      return self;
   }
   snprintf(err, err_size, "no memory, no %s, or the word is too long", WEIR_MESSAGE);
   free(self);
   return NULL;
}

static int32_t on_event(void *me, weir_ctx *ctx, const weir_event *event) { /* HEADER only */
   struct self *self = me;
   if (weir_ieq(event->name, "Subject") && weir_icontains(event->value, self->word))
      return self->message->reply(self->host, ctx->id, 550, "5.7.1", weir_s("No lotteries, please"));
   return WEIR_CONTINUE;
}

static const weir_option options[] = {
   {"word", "jackpot", "refuse a message with this word in its Subject", WEIR_OPT_STRING, 0}};
static const weir_component component = {
   .size = sizeof component, .kind = WEIR_STAGE, .name = "lottery", .help = "refuses lotteries",
   .events = WEIR_BIT(WEIR_EV_HEADER), .caps = WEIR_CAP_REJECT, .flags = WEIR_DECODED_HEADERS,
   .n_options = 1, .options = options, .create = create, .destroy = free, .on_event = on_event};

WEIR_PLUGIN("org.example.lottery", "1", &component);
