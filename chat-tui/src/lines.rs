//! The lines of a conversation, held only in memory, broken into rows once for each width.

use crate::{layout::Rows, time};
use jiff::civil::Date;
use std::collections::VecDeque;

/// A line of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Seconds since 1970.
    pub time: u64,
    pub kind: Kind,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text of ours, by its number. From an earlier run, none.
    Ours(Option<u64>),
    /// A text of the friend's, and their name.
    Theirs(String),
    Note,
    /// A note that should not be missed while another contact is in view.
    News,
    /// A warning.
    Warning,
    /// The beginning of a day.
    Day,
}

/// The last lines of a conversation.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: VecDeque<LoggedLine>,
    /// Number of lines removed at the front.
    removed: u64,
    bytes: usize,
    last_day: Option<Date>,
}

#[derive(Debug)]
pub(crate) struct LoggedLine {
    pub line: Line,
    rows: Option<Rows>,
}

const MAX_LINES: usize = 5000;

/// Maximum memory of all texts, in bytes: a friend can fill it, but not exceed it.
const MAX_BYTES: usize = 8 * 1024 * 1024;

impl Log {
    pub(crate) fn push(&mut self, line: Line) {
        let day = time::date(line.time);
        if let Some(date) = day.filter(|_| day != self.last_day) {
            self.append(Line { time: line.time, kind: Kind::Day, text: time::day(date) });
            self.last_day = day;
        }
        self.append(line);
    }

    fn append(&mut self, line: Line) {
        self.bytes += line.text.len();
        self.lines.push_back(LoggedLine { line, rows: None });
        while self.lines.len() > MAX_LINES || (self.bytes > MAX_BYTES && self.lines.len() > 1) {
            let Some(removed) = self.lines.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(removed.line.text.len());
            self.removed += 1;
        }
    }

    /// Number of lines that were added.
    pub(crate) fn count(&self) -> u64 {
        self.removed + self.lines.len() as u64
    }

    /// The lines from the last to the first.
    pub(crate) fn newest_first(&mut self) -> impl Iterator<Item = &mut LoggedLine> {
        self.lines.iter_mut().rev()
    }

    /// Number of lines that are broken into rows.
    #[cfg(test)]
    pub(crate) fn broken(&self) -> u64 {
        self.lines.iter().filter(|logged| logged.rows.is_some()).count() as u64
    }

    #[cfg(test)]
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().map(|logged| &logged.line)
    }
}

impl LoggedLine {
    /// The line's rows, broken once for each width of the screen.
    pub(crate) fn rows(&mut self, first: usize, others: usize) -> &Rows {
        if !self.rows.as_ref().is_some_and(|rows| rows.fit(first, others)) {
            self.rows = None;
        }
        self.rows.get_or_insert_with(|| Rows::of(&self.line.text, first, others))
    }

    /// A row of those that were broken last.
    pub(crate) fn row(&self, number: usize) -> &str {
        self.rows.as_ref().map(|rows| rows.row(number, &self.line.text)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(time: u64, text: &str) -> Line {
        Line { time, kind: Kind::Note, text: text.to_owned() }
    }

    #[test]
    fn a_log_is_bounded_by_lines_and_by_bytes() {
        let mut log = Log::default();
        (0..7000).for_each(|number| log.push(note(1, &number.to_string())));
        assert_eq!((log.lines.len(), log.count()), (MAX_LINES, 7001));
        let large = "x".repeat(1024 * 1024);
        (0..20).for_each(|_| log.push(note(1, &large)));
        assert!(log.lines.len() <= 9 && log.bytes <= MAX_BYTES, "{}", log.lines.len());
    }

    #[test]
    fn each_day_has_its_line() {
        const DAY: u64 = 24 * 60 * 60;
        let mut log = Log::default();
        for time in [DAY, DAY, 3 * DAY, 3 * DAY, 5 * DAY] {
            log.push(note(time, "text"));
        }
        let days: Vec<_> = log.lines().filter(|line| line.kind == Kind::Day).map(|line| line.text.as_str()).collect();
        assert_eq!(days.len(), 3, "{days:?}");
        assert!(days[0].ends_with("January 1970"), "{days:?}");
    }
}
