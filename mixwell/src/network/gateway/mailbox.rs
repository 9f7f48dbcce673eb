//! Replies that wait for their clients.

use crate::network::{counters::Loss, mix::Reply};
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

/// The replies for one client's queue, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    replies: Mutex<VecDeque<(Instant, Arc<Reply>)>>,
    ready: Notify,
}

/// The mailboxes of clients that are connected, or were not long ago.
#[derive(Debug)]
pub(crate) struct Mailboxes {
    boxes: Mutex<HashMap<RecipientId, Entry>>,
    /// Replies of all clients together, and the most there may be.
    stored: AtomicUsize,
    most: usize,
    most_each: usize,
    most_boxes: usize,
    keep: Duration,
}

#[derive(Debug)]
struct Entry {
    mailbox: Arc<Mailbox>,
    connections: usize,
    /// When the last of them ended.
    left: Instant,
}

impl Mailboxes {
    /// For `most` replies in all, `most_each` of a client, and as many clients; what nobody comes for is kept so long.
    pub(crate) fn new(most: usize, most_each: usize, most_boxes: usize, keep: Duration) -> Self {
        Self { boxes: Mutex::default(), stored: AtomicUsize::new(0), most, most_each, most_boxes, keep }
    }

    /// The mailbox of a client that connects. `None` if there are too many.
    pub(crate) fn connect(&self, queue: RecipientId) -> Option<Arc<Mailbox>> {
        let mut boxes = self.lock();
        if boxes.len() >= self.most_boxes && !boxes.contains_key(&queue) {
            return None;
        }
        let new = || Entry { mailbox: Arc::default(), connections: 0, left: Instant::ZERO };
        let entry = boxes.entry(queue).or_insert_with(new);
        entry.connections = entry.connections.saturating_add(1);
        Some(Arc::clone(&entry.mailbox))
    }

    /// The client has left.
    pub(crate) fn disconnect(&self, queue: RecipientId, now: Instant) {
        if let Some(entry) = self.lock().get_mut(&queue) {
            entry.connections = entry.connections.saturating_sub(1);
            entry.left = now;
        }
    }

    /// Stores a reply.
    pub(crate) fn store(&self, now: Instant, reply: Reply) -> Result<(), Loss> {
        let mailbox = match self.lock().get(&reply.recipient) {
            Some(entry) => Arc::clone(&entry.mailbox),
            None => return Err(Loss::Recipient),
        };
        let mut replies = mailbox.lock();
        if replies.len() >= self.most_each || self.stored.load(Ordering::Relaxed) >= self.most {
            return Err(Loss::MailboxFull);
        }
        self.stored.fetch_add(1, Ordering::Relaxed);
        replies.push_back((now, Arc::new(reply)));
        drop(replies);
        mailbox.ready.notify_one();
        Ok(())
    }

    /// Takes the oldest reply out of a mailbox, once the client has it.
    pub(crate) fn remove_first(&self, mailbox: &Mailbox, reply: &Arc<Reply>) {
        let mut replies = mailbox.lock();
        // it may have expired meanwhile
        if replies.front().is_some_and(|(_, first)| Arc::ptr_eq(first, reply)) {
            replies.pop_front();
            self.stored.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Forgets what nobody came for, and says how many replies that were.
    pub(crate) fn expire(&self, now: Instant) -> usize {
        let limit = u64::try_from(self.keep.as_nanos()).unwrap_or(u64::MAX);
        let old = |since: Instant| now.nanos_since(since) > limit;
        let mut expired = 0_usize;
        self.lock().retain(|_, entry| {
            let gone = entry.connections == 0 && old(entry.left);
            let mut replies = entry.mailbox.lock();
            while replies.front().is_some_and(|(since, _)| gone || old(*since)) {
                replies.pop_front();
                expired = expired.saturating_add(1);
            }
            !gone
        });
        self.stored.fetch_sub(expired, Ordering::Relaxed);
        expired
    }

    /// How many replies are stored.
    pub(crate) fn stored(&self) -> usize {
        self.stored.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RecipientId, Entry>> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox {
    /// Waits for the oldest reply; it stays.
    pub(crate) async fn first(&self) -> Arc<Reply> {
        loop {
            let first = self.lock().front().map(|(_, reply)| Arc::clone(reply));
            match first {
                Some(reply) => return reply,
                None => self.ready.notified().await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Arc<Reply>)>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::packet::Pool;
    use mixwell_sphinx::SurbId;

    const QUEUE: RecipientId = RecipientId([1; 32]);

    fn reply(pool: &Arc<Pool>, number: u8) -> Reply {
        Reply { recipient: QUEUE, surb_id: SurbId([number; 16]), packet: pool.take().unwrap() }
    }

    #[tokio::test]
    async fn replies_wait_in_order_until_they_are_taken_or_expire() {
        let pool = Pool::new(10, 1);
        let boxes = Mailboxes::new(4, 3, 1, Duration::from_mins(1));
        let now = Instant::from_millis;
        assert_eq!(boxes.store(now(0), reply(&pool, 1)), Err(Loss::Recipient));
        let mailbox = boxes.connect(QUEUE).unwrap();
        assert!(boxes.connect(RecipientId([2; 32])).is_none());
        for number in 1..4 {
            boxes.store(now(0), reply(&pool, number)).unwrap();
        }
        assert_eq!(boxes.store(now(0), reply(&pool, 4)), Err(Loss::MailboxFull));
        assert_eq!(mailbox.first().await.surb_id, SurbId([1; 16]));
        let first = mailbox.first().await;
        boxes.remove_first(&mailbox, &first);
        boxes.remove_first(&mailbox, &first);
        drop(first);
        assert_eq!(mailbox.first().await.surb_id, SurbId([2; 16]));
        assert_eq!((boxes.stored(), pool.lent()), (2, 2));
        // after a minute, with the client gone
        boxes.disconnect(QUEUE, now(1000));
        assert_eq!(boxes.expire(now(60_000)), 0);
        assert_eq!(boxes.expire(now(61_001)), 2);
        assert_eq!((boxes.stored(), pool.lent()), (0, 0));
        assert_eq!(boxes.store(now(0), reply(&pool, 1)), Err(Loss::Recipient));
    }
}
