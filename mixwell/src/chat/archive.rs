//! The history, if it is asked for.

use crate::network::{error::NetworkError, files, randomness::Randomness};
use mixwell_chat::{Cost, History, HistoryEntry, HistoryRest, OpenedHistory};
use ratatui::crossterm::{
    event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
    terminal,
};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use zeroize::Zeroizing;

/// An open history, and its file.
#[derive(Debug)]
pub(crate) struct Archive {
    history: History,
    file: File,
    path: PathBuf,
    earlier: Vec<Zeroizing<String>>,
}

/// The longest history that is read.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The longest passphrase, so that it never moves while it is typed.
const MOST_LETTERS: usize = 1024;

impl Archive {
    /// Opens a file or makes it, and asks for its passphrase.
    pub(crate) fn open(path: &Path, has_terminal: bool, randomness: &Randomness) -> Result<Self, NetworkError> {
        let is_new = !path.exists();
        let question = if is_new { "a passphrase for the history: " } else { "the history's passphrase: " };
        let failed = |error| NetworkError::Read(PathBuf::from("the passphrase"), error);
        let passphrase = ask(question, has_terminal).map_err(failed)?;
        Self::with(path, is_new, &passphrase, Cost::RECOMMENDED, randomness)
    }

    pub(crate) fn with(
        path: &Path,
        is_new: bool,
        passphrase: &str,
        cost: Cost,
        randomness: &Randomness,
    ) -> Result<Self, NetworkError> {
        let wrong = |error: mixwell_chat::HistoryError| NetworkError::KeyFile(path.to_path_buf(), error.to_string());
        let failed = |error| NetworkError::Read(path.to_path_buf(), error);
        if is_new {
            let (_, head) = History::create(passphrase, cost, &mut randomness.rng()).map_err(wrong)?;
            files::write_private(path, &head)?;
        }
        if fs::metadata(path).map_err(failed)?.len() > MOST_BYTES {
            return Err(NetworkError::KeyFile(path.to_path_buf(), "it is too long for a history".to_owned()));
        }
        let bytes = fs::read(path).map_err(failed)?;
        let OpenedHistory { history, entries, whole_len, rest } = History::open(passphrase, &bytes).map_err(wrong)?;
        let file = File::options().append(true).open(path).map_err(failed)?;
        match rest {
            HistoryRest::Nothing => {}
            // a crash has left the begin of an entry
            HistoryRest::Torn { .. } => file.set_len(whole_len as u64).map_err(failed)?,
            _ => {
                let why = format!("the entry at byte {whole_len} is damaged; the file was left as it is");
                return Err(NetworkError::KeyFile(path.to_path_buf(), why));
            }
        }
        let earlier = entries.into_iter().map(|entry| entry.text).collect();
        Ok(Self { history, file, path: path.to_path_buf(), earlier })
    }

    /// What was said before, once.
    pub(crate) fn earlier(&mut self) -> Vec<Zeroizing<String>> {
        core::mem::take(&mut self.earlier)
    }

    /// Keeps a line.
    pub(crate) fn keep(&mut self, line: &str, randomness: &Randomness) -> Result<(), NetworkError> {
        let (time, contact) = (unix_seconds(), String::new());
        let entry = HistoryEntry { time, contact, is_ours: false, text: Zeroizing::new(line.to_owned()) };
        let sealed = self.history.append(&entry, &mut randomness.rng());
        let sealed = sealed.map_err(|error| NetworkError::KeyFile(self.path.clone(), error.to_string()))?;
        self.file.write_all(&sealed).map_err(|error| NetworkError::Write(self.path.clone(), error))
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Asks without showing what is typed; without a terminal, the first line of the input is it.
fn ask(question: &str, has_terminal: bool) -> io::Result<Zeroizing<String>> {
    let mut typed = Zeroizing::new(String::with_capacity(MOST_LETTERS));
    if !has_terminal {
        io::stdin().read_line(&mut typed)?;
        let len = typed.trim_end_matches(['\r', '\n']).len();
        typed.truncate(len);
        return Ok(typed);
    }
    anstream::eprint!("{question}");
    io::stderr().flush()?;
    terminal::enable_raw_mode()?;
    let read = read_hidden(&mut typed);
    terminal::disable_raw_mode()?;
    anstream::eprintln!();
    read.map(|()| typed)
}

fn read_hidden(typed: &mut String) -> io::Result<()> {
    loop {
        let Event::Key(key) = event::read()? else { continue };
        match key.code {
            _ if key.kind == KeyEventKind::Release => {}
            KeyCode::Enter => return Ok(()),
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Err(io::Error::from(io::ErrorKind::Interrupted));
            }
            KeyCode::Char(letter) if typed.len().saturating_add(letter.len_utf8()) <= MOST_LETTERS => {
                typed.push(letter);
            }
            KeyCode::Backspace => {
                typed.pop();
            }
            _ => {}
        }
    }
}
