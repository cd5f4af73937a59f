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
