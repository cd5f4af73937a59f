// SPDX-License-Identifier: MIT
// Refuses a message whose Subject has a certain word.
mod weir;
use std::{ffi::c_char, ffi::c_void, ptr::null};
use weir::*;

struct Filter {
    host: *const Host,
    message: *const Message,
    word: Vec<u8>,
}

unsafe extern "C" fn create(
    host: *const Host, options: *const Pair, _n: u64, _events: *mut u64, err: *mut c_char, _err_size: u64,
) -> *mut c_void {
    let message: *const Message = ((*host).extension)(host, MESSAGE.as_ptr()).cast();
    if message.is_null() {
        MESSAGE.as_ptr().copy_to(err, MESSAGE.to_bytes_with_nul().len());
        return std::ptr::null_mut();
    }
    let word = (*options).value.bytes().to_ascii_lowercase(); // the one option, which has a default
    Box::into_raw(Box::new(Filter { host, message, word })).cast()
}

unsafe extern "C" fn destroy(me: *mut c_void) {
    drop(Box::from_raw(me.cast::<Filter>()));
}

unsafe extern "C" fn on_event(me: *mut c_void, ctx: *mut Ctx, event: *const Event) -> i32 { // HEADER only
    let (me, event) = (&*me.cast::<Filter>(), &*event);
    let value = event.value.bytes();
    let found = me.word.is_empty() || value.windows(me.word.len()).any(|part| part.eq_ignore_ascii_case(&me.word));
    if found && event.name.bytes().eq_ignore_ascii_case(b"Subject") {
        return ((*me.message).reply)(me.host, (*ctx).id, 550, c"5.7.1".as_ptr(), Str::lend(b"No lotteries, please"));
    }
    CONTINUE
}

static OPTIONS: Constant<[Opt; 1]> = Constant([Opt {
    name: c"word".as_ptr(), default: c"jackpot".as_ptr(), help: c"refuse a message with this word in its Subject".as_ptr(),
    kind: OPT_STRING, flags: 0,
}]);
static COMPONENT: Constant<Component> = Constant(Component {
    size: size_of::<Component>() as u32, kind: STAGE, name: c"lottery".as_ptr(), help: c"refuses lotteries".as_ptr(),
    events: 1 << EV_HEADER, caps: CAP_REJECT, flags: DECODED_HEADERS, n_options: 1, options: OPTIONS.0.as_ptr(), props: null(),
    create, destroy, on_event, free_state: None,
});
static COMPONENTS: Constant<[*const Component; 1]> = Constant([&COMPONENT.0]);
static PLUGIN: Constant<Plugin> = Constant(Plugin {
    magic: MAGIC, size: size_of::<Plugin>() as u32, abi: ABI, abi_min: ABI, id: c"org.example.lottery".as_ptr(),
    version: c"1".as_ptr(), components: COMPONENTS.0.as_ptr(), n_components: 1, extension: None,
});

#[no_mangle]
pub extern "C" fn weir_plugin_v0() -> *const Plugin {
    &PLUGIN.0
}
