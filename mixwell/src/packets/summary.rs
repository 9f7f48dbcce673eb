//! What is printed at the end.

use super::{
    attacker::Tally,
    times::{self, Times},
    trip::Trip,
};
use crate::{
    scheme::SchemeName,
    style::{DIM, ERROR, GOOD, HEADING},
};
use anstyle::Style;
use core::{
    fmt::{self, Write},
    time::Duration,
};
use mixwell_sphinx::{Geometry, Scheme};

/// The whole summary.
pub(super) fn write<S: Scheme>(scheme: SchemeName, trip: &Trip<'_, S>, took: Duration) -> String {
    let mut text = String::new();
    // a `String` takes everything
    let _ = sections(&mut text, scheme, trip, took);
    text
}

fn sections<S: Scheme>(out: &mut String, scheme: SchemeName, trip: &Trip<'_, S>, took: Duration) -> fmt::Result {
    let geometry = trip.network.sphinx.geometry();
    let hops = geometry.hops();
    writeln!(
        out,
        "{HEADING}{} messages through {hops} {} and back{HEADING:#}, {scheme}, in {}\n",
        grouped(trip.client.sent.messages),
        if hops == 1 { "hop" } else { "hops" },
        times::display(took),
    )?;
    table(out, trip)?;
    checks(out, trip)?;
    sizes(out, geometry)?;
    if cfg!(debug_assertions) {
        writeln!(out, "\n{ERROR}This build is not optimised{ERROR:#}: --release gives times that mean something.")?;
    }
    Ok(())
}

/// The way of the messages, and what each stage of it took.
fn table<S: Scheme>(out: &mut String, trip: &Trip<'_, S>) -> fmt::Result {
    writeln!(
        out,
        "{HEADING}{:<16} {:>7} {:>8} {:>8} {:>9}  the first message there{HEADING:#}",
        "Work", "packets", "median", "mean", "a second"
    )?;
    let (client, trace, nodes) = (&trip.client, &trip.trace, &trip.network.nodes);
    row(out, "make a SURB", &client.making_surbs, GOOD, "")?;
    row(out, "wrap", &client.wrapping, GOOD, &trace.sent)?;
    for (node, look) in nodes.iter().zip(&trace.out) {
        row(out, &format!("→ {}", node.name), &node.out, DIM, look)?;
    }
    row(out, "answer", &trip.service.answering, GOOD, "")?;
    for (hop, look) in trip.network.hops_back().zip(&trace.back) {
        if let Some(node) = nodes.get(hop) {
            row(out, &format!("← {}", node.name), &node.back, DIM, look)?;
        }
    }
    row(out, "read", &client.reading, GOOD, &trace.read)?;
    writeln!(
        out,
        "{DIM}  At hops: open, replay check, finish. A second: on one core, by the median.\n  \
         The first message: the front of group element and payload on the way there.{DIM:#}\n"
    )
}

fn row(out: &mut String, name: &str, times: &Times, style: Style, look: &str) -> fmt::Result {
    let (count, median, mean) = (grouped(times.count()), times::display(times.median()), times::display(times.mean()));
    let per_second = grouped_float(times.per_second());
    writeln!(out, "  {name:<14} {count:>7} {median:>8} {mean:>8} {per_second:>9}  {style}{look}{style:#}")
}

fn checks<S: Scheme>(out: &mut String, trip: &Trip<'_, S>) -> fmt::Result {
    let (sent, returned) = (trip.client.sent, trip.client.returned);
    let attacker = &trip.attacker;
    writeln!(out, "{HEADING}Checks{HEADING:#}")?;
    check(out, sent.messages == returned.messages, "answered", returned.messages, sent.messages, "messages")?;
    check(out, sent.bytes == returned.bytes, "came back", returned.bytes, sent.bytes, "bytes, each the same")?;
    for (tally, what) in [
        (&attacker.replayed, "replayed packets"),
        (&attacker.changed_header, "packets with a bit of the header changed"),
        (&attacker.changed_payload, "packets with a bit of the payload changed"),
    ] {
        let Tally { tried, refused } = tally;
        check(out, tried == refused, "refused", *refused, *tried, what)?;
    }
    writeln!(out)
}

fn check(out: &mut String, good: bool, verb: &str, got: usize, of: usize, what: &str) -> fmt::Result {
    let (style, mark) = if good { (GOOD, "✓") } else { (ERROR, "✗") };
    writeln!(out, "  {style}{mark}{style:#} {verb:<9} {:>9} of {:>9} {what}", grouped(got), grouped(of))
}

fn sizes(out: &mut String, geometry: &Geometry) -> fmt::Result {
    writeln!(out, "{HEADING}Bytes{HEADING:#}")?;
    let (header, payload, packet) = (geometry.header_len(), geometry.payload_len(), geometry.packet_len());
    let (surb, user) = (geometry.surb_len(), geometry.user_forward_payload_len());
    let rest = payload.saturating_sub(surb).saturating_sub(user);
    writeln!(out, "  packet  {packet:>6} = header {header} + payload {payload}")?;
    writeln!(out, "  payload {payload:>6} = tag and flags {rest} + SURB {surb} + for the user {user}")
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len().saturating_mul(2));
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn grouped_float(number: f64) -> String {
    grouped(number.round() as usize)
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands() {
        let texts = [0, 7, 999, 1000, 12_345, 1_000_000].map(grouped);
        assert_eq!(texts, ["0", "7", "999", "1 000", "12 345", "1 000 000"]);
    }
}
