//! A minimal model queue, run beside a real queue by property tests and the fuzz target.

use mixwell_mixdelay::{DropReason, Dropped, Instant, Limits, Queue, ServerQueue, Tally};
use rand_core::CryptoRng;

/// One step of a test run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    /// Insert a packet that arrived `waited` nanoseconds ago (in the future if negative).
    Insert { waited: i64, delay_millis: u32 },
    /// Move the clock, forward or back.
    Step { nanos: i64 },
    /// Set the clock.
    Jump { nanos: u64 },
    /// Poll up to `times` times.
    Poll { times: u8 },
}

pub(crate) trait AnyQueue {
    fn insert(
        &mut self,
        now: Instant,
        arrived: Instant,
        delay: u32,
        id: u64,
        rng: &mut impl CryptoRng,
    ) -> Option<Dropped<u64>>;
    fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> Option<Result<u64, Dropped<u64>>>;
    fn poll_timeout(&self) -> Option<Instant>;
    fn len(&self) -> usize;
    fn tally(&self) -> Tally;
}

macro_rules! any_queue {
    ($queue:ty $(, $n:ident)?) => {
        impl $(<const $n: usize>)? AnyQueue for $queue {
            fn insert(&mut self, now: Instant, arrived: Instant, delay: u32, id: u64, rng: &mut impl CryptoRng) -> Option<Dropped<u64>> {
                <$queue>::insert(self, now, arrived, delay, id, rng)
            }
            fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> Option<Result<u64, Dropped<u64>>> {
                <$queue>::poll(self, now, rng)
            }
            fn poll_timeout(&self) -> Option<Instant> {
                <$queue>::poll_timeout(self)
            }
            fn len(&self) -> usize {
                <$queue>::len(self)
            }
            fn tally(&self) -> Tally {
                <$queue>::tally(self)
            }
        }
    };
}
any_queue!(Queue<u64, N>, N);
any_queue!(ServerQueue<u64>);

const MILLI: u128 = 1_000_000;
/// The queue waits out a backward clock step that is smaller than this.
const JITTER: u128 = 1_000_000_000;
/// The last whole millisecond of the range.
const LAST: u128 = u64::MAX as u128 / MILLI;

/// The expected contents of the queue: packet numbers and releases, in milliseconds of monotonic
/// time.
struct Model {
    held: Vec<(u64, u128)>,
    clock: u64,
    steady: u128,
    behind: u128,
    inserted: u64,
}

impl Model {
    fn observe(&mut self) {
        let now = (u128::from(self.clock) + self.behind).min(u64::MAX.into());
        if self.steady.saturating_sub(now) >= JITTER {
            self.behind += self.steady - now;
        }
        self.steady = self.steady.max(now);
    }

    fn remove(&mut self, id: u64) -> u128 {
        let at = self.held.iter().position(|(held, _)| *held == id).expect("the packet was held");
        self.held.swap_remove(at).1
    }
}

/// Runs the operations on both and compares everything that is observable.
pub(crate) fn run(
    queue: &mut impl AnyQueue,
    capacity: usize,
    limits: Limits,
    operations: &[Operation],
    rng: &mut impl CryptoRng,
) {
    let mut model = Model { held: Vec::new(), clock: 0, steady: 0, behind: 0, inserted: 0 };
    let mut counts = Tally::default();
    for operation in operations {
        match *operation {
            Operation::Step { nanos } => model.clock = model.clock.saturating_add_signed(nanos),
            Operation::Jump { nanos } => model.clock = nanos,
            Operation::Insert { waited, delay_millis } => {
                insert(queue, capacity, limits, (waited, delay_millis), &mut model, &mut counts, rng);
            }
            Operation::Poll { times } => {
                for _ in 0..times {
                    if !poll(queue, limits, &mut model, &mut counts, rng) {
                        break;
                    }
                }
            }
        }
        check(queue, &model, counts);
    }
    // At the end of time everything comes out.
    model.clock = u64::MAX;
    while poll(queue, limits, &mut model, &mut counts, rng) {}
    assert!(model.held.is_empty());
    check(queue, &model, counts);
    assert_eq!(counts.inserted, counts.sent + counts.dropped());
}

fn insert(
    queue: &mut impl AnyQueue,
    capacity: usize,
    limits: Limits,
    (waited, delay): (i64, u32),
    model: &mut Model,
    counts: &mut Tally,
    rng: &mut impl CryptoRng,
) {
    let arrived = model.clock.saturating_add_signed(waited.saturating_neg());
    let waited = u128::from(model.clock.saturating_sub(arrived));
    model.observe();
    let (id, full) = (model.inserted, model.held.len() == capacity);
    model.inserted += 1;
    counts.inserted += 1;
    let dropped = queue.insert(Instant::from_nanos(model.clock), Instant::from_nanos(arrived), delay, id, rng);
    let expected = if u64::from(delay) > limits.delay_millis {
        counts.too_long += 1;
        Some(DropReason::TooLong)
    } else if waited > u128::from(limits.unwrap_millis) * MILLI {
        counts.unwrap += 1;
        Some(DropReason::Unwrap)
    } else if delay == 0 && waited >= MILLI {
        counts.expired += 1;
        Some(DropReason::Expired)
    } else {
        let left = (u128::from(delay) * MILLI).saturating_sub(waited).max(MILLI);
        model.held.push((id, (model.steady + left).div_ceil(MILLI).min(LAST)));
        counts.full += u64::from(full);
        full.then_some(DropReason::Full)
    };
    assert_eq!(dropped.map(|dropped| dropped.reason), expected);
    match dropped {
        Some(Dropped { packet, reason: DropReason::Full }) => _ = model.remove(packet),
        Some(Dropped { packet, .. }) => assert_eq!(packet, id),
        None => {}
    }
}

fn poll(
    queue: &mut impl AnyQueue,
    limits: Limits,
    model: &mut Model,
    counts: &mut Tally,
    rng: &mut impl CryptoRng,
) -> bool {
    model.observe();
    let now = model.steady / MILLI;
    match queue.poll(Instant::from_nanos(model.clock), rng) {
        None => {
            assert!(model.held.iter().all(|(_, release)| *release > now), "every due packet is released");
            return false;
        }
        Some(Ok(id)) => {
            let release = model.remove(id);
            assert!(release <= now && now - release <= limits.slack_millis.into());
            counts.sent += 1;
        }
        Some(Err(Dropped { packet, reason })) => {
            assert_eq!(reason, DropReason::Late);
            let release = model.remove(packet);
            assert!(release <= now && now - release > limits.slack_millis.into());
            counts.late += 1;
        }
    }
    true
}

fn check(queue: &impl AnyQueue, model: &Model, counts: Tally) {
    assert_eq!(queue.len(), model.held.len());
    assert_eq!(queue.tally(), counts);
    let earliest = model.held.iter().map(|(_, release)| *release).min();
    let timeout = queue.poll_timeout().map(|timeout| u128::from(timeout.as_nanos()));
    assert_eq!(timeout.is_some(), earliest.is_some());
    if let (Some(timeout), Some(earliest)) = (timeout, earliest) {
        assert!(timeout <= (earliest * MILLI).saturating_sub(model.behind), "nothing is due before the timeout");
    }
}
