//! The status of each contact, and its display.

use crate::{
    app::{App, Contact, Update, history_key, messages},
    folder::ContactId,
    lines::{Kind, Line},
    model::{ContactStatus, Phase, TransferStatus},
};

impl App {
    /// Reports the contacts if their status has changed.
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

    /// A contact's name, made unique.
    pub(super) fn name_of(&self, id: ContactId) -> String {
        let Some(contact) = self.contacts.get(&id) else { return String::new() };
        let Some(name) = own_name(contact) else { return format!("pairing {}", id.0) };
        let is_shared = self.contacts.iter().any(|(other, contact)| *other != id && own_name(contact) == Some(name));
        if is_shared { format!("{name} ({})", id.0) } else { name.to_owned() }
    }

    /// The contact with this name; case is ignored.
    pub(super) fn find_contact(&self, name: &str) -> Option<ContactId> {
        let name = name.to_lowercase();
        self.contacts.keys().copied().find(|id| self.name_of(*id).to_lowercase() == name)
    }

    pub(super) fn show_status(&mut self) {
        if self.folder.was_open() {
            self.warn(None, "other users could read the folder until now; only you can from now on");
        }
        if self.contacts.is_empty() {
            self.note(
                None,
                "no contacts yet: /code makes a code for a friend, /code WORDS enters theirs; /help shows more",
            );
        }
        let ids: Vec<_> = self.contacts.keys().copied().collect();
        for id in ids {
            let Some(contact) = self.contacts.get(&id) else { continue };
            match (contact.chat.friend().is_some(), contact.chat.ended()) {
                (_, Some(ended)) => self.show_end(id, ended),
                (false, None) => self.note(id, "a pairing is in progress; /forget cancels it"),
                (true, None) => {
                    let counts = contact.chat.counts();
                    let (name, unread) = (self.name_of(id), counts.queued.saturating_sub(counts.read));
                    let rest = if unread > 0 { format!("; {} not read yet", messages(unread)) } else { String::new() };
                    self.note(id, format!("you are talking with \"{name}\"{rest}"));
                }
            }
        }
    }

    /// Shows the last lines of each contact's history.
    pub(super) fn show_earlier(&mut self) {
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
}

/// The name that the user gave a contact, else the one that the friend chose.
fn own_name(contact: &Contact) -> Option<&str> {
    contact.alias.as_deref().or_else(|| contact.chat.friend())
}

/// Ticks without a box after which a friend counts as quiet.
pub(super) const QUIET_TICKS: u64 = 120;

/// Maximum number of lines of earlier runs that are shown.
const MAX_EARLIER: usize = 1000;
