//! The terminal's whole screen.

mod draw;
mod typing;

use super::{
    desk::Desk,
    view::{Input, View, Wish},
};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{
        self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers,
    },
    crossterm::execute,
};
use std::{io, thread};
use tokio::sync::mpsc;
use typing::Typing;

/// The screen, until it is dropped.
#[derive(Debug)]
pub(crate) struct Screen {
    terminal: DefaultTerminal,
    typing: Typing,
    /// How many lines above the last the view is.
    above: usize,
}

/// Keys that were typed ahead.
const WAITING: usize = 256;

/// How far a page key goes.
const PAGE: usize = 10;

impl Screen {
    /// Takes the screen. A panic gives it back.
    pub(crate) fn open() -> io::Result<(Self, mpsc::Receiver<Input>)> {
        let terminal = ratatui::try_init()?;
        execute!(io::stdout(), EnableBracketedPaste)?;
        let (inputs, receiver) = mpsc::channel(WAITING);
        // a thread, since reading a terminal can't be given up
        thread::spawn(move || {
            while let Ok(event) = event::read() {
                if inputs.blocking_send(Input::Terminal(event)).is_err() {
                    return;
                }
            }
            let _ = inputs.blocking_send(Input::End);
        });
        Ok((Self { terminal, typing: Typing::default(), above: 0 }, receiver))
    }

    fn key(&mut self, key: KeyEvent) -> Wish {
        let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            _ if key.kind == KeyEventKind::Release => {}
            KeyCode::Char('c' | 'd') if has_control => return Wish::Quit,
            KeyCode::Char('u') if has_control => self.typing.clear(),
            KeyCode::Char(_) if has_control => {}
            KeyCode::Char(letter) => self.typing.insert(letter),
            KeyCode::Enter => {
                self.above = 0;
                return Wish::Line(self.typing.finish());
            }
            KeyCode::Backspace => self.typing.delete_before(),
            KeyCode::Delete => self.typing.delete_behind(),
            KeyCode::Left => self.typing.left(),
            KeyCode::Right => self.typing.right(),
            KeyCode::Home => self.typing.home(),
            KeyCode::End => self.typing.end(),
            KeyCode::Up => self.above = self.above.saturating_add(1),
            KeyCode::Down => self.above = self.above.saturating_sub(1),
            KeyCode::PageUp => self.above = self.above.saturating_add(PAGE),
            KeyCode::PageDown => self.above = self.above.saturating_sub(PAGE),
            _ => {}
        }
        Wish::Nothing
    }
}

impl View for Screen {
    fn take(&mut self, input: Input) -> Wish {
        match input {
            Input::Terminal(Event::Key(key)) => self.key(key),
            Input::Terminal(Event::Paste(text)) => {
                // a line that was pasted is sent when Enter is pressed, not before
                text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).for_each(|letter| {
                    self.typing.insert(letter);
                });
                Wish::Nothing
            }
            Input::Terminal(_) => Wish::Nothing,
            Input::Line(line) => Wish::Line(line),
            Input::End => Wish::Quit,
        }
    }

    fn show(&mut self, desk: &mut Desk) -> io::Result<()> {
        let Self { terminal, typing, above } = self;
        terminal.draw(|frame| *above = draw::draw(frame, desk, typing, *above)).map(|_| ())
    }

    fn close(&mut self, desk: &mut Desk) -> io::Result<()> {
        self.show(desk)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(io::stdout(), DisableBracketedPaste);
        ratatui::restore();
    }
}
