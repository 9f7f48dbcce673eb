//! States and codes from anywhere: a state that loads is saved as the same bytes and works.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_chat::{BoxLen, Chat, Code, Context, NoFiles};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

fuzz_target!(|input: (&str, &[u8])| {
    let (words, state) = input;
    if let Ok(code) = Code::parse(words) {
        assert_eq!(*Code::parse(&code.words()).unwrap().words(), *code.words());
    }
    let len = BoxLen::new(BoxLen::MIN).unwrap();
    let Ok(mut chat) = Chat::load(state, len) else { return };
    let saved = chat.save();
    assert_eq!(*Chat::load(&saved, len).unwrap().save(), *saved);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..50 {
        let (ticket, exchange) = chat.tick(Context::new(&mut NoFiles, &mut rng, 0));
        assert_eq!(exchange.boxed.len(), len.get());
        let boxed = vec![1; len.get()];
        chat.answered(ticket, Some(&boxed), Context::new(&mut NoFiles, &mut rng, 0));
    }
});
