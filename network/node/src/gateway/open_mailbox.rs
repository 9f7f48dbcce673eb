//! The mailbox of a connected client.

use crate::{
    counters::DropReason,
    gateway::{
        ClientId, Gateway,
        mailbox::{Mailbox, MailboxError},
    },
};
use mixwell_sphinx::RecipientId;
use std::sync::Arc;

/// A connected client's mailbox.
pub(super) struct OpenMailbox<'g> {
    gateway: &'g Gateway,
    queue: RecipientId,
    pub(super) mailbox: Arc<Mailbox>,
}

impl<'g> OpenMailbox<'g> {
    pub(super) fn open(gateway: &'g Gateway, queue: RecipientId, client: ClientId) -> Result<Self, MailboxError> {
        let (mailbox, dropped) = gateway.mailboxes.connect(queue, client)?;
        gateway.queue.counters().count_drops(DropReason::MailboxFull, dropped);
        Ok(Self { gateway, queue, mailbox })
    }
}

impl Drop for OpenMailbox<'_> {
    fn drop(&mut self) {
        self.gateway.mailboxes.disconnect(self.queue, self.gateway.stopwatch.now());
    }
}
