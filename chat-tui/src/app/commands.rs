//! Commands of the user.

use crate::{
    app::{App, Asked, Flow, MAX_CONTACTS, messages, person_name},
    command::{Command, MARKS, TOPICS},
    folder::ContactId,
    lines::Kind,
    private, time,
};
use core::fmt::Write as _;
use mixwell_chat::{Chat, Code, Ended, clean_text};
use std::path::Path;
use zeroize::Zeroizing;

/// Maximum number of search results.
const MAX_FOUND: usize = 50;

impl App {
    /// Processes a line that the user typed.
    pub(super) fn line(&mut self, line: &[u8]) -> Flow {
        if let Some(asked) = self.question.take() {
            return self.reply(&asked, line);
        }
        match (Command::parse(line), self.current) {
            (Command::Nothing, _) => {}
            (Command::Quit, _) => return self.quit(true),
            (Command::Code(None), _) => self.invite(),
            (Command::Code(Some(words)), _) => self.join(words),
            (Command::Contacts, _) => self.list_contacts(),
            (Command::To(name), _) => self.switch_to(name),
            (Command::Find(text), _) => self.find(text),
            (Command::Help(topic), _) => self.help(topic),
            (Command::NotText, _) => self.warn(None, "the line is not UTF-8 text; it was not sent"),
            (Command::Unknown(line), _) => {
                self.warn(None, format!("{}: no such command; /help lists them", clean_text(line)));
            }
            (_, None) => {
                self.warn(None, "there is no contact: /code makes a code for a friend, /code WORDS enters theirs");
            }
            (Command::Say(text), Some(id)) => self.say(id, text),
            (Command::Name(name), Some(id)) => self.rename(id, name),
            (Command::Safety, Some(id)) => self.show_safety(id),
            (Command::Verify(is_verified), Some(id)) => self.verify(id, is_verified),
            (Command::Send(path), Some(id)) => self.send_file(id, path),
            (Command::Files, Some(id)) => self.list_files(id),
            (Command::Accept(number), Some(id)) => self.accept(id, number),
            (Command::Decline(number), Some(id)) => self.decline(id, number),
            (Command::Cancel(number), Some(id)) => self.cancel(id, number),
            (Command::Export(path), Some(id)) => self.export(id, &path),
            (Command::Forget, Some(id)) => self.ask_to_forget(id),
        }
        Flow::Continue
    }

    fn reply(&mut self, asked: &Asked, line: &[u8]) -> Flow {
        self.update(super::Update::Question(None));
        let is_yes = matches!(line.trim_ascii().to_ascii_lowercase().as_slice(), b"y" | b"yes");
        match asked {
            Asked::Quit if is_yes => return Flow::Quit,
            Asked::Quit => self.note(None, "continuing"),
            Asked::Forget(id) if is_yes => self.forget(*id),
            Asked::Forget(id) => self.note(*id, "nothing was forgotten"),
        }
        Flow::Continue
    }

    fn say(&mut self, id: ContactId, text: &str) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        match contact.chat.say(text) {
            Ok(number) => {
                // saved at once, so that a crash does not lose the text
                self.save(id);
                self.remember(id, true, text);
                self.push(Some(id), Kind::Ours(Some(number.0)), clean_text(text));
            }
            Err(error) => self.warn(id, format!("not sent: {error}")),
        }
    }

    fn add_contact(&mut self) -> Option<ContactId> {
        if self.contacts.len() >= MAX_CONTACTS {
            self.warn(None, format!("there are {MAX_CONTACTS} contacts, the maximum; /forget one of them first"));
            return None;
        }
        let id = ContactId(self.next_id);
        if let Err(error) = self.folder.make_contact(id) {
            self.warn(None, error.to_string());
            return None;
        }
        self.insert(id, Chat::new(&self.name, self.box_len), None);
        Some(id)
    }

    fn invite(&mut self) {
        let Some(id) = self.add_contact() else { return };
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        match contact.chat.invite(&mut *self.entropy.rng()) {
            Ok(code) => {
                self.begin_pairing(id);
                self.note(id, format!("code: {}", *code.words()));
                self.note(id, "tell it only to your friend, over the phone or in person; it can be used once");
            }
            Err(error) => self.give_up(id, &error.to_string()),
        }
    }

    fn join(&mut self, words: &str) {
        let code = match Code::parse(words) {
            Ok(code) => code,
            Err(error) => return self.warn(None, error.to_string()),
        };
        let Some(id) = self.add_contact() else { return };
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        match contact.chat.join(&code, &mut *self.entropy.rng()) {
            Ok(()) => {
                self.begin_pairing(id);
                self.note(id, "pairing with the friend who made the code");
            }
            Err(error) => self.give_up(id, &error.to_string()),
        }
    }

    fn begin_pairing(&mut self, id: ContactId) {
        self.save(id);
        self.report();
        self.select(Some(id));
    }

    fn give_up(&mut self, id: ContactId, why: &str) {
        self.contacts.remove(&id);
        self.warn(None, why);
    }

    fn list_contacts(&self) {
        if self.contacts.is_empty() {
            self.note(None, "no contacts yet; /code makes a code for a friend");
        }
        for (id, contact) in &self.contacts {
            let chat = &contact.chat;
            let what = match (chat.friend(), chat.ended()) {
                (_, Some(ended)) => format!("over: {ended}"),
                (None, None) => "pairing".to_owned(),
                (Some(_), None) => {
                    let verified = if chat.is_verified() { "verified" } else { "not verified" };
                    let heard =
                        if chat.quiet_ticks() > super::status::QUIET_TICKS { ", silent for a long time" } else { "" };
                    let counts = chat.counts();
                    let unread = counts.queued.saturating_sub(counts.read);
                    let unread =
                        if unread > 0 { format!(", {} not read yet", messages(unread)) } else { String::new() };
                    format!("{verified}{heard}{unread}")
                }
            };
            self.note(None, format!("\"{}\": {what}", self.name_of(*id)));
        }
    }

    fn switch_to(&mut self, name: &str) {
        match self.find_contact(name) {
            Some(id) => self.select(Some(id)),
            None => self.warn(None, format!("no contact is called \"{}\"; /contacts lists them", person_name(name))),
        }
    }

    fn rename(&mut self, id: ContactId, name: &str) {
        let name = person_name(name);
        if self.find_contact(&name).is_some_and(|other| other != id) {
            return self.warn(id, format!("another contact is called \"{name}\""));
        }
        if let Err(error) = self.folder.save_alias(id, &name, &self.entropy) {
            return self.warn(id, error.to_string());
        }
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.alias = Some(name.clone());
        }
        self.note(id, format!("this contact is called \"{name}\" here"));
    }

    pub(super) fn show_safety(&self, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let Some(safety) = contact.chat.safety() else { return self.note(id, "the pairing is not complete yet") };
        self.note(id, format!("safety string: {safety}"));
        if contact.chat.is_verified() {
            self.note(id, "you have compared it");
        } else {
            self.note(
                id,
                "compare it over another channel, such as the phone: if it is the same, /verify; if not, /verify no",
            );
        }
    }

    fn verify(&mut self, id: ContactId, is_verified: bool) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        if !contact.chat.set_verified(is_verified) {
            return self.warn(id, "the pairing is not complete yet");
        }
        self.save(id);
        if is_verified {
            self.note(id, "verified: nobody is in the middle");
        } else {
            self.warn(id, "not verified. If the strings differ, someone was in the middle of the pairing: do not trust this contact, /forget it and pair again with a new code");
        }
    }

    fn find(&self, text: &str) {
        let Some(history) = &self.history else {
            return self.warn(None, "there is no history; start the program with --history FILE to keep one");
        };
        let wanted = text.to_lowercase();
        let is_wanted = |entry: &&mixwell_chat::HistoryEntry| entry.text.to_lowercase().contains(&wanted);
        let found: Vec<_> = history.entries().iter().rev().filter(is_wanted).take(MAX_FOUND).collect();
        if found.is_empty() {
            self.note(None, "nothing found");
        }
        for entry in found.into_iter().rev() {
            let who = if entry.is_ours { "you" } else { history_name(&entry.contact) };
            let with = if entry.is_ours { format!(" to {}", history_name(&entry.contact)) } else { String::new() };
            let day = time::date(entry.time).map(|date| date.to_string()).unwrap_or_default();
            self.note(None, format!("{day} {} <{who}{with}> {}", time::clock(entry.time), clean_text(&entry.text)));
        }
    }

    fn export(&self, id: ContactId, path: &Path) {
        let (Some(history), Some(friend)) =
            (&self.history, self.contacts.get(&id).and_then(|contact| contact.chat.friend()))
        else {
            return self.warn(id, "there is no history of this conversation; --history FILE keeps one");
        };
        let key = super::history_key(id, friend);
        let mut text = Zeroizing::new(String::new());
        let mut count = 0_u64;
        for entry in history.entries().iter().filter(|entry| entry.contact == key) {
            let who = if entry.is_ours { &self.name } else { friend };
            let shown = clean_text(&entry.text).replace('\n', "\n| ");
            let _ = writeln!(text, "{} <{who}> {shown}", time::iso(entry.time));
            count += 1;
        }
        match private::create(path, text.as_bytes()) {
            Ok(()) => self.note(id, format!("{count} texts are in {}, which is not encrypted", path.display())),
            Err(error) => self.warn(id, error.to_string()),
        }
    }

    fn ask_to_forget(&mut self, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let chat = &contact.chat;
        let name = self.name_of(id);
        let question = if chat.friend().is_some() {
            let counts = chat.counts();
            let unread = messages(counts.queued.saturating_sub(counts.read));
            let files = (chat.sending().count() + chat.receiving().count()) as u64;
            format!(
                "Forget \"{name}\"? This wipes all keys of the conversation; {unread} not read yet and {} in transfer are lost, and you have \
                 to pair again. Received files and the history stay.",
                super::counted(files, "file")
            )
        } else {
            "Give up this pairing? Its code can't be used any more.".to_owned()
        };
        self.ask(Asked::Forget(id), &question);
    }

    fn forget(&mut self, id: ContactId) {
        let name = self.name_of(id);
        self.jobs.cancel(id);
        if let Some(mut contact) = self.contacts.remove(&id) {
            contact.chat.forget();
        }
        if self.ready.is_some_and(|ready| ready.0.is_some_and(|(whose, _)| whose == id)) {
            // drop its exchange: it must not be sent
            self.prepare();
        }
        self.in_flight.retain(|_, in_flight| in_flight.0.is_none_or(|(whose, _)| whose != id));
        self.report();
        if self.current == Some(id) {
            self.select(self.contacts.keys().next().copied());
        }
        match self.folder.remove_contact(id) {
            Ok(()) => self.note(None, format!("\"{name}\" is forgotten")),
            Err(error) => self.warn(None, format!("\"{name}\" is forgotten, but not all files are gone: {error}")),
        }
    }

    fn help(&self, topic: Option<&str>) {
        let Some(topic) = topic else {
            self.note(None, "/code pairs with a friend; lines that do not begin with / are sent");
            for (topic, lines) in TOPICS {
                let commands: Vec<_> = lines
                    .iter()
                    .filter_map(|line| line.split(' ').next().filter(|word| word.starts_with('/')))
                    .collect();
                self.note(None, format!("/help {topic:<9} {}", commands.join(" ")));
            }
            return self.note(None, MARKS);
        };
        match TOPICS.iter().find(|(name, _)| *name == topic) {
            Some((_, lines)) => lines.iter().for_each(|line| self.note(None, *line)),
            None => self.warn(None, format!("no such topic; there are {}", TOPICS.map(|(name, _)| name).join(", "))),
        }
    }

    pub(super) fn show_end(&self, id: ContactId, ended: Ended) {
        self.warn(id, format!("the conversation is over: {ended}"));
        let counts = self.contacts.get(&id).map(|contact| contact.chat.counts()).unwrap_or_default();
        let unread = counts.queued.saturating_sub(counts.read);
        if unread > 0 {
            self.warn(id, format!("probably not delivered: your last {}", messages(unread)));
        }
        self.note(id, "/forget this contact, then pair again with /code");
    }
}

/// The friend's name in a history's entry.
fn history_name(contact: &str) -> &str {
    contact.split_once(' ').map_or(contact, |(_, name)| name)
}
