//! The table of packets.

use crate::style::{DIM, ERROR, HEADING};
use core::{fmt, fmt::Write};
use mixwell_node::{
    Node,
    counters::{Counters, DropReason, PacketEvent},
};
use std::sync::Arc;

/// Writes a row for each node.
pub(super) fn write(out: &mut String, nodes: &[Arc<Node>]) -> fmt::Result {
    writeln!(
        out,
        "{HEADING}{:<16} {:>8} {:>8} {:>9} {:>9} {:>8}{HEADING:#}",
        "Packets", "in", "out", "decoys", "returned", "dropped"
    )?;
    for node in nodes {
        let counters = node.counters();
        let [received, sent, stored, decoys, returned] = [
            PacketEvent::Received,
            PacketEvent::Sent,
            PacketEvent::Stored,
            PacketEvent::DecoySent,
            PacketEvent::DecoyReturned,
        ]
        .map(|flow| counters.of(flow));
        let (out_count, dropped) = (sent + stored, counters.all_dropped());
        writeln!(
            out,
            "  {:<14} {received:>8} {out_count:>8} {decoys:>9} {returned:>9} {dropped:>8}{}",
            node.name(),
            reasons(counters)
        )?;
    }
    writeln!(out, "{DIM}  Decoys: the node's own loops, which are included in out.{DIM:#}\n")
}

/// The reasons for which a node dropped packets, with counts; empty if it dropped none.
fn reasons(counters: &Counters) -> String {
    let of = |reason: DropReason| {
        let count = counters.dropped(reason);
        (count > 0).then(|| format!("{} {count}", reason.name()))
    };
    let reasons: Vec<String> = DropReason::ALL.into_iter().filter_map(of).collect();
    if reasons.is_empty() { String::new() } else { format!("  {ERROR}{}{ERROR:#}", reasons.join(", ")) }
}
