//! What a screen and plain lines have in common.

use super::desk::Desk;
use ratatui::crossterm::event::Event;
use std::io;

/// Something the user did.
#[derive(Debug)]
pub(crate) enum Input {
    Line(String),
    Terminal(Event),
    /// Nothing more will come.
    End,
}

/// What the user wants by it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Line(String),
    Quit,
    Nothing,
}

/// Where a conversation is shown.
pub(crate) trait View {
    fn take(&mut self, input: Input) -> Wish;

    /// Shows what has changed.
    fn show(&mut self, desk: &mut Desk) -> io::Result<()>;

    /// The last look.
    fn close(&mut self, desk: &mut Desk) -> io::Result<()>;
}
