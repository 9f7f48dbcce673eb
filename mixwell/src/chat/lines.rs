//! What is on the screen, in memory alone.

use std::collections::VecDeque;

/// A line of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// A text of ours, by its number.
    Ours {
        number: u64,
        text: String,
    },
    Theirs {
        name: String,
        text: String,
    },
    Note(String),
    /// What the user should not miss.
    Warning(String),
    /// From an earlier time, as it was kept.
    Earlier(String),
}

/// The last lines. Those before them are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: VecDeque<Line>,
    /// How many are forgotten.
    gone: u64,
}

const MOST_LINES: usize = 5000;

impl Lines {
    pub(crate) fn push(&mut self, line: Line) {
        if self.lines.len() >= MOST_LINES {
            self.lines.pop_front();
            self.gone = self.gone.saturating_add(1);
        }
        self.lines.push_back(line);
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.push(Line::Note(text.into()));
    }

    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        self.push(Line::Warning(text.into()));
    }

    /// Lines from a number on, as they were pushed from 0.
    pub(crate) fn from(&self, number: u64) -> impl Iterator<Item = &Line> {
        let skipped = usize::try_from(number.saturating_sub(self.gone)).unwrap_or(usize::MAX);
        self.lines.iter().skip(skipped)
    }

    /// How many were pushed.
    pub(crate) fn count(&self) -> u64 {
        self.gone.saturating_add(self.lines.len() as u64)
    }
}
