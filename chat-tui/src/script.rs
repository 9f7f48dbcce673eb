//! Sending one text, or receiving texts, for scripts and bots. Results go to standard output; the
//! exit status tells success from failure.

use crate::{
    error::Error,
    folder::ContactId,
    lines::{Kind, Line},
    model::{ContactStatus, Model, Phase, Question},
    plain::Output,
    time,
    view::{Action, Input, View},
};
use core::time::Duration;
use serde::Serialize;
use std::{io, time::Instant};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// The task of a script.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "who matches or makes one has to handle a new one")]
pub enum Script {
    /// Sends a text.
    Send {
        /// The contact's name.
        friend: String,
        /// The text.
        text: Zeroizing<String>,
        /// Waits until the friend's program has read it, not only until the service has stored it.
        until_read: bool,
        /// Maximum wait; `None` waits for ever.
        patience: Option<Duration>,
    },
    /// Prints the texts that arrive.
    Receive {
        /// Only texts from this friend.
        friend: Option<String>,
        /// Whether each message is printed as a line of JSON.
        is_json: bool,
        /// Ends after this number of texts.
        count: Option<u64>,
        /// Ends after this time.
        patience: Option<Duration>,
    },
}

/// A running script.
pub(crate) struct ScriptView {
    script: Script,
    state: State,
    began: Instant,
    output: Output,
    /// Commands that the script itself types.
    typed: mpsc::Sender<Input>,
}

enum State {
    /// The contacts are not known yet.
    Starting,
    /// The text is queued as this one of the friend's.
    Sent {
        contact: ContactId,
        number: u64,
    },
    /// Number of texts that have arrived.
    Receiving(u64),
    Done,
    Failed(String),
}

/// A text that arrived, as a line of JSON.
#[derive(Serialize)]
struct Received<'a> {
    /// When it was read, as in `2026-11-28T19:30:00Z`.
    time: String,
    from: &'a str,
    verified: bool,
    text: &'a str,
}

impl ScriptView {
    pub(crate) fn new(script: Script, output: Output) -> (Self, mpsc::Receiver<Input>) {
        // two lines and the end at most
        let (typed, inputs) = mpsc::channel(8);
        let (state, began) = (State::Starting, Instant::now());
        (Self { script, state, began, output, typed }, inputs)
    }

    fn end(&mut self, state: State) {
        if !matches!(self.state, State::Done | State::Failed(_)) {
            self.state = state;
            let _ = self.typed.try_send(Input::End);
        }
    }

    fn fail(&mut self, why: impl Into<String>) {
        self.end(State::Failed(why.into()));
    }

    fn type_in(&self, line: &str) {
        let _ = self.typed.try_send(Input::Line(Zeroizing::new(line.as_bytes().to_vec())));
    }

    fn start(&mut self, model: &Model) {
        if !model.is_ready() {
            return;
        }
        match &self.script {
            Script::Receive { friend, .. } => {
                let unknown = friend.as_deref().filter(|name| find(model, name).is_none()).map(unknown);
                self.state = State::Receiving(0);
                if let Some(why) = unknown {
                    self.fail(why);
                }
            }
            Script::Send { friend, text, .. } => {
                if text.trim().is_empty() {
                    return self.fail("there is nothing to send: the input is empty");
                }
                let Some(contact) = find(model, friend) else { return self.fail(unknown(friend)) };
                if !matches!(contact.phase, Phase::Talking { .. }) {
                    let why = format!("\"{friend}\" has not paired yet, or the conversation is over");
                    return self.fail(why);
                }
                self.type_in(&format!("/to {}", contact.name));
                let escape = if text.starts_with('/') { "/" } else { "" };
                self.type_in(&Zeroizing::new(format!("{escape}{}", text.as_str())));
                self.state = State::Sent { contact: contact.id, number: contact.counts.queued };
            }
        }
    }

    fn advance(&mut self, model: &Model) {
        if matches!(self.state, State::Starting) {
            self.start(model);
        }
        let (Script::Send { patience, .. } | Script::Receive { patience, .. }) = &self.script;
        let is_late = patience.is_some_and(|patience| self.began.elapsed() >= patience);
        match (&self.script, &self.state) {
            (Script::Send { until_read, .. }, State::Sent { contact, number }) => {
                let counts = model.contact(*contact).map(|contact| contact.counts).unwrap_or_default();
                let done = if *until_read { counts.read } else { counts.stored };
                if done > *number {
                    self.end(State::Done);
                } else if is_late {
                    self.fail("the text is queued, but not delivered yet; it is sent when the program runs again");
                }
            }
            (Script::Receive { count, .. }, State::Receiving(received)) => {
                if count.is_some_and(|count| *received >= count) || (is_late && count.is_none() && *received > 0) {
                    self.end(State::Done);
                } else if is_late {
                    self.fail(format!("only {received} texts arrived in time"));
                }
            }
            (_, State::Starting) if is_late => self.fail("the contacts could not be read in time"),
            _ => {}
        }
    }
}

fn find<'a>(model: &'a Model, name: &str) -> Option<&'a ContactStatus> {
    let name = name.to_lowercase();
    model.contacts().iter().find(|contact| contact.name.to_lowercase() == name)
}

fn unknown(name: &str) -> String {
    format!("no contact is called \"{name}\"")
}

impl View for ScriptView {
    fn input(&mut self, input: Input, _: bool, _: &Model) -> Action {
        match input {
            Input::Line(line) => Action::Line(line),
            Input::Terminal(_) | Input::End => Action::Quit { asks: false },
        }
    }

    fn line_added(&mut self, contact: Option<ContactId>, line: &Line, model: &Model) {
        match (&self.script, &line.kind, &mut self.state) {
            (Script::Receive { friend, is_json, .. }, Kind::Theirs(name), State::Receiving(received)) => {
                let about = contact.and_then(|id| model.contact(id));
                let is_wanted =
                    friend.as_deref().is_none_or(|friend| find(model, friend).map(|found| found.id) == contact);
                if !is_wanted {
                    return;
                }
                *received += 1;
                let verified =
                    about.is_some_and(|contact| matches!(contact.phase, Phase::Talking { is_verified: true, .. }));
                let json = Received { time: time::iso(line.time), from: name, verified, text: &line.text };
                let shown = match serde_json::to_string(&json) {
                    Ok(json) if *is_json => format!("{json}\n"),
                    _ => format!("<{name}> {}\n", line.text.replace('\n', "\n| ")),
                };
                self.output.write(shown);
            }
            (Script::Send { .. }, Kind::Warning, State::Sent { contact: ours, .. }) if contact == Some(*ours) => {
                let why = line.text.clone();
                self.fail(why);
            }
            _ => {}
        }
    }

    fn question_changed(&mut self, _: Option<&Question>) -> io::Result<()> {
        Ok(())
    }

    fn is_terminal(&self) -> bool {
        false
    }

    fn discard_typed(&mut self) {}

    fn draw(&mut self, model: &mut Model) -> io::Result<()> {
        self.advance(model);
        self.output.check()
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn close(&mut self, _: &mut Model) -> Result<(), Error> {
        self.output.close().map_err(Error::Terminal)?;
        match &self.state {
            State::Done => Ok(()),
            // a signal ends scripts that have no end of their own
            State::Receiving(received) if *received > 0 => Ok(()),
            State::Failed(why) => Err(Error::Script(why.clone())),
            State::Starting | State::Sent { .. } | State::Receiving(_) => {
                Err(Error::Script("interrupted before it was done".to_owned()))
            }
        }
    }
}
