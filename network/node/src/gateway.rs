//! What a gateway does for clients: mailboxes, and how much they may send.

mod bucket;
mod client_id;
mod gzip;
mod mailbox;

pub(crate) use bucket::Bucket;
pub(crate) use client_id::ClientId;
pub use gzip::gzip;
pub(crate) use mailbox::{Mailbox, MailboxError, Mailboxes};
