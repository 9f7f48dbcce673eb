//! The live view on a terminal: a line for each node and client; elsewhere a plain line now and then. On standard error.

use crate::cmd::demo::{
    summary::{grouped, millis},
    talk::Results,
    world::{AUTHORITIES, World},
};
use core::{fmt::Write as _, sync::atomic::Ordering::Relaxed, time::Duration};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mixwell_client::Tally;
use mixwell_net::stopwatch::after;
use mixwell_node::{Node, counters::PacketEvent};
use std::io::Write as _;
use tokio::{time, time::Instant};

/// How often the lines change.
const PERIOD: Duration = Duration::from_millis(200);

/// How often a plain line is written.
const PLAIN_PERIOD: Duration = Duration::from_secs(5);

/// With more than this, a screen does not hold them.
const MAX_CLIENT_LINES: usize = 8;

/// A narrower screen has not all columns.
const WIDE: u16 = 75;

pub(super) struct View {
    begun: Instant,
    last_line: Option<Instant>,
    lines: Option<Lines>,
}

struct Lines {
    all: MultiProgress,
    network: ProgressBar,
    messages: ProgressBar,
    nodes_head: ProgressBar,
    nodes: Vec<ProgressBar>,
    clients_head: ProgressBar,
    clients: Vec<ProgressBar>,
}

impl View {
    pub(super) fn new(world: &World) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let lines = (!all.is_hidden()).then(|| {
            let line = |style: &str| {
                let line = all.add(ProgressBar::new_spinner());
                if let Ok(style) = ProgressStyle::with_template(style) {
                    line.set_style(style);
                }
                line
            };
            // a screen that is too low shows the first ones
            Lines {
                network: line("{wide_msg:.bold}"),
                messages: line("{wide_msg}"),
                nodes_head: line("{wide_msg:.dim}"),
                nodes: world.nodes.iter().map(|_| line("{wide_msg}")).collect(),
                clients_head: line("{wide_msg:.dim}"),
                clients: world.tallies.iter().take(MAX_CLIENT_LINES).map(|_| line("{wide_msg}")).collect(),
                all: all.clone(),
            }
        });
        Self { begun: Instant::now(), last_line: None, lines }
    }

    /// Shows what happens until something holds, and says whether it came to that in time.
    pub(super) async fn until(
        &mut self,
        world: &World,
        deadline: Instant,
        mut holds: impl FnMut(&World, &Results) -> bool,
    ) -> bool {
        loop {
            self.show(world);
            if holds(world, &world.results()) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            time::sleep_until(deadline.min(after(Instant::now(), PERIOD))).await;
        }
    }

    /// Whether there are lines on a terminal.
    pub(super) const fn is_on_screen(&self) -> bool {
        self.lines.is_some()
    }

    /// Takes the lines off the screen: the summary has what matters of them.
    pub(super) fn finish(&mut self) {
        if let Some(lines) = self.lines.take() {
            let _ = lines.all.clear();
        }
    }

    /// Says something that stays on the screen.
    pub(super) fn tell(&self, text: &str) {
        match &self.lines {
            // a screen that is gone shows nothing
            Some(lines) => drop(lines.all.println(text)),
            None => plain(text),
        }
    }

    fn show(&mut self, world: &World) {
        let results = world.results();
        let Some(lines) = &self.lines else {
            if self.last_line.is_none_or(|last| last.elapsed() >= PLAIN_PERIOD) {
                self.last_line = Some(Instant::now());
                let elapsed = self.begun.elapsed().as_secs_f64();
                plain(&format!("{elapsed:>5.1} s  {}; {}", epoch(world), messages(&results)));
            }
            return;
        };
        // asked each time: the screen may have another width now
        let is_wide = crossterm::terminal::size().is_ok_and(|(columns, _)| columns >= WIDE);
        let table = Table { is_wide };
        lines.network.set_message(epoch(world));
        lines.messages.set_message(messages(&results));
        lines.nodes_head.set_message(table.line(NODE_COLUMNS.map(|(name, ..)| name.to_owned()), NODE_COLUMNS));
        for (line, node) in lines.nodes.iter().zip(&world.nodes) {
            line.set_message(table.line(row(node), NODE_COLUMNS));
        }
        lines.clients_head.set_message(table.line(CLIENT_COLUMNS.map(|(name, ..)| name.to_owned()), CLIENT_COLUMNS));
        for ((line, tally), number) in lines.clients.iter().zip(&world.tallies).zip(1_u32..) {
            line.set_message(table.line(client(number, tally), CLIENT_COLUMNS));
        }
    }
}

/// Writes a line, if anybody reads it.
fn plain(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Columns: their heads, their widths on a wide screen, and those on a narrow one, where some have no place.
type Columns<const N: usize> = [(&'static str, usize, usize); N];

const NODE_COLUMNS: Columns<8> = [
    ("node", 14, 12),
    ("in", 9, 7),
    ("out", 9, 7),
    ("held", 8, 5),
    ("write", 8, 0),
    ("decoys", 8, 0),
    ("drops", 8, 6),
    ("links", 8, 0),
];

const CLIENT_COLUMNS: Columns<6> =
    [("client", 14, 12), ("sent", 9, 7), ("replies", 9, 8), ("decoys", 8, 0), ("back", 8, 0), ("lost", 9, 6)];

/// How a line of columns is written.
#[derive(Debug, Clone, Copy)]
struct Table {
    is_wide: bool,
}

impl Table {
    fn line<const N: usize>(self, cells: [String; N], columns: Columns<N>) -> String {
        let mut line = " ".to_owned();
        for (cell, (_, wide, narrow)) in cells.into_iter().zip(columns) {
            let width = if self.is_wide { wide } else { narrow };
            if width == 0 {
                continue;
            }
            // names to the left, numbers to the right; a `String` takes everything
            let _ = if line.len() == 1 { write!(line, " {cell:<width$}") } else { write!(line, "{cell:>width$}") };
        }
        line
    }
}

fn epoch(world: &World) -> String {
    let time = world.clock.time();
    let what = world.signers().map_or_else(
        || {
            let step = time.elapsed.as_secs_f64() / world.clock.eighths(1).as_secs_f64();
            let what = match step {
                ..1.0 => "nodes upload descriptors",
                1.0..2.0 => "the authorities vote",
                2.0..3.0 => "the authorities reveal their randomness",
                3.0..4.0 => "the authorities exchange certificates",
                4.0..5.0 => "the authorities sign",
                _ => "a consensus is published",
            };
            what.to_owned()
        },
        |signers| format!("signed by {signers} of {AUTHORITIES}"),
    );
    format!("next epoch in {:.1} s; {what}", time.left.as_secs_f64())
}

fn messages(results: &Results) -> String {
    let Results { asked, good, awaited, .. } = results;
    let bad = results.wrong + results.lost;
    let bad = if bad == 0 { String::new() } else { format!(", {bad} LOST") };
    let last =
        results.round_trips.last().map_or_else(String::new, |(last, _)| format!(", the last in {}", millis(*last)));
    format!("{} sent, {} back{bad}, {awaited} under way{last}", grouped(*asked), grouped(*good))
}

fn row(node: &Node) -> [String; 8] {
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

fn client(number: u32, tally: &Tally) -> [String; 6] {
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
            let nodes = table.line(NODE_COLUMNS.map(|(name, ..)| name.to_owned()), NODE_COLUMNS);
            [nodes, table.line(CLIENT_COLUMNS.map(|(name, ..)| name.to_owned()), CLIENT_COLUMNS)]
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
