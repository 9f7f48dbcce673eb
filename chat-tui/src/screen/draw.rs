//! Drawing the screen: contacts at the left, the contact and its status at the top, the
//! conversation, file transfers, and the text that is typed.

use crate::{
    app::bytes,
    folder::ContactId,
    lines::{Kind, Line as Said, LoggedLine},
    model::{ContactStatus, Model, Phase, TransferStatus},
    network::ConnectionStatus,
    screen::{Scroll, editor::Editor},
    time,
};
use mixwell_chat::{Counts, MAX_TEXT_LEN};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style, Stylize as _},
    text::{Line, Span, Text},
    widgets::{Block, Borders, Gauge, Paragraph, Wrap},
};

/// Positions on the screen, for the mouse.
#[derive(Debug, Default)]
pub(crate) struct Drawn {
    contacts: Vec<(Rect, ContactId)>,
}

impl Drawn {
    pub(crate) fn contact_at(&self, column: u16, row: u16) -> Option<ContactId> {
        let position = ratatui::layout::Position { x: column, y: row };
        self.contacts.iter().find(|(area, _)| area.contains(position)).map(|(_, id)| *id)
    }
}

/// Maximum number of file transfers that are shown.
const MAX_GAUGES: usize = 4;

/// Maximum number of rows of the text that is typed.
const MAX_INPUT_ROWS: u16 = 6;

/// Minimum width at which the contacts are shown beside the conversation, if there are two of them.
const WIDE: u16 = 80;
const CONTACTS_WIDTH: u16 = 24;

/// Draws the whole screen.
pub(crate) fn draw(frame: &mut Frame<'_>, model: &mut Model, editor: &Editor, scroll: &mut Scroll) -> Drawn {
    let mut drawn = Drawn::default();
    let area = frame.area();
    let is_wide = area.width >= WIDE && model.contacts().len() > 1;
    let columns = [Constraint::Length(if is_wide { CONTACTS_WIDTH } else { 0 }), Constraint::Min(1)];
    let [left, right] = Layout::horizontal(columns).areas(area);
    if is_wide {
        contacts(frame, left, model, &mut drawn);
    }
    let transfers: Vec<_> = model.current_contact().map(|contact| contact.transfers.clone()).unwrap_or_default();
    let gauges = u16::try_from(transfers.len().min(MAX_GAUGES)).unwrap_or(0);
    let input_rows = input_height(editor, right);
    let rows = [Constraint::Length(1), Constraint::Min(1), Constraint::Length(gauges), Constraint::Length(input_rows)];
    let [top, middle, files, bottom] = Layout::vertical(rows).areas(right);
    frame.render_widget(title(model), top);
    let below = conversation(frame, middle, model, scroll);
    let each = Layout::vertical(transfers.iter().take(MAX_GAUGES).map(|_| Constraint::Length(1))).split(files);
    for (transfer, area) in transfers.iter().zip(each.iter()) {
        frame.render_widget(gauge(transfer), *area);
    }
    input(frame, bottom, editor, below);
    drawn
}

fn contacts(frame: &mut Frame<'_>, area: Rect, model: &Model, drawn: &mut Drawn) {
    let block = Block::new().borders(Borders::RIGHT).border_style(Style::new().dim());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    for (contact, row) in model.contacts().iter().zip(inner.rows()) {
        let (mark, style) = match contact.phase {
            Phase::Pairing => ("…", Style::new().yellow()),
            Phase::Over(_) => ("✗", Style::new().red()),
            Phase::Talking { is_quiet: true, .. } => ("○", Style::new().dim()),
            Phase::Talking { is_verified: true, .. } => ("✓", Style::new().green()),
            Phase::Talking { .. } => ("●", Style::new().cyan()),
        };
        let unread = match model.unread(contact.id) {
            0 => String::new(),
            unread => format!(" {unread}"),
        };
        let mut line = Line::from(vec![
            Span::styled(format!(" {mark} "), style),
            Span::from(contact.name.clone()),
            Span::styled(unread, Style::new().yellow().bold()),
        ]);
        if Some(contact.id) == model.current() {
            line = line.reversed();
        }
        frame.render_widget(line, row);
        drawn.contacts.push((row, contact.id));
    }
}

fn title(model: &Model) -> Paragraph<'static> {
    let mut spans = vec![Span::from(" ")];
    match model.current_contact() {
        Some(contact) => spans.extend(about(contact)),
        None => spans.push(Span::from("mixwell chat: no contacts yet").dim()),
    }
    spans.push(match &model.connection {
        ConnectionStatus::Connecting => Span::from("  connecting").yellow(),
        ConnectionStatus::NoConsensus => Span::from("  no consensus").yellow(),
        ConnectionStatus::ClockOff(_) => Span::from("  clock is off").red(),
        ConnectionStatus::NoService => Span::from("  no rendezvous service").red(),
        ConnectionStatus::Outdated => Span::from("  the network has changed").red(),
        ConnectionStatus::Connected => Span::from("  connected").green(),
    });
    let others = model.unread_in_all();
    if others > 0 {
        spans.push(Span::from(format!("  {others} unread")).yellow().bold());
    }
    Paragraph::new(Line::from(spans)).style(Style::new().on_dark_gray())
}

fn about(contact: &ContactStatus) -> Vec<Span<'static>> {
    let mut spans = vec![Span::from(contact.name.clone()).bold().cyan()];
    match contact.phase {
        Phase::Pairing => {}
        Phase::Over(_) => spans.push(Span::from("  over").red()),
        Phase::Talking { safety, is_verified, is_quiet } => {
            if is_verified {
                spans.push(Span::from("  verified").green());
            } else {
                spans.push(Span::from(format!("  {safety} not verified")).yellow());
            }
            if is_quiet {
                spans.push(Span::from("  silent for a long time").yellow());
            }
        }
    }
    if contact.tampered > 0 {
        spans.push(Span::from(format!("  {} boxes ignored", contact.tampered)).red());
    }
    spans
}

/// Draws the last rows, or earlier ones if the view is scrolled up. Returns the number of rows
/// below.
fn conversation(frame: &mut Frame<'_>, area: Rect, model: &mut Model, scroll: &mut Scroll) -> usize {
    let counts = model.current_contact().map(|contact| contact.counts).unwrap_or_default();
    let contact = model.current();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let log = model.log();
    // a view that is scrolled up stays where it is
    let added = log.count().saturating_sub(scroll.seen);
    if scroll.contact != contact {
        scroll.above = 0;
    } else if scroll.above > 0 {
        let added = usize::try_from(added).unwrap_or(usize::MAX);
        let rows: usize = log.newest_first().take(added).map(|line| rows_of(line, counts, width)).sum();
        scroll.above = scroll.above.saturating_add(rows);
    }
    (scroll.contact, scroll.seen) = (contact, log.count());
    // from the last row up, as far as is seen
    let (wanted, mut total) = (scroll.above.saturating_add(height), 0_usize);
    for line in log.newest_first() {
        if total >= wanted {
            break;
        }
        total = total.saturating_add(rows_of(line, counts, width));
    }
    scroll.above = scroll.above.min(total.saturating_sub(height));
    let (first, last, mut below) = (scroll.above, scroll.above.saturating_add(height), 0_usize);
    let mut rows = Vec::with_capacity(height);
    for line in log.newest_first() {
        for number in (0..rows_of(line, counts, width)).rev() {
            if (first..last).contains(&below) {
                rows.push(row(line, number, counts, width));
            }
            below = below.saturating_add(1);
        }
        if below >= last {
            break;
        }
    }
    rows.reverse();
    frame.render_widget(Paragraph::new(Text::from(rows)), area);
    scroll.above
}

/// The spans before a line's text: time, mark and name.
fn head(line: &Said, counts: Counts) -> Vec<Span<'static>> {
    let time = Span::from(format!("{} ", time::clock(line.time))).dim();
    match &line.kind {
        Kind::Ours(number) => {
            let mark = number.map_or_else(|| Span::from("  "), |number| mark(number, counts));
            vec![time, mark, Span::from("you ").bold()]
        }
        Kind::Theirs(name) => vec![time, Span::from("  "), Span::from(format!("{name} ")).bold().cyan()],
        Kind::Note | Kind::News => vec![time, Span::from("* ").dim()],
        Kind::Warning => vec![time, Span::from("! ").red()],
        Kind::Day => vec![Span::from("── ").dim()],
    }
}

const fn style(kind: &Kind) -> Style {
    match kind {
        Kind::Ours(_) | Kind::Theirs(_) | Kind::News => Style::new(),
        Kind::Note | Kind::Day => Style::new().dim(),
        Kind::Warning => Style::new().fg(Color::Red),
    }
}

/// Before the rows of a line but the first.
const INDENT: &str = "        ";

fn room(line: &Said, counts: Counts, width: usize) -> (usize, usize) {
    let used = head(line, counts).iter().map(Span::width).sum();
    (width.saturating_sub(used), width.saturating_sub(INDENT.len()))
}

fn rows_of(line: &mut LoggedLine, counts: Counts, width: usize) -> usize {
    let (first, others) = room(&line.line, counts, width);
    line.rows(first, others).count()
}

fn row(line: &mut LoggedLine, number: usize, counts: Counts, width: usize) -> Line<'static> {
    let (first, others) = room(&line.line, counts, width);
    let style = style(&line.line.kind);
    line.rows(first, others);
    let text = line.row(number).to_owned();
    if number > 0 {
        return Line::from(vec![Span::from(INDENT), Span::styled(text, style)]);
    }
    let mut spans = head(&line.line, counts);
    spans.push(Span::styled(text, style));
    Line::from(spans)
}

/// The delivery status of a text of ours.
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

fn gauge(TransferStatus { is_ours, transfer }: &TransferStatus) -> Gauge<'static> {
    let per_mille = transfer.done.saturating_mul(1000).checked_div(transfer.size).unwrap_or(0);
    let ratio = f64::from(u32::try_from(per_mille).unwrap_or(1000)).min(1000.0) / 1000.0;
    let (name, size) = (&transfer.name, bytes(transfer.size));
    let label = match (is_ours, transfer.is_accepted) {
        (true, true) => format!("↑ {name}  {} of {size}", bytes(transfer.done)),
        (false, true) => format!("↓ {name}  {} of {size}", bytes(transfer.done)),
        (true, false) => format!("↑ {name}  {size}, offered"),
        (false, false) => format!("↓ {name}  {size}: /accept {number} or /decline {number}", number = transfer.file.0),
    };
    Gauge::default().ratio(ratio).label(label).gauge_style(Style::new().cyan())
}

/// The height of the input with its border.
fn input_height(editor: &Editor, area: Rect) -> u16 {
    let width = usize::from(area.width.saturating_sub(2)).max(2);
    let text = editor.question().map_or_else(
        || editor.area().lines().iter().map(|line| rows_needed(line, width)).sum(),
        |(question, answer)| rows_needed(&format!("{} {answer}", question.text), width),
    );
    let most = MAX_INPUT_ROWS.min((area.height / 3).max(1));
    u16::try_from(text).unwrap_or(most).clamp(1, most).saturating_add(2)
}

fn rows_needed(line: &str, width: usize) -> usize {
    // the cursor may stand behind the last letter
    Span::from(line).width().saturating_add(1).div_ceil(width).max(1)
}

fn input(frame: &mut Frame<'_>, area: Rect, editor: &Editor, below: usize) {
    let mut block = Block::new().borders(Borders::ALL).border_style(Style::new().dim());
    block = if below > 0 {
        block.title(format!(" {below} rows below: PageDown ")).title_style(Style::new().yellow())
    } else {
        block.title(" Enter sends, /help shows more ")
    };
    let len = editor.len();
    if len > MAX_TEXT_LEN / 2 {
        block = block.title_bottom(format!(" {len} of {MAX_TEXT_LEN} bytes "));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if let Some((question, answer)) = editor.question() {
        let text = Line::from(vec![Span::from(question.text.clone()).yellow(), Span::from(" "), Span::from(answer)]);
        frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: false }), inner);
    } else {
        frame.render_widget(editor.area(), inner);
    }
}
