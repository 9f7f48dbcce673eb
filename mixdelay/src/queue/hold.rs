//! The rules of a hop, over any store.

use super::{DropReason, Dropped, Entry, Limits, Store, Tally};
use crate::{Instant, rate::NANOS_PER_MILLI, time::Steady, uniform};
use core::marker::PhantomData;
use rand_core::CryptoRng;

pub(super) struct Hold<T, S> {
    store: S,
    limits: Limits,
    time: Steady,
    /// The steady moment of the last poll, and its millisecond.
    now: Instant,
    now_millis: u64,
    tally: Tally,
    packet: PhantomData<T>,
}

impl<T, S> Hold<T, S> {
    pub(super) const fn new(limits: Limits, store: S) -> Self {
        Self {
            store,
            limits,
            time: Steady::new(),
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
    pub(super) const fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }
}

impl<T, S: Store<T>> Hold<T, S> {
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
        if !self.store.is_full() {
            self.store.push(entry);
            return None;
        }
        let newest_stays = uniform::below(self.store.len().saturating_add(1), rng) != 0;
        let unlucky = match newest_stays.then(|| self.store.take_any(rng)).flatten() {
            Some(held) => {
                self.store.push(entry);
                held
            }
            None => entry.packet,
        };
        Some(self.tally.drop(unlucky, DropReason::Full))
    }

    pub(super) fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> Option<Result<T, Dropped<T>>> {
        // A caller polls many times at one moment: only the first divides.
        let now = self.time.observe(now);
        if now != self.now {
            (self.now, self.now_millis) = (now, now.as_millis());
        }
        let now = self.now_millis;
        self.store.advance(now);
        let Entry { release, packet } = self.store.take_due(rng)?;
        if now.saturating_sub(release) > self.limits.slack_millis {
            return Some(Err(self.tally.drop(packet, DropReason::Late)));
        }
        self.tally.count_sent();
        Some(Ok(packet))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.store.next().map(|millis| self.time.on_clock(Instant::from_millis(millis)))
    }

    pub(super) fn len(&self) -> usize {
        self.store.len()
    }

    /// Why a packet is not taken in at all; `waited` in nanoseconds.
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

/// The first whole millisecond that is not before `moment`; the last there is, at the end of time.
fn release(moment: Instant) -> u64 {
    moment.plus_nanos(NANOS_PER_MILLI.saturating_sub(1)).as_millis()
}
