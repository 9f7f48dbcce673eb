//! A friend whose boxes are authentic and contain anything: nothing panics, the state stays bounded
//! and can be saved and loaded, and a box that is not authentic changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_chat::{BoxLen, Chat, Context, Event, FileError, FileId, Files, MAX_TEXT_LEN, id_of};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use std::{collections::HashMap, sync::OnceLock};

struct Disk(u64);

impl Files for Disk {
    fn read(&mut self, _: FileId, _: u64, bytes: &mut [u8]) -> Result<(), FileError> {
        bytes.fill(1);
        Ok(())
    }

    fn write(&mut self, _: FileId, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        self.0 = self.0.max(offset + bytes.len() as u64);
        Ok(())
    }
}

/// The states of two sides that have paired.
fn paired() -> &'static [Vec<u8>; 2] {
    static STATES: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    STATES.get_or_init(|| {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut sides = ["alice", "bob"].map(|name| Chat::new(name, len()));
        let code = sides[0].invite(&mut rng).unwrap();
        sides[1].join(&code, &mut rng).unwrap();
        let mut service = HashMap::new();
        while sides.iter().any(|side| side.friend().is_none()) {
            for side in &mut sides {
                let (ticket, exchange) = side.tick(Context::new(&mut Disk(0), &mut rng, 0));
                let boxed: Option<Vec<u8>> = service.remove(&id_of(&exchange.read_token));
                service.insert(exchange.write_id, exchange.boxed);
                side.answered(ticket, boxed.as_deref(), Context::new(&mut Disk(0), &mut rng, 0));
            }
        }
        // the states right after pairing, apart from what alice has written since
        sides.map(|side| side.save().to_vec())
    })
}

fn len() -> BoxLen {
    BoxLen::new(BoxLen::MIN).unwrap()
}

fuzz_target!(|input: Vec<(bool, Vec<u8>)>| {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut disk = Disk(0);
    let [alice, bob] = paired();
    let (mut friend, mut chat) = (Chat::load(bob, len()).unwrap(), Chat::load(alice, len()).unwrap());
    let mut accepted = 0;
    for (is_authentic, plaintext) in input {
        let (ticket, _) = chat.tick(Context::new(&mut disk, &mut rng, 0));
        if is_authentic {
            let Some(boxed) = friend.seal_plaintext(&plaintext, &mut rng) else { return };
            chat.answered(ticket, Some(&boxed), Context::new(&mut disk, &mut rng, 0));
        } else {
            chat.answered(ticket, Some(&plaintext), Context::new(&mut disk, &mut rng, 0));
        }
        while let Some(event) = chat.event() {
            match event {
                Event::Text(text) => assert!(
                    text.len() <= 4 * MAX_TEXT_LEN
                        && !text.contains(|letter: char| letter.is_control() && letter != '\n')
                ),
                Event::FileComplete(file) => {
                    chat.check_file(file, None, Context::new(&mut disk, &mut rng, 0));
                }
                Event::FileOffered(file) => {
                    accepted += 1;
                    chat.accept(file, Context::new(&mut disk, &mut rng, 0));
                }
                _ => {}
            }
        }
        assert!(chat.receiving().count() <= 16 && chat.receiving().all(|file| file.done <= file.size));
        assert!(disk.0 == 0 || accepted > 0);
        let state = chat.save();
        assert_eq!(*Chat::load(&state, len()).unwrap().save(), *state);
    }
});
