//! The part that the full screen and plain lines share.

use crate::{
    error::Error,
    folder::ContactId,
    lines::Line,
    model::{Model, Question},
};
use ratatui::crossterm::event::Event;
use std::io;
use zeroize::Zeroizing;

/// An input of the user.
#[derive(Debug)]
pub(crate) enum Input {
    /// A line of standard input, without its line break.
    Line(Zeroizing<Vec<u8>>),
    Terminal(Event),
    /// The end of the input.
    End,
}

/// The meaning of an input.
#[derive(Debug)]
pub(crate) enum Action {
    /// A text, a command, or the answer to a question.
    Line(Zeroizing<Vec<u8>>),
    /// Brings the contact at this distance in the list into view.
    Switch(isize),
    Select(ContactId),
    /// Ends the program; `asks` permits a question first.
    Quit {
        asks: bool,
    },
    Suspend,
    Nothing,
}

/// A user interface that shows conversations.
pub(crate) trait View {
    /// Interprets an input. `is_pasted` is true if many arrived at once and more of them follow.
    fn input(&mut self, input: Input, is_pasted: bool, model: &Model) -> Action;

    /// A line was added to the model.
    fn line_added(&mut self, contact: Option<ContactId>, line: &Line, model: &Model);

    /// A question begins or ends.
    fn question_changed(&mut self, question: Option<&Question>) -> io::Result<()>;

    /// Whether input comes from a terminal, so that anything typed while the program is busy has to
    /// be discarded.
    fn is_terminal(&self) -> bool;

    /// Discards typed input.
    fn discard_typed(&mut self);

    /// Shows all changes.
    fn draw(&mut self, model: &mut Model) -> io::Result<()>;

    /// Stops the program until its terminal's shell continues it.
    fn suspend(&mut self) -> io::Result<()>;

    /// Shows the final state and closes the view.
    fn close(&mut self, model: &mut Model) -> Result<(), Error>;
}
