//! The tables of nodes and clients.

use core::{fmt::Write as _, sync::atomic::Ordering::Relaxed};
use mixwell_client::Tally;
use mixwell_node::{Node, counters::PacketEvent};

/// Terminals of fewer columns show a narrow table.
const WIDE: u16 = 75;

/// Columns of a table: head, width in a wide table, width in a narrow one, where 0 leaves the
/// column out.
type Columns<const N: usize> = [(&'static str, usize, usize); N];

pub(super) const NODE_COLUMNS: Columns<8> = [
    ("node", 14, 12),
    ("in", 9, 7),
    ("out", 9, 7),
    ("held", 8, 5),
    ("write", 8, 0),
    ("decoys", 8, 0),
    ("drops", 8, 6),
    ("links", 8, 0),
];

pub(super) const CLIENT_COLUMNS: Columns<6> =
    [("client", 14, 12), ("sent", 9, 7), ("replies", 9, 8), ("decoys", 8, 0), ("back", 8, 0), ("lost", 9, 6)];

/// Formats lines of columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    is_wide: bool,
}

impl Table {
    /// A table for the terminal's current width.
    pub(super) fn of_terminal() -> Self {
        let is_wide = crossterm::terminal::size().is_ok_and(|(columns, _)| columns >= WIDE);
        Self { is_wide }
    }

    /// The line of the columns' heads.
    pub(super) fn head<const N: usize>(self, columns: Columns<N>) -> String {
        self.line(columns.map(|(head, ..)| head.to_owned()), columns)
    }

    pub(super) fn line<const N: usize>(self, cells: [String; N], columns: Columns<N>) -> String {
        let mut line = " ".to_owned();
        for (cell, (_, wide, narrow)) in cells.into_iter().zip(columns) {
            let width = if self.is_wide { wide } else { narrow };
            if width == 0 {
                continue;
            }
            // names to the left, numbers to the right; writing to a `String` can't fail
            let _ = if line.len() == 1 { write!(line, " {cell:<width$}") } else { write!(line, "{cell:>width$}") };
        }
        line
    }
}

/// A node's cells.
pub(super) fn node_row(node: &Node) -> [String; 8] {
    let counters = node.counters();
    let (up, all) = node.links();
    [
        node.name().to_owned(),
        counters.of(PacketEvent::Received).to_string(),
        (counters.of(PacketEvent::Sent) + counters.of(PacketEvent::Stored)).to_string(),
        node.queued().to_string(),
        (node.sending() + node.stored_replies()).to_string(),
        counters.of(PacketEvent::DecoySent).to_string(),
        counters.all_dropped().to_string(),
        format!("{up}/{all}"),
    ]
}

/// A client's cells.
pub(super) fn client_row(number: u32, tally: &Tally) -> [String; 6] {
    let [messages, replies, decoys, returned, lost] =
        [&tally.messages, &tally.replies, &tally.decoys, &tally.returned, &tally.lost]
            .map(|count| count.load(Relaxed).to_string());
    [format!("client {number}"), messages, replies, decoys, returned, lost]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_their_screens() {
        let heads = |is_wide| {
            let table = Table { is_wide };
            [table.head(NODE_COLUMNS), table.head(CLIENT_COLUMNS)]
        };
        for line in heads(true) {
            assert!(line.len() < WIDE.into(), "{line}");
        }
        let narrow = heads(false);
        assert_eq!(narrow, ["  node             in    out held drops", "  client         sent replies  lost"]);
        let line = Table { is_wide: false }
            .line(["service node", "10", "9", "1", "0", "3", "7", "2/2"].map(str::to_owned), NODE_COLUMNS);
        assert_eq!(line, "  service node     10      9    1     7");
    }
}
