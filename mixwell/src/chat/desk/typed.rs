//! What the user types.

use super::{
    super::{
        command::{Command, HELP},
        disk::Disk,
        lines::Line,
    },
    Desk, Flow,
};
use crate::network::error::NetworkError;
use mixwell_chat::{Code, clean_text};
use std::path::Path;

impl Desk {
    /// A line was typed.
    pub(crate) fn line(&mut self, line: &str) -> Result<Flow, NetworkError> {
        match Command::parse(line) {
            Command::Say(text) => self.say(text)?,
            Command::Code(None) => self.invite()?,
            Command::Code(Some(words)) => self.join(words)?,
            Command::Safety => match self.chat.safety() {
                Some(safety) => self.lines.note(format!("safety string: {safety}; it is the same with your friend")),
                None => self.lines.note("there is no friend yet"),
            },
            Command::Send(path) => self.send(&path)?,
            Command::Forget => self.forget()?,
            Command::Help => HELP.into_iter().for_each(|text| self.lines.note(text)),
            Command::Quit => return Ok(Flow::Quits),
            Command::Unknown(line) => self.lines.warn(format!("{}: /help tells what there is", clean_text(line))),
            Command::Nothing => {}
        }
        Ok(Flow::Goes)
    }

    fn say(&mut self, text: &str) -> Result<(), NetworkError> {
        match self.chat.say(text) {
            Ok(id) => {
                // so that no crash takes it
                self.save()?;
                self.keep(&format!("{}: {text}", self.chat.name()))?;
                self.lines.push(Line::Ours { number: id.0, text: clean_text(text) });
            }
            Err(error) => self.lines.warn(format!("not sent: {error}")),
        }
        Ok(())
    }

    fn invite(&mut self) -> Result<(), NetworkError> {
        match self.chat.invite(&mut self.randomness.rng()) {
            Ok(code) => {
                self.save()?;
                self.has_wondered = false;
                self.lines.note(format!("code: {}", *code.words()));
                self.lines.note("tell it to your friend, and to nobody else; it counts once");
            }
            Err(error) => self.lines.warn(format!("{error}; /forget first")),
        }
        Ok(())
    }

    fn join(&mut self, words: &str) -> Result<(), NetworkError> {
        match Code::parse(words) {
            Err(error) => self.lines.warn(error.to_string()),
            Ok(code) => match self.chat.join(&code, &mut self.randomness.rng()) {
                Ok(()) => {
                    self.save()?;
                    self.has_wondered = false;
                    self.lines.note("pairing with who made the code");
                }
                Err(error) => self.lines.warn(format!("{error}; /forget first")),
            },
        }
        Ok(())
    }

    fn send(&mut self, path: &Path) -> Result<(), NetworkError> {
        let offer = match Disk::look_at(path) {
            Ok(offer) => offer,
            Err(error) => {
                self.lines.warn(format!("can't send {}: {error}", path.display()));
                return Ok(());
            }
        };
        let (name, size) = (offer.name.clone(), offer.size);
        let Some(id) = self.chat.offer(offer) else {
            self.lines.warn("not sent: there is no friend, or too many files are on their way");
            return Ok(());
        };
        if let Err(error) = self.disk.remember(id, path) {
            self.chat.cancel(id);
            self.lines.warn(format!("can't send {}: {error}", path.display()));
            return Ok(());
        }
        self.save()?;
        self.names.insert(id, name.clone());
        self.lines.note(format!("file {name} offered, {size} bytes"));
        Ok(())
    }

    fn forget(&mut self) -> Result<(), NetworkError> {
        let (counts, had_friend) = (self.chat.counts(), self.chat.friend().is_some());
        self.chat.forget();
        self.under_way.clear();
        self.disk.clear().map_err(|error| NetworkError::Write(self.store.folder().to_path_buf(), error))?;
        self.save()?;
        if had_friend {
            self.tell_undelivered(counts);
        }
        self.lines.note("forgotten");
        Ok(())
    }
}
