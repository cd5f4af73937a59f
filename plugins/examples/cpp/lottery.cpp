// SPDX-License-Identifier: MIT
// Refuses a message whose Subject has a certain word.
#include <exception>
#include <string>
#include <weir/easy.h>
#include <weir/stage.h>

namespace {

struct Filter {
   const weir_host    *host;
   const weir_message *message;
   std::string         word;
};

// No exception may leave a function that Weir calls.
void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *, char *err, uint64_t err_size) try {
   auto message = static_cast<const weir_message *>(host->extension(host, WEIR_MESSAGE));
   if (!message) return snprintf(err, err_size, "no " WEIR_MESSAGE), nullptr;
   weir_str word = weir_opt(options, n, "word");
   return new Filter{host, message, std::string(word.ptr, word.len)};
} catch (const std::exception &error) {
   return snprintf(err, err_size, "%s", error.what()), nullptr;
}

void destroy(void *self) { delete static_cast<Filter *>(self); }

int32_t on_event(void *me, weir_ctx *ctx, const weir_event *event) { // HEADER only
   auto self = static_cast<const Filter *>(me);
   if (weir_ieq(event->name, "Subject") && weir_icontains(event->value, self->word.c_str()))
      return self->message->reply(self->host, ctx->id, 550, "5.7.1", weir_s("No lotteries, please"));
   return WEIR_CONTINUE;
}

const weir_option options[] = {{"word", "jackpot", "refuse a message with this word in its Subject", WEIR_OPT_STRING, 0}};

const weir_component component = {
   sizeof component, WEIR_STAGE, "lottery", "refuses lotteries", WEIR_BIT(WEIR_EV_HEADER), WEIR_CAP_REJECT, WEIR_DECODED_HEADERS,
   1, options, nullptr, create, destroy, on_event, nullptr};

} // namespace

WEIR_PLUGIN("org.example.lottery", "1", &component);
