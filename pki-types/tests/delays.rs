//! Routes with the delays of `mixwell-mixdelay`: only a closure connects the two crates.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses a part")]
#[path = "common/network.rs"]
mod network;

use core::time::Duration;
use mixwell_mixdelay::{Rate, hop_delay_millis};
use mixwell_pki_types::{Departure, Document, PathError, Period, Rates, Router};
use network::EPOCH;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// The sampler that all networks use.
fn sampler(mu: f64, rng: &mut ChaCha20Rng) -> Option<u32> {
    hop_delay_millis(mu, rng).ok()
}

fn departure() -> Departure {
    Departure { unix: Period::TWENTY_MINUTES.start(EPOCH), spent: Duration::ZERO }
}

/// A network's document with a different delay rate.
fn document(mu: f64) -> Vec<u8> {
    let built = network::document(40);
    mixwell_pki_types::build::DocumentBuilder { rates: Rates { mu, ..built.rates }, ..built }.encode()
}

/// Delays are floor(exponential of rate mu) + 1, so a delay exceeds t with probability exp(-mu · t)
/// for every whole t.
#[test]
fn every_hop_that_delays_draws_from_the_exponential() {
    let mu = 0.005;
    let bytes = document(mu);
    let document = Document::parse(&bytes).unwrap();
    let router = Router::new(document, Period::TWENTY_MINUTES);
    let ends = (document.gateways().next().unwrap(), document.services().next().unwrap());
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let mut drawn: [Vec<u32>; 5] = Default::default();
    for _ in 0..20_000 {
        let mut hops = [None; 5];
        router.forward(ends, true, departure(), &mut sampler, &mut rng, &mut hops).unwrap();
        drawn.iter_mut().zip(&hops).for_each(|(drawn, hop)| drawn.extend(hop.unwrap().delay_millis));
    }
    let cap = Rate::per_milli(mu).unwrap().cap_millis();
    for (hop, mut delays) in drawn.into_iter().enumerate() {
        delays.sort_unstable();
        assert!(delays[0] >= 1 && u64::from(delays[delays.len() - 1]) <= cap, "hop {hop}");
        // Kolmogorov-Smirnov: the distance from the distribution exceeds 1.95 / sqrt(n) in one of
        // 1000 samples
        let n = delays.len() as f64;
        let furthest = (1..=2000_u32)
            .map(|t| {
                let share = delays.partition_point(|delay| *delay <= t) as f64 / n;
                (share - (1.0 - (-mu * f64::from(t)).exp())).abs()
            })
            .fold(0.0, f64::max);
        assert!(furthest < 1.95 / n.sqrt(), "hop {hop}: {furthest}");
    }
}

#[test]
fn a_rate_that_is_none_or_too_slow() {
    let mut rng = ChaCha20Rng::from_seed([10; 32]);
    let mut reply = |mu: f64| {
        let bytes = document(mu);
        let document = Document::parse(&bytes).unwrap();
        let gateway = document.gateways().next().unwrap();
        let router = Router::new(document, Period::TWENTY_MINUTES);
        router.reply(gateway, departure(), &mut sampler, &mut rng, &mut [None; 4])
    };
    for mu in [0.0, -0.005, f64::NAN, f64::INFINITY] {
        assert_eq!(reply(mu), Err(PathError::Rate), "{mu}");
    }
    // a mean far above 2,400,000 ms at each hop: hardly any route is fast enough
    assert_eq!(reply(1e-9), Err(PathError::TooSlow { draws: 64 }));
    // a mean of ten minutes: routes that are too slow are drawn again
    assert!(reply(1.0 / 600_000.0).unwrap() < 2 * Period::TWENTY_MINUTES.duration());
}
