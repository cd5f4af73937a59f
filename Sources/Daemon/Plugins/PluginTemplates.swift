// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file
// Made by `make docs` from plugins/examples.

/// The files of a new plugin, in which `lottery`, or for a table `rename`, stands for its name.
enum PluginTemplates {
  static let c: [Template] = [
    Template("Makefile", 0o644, ##"""
# SPDX-License-Identifier: MIT
# make, make test, sudo make install
NAME    = lottery
PLUGINS = $(shell pkg-config --variable=plugindir weir)
.PHONY: test install clean

CFLAGS ?= -O2 -g -Wall -Wextra

$(NAME).so: $(NAME).c
	$(CC) -shared -fPIC $(CFLAGS) $(shell pkg-config --cflags weir) $< -o $@

test: $(NAME).so ## Show it some messages
	tests/run $(CURDIR)/$(NAME).so

install: $(NAME).so ## To where Weir looks for plugins (as root)
	install -D -m 644 $(NAME).so $(DESTDIR)$(PLUGINS)/$(NAME).so

clean:
	rm -rf $(NAME).so build

"""##),
    Template("README.md", 0o644, ##"""
# A filter in fifteen minutes

You need a C compiler and the headers of Weir (`make install` puts them where `pkg-config --cflags weir` says; the Debian package does, too).
Then there are five steps.

**1. Begin.** This writes a project that builds and has a test:

    weir plugin new --lang c lottery
    cd lottery

**2. Read it.** It is one file, `lottery.c`, and does one thing: it refuses a message whose Subject has a certain word.


From the bottom up: `WEIR_PLUGIN` makes `weir_plugin_v0`, the one function that Weir looks for. It returns a description of the plugin, which has one
*component*, which is a *stage*: a filter. The stage says which events it wants (`WEIR_EV_HEADER`: each field of the header), what it may do
(`WEIR_CAP_REJECT`: refuse), and which options it has. Weir reads the options from its configuration, checks them and calls `create`, once for
each time the stage is configured. From then on it calls `on_event` for each header field of each message; the answer is a *verdict*.
Whatever is passed in is lent: copy what you want to keep.

**3. Build and test it.** `make` runs

    cc -shared -fPIC -O2 $(pkg-config --cflags weir) lottery.c -o lottery.so

and `make test` shows the plugin to Weir, one message that it must refuse and one that it must not. To see for yourself:

    weir plugin check lottery.so            what Weir finds in the file, and why it would not take it
    weir plugin run lottery.so mail.eml     each event of that message, and each verdict

**4. Install it.** Copy `lottery.so` to `plugin_directory` (`/usr/local/lib/weir/plugins` if nothing else is configured), and write into
`weir.conf`:

    stage lottery {
      plugin = lottery
      word = jackpot
    }

Then `weir check`, and `weir reload`. Stages run in the order in which they stand. With `shadow = yes` the stage only tells the log what it
would have done; with `on_failure = continue` mail goes on when the plugin itself fails, where otherwise the client is told to try again.

**5. Debug it.** A plugin that does not come with Weir runs in a process of its own: if it crashes, the one message that it looked at gets what
`on_failure` says, the process is started again, and the log says what happened. `weir plugins` shows calls, verdicts, times and failures.
`weir_logf(self->host, ctx->id, WEIR_INFO, "subject: %.*s", (int)event->value.len, event->value.ptr)` writes a line to Weir's log, with the
session beside it. Under a debugger or `valgrind`, run `weir plugin run`.

## What takes time

A callback must not block: many sessions share a thread. There are three ways out.

- **Ask the host.** It resolves names, waits, looks into tables, and calls back. `on_event` returns `WEIR_PENDING`; the callback gives the verdict by
  `complete`. Only the one message waits. The example `domainlist.c` (plugins/examples/c) does that.
- **Say that you block.** With `.flags = WEIR_BLOCKING` the host calls `on_event` on a thread of its own, and the code may do what it likes there.
- **Have threads of your own.** They say what they found by `post`, which runs a function in the session.

The host keeps the time in each case: at the stage's `timeout` it does what `on_failure` says, and an answer that comes later is
`WEIR_E_STALE`: no harm is done.


"""##),
    Template("lottery.c", 0o644, ##"""
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

"""##),
    Template("tests/run", 0o755, ##"""
#!/bin/sh
# SPDX-License-Identifier: MIT
# run PLUGIN: each .eml beside this script is shown to the plugin; what Weir prints of it must have the lines of the .expected beside it,
# in their order. A line that begins with "!" must not be there.
cd "$(dirname "$0")" || exit 1
plugin=$1 failed=0
output=$(mktemp) && trap 'rm -f "$output"' EXIT
for mail in *.eml; do
  name=${mail%.eml}
  if ! "${WEIR:-weir}" plugin run "$plugin" "$mail" > "$output" 2>&1; then said="weir plugin run has failed"
  elif ! awk 'NR == FNR { if (/^!/) never[++m] = substr($0, 2); else wanted[++n] = $0; next }
              { for (i in never) if (index($0, never[i])) bad = 1; if (k < n && index($0, wanted[k + 1])) k++ }
              END { exit k < n || bad }' "$name.expected" "$output"; then said="not what $name.expected says"
  else echo "ok      $name"; continue; fi
  echo "FAILED  $name: $said" && sed 's/^/        /' "$output"
  failed=1
done
exit $failed

"""##),
    Template("tests/refused.eml", 0o644, ##"""
From: Fortune <fortune@example.org>
To: you@example.com
Subject: You won the JackPot!
Message-ID: <1@example.org>
Date: Mon, 5 Jan 2026 10:00:00 +0000

Just send us your account number.

"""##),
    Template("tests/refused.expected", 0o644, ##"""
HEADER Subject: You won the JackPot!
  reply  550 5.7.1 No lotteries, please
  -> REJECT
refused at HEADER: 550 5.7.1 No lotteries, please

"""##),
    Template("tests/passed.eml", 0o644, ##"""
From: A Friend <friend@example.org>
To: you@example.com
Subject: Lunch?
Message-ID: <2@example.org>
Date: Mon, 5 Jan 2026 11:00:00 +0000

About that jackpot: it is in the other field.

"""##),
    Template("tests/passed.expected", 0o644, ##"""
HEADER Subject: Lunch?
  -> CONTINUE
accepted
!REJECT
!FAILED

"""##),
  ]

  static let cpp: [Template] = [
    Template("Makefile", 0o644, ##"""
# SPDX-License-Identifier: MIT
# make, make test, sudo make install
NAME    = lottery
PLUGINS = $(shell pkg-config --variable=plugindir weir)
.PHONY: test install clean

CXXFLAGS ?= -O2 -g -Wall -Wextra

$(NAME).so: $(NAME).cpp
	$(CXX) -std=c++17 -shared -fPIC $(CXXFLAGS) $(shell pkg-config --cflags weir) $< -o $@ \
	  -Wl,--version-script=$(shell pkg-config --variable=datadir weir)/plugin.map

test: $(NAME).so ## Show it some messages
	tests/run $(CURDIR)/$(NAME).so

install: $(NAME).so ## To where Weir looks for plugins (as root)
	install -D -m 644 $(NAME).so $(DESTDIR)$(PLUGINS)/$(NAME).so

clean:
	rm -rf $(NAME).so build

"""##),
    Template("README.md", 0o644, ##"""
# A filter in C++

`lottery.cpp` refuses a message whose Subject has a certain word. It uses the headers of C: what everything means is in `weir/weir.h`, and in
the manual (docs/plugin-abi.md), which begins with a filter in fifteen minutes. Two things are to be kept in mind in C++: no exception may leave
a function that Weir calls, and the list of symbols given to the linker hides what the library's templates would show.

    make            builds it: c++ -shared -fPIC $(pkg-config --cflags weir) lottery.cpp -o lottery.so
    make test       shows it some messages (weir plugin run)
    make install    copies it to where Weir looks for plugins

In `weir.conf`:

    stage lottery {
      plugin = lottery
      word = jackpot
    }

"""##),
    Template("lottery.cpp", 0o644, ##"""
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

"""##),
    Template("tests/run", 0o755, ##"""
#!/bin/sh
# SPDX-License-Identifier: MIT
# run PLUGIN: each .eml beside this script is shown to the plugin; what Weir prints of it must have the lines of the .expected beside it,
# in their order. A line that begins with "!" must not be there.
cd "$(dirname "$0")" || exit 1
plugin=$1 failed=0
output=$(mktemp) && trap 'rm -f "$output"' EXIT
for mail in *.eml; do
  name=${mail%.eml}
  if ! "${WEIR:-weir}" plugin run "$plugin" "$mail" > "$output" 2>&1; then said="weir plugin run has failed"
  elif ! awk 'NR == FNR { if (/^!/) never[++m] = substr($0, 2); else wanted[++n] = $0; next }
              { for (i in never) if (index($0, never[i])) bad = 1; if (k < n && index($0, wanted[k + 1])) k++ }
              END { exit k < n || bad }' "$name.expected" "$output"; then said="not what $name.expected says"
  else echo "ok      $name"; continue; fi
  echo "FAILED  $name: $said" && sed 's/^/        /' "$output"
  failed=1
done
exit $failed

"""##),
    Template("tests/refused.eml", 0o644, ##"""
From: Fortune <fortune@example.org>
To: you@example.com
Subject: You won the JackPot!
Message-ID: <1@example.org>
Date: Mon, 5 Jan 2026 10:00:00 +0000

Just send us your account number.

"""##),
    Template("tests/refused.expected", 0o644, ##"""
HEADER Subject: You won the JackPot!
  reply  550 5.7.1 No lotteries, please
  -> REJECT
refused at HEADER: 550 5.7.1 No lotteries, please

"""##),
    Template("tests/passed.eml", 0o644, ##"""
From: A Friend <friend@example.org>
To: you@example.com
Subject: Lunch?
Message-ID: <2@example.org>
Date: Mon, 5 Jan 2026 11:00:00 +0000

About that jackpot: it is in the other field.

"""##),
    Template("tests/passed.expected", 0o644, ##"""
HEADER Subject: Lunch?
  -> CONTINUE
accepted
!REJECT
!FAILED

"""##),
  ]

  static let rust: [Template] = [
    Template("Makefile", 0o644, ##"""
# SPDX-License-Identifier: MIT
# make, make test, sudo make install
NAME    = lottery
PLUGINS = $(shell pkg-config --variable=plugindir weir)
.PHONY: test install clean

$(NAME).so: $(NAME).rs weir.rs
	rustc --edition 2021 --crate-type cdylib -O -C panic=abort $< -o $@

test: $(NAME).so ## Show it some messages
	tests/run $(CURDIR)/$(NAME).so

install: $(NAME).so ## To where Weir looks for plugins (as root)
	install -D -m 644 $(NAME).so $(DESTDIR)$(PLUGINS)/$(NAME).so

clean:
	rm -rf $(NAME).so build

"""##),
    Template("README.md", 0o644, ##"""
# A filter in Rust

`lottery.rs` refuses a message whose Subject has a certain word. `weir.rs` has the structs of `weir/weir.h` and `weir/stage.h` in Rust, as far as
a filter needs them, and makes a plugin of a type that is a `Stage`, so that `lottery.rs` has nothing unsafe in it; what everything means is in those
headers, and in the manual (docs/plugin-abi.md), which begins with a filter in fifteen minutes. A panic may not leave a function that Weir calls: with `-C panic=abort` it ends the process instead, which is not the mail server's
own, unless you have said so.

    make            builds it: rustc --crate-type cdylib -O -C panic=abort lottery.rs -o lottery.so
    make test       shows it some messages (weir plugin run)
    make install    copies it to where Weir looks for plugins

In `weir.conf`:

    stage lottery {
      plugin = lottery
      word = jackpot
    }

"""##),
    Template("lottery.rs", 0o644, ##"""
// SPDX-License-Identifier: MIT
// Refuses a message whose Subject has a certain word.
mod weir;
use weir::*;

struct Lottery {
    word: Vec<u8>,
}

impl Stage for Lottery {
    fn create(options: &[Pair]) -> Result<Self, String> {
        Ok(Lottery { word: option(options, "word").to_ascii_lowercase() })
    }

    fn on_event(&self, call: &Call, event: &Event) -> i32 { // HEADER only
        if event.name.bytes().eq_ignore_ascii_case(b"Subject") && contains(event.value.bytes(), &self.word) {
            return call.reply(550, c"5.7.1", "No lotteries, please");
        }
        CONTINUE
    }
}

static WORD: Opt = Opt::text(c"word", c"jackpot", c"refuse a message with this word in its Subject");
static COMPONENT: Component = Component {
    events: 1 << EV_HEADER, caps: CAP_REJECT, flags: DECODED_HEADERS,
    ..Component::stage::<Lottery>(c"lottery", c"refuses lotteries", std::slice::from_ref(&WORD))
};

plugin!(c"org.example.lottery", c"1", COMPONENT);

"""##),
    Template("weir.rs", 0o644, ##"""
// SPDX-License-Identifier: MIT
// include/weir in Rust, as far as a filter needs it. The layout is that of the headers; weir/weir.h says what everything means.
// At the end is what makes a plugin of a type that is a `Stage`, without unsafe code of its own.
#![allow(dead_code)]
use std::ffi::{c_char, c_void, CStr};
use std::ptr::{null, null_mut};

pub const MAGIC: u32 = 0x5249_4557;
pub const ABI: u32 = 3; // major 0, minor 3
pub const STAGE: u32 = 1;
pub const DECODED_HEADERS: u32 = 4;
pub const OPT_STRING: u32 = 0;
pub const EV_HEADER: u32 = 7;
pub const CAP_REJECT: u64 = 1 << 5;
pub const CONTINUE: i32 = 0;
pub const FAIL: i32 = 7;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const c_char,
    pub len: usize,
}

impl Str {
    pub fn lend(text: &[u8]) -> Str {
        Str { ptr: text.as_ptr().cast(), len: text.len() }
    }

    /// Lent by the host: good until the callback returns.
    pub fn bytes(&self) -> &[u8] {
        if self.len == 0 {
            return &[];
        }
        unsafe { std::slice::from_raw_parts(self.ptr.cast(), self.len) }
    }
}

#[repr(C)]
pub struct Pair {
    pub key: Str,
    pub value: Str,
}

#[repr(C)]
pub struct Event {
    pub size: u32,
    pub kind: u32,
    pub flags: u32,
    pub part: u32,
    pub reference: u64,
    pub name: Str,
    pub value: Str,
    pub params: *const Pair,
    pub n_params: u64,
}

#[repr(C)]
pub struct Ctx {
    pub size: u32,
    pub budget_ms: u32,
    pub id: u64,
    pub session: *mut c_void,
    pub message: *mut c_void,
}

pub type Done = Option<unsafe extern "C" fn(*mut c_void, *mut Ctx, *const c_void)>;

#[repr(C)]
pub struct Host {
    pub size: u32,
    pub abi: u32,
    pub version: *const c_char,
    pub extension: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
    pub log: unsafe extern "C" fn(*const Host, u64, u32, Str),
    pub metric: unsafe extern "C" fn(*const Host, u32, *const c_char, *const c_char) -> u64,
    pub metric_add: unsafe extern "C" fn(*const Host, u64, f64),
    pub get: unsafe extern "C" fn(*const Host, u64, *const c_char, *mut Str) -> i32,
    pub set: unsafe extern "C" fn(*const Host, u64, u32, *const c_char, Str) -> i32,
    pub complete: unsafe extern "C" fn(*const Host, u64, i32) -> i32,
    pub post: unsafe extern "C" fn(*const Host, u64, Done, *mut c_void) -> i32,
    pub timer: unsafe extern "C" fn(*const Host, u64, u32, Done, *mut c_void) -> i32,
    pub dns: unsafe extern "C" fn(*const Host, u64, Str, u32, Done, *mut c_void) -> i32,
    pub lookup: unsafe extern "C" fn(*const Host, u64, *const c_char, Str, Done, *mut c_void) -> i32,
    pub offload: unsafe extern "C" fn(*const Host, u64, Option<unsafe extern "C" fn(*mut c_void)>, Done, *mut c_void) -> i32,
}

pub const MESSAGE: &CStr = c"weir.message/1";

#[repr(C)]
pub struct Message {
    pub size: u32,
    pub reserved: u32,
    pub reply: unsafe extern "C" fn(*const Host, u64, u32, *const c_char, Str) -> i32,
    pub header: unsafe extern "C" fn(*const Host, u64, u32, u64, Str, Str) -> i32,
    pub next_header: unsafe extern "C" fn(*const Host, u64, *mut u64, *mut Str, *mut Str) -> i32,
    pub rcpt: unsafe extern "C" fn(*const Host, u64, u32, Str, Str) -> i32,
    pub sender: unsafe extern "C" fn(*const Host, u64, Str, Str) -> i32,
    pub body: unsafe extern "C" fn(*const Host, u64, Str) -> i32,
    pub route: unsafe extern "C" fn(*const Host, u64, u32, Str) -> i32,
    pub content: unsafe extern "C" fn(*const Host, u64, u64, *mut Str) -> i32,
}

#[repr(C)]
pub struct Opt {
    pub name: *const c_char,
    pub default: *const c_char,
    pub help: *const c_char,
    pub kind: u32,
    pub flags: u32,
}

#[repr(C)]
pub struct Component {
    pub size: u32,
    pub kind: u32,
    pub name: *const c_char,
    pub help: *const c_char,
    pub events: u64,
    pub caps: u64,
    pub flags: u32,
    pub n_options: u32,
    pub options: *const Opt,
    pub props: *const *const c_char,
    pub create: unsafe extern "C" fn(*const Host, *const Pair, u64, *mut u64, *mut c_char, u64) -> *mut c_void,
    pub destroy: unsafe extern "C" fn(*mut c_void),
    pub on_event: unsafe extern "C" fn(*mut c_void, *mut Ctx, *const Event) -> i32,
    pub free_state: Option<unsafe extern "C" fn(*mut c_void, u32, *mut c_void)>,
}

#[repr(C)]
pub struct Plugin {
    pub magic: u32,
    pub size: u32,
    pub abi: u32,
    pub abi_min: u32,
    pub id: *const c_char,
    pub version: *const c_char,
    pub components: *const *const Component,
    pub n_components: u64,
    pub extension: Option<unsafe extern "C" fn(*const c_char) -> *const c_void>,
}

// Descriptions are constants; their pointers are to other constants.
unsafe impl Sync for Opt {}
unsafe impl Sync for Component {}
unsafe impl Sync for Plugin {}

/// A component: made once, asked on several threads where its flags allow that.
pub trait Stage: Sized + Sync {
    fn create(options: &[Pair]) -> Result<Self, String>;

    /// A verdict: CONTINUE, FAIL, or what `Call::reply` answers.
    fn on_event(&self, call: &Call, event: &Event) -> i32;
}

/// What a callback may do: good until it returns.
pub struct Call<'a> {
    host: *const Host,
    message: &'a Message,
    pub ctx: &'a Ctx,
}

impl Call<'_> {
    pub fn reply(&self, code: u32, status: &CStr, text: &str) -> i32 {
        unsafe { (self.message.reply)(self.host, self.ctx.id, code, status.as_ptr(), Str::lend(text.as_bytes())) }
    }
}

/// What the host has checked: each option is there, with its default if it is not set.
pub fn option<'a>(options: &'a [Pair], name: &str) -> &'a [u8] {
    options.iter().find(|pair| pair.key.bytes() == name.as_bytes()).map_or(&[], |pair| pair.value.bytes())
}

/// In any case; `word` is in lower case.
pub fn contains(text: &[u8], word: &[u8]) -> bool {
    word.is_empty() || text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

impl Opt {
    pub const fn text(name: &'static CStr, default: &'static CStr, help: &'static CStr) -> Opt {
        Opt { name: name.as_ptr(), default: default.as_ptr(), help: help.as_ptr(), kind: OPT_STRING, flags: 0 }
    }
}

impl Component {
    pub const fn stage<S: Stage>(name: &'static CStr, help: &'static CStr, options: &'static [Opt]) -> Component {
        Component {
            size: size_of::<Component>() as u32, kind: STAGE, name: name.as_ptr(), help: help.as_ptr(), events: 0, caps: 0, flags: 0,
            n_options: options.len() as u32, options: options.as_ptr(), props: null(),
            create: create::<S>, destroy: destroy::<S>, on_event: on_event::<S>, free_state: None,
        }
    }
}

impl Plugin {
    pub const fn new(id: &'static CStr, version: &'static CStr, components: &'static [&'static Component]) -> Plugin {
        Plugin {
            magic: MAGIC, size: size_of::<Plugin>() as u32, abi: ABI, abi_min: ABI, id: id.as_ptr(), version: version.as_ptr(),
            components: components.as_ptr().cast(), n_components: components.len() as u64, extension: None,
        }
    }
}

struct Instance<S> {
    host: *const Host,
    message: *const Message,
    stage: S,
}

unsafe extern "C" fn create<S: Stage>(
    host: *const Host, options: *const Pair, n: u64, _events: *mut u64, err: *mut c_char, err_size: u64,
) -> *mut c_void {
    let message: *const Message = ((*host).extension)(host, MESSAGE.as_ptr()).cast();
    let options = if n == 0 { &[] } else { std::slice::from_raw_parts(options, n as usize) };
    let made = if message.is_null() { Err(format!("no {MESSAGE:?}")) } else { S::create(options) };
    match made {
        Ok(stage) => Box::into_raw(Box::new(Instance { host, message, stage })).cast(),
        Err(reason) if err_size > 0 => {
            let length = reason.len().min(err_size as usize - 1);
            reason.as_ptr().copy_to(err.cast(), length);
            *err.add(length) = 0;
            null_mut()
        }
        Err(_) => null_mut(),
    }
}

unsafe extern "C" fn destroy<S: Stage>(me: *mut c_void) {
    drop(Box::from_raw(me.cast::<Instance<S>>()));
}

unsafe extern "C" fn on_event<S: Stage>(me: *mut c_void, ctx: *mut Ctx, event: *const Event) -> i32 {
    let me = &*me.cast::<Instance<S>>();
    me.stage.on_event(&Call { host: me.host, message: &*me.message, ctx: &*ctx }, &*event)
}

/// The symbol that Weir looks for: `plugin!(id, version, component, ...)`.
macro_rules! plugin {
    ($id:literal, $version:literal, $($component:expr),+) => {
        static PLUGIN: Plugin = Plugin::new($id, $version, &[$(&$component),+]);

        #[no_mangle]
        pub extern "C" fn weir_plugin_v0() -> *const Plugin {
            &PLUGIN
        }
    };
}
pub(crate) use plugin;

"""##),
    Template("tests/run", 0o755, ##"""
#!/bin/sh
# SPDX-License-Identifier: MIT
# run PLUGIN: each .eml beside this script is shown to the plugin; what Weir prints of it must have the lines of the .expected beside it,
# in their order. A line that begins with "!" must not be there.
cd "$(dirname "$0")" || exit 1
plugin=$1 failed=0
output=$(mktemp) && trap 'rm -f "$output"' EXIT
for mail in *.eml; do
  name=${mail%.eml}
  if ! "${WEIR:-weir}" plugin run "$plugin" "$mail" > "$output" 2>&1; then said="weir plugin run has failed"
  elif ! awk 'NR == FNR { if (/^!/) never[++m] = substr($0, 2); else wanted[++n] = $0; next }
              { for (i in never) if (index($0, never[i])) bad = 1; if (k < n && index($0, wanted[k + 1])) k++ }
              END { exit k < n || bad }' "$name.expected" "$output"; then said="not what $name.expected says"
  else echo "ok      $name"; continue; fi
  echo "FAILED  $name: $said" && sed 's/^/        /' "$output"
  failed=1
done
exit $failed

"""##),
    Template("tests/refused.eml", 0o644, ##"""
From: Fortune <fortune@example.org>
To: you@example.com
Subject: You won the JackPot!
Message-ID: <1@example.org>
Date: Mon, 5 Jan 2026 10:00:00 +0000

Just send us your account number.

"""##),
    Template("tests/refused.expected", 0o644, ##"""
HEADER Subject: You won the JackPot!
  reply  550 5.7.1 No lotteries, please
  -> REJECT
refused at HEADER: 550 5.7.1 No lotteries, please

"""##),
    Template("tests/passed.eml", 0o644, ##"""
From: A Friend <friend@example.org>
To: you@example.com
Subject: Lunch?
Message-ID: <2@example.org>
Date: Mon, 5 Jan 2026 11:00:00 +0000

About that jackpot: it is in the other field.

"""##),
    Template("tests/passed.expected", 0o644, ##"""
HEADER Subject: Lunch?
  -> CONTINUE
accepted
!REJECT
!FAILED

"""##),
  ]

  static let swift: [Template] = [
    Template("Makefile", 0o644, ##"""
# SPDX-License-Identifier: MIT
# make, make test, sudo make install
NAME    = lottery
PLUGINS = $(shell pkg-config --variable=plugindir weir)
.PHONY: test install clean

DATA    = $(shell pkg-config --variable=datadir weir)
HEADERS = $(shell pkg-config --variable=includedir weir)/weir

$(NAME).so: $(NAME).swift
	swiftc -O -wmo -swift-version 6 -parse-as-library -emit-library -module-name $(NAME)_plugin -I $(HEADERS) \
	  $(DATA)/WeirPlugin/*.swift $< -Xlinker --version-script=$(DATA)/plugin.map -o $@

test: $(NAME).so ## Show it some messages
	tests/run $(CURDIR)/$(NAME).so

install: $(NAME).so ## To where Weir looks for plugins (as root)
	install -D -m 644 $(NAME).so $(DESTDIR)$(PLUGINS)/$(NAME).so

clean:
	rm -rf $(NAME).so build

"""##),
    Template("README.md", 0o644, ##"""
# A filter in Swift

`lottery.swift` refuses a message whose Subject has a certain word. `WeirPlugin` is the interface in Swift: it is installed as source and compiled
together with the plugin, so there is nothing to import and nothing to look for at run time. (Its types are then of the same module as yours:
do not name one `Event`, `Host` or `Option`.)

- A filter is a class that is a `Stage`. It is used by many sessions at once, so it is `Sendable`; what belongs to one session or message is kept
  in `context.session` and `context.message`.
- `event` and `context`, and every `BorrowedText` in them, are lent until `handle` returns. The compiler refuses a closure that runs later and
  still looks at them; `String(event.value)` is a copy to keep.
- What takes time is asked of the host: `return context.verdict(afterResolving: name, .txt) { answer, context in … }`. The session waits, and no
  thread does. `domainlist.swift` (plugins/examples/swift) shows that.
- What `handle` throws goes to the log, and the message gets what `on_failure` says. A trap ends the process: in a worker, which is where a
  plugin that does not come with Weir runs, that is one message's failure.
- Swift has no stable binary interface on Linux: only a plugin that was built by the compiler that built Weir can run in Weir's own process.

      make            builds it: swiftc -emit-library … WeirPlugin/*.swift lottery.swift -o lottery.so
      make test       shows it some messages (weir plugin run)
      make install    copies it to where Weir looks for plugins

In `weir.conf`:

    stage lottery {
      plugin = lottery
      word = jackpot
    }

"""##),
    Template("lottery.swift", 0o644, ##"""
// SPDX-License-Identifier: MIT
// Refuses a message whose Subject has a certain word.

final class Filter: Stage {
  static let component = Component(
    "lottery", help: "refuses lotteries", events: .header, capabilities: .reject, traits: .decodedHeaders,
    options: [.string("word", default: "jackpot", help: "refuse a message with this word in its Subject")])

  private let word: String

  init(host: Host, options: Options) {
    word = options.string("word")
  }

  func handle(_ event: Event, _ context: Context) -> Verdict {  // HEADER only
    guard event.name.isEqual(to: "Subject"), event.value.contains(word) else { return .continue }
    return context.reject("No lotteries, please")
  }
}

private let plugin = Plugin(id: "org.example.lottery", version: "1", stages: [Filter.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }

"""##),
    Template("tests/run", 0o755, ##"""
#!/bin/sh
# SPDX-License-Identifier: MIT
# run PLUGIN: each .eml beside this script is shown to the plugin; what Weir prints of it must have the lines of the .expected beside it,
# in their order. A line that begins with "!" must not be there.
cd "$(dirname "$0")" || exit 1
plugin=$1 failed=0
output=$(mktemp) && trap 'rm -f "$output"' EXIT
for mail in *.eml; do
  name=${mail%.eml}
  if ! "${WEIR:-weir}" plugin run "$plugin" "$mail" > "$output" 2>&1; then said="weir plugin run has failed"
  elif ! awk 'NR == FNR { if (/^!/) never[++m] = substr($0, 2); else wanted[++n] = $0; next }
              { for (i in never) if (index($0, never[i])) bad = 1; if (k < n && index($0, wanted[k + 1])) k++ }
              END { exit k < n || bad }' "$name.expected" "$output"; then said="not what $name.expected says"
  else echo "ok      $name"; continue; fi
  echo "FAILED  $name: $said" && sed 's/^/        /' "$output"
  failed=1
done
exit $failed

"""##),
    Template("tests/refused.eml", 0o644, ##"""
From: Fortune <fortune@example.org>
To: you@example.com
Subject: You won the JackPot!
Message-ID: <1@example.org>
Date: Mon, 5 Jan 2026 10:00:00 +0000

Just send us your account number.

"""##),
    Template("tests/refused.expected", 0o644, ##"""
HEADER Subject: You won the JackPot!
  reply  550 5.7.1 No lotteries, please
  -> REJECT
refused at HEADER: 550 5.7.1 No lotteries, please

"""##),
    Template("tests/passed.eml", 0o644, ##"""
From: A Friend <friend@example.org>
To: you@example.com
Subject: Lunch?
Message-ID: <2@example.org>
Date: Mon, 5 Jan 2026 11:00:00 +0000

About that jackpot: it is in the other field.

"""##),
    Template("tests/passed.expected", 0o644, ##"""
HEADER Subject: Lunch?
  -> CONTINUE
accepted
!REJECT
!FAILED

"""##),
  ]

  static let cTable: [Template] = [
    Template("Makefile", 0o644, ##"""
# SPDX-License-Identifier: MIT
# make, make test, sudo make install
NAME    = rename
PLUGINS = $(shell pkg-config --variable=plugindir weir)
.PHONY: test install clean

CFLAGS ?= -O2 -g -Wall -Wextra

$(NAME).so: $(NAME).c
	$(CC) -shared -fPIC $(CFLAGS) $(shell pkg-config --cflags weir) $< -o $@

test: $(NAME).so ## Ask it for some keys
	tests/run $(NAME) $(CURDIR)/$(NAME).so

install: $(NAME).so ## To where Weir looks for plugins (as root)
	install -D -m 644 $(NAME).so $(DESTDIR)$(PLUGINS)/$(NAME).so

clean:
	rm -rf $(NAME).so build

"""##),
    Template("README.md", 0o644, ##"""
# A table of your own

`rename.c` answers look-ups: of its one option, the first word is the key and the second the value. It is named in settings as `rename:/path`, like `hash:/path`; the file at the
path has its options. What everything means is in `weir/table.h`, and in the manual (docs/plugin-abi.md).

    make            builds it
    make test       asks it what tests/keys says (weir map query)
    make install    copies it to where Weir looks for plugins
    weir plugin check rename.so -o pair="old new"

In `weir.conf`:

    smtpd_sender_restrictions = check_sender_access rename:/etc/weir/rename.cf

and in /etc/weir/rename.cf:

    pair = old@example.com REJECT

It runs in a process of its own that can read the paths in its options, and little else; if it crashes, the one look-up has no answer for now. `worker_network = yes` in that file
gives it the network; `mode = inprocess` says that you trust it like Weir itself: there it runs then, and a crash is the mta's. A look-up may take `timeout` (ten seconds); a table that
blocks says so (`.flags = WEIR_BLOCKING`) and is asked on threads of its own.

"""##),
    Template("rename.c", 0o644, ##"""
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

"""##),
    Template("tests/run", 0o755, ##"""
#!/bin/sh
# SPDX-License-Identifier: MIT
# run TYPE PLUGIN: looks up each key of the file keys, and compares the answer with what stands behind the key's tab; nothing there: not found.
cd "$(dirname "$0")" || exit 1
type=$1 plugin=$2 failed=0
options=$(mktemp) && trap 'rm -f "$options"' EXIT
{ cat options.cf && printf 'plugin = %s\n' "$plugin"; } > "$options"
tab=$(printf '\t')
while IFS=$tab read -r key wanted; do
  found=$("${WEIR:-weir}" map query "$type:$options" "$key" 2>&1)
  if [ "$found" = "$wanted" ]; then echo "ok      $key"; continue; fi
  echo "FAILED  $key: '$found', not '$wanted'"
  failed=1
done < keys
exit $failed

"""##),
    Template("tests/options.cf", 0o644, ##"""
pair = old new

"""##),
    Template("tests/keys", 0o644, ##"""
old	new
OLD	new
other	

"""##),
  ]

  static let swiftTable: [Template] = [
    Template("Makefile", 0o644, ##"""
# SPDX-License-Identifier: MIT
# make, make test, sudo make install
NAME    = rename
PLUGINS = $(shell pkg-config --variable=plugindir weir)
.PHONY: test install clean

DATA    = $(shell pkg-config --variable=datadir weir)
HEADERS = $(shell pkg-config --variable=includedir weir)/weir

$(NAME).so: $(NAME).swift
	swiftc -O -wmo -swift-version 6 -parse-as-library -emit-library -module-name $(NAME)_plugin -I $(HEADERS) \
	  $(DATA)/WeirPlugin/*.swift $< -Xlinker --version-script=$(DATA)/plugin.map -o $@

test: $(NAME).so ## Ask it for some keys
	tests/run $(NAME) $(CURDIR)/$(NAME).so

install: $(NAME).so ## To where Weir looks for plugins (as root)
	install -D -m 644 $(NAME).so $(DESTDIR)$(PLUGINS)/$(NAME).so

clean:
	rm -rf $(NAME).so build

"""##),
    Template("README.md", 0o644, ##"""
# A table of your own

`rename.swift` answers look-ups: of its one option, the first word is the key and the second the value. It is named in settings as `rename:/path`, like `hash:/path`; the file at the
path has its options. What everything means is in `weir/table.h`, and in the manual (docs/plugin-abi.md).

    make            builds it
    make test       asks it what tests/keys says (weir map query)
    make install    copies it to where Weir looks for plugins
    weir plugin check rename.so -o pair="old new"

In `weir.conf`:

    smtpd_sender_restrictions = check_sender_access rename:/etc/weir/rename.cf

and in /etc/weir/rename.cf:

    pair = old@example.com REJECT

It runs in a process of its own that can read the paths in its options, and little else; if it crashes, the one look-up has no answer for now. `worker_network = yes` in that file
gives it the network; `mode = inprocess` says that you trust it like Weir itself: there it runs then, and a crash is the mta's. A look-up may take `timeout` (ten seconds); a table that
blocks says so (`traits: .blocking`) and is asked on threads of its own.

"""##),
    Template("rename.swift", 0o644, ##"""
// SPDX-License-Identifier: MIT
// A table of one pair: the first word of its option is the key, the second the value.
// In weir.conf: smtpd_sender_restrictions = check_sender_access rename:/etc/weir/names.cf; in that file `pair = old new`.

final class Rename: Table {
  static let component = Component(
    table: "rename", help: "other names for some keys",
    options: [.string("pair", help: "a key and its value, with a blank between")])

  private let key: String
  private let value: String

  init(host: Host, options: Options) throws {
    let words = options.string("pair").split(separator: " ").map(String.init)
    guard words.count == 2 else { throw Refusal("pair: expected two words") }
    (key, value) = (words[0], words[1])
  }

  func lookUp(_ key: BorrowedText, _ context: LookUp) -> Finding {
    String(key) == self.key ? .value(value) : .none
  }
}

private let plugin = Plugin(id: "org.example.rename", version: "1", tables: [Rename.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }

"""##),
    Template("tests/run", 0o755, ##"""
#!/bin/sh
# SPDX-License-Identifier: MIT
# run TYPE PLUGIN: looks up each key of the file keys, and compares the answer with what stands behind the key's tab; nothing there: not found.
cd "$(dirname "$0")" || exit 1
type=$1 plugin=$2 failed=0
options=$(mktemp) && trap 'rm -f "$options"' EXIT
{ cat options.cf && printf 'plugin = %s\n' "$plugin"; } > "$options"
tab=$(printf '\t')
while IFS=$tab read -r key wanted; do
  found=$("${WEIR:-weir}" map query "$type:$options" "$key" 2>&1)
  if [ "$found" = "$wanted" ]; then echo "ok      $key"; continue; fi
  echo "FAILED  $key: '$found', not '$wanted'"
  failed=1
done < keys
exit $failed

"""##),
    Template("tests/options.cf", 0o644, ##"""
pair = old new

"""##),
    Template("tests/keys", 0o644, ##"""
old	new
OLD	new
other	

"""##),
  ]

}
