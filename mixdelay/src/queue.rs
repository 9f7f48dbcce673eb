//! Holding packets at a hop (`docs/spec/mixdelay.md#holding-packets`).

mod array;
mod hold;
mod limits;
mod tally;
#[cfg(feature = "alloc")]
mod wheel;

pub use limits::Limits;
pub use tally::{DropReason, Dropped, Tally};

use crate::Instant;
use array::Array;
use core::fmt;
use hold::Hold;
use rand_core::CryptoRng;
#[cfg(feature = "alloc")]
use wheel::Wheel;

/// A packet and the millisecond from which it may go.
struct Entry<T> {
    release: u64,
    packet: T,
}

/// What holds the entries of a queue.
///
/// An entry waits until [`advance`](Self::advance) reaches its release; then it is due. `len` counts both.
trait Store<T> {
    fn len(&self) -> usize;
    fn is_full(&self) -> bool;
    /// Called only while the store is not full.
    fn push(&mut self, entry: Entry<T>);
    /// Makes due what is to be released at `now` or before; `now` never goes down.
    fn advance(&mut self, now: u64);
    /// Takes one of the due entries, each as likely.
    fn take_due(&mut self, rng: &mut impl CryptoRng) -> Option<Entry<T>>;
    /// Takes one of all packets, each as likely.
    fn take_any(&mut self, rng: &mut impl CryptoRng) -> Option<T>;
    /// A millisecond at which advancing may make an entry due: none is before. `Some(0)` if one is due already.
    fn next(&self) -> Option<u64>;
}

/// A queue of at most `N` packets, without an allocator.
///
/// A packet is any `T`, best a small handle: entries are moved about, `O(log N)` of them for every insert and release.
/// Memory: `N` times the size of `T` and 8 bytes, aligned.
pub struct Queue<T, const N: usize>(Hold<T, Array<T, N>>);

/// A queue for servers, with memory from the allocator.
///
/// A timing wheel of five levels with 256 slots each: how much is done for a packet is the same whether a thousand or ten
/// million are held. A packet is any `T`, best a small handle; each is moved up to six times (twice, for delays of seconds).
#[cfg(feature = "alloc")]
pub struct ServerQueue<T>(Hold<T, Wheel<T>>);

impl<T, const N: usize> Queue<T, N> {
    /// An empty queue.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self(Hold::new(limits, Array::new()))
    }
}

#[cfg(feature = "alloc")]
impl<T> ServerQueue<T> {
    /// An empty queue of at most `capacity` packets (and at most 2³²). Its memory grows as packets come.
    #[must_use]
    pub fn new(limits: Limits, capacity: usize) -> Self {
        Self(Hold::new(limits, Wheel::new(capacity)))
    }

    /// Takes the memory for a full queue at once: nothing is allocated later, unless more than `due` packets are due at
    /// a time, or packets wait past a multiple of 2⁴⁰ ms of the clock (every 35 years).
    pub fn reserve(&mut self, due: usize) {
        self.0.store_mut().reserve(due);
    }
}

macro_rules! queue_methods {
    ($queue:ident<$packet:ident $(, $n:ident)?>) => {
        impl<$packet $(, const $n: usize)?> $queue<$packet $(, $n)?> {
            /// Takes in a packet that arrived at `arrived` and has been unwrapped by `now`.
            ///
            /// `now` is a monotonic clock's time at the call, here and in [`poll`](Self::poll); `arrived` is by the same
            /// clock.
            ///
            /// Its delay counts from its arrival, but it stays for a millisecond at least. Gives the packet that is
            /// dropped, if one is: this one, or when the queue is full, any of those held or this one, each as likely.
            /// Uses `rng` only when the queue is full.
            #[must_use = "a packet that was dropped is the caller's to free"]
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

            /// A packet that is due: `Ok` to send it on, `Err` if it is too late for that. Call it until it gives
            /// `None`.
            ///
            /// The packets due at `now` come out in random order, whatever order they came in.
            pub fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> Option<Result<$packet, Dropped<$packet>>> {
                self.0.poll(now, rng)
            }

            /// When to call [`poll`](Self::poll) again: no packet is due before. `None` while the queue is empty.
            ///
            /// An insert can make it earlier.
            #[must_use]
            pub fn poll_timeout(&self) -> Option<Instant> {
                self.0.poll_timeout()
            }

            /// How many packets are held, those due included.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether no packet is held.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// What has become of the packets: all that were inserted were sent, were dropped or are held.
            #[must_use]
            pub const fn tally(&self) -> Tally {
                self.0.tally()
            }

            /// Changes the limits, as for a consensus with another epoch, for what comes from now on.
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
