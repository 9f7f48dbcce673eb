//! What is printed at the end.

use crate::{
    cmd::demo::{
        Arguments,
        predict::quantile,
        talk::Results,
        world::{AUTHORITIES, MIXES_PER_LAYER, RATES, Sent, World},
    },
    network_error::NetworkError,
    style::{DIM, ERROR, GOOD, HEADING},
};
use core::{
    fmt,
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_client::Tally;
use mixwell_node::{
    Node,
    counters::{Counters, DropReason, PacketEvent},
};
use std::sync::Arc;

/// How the run went.
pub(super) struct Report {
    heading: String,
    delays: u32,
    results: Results,
    /// While the clients talked.
    sent: Sent,
    nodes: Vec<Arc<Node>>,
    tallies: Vec<Arc<Tally>>,
}

impl Report {
    pub(super) fn new(arguments: &Arguments, world: &World, (results, sent): (&Results, Sent), took: Duration) -> Self {
        let heading = format!(
            "{HEADING}{AUTHORITIES} authorities, a gateway, {} layers of {MIXES_PER_LAYER} mixes, a service node, {} clients{HEADING:#}\n\
             {} packets of {} bytes, {} links, epochs of {:.1} s, {:.0} s in all\n",
            arguments.layers,
            arguments.clients,
            arguments.geometry.scheme,
            grouped(world.geometry.packet_len()),
            arguments.kem.name(),
            world.clock.period().duration().as_secs_f64(),
            took.as_secs_f64(),
        );
        // each layer there and back, the gateway there, the service node
        let delays = u32::from(arguments.layers) * 2 + 2;
        let (nodes, tallies) = (world.nodes.clone(), world.tallies.clone());
        Self { heading, delays, results: results.clone(), sent, nodes, tallies }
    }

    /// Whether every message came back, and nothing was lost on its way.
    pub(super) fn verdict(&self) -> Result<(), NetworkError> {
        let all_back = self.results.good == self.results.asked && self.results.asked > 0;
        let bad = self.of_clients(|tally| [&tally.lost, &tally.changed, &tally.unknown]);
        if all_back && bad == 0 && self.dropped() == 0 {
            Ok(())
        } else {
            Err(NetworkError::Demo("not every message came back, or packets were dropped"))
        }
    }

    /// The whole summary.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // a `String` takes everything
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "{}", self.heading)?;
        self.round_trips(out)?;
        self.packets(out)?;
        self.cover(out)?;
        self.checks(out)
    }

    fn round_trips(&self, out: &mut String) -> fmt::Result {
        let mut sorted: Vec<Duration> = self.results.round_trips.iter().map(|(took, _)| *took).collect();
        sorted.sort_unstable();
        let mut besides: Vec<Duration> =
            self.results.round_trips.iter().map(|(took, delays)| took.saturating_sub(*delays)).collect();
        besides.sort_unstable();
        writeln!(
            out,
            "{HEADING}{:<24} {:>9} {:>9} {:>9} {:>9}{HEADING:#}",
            "Round trips", "median", "90 %", "99 %", "longest"
        )?;
        let predicted = SHARES.map(|share| millis(quantile(share, self.delays, RATES.mu)));
        for (name, mut cells) in [
            ("measured", SHARES.map(|share| millis(percentile(&sorted, share))).to_vec()),
            ("by the rates alone", predicted.to_vec()),
            ("besides the delays", SHARES.map(|share| millis(percentile(&besides, share))).to_vec()),
        ] {
            cells.push(match name {
                "measured" => millis(percentile(&sorted, 1.0)),
                "besides the delays" => millis(percentile(&besides, 1.0)),
                _ => String::new(),
            });
            let mut line = format!("  {name:<22}");
            for cell in cells {
                write!(line, " {cell:>9}")?;
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(
            out,
            "{DIM}  {} messages, {} delays of {} each; besides: links, unwraps, waiting.{DIM:#}\n",
            grouped(sorted.len()),
            self.delays,
            millis(Duration::from_secs_f64(1.0 / RATES.mu / 1000.0)),
        )
    }

    fn packets(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "{HEADING}{:<16} {:>8} {:>8} {:>9} {:>9} {:>8}{HEADING:#}",
            "Packets", "in", "out", "decoys", "returned", "dropped"
        )?;
        for node in &self.nodes {
            let counters = node.counters();
            let [received, sent, stored, decoys, returned] = [
                PacketEvent::Received,
                PacketEvent::Sent,
                PacketEvent::Stored,
                PacketEvent::DecoySent,
                PacketEvent::DecoyReturned,
            ]
            .map(|event| counters.of(event));
            let (out_count, dropped) = (sent + stored, counters.all_dropped());
            writeln!(
                out,
                "  {:<14} {received:>8} {out_count:>8} {decoys:>9} {returned:>9} {dropped:>8}{}",
                node.name(),
                reasons(counters)
            )?;
        }
        writeln!(out, "{DIM}  Decoys: the node's own loops, which count as out too.{DIM:#}\n")
    }

    fn cover(&self, out: &mut String) -> fmt::Result {
        let Sent { messages, decoys, loops: own } = self.sent;
        let share = |part: u64, whole: u64| 100.0 * float(part) / float(whole).max(1.0);
        writeln!(out, "{HEADING}Cover while the clients talked{HEADING:#}")?;
        writeln!(
            out,
            "  clients sent {} messages and {} decoys: {:.1} decoys for each message",
            grouped_u64(messages),
            grouped_u64(decoys),
            float(decoys) / float(messages).max(1.0)
        )?;
        let all = messages + decoys + own;
        writeln!(
            out,
            "  with the {} loops of nodes, {:.0} % of all round trips were cover\n",
            grouped_u64(own),
            share(decoys + own, all)
        )
    }

    fn checks(&self, out: &mut String) -> fmt::Result {
        let Results { asked, good, .. } = self.results;
        writeln!(out, "{HEADING}Checks{HEADING:#}")?;
        let all_back = good == asked && asked > 0;
        let back = format!("{} of {} messages came back, each byte the same", grouped(good), grouped(asked));
        line(out, all_back, &back)?;
        let [lost, changed, unknown] = [
            self.of_clients(|tally| [&tally.lost]),
            self.of_clients(|tally| [&tally.changed]),
            self.of_clients(|tally| [&tally.unknown]),
        ];
        let what = format!("of messages and decoys {lost} were lost, {changed} changed, {unknown} came twice");
        line(out, lost + changed + unknown == 0, &what)?;
        let dropped = self.dropped();
        line(out, dropped == 0, &format!("{dropped} packets were dropped by nodes"))
    }

    fn dropped(&self) -> u64 {
        self.nodes.iter().map(|node| node.counters().all_dropped()).sum()
    }

    fn of_clients<const N: usize>(&self, counts: impl Fn(&Tally) -> [&AtomicU64; N]) -> u64 {
        self.tallies.iter().flat_map(|tally| counts(tally).map(|count| count.load(Relaxed))).sum()
    }
}

/// The shares of messages that percentiles are given for.
const SHARES: [f64; 3] = [0.5, 0.9, 0.99];

/// Why a node dropped packets, if it did.
fn reasons(counters: &Counters) -> String {
    let of = |reason: DropReason| {
        let count = counters.dropped(reason);
        (count > 0).then(|| format!("{} {count}", reason.name()))
    };
    let reasons: Vec<String> = DropReason::ALL.into_iter().filter_map(of).collect();
    if reasons.is_empty() { String::new() } else { format!("  {ERROR}{}{ERROR:#}", reasons.join(", ")) }
}

fn line(out: &mut String, good: bool, what: &str) -> fmt::Result {
    let (style, mark) = if good { (GOOD, "✓") } else { (ERROR, "✗") };
    writeln!(out, "  {style}{mark}{style:#} {what}")
}

/// The time that a share of the round trips is not longer than.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "casts of floats saturate"
)]
fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

pub(super) fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    if millis < 10.0 { format!("{millis:.1} ms") } else { format!("{millis:.0} ms") }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio is not exact")]
const fn float(count: u64) -> f64 {
    count as f64
}

fn grouped_u64(number: u64) -> String {
    grouped(usize::try_from(number).unwrap_or(usize::MAX))
}

/// A number with its thousands apart.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
