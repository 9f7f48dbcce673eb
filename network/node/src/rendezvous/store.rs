//! The boxes of a rendezvous service: a fixed number, each for a fixed time; the oldest is evicted
//! first.

use crate::rendezvous::{BoxEvent, Counts};
use chacha20::ChaCha20Rng;
use core::fmt;
use mixwell_mixdelay::Instant;
use mixwell_net::rendezvous::{A_BOX, BoxId, Limits, NO_BOX, Request, Shape, id_of};
use rand_core::Rng as _;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};
use zeroize::Zeroize as _;

/// The boxes. All methods may be called from many threads.
pub struct Store {
    shape: Shape,
    life_nanos: u64,
    counts: Counts,
    held: Mutex<Held>,
}

struct Held {
    /// Oldest first, which is also the order in which they expire.
    boxes: VecDeque<Stored>,
    /// The number of the first box; the others follow in order.
    first: u64,
    /// The number of the box under an id.
    numbers: HashMap<BoxId, u64>,
    most: usize,
    /// Random bytes, returned when there is no box.
    filler: Box<[u8]>,
    rng: ChaCha20Rng,
}

struct Stored {
    id: BoxId,
    since: Instant,
    bytes: Box<[u8]>,
}

impl Store {
    /// An empty store. `rng` draws the bytes that are returned when there is no box.
    #[must_use]
    pub fn new(shape: Shape, limits: Limits, rng: ChaCha20Rng) -> Self {
        let most = limits.boxes.max(1);
        let held = Held {
            boxes: VecDeque::with_capacity(most),
            first: 0,
            numbers: HashMap::with_capacity(most),
            most,
            filler: vec![0; shape.box_len()].into_boxed_slice(),
            rng,
        };
        let life_nanos = u64::try_from(limits.life.as_nanos()).unwrap_or(u64::MAX);
        Self { shape, life_nanos, counts: Counts::default(), held: Mutex::new(held) }
    }

    /// Processes a request, and writes the reply to `room`, which must have [`Shape::reply_len`]
    /// bytes or more. The reply to a malformed request is empty.
    pub fn answer<'a>(&self, now: Instant, request: &[u8], room: &'a mut [u8]) -> &'a [u8] {
        if request.iter().fold(0, |all, byte| all | byte) == 0 {
            return &[];
        }
        let reply = room.get_mut(..self.shape.reply_len());
        let (Some(request), Some(reply)) = (Request::parse(request, self.shape), reply) else {
            self.counts.count(BoxEvent::Malformed);
            return &[];
        };
        let wanted = id_of(request.token);
        let held = &mut *self.held();
        self.expire(held, now, EACH_TIME);
        self.store(held, now, &request);
        self.read(held, now, &wanted, reply);
        reply
    }

    /// Removes expired boxes. Requests remove them too; call this regularly for quiet times.
    pub fn sweep(&self, now: Instant) {
        // release the lock in between, for the requests of other threads
        while self.expire(&mut self.held(), now, AT_ONCE) == AT_ONCE {}
    }

    /// Number of boxes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held().boxes.len()
    }

    /// Whether there are no boxes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counters of the store.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    fn store(&self, held: &mut Held, now: Instant, request: &Request<'_>) {
        if held.find(&request.id).is_some_and(|stored| self.is_alive(stored, now)) {
            self.counts.count(BoxEvent::Refused);
            return;
        }
        let oldest = held.boxes.front().filter(|_| held.boxes.len() >= held.most);
        let gone = oldest.map(|oldest| self.is_alive(oldest, now)).and_then(|was_alive| {
            self.counts.count(if was_alive { BoxEvent::Evicted } else { BoxEvent::Expired });
            held.pop()
        });
        let mut bytes = gone.unwrap_or_else(|| vec![0; self.shape.box_len()].into_boxed_slice());
        bytes.copy_from_slice(request.stored);
        held.push(Stored { id: request.id, since: now, bytes });
        self.counts.count(BoxEvent::Stored);
    }

    /// Takes the same steps whether the box is there or not.
    fn read(&self, held: &mut Held, now: Instant, wanted: &BoxId, reply: &mut [u8]) {
        held.rng.fill_bytes(&mut held.filler);
        let found = held.find(wanted).filter(|stored| self.is_alive(stored, now));
        let (status, bytes) = found.map_or((NO_BOX, &held.filler), |stored| (A_BOX, &stored.bytes));
        if found.is_some() {
            self.counts.count(BoxEvent::Read);
        }
        if let Some((first, rest)) = reply.split_first_mut() {
            *first = status;
            rest.copy_from_slice(bytes);
        }
    }

    /// Removes at most `max` expired boxes, and returns how many it removed.
    fn expire(&self, held: &mut Held, now: Instant, max: usize) -> usize {
        let mut expired: usize = 0;
        while expired < max && held.boxes.front().is_some_and(|oldest| !self.is_alive(oldest, now)) {
            if let Some(mut bytes) = held.pop() {
                bytes.zeroize();
            }
            self.counts.count(BoxEvent::Expired);
            expired += 1;
        }
        expired
    }

    const fn is_alive(&self, stored: &Stored, now: Instant) -> bool {
        now.nanos_since(stored.since) < self.life_nanos
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn find(&self, id: &BoxId) -> Option<&Stored> {
        let number = self.numbers.get(id)?.checked_sub(self.first)?;
        self.boxes.get(usize::try_from(number).ok()?)
    }

    fn push(&mut self, stored: Stored) {
        let number = self.first + self.boxes.len() as u64;
        self.numbers.insert(stored.id, number);
        self.boxes.push_back(stored);
    }

    /// Removes the oldest box.
    fn pop(&mut self) -> Option<Box<[u8]>> {
        let Stored { id, bytes, .. } = self.boxes.pop_front()?;
        // the id of an expired box may belong to a younger box by now
        if self.numbers.get(&id) == Some(&self.first) {
            self.numbers.remove(&id);
        }
        self.first += 1;
        Some(bytes)
    }
}

// boxes and ids are not printed
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({} boxes)", self.len())
    }
}

/// Number of expired boxes that one request removes. A request stores at most one box, so expired
/// boxes never accumulate.
const EACH_TIME: usize = 2;
const AT_ONCE: usize = 256;
