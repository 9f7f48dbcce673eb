//! The summary at the end.

mod latency;
mod packets;

use crate::{
    cmd::demo::{
        Arguments,
        world::{AUTHORITIES, MIXES_PER_LAYER, Sent, World},
    },
    network_error::NetworkError,
    numbers::grouped,
    style::{ERROR, GOOD, HEADING},
};
use core::{
    fmt,
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_client::Tally;
use mixwell_node::Node;
use mixwell_testnet::traffic::Results;
use std::sync::Arc;

/// The results of the demonstration.
pub(super) struct Report {
    heading: String,
    delays: u32,
    results: Results,
    /// Packets sent while the clients sent messages.
    sent: Sent,
    nodes: Vec<Arc<Node>>,
    tallies: Vec<Arc<Tally>>,
}

impl Report {
    pub(super) fn new(arguments: &Arguments, world: &World, sent: Sent, took: Duration) -> Self {
        let heading = format!(
            "{HEADING}{AUTHORITIES} authorities, a gateway, {} layers of {MIXES_PER_LAYER} mixes, a service node, {} clients{HEADING:#}\n\
             {} packets of {} bytes, {} links, epochs of {:.1} s, {:.0} s in all\n",
            arguments.layers,
            arguments.clients,
            arguments.geometry.scheme,
            grouped(world.network.geometry.packet_len()),
            arguments.kem.name(),
            world.network.clock.period().duration().as_secs_f64(),
            took.as_secs_f64(),
        );
        // each layer there and back, the gateway there, the service node
        let delays = u32::from(arguments.layers) * 2 + 2;
        let (nodes, tallies) = (world.network.nodes.clone(), world.tallies.clone());
        Self { heading, delays, results: world.results().clone(), sent, nodes, tallies }
    }

    /// Whether every message came back and no packet was lost.
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
        // writing to a `String` can't fail
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "{}", self.heading)?;
        latency::write(out, &self.results.round_trips, self.delays)?;
        packets::write(out, &self.nodes)?;
        self.cover(out)?;
        self.checks(out)
    }

    fn cover(&self, out: &mut String) -> fmt::Result {
        let Sent { messages, decoys, loops } = self.sent;
        writeln!(out, "{HEADING}Cover traffic while the clients sent messages{HEADING:#}")?;
        writeln!(
            out,
            "  clients sent {} messages and {} decoys: {:.1} decoys for each message",
            grouped(messages),
            grouped(decoys),
            float(decoys) / float(messages).max(1.0)
        )?;
        let all = messages + decoys + loops;
        writeln!(
            out,
            "  with the {} loops of nodes, {:.0} % of all round trips were cover traffic\n",
            grouped(loops),
            100.0 * float(decoys + loops) / float(all).max(1.0)
        )
    }

    fn checks(&self, out: &mut String) -> fmt::Result {
        let Results { asked, good, .. } = self.results;
        writeln!(out, "{HEADING}Checks{HEADING:#}")?;
        let all_back = good == asked && asked > 0;
        let back = format!("{} of {} messages came back unchanged", grouped(good), grouped(asked));
        line(out, all_back, &back)?;
        let [lost, changed, unknown] = [
            self.of_clients(|tally| [&tally.lost]),
            self.of_clients(|tally| [&tally.changed]),
            self.of_clients(|tally| [&tally.unknown]),
        ];
        let what = format!("messages and decoys: {lost} lost, {changed} changed, {unknown} came back twice");
        line(out, lost + changed + unknown == 0, &what)?;
        let dropped = self.dropped();
        line(out, dropped == 0, &format!("nodes dropped {dropped} packets"))
    }

    fn dropped(&self) -> u64 {
        self.nodes.iter().map(|node| node.counters().all_dropped()).sum()
    }

    fn of_clients<const N: usize>(&self, counts: impl Fn(&Tally) -> [&AtomicU64; N]) -> u64 {
        self.tallies.iter().flat_map(|tally| counts(tally).map(|count| count.load(Relaxed))).sum()
    }
}

fn line(out: &mut String, good: bool, what: &str) -> fmt::Result {
    let (style, mark) = if good { (GOOD, "✓") } else { (ERROR, "✗") };
    writeln!(out, "  {style}{mark}{style:#} {what}")
}

#[expect(clippy::cast_precision_loss, reason = "a ratio is not exact")]
const fn float(count: u64) -> f64 {
    count as f64
}
