/* SPDX-License-Identifier: MIT */
/* A table of files: the value of a key is the first line of the file of that name in a folder.
 * In weir.conf: virtual_mailbox_maps = folder:/etc/weir/users.cf, and in that file
 * `path = /etc/weir/users`. */
#include <stdlib.h>
#include <weir/easy.h>
#include <weir/table.h>

struct self { const weir_host *host; const weir_answer *answer; char path[512]; };

static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   struct self *self = calloc(1, sizeof *self);
   *events &= ~WEIR_BIT(WEIR_TABLE_PARTS); /* whole keys alone */
   if (self && (self->answer = host->extension(host, WEIR_ANSWER)) && weir_copy(self->path, sizeof self->path, weir_opt(options, n, "path"))) {
      self->host = host;
      return self;
   }
   snprintf(err, err_size, "path: no memory, no %s, or it is too long", WEIR_ANSWER);
   free(self);
   return NULL;
}

static int32_t on_event(void *me, weir_ctx *ctx, const weir_event *event) { /* LOOKUP only */
   struct self *self = me;
   weir_str     key = event->value;
   weir_pair    line = {{NULL, 0}, {NULL, 0}};
   char         text[1024];
   FILE        *file;
   if (key.len > 200 || key.ptr[0] == '.' || memchr(key.ptr, '/', key.len) || memchr(key.ptr, 0, key.len)) return WEIR_CONTINUE;
   snprintf(text, sizeof text, "%s/%.*s", self->path, (int)key.len, key.ptr);
   if (!(file = fopen(text, "r"))) return WEIR_CONTINUE; /* no such key */
   if (fgets(text, sizeof text, file)) line.value.ptr = text, line.value.len = strcspn(text, "\n");
   fclose(file);
   return self->answer->answer(self->host, ctx->id, &line, 1) == WEIR_OK ? WEIR_DONE : WEIR_CONTINUE;
}

static const weir_option options[] = {{"path", NULL, "the folder", WEIR_OPT_PATH, 0}};
static const weir_component component = {
   .size = sizeof component, .kind = WEIR_TABLE, .name = "folder", .help = "the first lines of files",
   .events = WEIR_BIT(WEIR_TABLE_LOOKUP) | WEIR_BIT(WEIR_TABLE_PARTS), .flags = WEIR_BLOCKING, /* it waits for the disk */
   .n_options = 1, .options = options, .create = create, .destroy = free, .on_event = on_event};

WEIR_PLUGIN("org.example.folder", "1", &component);
