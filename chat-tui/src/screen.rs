//! The full screen of a terminal.

mod complete;
pub(crate) mod draw;
mod editor;

pub(crate) use editor::Editor;

use crate::{
    error::Error,
    folder::ContactId,
    lines::{Kind, Line},
    model::{Model, Question},
    view::{Action, Input, View},
};
use draw::Drawn;
use editor::Edited;
use ratatui::{
    DefaultTerminal,
    crossterm::{
        event,
        event::{
            DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, KeyCode,
            KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
        },
        execute,
        terminal::SetTitle,
    },
};
use std::{io, io::Write as _, thread};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// The screen, until it is dropped.
#[derive(Debug)]
pub(crate) struct Screen {
    terminal: DefaultTerminal,
    editor: Editor,
    scroll: Scroll,
    rings: bool,
    /// The title of the terminal's window, as it was set.
    title: String,
    drawn: Drawn,
}

/// Rows between the view's end and the last row.
#[derive(Debug, Default)]
pub(crate) struct Scroll {
    contact: Option<ContactId>,
    /// In rows.
    above: usize,
    /// Number of lines when the view was last drawn.
    seen: u64,
}

/// Maximum number of keys that wait.
const MAX_TYPED: usize = 16 * 1024;

/// Rows that a page key scrolls.
const PAGE: usize = 10;

/// Rows that the mouse wheel scrolls.
const WHEEL: usize = 3;

impl Screen {
    /// Takes over the terminal. A panic restores it.
    pub(crate) fn open(rings: bool) -> io::Result<(Self, mpsc::Receiver<Input>)> {
        let terminal = ratatui::try_init()?;
        begin()?;
        let (inputs, receiver) = mpsc::channel(MAX_TYPED);
        // a thread, since reading a terminal can't be cancelled
        thread::spawn(move || {
            while let Ok(event) = event::read() {
                if inputs.blocking_send(Input::Terminal(event)).is_err() {
                    return;
                }
            }
            let _ = inputs.blocking_send(Input::End);
        });
        let (editor, scroll, title, drawn) = (Editor::new(), Scroll::default(), String::new(), Drawn::default());
        Ok((Self { terminal, editor, scroll, rings, title, drawn }, receiver))
    }

    fn key(&mut self, key: KeyEvent, is_pasted: bool, model: &Model) -> Action {
        let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let has_alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            _ if key.kind == KeyEventKind::Release => return Action::Nothing,
            KeyCode::Char('c') if has_control => return Action::Quit { asks: true },
            KeyCode::Char('d') if has_control && self.editor.is_empty() => return Action::Quit { asks: true },
            KeyCode::Char('z') if has_control => return Action::Suspend,
            KeyCode::Char('l') if has_control => {
                let _ = self.terminal.clear();
                return Action::Nothing;
            }
            KeyCode::Up if has_alt => return Action::Switch(-1),
            KeyCode::Down if has_alt => return Action::Switch(1),
            KeyCode::PageUp => self.scroll.up(PAGE),
            KeyCode::PageDown => self.scroll.down(PAGE),
            KeyCode::Tab => self.editor.complete(|line| complete::complete(line, model)),
            _ => {
                if let Edited::Finished(line) = self.editor.key(key, is_pasted) {
                    self.scroll.above = 0;
                    return Action::Line(line);
                }
            }
        }
        Action::Nothing
    }

    fn mouse(&mut self, mouse: MouseEvent) -> Action {
        match mouse.kind {
            MouseEventKind::ScrollUp => self.scroll.up(WHEEL),
            MouseEventKind::ScrollDown => self.scroll.down(WHEEL),
            MouseEventKind::Down(MouseButton::Left) => {
                if let Some(id) = self.drawn.contact_at(mouse.column, mouse.row) {
                    return Action::Select(id);
                }
            }
            _ => {}
        }
        Action::Nothing
    }

    fn set_title(&mut self, model: &Model) -> io::Result<()> {
        let title = match model.unread_in_all() {
            0 => "mixwell chat".to_owned(),
            unread => format!("({unread}) mixwell chat"),
        };
        if title == self.title {
            return Ok(());
        }
        self.title = title;
        execute!(io::stdout(), SetTitle(&self.title))
    }
}

impl Scroll {
    pub(crate) const fn up(&mut self, rows: usize) {
        self.above = self.above.saturating_add(rows);
    }

    const fn down(&mut self, rows: usize) {
        self.above = self.above.saturating_sub(rows);
    }
}

impl View for Screen {
    fn input(&mut self, input: Input, is_pasted: bool, model: &Model) -> Action {
        match input {
            Input::Terminal(Event::Key(key)) => self.key(key, is_pasted, model),
            Input::Terminal(Event::Mouse(mouse)) => self.mouse(mouse),
            Input::Terminal(Event::Paste(text)) => {
                self.editor.paste(&Zeroizing::new(text));
                Action::Nothing
            }
            Input::Terminal(_) => Action::Nothing,
            Input::Line(line) => Action::Line(line),
            Input::End => Action::Quit { asks: false },
        }
    }

    fn line_added(&mut self, _: Option<ContactId>, line: &Line, _: &Model) {
        // one of this run
        if self.rings && matches!(line.kind, Kind::Theirs(_)) && line.time.saturating_add(5) > super::time::now() {
            let mut out = io::stdout();
            let _ = out.write_all(b"\x07").and_then(|()| out.flush());
        }
    }

    fn question_changed(&mut self, question: Option<&Question>) -> io::Result<()> {
        self.editor.set_question(question.cloned());
        Ok(())
    }

    fn is_terminal(&self) -> bool {
        true
    }

    fn discard_typed(&mut self) {
        self.editor.clear();
    }

    fn draw(&mut self, model: &mut Model) -> io::Result<()> {
        self.set_title(model)?;
        let Self { terminal, editor, scroll, drawn, .. } = self;
        terminal.draw(|frame| *drawn = draw::draw(frame, model, editor, scroll)).map(|_| ())
    }

    #[cfg(unix)]
    fn suspend(&mut self) -> io::Result<()> {
        use rustix::process::{Signal, getpid, kill_process};
        end();
        kill_process(getpid(), Signal::TSTP)?;
        // continued
        self.terminal = ratatui::try_init()?;
        begin()?;
        self.terminal.clear()
    }

    #[cfg(not(unix))]
    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn close(&mut self, model: &mut Model) -> Result<(), Error> {
        self.draw(model).map_err(Error::Terminal)
    }
}

fn begin() -> io::Result<()> {
    execute!(io::stdout(), EnableBracketedPaste, EnableMouseCapture)
}

fn end() {
    let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste, SetTitle(""));
    ratatui::restore();
}

impl Drop for Screen {
    fn drop(&mut self) {
        end();
    }
}
