//! An authority's store on disk: the journal of each round, the consensuses, and the epochs of the
//! rounds in which the authority has made statements.
//!
//! Journal entries are flushed before any message leaves that depends on them. An entry has a
//! checksum of its length and one of its content: an entry that a crash cut short is dropped, but a
//! changed entry is never mistaken for the journal's end. A damaged journal is set aside, and the
//! authority makes no statement in that round, as the statements that it has signed are not known.

mod encoding;

use crate::error::StoreError;
use crate::journal::{Change, Changes, Record, Saved};
use encoding::{End, MAGIC, append, entry, read_entries, read_sealed, sealed};
use mixwell_net::{authorities::Authorities, consensus::Consensus, files};
use mixwell_pki_types::{
    Epoch, LIFETIME,
    build::encode,
    cbor::{Item, Kind},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// An authority's store: files in the folder `authority` of a data folder, which only one process
/// may use.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    journals: BTreeMap<Epoch, fs::File>,
}

impl Store {
    /// Opens the store in a data folder and reads its content, for
    /// [`State::new`](crate::State::new). A consensus counts if enough of these authorities signed
    /// it. Damaged files are renamed to `….damaged`, with a warning.
    ///
    /// # Errors
    /// The folder cannot be created, read or written, or others can read it.
    pub fn open(data_folder: &Path, authorities: &Authorities) -> Result<(Self, Saved), StoreError> {
        let folder = data_folder.join(FOLDER);
        files::make_folder(&folder).map_err(StoreError::Folder)?;
        let mut store = Self { folder, journals: BTreeMap::new() };
        let saved = store.read(authorities).map_err(|error| StoreError::Read(store.folder.clone(), error))?;
        Ok((store, saved))
    }

    /// Writes a state's changes; returns when all of them are on disk.
    ///
    /// # Errors
    /// The disk failed. Some changes may have been written: journals stay readable.
    pub fn write(&mut self, changes: &Changes) -> Result<(), StoreError> {
        self.apply(&changes.0).map_err(|error| StoreError::Write(self.folder.clone(), error))
    }

    pub(super) fn apply(&mut self, changes: &[Change]) -> io::Result<()> {
        let mut appended = BTreeSet::new();
        for change in changes {
            match change {
                Change::Record(epoch, record) => {
                    append(self.journal(*epoch)?, &entry(record))?;
                    appended.insert(*epoch);
                }
                Change::Consensus(epoch, certificate) => {
                    self.replace(&format!("{CONSENSUS}{epoch}"), &sealed(certificate))?;
                }
                Change::Spoken(epochs) => self.replace(SPOKEN, &sealed(&encode_epochs(epochs)))?,
                Change::EpochBegan(epoch) => self.forget(*epoch)?,
            }
        }
        for epoch in appended {
            self.journal(epoch)?.sync_data()?;
        }
        Ok(())
    }

    fn journal(&mut self, epoch: Epoch) -> io::Result<&mut fs::File> {
        use std::collections::btree_map::Entry;
        match self.journals.entry(epoch) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(slot) => {
                let path = self.folder.join(format!("{JOURNAL}{epoch}"));
                let mut file = private().append(true).create(true).open(&path)?;
                if file.metadata()?.len() == 0 {
                    file.write_all(MAGIC)?;
                    fs::File::open(&self.folder)?.sync_all()?;
                }
                Ok(slot.insert(file))
            }
        }
    }

    /// Replaces a file atomically.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".tmp").tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.folder.join(name)).map_err(|error| error.error)?;
        fs::File::open(&self.folder)?.sync_all()
    }

    /// Removes the files that an epoch no longer needs.
    fn forget(&mut self, epoch: Epoch) -> io::Result<()> {
        let rounds = epoch..=epoch.plus(2);
        self.journals.retain(|of, _| rounds.contains(of));
        for (path, name) in self.entries()? {
            let round = number(&name, JOURNAL).is_some_and(|of| !rounds.contains(&of));
            let consensus = number(&name, CONSENSUS).is_some_and(|of| of.plus(LIFETIME) <= epoch);
            if round || consensus {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn entries(&self) -> io::Result<Vec<(PathBuf, String)>> {
        let entries = fs::read_dir(&self.folder)?.map(|entry| {
            let entry = entry?;
            Ok((entry.path(), entry.file_name().to_string_lossy().into_owned()))
        });
        entries.collect()
    }

    fn read(&mut self, authorities: &Authorities) -> io::Result<Saved> {
        let mut saved = Saved::default();
        for (path, name) in self.entries()? {
            if name.starts_with(".tmp") {
                fs::remove_file(path)?;
            } else if let Some(epoch) = number(&name, JOURNAL) {
                saved.rounds.insert(epoch, self.read_journal(epoch, &path)?);
            } else if let Some(epoch) = number(&name, CONSENSUS) {
                match read_consensus(epoch, &path, authorities)? {
                    Some(certificate) => {
                        saved.consensuses.insert(epoch, certificate);
                    }
                    None => set_aside(&path, "the authority fetches the consensus from the others")?,
                }
            } else if name == SPOKEN {
                match read_sealed(&path)?.and_then(|bytes| decode_epochs(&bytes)) {
                    Some(epochs) => saved.spoken = epochs,
                    None => set_aside(&path, "keep the clock from stepping back by more than an epoch")?,
                }
            }
        }
        Ok(saved)
    }

    /// Reads a journal. A damaged one is set aside, and its readable entries are written to a new
    /// one, marked as damaged.
    fn read_journal(&mut self, epoch: Epoch, path: &Path) -> io::Result<Vec<Record>> {
        let mut bytes = Vec::new();
        let is_whole = fs::metadata(path)?.len() <= MAX_JOURNAL_BYTES;
        fs::File::open(path)?.take(MAX_JOURNAL_BYTES).read_to_end(&mut bytes)?;
        let (mut records, end) = read_entries(&bytes);
        match end {
            End::Whole if is_whole => {}
            End::CutShort(len) if is_whole => {
                tracing::info!(file = %path.display(), "dropped the last entry of the journal, which a crash has truncated");
                let file = private().write(true).open(path)?;
                file.set_len(len)?;
                file.sync_all()?;
            }
            End::Whole | End::CutShort(_) | End::Damaged => {
                set_aside(path, "the authority makes no statement in this round; check the disk")?;
                records.push(Record::Damaged);
                let changes: Vec<_> = records.iter().map(|record| Change::Record(epoch, record.clone())).collect();
                self.apply(&changes)?;
            }
        }
        Ok(records)
    }
}

fn read_consensus(epoch: Epoch, path: &Path, authorities: &Authorities) -> io::Result<Option<Arc<[u8]>>> {
    let Some(certificate) = read_sealed(path)? else { return Ok(None) };
    let verified = Consensus::verify(certificate, authorities, (epoch, epoch), None);
    Ok(verified.ok().map(|consensus| consensus.certificate().into()))
}

/// Renames a damaged file, so that it is not read again and can be examined.
fn set_aside(path: &Path, advice: &str) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".damaged");
    tracing::warn!(file = %path.display(), "set aside a damaged file as .damaged; {advice}");
    fs::rename(path, PathBuf::from(name))
}

/// The number after a prefix in a file name.
fn number(name: &str, prefix: &str) -> Option<Epoch> {
    name.strip_prefix(prefix)?.parse().ok().map(Epoch)
}

fn encode_epochs(epochs: &[Epoch]) -> Vec<u8> {
    encode(|writer| {
        writer.array(epochs.len());
        for epoch in epochs {
            writer.unsigned(epoch.0);
        }
    })
}

fn decode_epochs(bytes: &[u8]) -> Option<Vec<Epoch>> {
    let Kind::Array(items) = Item::parse(bytes).ok()?.kind() else { return None };
    let epoch = |item: Item<'_>| if let Kind::Unsigned(epoch) = item.kind() { Some(Epoch(epoch)) } else { None };
    items.map(epoch).collect()
}

/// Options for files that only their owner may read: a journal contains our reveal before it is
/// published.
fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

const FOLDER: &str = "authority";
const JOURNAL: &str = "round-";
const CONSENSUS: &str = "consensus-";
const SPOKEN: &str = "spoken";
/// Maximum length of a journal: ten times the descriptors of a thousand nodes and the statements of
/// nine authorities.
const MAX_JOURNAL_BYTES: u64 = 1 << 30;
