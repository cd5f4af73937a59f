/* SPDX-License-Identifier: Apache-2.0 */
/* A table whose keys say how it behaves. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <weir/easy.h>
#include <weir/table.h>

struct self {
   const weir_host   *host;
   const weir_answer *answer;
   int                born; /* how many there were before it */
};
static int instances;

static int is(weir_str key, const char *word) { return key.len == strlen(word) && memcmp(key.ptr, word, key.len) == 0; }

static int32_t give(struct self *self, uint64_t id, const char *first, const char *second) {
   weir_pair items[2] = {{{NULL, 0}, {NULL, 0}}, {{NULL, 0}, {NULL, 0}}};
   items[0].value = weir_s(first);
   items[1].value = weir_s(second ? second : "");
   return self->answer->answer(self->host, id, items, second ? 2 : 1) == WEIR_OK ? WEIR_DONE : WEIR_CONTINUE;
}

struct later {
   struct self *self;
   uint64_t     id;
   int          twice;
};

static void posted(void *user, weir_ctx *ctx, const weir_result *result) {
   struct later *later = user;
   (void)result;
   if (ctx) {
      int32_t verdict = give(later->self, later->id, "later", NULL);
      later->self->host->complete(later->self->host, later->id, verdict);
      if (later->twice) later->self->host->complete(later->self->host, later->id, WEIR_TEMPFAIL);
   }
   free(later);
}

static void *thread(void *user) {
   struct later   *later = user;
   struct timespec pause = {0, 20000000};
   nanosleep(&pause, NULL);
   if (later->self->host->post(later->self->host, later->id, posted, later) != WEIR_OK) free(later);
   return NULL;
}

static void *dies(void *user) {
   (void)user;
   abort();
}

static int32_t run(struct later later, void *(*thread)(void *)) {
   pthread_t     made;
   struct later *own = malloc(sizeof *own);
   *own = later;
   if (pthread_create(&made, NULL, thread, own) != 0) abort();
   pthread_detach(made);
   return WEIR_PENDING;
}

static int32_t refused(struct self *self, uint64_t id) { /* a table has none of these */
   weir_str out;
   char     text[64];
   snprintf(text, sizeof text, "%d %d %d %d", self->host->get(self->host, id, "sender", &out),
            self->host->set(self->host, id, WEIR_PER_MESSAGE, "table.x", weir_s("y")),
            self->host->dns(self->host, id, weir_s("example.com"), 1, posted, NULL),
            self->host->extension(self->host, "weir.message/1") == NULL);
   return give(self, id, text, NULL);
}

static int32_t on_event(void *me, weir_ctx *ctx, const weir_event *event) {
   struct self *self = me;
   weir_str     key = event->value;
   if (event->type == WEIR_TABLE_CHANGED) return self->born == 0 ? WEIR_DONE : WEIR_CONTINUE;
   if (event->type != WEIR_TABLE_LOOKUP) return 99;
   if (is(key, "one")) return give(self, ctx->id, "1", NULL);
   if (is(key, "two")) return give(self, ctx->id, "1", "2");
   if (is(key, "born")) return give(self, ctx->id, self->born ? "again" : "first", NULL);
   if (is(key, "file")) {
      weir_pair item = {{NULL, 0}, {NULL, 0}};
      item.value = event->name;
      self->answer->answer(self->host, ctx->id, &item, 1);
      return WEIR_DONE;
   }
   if (is(key, "state")) {
      ctx->message = malloc(1);
      return give(self, ctx->id, "kept", NULL);
   }
   if (is(key, "refused")) return refused(self, ctx->id);
   if (is(key, "empty")) return give(self, ctx->id, "", NULL);
   if (is(key, "tempfail")) return WEIR_TEMPFAIL;
   if (is(key, "fail")) return WEIR_FAIL;
   if (is(key, "done")) return WEIR_DONE;
   if (is(key, "nonsense")) return 12345;
   if (is(key, "later")) return run((struct later){self, ctx->id, 0}, thread);
   if (is(key, "twice")) return run((struct later){self, ctx->id, 1}, thread);
   if (is(key, "never")) return WEIR_PENDING;
   if (is(key, "slow")) {
      struct timespec pause = {0, 400000000};
      nanosleep(&pause, NULL);
      return give(self, ctx->id, "slow", NULL);
   }
   if (is(key, "crash")) abort();
   if (is(key, "exit")) _exit(3);
   if (is(key, "elsewhere")) return run((struct later){self, ctx->id, 0}, dies);
   if (is(key, "hang"))
      for (;;) pause();
   if (is(key, "garbage"))
      for (int fd = 5; fd < 40; fd++) (void)!send(fd, "\xff\xff\xff\xff\xff", 5, MSG_DONTWAIT);
   return WEIR_CONTINUE;
}

static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   struct self *self = calloc(1, sizeof *self);
   weir_str     depth = weir_opt(options, n, "depth");
   self->host = host;
   self->born = __sync_fetch_and_add(&instances, 1);
   if (!(self->answer = host->extension(host, WEIR_ANSWER)) || is(depth, "0")) {
      snprintf(err, err_size, "depth: it is too small");
      free(self);
      return NULL;
   }
   if (is(depth, "2")) *events &= ~WEIR_BIT(WEIR_TABLE_PARTS);
   return self;
}

static void free_state(void *me, uint32_t scope, void *state) {
   (void)me, (void)scope;
   free(state);
}

static const weir_option options[] = {{"depth", "1", "what it is", WEIR_OPT_INT, 0}};
static const weir_component component = {
   .size = sizeof component, .kind = WEIR_TABLE, .name = "table", .help = "behaves as its keys say",
   .events = WEIR_BIT(WEIR_TABLE_LOOKUP) | WEIR_BIT(WEIR_TABLE_PARTS) | WEIR_BIT(WEIR_TABLE_CHANGED), .flags = WEIR_BLOCKING,
   .n_options = 1, .options = options, .create = create, .destroy = free, .on_event = on_event, .free_state = free_state};
static const weir_component *const components[] = {&component};
static const weir_plugin plugin = {
   .magic = WEIR_MAGIC, .size = sizeof plugin, .abi = WEIR_ABI, .abi_min = WEIR_ABI,
   .id = "org.example.table", .version = "1", .components = components, .n_components = 1};

WEIR_EXPORT const weir_plugin *weir_plugin_v0(void) { return &plugin; }
