//! File offers and answers; hashing on background threads.

use crate::{
    app::{App, Request},
    folder::ContactId,
    transfers,
};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use mixwell_chat::{Context, FileId, FileOffer, Transfer};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
};

/// Hashing jobs.
pub(super) struct Jobs {
    requests: mpsc::Sender<Request>,
    running: Vec<Job>,
}

struct Job {
    contact: ContactId,
    is_cancelled: Arc<AtomicBool>,
}

/// A file was hashed.
#[derive(Debug)]
pub(crate) enum JobResult {
    /// A file to be offered.
    Described { contact: ContactId, path: PathBuf, offer: io::Result<FileOffer> },
    /// A friend's complete file.
    Hashed { contact: ContactId, file: FileId, hash: Option<[u8; 32]> },
}

/// Maximum number of files that are hashed at a time.
const MAX_JOBS: usize = 16;

impl Jobs {
    pub(super) const fn new(requests: mpsc::Sender<Request>) -> Self {
        Self { requests, running: Vec::new() }
    }

    /// Starts a job on a thread. Returns false if there are too many jobs.
    fn start(&mut self, contact: ContactId, work: impl FnOnce(&AtomicBool) -> JobResult + Send + 'static) -> bool {
        self.running.retain(|job| Arc::strong_count(&job.is_cancelled) > 1);
        if self.running.len() >= MAX_JOBS {
            return false;
        }
        let is_cancelled = Arc::new(AtomicBool::new(false));
        self.running.push(Job { contact, is_cancelled: Arc::clone(&is_cancelled) });
        let requests = self.requests.clone();
        thread::spawn(move || {
            let result = work(&is_cancelled);
            if !is_cancelled.load(Relaxed) {
                let _ = requests.send(Request::Job(result));
            }
        });
        true
    }

    /// Cancels the jobs of a contact.
    pub(super) fn cancel(&mut self, contact: ContactId) {
        self.running.iter().filter(|job| job.contact == contact).for_each(|job| job.is_cancelled.store(true, Relaxed));
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.running.iter().for_each(|job| job.is_cancelled.store(true, Relaxed));
    }
}

impl App {
    pub(super) fn send_file(&mut self, id: ContactId, path: PathBuf) {
        let is_talking = self.contacts.get(&id).is_some_and(|contact| contact.chat.friend().is_some());
        if !is_talking {
            return self.warn(id, "the pairing is not complete, so there is no one to send it to");
        }
        let shown = path.display().to_string();
        let work = move |is_cancelled: &AtomicBool| {
            let offer = transfers::describe(&path, is_cancelled);
            JobResult::Described { contact: id, path, offer }
        };
        if self.jobs.start(id, work) {
            self.note(id, format!("reading {shown}"));
        } else {
            self.warn(id, "too many files are being read");
        }
    }

    pub(super) fn job_done(&mut self, result: JobResult) {
        match result {
            JobResult::Described { contact, path, offer: Ok(offer) } => self.offer(contact, &path, offer),
            JobResult::Described { contact, path, offer: Err(error) } => {
                self.warn(contact, format!("can't send {}: {error}", path.display()));
            }
            JobResult::Hashed { contact: id, file, hash } => {
                let Some(contact) = self.contacts.get_mut(&id) else { return };
                contact.checking.remove(&file);
                let mut rng = self.entropy.rng();
                contact.chat.check_file(file, hash, Context::new(&mut contact.files, &mut *rng, 0));
                self.drain_events(id);
            }
        }
    }

    fn offer(&mut self, id: ContactId, path: &std::path::Path, offer: FileOffer) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let (name, size) = (offer.name.clone(), offer.size);
        let Some(file) = contact.chat.offer(offer) else {
            return self.warn(id, "not offered: too many files are in transfer, or the conversation is over");
        };
        if let Err(error) = contact.files.remember(file, path) {
            contact.chat.cancel(file);
            return self.warn(id, format!("can't send {}: {error}", path.display()));
        }
        contact.outgoing.insert(file, name.clone());
        self.save(id);
        self.note(id, format!("file \"{name}\" is offered, {}", bytes(size)));
    }

    pub(super) fn list_files(&self, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let files =
            contact.chat.sending().map(|file| ("to", file)).chain(contact.chat.receiving().map(|file| ("from", file)));
        let mut count = 0_u64;
        for (way, Transfer { file, name, size, done, is_accepted }) in files {
            count += 1;
            let state = if is_accepted { format!("{} of", bytes(done)) } else { "offered,".to_owned() };
            self.note(
                id,
                format!(
                    "{number} {way} \"{}\": file \"{name}\", {state} {}",
                    self.name_of(id),
                    bytes(size),
                    number = file.0
                ),
            );
        }
        if count == 0 {
            self.note(id, "no files are offered or in transfer");
        }
    }

    pub(super) fn file_offered(&mut self, id: ContactId, file: FileId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let Some(transfer) = contact.chat.receiving().find(|transfer| transfer.file == file) else { return };
        let (name, size, max) = (transfer.name, transfer.size, self.max_file);
        contact.incoming.insert(file, name.clone());
        if size > max {
            contact.chat.reject(file);
            contact.incoming.remove(&file);
            return self
                .warn(id, format!("file \"{name}\" is declined: {} is more than --max-file allows", bytes(size)));
        }
        self.notify(
            id,
            format!(
                "file \"{name}\" is offered to you, {}: /accept {number} or /decline {number}",
                bytes(size),
                number = file.0
            ),
        );
    }

    /// The file with this number; without one, the first file that the command applies to.
    fn incoming(&self, id: ContactId, number: Option<u32>, fits: impl Fn(&Transfer) -> bool) -> Option<FileId> {
        let mut files = self.contacts.get(&id)?.chat.receiving();
        files.find(|file| fits(file) && number.is_none_or(|number| file.file.0 == number)).map(|file| file.file)
    }

    pub(super) fn accept(&mut self, id: ContactId, number: Option<u32>) {
        let Some(file) = self.incoming(id, number, |file| !file.is_accepted) else {
            return self.warn(id, "no such file is offered; /files lists them");
        };
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let name = contact.incoming.get(&file).cloned().unwrap_or_default();
        if let Err(error) = contact.files.begin(file) {
            return self.warn(id, format!("file \"{name}\" can't be written: {error}"));
        }
        let mut rng = self.entropy.rng();
        contact.chat.accept(file, Context::new(&mut contact.files, &mut *rng, 0));
        self.note(id, format!("file \"{name}\" is accepted"));
        self.save(id);
        self.drain_events(id);
    }

    pub(super) fn decline(&mut self, id: ContactId, number: Option<u32>) {
        match self.incoming(id, number, |file| !file.is_accepted) {
            Some(file) => self.give_up_incoming(id, file, "is declined"),
            None => self.warn(id, "no such file is offered; /files lists them"),
        }
    }

    /// Cancels the transfer of a friend's file or of our own.
    pub(super) fn cancel(&mut self, id: ContactId, number: Option<u32>) {
        if let Some(file) = self.incoming(id, number, |file| file.is_accepted) {
            return self.give_up_incoming(id, file, "is cancelled");
        }
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let found = contact.chat.sending().find(|file| number.is_none_or(|number| file.file.0 == number));
        let Some(transfer) = found else { return self.warn(id, "no such file is in transfer; /files lists them") };
        contact.chat.cancel(transfer.file);
        self.save(id);
        self.about_ours(id, transfer.file, "is cancelled");
        self.end_outgoing(id, transfer.file);
    }

    fn give_up_incoming(&mut self, id: ContactId, file: FileId, what: &str) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.chat.reject(file);
        contact.files.discard(file);
        let name = contact.incoming.remove(&file).unwrap_or_default();
        self.save(id);
        self.note(id, format!("file \"{name}\" {what}"));
    }

    /// Hashes the friend's complete files.
    pub(super) fn check_complete(&mut self, id: ContactId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let complete: Vec<_> = contact.chat.receiving().filter(Transfer::is_complete).map(|file| file.file).collect();
        for file in complete {
            let path = contact.files.part(file);
            let work = move |is_cancelled: &AtomicBool| {
                let hash = transfers::hash_of(&path, is_cancelled).ok();
                JobResult::Hashed { contact: id, file, hash }
            };
            // if there are too many jobs, the file is hashed after the next start, or when another
            // file is complete
            if !contact.checking.contains(&file) && self.jobs.start(id, work) {
                contact.checking.insert(file);
            }
        }
    }

    pub(super) fn file_received(&mut self, id: ContactId, file: FileId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let name = contact.incoming.remove(&file).unwrap_or_default();
        match contact.files.finalize(file, &name) {
            Ok(path) => self.notify(id, format!("file \"{name}\" has arrived completely: {}", path.display())),
            // shown already, but the program ended before that was saved
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.note(id, format!("file \"{name}\" was received before"));
            }
            Err(error) => {
                self.warn(
                    id,
                    format!("file \"{name}\" has arrived completely, but can't be moved into place: {error}"),
                );
            }
        }
    }

    pub(super) fn file_failed(&mut self, id: ContactId, file: FileId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.files.discard(file);
        let name = contact.incoming.remove(&file).unwrap_or_default();
        self.warn(id, format!("your friend's file \"{name}\" arrived damaged"));
    }

    pub(super) fn about_ours(&self, id: ContactId, file: FileId, what: &str) {
        self.note(id, format!("file \"{}\" {what}", self.outgoing_name(id, file)));
    }

    pub(super) fn outgoing_name(&self, id: ContactId, file: FileId) -> String {
        self.contacts.get(&id).and_then(|contact| contact.outgoing.get(&file)).cloned().unwrap_or_default()
    }

    pub(super) fn end_outgoing(&mut self, id: ContactId, file: FileId) {
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.files.forget(file);
            contact.outgoing.remove(&file);
        }
    }
}

/// A file size for people.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..10_000_000 => format!("{} kB", count / 1000),
        10_000_000..10_000_000_000 => format!("{} MB", count / 1_000_000),
        _ => format!("{} GB", count / 1_000_000_000),
    }
}
