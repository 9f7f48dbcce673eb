//! How many packets a second can a mix hold and release, and does it matter how many it holds?
//!
//! The hold model: delays of a second on average, every millisecond what is due goes out, and as many come in. One
//! element is one packet's insert and release. `ServerQueue` keeps its whole promise meanwhile (random order from a
//! ChaCha generator, lateness, counters); `BinaryHeap` and the wheel crate keep only the order of time. Memory is what
//! each asked the allocator for and has not given back, for a packet of 4 bytes.
//!
//! `cargo bench -p mixwell-benches --bench queue`, and a number to hold no more than that
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
/// How many are held, and how many turns are taken.
const HELD: [(usize, usize); 5] = [(1_000, 100), (10_000, 50), (100_000, 30), (1_000_000, 10), (10_000_000, 3)];
/// Milliseconds of a wheel's turn: all that moves between levels is in it.
const WHEEL_TURN: usize = 256;
/// Milliseconds of a heap's turn, and before the first. A heap has no levels, and exponential delays no memory: what was
/// put into it at once is its steady state.
const HEAP_TURN: usize = 16;

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

/// A queue that holds packets in the steady state.
struct Held<'a> {
    queue: Box<dyn Holds>,
    delays: Cycle<Copied<Iter<'a, u32>>>,
    now: u64,
    turn: usize,
    bytes_a_packet: f64,
}

impl<'a> Held<'a> {
    /// Fills a queue, and lets a wheel go round once for two means, a heap for a turn.
    fn new(mut queue: Box<dyn Holds>, turn: usize, held: usize, delays: &'a [u32]) -> Self {
        let mut cycle = delays.iter().copied().cycle();
        let mut this = None;
        let memory = measure(|| {
            for packet in 0..held as u32 {
                queue.insert(0, cycle.next().unwrap(), packet);
            }
            let mut held = Self { queue, delays: cycle, now: 0, turn, bytes_a_packet: 0.0 };
            let warm = if turn == WHEEL_TURN { 2 * MEAN_MILLIS as usize } else { turn };
            (0..warm).for_each(|_| _ = held.step());
            this = Some(held);
        });
        let bytes_a_packet = memory.bytes_current as f64 / held as f64;
        Self { bytes_a_packet, ..this.unwrap() }
    }

    /// A millisecond: as many come as go.
    fn step(&mut self) -> u64 {
        self.now += 1;
        let released = self.queue.release(self.now);
        for packet in 0..released as u32 {
            self.queue.insert(self.now, self.delays.next().unwrap(), packet);
        }
        released
    }

    /// Nanoseconds a packet.
    fn turn(&mut self) -> f64 {
        let (mut done, start) = (0, time::Instant::now());
        for _ in 0..self.turn {
            done += self.step();
        }
        start.elapsed().as_nanos() as f64 / done as f64
    }
}

/// The least of the turns of each queue, taken one after the other.
fn least<const N: usize>(queues: &mut [Held<'_>; N], turns: usize) -> [f64; N] {
    let mut least = [f64::INFINITY; N];
    for _ in 0..turns {
        for (queue, least) in queues.iter_mut().zip(&mut least) {
            *least = least.min(queue.turn());
        }
    }
    least
}

fn main() {
    let most = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000_000);
    let rate = Rate::per_milli(1.0 / MEAN_MILLIS).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let delays: Vec<u32> = (0..1 << 20).map(|_| rate.hop_delay_millis(&mut rng)).collect();

    println!("nanoseconds an insert and release, side by side; bytes of memory for each packet held\n");
    println!(
        "{:>10} {:>12} {:>11} {:>12} {:>17} {:>18}",
        "held", "ServerQueue", "BinaryHeap", "wheel crate", "and random order", "bytes"
    );
    for (held, turns) in HELD.into_iter().filter(|(held, _)| *held <= most) {
        let wheel = || QuadWheelWithOverflow::new(no_prune);
        let queues: [(Box<dyn Holds>, usize); 4] = [
            (Box::new(Ours(ServerQueue::new(LIMITS, 2 * held), ChaCha8Rng::seed_from_u64(2))), WHEEL_TURN),
            (Box::new(BinaryHeap::new()), HEAP_TURN),
            (Box::new(wheel()), WHEEL_TURN),
            (Box::new(Shuffled(wheel(), ChaCha8Rng::seed_from_u64(5))), WHEEL_TURN),
        ];
        let mut queues = queues.map(|(queue, turn)| Held::new(queue, turn, held, &delays));
        let [ours, heap, wheel, shuffled] = least(&mut queues, turns);
        let [bytes @ .., _] = queues.map(|queue| format!("{:.0}", queue.bytes_a_packet));
        let bytes = bytes.join(" / ");
        println!("{held:>10} {ours:>12.1} {heap:>11.1} {wheel:>12.1} {shuffled:>17.1} {bytes:>18}");
    }

    let fixed = Ours(Box::new(Queue::<u32, 1_000>::new(LIMITS)), ChaCha8Rng::seed_from_u64(3));
    let [fixed] = least(&mut [Held::new(Box::new(fixed), WHEEL_TURN, 500, &delays)], 20);
    println!("\nQueue of fixed capacity, 500 held: {fixed:.1} ns an insert and release");

    // A flood: every insert finds the queue full and draws a victim.
    let mut full = ServerQueue::new(LIMITS, 1_000_000);
    for (packet, delay) in (0..1_000_000).zip(delays.iter().cycle()) {
        let _ = full.insert(Instant::ZERO, Instant::ZERO, *delay, packet, &mut rng);
    }
    let mut cycle = delays.iter().copied().cycle();
    let mut victims = rng.clone();
    let mut flood = || _ = black_box(full.insert(Instant::ZERO, Instant::ZERO, cycle.next().unwrap(), 7, &mut victims));
    let mut sample = || _ = black_box(rate.hop_delay_millis(&mut rng));
    let [flood, sample] = side_by_side([&mut flood, &mut sample]);
    println!("ServerQueue, full with 10^6: {flood:.1} ns an insert that drops one\nhop delay: {sample:.1} ns a sample");
}
