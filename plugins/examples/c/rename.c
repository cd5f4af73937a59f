/* SPDX-License-Identifier: MIT */
/* A table of one pair: the first word of its option is the key, the second the value. */
#include <stdlib.h>
#include <weir/easy.h>
#include <weir/table.h>

struct self { const weir_host *host; const weir_answer *answer; char key[64], value[64]; };

static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   struct self *self = calloc(1, sizeof *self);
   char         pair[130] = "";
   (void)events;
   if (self && (self->answer = host->extension(host, WEIR_ANSWER)) &&
       weir_copy(pair, sizeof pair, weir_opt(options, n, "pair")) &&
       sscanf(pair, "%63s %63s", self->key, self->value) == 2) {
      self->host = host;
      return self;
   }
   /* What begins with an option's name and a colon is shown where that option stands. */
   snprintf(err, err_size, "pair: expected two words");
   free(self);
   return NULL;
}

static int32_t on_event(void *me, weir_ctx *ctx, const weir_event *event) { /* LOOKUP only */
   struct self *self = me;
   weir_pair    item = {{NULL, 0}, {NULL, 0}};
   if (!weir_ieq(event->value, self->key)) return WEIR_CONTINUE;
   item.value = weir_s(self->value);
   return self->answer->answer(self->host, ctx->id, &item, 1) == WEIR_OK ? WEIR_DONE : WEIR_FAIL;
}

static const weir_option options[] = {
   {"pair", NULL, "a key and its value, with a blank between", WEIR_OPT_STRING, 0}};
static const weir_component component = {
   .size = sizeof component, .kind = WEIR_TABLE, .name = "rename", .help = "other names for some keys",
   .events = WEIR_BIT(WEIR_TABLE_LOOKUP) | WEIR_BIT(WEIR_TABLE_PARTS),
   .n_options = 1, .options = options, .create = create, .destroy = free, .on_event = on_event};

WEIR_PLUGIN("org.example.rename", "1", &component);
