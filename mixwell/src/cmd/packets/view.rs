//! The live view: a line for each stage, on standard error if that is a terminal, else nothing.

use crate::{
    cmd::packets::{duration::three_digits, trace::readable},
    hex::hex,
};
use core::time::Duration;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mixwell_sim::selftest::{Observer, Stage, Times, hops_back};
use std::time::Instant;

/// Maximum number of hops with a line each; more hops share one line.
const MAX_HOP_LINES: usize = 12;

/// Minimum time between two changes of a line: faster ones can't be seen.
const REFRESH: Duration = Duration::from_millis(50);

/// Bytes shown of a packet, from its start.
const SHOWN: usize = 10;

/// The offset of a packet's group element, behind the version.
const ELEMENT_OFFSET: usize = 2;

/// Characters shown of a text.
const CHARACTERS: usize = 16;

/// The live view.
pub(super) struct View {
    lines: Option<Lines>,
}

struct Lines {
    all: MultiProgress,
    /// Shown until it is dropped.
    _heading: ProgressBar,
    wrap: Line,
    /// One line for each hop, or one for all.
    hops: Vec<Line>,
    answer: Line,
    read: Line,
}

struct Line {
    bar: ProgressBar,
    shown: Option<Instant>,
}

impl View {
    pub(super) fn new(hops: usize, messages: usize) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        if all.is_hidden() {
            return Self { lines: None };
        }
        let messages = messages as u64;
        let is_passed_twice = |hop| hops_back(hops).any(|back| back == hop);
        let passes = |hop| messages * if is_passed_twice(hop) { 2 } else { 1 };
        let heading = heading(&all);
        let wrap = Line::new(&all, "wrap", messages);
        let hops = if hops > MAX_HOP_LINES {
            vec![Line::new(&all, "hops", (0..hops).map(passes).sum())]
        } else {
            (0..hops).map(|hop| Line::new(&all, &hop_name(hop, hops), passes(hop))).collect()
        };
        let answer = Line::new(&all, "answer", messages);
        let read = Line::new(&all, "read", messages);
        Self { lines: Some(Lines { all, _heading: heading, wrap, hops, answer, read }) }
    }

    /// Removes the lines: the summary repeats their figures.
    pub(super) fn finish(&mut self) {
        if let Some(lines) = self.lines.take() {
            let _ = lines.all.clear();
        }
    }
}

impl Observer for View {
    fn passed(&mut self, stage: Stage, bytes: &[u8], times: &[&Times]) {
        let Some(lines) = &mut self.lines else { return };
        let (line, is_text) = match stage {
            Stage::Wrapped => (Some(&mut lines.wrap), false),
            Stage::Hop(hop) => {
                let last = lines.hops.len().saturating_sub(1);
                (lines.hops.get_mut(hop.min(last)), false)
            }
            Stage::Answered => (Some(&mut lines.answer), false),
            Stage::Read => (Some(&mut lines.read), true),
            _ => (None, false),
        };
        if let Some(line) = line {
            line.step(bytes, is_text, times);
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

    fn step(&mut self, bytes: &[u8], is_text: bool, times: &[&Times]) {
        self.bar.inc(1);
        if self.shown.is_none_or(|shown| shown.elapsed() >= REFRESH) {
            self.shown = Some(Instant::now());
            let shown =
                if is_text { readable(bytes, CHARACTERS) } else { hex(bytes.iter().take(SHOWN).skip(ELEMENT_OFFSET)) };
            self.bar.set_message(format!("{:>9}  {shown}", three_digits(Times::mean_of(times))));
        }
    }
}

/// A hop's name, as in the report.
fn hop_name(hop: usize, hops: usize) -> String {
    match hop {
        _ if hop + 1 == hops => "service node".to_owned(),
        0 => "gateway".to_owned(),
        layer => format!("mix {layer}"),
    }
}
