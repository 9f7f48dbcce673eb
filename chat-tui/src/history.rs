//! The optional history file.

use crate::{Entropy, error::Error, private};
use mixwell_chat::{Cost, History, HistoryEntry, HistoryRest, OpenedHistory};
use std::{
    fs,
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// An open history and its file.
#[derive(Debug)]
pub(crate) struct HistoryFile {
    history: History,
    file: File,
    path: PathBuf,
    /// The length of the file up to its last whole entry.
    len: u64,
    entries: Vec<HistoryEntry>,
}

/// Maximum length of a history.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

impl HistoryFile {
    /// Opens or creates a history. Deriving the key takes a good part of a second. A file that does
    /// not end with a whole entry is refused, unless `repairs`: then the file is moved aside, and
    /// its whole entries are copied to a new one.
    pub(crate) fn open(
        path: &Path,
        passphrase: &str,
        cost: Cost,
        repairs: bool,
        entropy: &Entropy,
    ) -> Result<Self, Error> {
        let wrong = |error: mixwell_chat::HistoryError| Error::File(path.to_path_buf(), error.to_string());
        let Some(bytes) = private::read(path, MAX_BYTES)? else {
            let (history, head) = History::create(passphrase, cost, &mut *entropy.rng()).map_err(wrong)?;
            private::create(path, &head)?;
            return Self::with(history, path, head.len(), Vec::new());
        };
        let OpenedHistory { history, entries, whole_len, rest } = History::open(passphrase, &bytes).map_err(wrong)?;
        if rest != HistoryRest::Nothing {
            if !repairs {
                return Err(Error::File(path.to_path_buf(), explain(rest, entries.len(), whole_len)));
            }
            move_aside(path)?;
            private::create(path, bytes.get(..whole_len).unwrap_or_default())?;
        }
        Self::with(history, path, whole_len, entries)
    }

    fn with(history: History, path: &Path, len: usize, entries: Vec<HistoryEntry>) -> Result<Self, Error> {
        let file = File::options().write(true).open(path).map_err(|error| Error::Write(path.to_path_buf(), error))?;
        Ok(Self { history, file, path: path.to_path_buf(), len: len as u64, entries })
    }

    /// All entries, the oldest first.
    pub(crate) fn entries(&self) -> &[HistoryEntry] {
        &self.entries
    }

    /// Appends an entry. If it can't be written completely, the file is cut back to the previous
    /// entry.
    pub(crate) fn append(&mut self, entry: HistoryEntry, entropy: &Entropy) -> Result<(), Error> {
        let failed = |error| Error::Write(self.path.clone(), error);
        let sealed = self.history.append(&entry, &mut *entropy.rng());
        let sealed = sealed.map_err(|error| Error::File(self.path.clone(), error.to_string()))?;
        let written = self.file.seek(SeekFrom::Start(self.len)).and_then(|_| self.file.write_all(&sealed));
        if let Err(error) = written {
            self.history.undo();
            let _ = self.file.set_len(self.len);
            return Err(failed(error));
        }
        self.len += sealed.len() as u64;
        self.entries.push(entry);
        Ok(())
    }
}

fn explain(rest: HistoryRest, entries: usize, whole_len: usize) -> String {
    let (what, len) = match rest {
        HistoryRest::Torn { len } => ("an incomplete entry, as after a crash", len),
        HistoryRest::Damaged { len } => ("a damaged entry", len),
        _ => ("something else", 0),
    };
    format!(
        "after {entries} intact entries, at byte {whole_len}, there is {what} ({len} bytes to the end). The file was left as it is; \
         --repair-history moves it aside and continues with the intact entries"
    )
}

/// Renames a file to a free name beside it.
fn move_aside(path: &Path) -> Result<(), Error> {
    let failed = |error| Error::Write(path.to_path_buf(), error);
    for number in 1..1000_u32 {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        let aside = PathBuf::from(name);
        if !aside.exists() {
            return fs::rename(path, aside).map_err(failed);
        }
    }
    Err(Error::File(path.to_path_buf(), "there are too many damaged histories beside it".to_owned()))
}
