//! Holding packets at a hop (`docs/spec/mixdelay.md#holding-packets`).

mod array;
mod limits;
mod policy;
mod tally;
#[cfg(feature = "alloc")]
mod wheel;

pub use limits::Limits;
pub use tally::{DropReason, Dropped, Tally};

use crate::Instant;
use array::Array;
use core::fmt;
use policy::QueuePolicy;
use rand_core::CryptoRng;
#[cfg(feature = "alloc")]
use wheel::Wheel;

/// A packet and its release, in milliseconds.
struct Entry<T> {
    release: u64,
    packet: T,
}

/// The entries of a queue.
///
/// An entry waits until [`advance`](Self::advance) reaches its release; then it is due. `len`
/// counts both.
trait Storage<T> {
    fn len(&self) -> usize;
    fn is_full(&self) -> bool;
    /// Called only while the storage is not full.
    fn push(&mut self, entry: Entry<T>);
    /// Makes the entries due whose release is `now` or earlier; `now` never decreases.
    fn advance(&mut self, now: u64);
    /// Removes a uniformly random due entry.
    fn take_due(&mut self, rng: &mut impl CryptoRng) -> Option<Entry<T>>;
    /// Removes a uniformly random entry, due or waiting.
    fn take_any(&mut self, rng: &mut impl CryptoRng) -> Option<T>;
    /// A lower bound of the next release, in milliseconds; `Some(0)` if an entry is due already.
    fn next(&self) -> Option<u64>;
}

/// A queue of at most `N` packets, without an allocator.
///
/// A packet is any `T`, best a small handle: every insert and release moves `O(log N)` entries.
/// Memory: `N` times the size of `T` and 8 bytes, aligned.
///
/// ```
/// use mixwell_mixdelay::{Instant, Limits, Queue};
///
/// let mut rng = rand::rng();
/// let mut queue = Queue::<&str, 64>::new(Limits::for_epoch_millis(20 * 60 * 1000));
/// let arrived = Instant::from_millis(1000);
/// for packet in ["first", "second"] {
///     assert!(queue.insert(arrived, arrived, 50, packet, &mut rng).is_none(), "there is room");
/// }
/// assert_eq!(queue.poll(arrived.plus_millis(49), &mut rng), None);
/// // both are due now; which of them leaves first is random
/// let due = arrived.plus_millis(50);
/// assert_eq!(queue.poll_timeout(), Some(due));
/// assert!(matches!(queue.poll(due, &mut rng), Some(Ok("first" | "second"))));
/// assert_eq!((queue.len(), queue.tally().sent), (1, 1));
/// ```
pub struct Queue<T, const N: usize>(QueuePolicy<T, Array<T, N>>);

/// A queue for servers, with memory from the allocator.
///
/// A timing wheel of five levels with 256 slots each: a packet costs the same whether a thousand or
/// ten million are held. A packet is any `T`, best a small handle; each is moved up to six times
/// (twice, for delays of seconds).
///
/// ```
/// use mixwell_mixdelay::{DropReason, Instant, Limits, ServerQueue};
///
/// let mut rng = rand::rng();
/// let mut queue = ServerQueue::<usize>::new(Limits::for_epoch_millis(20 * 60 * 1000), 100_000);
/// queue.reserve(10_000); // nothing is allocated after this
/// let now = Instant::from_millis(1000);
/// for packet in 0..100_000 {
///     assert!(queue.insert(now, now, 200, packet, &mut rng).is_none());
/// }
/// // full: one of those held or the new one is dropped, and given back
/// let dropped = queue.insert(now, now, 200, 100_000, &mut rng).expect("the queue is full");
/// assert_eq!(dropped.reason, DropReason::Full);
/// ```
#[cfg(feature = "alloc")]
pub struct ServerQueue<T>(QueuePolicy<T, Wheel<T>>);

impl<T, const N: usize> Queue<T, N> {
    /// An empty queue.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self(QueuePolicy::new(limits, Array::new()))
    }
}

#[cfg(feature = "alloc")]
impl<T> ServerQueue<T> {
    /// An empty queue of at most `capacity` packets (and at most 2³²). Its memory grows as packets
    /// are inserted.
    #[must_use]
    pub fn new(limits: Limits, capacity: usize) -> Self {
        Self(QueuePolicy::new(limits, Wheel::new(capacity)))
    }

    /// Allocates the memory for a full queue at once: nothing is allocated later, unless more than
    /// `due` packets are due at a time, or packets wait past a multiple of 2⁴⁰ ms of the clock
    /// (every 35 years).
    pub fn reserve(&mut self, due: usize) {
        self.0.storage_mut().reserve(due);
    }
}

macro_rules! queue_methods {
    ($queue:ident<$packet:ident $(, $n:ident)?>) => {
        impl<$packet $(, const $n: usize)?> $queue<$packet $(, $n)?> {
            /// Holds a packet that arrived at `arrived` and was unwrapped by `now`, for
            /// `delay_millis` from its arrival, and at least for a millisecond.
            ///
            /// `now` is a monotonic clock's time at the call, here and in [`poll`](Self::poll);
            /// `arrived` is by the same clock.
            ///
            /// Returns the packet that is dropped, if one is: the new packet if the [`Limits`]
            /// refuse it; if the queue is full, a uniformly random one of those held and the new
            /// one. Uses `rng` only if the queue is full.
            #[must_use = "a dropped packet is the caller's to free"]
            pub fn insert(
                &mut self,
                now: Instant,
                arrived: Instant,
                delay_millis: u32,
                packet: $packet,
                rng: &mut impl CryptoRng,
            ) -> Option<Dropped<$packet>> {
                self.0.insert(now, arrived, delay_millis, packet, rng)
            }

            /// Removes a packet that is due: `Ok` to send it on, `Err` if it is too late for that.
            /// Call it until it returns `None`.
            ///
            /// The packets due at `now` leave in random order, whatever the order of their
            /// arrivals.
            pub fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> Option<Result<$packet, Dropped<$packet>>> {
                self.0.poll(now, rng)
            }

            /// When to call [`poll`](Self::poll) again: no packet is due earlier. `None` while the
            /// queue is empty.
            ///
            /// An insert can move it to an earlier time.
            #[must_use]
            pub fn poll_timeout(&self) -> Option<Instant> {
                self.0.poll_timeout()
            }

            /// Number of packets held, due ones included.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether no packet is held.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Counts of what happened to the packets: every packet inserted was sent, was dropped
            /// or is held.
            #[must_use]
            pub const fn tally(&self) -> Tally {
                self.0.tally()
            }

            /// Changes the limits for packets inserted from now on, for example when a consensus
            /// changes the epoch length.
            pub const fn set_limits(&mut self, limits: Limits) {
                self.0.set_limits(limits);
            }
        }

        impl<$packet $(, const $n: usize)?> fmt::Debug for $queue<$packet $(, $n)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($queue)).field("len", &self.len()).field("tally", &self.tally()).finish()
            }
        }
    };
}

queue_methods!(Queue<T, N>);
#[cfg(feature = "alloc")]
queue_methods!(ServerQueue<T>);
