//! Two desks and a service in memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use super::{
    archive::Archive,
    desk::{self, Desk, Flow},
    lines::Line,
    post::Post,
    store::Store,
};
use crate::network::{clock::Clock, randomness::Randomness};
use core::time::Duration;
use mixwell_chat::{BoxLen, Cost, id_of};
use mixwell_pki_types::Period;
use std::{collections::HashMap, fs, path::Path, sync::Arc};
use tokio::sync::mpsc;

const LEN: usize = 1936;

/// A side, and what it has been told so far.
struct Side {
    desk: Desk,
    post: Arc<Post>,
    taken: mpsc::UnboundedReceiver<u64>,
    next: u64,
}

#[derive(Default)]
struct Service(HashMap<[u8; 32], Vec<u8>>);

impl Side {
    fn open(folder: &Path, archive: Option<Archive>) -> Self {
        let randomness = Randomness::from_system().unwrap();
        let (post, taken) = Post::new();
        let store = Store::open(folder, &randomness).unwrap();
        let parts = desk::Parts {
            name: store.name(),
            store,
            len: BoxLen::new(LEN).unwrap(),
            clock: Clock::new(Period::new(Duration::from_mins(1)).unwrap()),
            post: Arc::clone(&post),
            archive,
            randomness,
            most_bytes: 1_000_000,
        };
        let mut desk = Desk::open(parts).unwrap();
        desk.prepare().unwrap();
        Self { desk, post, taken, next: 0 }
    }

    fn tick(&mut self, service: &mut Service) {
        let number = self.next;
        self.next += 1;
        let request = self.post.take(number);
        assert_eq!(request.len(), 64 + LEN);
        assert_eq!(self.taken.try_recv(), Ok(number));
        self.desk.taken(number).unwrap();
        let token = request[..32].try_into().unwrap();
        let boxed = service.0.get(&id_of(&token)).cloned();
        service.0.entry(request[32..64].try_into().unwrap()).or_insert_with(|| request[64..].to_vec());
        self.desk.answered(number, Ok(boxed)).unwrap();
    }

    fn line(&mut self, line: &str) -> Flow {
        self.desk.line(line).unwrap()
    }

    fn told(&self) -> Vec<String> {
        self.desk
            .lines()
            .from(0)
            .map(|line| match line {
                Line::Ours { text, .. } => format!("> {text}"),
                Line::Theirs { name, text } => format!("{name}: {text}"),
                Line::Note(text) => format!("* {text}"),
                Line::Warning(text) => format!("! {text}"),
                Line::Earlier(text) => format!("  {text}"),
            })
            .collect()
    }

    fn was_told(&self, start: &str) -> bool {
        self.told().iter().any(|line| line.starts_with(start))
    }

    fn code(&self) -> String {
        let told = self.told();
        told.iter().rev().find_map(|line| line.strip_prefix("* code: ")).unwrap().to_owned()
    }
}

#[track_caller]
fn until(sides: [&mut Side; 2], service: &mut Service, is_done: impl Fn([&Side; 2]) -> bool) {
    let [one, other] = sides;
    for _ in 0..2000 {
        if is_done([one, other]) {
            return;
        }
        one.tick(service);
        other.tick(service);
    }
    panic!("{:#?}\n{:#?}", one.told(), other.told());
}

#[test]
fn two_desks() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (mut alice, mut bob) = (Side::open(&at("alice"), None), Side::open(&at("bob"), None));
    let mut service = Service::default();
    alice.line("hello?");
    assert!(alice.was_told("! not sent: there is no friend"));
    alice.line("/code");
    bob.line("/code lusab babad");
    assert!(bob.was_told("! the code has 2 words, want 9"));
    bob.line(&format!("/code {}", alice.code()));
    until([&mut alice, &mut bob], &mut service, |sides| sides.iter().all(|side| side.was_told("* paired with")));
    assert!(alice.was_told("* paired with bob") && bob.was_told("* paired with alice"));
    assert!(alice.desk.safety().is_some() && alice.desk.safety() == bob.desk.safety());

    fs::write(at("letter.txt"), vec![b'x'; 30_000]).unwrap();
    fs::write(at("large"), vec![b'x'; 1_000_001]).unwrap();
    alice.line("hello");
    bob.line("//hi");
    alice.line(&format!("/send {}", at("letter.txt").display()));
    alice.line(&format!("/send {}", at("large").display()));
    alice.line("/send nowhere");
    assert!(alice.was_told("! can't send nowhere"));
    // a program that ends in between, and another that may not begin as long as the first runs
    assert!(Store::open(&at("bob"), &Randomness::from_system().unwrap()).is_err());
    for _ in 0..10 {
        alice.tick(&mut service);
        bob.tick(&mut service);
    }
    drop(bob);
    let mut bob = Side::open(&at("bob"), None);
    assert!(bob.was_told("* you talk with alice"));
    until([&mut alice, &mut bob], &mut service, |[alice, bob]| {
        bob.was_told("* file letter.txt is here")
            && alice.was_told("* file letter.txt has arrived")
            && alice.desk.counts().read == 1
    });
    assert_eq!(fs::read(at("bob/received/letter.txt")).unwrap(), vec![b'x'; 30_000]);
    assert!(alice.was_told("bob: /hi") && alice.was_told("* file large is not wanted"));
    assert_eq!(alice.line("/quit"), Flow::Quits);

    bob.line("/forget");
    assert!(bob.desk.friend().is_none());
    bob.line("/what");
    assert!(bob.was_told("! /what"));
}

#[test]
fn a_code_that_nobody_answers_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut side = Side::open(folder.path(), None);
    side.line("/code");
    let mut service = Service::default();
    (0..200).for_each(|_| side.tick(&mut service));
    assert!(side.was_told("! nobody has answered under this code yet"));
}

#[test]
fn what_is_kept_is_sealed_and_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let randomness = Randomness::from_system().unwrap();
    let cost = Cost { kib: 64, passes: 1 };
    let open = |is_new, passphrase: &str| Archive::with(&path, is_new, passphrase, cost, &randomness);
    let mut archive = open(true, "right").unwrap();
    archive.keep("alice: a secret", &randomness).unwrap();
    archive.keep("bob: another", &randomness).unwrap();
    drop(archive);
    let mut bytes = fs::read(&path).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"secret"));
    assert!(open(false, "wrong").is_err());
    // a crash while the last entry was written
    bytes.truncate(bytes.len() - 3);
    fs::write(&path, &bytes).unwrap();
    let mut archive = open(false, "right").unwrap();
    assert_eq!(archive.earlier().iter().map(|line| line.as_str()).collect::<Vec<_>>(), ["alice: a secret"]);
    archive.keep("bob: again", &randomness).unwrap();
    drop(archive);
    let side = Side::open(&folder.path().join("side"), Some(open(false, "right").unwrap()));
    assert!(side.was_told("  bob: again"));
    #[cfg(unix)]
    for file in ["history", "side/key", "side/state"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
    drop(side);
    fs::write(folder.path().join("side/key"), [1; 32]).unwrap();
    let randomness = Randomness::from_system().unwrap();
    assert!(Store::open(&folder.path().join("side"), &randomness).unwrap().load().is_err());
}
