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
