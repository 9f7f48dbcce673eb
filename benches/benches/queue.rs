//! Packets per second that a mix can hold and release, for increasing numbers of packets held.
//!
//! The hold model: a mean delay of one second; every millisecond all due packets leave and as many
//! arrive. One element is one packet's insert and release. `ServerQueue` does all its work (random
//! order from a ChaCha generator, lateness checks, counters); `BinaryHeap` and the wheel crate only
//! order by time. Memory is the allocated bytes per packet held, for packets of 4 bytes.
//!
//! `cargo bench -p mixwell-benches --bench queue`; an argument is the maximum number of packets to
//! hold
#![allow(missing_docs, clippy::pedantic, clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a benchmark")]

use allocation_counter::measure;
use core::{
    cmp::Reverse,
    hint::black_box,
    iter::{Copied, Cycle},
    slice::Iter,
    time::Duration,
};
use hierarchical_hash_wheel_timer::wheels::quad_wheel::{QuadWheelWithOverflow, no_prune};
use mixwell_benches::side_by_side;
use mixwell_mixdelay::{Instant, Limits, Queue, Rate, ServerQueue};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BinaryHeap;
use std::time;

const LIMITS: Limits = Limits::for_epoch_millis(20 * 60 * 1000);
const MEAN_MILLIS: f64 = 1000.0;
/// Packets held, and rounds measured.
const LOADS: [(usize, usize); 5] = [(1_000, 100), (10_000, 50), (100_000, 30), (1_000_000, 10), (10_000_000, 3)];
/// Milliseconds of a round for wheels: one whole turn of the lowest level, so that all moves
/// between levels are included.
const WHEEL_ROUND: usize = 256;
/// Milliseconds of a round for heaps, and of the warm-up before the first. A heap has no levels and
/// exponential delays no memory, so a freshly filled heap is in its steady state.
const HEAP_ROUND: usize = 16;

/// A queue under test.
trait PacketQueue {
    fn insert(&mut self, now: u64, delay: u32, packet: u32);
    /// Releases all packets due at `now`, one millisecond after the last call, and returns their
    /// number.
    fn release(&mut self, now: u64) -> u64;
}

struct Ours<Q>(Q, ChaCha8Rng);

impl PacketQueue for Ours<ServerQueue<u32>> {
    fn insert(&mut self, now: u64, delay: u32, packet: u32) {
        let now = Instant::from_millis(now);
        assert!(self.0.insert(now, now, delay, packet, &mut self.1).is_none());
    }

    fn release(&mut self, now: u64) -> u64 {
        let now = Instant::from_millis(now);
        (0..).find(|_| black_box(self.0.poll(now, &mut self.1)).is_none()).unwrap()
    }
}

impl<const N: usize> PacketQueue for Ours<Box<Queue<u32, N>>> {
    fn insert(&mut self, now: u64, delay: u32, packet: u32) {
        let now = Instant::from_millis(now);
        let _ = black_box(self.0.insert(now, now, delay, packet, &mut self.1));
    }

    fn release(&mut self, now: u64) -> u64 {
        let now = Instant::from_millis(now);
        (0..).find(|_| black_box(self.0.poll(now, &mut self.1)).is_none()).unwrap()
    }
}

impl PacketQueue for BinaryHeap<Reverse<(u64, u32)>> {
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

impl PacketQueue for QuadWheelWithOverflow<u32> {
    fn insert(&mut self, _now: u64, delay: u32, packet: u32) {
        self.insert_with_delay(packet, Duration::from_millis(delay.into())).unwrap();
    }

    fn release(&mut self, _now: u64) -> u64 {
        black_box(self.tick()).len() as u64
    }
}

/// The wheel crate with random order of release, the one thing a mix cannot do without, from the
/// same generator.
struct Shuffled(QuadWheelWithOverflow<u32>, ChaCha8Rng);

impl PacketQueue for Shuffled {
    fn insert(&mut self, now: u64, delay: u32, packet: u32) {
        PacketQueue::insert(&mut self.0, now, delay, packet);
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

/// A queue in its steady state.
struct LoadedQueue<'a> {
    queue: Box<dyn PacketQueue>,
    delays: Cycle<Copied<Iter<'a, u32>>>,
    now: u64,
    round_millis: usize,
    bytes_per_packet: f64,
}

impl<'a> LoadedQueue<'a> {
    /// Fills a queue and warms it up: a wheel for two mean delays, a heap for one round.
    fn new(mut queue: Box<dyn PacketQueue>, round_millis: usize, held: usize, delays: &'a [u32]) -> Self {
        let mut cycle = delays.iter().copied().cycle();
        let mut this = None;
        let memory = measure(|| {
            for packet in 0..held as u32 {
                queue.insert(0, cycle.next().unwrap(), packet);
            }
            let mut loaded = Self { queue, delays: cycle, now: 0, round_millis, bytes_per_packet: 0.0 };
            let warm = if round_millis == WHEEL_ROUND { 2 * MEAN_MILLIS as usize } else { round_millis };
            (0..warm).for_each(|_| _ = loaded.step());
            this = Some(loaded);
        });
        let bytes_per_packet = memory.bytes_current as f64 / held as f64;
        Self { bytes_per_packet, ..this.unwrap() }
    }

    /// One millisecond: as many packets arrive as are released.
    fn step(&mut self) -> u64 {
        self.now += 1;
        let released = self.queue.release(self.now);
        for packet in 0..released as u32 {
            self.queue.insert(self.now, self.delays.next().unwrap(), packet);
        }
        released
    }

    /// Measures one round, in nanoseconds per packet.
    fn round(&mut self) -> f64 {
        let (mut done, start) = (0, time::Instant::now());
        for _ in 0..self.round_millis {
            done += self.step();
        }
        start.elapsed().as_nanos() as f64 / done as f64
    }
}

/// The minimum over the rounds of each queue, which take turns.
fn minima<const N: usize>(queues: &mut [LoadedQueue<'_>; N], rounds: usize) -> [f64; N] {
    let mut minima = [f64::INFINITY; N];
    for _ in 0..rounds {
        for (queue, minimum) in queues.iter_mut().zip(&mut minima) {
            *minimum = minimum.min(queue.round());
        }
    }
    minima
}

fn main() {
    let max_held = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000_000);
    let rate = Rate::per_milli(1.0 / MEAN_MILLIS).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let delays: Vec<u32> = (0..1 << 20).map(|_| rate.hop_delay_millis(&mut rng)).collect();

    println!("nanoseconds per insert and release, side by side; bytes of memory per packet held\n");
    println!(
        "{:>10} {:>12} {:>11} {:>12} {:>17} {:>18}",
        "held", "ServerQueue", "BinaryHeap", "wheel crate", "with random order", "bytes"
    );
    for (held, rounds) in LOADS.into_iter().filter(|(held, _)| *held <= max_held) {
        let wheel = || QuadWheelWithOverflow::new(no_prune);
        let queues: [(Box<dyn PacketQueue>, usize); 4] = [
            (Box::new(Ours(ServerQueue::new(LIMITS, 2 * held), ChaCha8Rng::seed_from_u64(2))), WHEEL_ROUND),
            (Box::new(BinaryHeap::new()), HEAP_ROUND),
            (Box::new(wheel()), WHEEL_ROUND),
            (Box::new(Shuffled(wheel(), ChaCha8Rng::seed_from_u64(5))), WHEEL_ROUND),
        ];
        let mut queues = queues.map(|(queue, round_millis)| LoadedQueue::new(queue, round_millis, held, &delays));
        let [ours, heap, wheel, shuffled] = minima(&mut queues, rounds);
        let [bytes @ .., _] = queues.map(|queue| format!("{:.0}", queue.bytes_per_packet));
        let bytes = bytes.join(" / ");
        println!("{held:>10} {ours:>12.1} {heap:>11.1} {wheel:>12.1} {shuffled:>17.1} {bytes:>18}");
    }

    let fixed = Ours(Box::new(Queue::<u32, 1_000>::new(LIMITS)), ChaCha8Rng::seed_from_u64(3));
    let [fixed] = minima(&mut [LoadedQueue::new(Box::new(fixed), WHEEL_ROUND, 500, &delays)], 20);
    println!("\nQueue of fixed capacity, 500 held: {fixed:.1} ns per insert and release");

    // A flood: every insert finds the queue full and drops a packet drawn at random.
    let mut full = ServerQueue::new(LIMITS, 1_000_000);
    for (packet, delay) in (0..1_000_000).zip(delays.iter().cycle()) {
        let _ = full.insert(Instant::ZERO, Instant::ZERO, *delay, packet, &mut rng);
    }
    let mut cycle = delays.iter().copied().cycle();
    let mut victims = rng.clone();
    let mut flood = || _ = black_box(full.insert(Instant::ZERO, Instant::ZERO, cycle.next().unwrap(), 7, &mut victims));
    let mut sample = || _ = black_box(rate.hop_delay_millis(&mut rng));
    let [flood, sample] = side_by_side([&mut flood, &mut sample]);
    println!(
        "ServerQueue, full with 10^6: {flood:.1} ns per insert that drops a packet\nhop delay: {sample:.1} ns per sample"
    );
}
