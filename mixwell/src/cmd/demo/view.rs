//! The live view on standard error: on a terminal a line for each node and client, elsewhere a
//! plain line now and then.

mod lines;
mod table;

use crate::cmd::demo::world::World;
use core::time::Duration;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mixwell_net::stopwatch::after;
use mixwell_testnet::traffic::Results;
use std::io::Write as _;
use table::{CLIENT_COLUMNS, NODE_COLUMNS, Table, client_row, node_row};
use tokio::{time, time::Instant};

/// Interval between updates of the lines.
const PERIOD: Duration = Duration::from_millis(200);

/// Interval between plain lines.
const PLAIN_PERIOD: Duration = Duration::from_secs(5);

/// Maximum number of clients with a line each.
const MAX_CLIENT_LINES: usize = 8;

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
            // a terminal with too few rows shows the first lines
            Lines {
                network: line("{wide_msg:.bold}"),
                messages: line("{wide_msg}"),
                nodes_head: line("{wide_msg:.dim}"),
                nodes: world.network.nodes.iter().map(|_| line("{wide_msg}")).collect(),
                clients_head: line("{wide_msg:.dim}"),
                clients: world.tallies.iter().take(MAX_CLIENT_LINES).map(|_| line("{wide_msg}")).collect(),
                all: all.clone(),
            }
        });
        Self { begun: Instant::now(), last_line: None, lines }
    }

    /// Updates the view until a condition holds; whether it did before the deadline.
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

    /// Clears the lines; the summary repeats the important figures.
    pub(super) fn finish(&mut self) {
        if let Some(lines) = self.lines.take() {
            let _ = lines.all.clear();
        }
    }

    /// Prints a permanent line above the view.
    pub(super) fn tell(&self, text: &str) {
        match &self.lines {
            // the terminal may be gone
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
                plain(&format!("{elapsed:>5.1} s  {}; {}", lines::epoch(world), lines::messages(&results)));
            }
            return;
        };
        // measured each time, because the terminal may have been resized
        let table = Table::of_terminal();
        lines.network.set_message(lines::epoch(world));
        lines.messages.set_message(lines::messages(&results));
        lines.nodes_head.set_message(table.head(NODE_COLUMNS));
        for (line, node) in lines.nodes.iter().zip(&world.network.nodes) {
            line.set_message(table.line(node_row(node), NODE_COLUMNS));
        }
        lines.clients_head.set_message(table.head(CLIENT_COLUMNS));
        for ((line, tally), number) in lines.clients.iter().zip(&world.tallies).zip(1_u32..) {
            line.set_message(table.line(client_row(number, tally), CLIENT_COLUMNS));
        }
    }
}

/// Writes a line and ignores errors: standard error may be closed.
fn plain(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
