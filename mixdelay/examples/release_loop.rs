//! A mix's loop: one thread receives packets, another sends each of them at its release.
//!
//! ```sh
//! cargo run --example release_loop --features alloc
//! ```

use core::{error::Error, time::Duration};
use mixwell_mixdelay::{Instant, Limits, Rate, ServerQueue};
use std::{
    sync::{Condvar, Mutex, PoisonError},
    thread,
};

/// A packet is a handle; here, its number.
type Packet = u32;

const PACKETS: Packet = 200;

/// Packets that are held, and a bell that rings when the next release has moved.
struct Mix {
    queue: Mutex<ServerQueue<Packet>>,
    next_release_moved: Condvar,
    start: std::time::Instant,
}

fn main() -> Result<(), Box<dyn Error>> {
    // what the consensus publishes: a mean delay of 50 ms
    let mu = Rate::per_milli(0.02)?;
    let mut queue = ServerQueue::new(Limits::for_epoch_millis(20 * 60 * 1000), 10_000);
    queue.reserve(1000);
    let mix = Mix { queue: Mutex::new(queue), next_release_moved: Condvar::new(), start: std::time::Instant::now() };

    thread::scope(|scope| {
        scope.spawn(|| mix.receive(&mu));
        let sender = scope.spawn(|| mix.send());
        let order = sender.join().map_err(|_| "the sender panicked")?;
        let out_of_order = order.iter().zip(order.iter().skip(1)).filter(|(packet, next)| packet > next).count();
        println!("{} packets sent, {out_of_order} of them before an earlier one", order.len());
        Ok(())
    })
}

impl Mix {
    /// The queue's clock: time since the program's start.
    fn now(&self) -> Instant {
        Instant::from_nanos(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Receives packets from the network, each with its delay.
    fn receive(&self, mu: &Rate) {
        let mut rng = rand::rng();
        for packet in 0..PACKETS {
            thread::sleep(Duration::from_millis(2));
            let arrived = self.now();
            // the sender drew the delay when it wrapped the packet; unwrapping recovers it
            let delay = mu.hop_delay_millis(&mut rng);
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let before = queue.poll_timeout();
            if let Some(dropped) = queue.insert(self.now(), arrived, delay, packet, &mut rng) {
                println!("dropped packet {}: {:?}", dropped.packet, dropped.reason);
            }
            if queue.poll_timeout() != before {
                self.next_release_moved.notify_one();
            }
        }
    }

    /// Sends packets at their release until all are sent; returns their order.
    fn send(&self) -> Vec<Packet> {
        let mut rng = rand::rng();
        let mut sent = Vec::new();
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while queue.tally().sent.saturating_add(queue.tally().dropped()) < PACKETS.into() {
            while let Some(packet) = queue.poll(self.now(), &mut rng) {
                match packet {
                    Ok(packet) => sent.push(packet),
                    Err(dropped) => println!("dropped packet {}: {:?}", dropped.packet, dropped.reason),
                }
            }
            let wait = match queue.poll_timeout() {
                Some(next) => Duration::from_nanos(next.nanos_since(self.now())),
                None => Duration::from_millis(100),
            };
            queue = self.next_release_moved.wait_timeout(queue, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
        sent
    }
}
