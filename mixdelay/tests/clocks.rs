//! Poisson clocks: when they tick, and what restarts them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::integer_division_remainder_used,
    clippy::unnecessary_wraps,
    clippy::unwrap_used,
    reason = "small numbers"
)]

use mixwell_mixdelay::{ClientClock, Instant, Poisson, Rate, Tick};
use proptest::{collection::vec, prelude::*};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const SECOND: u64 = 1_000_000_000;

fn rate(lambda: f64) -> Option<Rate> {
    Some(Rate::per_milli(lambda).unwrap())
}

fn running(lambda: f64, rng: &mut ChaCha8Rng) -> Poisson {
    let mut process = Poisson::new();
    process.set_rate(Instant::ZERO, rate(lambda), rng);
    process.set_link(Instant::ZERO, true, rng);
    process
}

#[test]
fn it_ticks_only_with_a_rate_and_a_link() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut process, now) = (Poisson::new(), Instant::from_millis(5));
    assert_eq!(process.poll_timeout(), None);
    process.set_rate(now, rate(0.01), &mut rng);
    assert_eq!(process.poll_timeout(), None);
    process.set_link(now, true, &mut rng);
    let next = process.poll_timeout().unwrap();
    assert!(next > now);
    assert!(!process.poll(Instant::from_nanos(next.as_nanos() - 1), &mut rng));
    assert!(process.poll(next, &mut rng));
    process.set_link(next, false, &mut rng);
    assert_eq!(process.poll_timeout(), None);
    assert!(!process.poll(Instant::MAX, &mut rng));
    process.set_link(next, true, &mut rng);
    process.set_rate(next, None, &mut rng);
    assert_eq!(process.poll_timeout(), None);
    assert!(!process.poll(Instant::MAX, &mut rng));
}

/// The counts of 20 000 windows have the mean and the variance of a Poisson distribution despite
/// late polls and restarts in between.
#[test]
fn ticks_are_poisson_whatever_restarts_them() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut process = running(0.02, &mut rng);
    let windows = 20_000;
    let mut counts = Vec::new();
    for window in 0..windows {
        let mut ticks = 0_u32;
        // polled every 7 ms, so a tick is 3.5 ms late on average
        for step in 0..72 {
            let now = Instant::from_millis(window * 504 + step * 7);
            while process.poll(now, &mut rng) {
                ticks += 1;
            }
            match (window + step) % 97 {
                0 => process.set_rate(now, rate(0.02), &mut rng),
                1 => process.set_link(now, true, &mut rng),
                _ => {}
            }
        }
        counts.push(f64::from(ticks));
    }
    let expected = 0.02 * 504.0;
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64;
    // within four standard errors; a restart forgets the lateness of its poll, and 2 of 97 polls
    // restart: at most 3.5 ms · 2 / 97 / 7 ms
    assert!((mean - expected).abs() < 4.0 * (expected / counts.len() as f64).sqrt() + 0.02 * expected * 0.5, "{mean}");
    assert!((variance / expected - 1.0).abs() < 4.0 * (2.0 / counts.len() as f64).sqrt() + 0.02, "{variance}");
}

#[test]
fn intervals_end_at_the_cap() {
    let rate = Rate::per_milli(2.5).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let longest = (0..100_000).map(|_| rate.interval_nanos(&mut rng)).max().unwrap();
    assert!(longest <= rate.cap_millis() * 1_000_000);
    assert!(longest > 2 * 1_000_000);
    // U = 2^-128 is beyond every cap
    let mut zeros = mixwell_vectors::ReplayRng::new(&[&[0; 16]]);
    assert_eq!(rate.interval_nanos(&mut zeros), rate.cap_millis() * 1_000_000);
}

#[test]
fn a_suspended_machine_sends_no_burst() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut process = running(0.02, &mut rng);
    let awake = Instant::from_nanos(3600 * SECOND);
    let mut ticks = 0;
    while process.poll(awake, &mut rng) {
        ticks += 1;
    }
    assert_eq!(ticks, 1);
    assert!(process.poll_timeout().unwrap() > awake);
    // but ticks that a slow caller missed within the last second are made up
    let next = process.poll_timeout().unwrap().plus_millis(900);
    while process.poll(next, &mut rng) {
        ticks += 1;
    }
    assert!(ticks > 8, "expected about 18 ticks, got {ticks}");
}

#[test]
fn a_clock_that_steps_back_delays_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut process, now) = (running(0.001, &mut rng), Instant::from_nanos(7200 * SECOND));
    process.set_rate(now, rate(0.001), &mut rng);
    let left = process.poll_timeout().unwrap().nanos_since(now);
    let back = Instant::from_nanos(60 * SECOND);
    assert!(!process.poll(back, &mut rng));
    assert_eq!(process.poll_timeout().unwrap().nanos_since(back), left);

    let mut client = ClientClock::new();
    client.set_link(now, true, &mut rng);
    client.set_rates(now, rate(0.01), rate(0.001), &mut rng);
    let mut seen = [0; 2];
    for second in 0..600 {
        while let Some(tick) = client.poll(Instant::from_nanos(second * SECOND), &mut rng) {
            seen[usize::from(tick == Tick::Loop)] += 1;
        }
    }
    assert!((5400..6600).contains(&seen[0]) && (500..700).contains(&seen[1]), "{seen:?}");
}

#[test]
fn a_client_sends_what_is_due_first() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut client = ClientClock::new();
    assert_eq!(client.poll_timeout(), None);
    client.set_link(Instant::ZERO, true, &mut rng);
    client.set_rates(Instant::ZERO, rate(0.01), rate(0.01), &mut rng);
    let mut last = Instant::ZERO;
    for _ in 0..10_000 {
        let next = client.poll_timeout().unwrap();
        assert!(next >= last);
        assert!(client.poll(next, &mut rng).is_some());
        last = next;
    }
    client.set_rates(last, None, rate(0.01), &mut rng);
    assert_eq!(client.poll(client.poll_timeout().unwrap(), &mut rng), Some(Tick::Loop));
    client.set_rates(last, rate(0.01), None, &mut rng);
    assert_eq!(client.poll(client.poll_timeout().unwrap(), &mut rng), Some(Tick::MessageOrDecoy));
    client.set_link(last, false, &mut rng);
    assert_eq!((client.poll_timeout(), client.poll(Instant::MAX, &mut rng)), (None, None));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// For any clock and any rates, nothing overflows and an idle process stays idle.
    #[test]
    fn any_clock(calls in vec((any::<u64>(), 0..4_u8, prop::num::f64::ANY), 0..200), seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut process = Poisson::new();
        let (mut has_rate, mut up) = (false, false);
        for (nanos, call, lambda) in calls {
            let now = Instant::from_nanos(nanos);
            match call {
                0 => {
                    let rate = Rate::per_milli(lambda).ok();
                    has_rate = rate.is_some();
                    process.set_rate(now, rate, &mut rng);
                }
                1 | 2 => {
                    up = call == 1;
                    process.set_link(now, up, &mut rng);
                }
                _ => {
                    let due = process.poll_timeout();
                    let ticked = process.poll(now, &mut rng);
                    prop_assert!(due.is_some() || !ticked);
                    prop_assert!(ticked || due.is_none_or(|due| due > now));
                }
            }
            prop_assert!(process.poll_timeout().is_none() || (has_rate && up));
        }
    }
}
