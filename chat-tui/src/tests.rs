//! Apps that communicate through a service in memory, and the main loop with a view in memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

mod apps;
mod draw;
mod folders;
mod history;
mod script;
mod talk;

use crate::{
    Entropy,
    app::{App, AppConfig, Flow, Request, Update},
    folder::{ContactId, Folder},
    history::HistoryFile,
    lines::{Kind, Line},
    model::ContactStatus,
    network::{Answer, Outcome},
    outbox::Outbox,
};
use core::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_chat::{BoxLen, id_of};
use rand_core::SeedableRng as _;
use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, mpsc, mpsc::Receiver},
};
use tokio::sync::mpsc::UnboundedReceiver;

const LEN: usize = 1936;

fn box_len() -> BoxLen {
    BoxLen::new(LEN).unwrap()
}

/// An entropy source whose generators all differ.
fn entropy() -> Entropy {
    let count = AtomicU64::new(u64::from(std::process::id()) << 32);
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let time = u64::try_from(time % (1 << 62)).unwrap();
    Entropy::new(move || Box::new(chacha20::ChaCha20Rng::seed_from_u64(time ^ count.fetch_add(1, Relaxed))))
}

/// Retries, because a process that another test starts holds this folder's lock for a moment, until
/// it executes its program.
fn open_folder(path: &Path, entropy: &Entropy) -> Folder {
    for _ in 0..500 {
        match Folder::open(path, entropy) {
            Err(error) if error.to_string().contains("another program") => {
                std::thread::sleep(Duration::from_millis(20));
            }
            opened => return opened.unwrap(),
        }
    }
    panic!("{} stays locked", path.display());
}

/// A rendezvous service.
#[derive(Default)]
struct Service(HashMap<[u8; 32], Vec<u8>>);

impl Service {
    fn serve(&mut self, request: &[u8]) -> Outcome {
        assert_eq!(request.len(), 64 + LEN);
        let token = request[..32].try_into().unwrap();
        let boxed = self.0.get(&id_of(&token)).cloned();
        self.0.entry(request[32..64].try_into().unwrap()).or_insert_with(|| request[64..].to_vec());
        boxed.map_or(Outcome::Empty, Outcome::Box)
    }
}

/// An app without its thread, and the updates that it has reported.
struct Side {
    app: App,
    outbox: Arc<Outbox>,
    requested: Receiver<Request>,
    updates: UnboundedReceiver<Update>,
    next: u64,
    lines: Vec<(Option<ContactId>, Line)>,
    contacts: Vec<ContactStatus>,
    current: Option<ContactId>,
    question: Option<String>,
    /// The number of files that were hashed.
    jobs: u32,
    /// Whether the results of hash jobs are discarded.
    drops_jobs: bool,
}

impl Side {
    fn open(path: &Path, history: Option<HistoryFile>) -> Self {
        let entropy = entropy();
        let folder = open_folder(path, &entropy);
        let (requests, requested) = mpsc::channel();
        let (sender, updates) = tokio::sync::mpsc::unbounded_channel();
        let to_app = requests.clone();
        let outbox = Outbox::new(move |number| to_app.send(Request::Taken(number)).unwrap());
        let config = AppConfig {
            name: folder.own_name(),
            folder,
            box_len: box_len(),
            history,
            entropy,
            max_file: 1_000_000,
            outbox: Arc::clone(&outbox),
            updates: sender,
            requests,
        };
        let mut app = App::open(config).unwrap();
        app.start();
        let (lines, contacts) = (Vec::new(), Vec::new());
        let mut side = Self {
            app,
            outbox,
            requested,
            updates,
            next: 0,
            lines,
            contacts,
            current: None,
            question: None,
            jobs: 0,
            drops_jobs: false,
        };
        side.settle();
        side
    }

    /// Handles all requests and records all updates.
    fn settle(&mut self) {
        while let Ok(request) = self.requested.try_recv() {
            self.handle(request);
        }
        while let Ok(update) = self.updates.try_recv() {
            match update {
                Update::Line(contact, line) => self.lines.push((contact, line)),
                Update::Contacts(contacts) => self.contacts = contacts,
                Update::Select(contact) => self.current = contact,
                Update::Question(question) => self.question = question,
                Update::Done => {}
            }
        }
    }

    fn handle(&mut self, request: Request) -> Flow {
        if matches!(request, Request::Job(_)) {
            self.jobs += 1;
            if self.drops_jobs {
                return Flow::Continue;
            }
        }
        let flow = self.app.handle(request);
        self.app.report();
        flow
    }

    fn tick(&mut self, service: &mut Service) {
        let number = self.next;
        self.next += 1;
        let request = self.outbox.take(number);
        self.settle();
        let outcome = service.serve(&request);
        self.handle(Request::Answer(Answer { number, outcome }));
        self.settle();
    }

    fn line(&mut self, line: &str) -> Flow {
        self.raw_line(line.as_bytes())
    }

    fn raw_line(&mut self, line: &[u8]) -> Flow {
        let flow = self.handle(Request::Line(line.to_vec().into()));
        self.settle();
        flow
    }

    /// Waits until `count` files were hashed.
    fn wait_for_jobs(&mut self, count: u32) {
        while self.jobs < count {
            let request = self.requested.recv_timeout(Duration::from_mins(1)).unwrap();
            self.handle(request);
            self.settle();
        }
    }

    fn told(&self) -> Vec<String> {
        let told = |line: &Line| match &line.kind {
            Kind::Ours(_) => format!("> {}", line.text),
            Kind::Theirs(name) => format!("<{name}> {}", line.text),
            Kind::Note | Kind::News => format!("* {}", line.text),
            Kind::Warning => format!("! {}", line.text),
            Kind::Day => format!("- {}", line.text),
        };
        self.lines.iter().map(|(_, line)| told(line)).collect()
    }

    fn was_told(&self, start: &str) -> bool {
        self.told().iter().any(|line| line.starts_with(start))
    }

    fn code(&self) -> String {
        self.told().iter().rev().find_map(|line| line.strip_prefix("* code: ").map(str::to_owned)).unwrap()
    }

    fn contact(&self) -> &ContactStatus {
        self.contacts.iter().find(|contact| Some(contact.id) == self.current).unwrap()
    }
}

#[track_caller]
fn until(sides: [&mut Side; 2], service: &mut Service, is_done: impl Fn([&Side; 2]) -> bool) {
    let [one, other] = sides;
    for _ in 0..4000 {
        if is_done([one, other]) {
            return;
        }
        one.tick(service);
        other.tick(service);
    }
    panic!("{:#?}\n{:#?}", one.told(), other.told());
}

/// Two sides that have paired.
fn paired(folder: &Path, service: &mut Service) -> [Side; 2] {
    let mut sides = ["alice", "bob"].map(|name| Side::open(&folder.join(name), None));
    let [alice, bob] = &mut sides;
    alice.line("/code");
    bob.line(&format!("/code {}", alice.code()));
    until([alice, bob], service, |sides| sides.iter().all(|side| side.was_told("* paired with")));
    sides
}
