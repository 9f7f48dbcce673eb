//! The live view: a line for each stage, on standard error if that is a terminal, else nothing.

use super::{
    network::Network,
    times::{self, Times},
    trace::readable,
};
use crate::hex::hex;
use core::time::Duration;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mixwell_sphinx::Scheme;
use std::time::Instant;

/// With more hops than this, they share a line.
const MOST_HOP_LINES: usize = 12;

/// A line's bytes and times change this often: faster than that nobody can see.
const PERIOD: Duration = Duration::from_millis(50);

/// So many bytes at the front of a packet matter here.
pub(super) const SEEN: usize = 10;

/// Where a packet's group element begins, behind the version.
const ELEMENT_AT: usize = 2;

/// So much is shown of a text.
const CHARACTERS: usize = 16;

/// What a packet goes through.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    Wrap,
    Hop(usize),
    Answer,
    Read,
}

/// What passes a stage, as far as it is shown.
pub(super) enum Passing<'a> {
    /// A packet: its group element looks like noise.
    Packet(&'a [u8]),
    /// A text that someone has unwrapped.
    Text(&'a [u8]),
}

/// The lines.
pub(super) struct View {
    lines: Option<Lines>,
}

struct Lines {
    all: MultiProgress,
    /// Shown as long as it is kept.
    _heading: ProgressBar,
    wrap: Line,
    /// One for each hop, or one for all.
    hops: Vec<Line>,
    answer: Line,
    read: Line,
}

struct Line {
    bar: ProgressBar,
    shown: Option<Instant>,
}

impl View {
    pub(super) fn new<S: Scheme>(network: &Network<S>, messages: usize) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        if all.is_hidden() {
            return Self { lines: None };
        }
        let messages = messages as u64;
        let passes =
            |hop| messages.saturating_add(if network.hops_back().any(|back| back == hop) { messages } else { 0 });
        let heading = heading(&all);
        let wrap = Line::new(&all, "wrap", messages);
        let hops = if network.nodes.len() > MOST_HOP_LINES {
            vec![Line::new(&all, "hops", (0..network.nodes.len()).map(passes).sum())]
        } else {
            let nodes = network.nodes.iter().enumerate();
            nodes.map(|(hop, node)| Line::new(&all, &node.name, passes(hop))).collect()
        };
        let answer = Line::new(&all, "answer", messages);
        let read = Line::new(&all, "read", messages);
        Self { lines: Some(Lines { all, _heading: heading, wrap, hops, answer, read }) }
    }

    /// Something has passed a stage.
    pub(super) fn step(&mut self, stage: Stage, passing: &Passing<'_>, times: &[&Times]) {
        let Some(lines) = &mut self.lines else { return };
        let line = match stage {
            Stage::Wrap => Some(&mut lines.wrap),
            Stage::Hop(hop) => {
                let last = lines.hops.len().saturating_sub(1);
                lines.hops.get_mut(hop.min(last))
            }
            Stage::Answer => Some(&mut lines.answer),
            Stage::Read => Some(&mut lines.read),
        };
        if let Some(line) = line {
            line.step(passing, times);
        }
    }

    /// Takes the lines off the screen: the summary has all that they said.
    pub(super) fn finish(&mut self) {
        if let Some(lines) = self.lines.take() {
            let _ = lines.all.clear();
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.finish();
    }
}

fn heading(all: &MultiProgress) -> ProgressBar {
    let heading = all.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{wide_msg:.bold}") {
        heading.set_style(style);
    }
    heading.set_message(format!("{:>51} {:>9}  passing now", "packets", "mean"));
    heading
}

impl Line {
    fn new(all: &MultiProgress, name: &str, length: u64) -> Self {
        let bar = all.add(ProgressBar::new(length));
        if let Ok(style) = ProgressStyle::with_template("{prefix:>12} {bar:22.cyan/dim} {pos:>7}/{len:<7} {wide_msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(name.to_owned());
        bar.tick();
        Self { bar, shown: None }
    }

    fn step(&mut self, passing: &Passing<'_>, times: &[&Times]) {
        self.bar.inc(1);
        if self.shown.is_none_or(|shown| shown.elapsed() >= PERIOD) {
            self.shown = Some(Instant::now());
            self.bar.set_message(format!("{:>9}  {}", times::display(times::mean(times)), passing.display()));
        }
    }
}

impl Passing<'_> {
    fn display(&self) -> String {
        match self {
            Self::Packet(packet) => hex(packet.iter().take(SEEN).skip(ELEMENT_AT)),
            Self::Text(text) => readable(text, CHARACTERS),
        }
    }
}
