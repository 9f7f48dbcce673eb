//! Events of conversations, as lines for the user.

use crate::{app::App, folder::ContactId, lines::Kind};
use mixwell_chat::Event;

impl App {
    /// Shows new events. The state is saved with them before, and without them afterwards.
    pub(super) fn drain_events(&mut self, id: ContactId) {
        let has_events = |app: &Self| app.contacts.get(&id).is_some_and(|contact| contact.chat.has_events());
        // events that cannot be saved yet are shown later
        if !has_events(self) || !self.save(id) {
            return;
        }
        while let Some(event) = self.contacts.get_mut(&id).and_then(|contact| contact.chat.event()) {
            self.show_event(id, event);
        }
        self.save(id);
    }

    /// Called after a start: shows events that were not shown, and hashes complete files that were
    /// not hashed.
    pub(super) fn drain_all(&mut self) {
        let ids: Vec<_> = self.contacts.keys().copied().collect();
        for id in ids {
            self.drain_events(id);
            self.check_complete(id);
        }
    }

    fn show_event(&mut self, id: ContactId, event: Event) {
        match event {
            Event::Paired => {
                self.report();
                let name = self.name_of(id);
                self.notify(id, format!("paired with \"{name}\""));
                self.show_safety(id);
            }
            Event::PairingTampered => self.warn(id, "ignored a pairing message that was not made with your code"),
            Event::Text(text) => {
                self.remember(id, false, &text);
                self.push(Some(id), Kind::Theirs(self.name_of(id)), text);
            }
            Event::FileOffered(file) => self.file_offered(id, file),
            Event::FileAccepted(file) => self.about_ours(id, file, "is accepted"),
            Event::FileDeclined(file) => {
                self.about_ours(id, file, "is declined");
                self.end_outgoing(id, file);
            }
            Event::FileComplete(_) => self.check_complete(id),
            Event::FileReceived(file) => self.file_received(id, file),
            Event::FileSent(file) => {
                self.about_ours(id, file, "has arrived completely");
                self.end_outgoing(id, file);
            }
            Event::FileFailed { file, is_ours: true } => {
                let name = self.outgoing_name(id, file);
                self.warn(id, format!("file \"{name}\" arrived damaged"));
                self.end_outgoing(id, file);
            }
            Event::FileFailed { file, is_ours: false } => self.file_failed(id, file),
            Event::Tampered => {
                self.warn(
                    id,
                    "ignored a box that was changed in transit or is not from your friend; further ones are only counted",
                );
            }
            Event::Ended(ended) => self.show_end(id, ended),
            _ => {}
        }
    }
}
