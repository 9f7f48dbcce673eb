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

use crate::{
    error::Error,
    folder::ContactId,
    lines::{Kind, Line},
    model::{Model, Question},
    time,
    view::{Action, Input, View},
};
use core::fmt::Write as _;
use mixwell_chat::Counts;
use std::{
    collections::BTreeMap,
    io,
    io::{BufRead as _, IsTerminal as _, Read as _},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    thread::JoinHandle,
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

/// Lines to be written to standard output by a thread, so that a slow reader cannot block the
/// program.
#[derive(Debug)]
pub(crate) struct Output {
    lines: Option<SyncSender<String>>,
    thread: Option<JoinHandle<io::Result<()>>>,
    /// Lines that were dropped because the queue was full.
    lost: u64,
}

/// Switches the terminal's echo off while a passphrase is typed; dropping this switches it on
/// again.
#[derive(Debug)]
struct Echo {
    #[cfg(unix)]
    original: Option<rustix::termios::Termios>,
    is_terminal: bool,
}

/// Maximum number of input lines that wait.
const MAX_TYPED: usize = 64;

/// Maximum length of an input line; the rest of a longer one is a new line.
const MAX_LINE: u64 = 64 * 1024;

/// Maximum number of output lines that wait.
const MAX_SHOWN: usize = 4096;

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

impl Output {
    pub(crate) fn new(mut out: impl io::Write + Send + 'static) -> Self {
        let (lines, receiver): (_, Receiver<String>) = sync_channel(MAX_SHOWN);
        let thread = thread::spawn(move || {
            for line in receiver {
                out.write_all(line.as_bytes())?;
                out.flush()?;
            }
            Ok(())
        });
        Self { lines: Some(lines), thread: Some(thread), lost: 0 }
    }

    pub(crate) fn write(&mut self, mut line: String) {
        let Some(lines) = &self.lines else { return };
        if self.lost > 0 {
            let mut before = String::new();
            let _ = writeln!(before, "! {} lines were dropped, because the output was not read", self.lost);
            line.insert_str(0, &before);
        }
        match lines.try_send(line) {
            Ok(()) => self.lost = 0,
            Err(TrySendError::Full(_)) => self.lost += 1,
            // the thread has ended: `check` tells why
            Err(TrySendError::Disconnected(_)) => {}
        }
    }

    /// Whether output still works.
    pub(crate) fn check(&mut self) -> io::Result<()> {
        if self.thread.as_ref().is_some_and(JoinHandle::is_finished) { self.close() } else { Ok(()) }
    }

    /// Waits until all lines are written, but not for a reader that does not read.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        self.lines = None;
        let Some(thread) = self.thread.take() else { return Ok(()) };
        for _ in 0..100 {
            if thread.is_finished() {
                return thread.join().unwrap_or(Ok(()));
            }
            thread::sleep(core::time::Duration::from_millis(10));
        }
        Ok(())
    }
}

#[cfg(unix)]
impl Echo {
    fn new() -> Self {
        let original = rustix::termios::tcgetattr(io::stdin()).ok();
        Self { is_terminal: original.is_some() && io::stdin().is_terminal(), original }
    }

    fn set(&self, is_on: bool) -> io::Result<()> {
        use rustix::termios::{LocalModes, OptionalActions, tcsetattr};
        let Some(original) = &self.original else { return Ok(()) };
        let mut modes = original.clone();
        if !is_on {
            modes.local_modes.remove(LocalModes::ECHO);
        }
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &modes)?)
    }

    fn discard_typed(&self) {
        if self.is_terminal {
            let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
        }
    }
}

#[cfg(unix)]
impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.set(true);
    }
}

#[cfg(not(unix))]
impl Echo {
    fn new() -> Self {
        Self { is_terminal: io::stdin().is_terminal() }
    }

    fn set(&self, is_on: bool) -> io::Result<()> {
        if is_on || !self.is_terminal {
            return Ok(());
        }
        Err(io::Error::other("a passphrase can't be typed in plain mode on this system: it would be visible"))
    }

    const fn discard_typed(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_chat::{clean_text, person_name};
    use proptest::prelude::*;

    fn line(kind: Kind, text: &str) -> Line {
        Line { time: 0, kind, text: text.to_owned() }
    }

    #[test]
    fn the_first_character_tells_whose_a_line_is() {
        let theirs = line(Kind::Theirs("bob".to_owned()), "hi\n* paired with \"eve\"\n! run");
        assert_eq!(written(&theirs, None).unwrap(), "<bob> hi\n| * paired with \"eve\"\n| ! run\n");
        assert_eq!(written(&line(Kind::Note, "connected"), None).unwrap(), "* connected\n");
        assert_eq!(written(&line(Kind::Warning, "gone"), Some("bob")).unwrap(), "! <bob> gone\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

        /// For any name and any text of a friend.
        #[test]
        fn no_line_of_a_friend_looks_like_anything_else(name in "\\PC{0,40}|[*!?<>| \n\ra\u{85}\u{2028}]{0,40}", text in "[*!?<>| \n\r\ta\u{85}\u{2028}\u{b}]{0,60}") {
            let kind = Kind::Theirs(person_name(&name));
            let written = written(&line(kind, &clean_text(&text)), None).unwrap();
            prop_assert!(written.ends_with('\n'));
            for (number, line) in written.split_terminator(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']).enumerate() {
                prop_assert!(line.starts_with(if number == 0 { "<" } else { "| " }), "{written:?}");
            }
            prop_assert_eq!(written.split("> ").next().unwrap().matches('>').count(), 0);
        }
    }

    #[test]
    fn lines_that_are_no_text_come_through() {
        let mut input: &[u8] = b"one\r\ncaf\xe9\n\nlast";
        let lines: Vec<_> = core::iter::from_fn(|| read_line(&mut input)).map(|line| line.to_vec()).collect();
        assert_eq!(lines, [b"one".as_slice(), b"caf\xe9", b"", b"last"]);
    }
}
