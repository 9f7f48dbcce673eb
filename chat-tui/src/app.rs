//! The application's state and logic: conversations, files, history. It runs on a thread that may
//! wait for the disk, and has no socket and no terminal.

mod commands;
mod events;
mod exchanges;
mod files;
mod notices;
mod status;

use crate::{
    Entropy,
    error::Error,
    folder::{ContactId, Folder},
    history::HistoryFile,
    lines::Line,
    model::ContactStatus,
    network::Answer,
    outbox::Outbox,
    time,
    transfers::TransferFiles,
};
use core::time::Duration;
pub(crate) use files::bytes;
use files::{JobResult, Jobs};
use mixwell_chat::{BoxLen, Chat, FileId, HistoryEntry, Ticket, person_name};
use notices::{counted, messages};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, mpsc},
};
use tokio::sync::mpsc::UnboundedSender;
use zeroize::Zeroizing;

/// A task for an [`App`].
#[derive(Debug)]
pub(crate) enum Request {
    /// The user has typed a line, for the contact in view.
    Line(Zeroizing<Vec<u8>>),
    /// Brings a contact into view.
    Select(ContactId),
    /// A tick has sent the request in the outbox.
    Taken(u64),
    /// The service has answered.
    Answer(Answer),
    /// A file was hashed.
    Job(JobResult),
    /// The user wants to quit; `asks` permits a question first.
    Quit { asks: bool },
}

/// A report of an [`App`].
#[derive(Debug)]
pub(crate) enum Update {
    /// A line of a conversation; `None` is the one in view.
    Line(Option<ContactId>, Line),
    Contacts(Vec<ContactStatus>),
    /// Another contact is in view.
    Select(Option<ContactId>),
    /// A question that the next line answers; `None` withdraws it.
    Question(Option<String>),
    /// The program may end. All is saved.
    Done,
}

/// The settings of an app.
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
    /// Passes results of background jobs to the app.
    pub requests: mpsc::Sender<Request>,
}

/// The application.
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
    /// The contact in view, who gets what is typed.
    current: Option<ContactId>,
    next_id: u32,
    /// The exchange in the outbox.
    ready: Option<InFlight>,
    /// Exchanges in flight, by the number of their tick.
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
    /// Names of files in transfer, for notes after the transfer has ended.
    outgoing: HashMap<FileId, String>,
    incoming: HashMap<FileId, String>,
    /// Complete files that are being hashed.
    checking: HashSet<FileId>,
    /// The user has been told that nobody answers the code.
    has_warned: bool,
}

/// An exchange and its contact; `None` for cover traffic.
#[derive(Clone, Copy)]
struct InFlight(Option<(ContactId, Ticket)>);

/// A question that waits for the user's answer.
enum Asked {
    Forget(ContactId),
    Quit,
}

/// Whether the app continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    Quit,
}

/// Retry interval after a failed save.
const RETRY: Duration = Duration::from_secs(5);

/// Maximum number of contacts: each has its share of the ticks.
const MAX_CONTACTS: usize = 64;

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

    /// Runs until it is told to quit or the channel of tasks is closed.
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
        // release the folder's lock
        drop(self);
        let _ = updates.send(Update::Done);
    }

    /// Reports the contacts, and puts the first exchange into the outbox.
    pub(crate) fn start(&mut self) {
        self.report();
        self.select(self.contacts.keys().next().copied());
        self.show_earlier();
        self.show_status();
        self.drain_all();
        self.prepare();
    }

    /// Processes a task.
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

    /// Prepares the next exchange again if that failed: an exchange is not sent before its state is
    /// saved.
    pub(crate) fn retry(&mut self) {
        if self.ready.is_none() {
            self.prepare();
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
            Ok(()) if had_failed => self.note(None, "saving works again"),
            _ => {}
        }
        !self.has_failed
    }

    fn select(&mut self, contact: Option<ContactId>) {
        self.current = contact;
        self.update(Update::Select(contact));
    }

    /// Adds a text to the history, if there is one.
    fn remember(&mut self, id: ContactId, is_ours: bool, text: &str) {
        let Some(friend) = self.contacts.get(&id).and_then(|contact| contact.chat.friend()) else { return };
        let Some(history) = &mut self.history else { return };
        let contact = history_key(id, friend);
        let entry = HistoryEntry { time: time::now(), contact, is_ours, text: Zeroizing::new(text.to_owned()) };
        if let Err(error) = history.append(entry, &self.entropy) {
            self.warn(None, format!("this text could not be added to the history: {error}"));
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
                "{} not sent yet and {} in transfer will wait for the next start. Quit?",
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
                    format!(
                        "{} not read by \"{name}\" yet; unsent texts are sent after the next start",
                        messages(unread)
                    ),
                );
            }
        }
    }
}

/// Distinguishes a contact from others of the same name, in the history.
fn history_key(id: ContactId, friend: &str) -> String {
    format!("{} {friend}", id.0)
}

/// Number of texts that have not been sent.
fn waiting(chat: &Chat) -> u64 {
    let counts = chat.counts();
    if chat.ended().is_some() { 0 } else { counts.queued.saturating_sub(counts.sent) }
}
