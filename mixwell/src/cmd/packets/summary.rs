//! The summary as text.

use crate::{
    cmd::packets::{duration::three_digits, trace},
    numbers::grouped,
    scheme::SchemeName,
    style::{DIM, ERROR, GOOD, HEADING},
};
use anstyle::Style;
use core::{fmt, fmt::Write, time::Duration};
use mixwell_sim::selftest::{Report, Times, hops_back};
use mixwell_sphinx::Geometry;

/// The whole summary.
pub(super) fn write(scheme: SchemeName, geometry: &Geometry, report: &Report, elapsed: Duration) -> String {
    let mut text = String::new();
    // writing to a `String` can't fail
    let _ = sections(&mut text, scheme, geometry, report, elapsed);
    text
}

fn sections(
    out: &mut String,
    scheme: SchemeName,
    geometry: &Geometry,
    report: &Report,
    elapsed: Duration,
) -> fmt::Result {
    let hops = geometry.hops();
    writeln!(
        out,
        "{HEADING}{} messages through {hops} {} and back{HEADING:#}, {scheme}, in {}\n",
        grouped(report.sent.messages),
        if hops == 1 { "hop" } else { "hops" },
        three_digits(elapsed),
    )?;
    table(out, geometry, report)?;
    checks(out, report)?;
    sizes(out, geometry)?;
    if cfg!(debug_assertions) {
        writeln!(out, "\n{ERROR}This build is not optimised{ERROR:#}: use --release for meaningful times.")?;
    }
    Ok(())
}

/// The stages of a message's path and their times.
fn table(out: &mut String, geometry: &Geometry, report: &Report) -> fmt::Result {
    writeln!(
        out,
        "{HEADING}{:<16} {:>7} {:>8} {:>8} {:>10}  the first message{HEADING:#}",
        "Work", "packets", "median", "mean", "per second"
    )?;
    let Report { hops, trace: traced, .. } = report;
    row(out, "make a SURB", &report.making_surbs, GOOD, "")?;
    row(out, "wrap", &report.wrapping, GOOD, &trace::quote(&traced.sent))?;
    for (hop, packet) in hops.iter().zip(&traced.out) {
        row(out, &format!("→ {}", hop.name), &hop.out, DIM, &trace::packet(geometry, packet))?;
    }
    row(out, "answer", &report.answering, GOOD, "")?;
    for (hop, packet) in hops_back(hops.len()).zip(&traced.back) {
        if let Some(hop) = hops.get(hop) {
            row(out, &format!("← {}", hop.name), &hop.back, DIM, &trace::packet(geometry, packet))?;
        }
    }
    row(out, "read", &report.reading, GOOD, &trace::quote(&traced.read))?;
    writeln!(
        out,
        "{DIM}  Hops: open, replay check, finish. Per second: on one core, by the median.\n  \
         The first message: first bytes of group element and payload on each link.{DIM:#}\n"
    )
}

fn row(out: &mut String, name: &str, times: &Times, style: Style, shown: &str) -> fmt::Result {
    let (count, median, mean) = (grouped(times.count()), three_digits(times.median()), three_digits(times.mean()));
    let per_second = grouped_float(times.per_second());
    writeln!(out, "  {name:<14} {count:>7} {median:>8} {mean:>8} {per_second:>10}  {style}{shown}{style:#}")
}

fn checks(out: &mut String, report: &Report) -> fmt::Result {
    let Report { sent, returned, .. } = report;
    writeln!(out, "{HEADING}Checks{HEADING:#}")?;
    check(out, sent.messages == returned.messages, "answered", returned.messages, sent.messages, "messages")?;
    check(out, sent.bytes == returned.bytes, "came back", returned.bytes, sent.bytes, "bytes, each the same")?;
    for (attempts, what) in [
        (report.replayed, "replayed packets"),
        (report.changed_header, "packets with a bit of the header changed"),
        (report.changed_payload, "packets with a bit of the payload changed"),
    ] {
        check(out, attempts.all_refused(), "refused", attempts.refused, attempts.tried, what)?;
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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn grouped_float(number: f64) -> String {
    grouped(number.round() as usize)
}
