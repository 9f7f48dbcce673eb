//! The report as text.

use super::{closed, measured::Measured, plan::Plan};
use crate::style::{DIM, HEADING};
use std::io::{self, Write};

pub(super) fn write(out: &mut impl Write, plan: &Plan, measured: &Measured) -> io::Result<()> {
    let (hop_count, mu) = (plan.hop_count(), plan.mu.per_milli);
    let Plan { name, users, seed, .. } = plan;
    writeln!(out, "{name}; {users} users, {} s, seed {seed}", seconds(plan.millis))?;
    rates(out, plan)?;
    let sent = measured.sent;
    write!(out, "{} packets, {} of them followed", sent.all(), measured.followed)?;
    match measured.followed_left_out() {
        0 => writeln!(out, ", all to their end")?,
        few => writeln!(out, "; {few} did not come to their end, and are left out")?,
    }
    if plan.settle() < plan.settle_wanted() {
        let enough = seconds(plan.settle_wanted().saturating_mul(4)).ceil();
        writeln!(
            out,
            "Too short for delays of {:.0} ms a path: what is slow is cut off. {enough} s are enough.",
            plan.path_millis()
        )?;
    }
    writeln!(out)?;
    writeln!(out, "{HEADING}{:<44}{:>12}{:>14}{:>9}{HEADING:#}", "", "measured", "closed form", "off")?;

    heading(out, "What the observer is left with")?;
    let limit = closed::message_entropy(hop_count, mu, plan.mixed_traffic());
    row(out, "which packet is a message: entropy, bits", measured.message_entropy.mean(), Some(limit))?;
    row(out, "  packets it could be, 2^entropy", measured.message_entropy.mean().exp2(), Some(limit.exp2()))?;
    row(out, "which user sent it: entropy, bits", measured.user_entropy.mean(), None)?;
    row(out, "  lowest 1 % of packets, below", measured.user_entropy.quantile(0.01), None)?;
    row(out, "  the most there can be", f64::from(*users).log2(), None)?;
    if plan.nodes_send() {
        row(out, "with the loops of nodes as one more sender", measured.sender_entropy.mean(), None)?;
    }

    heading(out, "What a user waits for")?;
    row(out, "latency in the mixes: mean, ms", measured.latency.mean(), Some(plan.latency_millis()))?;
    for (name, share) in [("  median, ms", 0.5), ("  99 % are below, ms", 0.99)] {
        row(
            out,
            name,
            measured.latency.quantile(share),
            Some(closed::erlang_quantile(hop_count, mu, share) + plan.latency_shift()),
        )?;
    }
    let distance = measured.latency.distance(|x| closed::erlang_cdf(hop_count, mu, x - plan.latency_shift()));
    row(out, "  largest distance from Erlang's distribution", distance, Some(0.0))?;
    if plan.messages.rate.is_some() {
        let waiting = 1.0 / (plan.lambda_p.per_milli - plan.messages.per_milli);
        row(out, "wait for the tick that sends it: mean, ms", measured.waiting.mean(), Some(waiting))?;
    }

    heading(out, "What a mix holds, and what the cover costs")?;
    row(out, "packets that a packet finds in a mix: mean", measured.in_mix.mean(), Some(plan.found()))?;
    let apart = measured.in_mix.shares().zip(0..).map(|((_, share), n)| (share - plan.finds(n)).abs());
    row(out, "  total variation from Poisson's distribution", apart.sum::<f64>() / 2.0, Some(0.0))?;
    let real = plan.messages.per_milli * f64::from(*users);
    row(out, "packets sent for each message", sent.all() / sent.messages, Some(plan.traffic() / real))?;
    for (name, count) in [
        ("  messages, %", sent.messages),
        ("  decoys in place of messages, %", sent.decoys),
        ("  loops of users, %", sent.user_loops),
        ("  loops of nodes, %", sent.node_loops),
    ] {
        row(out, name, 100.0 * count / sent.all(), None)?;
    }
    writeln!(
        out,
        "\n{DIM}The closed form of the first entropy is its limit for many packets in every mix, and delays of many ms.\n\
         Left out: replies, which come back through the layers and about double the traffic of a real network. The\n\
         entropies are those of an observer who can tell replies from the rest: one who can't is left with more.{DIM:#}"
    )
}

/// The rates, as the consensus writes them.
fn rates(out: &mut impl Write, plan: &Plan) -> io::Result<()> {
    let of_nodes = plan.loops.iter().filter(|(nodes, _)| *nodes > 0);
    write!(out, "per ms: Mu {}, LambdaP {}, LambdaL {}", plan.mu, plan.lambda_p, plan.lambda_l)?;
    of_nodes.into_iter().try_for_each(|(nodes, rate)| write!(out, ", loops of {nodes} nodes {rate}"))?;
    writeln!(out, ", messages {}", plan.messages)
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
