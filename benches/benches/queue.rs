//! How many packets a second can a mix hold and release, and does it matter how many it holds?
//!
//! The hold model: delays of a second on average, every millisecond what is due goes out, and as many come in. One
//! element is one packet's insert and release. `ServerQueue` keeps its whole promise meanwhile (random order from a
//! ChaCha generator, lateness, counters); `BinaryHeap` and the wheel crate keep only the order of time.
#![allow(missing_docs, clippy::pedantic, clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a benchmark")]

use core::{cmp::Reverse, hint::black_box, time::Duration};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hierarchical_hash_wheel_timer::wheels::quad_wheel::{QuadWheelWithOverflow, no_prune};
use mixwell_mixdelay::{Instant, Limits, Queue, Rate, ServerQueue};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BinaryHeap;
use std::time;

const LIMITS: Limits = Limits::for_epoch_millis(20 * 60 * 1000);
const MEAN_MILLIS: f64 = 1000.0;
const HELD: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// What can hold packets.
trait Holds {
    fn insert(&mut self, now: u64, delay: u32, packet: u32);
    /// Goes to `now`, which is a millisecond after the last call, and takes what is due.
    fn release(&mut self, now: u64) -> u64;
}

struct Ours<Q>(Q, ChaCha8Rng);

impl Holds for Ours<ServerQueue<u32>> {
    fn insert(&mut self, now: u64, delay: u32, packet: u32) {
        let now = Instant::from_millis(now);
        assert!(self.0.insert(now, now, delay, packet, &mut self.1).is_none());
    }

    fn release(&mut self, now: u64) -> u64 {
        let now = Instant::from_millis(now);
        (0..).find(|_| black_box(self.0.poll(now, &mut self.1)).is_none()).unwrap()
    }
}

impl<const N: usize> Holds for Ours<Box<Queue<u32, N>>> {
    fn insert(&mut self, now: u64, delay: u32, packet: u32) {
        let now = Instant::from_millis(now);
        let _ = black_box(self.0.insert(now, now, delay, packet, &mut self.1));
    }

    fn release(&mut self, now: u64) -> u64 {
        let now = Instant::from_millis(now);
        (0..).find(|_| black_box(self.0.poll(now, &mut self.1)).is_none()).unwrap()
    }
}

impl Holds for BinaryHeap<Reverse<(u64, u32)>> {
    fn insert(&mut self, now: u64, delay: u32, packet: u32) {
        self.push(Reverse((now + u64::from(delay), packet)));
    }

    fn release(&mut self, now: u64) -> u64 {
        let mut released = 0;
        while self.peek().is_some_and(|Reverse((release, _))| *release <= now) {
            black_box(self.pop());
            released += 1;
        }
        released
    }
}

impl Holds for QuadWheelWithOverflow<u32> {
    fn insert(&mut self, _now: u64, delay: u32, packet: u32) {
        self.insert_with_delay(packet, Duration::from_millis(delay.into())).unwrap();
    }

    fn release(&mut self, _now: u64) -> u64 {
        black_box(self.tick()).len() as u64
    }
}

/// The wheel with the one thing a mix cannot do without: random order, from the same generator.
struct Shuffled(QuadWheelWithOverflow<u32>, ChaCha8Rng);

impl Holds for Shuffled {
    fn insert(&mut self, now: u64, delay: u32, packet: u32) {
        Holds::insert(&mut self.0, now, delay, packet);
    }

    fn release(&mut self, _now: u64) -> u64 {
        let mut due = self.0.tick();
        let count = due.len() as u64;
        while !due.is_empty() {
            let choice = (u64::from(self.1.next_u32()) * due.len() as u64) >> 32;
            black_box(due.swap_remove(choice as usize));
        }
        count
    }
}

fn bench_one(c: &mut Criterion, name: &str, held: usize, mut queue: impl Holds, delays: &[u32]) {
    let mut delays = delays.iter().copied().cycle();
    let mut now = 0;
    for packet in 0..held as u32 {
        queue.insert(now, delays.next().unwrap(), packet);
    }
    // Two means, so that the benchmark begins in the steady state.
    let mut step = || {
        now += 1;
        let released = queue.release(now);
        for packet in 0..released as u32 {
            queue.insert(now, delays.next().unwrap(), packet);
        }
        released
    };
    (0..2 * MEAN_MILLIS as u32).for_each(|_| _ = step());
    let mut group = c.benchmark_group("queue");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Elements(1));
    group.bench_function(BenchmarkId::new(name, held), |b| {
        b.iter_custom(|packets| {
            // A step releases as many as are due: time what it took, and scale it to the packets asked for.
            let (mut done, start) = (0, time::Instant::now());
            while done < packets {
                done += step();
            }
            start.elapsed().mul_f64(packets as f64 / done as f64)
        });
    });
    group.finish();
}

fn queue(c: &mut Criterion) {
    let rate = Rate::per_milli(1.0 / MEAN_MILLIS).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let delays: Vec<u32> = (0..1 << 20).map(|_| rate.hop_delay_millis(&mut rng)).collect();
    for held in HELD {
        let server = Ours(ServerQueue::new(LIMITS, 2 * held), ChaCha8Rng::seed_from_u64(2));
        bench_one(c, "ServerQueue", held, server, &delays);
        bench_one(c, "BinaryHeap", held, BinaryHeap::new(), &delays);
        let wheel = || QuadWheelWithOverflow::new(no_prune);
        bench_one(c, "hierarchical_hash_wheel_timer", held, wheel(), &delays);
        let shuffled = Shuffled(wheel(), ChaCha8Rng::seed_from_u64(5));
        bench_one(c, "hierarchical_hash_wheel_timer, random order", held, shuffled, &delays);
    }
    let fixed = Ours(Box::new(Queue::<u32, 1_000>::new(LIMITS)), ChaCha8Rng::seed_from_u64(3));
    bench_one(c, "Queue", 1_000, fixed, &delays);

    // A flood: every insert finds the queue full and draws a victim.
    let mut full = ServerQueue::new(LIMITS, 1_000_000);
    for (packet, delay) in (0..1_000_000).zip(delays.iter().cycle()) {
        let _ = full.insert(Instant::ZERO, Instant::ZERO, *delay, packet, &mut rng);
    }
    let mut delays = delays.iter().copied().cycle();
    c.bench_function("queue/ServerQueue full/1000000", |b| {
        b.iter(|| full.insert(Instant::ZERO, Instant::ZERO, delays.next().unwrap(), 7, &mut rng));
    });
}

fn sampler(c: &mut Criterion) {
    let rate = Rate::per_milli(0.005).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    c.bench_function("sample/hop_delay_millis", |b| b.iter(|| rate.hop_delay_millis(&mut rng)));
}

criterion_group!(benches, sampler, queue);
criterion_main!(benches);
