//! The model of what is on the screen: contacts, conversations, the connection.

use crate::{
    folder::ContactId,
    lines::{Kind, Line, Log},
    network::ConnectionStatus,
    time,
};
use mixwell_chat::{Counts, Ended, SafetyString, Transfer};
use std::collections::BTreeMap;

/// A contact as shown on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContactStatus {
    pub id: ContactId,
    /// The contact's unique name.
    pub name: String,
    pub phase: Phase,
    pub counts: Counts,
    pub transfers: Vec<TransferStatus>,
    /// Number of boxes that did not open.
    pub tampered: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Pairing,
    Talking {
        safety: SafetyString,
        is_verified: bool,
        /// Nothing has arrived from the friend for a long time.
        is_quiet: bool,
    },
    Over(Ended),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TransferStatus {
    pub is_ours: bool,
    pub transfer: Transfer,
}

/// The content of a view.
#[derive(Debug)]
pub(crate) struct Model {
    logs: BTreeMap<Option<ContactId>, Log>,
    unread: BTreeMap<ContactId, u64>,
    contacts: Vec<ContactStatus>,
    current: Option<ContactId>,
    is_ready: bool,
    pub connection: ConnectionStatus,
    /// Asked in place of the next line.
    pub question: Option<Question>,
}

/// A question to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub text: String,
    /// The answer is not shown.
    pub is_hidden: bool,
}

/// Maximum age of a new line, in seconds.
const RECENT: u64 = 5;

impl Model {
    pub(crate) const fn new() -> Self {
        Self {
            logs: BTreeMap::new(),
            unread: BTreeMap::new(),
            contacts: Vec::new(),
            current: None,
            is_ready: false,
            connection: ConnectionStatus::Connecting,
            question: None,
        }
    }

    /// The conversation in view.
    pub(crate) const fn current(&self) -> Option<ContactId> {
        self.current
    }

    pub(crate) fn current_contact(&self) -> Option<&ContactStatus> {
        self.contact(self.current?)
    }

    pub(crate) fn contact(&self, id: ContactId) -> Option<&ContactStatus> {
        self.contacts.iter().find(|contact| contact.id == id)
    }

    pub(crate) fn contacts(&self) -> &[ContactStatus] {
        &self.contacts
    }

    /// The lines in view; without a contact, only those of the program.
    pub(crate) fn log(&mut self) -> &mut Log {
        self.logs.entry(self.current).or_default()
    }

    pub(crate) fn unread(&self, id: ContactId) -> u64 {
        self.unread.get(&id).copied().unwrap_or(0)
    }

    pub(crate) fn unread_in_all(&self) -> u64 {
        self.unread.values().sum()
    }

    /// Adds a line to a conversation, or to the one in view.
    pub(crate) fn push(&mut self, contact: Option<ContactId>, line: Line) {
        let contact = contact.or(self.current);
        if let Some(id) = contact.filter(|id| Some(*id) != self.current)
            && matches!(line.kind, Kind::Theirs(_) | Kind::News | Kind::Warning)
            // not for a line from the history
            && line.time.saturating_add(RECENT) > time::now()
        {
            let unread = self.unread.entry(id).or_default();
            *unread += 1;
        }
        self.logs.entry(contact).or_default().push(line);
    }

    /// Whether all contacts are known.
    pub(crate) const fn is_ready(&self) -> bool {
        self.is_ready
    }

    pub(crate) fn select(&mut self, contact: Option<ContactId>) {
        self.is_ready = true;
        self.current = contact;
        contact.inspect(|id| {
            self.unread.remove(id);
        });
    }

    /// The contact at this distance in the list.
    pub(crate) fn neighbour(&self, places: isize) -> Option<ContactId> {
        let place = self.contacts.iter().position(|contact| Some(contact.id) == self.current);
        let last = self.contacts.len().saturating_sub(1);
        let next = place.map_or(0, |place| place.saturating_add_signed(places).min(last));
        self.contacts.get(next).map(|contact| contact.id)
    }

    pub(crate) fn set_contacts(&mut self, contacts: Vec<ContactStatus>) {
        self.unread.retain(|id, _| contacts.iter().any(|contact| contact.id == *id));
        self.contacts = contacts;
    }
}
