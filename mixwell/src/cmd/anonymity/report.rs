//! The report as text.

use crate::style::{DIM, HEADING};
use mixwell_sim::anonymity::{Measurements, Rates, Scenario, erlang_cdf, erlang_quantile, message_entropy};
use std::{io, io::Write};

pub(super) fn write(out: &mut impl Write, scenario: &Scenario, measured: &Measurements) -> io::Result<()> {
    let (hop_count, load) = (scenario.hop_count(), scenario.load());
    let Rates { mu, lambda_p, .. } = scenario.topology().rates;
    let mu = mu.per_milli();
    writeln!(
        out,
        "{}; {} users, {} s, seed {}",
        scenario.topology().name,
        load.users,
        seconds(load.millis),
        load.seed
    )?;
    rates(out, scenario)?;
    let sent = measured.sent;
    write!(out, "{} packets, {} of them followed", sent.total(), measured.followed)?;
    match measured.followed_without_end() {
        0 => writeln!(out, ", all to the end of their paths")?,
        few => writeln!(out, "; {few} were still in the network at the end and are not counted")?,
    }
    if scenario.settling_millis() < scenario.wanted_settling_millis() {
        let enough = seconds(scenario.wanted_settling_millis().saturating_mul(4)).ceil();
        writeln!(
            out,
            "Too short for delays of {:.0} ms per path: slow packets are cut off. Use at least {enough} s.",
            scenario.path_millis()
        )?;
    }
    writeln!(out)?;
    writeln!(out, "{HEADING}{:<44}{:>12}{:>14}{:>9}{HEADING:#}", "", "measured", "closed form", "off by")?;

    heading(out, "Anonymity against an observer of all links")?;
    let limit = message_entropy(hop_count, mu, scenario.mixed_traffic());
    row(out, "which packet is a message: entropy, bits", measured.message_entropy.mean(), Some(limit))?;
    row(out, "  effective number of packets, 2^entropy", measured.message_entropy.mean().exp2(), Some(limit.exp2()))?;
    row(out, "which user sent it: entropy, bits", measured.user_entropy.mean(), None)?;
    row(out, "  lowest 1 % of packets, below", measured.user_entropy.quantile(0.01), None)?;
    row(out, "  maximum", f64::from(load.users).log2(), None)?;
    if scenario.has_node_loops() {
        row(out, "with the loops of nodes as one more sender", measured.sender_entropy.mean(), None)?;
    }

    heading(out, "Latency")?;
    row(out, "in the mixes: mean, ms", measured.latency.mean(), Some(scenario.latency_millis()))?;
    for (name, share) in [("  median, ms", 0.5), ("  99 %, ms", 0.99)] {
        row(
            out,
            name,
            measured.latency.quantile(share),
            Some(erlang_quantile(hop_count, mu, share) + scenario.rounding_millis()),
        )?;
    }
    let distance = measured.latency.distance(|x| erlang_cdf(hop_count, mu, x - scenario.rounding_millis()));
    row(out, "  largest distance from Erlang's CDF", distance, Some(0.0))?;
    let messages = load.messages.per_milli();
    if messages > 0.0 {
        let waiting = 1.0 / (lambda_p.per_milli() - messages);
        row(out, "from writing to sending: mean, ms", measured.waiting.mean(), Some(waiting))?;
    }

    heading(out, "Load of a mix, and cost of cover traffic")?;
    row(out, "packets in a mix at an arrival: mean", measured.occupancy.mean(), Some(scenario.mean_occupancy()))?;
    let apart =
        measured.occupancy.shares().zip(0..).map(|((_, share), n)| (share - scenario.occupancy_probability(n)).abs());
    row(out, "  total variation distance from Poisson", apart.sum::<f64>() / 2.0, Some(0.0))?;
    let real = messages * f64::from(load.users);
    row(out, "packets sent for each message", sent.total() / sent.messages, Some(scenario.traffic() / real))?;
    for (name, count) in [
        ("  messages, %", sent.messages),
        ("  decoys in place of messages, %", sent.decoys),
        ("  loops of users, %", sent.user_loops),
        ("  loops of nodes, %", sent.node_loops),
    ] {
        row(out, name, 100.0 * count / sent.total(), None)?;
    }
    writeln!(
        out,
        "\n{DIM}The closed form of the first entropy is its limit for many packets in every mix, and delays of many ms.\n\
         Left out: replies, which come back through the layers and about double the traffic of a real network. The\n\
         entropies are against an observer who can tell replies from the rest; without that they are higher.{DIM:#}"
    )
}

/// The rates, under the names that they have in a consensus.
fn rates(out: &mut impl Write, scenario: &Scenario) -> io::Result<()> {
    let Rates { mu, lambda_p, lambda_l, .. } = scenario.topology().rates;
    write!(out, "per ms: Mu {mu}, LambdaP {lambda_p}, LambdaL {lambda_l}")?;
    let of_nodes = scenario.loop_senders().iter().filter(|(nodes, _)| *nodes > 0);
    of_nodes.into_iter().try_for_each(|(nodes, rate)| write!(out, ", loops of {nodes} nodes {rate}"))?;
    writeln!(out, ", messages {}", scenario.load().messages)
}

fn heading(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "{HEADING}{text}{HEADING:#}")
}

fn row(out: &mut impl Write, name: &str, measured: f64, closed: Option<f64>) -> io::Result<()> {
    write!(out, "  {name:<42}{measured:>12.3}")?;
    match closed {
        Some(closed) if closed.is_finite() && closed > 0.0 => {
            writeln!(out, "{closed:>14.3}{:>+7.2} %", (measured / closed - 1.0) * 100.0)
        }
        Some(closed) if closed.is_finite() => writeln!(out, "{closed:>14.3}"),
        _ => writeln!(out),
    }
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}
