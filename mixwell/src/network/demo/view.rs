//! The live view on a terminal: a line for each node and client; elsewhere a plain line now and then. On standard error.

use super::{
    summary::{grouped, millis},
    world::World,
};
use crate::network::{client::Tally, counters::Flow, demo::talk::Results, link::after, node::Node};
use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{self, Instant};

/// How often the lines change.
const PERIOD: Duration = Duration::from_millis(200);

/// How often a plain line is written.
const PLAIN_PERIOD: Duration = Duration::from_secs(5);

/// With more than this, a screen does not hold them.
const MOST_CLIENT_LINES: usize = 8;

pub(super) struct View {
    begun: Instant,
    told: Option<Instant>,
    lines: Option<Lines>,
}

struct Lines {
    all: MultiProgress,
    network: ProgressBar,
    nodes: Vec<ProgressBar>,
    clients: Vec<ProgressBar>,
    messages: ProgressBar,
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
            let network = line("{wide_msg:.bold}");
            line("{wide_msg:.dim}").set_message(format!(
                "  {:<14} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7}  links",
                "node", "in", "out", "held", "write", "decoys", "dropped"
            ));
            let nodes = world.nodes.iter().map(|_| line("  {wide_msg}")).collect();
            line("{wide_msg:.dim}").set_message(format!(
                "  {:<14} {:>8} {:>8} {:>7} {:>7} {:>7}",
                "client", "sent", "replies", "decoys", "back", "lost"
            ));
            let clients = world.tallies.iter().take(MOST_CLIENT_LINES).map(|_| line("  {wide_msg}")).collect();
            Lines { network, nodes, clients, messages: line("{wide_msg}"), all: all.clone() }
        });
        Self { begun: Instant::now(), told: None, lines }
    }

    /// Shows what happens until something holds, and says whether it came to that in time.
    pub(super) async fn until(
        &mut self,
        world: &World,
        deadline: Instant,
        holds: impl Fn(&World, &Results) -> bool,
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
            None => anstream::eprintln!("{text}"),
        }
    }

    fn show(&mut self, world: &World) {
        let results = world.results();
        let Some(lines) = &self.lines else {
            if self.told.is_none_or(|told| told.elapsed() >= PLAIN_PERIOD) {
                self.told = Some(Instant::now());
                anstream::eprintln!(
                    "{:>5.1} s  {}; {}",
                    self.begun.elapsed().as_secs_f64(),
                    epoch(world),
                    messages(&results)
                );
            }
            return;
        };
        lines.network.set_message(epoch(world));
        for (line, node) in lines.nodes.iter().zip(&world.nodes) {
            line.set_message(row(node));
        }
        for ((line, tally), number) in lines.clients.iter().zip(&world.tallies).zip(1_u32..) {
            line.set_message(client(number, tally));
        }
        lines.messages.set_message(messages(&results));
    }
}

fn epoch(world: &World) -> String {
    let left = world.clock.time().left.as_secs_f64();
    world.signers().map_or_else(
        || {
            let step = world.clock.time().elapsed.as_secs_f64() / world.clock.eighths(1).as_secs_f64();
            let what = match step {
                ..1.0 => "nodes upload their descriptors",
                1.0..2.0 => "the authorities vote",
                2.0..3.0 => "the authorities reveal their randomness",
                3.0..4.0 => "the authorities exchange certificates",
                4.0..5.0 => "the authorities sign",
                _ => "a consensus for the next epoch is published",
            };
            format!("{what}; {left:.1} s to the next epoch")
        },
        |signers| {
            format!("consensus signed by {signers} of {}; {left:.1} s to the next epoch", super::world::AUTHORITIES)
        },
    )
}

fn messages(results: &Results) -> String {
    let Results { asked, good, awaited, .. } = results;
    let last =
        results.round_trips.last().map_or_else(String::new, |(last, _)| format!(", the last in {}", millis(*last)));
    let bad = results.wrong.saturating_add(results.lost);
    let bad = if bad == 0 { String::new() } else { format!(", {bad} LOST") };
    format!("{} messages, {} came back{last}, {awaited} under way{bad}", grouped(*asked), grouped(*good))
}

fn row(node: &Node) -> String {
    let counters = node.mix.counters();
    let (up, all) = node.routes.up();
    format!(
        "{:<14} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7}  {up}/{all}",
        node.name,
        counters.flow(Flow::Received),
        counters.flow(Flow::Sent).saturating_add(counters.flow(Flow::Stored)),
        node.mix.len(),
        node.routes.waiting().saturating_add(node.mailboxes.stored()),
        counters.flow(Flow::DecoySent),
        counters.all_dropped(),
    )
}

fn client(number: u32, tally: &Tally) -> String {
    let [messages, replies, decoys, returned, lost] =
        [&tally.messages, &tally.replies, &tally.decoys, &tally.returned, &tally.lost].map(|count| count.load(Relaxed));
    format!("client {number:<7} {messages:>8} {replies:>8} {decoys:>7} {returned:>7} {lost:>7}")
}
