//! Notes, warnings and questions for the user.

use crate::{
    app::{App, Asked, Update},
    folder::ContactId,
    lines::{Kind, Line},
    time,
};

impl App {
    pub(super) fn ask(&mut self, asked: Asked, question: &str) {
        self.question = Some(asked);
        self.update(Update::Question(Some(format!("{question} (yes/no)"))));
    }

    pub(super) fn note(&self, contact: impl Into<Option<ContactId>>, text: impl Into<String>) {
        self.push(contact.into(), Kind::Note, text.into());
    }

    /// Shows a note, highlighted while another contact is in view.
    pub(super) fn notify(&self, contact: ContactId, text: impl Into<String>) {
        self.push(Some(contact), Kind::News, text.into());
    }

    pub(super) fn warn(&self, contact: impl Into<Option<ContactId>>, text: impl Into<String>) {
        self.push(contact.into(), Kind::Warning, text.into());
    }

    pub(super) fn push(&self, contact: Option<ContactId>, kind: Kind, text: String) {
        self.update(Update::Line(contact, Line { time: time::now(), kind, text }));
    }

    pub(super) fn update(&self, update: Update) {
        // the view may have ended
        let _ = self.updates.send(update);
    }
}

pub(super) fn messages(count: u64) -> String {
    counted(count, "message")
}

/// As in `1 file` and `2 files`.
pub(super) fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
