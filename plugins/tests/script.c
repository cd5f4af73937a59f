/* SPDX-License-Identifier: Apache-2.0 */
/* A stage that does what its options say, for transcripts: `on = EVENT[ WORD]: ACTION[ ARGUMENT…]`, as often as need be. The actions of each
 * event are done in their order, if its name or value has the word, or where it has no value the sender; the last one that gives a verdict counts. Each event is told to the log,
 * whole; what the host answers to an action, too, where that is not WEIR_OK. */
#include <stdlib.h>
#include <weir/easy.h>
#include <weir/stage.h>

enum { MOST = 32 };
struct rule { uint32_t event; char word[64], action[32], argument[256]; };
struct self {
   const weir_host    *host;
   const weir_message *message;
   uint32_t            n_rules;
   struct rule         rules[MOST];
};
struct wait { struct self *self; uint64_t id; int32_t verdict; };

static const char *const events[] = {"CONNECT", "HELO", "TLS", "AUTH", "MAIL", "RCPT", "DATA", "HEADER", "EOH", "PART_HEADER", "PART", "PART_BODY",
                                     "BODY", "EOM", "ABORT", "QUEUED", "DELIVERY", "CLOSE"};
static const char *const verdicts[] = {"continue", "done", "skip", "reject", "tempfail", "discard", "pending", "fail"};
static const char *const header_ops[] = {"append", "prepend", "before", "after", "replace", "delete"};
static const char *const rcpt_ops[] = {"rcpt-add", "rcpt-delete", "rcpt-rewrite"};
static const char *const route_ops[] = {"hold", "quarantine", "redirect", "nexthop"};

static int32_t place(const char *const *words, size_t n, const char *word) {
   for (size_t i = 0; i < n; i++)
      if (strcmp(words[i], word) == 0) return (int32_t)i;
   return -1;
}
#define PLACE(words, word) place(words, sizeof words / sizeof *words, word)

/* The first word goes to `to`; what follows its blank is left. */
static weir_str first(char *to, size_t size, weir_str s) {
   size_t n = 0;
   while (n < s.len && s.ptr[n] != ' ') n++;
   weir_str word = {s.ptr, n}, rest = {s.ptr + n, s.len - n};
   weir_copy(to, size, word);
   while (rest.len > 0 && rest.ptr[0] == ' ') rest.ptr++, rest.len--;
   return rest;
}

/* Text for the log, or a field: what does not show is '.' */
static void show(char *to, size_t size, weir_str s) {
   size_t n = s.len < size ? s.len : size - 1;
   for (size_t i = 0; i < n; i++) to[i] = s.ptr[i] >= ' ' && s.ptr[i] < 127 ? s.ptr[i] : '.';
   to[n] = 0;
}

static void trace(struct self *self, weir_ctx *ctx, const weir_event *event) {
   char   name[100], value[200], params[300] = "", key[40], text[100];
   size_t used = 0;
   show(name, sizeof name, event->name);
   show(value, sizeof value, event->value);
   for (uint64_t i = 0; i < event->n_params && used < sizeof params; i++) {
      show(key, sizeof key, event->params[i].key);
      show(text, sizeof text, event->params[i].value);
      used += (size_t)snprintf(params + used, sizeof params - used, " %s=%s", key, text);
   }
   weir_logf(self->host, ctx->id, WEIR_INFO, "%s <%s> <%s> len %zu flags %u part %u%s", events[event->type], name, value, event->value.len,
             (unsigned)event->flags, (unsigned)event->part, params);
}

static void wakes(void *user, weir_ctx *ctx, const weir_result *result) {
   struct wait *wait = user;
   (void)result;
   if (ctx) {
      if (wait->verdict == WEIR_REJECT) wait->verdict = wait->self->message->reply(wait->self->host, wait->id, 550, "5.7.2", weir_s("later"));
      wait->self->host->complete(wait->self->host, wait->id, wait->verdict);
   }
   free(wait);
}

static int32_t wait_for(struct self *self, weir_ctx *ctx, const char *verdict) {
   struct wait *wait = malloc(sizeof *wait);
   if (!wait) return WEIR_FAIL;
   *wait = (struct wait){self, ctx->id, PLACE(verdicts, verdict)};
   if (self->host->timer(self->host, ctx->id, 5, wakes, wait) == WEIR_OK) return WEIR_PENDING;
   return free(wait), WEIR_FAIL;
}

/* "550 5.7.1 text", with '|' for the ends of lines */
static int32_t reply(struct self *self, weir_ctx *ctx, weir_str s) {
   char code[8], status[16], text[256];
   s = first(status, sizeof status, first(code, sizeof code, s));
   weir_copy(text, sizeof text, s);
   for (char *c = text; *c; c++) *c = *c == '|' ? '\n' : *c;
   return self->message->reply(self->host, ctx->id, (uint32_t)atoi(code), status, weir_s(text));
}

/* The field that is called so, for BEFORE, AFTER, REPLACE and DELETE: the event's own, or one that is looked for. */
static uint64_t field(struct self *self, weir_ctx *ctx, const weir_event *event, const char *name) {
   uint64_t ref = 0;
   weir_str found, value;
   if (event->type == WEIR_EV_HEADER) return event->ref;
   while (self->message->next_header(self->host, ctx->id, &ref, &found, &value) == WEIR_OK)
      if (weir_ieq(found, name)) return ref;
   return 0;
}

static int32_t edit(struct self *self, weir_ctx *ctx, const weir_event *event, const struct rule *rule) {
   const weir_message *m = self->message;
   const weir_host    *h = self->host;
   char                name[100], more[400], text[256];
   weir_str            value, all = weir_s(rule->argument), out = {NULL, 0};
   int32_t             op;
   if (strcmp(rule->action, "redirect-body") == 0) return m->body(h, ctx->id, event->value); /* as it came */
   if (strcmp(rule->action, "body") == 0) {
      weir_copy(text, sizeof text, all);
      for (char *c = text; *c; c++) *c = *c == '|' ? '\n' : *c;
      return m->body(h, ctx->id, weir_s(text));
   }
   if ((op = PLACE(route_ops, rule->action)) >= 0) return m->route(h, ctx->id, (uint32_t)op, all);
   if (strcmp(rule->action, "sender") == 0) return m->sender(h, ctx->id, all, weir_s(""));
   if ((op = PLACE(rcpt_ops, rule->action)) >= 0) return m->rcpt(h, ctx->id, (uint32_t)op, all, weir_s(""));
   value = first(name, sizeof name, all);
   if (strcmp(rule->action, "set") == 0) return h->set(h, ctx->id, WEIR_PER_MESSAGE, name, value);
   if (strcmp(rule->action, "set-session") == 0) return h->set(h, ctx->id, WEIR_PER_SESSION, name, value);
   if (strcmp(rule->action, "show") == 0) { /* a property, as a field */
      int32_t status = h->get(h, ctx->id, name, &out);
      show(text, sizeof text, out);
      snprintf(more, sizeof more, "%s = %s (%d)", name, text, (int)status);
      return m->header(h, ctx->id, WEIR_HDR_APPEND, 0, weir_s("X-Property"), weir_s(more));
   }
   if (strcmp(rule->action, "size") == 0) { /* of all that content() gives */
      uint64_t at = 0;
      while (m->content(h, ctx->id, at, &out) == WEIR_OK) at += out.len;
      snprintf(more, sizeof more, "%llu", (unsigned long long)at);
      return m->header(h, ctx->id, WEIR_HDR_APPEND, 0, weir_s("X-Size"), weir_s(more));
   }
   if (strcmp(rule->action, "log") == 0) return h->log(h, ctx->id, WEIR_INFO, all), WEIR_OK;
   if ((op = PLACE(header_ops, rule->action)) < 0) return WEIR_E_UNSUPPORTED;
   if (op == WEIR_HDR_APPEND || op == WEIR_HDR_PREPEND) return m->header(h, ctx->id, (uint32_t)op, 0, weir_s(name), value);
   /* "delete NAME", "replace NAME NEW VALUE": NAME is looked for where the event is of no field */
   if (op == WEIR_HDR_DELETE) return m->header(h, ctx->id, (uint32_t)op, field(self, ctx, event, name), weir_s(""), weir_s(""));
   value = first(more, sizeof more, value);
   return m->header(h, ctx->id, (uint32_t)op, field(self, ctx, event, name), weir_s(more), value);
}

static int is_meant(struct self *self, weir_ctx *ctx, const weir_event *event, const struct rule *rule) {
   weir_str sender;
   if (!rule->word[0] || weir_ieq(event->name, rule->word) || weir_icontains(event->value, rule->word)) return 1;
   return event->value.len == 0 && self->host->get(self->host, ctx->id, "sender", &sender) == WEIR_OK && weir_icontains(sender, rule->word);
}

static int32_t on_event(void *me, weir_ctx *ctx, const weir_event *event) {
   struct self *self = me;
   int32_t      verdict = WEIR_CONTINUE, op, status;
   trace(self, ctx, event);
   for (uint32_t i = 0; i < self->n_rules; i++) {
      const struct rule *rule = &self->rules[i];
      if (rule->event != event->type) continue;
      if (!is_meant(self, ctx, event, rule)) continue;
      if (strcmp(rule->action, "pending") == 0) verdict = wait_for(self, ctx, rule->argument);
      else if (strcmp(rule->action, "reply") == 0) verdict = reply(self, ctx, weir_s(rule->argument));
      else if (strcmp(rule->action, "close") == 0) verdict |= WEIR_CLOSE;
      else if ((op = PLACE(verdicts, rule->action)) >= 0) verdict = op;
      else if ((status = edit(self, ctx, event, rule)) != WEIR_OK) weir_logf(self->host, ctx->id, WEIR_INFO, "%s: %d", rule->action, (int)status);
   }
   return verdict;
}

static int read_rule(struct rule *rule, weir_str text) {
   char     head[128], event[32];
   size_t   colon = 0;
   weir_str rest, word;
   while (colon + 1 < text.len && !(text.ptr[colon] == ':' && text.ptr[colon + 1] == ' ')) colon++;
   if (colon + 2 > text.len) return 0;
   rest = (weir_str){text.ptr + colon + 2, text.len - colon - 2};
   if (!weir_copy(head, sizeof head, (weir_str){text.ptr, colon})) return 0;
   word = first(event, sizeof event, weir_s(head));
   int32_t type = PLACE(events, event);
   rule->event = (uint32_t)type;
   return type >= 0 && weir_copy(rule->word, sizeof rule->word, word) &&
          weir_copy(rule->argument, sizeof rule->argument, first(rule->action, sizeof rule->action, rest));
}

static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *wanted, char *err, uint64_t err_size) {
   struct self *self = calloc(1, sizeof *self);
   int      delivered = 0;
   if (!self) return NULL;
   self->host = host;
   self->message = host->extension(host, WEIR_MESSAGE);
   for (uint64_t i = 0; i < n; i++) {
      if (!weir_ieq(options[i].key, "on") || options[i].value.len == 0) continue;
      if (self->n_rules < MOST && read_rule(&self->rules[self->n_rules++], options[i].value)) {
         delivered |= self->rules[self->n_rules - 1].event == WEIR_EV_DELIVERY;
         continue;
      }
      snprintf(err, err_size, "this is no rule: %.*s", (int)options[i].value.len, options[i].value.ptr);
      return free(self), NULL;
   }
   /* All stages that want them are told of all deliveries. */
   if (!delivered) *wanted &= ~WEIR_BIT(WEIR_EV_DELIVERY);
   return self;
}

static const weir_option options[] = {{"on", "", "EVENT[ WORD]: ACTION[ ARGUMENT]", WEIR_OPT_STRING, WEIR_OPT_MANY}};
static const char *const props[] = {"client.addr", "helo", "protocol", "listener", "sender", "rcpt", "rcpt.count", "size.declared", "body.8bit",
                                    "smtputf8", "server.name", "script.seen", "script.mark", "other.seen", NULL};
#define SCRIPT(component_name, more) \
   {.size = sizeof(weir_component), .kind = WEIR_STAGE, .name = component_name, .help = "does what its options say", \
    .events = WEIR_BIT(sizeof events / sizeof *events) - 1, .caps = 0xff, .flags = more, .n_options = 1, .options = options, .props = props, \
    .create = create, .destroy = free, .on_event = on_event}
static const weir_component script = SCRIPT("script", 0);
static const weir_component other = SCRIPT("other", 0);
static const weir_component decoded = SCRIPT("decoded", WEIR_DECODED_HEADERS);
static const weir_component blocking = SCRIPT("blocking", WEIR_BLOCKING);
static const weir_component *const components[] = {&script, &other, &decoded, &blocking};
static const weir_plugin plugin = {
   .magic = WEIR_MAGIC, .size = sizeof plugin, .abi = WEIR_ABI, .abi_min = WEIR_ABI,
   .id = "org.example.script", .version = "1", .components = components, .n_components = 4};
WEIR_EXPORT const weir_plugin *weir_plugin_v0(void);
const weir_plugin *weir_plugin_v0(void) { return &plugin; }
