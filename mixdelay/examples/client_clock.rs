//! A client on a small device: when to send, and whether a message or a decoy. Everything but
//! `main` is `no_std` and allocates nothing.
//!
//! ```sh
//! cargo run --example client_clock
//! ```
#![no_std]
#![expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "an example, with small numbers")]

extern crate std;

use mixwell_mixdelay::{ClientClock, Instant, Outbox, Rate, RateError, Tick};
use rand_core::CryptoRng;

/// The network's packet length.
const PACKET: usize = 3082;

/// Ticks until `end` and passes each finished packet to `send`.
fn run(
    outbox: &mut Outbox<'_>,
    end: Instant,
    rng: &mut impl CryptoRng,
    mut send: impl FnMut(Instant, &[u8]),
) -> Result<(), RateError> {
    let mut clock = ClientClock::new();
    // `LambdaP` and `LambdaL` of the consensus: 100 ms and 1 s on average
    clock.set_rates(Instant::ZERO, Rate::published(0.01)?, Rate::published(0.001)?, rng);
    clock.set_link(Instant::ZERO, true, rng);
    let mut packet = [0; PACKET];
    while let Some(now) = clock.poll_timeout().filter(|now| *now < end) {
        // a real device sleeps until `now` here
        while let Some(tick) = clock.poll(now, rng) {
            make_loop_decoy(&mut packet);
            if tick == Tick::MessageOrDecoy {
                // replaces the decoy if a message is waiting, and takes the same time if none is
                _ = outbox.swap_in(&mut packet);
            }
            send(now, &packet);
        }
    }
    Ok(())
}

/// `mixwell-sphinx` wraps a packet with a SURB to an echo service here.
fn make_loop_decoy(packet: &mut [u8; PACKET]) {
    packet.fill(0xdd);
}

fn main() -> Result<(), std::boxed::Box<dyn core::error::Error>> {
    let mut rng = rand::rng();
    let mut memory = [0; 4 * PACKET];
    let mut outbox = Outbox::new(&mut memory, PACKET);
    for message in 1..=3 {
        outbox.push(&[message; PACKET])?;
    }
    let (mut messages, mut decoys) = (0, 0);
    run(&mut outbox, Instant::from_millis(5000), &mut rng, |now, packet| {
        let is_message = packet[0] != 0xdd;
        std::println!("{:>5} ms  {}", now.as_millis(), if is_message { "a message" } else { "a decoy" });
        *if is_message { &mut messages } else { &mut decoys } += 1;
    })?;
    std::println!("{messages} messages and {decoys} decoys, which nobody can tell apart");
    Ok(())
}
