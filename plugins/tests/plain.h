/* SPDX-License-Identifier: Apache-2.0 */
/* A stage that does nothing, for plugins that are wrong in one thing each: they define what differs and include this. */
#include <weir/stage.h>

#ifndef PLAIN_MAGIC
#define PLAIN_MAGIC WEIR_MAGIC
#endif
#ifndef PLAIN_PLUGIN_SIZE
#define PLAIN_PLUGIN_SIZE sizeof(weir_plugin)
#endif
#ifndef PLAIN_ABI
#define PLAIN_ABI WEIR_ABI
#endif
#ifndef PLAIN_ABI_MIN
#define PLAIN_ABI_MIN WEIR_ABI
#endif
#ifndef PLAIN_ID
#define PLAIN_ID "org.example.plain"
#endif
#ifndef PLAIN_SIZE
#define PLAIN_SIZE sizeof(weir_component)
#endif
#ifndef PLAIN_KIND
#define PLAIN_KIND WEIR_STAGE
#endif
#ifndef PLAIN_NAME
#define PLAIN_NAME "plain"
#endif
#ifndef PLAIN_OPTIONS
#define PLAIN_OPTIONS 0
#define PLAIN_N_OPTIONS 0
#endif
#ifndef PLAIN_N_COMPONENTS
#define PLAIN_N_COMPONENTS 1
#endif
#ifndef PLAIN_CREATE
#define PLAIN_CREATE create
static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   static int self;
   (void)host, (void)options, (void)n, (void)events, (void)err, (void)err_size;
   return &self;
}
#endif
#ifndef PLAIN_DESTROY
#define PLAIN_DESTROY destroy
static void destroy(void *self) { (void)self; }
#endif
#ifndef PLAIN_ON_EVENT
#define PLAIN_ON_EVENT on_event
static int32_t on_event(void *self, weir_ctx *ctx, const weir_event *event) {
   (void)self, (void)ctx, (void)event;
   return WEIR_CONTINUE;
}
#endif

static const weir_component plain = {
   .size = PLAIN_SIZE, .kind = PLAIN_KIND, .name = PLAIN_NAME, .help = "does nothing",
   .events = WEIR_BIT(WEIR_EV_MAIL), .options = PLAIN_OPTIONS, .n_options = PLAIN_N_OPTIONS,
   .create = PLAIN_CREATE, .destroy = PLAIN_DESTROY, .on_event = PLAIN_ON_EVENT};
#ifdef PLAIN_SECOND
static const weir_component *const components[] = {&plain, PLAIN_SECOND};
#else
static const weir_component *const components[] = {&plain};
#endif
static const weir_plugin plugin = {
   .magic = PLAIN_MAGIC, .size = PLAIN_PLUGIN_SIZE, .abi = PLAIN_ABI, .abi_min = PLAIN_ABI_MIN,
   .id = PLAIN_ID, .version = "1", .components = components, .n_components = PLAIN_N_COMPONENTS};

#ifndef PLAIN_ENTRY
#define PLAIN_ENTRY weir_plugin_v0
#endif
WEIR_EXPORT const weir_plugin *PLAIN_ENTRY(void);
const weir_plugin *PLAIN_ENTRY(void) { return &plugin; }
