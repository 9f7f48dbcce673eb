//! Stored replies, by client.

#[cfg(test)]
mod tests;

use crate::{counters::DropReason, gateway::ClientId, mix::Reply};
use core::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use mixwell_mixdelay::Instant;
use mixwell_sphinx::RecipientId;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The stored replies of one queue id.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    replies: Mutex<Replies>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct Replies {
    /// Oldest first.
    waiting: VecDeque<(Instant, Arc<Reply>)>,
    /// The mailbox was removed from [`Mailboxes`]: a reply stored now would never be delivered.
    is_closed: bool,
}

/// The reason why a client gets no mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailboxError {
    /// The maximum number exists, and all their clients are connected.
    Full,
    /// The queue id is another client's.
    InUse,
}

/// The mailboxes of clients that are connected, or were not long ago.
#[derive(Debug)]
pub(crate) struct Mailboxes {
    boxes: Mutex<HashMap<RecipientId, Entry>>,
    /// Number of replies in all mailboxes.
    stored: AtomicUsize,
    max_replies: usize,
    max_per_mailbox: usize,
    max_boxes: usize,
    /// Time after which a reply, or the mailbox of a disconnected client, is dropped.
    lifetime: Duration,
}

#[derive(Debug)]
struct Entry {
    mailbox: Arc<Mailbox>,
    /// The client that opened it: another one with the same queue id does not get its replies.
    owner: ClientId,
    connections: usize,
    /// When a connection last ended.
    left: Instant,
}

impl Mailboxes {
    pub(crate) fn new(max_replies: usize, max_per_mailbox: usize, max_boxes: usize, lifetime: Duration) -> Self {
        let (boxes, stored) = (Mutex::default(), AtomicUsize::new(0));
        Self { boxes, stored, max_replies, max_per_mailbox, max_boxes, lifetime }
    }

    /// Opens the mailbox of a client that connects, and returns how many replies were dropped to
    /// make room: at the maximum, the mailbox of a disconnected client is removed, an empty one
    /// first, and then the one left longest ago.
    pub(crate) fn connect(&self, queue: RecipientId, owner: ClientId) -> Result<(Arc<Mailbox>, usize), MailboxError> {
        let mut boxes = self.lock();
        let mut dropped = 0;
        if boxes.len() >= self.max_boxes && !boxes.contains_key(&queue) {
            let left = boxes.iter().filter(|(_, entry)| entry.connections == 0);
            let first = left.min_by_key(|(_, entry)| (!entry.mailbox.lock().waiting.is_empty(), entry.left));
            let first = *first.ok_or(MailboxError::Full)?.0;
            dropped = boxes.remove(&first).map_or(0, |entry| entry.mailbox.close());
            self.stored.fetch_sub(dropped, Ordering::Relaxed);
        }
        let new = || Entry { mailbox: Arc::default(), owner, connections: 0, left: Instant::ZERO };
        let entry = boxes.entry(queue).or_insert_with(new);
        if entry.owner != owner {
            return Err(MailboxError::InUse);
        }
        entry.connections += 1;
        Ok((Arc::clone(&entry.mailbox), dropped))
    }

    /// A connection of the client has ended.
    pub(crate) fn disconnect(&self, queue: RecipientId, now: Instant) {
        if let Some(entry) = self.lock().get_mut(&queue) {
            entry.connections = entry.connections.saturating_sub(1);
            entry.left = now;
        }
    }

    /// Stores a reply, and returns how many others were dropped to make room: at the maximum, the
    /// oldest reply of the client that left longest ago is dropped.
    pub(crate) fn store(&self, now: Instant, reply: Reply) -> Result<usize, DropReason> {
        let mailbox = match self.lock().get(&reply.recipient) {
            Some(entry) => Arc::clone(&entry.mailbox),
            None => return Err(DropReason::Recipient),
        };
        if mailbox.lock().waiting.len() >= self.max_per_mailbox {
            return Err(DropReason::MailboxFull);
        }
        let is_full = self.stored.load(Ordering::Relaxed) >= self.max_replies;
        if is_full && !self.drop_one() {
            return Err(DropReason::MailboxFull);
        }
        let mut replies = mailbox.lock();
        if replies.is_closed {
            return Err(DropReason::Recipient);
        }
        self.stored.fetch_add(1, Ordering::Relaxed);
        replies.waiting.push_back((now, Arc::new(reply)));
        drop(replies);
        mailbox.ready.notify_one();
        Ok(usize::from(is_full))
    }

    /// Drops the oldest reply of the client that left longest ago; false if no disconnected client
    /// has a reply.
    fn drop_one(&self) -> bool {
        let boxes = self.lock();
        let left = boxes.values().filter(|entry| entry.connections == 0 && !entry.mailbox.lock().waiting.is_empty());
        left.min_by_key(|entry| entry.left).is_some_and(|entry| {
            let dropped = entry.mailbox.lock().waiting.pop_front().is_some();
            self.stored.fetch_sub(usize::from(dropped), Ordering::Relaxed);
            dropped
        })
    }

    /// Removes the oldest reply from a mailbox, after its acknowledgement. False if it has expired
    /// before.
    pub(crate) fn remove_first(&self, mailbox: &Mailbox, reply: &Arc<Reply>) -> bool {
        let mut replies = mailbox.lock();
        let is_there = replies.waiting.front().is_some_and(|(_, first)| Arc::ptr_eq(first, reply));
        if is_there {
            replies.waiting.pop_front();
            self.stored.fetch_sub(1, Ordering::Relaxed);
        }
        is_there
    }

    /// Drops expired replies and the mailboxes of clients that left long ago, and returns the
    /// number of replies dropped.
    pub(crate) fn expire(&self, now: Instant) -> usize {
        let limit = u64::try_from(self.lifetime.as_nanos()).unwrap_or(u64::MAX);
        let old = |since: Instant| now.nanos_since(since) > limit;
        let mut expired = 0_usize;
        self.lock().retain(|_, entry| {
            let gone = entry.connections == 0 && old(entry.left);
            if gone {
                expired += entry.mailbox.close();
            }
            let mut replies = entry.mailbox.lock();
            while replies.waiting.front().is_some_and(|(since, _)| old(*since)) {
                replies.waiting.pop_front();
                expired += 1;
            }
            !gone
        });
        self.stored.fetch_sub(expired, Ordering::Relaxed);
        expired
    }

    /// Number of replies stored for connected clients.
    pub(crate) fn awaited(&self) -> usize {
        let boxes = self.lock();
        let connected = boxes.values().filter(|entry| entry.connections > 0);
        connected.map(|entry| entry.mailbox.lock().waiting.len()).sum()
    }

    /// Number of stored replies.
    pub(crate) fn stored(&self) -> usize {
        self.stored.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RecipientId, Entry>> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox {
    /// Waits for the oldest reply, without removing it.
    pub(crate) async fn first(&self) -> Arc<Reply> {
        loop {
            match self.oldest() {
                Some(reply) => return reply,
                None => self.ready.notified().await,
            }
        }
    }

    /// The oldest reply, if there is one, without removing it.
    pub(crate) fn oldest(&self) -> Option<Arc<Reply>> {
        self.lock().waiting.front().map(|(_, reply)| Arc::clone(reply))
    }

    /// Closes the mailbox, and returns how many replies were in it.
    fn close(&self) -> usize {
        let mut replies = self.lock();
        replies.is_closed = true;
        replies.waiting.drain(..).count()
    }

    fn lock(&self) -> MutexGuard<'_, Replies> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
