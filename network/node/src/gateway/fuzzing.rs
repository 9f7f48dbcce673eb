//! Access to mailboxes for fuzz targets, built only under `cfg(fuzzing)`.

use crate::{
    buffer_pool::Pool,
    gateway::{ClientId, Mailboxes, mailbox::Mailbox},
    mix::Reply,
};
use core::{fmt, time::Duration};
use mixwell_mixdelay::Instant;
use mixwell_net::keys::PeerClaim;
use mixwell_sphinx::{RecipientId, SurbId};
use std::sync::Arc;

/// Mailboxes and their packet buffers.
pub struct FuzzedMailboxes {
    boxes: Mailboxes,
    pool: Arc<Pool>,
}

/// A connected client.
pub struct FuzzedClient {
    queue: RecipientId,
    mailbox: Arc<Mailbox>,
}

impl FuzzedMailboxes {
    /// Mailboxes with limits on replies in all, replies of one client, and clients. Replies that
    /// are not fetched expire after `keep`.
    #[must_use]
    pub fn new(max: usize, max_each: usize, max_boxes: usize, keep: Duration) -> Self {
        Self { boxes: Mailboxes::new(max, max_each, max_boxes, keep), pool: Pool::new(max + 1, 1) }
    }

    /// Connects a client. Returns the number of replies dropped for it, or `None` if it gets no
    /// mailbox.
    pub fn connect(&self, queue: u8, link_key: u8) -> Option<(FuzzedClient, usize)> {
        let queue = RecipientId([queue; 32]);
        let client = ClientId::of(&PeerClaim { ad: queue.as_bytes(), link_key: &[link_key; 32] });
        let (mailbox, dropped) = self.boxes.connect(queue, client).ok()?;
        Some((FuzzedClient { queue, mailbox }, dropped))
    }

    /// Disconnects a client.
    pub fn disconnect(&self, client: &FuzzedClient, millis: u64) {
        self.boxes.disconnect(client.queue, Instant::from_millis(millis));
    }

    /// Stores a reply. Returns the number of others dropped for it, or `None` if it was not stored.
    pub fn store(&self, queue: u8, millis: u64) -> Option<usize> {
        let packet = self.pool.take()?;
        let reply = Reply { recipient: RecipientId([queue; 32]), surb_id: SurbId([0; 16]), packet };
        self.boxes.store(Instant::from_millis(millis), reply).ok()
    }

    /// Acknowledges the client's oldest reply; false if there is none.
    pub fn acknowledge(&self, client: &FuzzedClient) -> bool {
        let oldest = client.mailbox.oldest();
        oldest.is_some_and(|reply| self.boxes.remove_first(&client.mailbox, &reply))
    }

    /// Drops expired replies and returns their number.
    pub fn expire(&self, millis: u64) -> usize {
        self.boxes.expire(Instant::from_millis(millis))
    }

    /// Numbers of replies in all mailboxes, of replies for connected clients, and of packet buffers
    /// in use.
    #[must_use]
    pub fn stored_awaited_lent(&self) -> (usize, usize, usize) {
        (self.boxes.stored(), self.boxes.awaited(), self.pool.lent())
    }
}

impl fmt::Debug for FuzzedMailboxes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FuzzedMailboxes({})", self.boxes.stored())
    }
}

impl fmt::Debug for FuzzedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FuzzedClient(..)")
    }
}
