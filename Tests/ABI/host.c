/* SPDX-License-Identifier: Apache-2.0 */
/* host PLUGIN [NAME=VALUE]... <SCRIPT: the smallest host, in C, to play a script to a plugin of one stage and print what it says.
 * A line of the script is EVENT|NAME|VALUE, or one of
 *   answer|TEXT   what the DNS says from now on ("-": there is no such name)
 *   gone          the session ends before the next request is answered
 *   bench|N       the event before, N times more: prints the nanoseconds of each
 * It checks of the plugin what no script can say: that a request's callback was there, and that memory is as lent. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <weir/easy.h>
#include <weir/stage.h>

enum { MAX = 32 };
static struct { weir_done done; void (*work)(void *); void *user; } requests[MAX];
static int                   n_requests, completed, gone, verdict;
static uint64_t              current = 1;
static char                  dns_answer[512] = "-";
static const weir_component *component;
static void                 *self;
static weir_ctx              ctx = {sizeof ctx, 1000, 1, NULL, NULL};

static void print(const char *what, weir_str text) { printf("  %s %.*s\n", what, (int)text.len, text.ptr); }
static void host_log(const weir_host *h, uint64_t id, uint32_t level, weir_str text) {
   (void)h, (void)id, (void)level;
   print("log", text);
}
static uint64_t metric(const weir_host *h, uint32_t kind, const char *name, const char *help) {
   (void)h, (void)help;
   printf("  metric %u %s\n", kind, name);
   return 1;
}
static void metric_add(const weir_host *h, uint64_t id, double value) {
   (void)h, (void)id;
   printf("  metric_add %g\n", value);
}
static int32_t get(const weir_host *h, uint64_t id, const char *key, weir_str *out) {
   (void)h, (void)id;
   if (strcmp(key, "client.addr") != 0) return WEIR_E_NOTFOUND;
   *out = weir_s("192.0.2.1");
   return WEIR_OK;
}
static int32_t set(const weir_host *h, uint64_t id, uint32_t scope, const char *key, weir_str value) {
   (void)h, (void)id;
   printf("  set %u %s=%.*s\n", scope, key, (int)value.len, value.ptr);
   return WEIR_OK;
}
static int32_t complete(const weir_host *h, uint64_t id, int32_t v) {
   (void)h;
   if (id != current || completed) return WEIR_E_STALE;
   completed = 1;
   verdict = v;
   return WEIR_OK;
}
static int32_t request(weir_done done, void (*work)(void *), void *user) {
   if (n_requests == MAX) return WEIR_E_TEMP;
   requests[n_requests].done = done;
   requests[n_requests].work = work;
   requests[n_requests++].user = user;
   return WEIR_OK;
}
static int32_t post(const weir_host *h, uint64_t id, weir_done done, void *user) {
   (void)h;
   return id == current ? request(done, NULL, user) : WEIR_E_STALE;
}
static int32_t timer(const weir_host *h, uint64_t id, uint32_t ms, weir_done done, void *user) {
   (void)h, (void)id;
   printf("  timer %u\n", ms);
   return request(done, NULL, user);
}
static int32_t dns(const weir_host *h, uint64_t id, weir_str name, uint32_t type, weir_done done, void *user) {
   (void)h, (void)id;
   printf("  dns %u %.*s\n", type, (int)name.len, name.ptr);
   return request(done, NULL, user);
}
static int32_t lookup(const weir_host *h, uint64_t id, const char *table, weir_str key, weir_done done, void *user) {
   (void)h, (void)id;
   printf("  lookup %s %.*s\n", table, (int)key.len, key.ptr);
   return request(done, NULL, user);
}
static int32_t offload(const weir_host *h, uint64_t id, void (*work)(void *), weir_done done, void *user) {
   (void)h, (void)id;
   return request(done, work, user);
}
static int32_t reply(const weir_host *h, uint64_t id, uint32_t code, const char *enhanced, weir_str text) {
   (void)h;
   if (id != current) return WEIR_E_STALE;
   printf("  reply %u %s %.*s\n", code, enhanced ? enhanced : "-", (int)text.len, text.ptr);
   return code >= 500 ? WEIR_REJECT : WEIR_TEMPFAIL;
}
static int32_t header(const weir_host *h, uint64_t id, uint32_t op, uint64_t ref, weir_str name, weir_str value) {
   (void)h, (void)id;
   printf("  header %u %u %.*s: %.*s\n", op, (unsigned)ref, (int)name.len, name.ptr, (int)value.len, value.ptr);
   return WEIR_OK;
}
static int32_t next_header(const weir_host *h, uint64_t id, uint64_t *ref, weir_str *name, weir_str *value) {
   (void)h, (void)id;
   if (*ref >= 2) return WEIR_E_NOTFOUND;
   *name = weir_s(++*ref == 1 ? "From" : "Subject");
   *value = weir_s(*ref == 1 ? "a@example.org" : "hello");
   return WEIR_OK;
}
static int32_t rcpt(const weir_host *h, uint64_t id, uint32_t op, weir_str address, weir_str esmtp) {
   (void)h, (void)id, (void)esmtp;
   printf("  rcpt %u %.*s\n", op, (int)address.len, address.ptr);
   return WEIR_OK;
}
static int32_t sender(const weir_host *h, uint64_t id, weir_str address, weir_str esmtp) {
   (void)h, (void)id, (void)esmtp;
   print("sender", address);
   return WEIR_OK;
}
static int32_t body(const weir_host *h, uint64_t id, weir_str bytes) {
   (void)h, (void)id;
   print("body", bytes);
   return WEIR_OK;
}
static int32_t route(const weir_host *h, uint64_t id, uint32_t op, weir_str arg) {
   (void)h, (void)id;
   printf("  route %u %.*s\n", op, (int)arg.len, arg.ptr);
   return op > WEIR_ROUTE_NEXTHOP ? WEIR_E_INVALID : WEIR_OK;
}
static int32_t content(const weir_host *h, uint64_t id, uint64_t offset, weir_str *out) {
   (void)h, (void)id;
   *out = weir_s("Subject: hello\r\n\r\nbody\r\n");
   if (offset >= out->len) return WEIR_E_NOTFOUND;
   out->ptr += offset;
   out->len -= offset;
   return WEIR_OK;
}

static int32_t splice(const weir_host *h, uint64_t id, uint64_t offset, uint64_t length, weir_str bytes) {
   (void)h, (void)id;
   printf("  splice %u %u %.*s\n", (unsigned)offset, (unsigned)length, (int)bytes.len, bytes.ptr);
   return WEIR_OK;
}

static const weir_message message = {sizeof message, 0, reply, header, next_header, rcpt, sender, body, route, content, splice};
static const void *extension(const weir_host *h, const char *id) {
   (void)h;
   return strcmp(id, WEIR_MESSAGE) == 0 ? &message : NULL;
}
static const weir_host host = {sizeof host, WEIR_ABI, "the smallest host", extension, host_log, metric, metric_add, get,
                               set, complete, post, timer, dns, lookup, offload};

static const char *const names[] = {"connect", "helo", "tls", "auth", "mail", "rcpt", "data", "header", "eoh", "part_header", "part",
                                    "part_body", "body", "eom", "abort", "queued", "delivery", "close"};
static const char *const verdicts[] = {"CONTINUE", "DONE", "SKIP", "REJECT", "TEMPFAIL", "DISCARD", "PENDING", "FAIL"};

static void say(int v) {
   int known = v >= 0 && (v & 0xff) <= WEIR_FAIL;
   printf("  -> %s%s\n", known ? verdicts[v & 0xff] : "no verdict", known && v & WEIR_CLOSE ? "+CLOSE" : "");
}

/* Answers what was asked, and what is asked while answering. */
static void serve(void) {
   for (int i = 0; i < n_requests; i++) {
      weir_pair   item = {{"", 0}, weir_s(dns_answer)};
      int         found = strcmp(dns_answer, "-") != 0;
      weir_result result = {sizeof result, gone ? WEIR_E_CANCELLED : found ? WEIR_OK : WEIR_E_NOTFOUND, 0, 60, &item, found};
      if (requests[i].work) requests[i].work(requests[i].user);
      requests[i].done(requests[i].user, gone ? NULL : &ctx, &result);
   }
   n_requests = 0;
}

static double now(void) {
   struct timespec t;
   clock_gettime(CLOCK_MONOTONIC, &t);
   return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void bench(const weir_event *event, long n) {
   double began = now();
   for (long i = 0; i < n; i++) verdict += component->on_event(self, &ctx, event);
   printf("bench %.1f ns\n", (now() - began) / (double)n);
}

static void play(char *line) {
   static char       name[512], value[4096];
   static weir_event event = {sizeof event, 0, 0, 0, 1, {NULL, 0}, {NULL, 0}, NULL, 0};
   char             *word = strtok(line, "|"), *second = strtok(NULL, "|"), *third = strtok(NULL, "|");
   if (!word) return;
   if (strcmp(word, "answer") == 0) { snprintf(dns_answer, sizeof dns_answer, "%s", second ? second : ""); return; }
   if (strcmp(word, "gone") == 0) { gone = 1; return; }
   if (strcmp(word, "bench") == 0) { bench(&event, atol(second ? second : "0")); return; }
   for (event.type = 0; event.type <= WEIR_EV_CLOSE && strcmp(names[event.type], word) != 0; event.type++) continue;
   if (event.type > WEIR_EV_CLOSE) { printf("no event %s\n", word); return; }
   snprintf(name, sizeof name, "%s", second ? second : "");
   snprintf(value, sizeof value, "%s", third ? third : "");
   event.name = weir_s(name);
   event.value = weir_s(value);
   printf("%s %s %s\n", word, name, value);
   if (!(component->events & WEIR_BIT(event.type))) { printf("  not wanted\n"); return; }
   ctx.id = ++current;
   completed = 0;
   verdict = component->on_event(self, &ctx, &event);
   memset(name, '#', sizeof name); /* lent no longer */
   memset(value, '#', sizeof value);
   event.name.len = event.value.len = 0;
   if (verdict == WEIR_PENDING) {
      serve();
      if (gone) { printf("  -> the session has gone\n"); return; }
      if (!completed) { printf("  -> never completed\n"); return; }
   }
   serve();
   say(verdict);
   event.name = weir_s(strcpy(name, second ? second : ""));
   event.value = weir_s(strcpy(value, third ? third : ""));
}

/* As the header says that options come; units enough for the tests. */
static weir_str in_one_form(uint32_t type, const char *given) {
   static char forms[MAX][64];
   static int  used;
   if (type != WEIR_OPT_DURATION) return weir_s(given);
   snprintf(forms[used], sizeof forms[used], "%ld", atol(given) * (strstr(given, "ms") ? 1 : 1000));
   return weir_s(forms[used++]);
}

int main(int argc, char **argv) {
   static weir_pair options[MAX];
   uint64_t         n = 0, events;
   char             err[256] = "", line[8192];
   void            *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
   const weir_plugin *(*entry)(void) = NULL;
   const weir_plugin *plugin;
   if (library) *(void **)&entry = dlsym(library, "weir_plugin_v0");
   if (!entry) { printf("no plugin: %s\n", argc > 1 ? dlerror() : "none named"); return 1; }
   plugin = entry();
   if (plugin->magic != WEIR_MAGIC || plugin->abi != WEIR_ABI || plugin->size < sizeof *plugin) { puts("not of this ABI"); return 1; }
   component = plugin->components[0];
   printf("%s %s: %s, %s\n", plugin->id, plugin->version, component->name, component->help);
   for (uint32_t i = 0; i < component->n_options; i++) {
      const weir_option *option = &component->options[i];
      const char        *given = option->deflt;
      for (int a = 2; a < argc; a++)
         if (strncmp(argv[a], option->name, strlen(option->name)) == 0 && argv[a][strlen(option->name)] == '=')
            given = argv[a] + strlen(option->name) + 1;
      if (!given) { printf("option %s is missing\n", option->name); return 1; }
      options[n].key = weir_s(option->name);
      options[n++].value = in_one_form(option->type, given);
   }
   events = component->events;
   self = component->create(&host, options, n, &events, err, sizeof err);
   if (!self) { printf("refused: %s\n", err); return 1; }
   printf("events %llx caps %llx\n", (unsigned long long)events, (unsigned long long)component->caps);
   while (fgets(line, sizeof line, stdin)) {
      line[strcspn(line, "\n")] = 0;
      play(line);
   }
   if (ctx.message && component->free_state) component->free_state(self, WEIR_PER_MESSAGE, ctx.message);
   if (ctx.session && component->free_state) component->free_state(self, WEIR_PER_SESSION, ctx.session);
   component->destroy(self);
   return 0;
}
