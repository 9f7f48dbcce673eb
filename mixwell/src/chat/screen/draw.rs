//! How it looks: who and where at the top, what was said below, files on their way, and the line that is typed.

use super::{
    super::{desk::Desk, lines::Line as Said},
    typing::Typing,
};
use crate::network::carrier::Standing;
use mixwell_chat::{Counts, Transfer};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style, Stylize as _},
    text::{Line, Span, Text},
    widgets::{Block, Borders, Gauge, Paragraph},
};

/// The most files that are shown on their way.
const MOST_GAUGES: usize = 4;

/// Draws all. Gives how far above the end the view is, at most as far as there is something.
pub(crate) fn draw(frame: &mut Frame<'_>, desk: &Desk, typing: &Typing, above: usize) -> usize {
    let transfers: Vec<_> = desk.transfers().take(MOST_GAUGES).collect();
    let gauges = u16::try_from(transfers.len()).unwrap_or(0);
    let rows = [Constraint::Length(1), Constraint::Min(1), Constraint::Length(gauges), Constraint::Length(3)];
    let [top, middle, files, bottom] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(title(desk), top);
    let above = conversation(frame, middle, desk, above);
    let each = Layout::vertical(transfers.iter().map(|_| Constraint::Length(1))).split(files);
    for (transfer, area) in transfers.iter().zip(each.iter()) {
        frame.render_widget(gauge(transfer), *area);
    }
    input(frame, bottom, typing);
    above
}

fn title(desk: &Desk) -> Paragraph<'static> {
    let mut spans = vec![Span::from(" mixwell chat ").bold(), Span::from(" ")];
    match desk.friend() {
        Some(friend) => spans.push(Span::from(friend.to_owned()).bold().cyan()),
        None if desk.is_pairing() => spans.push(Span::from("pairing").yellow()),
        None => spans.push(Span::from("no friend yet").dim()),
    }
    if let Some(safety) = desk.safety() {
        spans.push(Span::from(format!("  safety {safety}")).dim());
    }
    spans.push(match (desk.standing(), desk.ended().is_some()) {
        (_, true) => Span::from("  over").red(),
        (Standing::Connecting, _) => Span::from("  connecting").yellow(),
        (Standing::NoConsensus, _) => Span::from("  no consensus").yellow(),
        (Standing::ClockOff(_), _) => Span::from("  the clock is off").red(),
        (Standing::NoWay, _) => Span::from("  no rendezvous service").red(),
        (Standing::Connected, _) if desk.friend().is_some() && desk.is_quiet() => {
            Span::from("  not heard for long").yellow()
        }
        (Standing::Connected, _) => Span::from("  connected").green(),
    });
    Paragraph::new(Line::from(spans)).style(Style::new().on_dark_gray())
}

fn conversation(frame: &mut Frame<'_>, area: Rect, desk: &Desk, above: usize) -> usize {
    let counts = desk.counts();
    let height = usize::from(area.height);
    // each line takes a row at least, so that these are enough
    let wanted = u64::try_from(height.saturating_add(above)).unwrap_or(u64::MAX);
    let first = desk.lines().count().saturating_sub(wanted);
    let width = usize::from(area.width);
    let rows: Vec<_> = desk.lines().from(first).flat_map(|line| said(line, counts, width)).collect();
    let above = above.min(rows.len().saturating_sub(height));
    let hidden = rows.len().saturating_sub(height).saturating_sub(above);
    let shown: Text<'_> = rows.into_iter().skip(hidden).take(height).collect();
    frame.render_widget(Paragraph::new(shown), area);
    above
}

/// The rows of a line.
fn said(line: &Said, counts: Counts, width: usize) -> Vec<Line<'static>> {
    let (mark, name, text, style) = match line {
        Said::Ours { number, text } => (mark(*number, counts), Span::from("you ").bold(), text, Style::new()),
        Said::Theirs { name, text } => {
            (Span::from("  "), Span::from(format!("{name} ")).bold().cyan(), text, Style::new())
        }
        Said::Note(text) => (Span::from("* ").dim(), Span::from(""), text, Style::new().dim()),
        Said::Warning(text) => (Span::from("! ").red(), Span::from(""), text, Style::new().fg(Color::Red)),
        Said::Earlier(text) => (Span::from("  "), Span::from(""), text, Style::new().dim()),
    };
    let used = mark.width().saturating_add(name.width());
    let mut rows = wrap(text, width.saturating_sub(used), width.saturating_sub(INDENT.len())).into_iter();
    let first = Line::from(vec![mark, name, Span::styled(rows.next().unwrap_or_default(), style)]);
    let others = rows.map(|row| Line::from(vec![Span::from(INDENT), Span::styled(row, style)]));
    core::iter::once(first).chain(others).collect()
}

/// Before the rows of a line that are not its first.
const INDENT: &str = "    ";

/// Breaks a text into rows: between words if they fit, the first row so wide and the others so.
fn wrap(text: &str, first: usize, others: usize) -> Vec<String> {
    let mut rows = Vec::new();
    for line in text.split('\n') {
        let mut row = String::new();
        for word in line.split_inclusive(' ') {
            let room = if rows.is_empty() { first } else { others };
            if !row.is_empty() && width_of(&row).saturating_add(width_of(word.trim_end())) > room {
                rows.push(core::mem::take(&mut row));
            }
            for letter in word.chars() {
                let room = if rows.is_empty() { first } else { others };
                row.push(letter);
                if width_of(&row) > room.max(2) && letter != ' ' {
                    row.pop();
                    rows.push(core::mem::take(&mut row));
                    row.push(letter);
                }
            }
        }
        rows.push(row);
    }
    rows
}

fn width_of(text: &str) -> usize {
    Span::from(text).width()
}

/// How far a message has come.
fn mark(number: u64, counts: Counts) -> Span<'static> {
    if number < counts.read {
        Span::from("✓ ").green()
    } else if number < counts.stored {
        Span::from("· ").yellow()
    } else if number < counts.sent {
        Span::from("↑ ").yellow()
    } else {
        Span::from("… ").dim()
    }
}

fn gauge((is_ours, transfer): &(bool, Transfer)) -> Gauge<'static> {
    let Transfer { name, size, done, is_accepted, .. } = transfer;
    let per_mille = done.saturating_mul(1000).checked_div(*size).unwrap_or(0);
    let ratio = f64::from(u32::try_from(per_mille).unwrap_or(1000)).min(1000.0) / 1000.0;
    let way = match (is_ours, is_accepted) {
        (true, true) => "↑",
        (true, false) => "? ↑",
        (false, _) => "↓",
    };
    Gauge::default()
        .ratio(ratio)
        .label(format!("{way} {name}  {done} of {size} bytes"))
        .gauge_style(Style::new().cyan())
}

fn input(frame: &mut Frame<'_>, area: Rect, typing: &Typing) {
    let block =
        Block::new().borders(Borders::ALL).title(" Enter says it, /help tells more ").border_style(Style::new().dim());
    let inner = block.inner(area);
    let (before, behind) = typing.parts();
    let width = Span::from(before).width();
    // the place stays in sight
    let hidden = width.saturating_sub(usize::from(inner.width).saturating_sub(1));
    let column = u16::try_from(width.saturating_sub(hidden)).unwrap_or(0);
    let line = Line::from(vec![Span::from(before.to_owned()), Span::from(behind)]);
    let hidden = u16::try_from(hidden).unwrap_or(u16::MAX);
    frame.render_widget(Paragraph::new(line).block(block).scroll((0, hidden)), area);
    frame.set_cursor_position((inner.x.saturating_add(column), inner.y));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_break_between_words_if_they_can() {
        assert_eq!(wrap("one two three", 8, 6), ["one two ", "three"]);
        assert_eq!(wrap("abcdefghij", 4, 3), ["abcd", "efg", "hij"]);
        assert_eq!(wrap("a\n\nb", 8, 8), ["a", "", "b"]);
        assert_eq!(wrap("漢字漢字", 4, 4), ["漢字", "漢字"]);
        assert_eq!(wrap("", 4, 4), [""]);
        assert!(wrap("漢字 long words", 0, 0).iter().all(|row| width_of(row.trim_end()) <= 2));
    }
}
