//! What happens, in words.

use super::{super::lines::Line, Desk};
use crate::network::error::NetworkError;
use mixwell_chat::{Context, Counts, Ended, Event, FileId};
use std::io;

impl Desk {
    /// Tells what has happened. The state with it is on the disk first; that it was told is saved behind.
    pub(super) fn settle(&mut self) -> Result<(), NetworkError> {
        if !self.chat.has_events() {
            return Ok(());
        }
        self.save()?;
        while let Some(event) = self.chat.event() {
            self.tell(event)?;
        }
        self.save()
    }

    fn tell(&mut self, event: Event) -> Result<(), NetworkError> {
        match event {
            Event::Paired => {
                let friend = self.chat.friend().unwrap_or_default().to_owned();
                self.lines.note(format!("paired with {friend}"));
                if let Some(safety) = self.chat.safety() {
                    self.lines.note(format!("safety string: {safety}; compare it with your friend's"));
                }
            }
            Event::PairingTampered => {
                self.lines.warn("something came that who has the code did not send; it was thrown away");
            }
            Event::Text(text) => {
                let name = self.chat.friend().unwrap_or_default().to_owned();
                self.keep(&format!("{name}: {text}"))?;
                self.lines.push(Line::Theirs { name, text });
            }
            Event::FileOffered(id) => self.offered(id),
            Event::FileAccepted(id) => self.about(id, "is taken"),
            Event::FileDeclined(id) => {
                self.about(id, "is not wanted");
                self.disk.forget(id);
            }
            Event::FileComplete(id) => {
                let transfer = self.chat.receiving().find(|transfer| transfer.file == id);
                let hash = transfer.and_then(|transfer| self.disk.hash(id, transfer.size).ok());
                let mut rng = self.randomness.rng();
                self.chat.check_file(id, hash, Context::new(&mut self.disk, &mut rng, 0));
            }
            Event::FileReceived(id) => self.received(id),
            Event::FileSent(id) => {
                self.about(id, "has arrived whole");
                self.disk.forget(id);
            }
            Event::FileFailed { file, is_ours: true } => {
                self.lines.warn(format!("file {} did not arrive whole", self.name_of(file)));
                self.disk.forget(file);
            }
            Event::FileFailed { file, is_ours: false } => {
                self.lines.warn("a file of your friend's did not come whole");
                self.disk.discard(file);
            }
            Event::Tampered => {
                self.lines.warn("a box was changed on its way, or is not your friend's; it was thrown away");
            }
            Event::Ended(ended) => self.tell_end(ended),
            _ => {}
        }
        Ok(())
    }

    fn offered(&mut self, id: FileId) {
        let Some(transfer) = self.chat.receiving().find(|transfer| transfer.file == id) else { return };
        let (name, size) = (transfer.name, transfer.size);
        if size > self.most_bytes {
            self.chat.reject(id);
            self.lines.warn(format!("file {name} declined: {size} bytes are more than --most-file takes"));
        } else {
            self.arriving.insert(id, name.clone());
            self.lines.note(format!("file {name} comes, {size} bytes"));
            if let Err(error) = self.disk.begin(id) {
                // what can't be written either fails then, and the friend is told
                self.lines.warn(format!("file {name} can't be kept: {error}"));
            }
            let mut rng = self.randomness.rng();
            self.chat.accept(id, Context::new(&mut self.disk, &mut rng, 0));
        }
    }

    fn received(&mut self, id: FileId) {
        let name = self.arriving.remove(&id).unwrap_or_default();
        match self.disk.keep(id, &name) {
            Ok(path) => self.lines.note(format!("file {name} is here, and whole: {}", path.display())),
            // it was told, and the program ended before that was saved
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.lines.note("a file was kept before"),
            Err(error) => self.lines.warn(format!("file {name} came whole, but can't be kept: {error}")),
        }
    }

    fn about(&mut self, id: FileId, what: &str) {
        self.lines.note(format!("file {} {what}", self.name_of(id)));
    }

    fn name_of(&self, id: FileId) -> String {
        self.names.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn tell_end(&mut self, ended: Ended) {
        self.lines.warn(format!("the conversation is over: {ended}"));
        self.tell_undelivered(self.chat.counts());
        self.lines.note("/forget, then pair again with /code");
    }

    pub(super) fn tell_undelivered(&mut self, counts: Counts) {
        match counts.queued.saturating_sub(counts.read) {
            0 => {}
            count => self.lines.warn(format!("not delivered, as far as is known: your last {count} messages")),
        }
    }

    /// Keeps a line in the history, if there is one.
    pub(super) fn keep(&mut self, line: &str) -> Result<(), NetworkError> {
        let Self { archive, randomness, .. } = self;
        archive.as_mut().map_or(Ok(()), |archive| archive.keep(line, randomness))
    }
}
