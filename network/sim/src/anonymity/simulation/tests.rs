//! Measurements compared with theory.

use super::*;
use crate::anonymity::{Load, PublishedRate, Rates, Topology, closed_forms};

fn published(per_milli: f64) -> PublishedRate {
    PublishedRate::new(per_milli).unwrap()
}

fn topology(hops: &[u32]) -> Topology {
    let rates = Rates {
        mu: published(0.005),
        lambda_p: published(0.002),
        lambda_l: published(0.001),
        lambda_m: published(0.001),
        lambda_g: published(0.0),
    };
    Topology { name: String::new(), hops: hops.to_vec(), gateways: 0, other_nodes: hops.iter().sum(), rates }
}

fn load(seed: u64) -> Load {
    Load { users: 60, messages: published(0.0005), millis: 300_000, seed }
}

fn scenario(hops: &[u32], seed: u64) -> Scenario {
    Scenario::new(topology(hops), load(seed)).unwrap()
}

fn simulate(scenario: &Scenario) -> Measurements {
    Simulation::new(scenario).run(|_| {})
}

#[test]
fn same_seed_same_result() {
    let run = |seed| {
        let load = Load { millis: 30_000, ..load(seed) };
        simulate(&Scenario::new(topology(&[2, 2, 2]), load).unwrap())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// Latency follows an Erlang distribution, a mix's occupancy a Poisson distribution, and the
/// entropy is near its limit.
#[test]
fn measurements_match_closed_forms() {
    for hops in [&[2][..], &[2, 2, 2], &[1, 4, 2]] {
        let scenario = scenario(hops, 3);
        let (count, measured) = (scenario.hop_count(), simulate(&scenario));
        assert_eq!((measured.followed, measured.message_entropy.count()), (64, 64.0));
        assert!(
            (measured.latency.mean() / scenario.latency_millis() - 1.0).abs() < 0.01,
            "{hops:?}: {}",
            measured.latency.mean()
        );
        let expected = |x| closed_forms::erlang_cdf(count, 0.005, x - scenario.rounding_millis());
        let distance = measured.latency.distance(expected);
        assert!(distance < 0.01, "{hops:?}: {distance}");
        let occupancy = measured.occupancy.mean();
        assert!((occupancy / scenario.mean_occupancy() - 1.0).abs() < 0.03, "{hops:?}: {occupancy}");
        let limit = closed_forms::message_entropy(count, 0.005, scenario.mixed_traffic());
        let entropy = measured.message_entropy.mean();
        assert!(entropy < limit + 0.1 && entropy > limit - 0.3, "{hops:?}: {entropy} {limit}");
        assert!(measured.sender_entropy.mean() < 61_f64.log2());
        let user_entropy = measured.user_entropy.mean();
        assert!(user_entropy < 60_f64.log2() && user_entropy > 4.0, "{hops:?}: {user_entropy}");
    }
}

/// The more packets a mix holds, the closer the entropy is to its limit.
#[test]
fn entropy_approaches_its_limit() {
    let distance = |users| {
        let load = Load { users, millis: 60_000, ..load(5) };
        let scenario = Scenario::new(topology(&[1, 1, 1]), load).unwrap();
        closed_forms::message_entropy(3, 0.005, scenario.mixed_traffic()) - simulate(&scenario).message_entropy.mean()
    };
    let (few, many) = (distance(4), distance(400));
    assert!(few > 0.15 && many.abs() < 0.03, "{few} {many}");
}

/// A packet that has not left has no final entropy, so the report covers packets that left.
#[test]
fn packets_still_inside_are_not_counted() {
    // a mean of 100 s at each of two hops, and only 30 s to leave
    let mut slow = topology(&[2, 2]);
    slow.rates.mu = published(0.00001);
    let measured = simulate(&Scenario::new(slow, Load { millis: 120_000, ..load(6) }).unwrap());
    let left = measured.message_entropy.count();
    assert!(measured.followed == 64 && left > 0.0 && left < 60.0, "{left} of {}", measured.followed);
}

/// The same measures detect a network whose delays do not match its rates.
#[test]
fn wrong_rates_do_not_fit() {
    let measured = simulate(&scenario(&[2, 2, 2], 4));
    assert!(measured.latency.distance(|x| closed_forms::erlang_cdf(3, 0.005 * 1.05, x)) > 0.015);
    assert!(measured.latency.distance(|x| closed_forms::erlang_cdf(2, 0.005, x)) > 0.1);
}
