//! The rules by which a hop holds packets, over either storage.

use super::{DropReason, Dropped, Entry, Limits, Storage, Tally};
use crate::{Instant, rate::NANOS_PER_MILLI, time::Monotonic, uniform};
use core::marker::PhantomData;
use rand_core::CryptoRng;

pub(super) struct QueuePolicy<T, S> {
    storage: S,
    limits: Limits,
    time: Monotonic,
    /// The monotonic time of the last poll, and its millisecond.
    now: Instant,
    now_millis: u64,
    tally: Tally,
    packet: PhantomData<T>,
}

impl<T, S> QueuePolicy<T, S> {
    pub(super) const fn new(limits: Limits, storage: S) -> Self {
        Self {
            storage,
            limits,
            time: Monotonic::new(),
            now: Instant::ZERO,
            now_millis: 0,
            tally: Tally::new(),
            packet: PhantomData,
        }
    }

    pub(super) const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub(super) const fn tally(&self) -> Tally {
        self.tally
    }

    #[cfg(feature = "alloc")]
    pub(super) const fn storage_mut(&mut self) -> &mut S {
        &mut self.storage
    }
}

impl<T, S: Storage<T>> QueuePolicy<T, S> {
    pub(super) fn insert(
        &mut self,
        now: Instant,
        arrived: Instant,
        delay_millis: u32,
        packet: T,
        rng: &mut impl CryptoRng,
    ) -> Option<Dropped<T>> {
        self.tally.count_inserted();
        let waited = now.nanos_since(arrived);
        let now = self.time.observe(now);
        let delay = u64::from(delay_millis).saturating_mul(NANOS_PER_MILLI);
        if let Some(reason) = self.refusal(waited, delay_millis) {
            return Some(self.tally.drop(packet, reason));
        }
        let left = delay.saturating_sub(waited).max(NANOS_PER_MILLI);
        let entry = Entry { release: release(now.plus_nanos(left)), packet };
        if !self.storage.is_full() {
            self.storage.push(entry);
            return None;
        }
        let newest_stays = uniform::below(self.storage.len().saturating_add(1), rng) != 0;
        let unlucky = match newest_stays.then(|| self.storage.take_any(rng)).flatten() {
            Some(held) => {
                self.storage.push(entry);
                held
            }
            None => entry.packet,
        };
        Some(self.tally.drop(unlucky, DropReason::Full))
    }

    pub(super) fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> Option<Result<T, Dropped<T>>> {
        // Callers poll many times at one moment: only the first poll pays for the division.
        let now = self.time.observe(now);
        if now != self.now {
            (self.now, self.now_millis) = (now, now.as_millis());
        }
        let now = self.now_millis;
        self.storage.advance(now);
        let Entry { release, packet } = self.storage.take_due(rng)?;
        if now.saturating_sub(release) > self.limits.slack_millis {
            return Some(Err(self.tally.drop(packet, DropReason::Late)));
        }
        self.tally.count_sent();
        Some(Ok(packet))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.storage.next().map(|millis| self.time.on_clock(Instant::from_millis(millis)))
    }

    pub(super) fn len(&self) -> usize {
        self.storage.len()
    }

    /// The reason to refuse a packet on arrival; `waited` in nanoseconds.
    fn refusal(&self, waited: u64, delay_millis: u32) -> Option<DropReason> {
        if u64::from(delay_millis) > self.limits.delay_millis {
            Some(DropReason::TooLong)
        } else if waited > self.limits.unwrap_millis.saturating_mul(NANOS_PER_MILLI) {
            Some(DropReason::Unwrap)
        } else if delay_millis == 0 && waited >= NANOS_PER_MILLI {
            Some(DropReason::Expired)
        } else {
            None
        }
    }
}

/// `moment` in whole milliseconds, rounded up so that no packet leaves early; saturates at the end
/// of the range.
fn release(moment: Instant) -> u64 {
    moment.plus_nanos(NANOS_PER_MILLI.saturating_sub(1)).as_millis()
}
