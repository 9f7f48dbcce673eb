//! The reference implementation's vectors, and our own for the sampler.

use mixwell_mixdelay::{Rate, RateError, hop_delay_millis, safety_cap_millis};
use mixwell_vectors::{Hex, ReplayRng, load};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CapAndMean {
    lambda: f64,
    mean_ms: Option<String>,
    safety_cap_ms: String,
}

#[test]
fn caps_and_means() {
    for vector in load::<CapAndMean>("mixdelay") {
        let CapAndMean { lambda, mean_ms, safety_cap_ms } = vector.test;
        assert_eq!(safety_cap_millis(lambda).to_string(), safety_cap_ms, "{}", vector.name);
        let mean = Rate::per_milli(lambda).and_then(|rate| rate.mean_millis());
        assert_eq!(mean.ok().map(|mean| mean.to_string()), mean_ms, "{}", vector.name);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    random: Hex,
    nats_q96: String,
    lambda: f64,
    millis: String,
    nanos: String,
    hop_delay: u32,
}

#[test]
fn samples_from_known_bytes() {
    for vector in load::<Sample>("exponential") {
        let Sample { random, lambda, millis, nanos, hop_delay, .. } = vector.test;
        let hop_delay = u64::from(hop_delay);
        let rate = Rate::per_milli(lambda).unwrap();
        let from = |sample: &dyn Fn(&mut ReplayRng) -> u64| {
            let mut rng = ReplayRng::new(&[&random]);
            let drawn = sample(&mut rng);
            rng.finish();
            drawn
        };
        assert_eq!(from(&|rng| rate.sample_millis(rng)).to_string(), millis, "{}", vector.name);
        assert_eq!(from(&|rng| rate.sample_nanos(rng)).to_string(), nanos, "{}", vector.name);
        assert_eq!(from(&|rng| rate.hop_delay_millis(rng).into()), hop_delay, "{}", vector.name);
        assert_eq!(from(&|rng| hop_delay_millis(lambda, rng).unwrap().into()), hop_delay, "{}", vector.name);
    }
}

/// The bound stated in the README: the sampler's -ln U is within 2^-60 of the true value.
#[test]
fn the_distance_from_the_true_logarithm_is_within_its_bound() {
    // A mean of 2^57 ms shows 57 fractional bits of every sample, one of 2^63 ms shows 63 of those
    // below 2.
    for (places, below) in [(57, 128), (63, 2)] {
        let rate = Rate::per_milli(0.5_f64.powi(places)).unwrap();
        let (mut seen, mut lowest, mut highest) = (0, 0, 0);
        for vector in load::<Sample>("exponential") {
            let truth: i128 = vector.test.nats_q96.parse().unwrap();
            if truth >= below << 96 {
                continue;
            }
            seen += 1;
            let drawn = i128::from(rate.sample_millis(&mut ReplayRng::new(&[&vector.test.random])));
            // The sample is truncated to `places` fractional bits: the error is less than one unit
            // in the last place.
            let (least, most) = (drawn << (96 - places), (drawn + 1) << (96 - places));
            let bound = 1 << (96 - 60);
            assert!(most > truth - bound, "{}: too low", vector.name);
            assert!(least < truth + bound, "{}: too high", vector.name);
            lowest = lowest.min(most - truth);
            highest = highest.max(least - truth);
        }
        assert!(seen > 200 || std::env::var_os(mixwell_vectors::FOLDER_VARIABLE).is_some());
        println!("{seen} samples at {places} places: {lowest} to {highest} · 2^-96 from the truth");
    }
}

#[test]
fn numbers_that_are_no_rates() {
    let bad = [
        (0.0, RateError::Zero),
        (-0.0, RateError::Zero),
        (-0.001, RateError::Negative),
        (f64::NEG_INFINITY, RateError::Negative),
        (f64::INFINITY, RateError::Infinite),
        (f64::NAN, RateError::NotANumber),
        (-f64::NAN, RateError::NotANumber),
    ];
    for (lambda, error) in bad {
        assert_eq!(Rate::per_milli(lambda), Err(error));
        assert_eq!(safety_cap_millis(lambda), 0);
        assert_eq!(hop_delay_millis(lambda, &mut ReplayRng::new(&[])), Err(error));
    }
    assert_eq!(Rate::published(0.0), Ok(None));
    assert_eq!(Rate::published(f64::NAN), Err(RateError::NotANumber));
}
