//! The entropy left to an observer of all links, and the latency, for increasing delays.
//!
//! `cargo run --release -p mixwell-sim --example delays`

use core::error::Error;
use mixwell_sim::anonymity::{Load, PublishedRate, Rates, Scenario, Simulation, Topology};

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:>10} {:>12} {:>12} {:>12}", "delay, ms", "entropy, b", "latency, ms", "closed form");
    for millis in [25.0, 50.0, 100.0, 200.0] {
        let (measured, closed_form) = mean_entropy_and_latency(1.0 / millis)?;
        let [entropy, latency] = measured;
        println!("{millis:>10.0} {entropy:>12.2} {latency:>12.0} {closed_form:>12.0}");
    }
    Ok(())
}

/// The observer's mean entropy about the sender of a packet, the mean latency, and the latency by
/// the closed form.
fn mean_entropy_and_latency(mu: f64) -> Result<([f64; 2], f64), Box<dyn Error>> {
    let mut topology = Topology::of_layers(3, 2);
    topology.rates = Rates { mu: PublishedRate::new(mu)?, ..topology.rates };
    let load = Load { users: 30, messages: PublishedRate::new(0.0001)?, millis: 60_000, seed: 1 };
    let scenario = Scenario::new(topology, load)?;
    let measured = Simulation::new(&scenario).run(|_| {});
    Ok(([measured.user_entropy.mean(), measured.latency.mean()], scenario.latency_millis()))
}

#[cfg(test)]
#[test]
fn longer_delays_hide_more() -> Result<(), Box<dyn Error>> {
    let ([short, latency], closed_form) = mean_entropy_and_latency(1.0 / 25.0)?;
    let ([long, _], _) = mean_entropy_and_latency(1.0 / 200.0)?;
    assert!(long > short + 0.1, "{long} {short}");
    assert!((latency / closed_form - 1.0).abs() < 0.1, "{latency} {closed_form}");
    Ok(())
}
