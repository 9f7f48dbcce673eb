//! Two mixing strategies under the same traffic, and the uncertainty that each leaves to an
//! observer of the mix's links.
//!
//! The tutorial "Measure a strategy" of the book walks through this program:
//! `cargo run -p mixwell-docs --example strategies`.

#![expect(clippy::cast_precision_loss, reason = "small numbers, and figures for people")]

use mixwell_mixdelay::{Instant, Limits, Rate, RateError, ServerQueue};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

// ANCHOR: observation
/// An observer's knowledge of the packets that leave a mix.
#[derive(Default)]
struct Observation {
    packets: u32,
    /// Sum over the packets that left: bits of uncertainty about which incoming packet each of them
    /// is.
    bits: f64,
    /// Sum of the packets' times in the mix, in milliseconds.
    millis: f64,
}

impl Observation {
    /// Records a departing packet that could be any of `candidates`, with the same odds for each.
    fn leaves(&mut self, candidates: usize, nanos: u64) {
        self.packets += 1;
        self.bits += (candidates as f64).log2();
        self.millis += nanos as f64 / 1e6;
    }

    fn mean_bits(&self) -> f64 {
        self.bits / f64::from(self.packets)
    }

    fn mean_millis(&self) -> f64 {
        self.millis / f64::from(self.packets)
    }
}
// ANCHOR_END: observation

// ANCHOR: arrivals
/// The arrivals of a Poisson process.
fn arrivals(rate: f64, count: u32, rng: &mut ChaCha20Rng) -> Result<Vec<Instant>, RateError> {
    let rate = Rate::per_milli(rate)?;
    let mut now = Instant::ZERO;
    Ok((0..count)
        .map(|_| {
            now = now.plus_nanos(rate.sample_nanos(rng));
            now
        })
        .collect())
}
// ANCHOR_END: arrivals

// ANCHOR: poisson
/// A Poisson mix: each packet waits for its own exponential delay. A departing packet can be any of
/// those in the mix.
fn poisson(arrivals: &[Instant], mu: f64, rng: &mut ChaCha20Rng) -> Result<Observation, RateError> {
    let mu = Rate::per_milli(mu)?;
    let mut queue = ServerQueue::new(Limits::for_epoch_millis(u64::MAX), 1 << 20);
    let mut seen = Observation::default();
    for &arrived in arrivals {
        // packets that are due before this arrival leave first
        while let Some(due) = queue.poll_timeout().filter(|due| *due <= arrived) {
            loop {
                let candidates = queue.len();
                let Some(Ok(came)) = queue.poll(due, rng) else { break };
                seen.leaves(candidates, due.nanos_since(came));
            }
        }
        let delay = mu.hop_delay_millis(rng);
        assert!(queue.insert(arrived, arrived, delay, arrived, rng).is_none(), "there is room");
    }
    Ok(seen)
}
// ANCHOR_END: poisson

// ANCHOR: threshold
/// A threshold mix: it waits for `threshold` packets and sends them all, in random order.
fn threshold(arrivals: &[Instant], threshold: usize) -> Observation {
    let mut seen = Observation::default();
    for batch in arrivals.chunks_exact(threshold) {
        let Some(last) = batch.last() else { continue };
        for came in batch {
            seen.leaves(threshold, last.nanos_since(*came));
        }
    }
    seen
}
// ANCHOR_END: threshold

// ANCHOR: main
fn main() -> Result<(), RateError> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    println!("{:>20} {:>16} {:>8} {:>8}", "packets a second", "strategy", "bits", "ms");
    for rate in [0.002, 0.02, 0.2] {
        let arrivals = arrivals(rate, 50_000, &mut rng)?;
        for (name, seen) in
            [("Poisson, 200 ms", poisson(&arrivals, 0.005, &mut rng)?), ("threshold of 20", threshold(&arrivals, 20))]
        {
            let (bits, millis) = (seen.mean_bits(), seen.mean_millis());
            println!("{:>20} {name:>16} {bits:>8.2} {millis:>8.0}", rate * 1000.0);
        }
    }
    Ok(())
}
// ANCHOR_END: main

#[test]
fn the_poisson_mix_is_as_theory_says() -> Result<(), RateError> {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let arrivals = arrivals(0.02, 200_000, &mut rng)?;
    let seen = poisson(&arrivals, 0.005, &mut rng)?;
    // the number of other packets that a departing packet finds in the mix follows a Poisson
    // distribution of mean 0.02 / 0.005
    let (mut odds, mut bits) = ((-4.0_f64).exp(), 0.0);
    for others in 1..60 {
        odds *= 4.0 / f64::from(others);
        bits += odds * f64::from(1 + others).log2();
    }
    assert!((seen.mean_bits() - bits).abs() < 0.03, "{} and not {bits} bits", seen.mean_bits());
    assert!((seen.mean_millis() - 200.0).abs() < 3.0, "{} ms", seen.mean_millis());
    Ok(())
}

#[test]
fn runs() -> Result<(), RateError> {
    main()
}
