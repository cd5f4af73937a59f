/* SPDX-License-Identifier: Apache-2.0 */
/* A stage that does what no stage should, where its options say: `do` (one of `deeds`, below), `at` (an event, or "all"), `word` (only if the
 * event's value has it), `ms` (how late is late). What the host said to it is in the log, behind the deed's name.
 * It declares WEIR_CAP_REJECT and WEIR_CAP_HEADERS, and no properties. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <weir/easy.h>
#include <weir/stage.h>

#ifndef TORTURE_FLAGS
#define TORTURE_FLAGS 0
#define TORTURE_NAME "torture"
#endif

struct self {
   const weir_host    *host;
   const weir_message *message;
   int32_t (*deed)(struct self *, weir_ctx *, const weir_event *);
   uint32_t            at, late;
   int                 leaves; /* with a crash, in destroy() */
   char                word[64];
   weir_str            kept;    /* what was only lent */
   weir_ctx           *kept_ctx;
   uint64_t            kept_id;
};

struct task { struct self *self; uint64_t id; };

static struct task *task(struct self *self, uint64_t id) {
   struct task *task = malloc(sizeof *task);
   if (!task) abort();
   task->self = self;
   task->id = id;
   return task;
}
static void say(struct self *self, uint64_t id, const char *what, int32_t status) {
   weir_logf(self->host, id, WEIR_INFO, "%s: %d", what, (int)status);
}

/* Callbacks */

static void completes(void *user, weir_ctx *ctx, const weir_result *result) {
   struct task *task = user;
   (void)result;
   if (ctx) say(task->self, ctx->id, "complete", task->self->host->complete(task->self->host, task->id, WEIR_CONTINUE));
   else say(task->self, 0, "gone", result->status);
   free(task);
}
static void completes_twice(void *user, weir_ctx *ctx, const weir_result *result) {
   struct task *task = user;
   (void)result;
   if (ctx) {
      say(task->self, ctx->id, "first", task->self->host->complete(task->self->host, task->id, WEIR_CONTINUE));
      say(task->self, ctx->id, "second", task->self->host->complete(task->self->host, task->id, WEIR_REJECT));
   }
   free(task);
}
static void replies_late(void *user, weir_ctx *ctx, const weir_result *result) {
   struct task *task = user;
   (void)result;
   if (ctx) say(task->self, ctx->id, "reply", task->self->message->reply(task->self->host, task->id, 550, NULL, weir_s("too late")));
   free(task);
}
static void crashes(void *user, weir_ctx *ctx, const weir_result *result) {
   (void)user, (void)ctx, (void)result;
   raise(SIGSEGV);
}
static void works(void *user) { (void)user; }
static void works_not(void *user) { (void)user, raise(SIGSEGV); }
static void works_long(void *user) { (void)user, sleep(600); }

/* Threads of its own */

static void *completes_from_thread(void *user) {
   struct task *task = user;
   struct self *self = task->self;
   say(self, 0, "complete from a thread", self->host->complete(self->host, task->id, WEIR_REJECT));
   say(self, 0, "reply from a thread", self->message->reply(self->host, task->id, 550, NULL, weir_s("from a thread")));
   if (self->host->post(self->host, task->id, completes, task) != WEIR_OK) free(task);
   return NULL;
}
static void *posts_from_thread(void *user) {
   struct task *task = user;
   if (task->self->host->post(task->self->host, task->id, completes, task) != WEIR_OK) free(task);
   return NULL;
}
static void *posts_late(void *user) {
   struct task    *task = user;
   struct timespec late = {task->self->late / 1000, (long)(task->self->late % 1000) * 1000000};
   nanosleep(&late, NULL);
   say(task->self, 0, "late post", task->self->host->post(task->self->host, task->id, completes, task));
   return NULL; /* if it was refused, what task points to is lost: that is one deed more */
}
static void *crashes_in_thread(void *user) {
   (void)user;
   raise(SIGSEGV);
   return NULL;
}
static void *posts_crash(void *user) {
   struct task *task = user;
   task->self->host->post(task->self->host, task->id, crashes, task);
   return NULL;
}
static int32_t pending_on(void *(*thread)(void *), struct self *self, uint64_t id) {
   pthread_t      handle;
   pthread_attr_t attributes;
   pthread_attr_init(&attributes);
   pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
   return pthread_create(&handle, &attributes, thread, task(self, id)) == 0 ? WEIR_PENDING : WEIR_FAIL;
}

/* Deeds */

#define DEED(name) static int32_t name(struct self *self, weir_ctx *ctx, const weir_event *event)
#define UNUSED (void)self, (void)ctx, (void)event

DEED(nothing) { return UNUSED, WEIR_CONTINUE; }
DEED(refuse) { return UNUSED, WEIR_REJECT; }
DEED(reply_ok) { return UNUSED, self->message->reply(self->host, ctx->id, 550, "5.7.1", weir_s("tortured")); }
DEED(crash) { return UNUSED, raise(SIGSEGV), WEIR_CONTINUE; }
DEED(die) { UNUSED, abort(); }
DEED(leave) { UNUSED, _exit(0); }
DEED(hang) { UNUSED; for (;;) pause(); return WEIR_CONTINUE; }
DEED(spin) { UNUSED; for (volatile int i = 0;; i = !i) continue; return WEIR_CONTINUE; }
DEED(slow) {
   struct timespec late = {self->late / 1000, (long)(self->late % 1000) * 1000000};
   return UNUSED, nanosleep(&late, NULL), WEIR_CONTINUE;
}
DEED(eat) {
   UNUSED;
   for (;;) {
      char *food = malloc(1 << 20);
      if (!food) abort();
      memset(food, 1, 1 << 20);
   }
   return WEIR_CONTINUE;
}
DEED(recurse) { /* the stack, without end */
   volatile char room[4096];
   room[0] = (char)self->late;
   if (self->late == UINT32_MAX) return WEIR_CONTINUE;
   return recurse(self, ctx, event) + room[0];
}
DEED(never) { return UNUSED, WEIR_PENDING; }
DEED(twice) { return UNUSED, self->host->timer(self->host, ctx->id, 1, completes_twice, task(self, ctx->id)) == WEIR_OK ? WEIR_PENDING : WEIR_FAIL; }
DEED(late) { return UNUSED, self->host->timer(self->host, ctx->id, self->late, completes, task(self, ctx->id)) == WEIR_OK ? WEIR_PENDING : WEIR_FAIL; }
DEED(thread) { return UNUSED, pending_on(completes_from_thread, self, ctx->id); }
DEED(post) { return UNUSED, pending_on(posts_from_thread, self, ctx->id); }
DEED(post_late) { return UNUSED, pending_on(posts_late, self, ctx->id); }
DEED(complete_now) { /* before it is pending */
   UNUSED, say(self, ctx->id, "complete_now", self->host->complete(self->host, ctx->id, WEIR_REJECT));
   return WEIR_CONTINUE;
}
DEED(complete_then_pend) {
   UNUSED, say(self, ctx->id, "complete_then_pend", self->host->complete(self->host, ctx->id, WEIR_CONTINUE));
   return WEIR_PENDING;
}
DEED(stale_reply) {
   UNUSED, self->host->timer(self->host, ctx->id, 1, replies_late, task(self, ctx->id));
   return WEIR_CONTINUE;
}
DEED(forged_id) {
   UNUSED, say(self, ctx->id, "forged_id", self->message->reply(self->host, ctx->id + 12345, 550, NULL, weir_s("forged")));
   say(self, ctx->id, "zero id", self->host->complete(self->host, 0, WEIR_REJECT));
   return WEIR_CONTINUE;
}
DEED(undeclared) {
   weir_str out;
   UNUSED, say(self, ctx->id, "rcpt", self->message->rcpt(self->host, ctx->id, WEIR_RCPT_ADD, weir_s("x@example.org"), weir_s("")));
   say(self, ctx->id, "sender", self->message->sender(self->host, ctx->id, weir_s("x@example.org"), weir_s("")));
   say(self, ctx->id, "body", self->message->body(self->host, ctx->id, weir_s("x\r\n")));
   say(self, ctx->id, "route", self->message->route(self->host, ctx->id, WEIR_ROUTE_HOLD, weir_s("x")));
   say(self, ctx->id, "content", self->message->content(self->host, ctx->id, 0, &out));
   say(self, ctx->id, "get", self->host->get(self->host, ctx->id, "client.addr", &out));
   say(self, ctx->id, "set", self->host->set(self->host, ctx->id, WEIR_PER_MESSAGE, "client.addr", weir_s("x")));
   return WEIR_CONTINUE;
}
DEED(bad_edits) {
   UNUSED, say(self, ctx->id, "crlf", self->message->header(self->host, ctx->id, WEIR_HDR_APPEND, 0, weir_s("X-A"), weir_s("1\r\nX-B: 2")));
   say(self, ctx->id, "name", self->message->header(self->host, ctx->id, WEIR_HDR_APPEND, 0, weir_s("X A:"), weir_s("1")));
   say(self, ctx->id, "no name", self->message->header(self->host, ctx->id, WEIR_HDR_APPEND, 0, weir_s(""), weir_s("1")));
   say(self, ctx->id, "op", self->message->header(self->host, ctx->id, 99, 0, weir_s("X-A"), weir_s("1")));
   say(self, ctx->id, "ref", self->message->header(self->host, ctx->id, WEIR_HDR_DELETE, 987654321, weir_s(""), weir_s("")));
   say(self, ctx->id, "code", self->message->reply(self->host, ctx->id, 250, NULL, weir_s("fine")));
   say(self, ctx->id, "text", self->message->reply(self->host, ctx->id, 550, NULL, weir_s("a\r\n250 fine")));
   return WEIR_CONTINUE;
}
DEED(many_edits) {
   int32_t status = WEIR_OK;
   UNUSED;
   for (int i = 0; i < 1000000 && status == WEIR_OK; i++)
      status = self->message->header(self->host, ctx->id, WEIR_HDR_APPEND, 0, weir_s("X-A"), weir_s("1"));
   say(self, ctx->id, "many_edits", status);
   return WEIR_CONTINUE;
}
DEED(many_requests) {
   int32_t status = WEIR_OK;
   UNUSED;
   for (int i = 0; i < 1000000 && status == WEIR_OK; i++) {
      struct task *one = task(self, ctx->id);
      status = self->host->timer(self->host, ctx->id, 3600000, completes, one);
      if (status != WEIR_OK) free(one);
   }
   say(self, ctx->id, "many_requests", status);
   return WEIR_CONTINUE;
}
DEED(null_pointers) {
   static const weir_str broken = {NULL, 7};
   weir_str              out;
   UNUSED, say(self, ctx->id, "header", self->message->header(self->host, ctx->id, WEIR_HDR_APPEND, 0, weir_s("X-A"), broken));
   say(self, ctx->id, "get", self->host->get(self->host, ctx->id, NULL, &out));
   say(self, ctx->id, "lookup", self->host->lookup(self->host, ctx->id, NULL, broken, completes, NULL));
   say(self, ctx->id, "timer", self->host->timer(self->host, ctx->id, 1, NULL, NULL));
   say(self, ctx->id, "offload", self->host->offload(self->host, ctx->id, NULL, completes, NULL));
   self->host->log(self->host, ctx->id, 99, broken);
   return WEIR_CONTINUE;
}
DEED(keep) { /* reads at this event what was lent at the one before */
   unsigned sum = 0;
   for (size_t i = 0; i < self->kept.len; i++) sum += (unsigned char)self->kept.ptr[i];
   if (self->kept_ctx) sum += (unsigned)self->kept_ctx->budget_ms;
   if (self->kept_id) say(self, self->kept_id, "keep", self->message->reply(self->host, self->kept_id, 550, NULL, weir_s("kept")));
   self->kept = event->value;
   self->kept_ctx = ctx;
   self->kept_id = ctx->id;
   return sum == 1 ? WEIR_REJECT : WEIR_CONTINUE;
}
DEED(leak) { return UNUSED, ctx->message = malloc(64), ctx->session = malloc(64), WEIR_CONTINUE; } /* again and again, over the one before */
DEED(no_verdict) { return UNUSED, 4711; }
DEED(negative_verdict) { return UNUSED, -6; }
DEED(close_continue) { return UNUSED, WEIR_CONTINUE | WEIR_CLOSE; }
DEED(fail) { return UNUSED, WEIR_FAIL; }
DEED(crash_later) { return UNUSED, self->host->timer(self->host, ctx->id, 1, crashes, self) == WEIR_OK ? WEIR_PENDING : WEIR_FAIL; }
DEED(crash_dns) { return UNUSED, self->host->dns(self->host, ctx->id, weir_s("localhost"), 1, crashes, self) == WEIR_OK ? WEIR_PENDING : WEIR_FAIL; }
DEED(crash_lookup) { return UNUSED, self->host->lookup(self->host, ctx->id, "x", weir_s("x"), crashes, self) == WEIR_OK ? WEIR_PENDING : WEIR_FAIL; }
DEED(crash_post) { return UNUSED, pending_on(posts_crash, self, ctx->id); }
DEED(crash_thread) { return UNUSED, pending_on(crashes_in_thread, self, ctx->id); }
DEED(crash_offload) { return UNUSED, self->host->offload(self->host, ctx->id, works_not, completes, task(self, ctx->id)) == WEIR_OK ? WEIR_PENDING : WEIR_FAIL; }
DEED(crash_offloaded) { return UNUSED, self->host->offload(self->host, ctx->id, works, crashes, self) == WEIR_OK ? WEIR_PENDING : WEIR_FAIL; }
static char bomb, mine; /* states: free_state knows them by their places */
DEED(crash_free) { return UNUSED, ctx->message = &bomb, WEIR_CONTINUE; }
DEED(hang_free) { return UNUSED, ctx->message = &mine, WEIR_CONTINUE; }
DEED(offload_ok) { return UNUSED, self->host->offload(self->host, ctx->id, works, completes, task(self, ctx->id)) == WEIR_OK ? WEIR_PENDING : WEIR_FAIL; }
DEED(offload_hangs) { return UNUSED, self->host->offload(self->host, ctx->id, works_long, completes, task(self, ctx->id)) == WEIR_OK ? WEIR_PENDING : WEIR_FAIL; }
DEED(flood_log) {
   UNUSED;
   for (int i = 0; i < 100000; i++) self->host->log(self->host, ctx->id, WEIR_ERROR, weir_s("flood"));
   return WEIR_CONTINUE;
}
DEED(write_stdout) { /* where a worker may keep its pipe */
   static const char garbage[] = "\377\377\377\377garbage\n";
   UNUSED;
   for (int fd = 0; fd < 16; fd++) (void)!write(fd, garbage, sizeof garbage);
   return WEIR_CONTINUE;
}
DEED(close_files) {
   UNUSED;
   for (int fd = 0; fd < 64; fd++) close(fd);
   return WEIR_CONTINUE;
}

static const struct { const char *name; int32_t (*deed)(struct self *, weir_ctx *, const weir_event *); } deeds[] = {
   {"nothing", nothing}, {"refuse", refuse}, {"reply", reply_ok}, {"crash", crash}, {"abort", die}, {"exit", leave}, {"hang", hang}, {"spin", spin},
   {"slow", slow}, {"eat", eat}, {"recurse", recurse}, {"never", never}, {"twice", twice}, {"late", late}, {"thread", thread}, {"post", post},
   {"post_late", post_late}, {"complete_now", complete_now}, {"complete_then_pend", complete_then_pend}, {"stale_reply", stale_reply},
   {"forged_id", forged_id}, {"undeclared", undeclared}, {"bad_edits", bad_edits}, {"many_edits", many_edits}, {"many_requests", many_requests},
   {"null_pointers", null_pointers}, {"keep", keep}, {"leak", leak}, {"no_verdict", no_verdict}, {"negative_verdict", negative_verdict},
   {"close_continue", close_continue}, {"fail", fail}, {"crash_later", crash_later}, {"crash_dns", crash_dns}, {"crash_lookup", crash_lookup},
   {"crash_post", crash_post}, {"crash_thread", crash_thread}, {"crash_offload", crash_offload}, {"crash_offloaded", crash_offloaded},
   {"crash_free", crash_free}, {"hang_free", hang_free}, {"crash_create", nothing}, {"crash_destroy", nothing},
   {"offload", offload_ok}, {"offload_hangs", offload_hangs},
   {"flood_log", flood_log}, {"write_stdout", write_stdout}, {"close_files", close_files}};

static const char *const events[] = {"CONNECT", "HELO", "TLS", "AUTH", "MAIL", "RCPT", "DATA", "HEADER", "EOH", "PART_HEADER", "PART", "PART_BODY",
                                     "BODY", "EOM", "ABORT", "QUEUED", "DELIVERY", "CLOSE"};
enum { N_EVENTS = sizeof events / sizeof *events, ALL = N_EVENTS };

static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *wanted, char *err, uint64_t err_size) {
   struct self *self = calloc(1, sizeof *self);
   char         ms[16] = "";
   if (!self) abort();
   if (weir_ieq(weir_opt(options, n, "do"), "crash_create")) raise(SIGSEGV);
   self->leaves = weir_ieq(weir_opt(options, n, "do"), "crash_destroy");
   self->host = host;
   self->message = host->extension(host, WEIR_MESSAGE);
   self->at = ALL + 1;
   for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
      if (weir_ieq(weir_opt(options, n, "do"), deeds[i].name)) self->deed = deeds[i].deed;
   for (uint32_t i = 0; i < N_EVENTS; i++)
      if (weir_ieq(weir_opt(options, n, "at"), events[i])) self->at = i;
   if (weir_ieq(weir_opt(options, n, "at"), "all")) self->at = ALL;
   if (self->deed && self->at <= ALL && self->message && weir_copy(self->word, sizeof self->word, weir_opt(options, n, "word")) &&
       weir_copy(ms, sizeof ms, weir_opt(options, n, "ms"))) {
      self->late = (uint32_t)atol(ms);
      if (self->at != ALL) *wanted &= WEIR_BIT(self->at) | (self->at == WEIR_EV_ABORT ? WEIR_BIT(WEIR_EV_MAIL) : 0); /* who saw it begin */
      return self;
   }
   snprintf(err, err_size, "no such deed, no such event, or a word that is too long");
   free(self);
   return NULL;
}

static int32_t on_event(void *me, weir_ctx *ctx, const weir_event *event) {
   struct self *self = me;
   if ((self->at != ALL && event->type != self->at) || (self->word[0] && !weir_icontains(event->value, self->word))) return WEIR_CONTINUE;
   return self->deed(self, ctx, event);
}

static void free_state(void *self, uint32_t scope, void *state) {
   (void)self, (void)scope;
   if (state == &bomb) raise(SIGSEGV);
   if (state == &mine) for (;;) pause();
   free(state);
}

static void destroy(void *me) {
   struct self *self = me;
   if (self->leaves) raise(SIGSEGV);
   self->host->log(self->host, 0, WEIR_INFO, weir_s("destroyed"));
   free(self);
}

static const weir_option options[] = {
   {"do", "nothing", "the deed", WEIR_OPT_STRING, 0},
   {"at", "HEADER", "the event at which it is done, or all", WEIR_OPT_STRING, 0},
   {"word", "", "only if the event's value has this word", WEIR_OPT_STRING, 0},
   {"ms", "2s", "how late is late", WEIR_OPT_DURATION, 0}};
static const weir_component torture = {
   .size = sizeof torture, .kind = WEIR_STAGE, .name = TORTURE_NAME, .help = "does what no stage should", .events = WEIR_BIT(N_EVENTS) - 1,
   .caps = WEIR_CAP_REJECT | WEIR_CAP_HEADERS, .flags = TORTURE_FLAGS, .n_options = 4, .options = options,
   .create = create, .destroy = destroy, .on_event = on_event, .free_state = free_state};
static const weir_component *const components[] = {&torture};
static const weir_plugin plugin = {
   .magic = WEIR_MAGIC, .size = sizeof plugin, .abi = WEIR_ABI, .abi_min = WEIR_ABI,
   .id = "org.example.torture", .version = "1", .components = components, .n_components = 1};
const weir_plugin *weir_plugin_v0(void) { return &plugin; }
