//! Plain lines, for pipes and for users who prefer them. The first character of a line tells who
//! wrote it, so that no friend can write a line that looks like the program's:
//!
//! ```text
//! <bob> a text of bob's
//! | its next line
//! * the program reports
//! ! what should not be missed
//! ? a question; the next line answers it
//! ```

mod echo;
mod output;
#[cfg(test)]
mod tests;

use crate::{
    error::Error,
    folder::ContactId,
    lines::{Kind, Line},
    model::{Model, Question},
    time,
    view::{Action, Input, View},
};
use echo::Echo;
use mixwell_chat::Counts;
pub(crate) use output::Output;
use std::{
    collections::BTreeMap,
    io,
    io::{BufRead as _, Read as _},
    thread,
};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// Standard input and output.
#[derive(Debug)]
pub(crate) struct Plain {
    counts: BTreeMap<ContactId, Counts>,
    output: Output,
    echo: Echo,
}

/// Maximum number of input lines that wait.
const MAX_TYPED: usize = 64;

/// Maximum length of an input line; the rest of a longer one is a new line.
const MAX_LINE: u64 = 64 * 1024;

impl Plain {
    pub(crate) fn open() -> (Self, mpsc::Receiver<Input>) {
        let (inputs, receiver) = mpsc::channel(MAX_TYPED);
        // a thread, since reading a terminal can't be cancelled
        thread::spawn(move || {
            let mut stdin = io::stdin().lock();
            while let Some(line) = read_line(&mut stdin) {
                if inputs.blocking_send(Input::Line(line)).is_err() {
                    return;
                }
            }
            let _ = inputs.blocking_send(Input::End);
        });
        (Self { counts: BTreeMap::new(), output: Output::new(io::stdout()), echo: Echo::new() }, receiver)
    }

    fn show_counts(&mut self, model: &Model) {
        for contact in model.contacts() {
            let before = self.counts.insert(contact.id, contact.counts).unwrap_or_default();
            let (now, name) = (contact.counts, &contact.name);
            let counts = [
                ("sent", before.sent, now.sent),
                ("stored", before.stored, now.stored),
                ("read", before.read, now.read),
            ];
            for (what, before, now) in counts {
                // numbers begin with 1 for people
                match now.saturating_sub(before) {
                    0 => {}
                    1 => self.output.write(format!("* message {now} to \"{name}\" is {what}\n")),
                    _ => {
                        let first = before + 1;
                        self.output.write(format!("* messages {first}-{now} to \"{name}\" are {what}\n"));
                    }
                }
            }
        }
    }
}

/// A line without its line break; `None` at the end of input. Bytes that are not UTF-8 are kept.
fn read_line(from: &mut impl io::BufRead) -> Option<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::new());
    let count = from.take(MAX_LINE).read_until(b'\n', &mut line).ok()?;
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    (count > 0).then_some(line)
}

/// A line in the form in which it is written. Further lines of a text begin with a bar.
pub(crate) fn written(line: &Line, contact: Option<&str>) -> Option<String> {
    let about = contact.map(|name| format!("<{name}> ")).unwrap_or_default();
    let text = line.text.replace('\n', "\n| ");
    Some(match &line.kind {
        // the user sees what they typed
        Kind::Ours(Some(_)) | Kind::Day => return None,
        Kind::Ours(None) => format!("> {} {about}{text}\n", time::iso(line.time)),
        Kind::Theirs(name) => format!("<{name}> {text}\n"),
        Kind::Note | Kind::News => format!("* {about}{text}\n"),
        Kind::Warning => format!("! {about}{text}\n"),
    })
}

impl View for Plain {
    fn input(&mut self, input: Input, _: bool, _: &Model) -> Action {
        match input {
            Input::Line(line) => Action::Line(line),
            Input::End => Action::Quit { asks: false },
            Input::Terminal(_) => Action::Nothing,
        }
    }

    fn line_added(&mut self, contact: Option<ContactId>, line: &Line, model: &Model) {
        // with one contact it is clear which contact a line is about
        let has_many = model.contacts().len() > 1;
        let name = contact.filter(|_| has_many).and_then(|id| model.contact(id)).map(|contact| contact.name.as_str());
        if let Some(written) = written(line, name) {
            self.output.write(written);
        }
    }

    fn question_changed(&mut self, question: Option<&Question>) -> io::Result<()> {
        if let Some(question) = question {
            self.output.write(format!("? {}\n", question.text));
        }
        self.echo.set(!question.is_some_and(|question| question.is_hidden))
    }

    fn is_terminal(&self) -> bool {
        self.echo.is_terminal
    }

    fn discard_typed(&mut self) {
        self.echo.discard_typed();
    }

    fn draw(&mut self, model: &mut Model) -> io::Result<()> {
        self.show_counts(model);
        self.output.check()
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn close(&mut self, model: &mut Model) -> Result<(), Error> {
        self.show_counts(model);
        self.output.close().map_err(Error::Terminal)
    }
}
