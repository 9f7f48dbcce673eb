//! One side at work, on a thread that may wait for the disk: conversations, files, history. It has no socket and no terminal.

mod commands;
mod events;
mod files;

use crate::{
    Entropy,
    error::Error,
    folder::{ContactId, Folder},
    history::HistoryFile,
    lines::{Kind, Line},
    model::{ContactStatus, Phase, TransferStatus},
    network::{Answer, Outcome},
    outbox::Outbox,
    time,
    transfers::TransferFiles,
};
use core::time::Duration;
pub(crate) use files::bytes;
use files::{JobResult, Jobs};
use mixwell_chat::{BoxLen, Chat, Context, Exchange, FileId, HistoryEntry, Ticket, choose, person_name};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, mpsc},
};
use tokio::sync::mpsc::UnboundedSender;
use zeroize::Zeroizing;

/// What an app is asked to do.
#[derive(Debug)]
pub(crate) enum Request {
    /// The user has typed a line, for the contact in view.
    Line(Zeroizing<Vec<u8>>),
    /// Brings a contact into view.
    Select(ContactId),
    /// A tick has taken the request that was ready.
    Taken(u64),
    /// The service has answered.
    Answer(Answer),
    /// A file was hashed.
    Job(JobResult),
    /// The user wants to quit; `asks` if there may be a question before.
    Quit { asks: bool },
}

/// What an app reports.
#[derive(Debug)]
pub(crate) enum Update {
    /// A line of a conversation, or of the one in view.
    Line(Option<ContactId>, Line),
    Contacts(Vec<ContactStatus>),
    /// Another contact is in view.
    Select(Option<ContactId>),
    /// Asks before the next line, or no longer.
    Question(Option<String>),
    /// The program may end. All is saved.
    Done,
}

/// The parts of an app.
pub(crate) struct AppConfig {
    pub folder: Folder,
    /// The name that friends see.
    pub name: String,
    pub box_len: BoxLen,
    pub history: Option<HistoryFile>,
    pub entropy: Entropy,
    /// The largest file that is accepted, in bytes.
    pub max_file: u64,
    pub outbox: Arc<Outbox>,
    pub updates: UnboundedSender<Update>,
    /// Gives the results of jobs back to the app.
    pub requests: mpsc::Sender<Request>,
}

/// One side.
pub(crate) struct App {
    folder: Folder,
    name: String,
    box_len: BoxLen,
    history: Option<HistoryFile>,
    entropy: Entropy,
    max_file: u64,
    outbox: Arc<Outbox>,
    updates: UnboundedSender<Update>,
    jobs: Jobs,
    contacts: BTreeMap<ContactId, Contact>,
    /// The contact in view: what is typed is for them.
    current: Option<ContactId>,
    next_id: u32,
    /// The exchange in the outbox.
    ready: Option<InFlight>,
    /// Exchanges by the number of their tick.
    in_flight: HashMap<u64, InFlight>,
    question: Option<Asked>,
    /// The contacts as they were last reported.
    reported: Vec<ContactStatus>,
    /// The last save failed.
    has_failed: bool,
}

struct Contact {
    chat: Chat,
    files: TransferFiles,
    alias: Option<String>,
    /// The names of files under way, for when they have ended.
    outgoing: HashMap<FileId, String>,
    incoming: HashMap<FileId, String>,
    /// Complete files that are being hashed.
    checking: HashSet<FileId>,
    /// It was reported that nobody answers the code.
    has_warned: bool,
}

/// An exchange, and whose it is. Cover is nobody's.
#[derive(Clone, Copy)]
struct InFlight(Option<(ContactId, Ticket)>);

/// A question that waits for the user's answer.
enum Asked {
    Forget(ContactId),
    Quit,
}

/// Whether the app goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    Quit,
}

/// After so many ticks without an answer to a code, the user is told.
const UNANSWERED_TICKS: u64 = 120;

/// After so many ticks without a box, a friend counts as quiet.
const QUIET_TICKS: u64 = 120;

/// How often it is tried again to save.
const RETRY: Duration = Duration::from_secs(5);

/// The most contacts. Each has its share of the ticks.
const MAX_CONTACTS: usize = 64;

/// The most exchanges that wait for an answer; older ones are lost.
const MAX_IN_FLIGHT: usize = 1024;

/// The most lines of an earlier run that are shown.
const MAX_EARLIER: usize = 1000;

impl App {
    /// Restores all conversations of a folder.
    pub(crate) fn open(config: AppConfig) -> Result<Self, Error> {
        let AppConfig { folder, name, box_len, history, entropy, max_file, outbox, updates, requests } = config;
        let mut app = Self {
            folder,
            name,
            box_len,
            history,
            entropy,
            max_file,
            outbox,
            updates,
            jobs: Jobs::new(requests),
            contacts: BTreeMap::new(),
            current: None,
            next_id: 1,
            ready: None,
            in_flight: HashMap::new(),
            question: None,
            reported: Vec::new(),
            has_failed: false,
        };
        for id in app.folder.contacts()? {
            let path = app.folder.contact(id).join("state");
            let Some(state) = app.folder.load_state(id)? else { continue };
            let chat = Chat::load(&state, box_len).map_err(|error| Error::State(path, error))?;
            let alias = app.folder.alias(id)?;
            app.insert(id, chat, alias);
        }
        Ok(app)
    }

    fn insert(&mut self, id: ContactId, chat: Chat, alias: Option<String>) {
        let files = TransferFiles::new(self.folder.contact(id), self.folder.received());
        let outgoing = chat.sending().map(|transfer| (transfer.file, transfer.name)).collect();
        let incoming = chat.receiving().map(|transfer| (transfer.file, transfer.name)).collect();
        let checking = HashSet::new();
        self.contacts.insert(id, Contact { chat, files, alias, outgoing, incoming, checking, has_warned: false });
        self.next_id = self.next_id.max(id.0.saturating_add(1));
    }

    /// Works until it is told to quit, or nobody asks any more.
    pub(crate) fn run(mut self, requests: &mpsc::Receiver<Request>) {
        self.start();
        loop {
            let flow = match requests.recv_timeout(RETRY) {
                Ok(request) => self.handle(request),
                Err(mpsc::RecvTimeoutError::Timeout) => Flow::Continue,
                Err(mpsc::RecvTimeoutError::Disconnected) => Flow::Quit,
            };
            self.retry();
            self.report();
            if flow == Flow::Quit {
                break;
            }
        }
        self.leave();
        let updates = self.updates.clone();
        // the folder is free then
        drop(self);
        let _ = updates.send(Update::Done);
    }

    /// Shows how it stands, and puts the first exchange into the outbox.
    pub(crate) fn start(&mut self) {
        self.report();
        self.select(self.contacts.keys().next().copied());
        self.show_earlier();
        self.show_status();
        self.drain_all();
        self.prepare();
    }

    /// Does what is asked.
    pub(crate) fn handle(&mut self, request: Request) -> Flow {
        match request {
            Request::Line(line) => return self.line(&line),
            Request::Select(id) if self.contacts.contains_key(&id) => self.select(Some(id)),
            Request::Select(_) => {}
            Request::Taken(number) => self.taken(number),
            Request::Answer(answer) => self.answered(answer),
            Request::Job(result) => self.job_done(result),
            Request::Quit { asks } => return self.quit(asks),
        }
        Flow::Continue
    }

    /// Prepares again, if that failed: what could not be saved is not ready.
    pub(crate) fn retry(&mut self) {
        if self.ready.is_none() {
            self.prepare();
        }
    }

    /// Puts the next exchange into the outbox, once the state with it is on the disk.
    fn prepare(&mut self) {
        let mut rng = self.entropy.rng();
        let chosen = choose(self.contacts.iter().map(|(id, contact)| (*id, &contact.chat)), &mut *rng);
        let Some(id) = chosen else {
            self.ready = Some(InFlight(None));
            return self.outbox.put(Exchange::cover(self.box_len, &mut *rng).request());
        };
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let (ticket, exchange) = contact.chat.tick(Context::new(&mut contact.files, &mut *rng, time::now()));
        if self.save(id) {
            self.ready = Some(InFlight(Some((id, ticket))));
            self.outbox.put(exchange.request());
        } else if let Some(contact) = self.contacts.get_mut(&id) {
            // what was not saved must not leave
            contact.chat.lost(ticket);
        }
        self.drain_events(id);
    }

    fn taken(&mut self, number: u64) {
        if let Some(in_flight) = self.ready.take() {
            self.in_flight.insert(number, in_flight);
        }
        if self.in_flight.len() > MAX_IN_FLIGHT
            && let Some(oldest) = self.in_flight.keys().min().copied()
        {
            self.answered(Answer { number: oldest, outcome: Outcome::Lost });
        }
        self.prepare();
    }

    fn answered(&mut self, answer: Answer) {
        let Some(InFlight(Some((id, ticket)))) = self.in_flight.remove(&answer.number) else { return };
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let mut rng = self.entropy.rng();
        let context = Context::new(&mut contact.files, &mut *rng, time::now());
        match answer.outcome {
            Outcome::Box(boxed) => contact.chat.answered(ticket, Some(&boxed), context),
            Outcome::Empty => contact.chat.answered(ticket, None, context),
            Outcome::Lost => contact.chat.lost(ticket),
        }
        self.drain_events(id);
        self.warn_if_unanswered(id);
    }

    fn warn_if_unanswered(&mut self, id: ContactId) {
        let Some(contact) = self.contacts.get_mut(&id).filter(|contact| !contact.has_warned) else { return };
        let pairing = contact.chat.pairing();
        if pairing.is_some_and(|pairing| !pairing.has_answer && pairing.ticks >= UNANSWERED_TICKS) {
            contact.has_warned = true;
            self.warn(id, "nobody has answered this code yet: is it the same on both sides, and is your friend's program running?");
        }
    }

    /// Saves a conversation. False if that failed; the user is told once.
    fn save(&mut self, id: ContactId) -> bool {
        let Some(contact) = self.contacts.get(&id) else { return true };
        let saved = self.folder.save_state(id, &contact.chat.save(), &self.entropy);
        let had_failed = self.has_failed;
        self.has_failed = saved.is_err();
        match saved {
            Err(error) if !had_failed => {
                self.warn(None, format!("{error}; nothing is sent or received until it can be written"));
            }
            Ok(()) if had_failed => self.note(None, "the state is saved again"),
            _ => {}
        }
        !self.has_failed
    }

    fn select(&mut self, contact: Option<ContactId>) {
        self.current = contact;
        self.update(Update::Select(contact));
    }

    /// Reports the contacts if something has changed.
    pub(crate) fn report(&mut self) {
        let status: Vec<_> = self.contacts.iter().map(|(id, contact)| self.status(*id, contact)).collect();
        if status != self.reported {
            self.update(Update::Contacts(status.clone()));
            self.reported = status;
        }
    }

    fn status(&self, id: ContactId, contact: &Contact) -> ContactStatus {
        let chat = &contact.chat;
        let phase = match (chat.safety(), chat.ended()) {
            (_, Some(ended)) => Phase::Over(ended),
            (Some(safety), None) => {
                let (is_verified, is_quiet) = (chat.is_verified(), chat.quiet_ticks() > QUIET_TICKS);
                Phase::Talking { safety, is_verified, is_quiet }
            }
            (None, None) => Phase::Pairing,
        };
        let ours = chat.sending().map(|transfer| TransferStatus { is_ours: true, transfer });
        let theirs = chat.receiving().map(|transfer| TransferStatus { is_ours: false, transfer });
        ContactStatus {
            id,
            name: self.name_of(id),
            phase,
            counts: chat.counts(),
            transfers: ours.chain(theirs).collect(),
            tampered: chat.tampered(),
        }
    }

    /// The name of a contact, which is no other's.
    fn name_of(&self, id: ContactId) -> String {
        let Some(contact) = self.contacts.get(&id) else { return String::new() };
        let Some(name) = own_name(contact) else { return format!("pairing {}", id.0) };
        let is_shared = self.contacts.iter().any(|(other, contact)| *other != id && own_name(contact) == Some(name));
        if is_shared { format!("{name} ({})", id.0) } else { name.to_owned() }
    }

    /// The contact of a name, in any case.
    fn find_contact(&self, name: &str) -> Option<ContactId> {
        let name = name.to_lowercase();
        self.contacts.keys().copied().find(|id| self.name_of(*id).to_lowercase() == name)
    }

    fn show_status(&mut self) {
        if self.folder.was_open() {
            self.warn(None, "others could look into the folder until now; it is yours alone from now on");
        }
        if self.contacts.is_empty() {
            self.note(
                None,
                "no contacts yet: /code makes a code for a friend, /code WORDS enters theirs; /help tells more",
            );
        }
        let ids: Vec<_> = self.contacts.keys().copied().collect();
        for id in ids {
            let Some(contact) = self.contacts.get(&id) else { continue };
            match (contact.chat.friend().is_some(), contact.chat.ended()) {
                (_, Some(ended)) => self.show_end(id, ended),
                (false, None) => self.note(id, "a pairing is under way; /forget gives it up"),
                (true, None) => {
                    let counts = contact.chat.counts();
                    let (name, unread) = (self.name_of(id), counts.queued.saturating_sub(counts.read));
                    let rest = if unread > 0 { format!("; {} not read yet", messages(unread)) } else { String::new() };
                    self.note(id, format!("you talk with \"{name}\"{rest}"));
                }
            }
        }
    }

    /// Shows what the history has of each contact.
    fn show_earlier(&mut self) {
        let Some(history) = &self.history else { return };
        for (id, contact) in &self.contacts {
            let Some(friend) = contact.chat.friend() else { continue };
            let key = history_key(*id, friend);
            let entries: Vec<_> =
                history.entries().iter().rev().filter(|entry| entry.contact == key).take(MAX_EARLIER).collect();
            for entry in entries.into_iter().rev() {
                let kind = if entry.is_ours { Kind::Ours(None) } else { Kind::Theirs(self.name_of(*id)) };
                let text = mixwell_chat::clean_text(&entry.text);
                self.update(Update::Line(Some(*id), Line { time: entry.time, kind, text }));
            }
        }
    }

    /// Adds a text to the history, if there is one.
    fn remember(&mut self, id: ContactId, is_ours: bool, text: &str) {
        let Some(friend) = self.contacts.get(&id).and_then(|contact| contact.chat.friend()) else { return };
        let Some(history) = &mut self.history else { return };
        let contact = history_key(id, friend);
        let entry = HistoryEntry { time: time::now(), contact, is_ours, text: Zeroizing::new(text.to_owned()) };
        if let Err(error) = history.append(entry, &self.entropy) {
            self.warn(None, format!("this line is not in the history: {error}"));
        }
    }

    fn quit(&mut self, asks: bool) -> Flow {
        let unsent: u64 = self.contacts.values().map(|contact| waiting(&contact.chat)).sum();
        let files = self.contacts.values().flat_map(|contact| contact.chat.sending()).count() as u64;
        if !asks || (unsent == 0 && files == 0) {
            return Flow::Quit;
        }
        self.ask(
            Asked::Quit,
            &format!(
                "{} not sent yet and {} under way wait for the next start. Quit?",
                messages(unsent),
                counted(files, "file")
            ),
        );
        Flow::Continue
    }

    fn leave(&mut self) {
        let ids: Vec<_> = self.contacts.keys().copied().collect();
        for id in ids {
            self.save(id);
            let Some(contact) = self.contacts.get(&id) else { continue };
            let counts = contact.chat.counts();
            let unread = counts.queued.saturating_sub(counts.read);
            if unread > 0 && contact.chat.ended().is_none() {
                let name = self.name_of(id);
                self.note(
                    id,
                    format!("{} not read by \"{name}\" yet; what waits is sent after the next start", messages(unread)),
                );
            }
        }
    }

    fn ask(&mut self, asked: Asked, question: &str) {
        self.question = Some(asked);
        self.update(Update::Question(Some(format!("{question} (yes/no)"))));
    }

    fn note(&self, contact: impl Into<Option<ContactId>>, text: impl Into<String>) {
        self.push(contact.into(), Kind::Note, text.into());
    }

    /// A note that should not be missed while another contact is in view.
    fn notify(&self, contact: ContactId, text: impl Into<String>) {
        self.push(Some(contact), Kind::News, text.into());
    }

    fn warn(&self, contact: impl Into<Option<ContactId>>, text: impl Into<String>) {
        self.push(contact.into(), Kind::Warning, text.into());
    }

    fn push(&self, contact: Option<ContactId>, kind: Kind, text: String) {
        self.update(Update::Line(contact, Line { time: time::now(), kind, text }));
    }

    fn update(&self, update: Update) {
        // a view that has ended shows nothing
        let _ = self.updates.send(update);
    }
}

/// The name that the user gave a contact, else the one that the friend chose.
fn own_name(contact: &Contact) -> Option<&str> {
    contact.alias.as_deref().or_else(|| contact.chat.friend())
}

/// Tells a contact from others of the same name, in the history.
fn history_key(id: ContactId, friend: &str) -> String {
    format!("{} {friend}", id.0)
}

/// How many texts have not left.
fn waiting(chat: &Chat) -> u64 {
    let counts = chat.counts();
    if chat.ended().is_some() { 0 } else { counts.queued.saturating_sub(counts.sent) }
}

fn messages(count: u64) -> String {
    counted(count, "message")
}

/// As in `1 file` and `2 files`.
fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
