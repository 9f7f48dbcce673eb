//! The chat. Secret are the pairing code, keys, seeds, sent texts and files, passphrases, random
//! bytes, and saved state with any of these. Boxes, ids and tokens are public once the service has
//! them; the content of a friend's box is public once it is open.

use super::Operation;
use crate::memcheck::{SecretRng, assert_secret, public, secret, secrets};
use mixwell_chat::{
    BoxLen, Chat, Code, Context, Cost, Event, FileError, FileHasher, FileId, FileOffer, Files, History, HistoryEntry,
    HistoryRest, TextId, VaultKey, id_of,
};
use std::collections::HashMap;

/// Longer than the content of a box, so that the text is split and reassembled.
const TEXT_LEN: usize = 4000;

const FILE_LEN: usize = 3000;

/// More ticks than needed for two steps of each side: 16 boxes each, and a quarter of the ticks
/// write none.
const TICKS: usize = 120;

/// More ticks than either side waits before it writes beacons and needs to read two of them.
const QUIET_TICKS: usize = 1000;

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new("chat: code, words", || {
            assert_secret(Code::generate(&mut SecretRng::new(1)).words().as_bytes());
        }),
        Operation::new("chat: pairing", || drop(Two::paired())),
        Operation::new("chat: pairing, wrong boxes", wrong_boxes),
        Operation::new("chat: texts and ratchet steps", texts),
        Operation::new("chat: a file", file),
        Operation::new("chat: beacons", beacons),
        Operation::new("chat: state, saved, sealed, opened and loaded", state),
        Operation::new("chat: history and passphrase", history),
    ]
}

fn box_len() -> BoxLen {
    BoxLen::of_payloads(2000, 2000).expect("a box that two can pair in")
}

/// Two sides and the service between them.
struct Two {
    sides: [Chat; 2],
    disks: [Disk; 2],
    boxes: HashMap<[u8; 32], Vec<u8>>,
    rng: SecretRng,
    events: Vec<Event>,
}

impl Two {
    fn strangers() -> Self {
        let mut rng = SecretRng::new(1);
        let mut sides = ["alice", "bob"].map(|name| Chat::new(name, box_len()));
        let code = sides[0].invite(&mut rng).expect("alice is alone");
        sides[1].join(&code, &mut rng).expect("bob is alone");
        Self { sides, disks: Default::default(), boxes: HashMap::new(), rng, events: Vec::new() }
    }

    fn paired() -> Self {
        let mut two = Self::strangers();
        while two.sides.iter().any(|side| side.safety().is_none()) {
            two.tick(|boxed| boxed);
        }
        two
    }

    fn tick_until(&mut self, event: &Event) {
        while !self.events.contains(event) {
            self.tick(|boxed| boxed);
        }
    }

    /// A tick of each side. The service's data is public; `answer` may change its answers.
    fn tick(&mut self, answer: impl Fn(Option<Vec<u8>>) -> Option<Vec<u8>>) {
        for (side, disk) in self.sides.iter_mut().zip(&mut self.disks) {
            let (ticket, mut exchange) = side.tick(Context::new(disk, &mut self.rng, 0));
            public(&mut exchange.read_token);
            public(&mut exchange.write_id);
            assert_secret(&exchange.boxed);
            public(&mut exchange.boxed[..]);
            let boxed = answer(self.boxes.remove(&id_of(&exchange.read_token)));
            self.boxes.entry(exchange.write_id).or_insert(exchange.boxed);
            side.answered(ticket, boxed.as_deref(), Context::new(disk, &mut self.rng, 0));
            self.events.extend(std::iter::from_fn(|| side.event()));
        }
    }
}

/// A text whose letters are secret, and whose length is not.
fn secret_text(len: usize) -> String {
    let mut text = "x".repeat(len).into_bytes();
    secret(&mut text);
    // SAFETY: the bytes are ASCII; only valgrind's marks of them have changed.
    unsafe { String::from_utf8_unchecked(text) }
}

fn texts() {
    let mut two = Two::paired();
    for side in &mut two.sides {
        assert_eq!(side.say(&secret_text(TEXT_LEN)), Ok(TextId(0)));
    }
    (0..TICKS).for_each(|_| two.tick(|boxed| boxed));
    let text = Event::Text("x".repeat(TEXT_LEN));
    assert_eq!(two.events.iter().filter(|event| **event == text).count(), 2, "each text arrives once");
    assert!(two.sides.iter().all(|side| side.steps() >= 4), "both sides make steps");
}

/// Random bytes in place of each box, in a pairing and in a conversation.
fn wrong_boxes() {
    let wrong = |boxed: Option<Vec<u8>>| boxed.map(|boxed| vec![7; boxed.len()]);
    let mut two = Two::strangers();
    (0..20).for_each(|_| two.tick(wrong));
    assert!(two.events.contains(&Event::PairingTampered));
    let mut two = Two::paired();
    (0..20).for_each(|_| two.tick(wrong));
    assert!(two.events.contains(&Event::Tampered));
}

/// One side continues from an old state, after which neither side finds the other's boxes.
fn beacons() {
    let mut two = Two::paired();
    let old = two.sides[0].save();
    (0..40).for_each(|_| two.tick(|boxed| boxed));
    two.sides[0] = Chat::load(&old, box_len()).expect("it was saved");
    let mut ticks = 0;
    while two.sides.iter().any(|side| side.ended().is_none()) {
        two.tick(|boxed| boxed);
        ticks += 1;
        assert!(ticks < QUIET_TICKS, "both are told");
    }
}

/// A disk with one file.
#[derive(Default)]
struct Disk(Vec<u8>);

impl Files for Disk {
    fn read(&mut self, _: FileId, offset: u64, bytes: &mut [u8]) -> Result<(), FileError> {
        let start = usize::try_from(offset).map_err(|_| FileError)?;
        bytes.copy_from_slice(&self.0[start..][..bytes.len()]);
        Ok(())
    }

    fn write(&mut self, _: FileId, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        assert_eq!(self.0.len() as u64, offset);
        self.0.extend(bytes);
        Ok(())
    }
}

fn file() {
    let mut two = Two::paired();
    let mut bytes = vec![9; FILE_LEN];
    secret(&mut bytes);
    let mut hasher = FileHasher::new();
    hasher.update(&bytes);
    two.disks[0].0 = bytes;
    let offer = FileOffer { name: "a.txt".into(), size: FILE_LEN as u64, hash: hasher.finish() };
    let file = two.sides[0].offer(offer).expect("no other file is on its way");
    two.tick_until(&Event::FileOffered(file));
    assert!(two.sides[1].accept(file, Context::new(&mut two.disks[1], &mut two.rng, 0)));
    two.tick_until(&Event::FileComplete(file));
    let mut hasher = FileHasher::new();
    hasher.update(&two.disks[1].0);
    assert!(two.sides[1].check_file(file, Some(hasher.finish()), Context::new(&mut two.disks[1], &mut two.rng, 0)));
    two.tick_until(&Event::FileReceived(file));
    assert_eq!(two.disks[1].0, [9; FILE_LEN]);
}

fn state() {
    let mut two = Two::paired();
    two.sides[0].say(&secret_text(TEXT_LEN)).expect("there is a friend");
    (0..20).for_each(|_| two.tick(|boxed| boxed));
    let key = VaultKey::from_bytes(secrets(3));
    for state in [two.sides[0].save(), two.sides[1].save(), Two::strangers().sides[0].save()] {
        assert_secret(&state);
        let mut sealed = key.seal(b"state", &state, &mut SecretRng::new(4)).expect("a state is short");
        assert_secret(&sealed);
        public(&mut sealed[..]);
        assert_secret(&key.open(b"state", &sealed).expect("it was sealed"));
        *sealed.last_mut().expect("a tag") ^= 1;
        assert!(key.open(b"state", &sealed).is_err());
        assert_secret(&Chat::load(&state, box_len()).expect("it was saved").save());
    }
}

fn history() {
    const COST: Cost = Cost { kib: 64, passes: 2 };
    let passphrase = secret_text(20);
    let (mut history, mut file) =
        History::create(&passphrase, COST, &mut SecretRng::new(1)).expect("a cost that can be");
    public(&mut file[..]);
    for len in [10, TEXT_LEN] {
        let text = secret_text(len).into();
        let entry = HistoryEntry { time: 1, contact: "bob".into(), is_ours: true, text };
        let mut entry = history.append(&entry, &mut SecretRng::new(2)).expect("an entry is short");
        assert_secret(&entry);
        public(&mut entry[..]);
        file.extend(entry);
    }
    let opened = History::open(&passphrase, &file).expect("the file is whole");
    assert_eq!((opened.entries.len(), opened.rest), (2, HistoryRest::Nothing));
    *file.last_mut().expect("a tag") ^= 1;
    let opened = History::open(&passphrase, &file).expect("the head is whole");
    assert!(matches!(opened.rest, HistoryRest::Damaged { .. }));
}
