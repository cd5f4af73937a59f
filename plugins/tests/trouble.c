/* SPDX-License-Identifier: Apache-2.0 */
/* A stage that does as messages tell it: a field "X-Do: WORD" is a deed of the table below. For what a process of its own is good for. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weir/easy.h>
#include <weir/stage.h>

struct self { const weir_host *host; const weir_message *message; uint64_t metric; char file[256]; };

static int32_t refuse(struct self *s, weir_ctx *c, const char *text) { return s->message->reply(s->host, c->id, 550, "5.7.1", weir_s(text)); }

static int32_t crashes(struct self *s, weir_ctx *c) {
   (void)s, (void)c;
   int *volatile nowhere = (int *)16;
   *nowhere = 1;
   return WEIR_CONTINUE;
}
static int32_t aborts(struct self *s, weir_ctx *c) { (void)s, (void)c; abort(); }
static int32_t leaves(struct self *s, weir_ctx *c) { (void)s, (void)c; _exit(3); }
static volatile int forever = 1;
static int32_t recurses(struct self *s, weir_ctx *c) {
   volatile char much[4096];
   much[0] = 1;
   return forever ? recurses(s, c) + much[0] : 0;
}
static int32_t hangs(struct self *s, weir_ctx *c) {
   (void)s, (void)c;
   while (forever) pause();
   return WEIR_CONTINUE;
}
static int32_t spins(struct self *s, weir_ctx *c) {
   (void)s, (void)c;
   while (forever) {}
   return WEIR_CONTINUE;
}
static int32_t eats(struct self *s, weir_ctx *c) {
   (void)s, (void)c;
   while (forever) memset(malloc(1 << 20), 1, 1 << 20);
   return WEIR_CONTINUE;
}
static int32_t naps(struct self *s, weir_ctx *c) {
   (void)s, (void)c;
   usleep(300000);
   return WEIR_CONTINUE;
}
/* Frames are for the host to send: this finds its sockets and writes nonsense to all. */
static int32_t writes_garbage(struct self *s, weir_ctx *c) {
   (void)s, (void)c;
   for (int fd = 3; fd < 64; fd++) {
      ssize_t n = send(fd, "\xff\xff\xff\xff\xff", 5, MSG_DONTWAIT);
      (void)n;
   }
   return WEIR_CONTINUE;
}
static int32_t never_answers(struct self *s, weir_ctx *c) { (void)s, (void)c; return WEIR_PENDING; }
static int32_t wrong_verdict(struct self *s, weir_ctx *c) { (void)s, (void)c; return 99; }
static int32_t undeclared(struct self *s, weir_ctx *c) {
   s->message->rcpt(s->host, c->id, WEIR_RCPT_ADD, weir_s("eve@example.org"), weir_s(""));
   return WEIR_CONTINUE;
}
static int32_t refuses(struct self *s, weir_ctx *c) { return refuse(s, c, "refused as told"); }
static int32_t adds(struct self *s, weir_ctx *c) {
   s->message->header(s->host, c->id, WEIR_HDR_PREPEND, 0, weir_s("X-First"), weir_s("1"));
   s->message->header(s->host, c->id, WEIR_HDR_APPEND, 0, weir_s("X-Last"), weir_s("2"));
   s->host->set(s->host, c->id, WEIR_PER_MESSAGE, "trouble.seen", weir_s("yes"));
   s->host->metric_add(s->host, s->metric, 1);
   s->host->log(s->host, c->id, WEIR_INFO, weir_s("added two"));
   return WEIR_CONTINUE;
}
static int32_t writes_much(struct self *s, weir_ctx *c) { /* at EOM */
   char text[1000];
   memset(text, 'x', sizeof text);
   text[sizeof text - 1] = '\n';
   for (int i = 0; i < 1000; i++) {
      weir_str piece = {text, sizeof text};
      s->message->body(s->host, c->id, piece);
   }
   return WEIR_CONTINUE;
}
static int32_t says_state(struct self *s, weir_ctx *c) {
   char text[64];
   snprintf(text, sizeof text, "events before: %ld", (long)(intptr_t)c->session);
   return refuse(s, c, text);
}
static void woken(void *user, weir_ctx *c, const weir_result *r) {
   struct self *s = ((void **)user)[0];
   uint64_t id = (uint64_t)(uintptr_t)((void **)user)[1];
   (void)r;
   if (c) s->host->complete(s->host, id, s->message->reply(s->host, id, 550, "5.7.1", weir_s("later")));
   free(user);
}
static int32_t waits(struct self *s, weir_ctx *c) {
   void **user = malloc(2 * sizeof *user);
   user[0] = s;
   user[1] = (void *)(uintptr_t)c->id;
   return s->host->timer(s->host, c->id, 20, woken, user) == WEIR_OK ? WEIR_PENDING : WEIR_TEMPFAIL;
}
static void got_names(void *user, weir_ctx *c, const weir_result *r) {
   struct self *s = ((void **)user)[0];
   uint64_t id = (uint64_t)(uintptr_t)((void **)user)[1];
   char text[200];
   snprintf(text, sizeof text, "status %d: %.*s", r->status, r->n_items ? (int)r->items[0].value.len : 0, r->n_items ? r->items[0].value.ptr : "");
   if (c) s->host->complete(s->host, id, s->message->reply(s->host, id, 550, "5.7.1", weir_s(text)));
   free(user);
}
/* Answers after a while, and notes in a file that it was asked. */
static int32_t tallies(struct self *s, weir_ctx *c) {
   void **user = malloc(2 * sizeof *user);
   int    fd = open(s->file, O_WRONLY | O_APPEND);
   if (fd < 0 || write(fd, ".", 1) != 1) return free(user), refuse(s, c, "no file");
   close(fd);
   user[0] = s;
   user[1] = (void *)(uintptr_t)c->id;
   return s->host->timer(s->host, c->id, 300, woken, user) == WEIR_OK ? WEIR_PENDING : WEIR_TEMPFAIL;
}
static void *crash_later(void *user) {
   usleep(50000);
   int *volatile nowhere = (int *)16;
   *nowhere = 1;
   return user;
}
static int32_t crashes_elsewhere(struct self *s, weir_ctx *c) { /* in a thread of its own, while the call is pending */
   pthread_t other;
   if (pthread_create(&other, NULL, crash_later, s) != 0) return refuse(s, c, "no thread");
   pthread_detach(other);
   return tallies(s, c);
}
static int32_t asks_names(struct self *s, weir_ctx *c) {
   void **user = malloc(2 * sizeof *user);
   user[0] = s;
   user[1] = (void *)(uintptr_t)c->id;
   return s->host->dns(s->host, c->id, weir_s("example.org"), 16, got_names, user) == WEIR_OK ? WEIR_PENDING : WEIR_TEMPFAIL;
}
static int32_t asks_table(struct self *s, weir_ctx *c) {
   void **user = malloc(2 * sizeof *user);
   user[0] = s;
   user[1] = (void *)(uintptr_t)c->id;
   return s->host->lookup(s->host, c->id, "hash:/etc/secret", weir_s("key"), got_names, user) == WEIR_OK ? WEIR_PENDING : WEIR_TEMPFAIL;
}
static int32_t says_property(struct self *s, weir_ctx *c) {
   weir_str value;
   char     text[200];
   int32_t  status = s->host->get(s->host, c->id, "client.addr", &value);
   snprintf(text, sizeof text, "%d %.*s", status, (int)value.len, value.ptr);
   return refuse(s, c, text);
}

/* Everything that a process of the mta's user could do to it, or tell others. Names what could be done. */
static int32_t breaks_out(struct self *s, weir_ctx *c) {
   char text[900] = "possible:";
   pid_t mta = getppid();
   char  path[64], byte[8];
   int   fd;
#define TRY(name, done) do { if (done) { strcat(text, " "); strcat(text, name); } } while (0)
   TRY("passwd", (fd = open("/etc/passwd", O_RDONLY)) >= 0);
   TRY("folder", opendir("/") != NULL);
   TRY("write", (fd = open("/tmp/weir-trouble", O_WRONLY | O_CREAT, 0600)) >= 0);
   TRY("socket", (fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
   TRY("unix", (fd = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
   TRY("kill", kill(mta, 0) == 0);
   TRY("killall", kill(-1, 0) == 0);
   TRY("tgkill", syscall(SYS_tgkill, mta, mta, 0) == 0);
   TRY("sigqueue", sigqueue(mta, 0, (union sigval){0}) == 0);
   TRY("owner", (fd = open("/dev/null", O_RDONLY)) >= 0 && fcntl(fd, F_SETOWN, mta) == 0);
   TRY("ptrace", ptrace(PTRACE_ATTACH, mta, NULL, NULL) == 0);
   TRY("traceme", ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
   snprintf(path, sizeof path, "/proc/%d/mem", (int)mta);
   TRY("mem", (fd = open(path, O_RDONLY)) >= 0);
   snprintf(path, sizeof path, "/proc/%d/environ", (int)mta);
   TRY("environ", (fd = open(path, O_RDONLY)) >= 0);
   struct iovec own = {byte, sizeof byte}, other = {(void *)&mta, sizeof byte};
   TRY("readv", process_vm_readv(mta, &own, 1, &other, 1, 0) > 0);
   TRY("pidfd", syscall(434, mta, 0) >= 0);
   TRY("fork", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0);
   TRY("exec", execl("/bin/true", "true", (char *)NULL) == 0);
   TRY("mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, 0) == 0);
   TRY("unshare", syscall(SYS_unshare, 0x10000000) == 0);
   TRY("uring", syscall(425, 1, text) >= 0);
   TRY("bpf", syscall(SYS_bpf, 0, 0, 0) >= 0);
   TRY("nice", setpriority(PRIO_PROCESS, (id_t)mta, 10) == 0);
   TRY("limits", syscall(SYS_prlimit64, mta, RLIMIT_NOFILE, NULL, path) == 0);
   /* Open descriptors: sockets to the mta, the loop's own; no file and no folder that it has. */
   for (fd = 3; fd < 200; fd++) {
      char more;
      if (lseek(fd, 0, SEEK_END) > 0 && pread(fd, &more, 1, 0) == 1) TRY("descriptor", 1);
   }
   TRY("file", s->file[0] && (fd = open(s->file, O_RDONLY)) >= 0 && read(fd, byte, 1) == 1);
   return refuse(s, c, text);
}
static void *thread(void *user) { return user; }
/* What it may do. */
static int32_t works(struct self *s, weir_ctx *c) {
   pthread_t other;
   void     *result = NULL;
   if (pthread_create(&other, NULL, thread, s) != 0 || pthread_join(other, &result) != 0 || result != s) return refuse(s, c, "no thread");
   void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   if (page == MAP_FAILED) return refuse(s, c, "no memory");
   if (getpid() <= 1 || usleep(10) != 0) return refuse(s, c, "no time");
   return refuse(s, c, "works");
}

static const struct { const char *word; uint32_t at; int32_t (*does)(struct self *, weir_ctx *); } deeds[] = {
   {"crash", WEIR_EV_HEADER, crashes}, {"abort", WEIR_EV_HEADER, aborts}, {"exit", WEIR_EV_HEADER, leaves}, {"recurse", WEIR_EV_HEADER, recurses},
   {"hang", WEIR_EV_HEADER, hangs}, {"spin", WEIR_EV_HEADER, spins}, {"eat", WEIR_EV_HEADER, eats}, {"nap", WEIR_EV_HEADER, naps},
   {"garbage", WEIR_EV_HEADER, writes_garbage}, {"never", WEIR_EV_HEADER, never_answers}, {"nonsense", WEIR_EV_HEADER, wrong_verdict},
   {"undeclared", WEIR_EV_HEADER, undeclared}, {"refuse", WEIR_EV_HEADER, refuses}, {"add", WEIR_EV_HEADER, adds},
   {"state", WEIR_EV_HEADER, says_state}, {"wait", WEIR_EV_HEADER, waits}, {"names", WEIR_EV_HEADER, asks_names},
   {"table", WEIR_EV_HEADER, asks_table}, {"property", WEIR_EV_HEADER, says_property}, {"break", WEIR_EV_HEADER, breaks_out},
   {"work", WEIR_EV_HEADER, works}, {"tally", WEIR_EV_HEADER, tallies},
   {"elsewhere", WEIR_EV_HEADER, crashes_elsewhere}, {"much", WEIR_EV_EOM, writes_much}};

static int32_t on_event(void *self, weir_ctx *c, const weir_event *e) {
   struct self *s = self;
   if (e->type == WEIR_EV_EOM) {
      size_t deed = (size_t)(uintptr_t)c->message;
      return deed > 0 && deeds[deed - 1].at == WEIR_EV_EOM ? deeds[deed - 1].does(s, c) : WEIR_CONTINUE;
   }
   if (e->type != WEIR_EV_HEADER) {
      c->session = (void *)((intptr_t)c->session + 1);
      return WEIR_CONTINUE;
   }
   if (!weir_ieq(e->name, "X-Do")) return WEIR_CONTINUE;
   for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
      if (weir_ieq(e->value, deeds[i].word)) {
         if (deeds[i].at == WEIR_EV_HEADER) return deeds[i].does(s, c);
         c->message = (void *)(uintptr_t)(i + 1);
      }
   return WEIR_CONTINUE;
}
static void free_state(void *self, uint32_t scope, void *state) { (void)self, (void)scope, (void)state; }

static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   struct self *s = calloc(1, sizeof *s);
   (void)events;
   if (!s || !(s->message = host->extension(host, WEIR_MESSAGE))) {
      snprintf(err, err_size, "no memory, or no %s", WEIR_MESSAGE);
      return free(s), NULL;
   }
   s->host = host;
   s->metric = host->metric(host, WEIR_COUNTER, "added", "how often it added fields");
   for (uint64_t i = 0; i < n; i++) {
      if (weir_ieq(options[i].key, "file") && options[i].value.len < sizeof s->file) memcpy(s->file, options[i].value.ptr, options[i].value.len);
      if (weir_ieq(options[i].key, "refuse_to_start") && weir_ieq(options[i].value, "yes")) {
         snprintf(err, err_size, "told not to start");
         return free(s), NULL;
      }
   }
   return s;
}

static const weir_option options[] = {
   {"file", "", "a file that it may read", WEIR_OPT_PATH, 0},
   {"refuse_to_start", "no", "whether create() fails", WEIR_OPT_BOOL, 0}};
static const char *const props[] = {"client.addr", NULL};
#define TROUBLE(component_name, flag, more) \
   {.size = sizeof(weir_component), .kind = WEIR_STAGE, .name = component_name, .help = "does as messages tell it", \
    .events = WEIR_BIT(WEIR_EV_HEADER) | WEIR_BIT(WEIR_EV_EOM) | (more), .caps = WEIR_CAP_REJECT | WEIR_CAP_HEADERS | WEIR_CAP_BODY, .flags = flag, \
    .n_options = 2, .options = options, .props = props, .create = create, .destroy = free, .on_event = on_event, .free_state = free_state}
static const weir_component trouble = TROUBLE("trouble", 0, 0);
static const weir_component blocking = TROUBLE("blocking", WEIR_BLOCKING, 0);
static const weir_component stateful =
   TROUBLE("stateful", 0, WEIR_BIT(WEIR_EV_CONNECT) | WEIR_BIT(WEIR_EV_HELO) | WEIR_BIT(WEIR_EV_MAIL) | WEIR_BIT(WEIR_EV_RCPT) | WEIR_BIT(WEIR_EV_CLOSE));
static const weir_component *const all[] = {&trouble, &blocking, &stateful};
static const weir_plugin plugin = {
   .magic = WEIR_MAGIC, .size = sizeof plugin, .abi = WEIR_ABI, .abi_min = WEIR_ABI,
   .id = "org.example.trouble", .version = "1", .components = all, .n_components = 3};
WEIR_EXPORT const weir_plugin *weir_plugin_v0(void);
const weir_plugin *weir_plugin_v0(void) { return &plugin; }
