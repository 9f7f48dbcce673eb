//! The files of mix keys: for each epoch a private key and its replay list, created and erased
//! together.

use crate::{
    any_sphinx::{AnySphinx, LoadedKey},
    mix_keys::ReplayList,
};
use mixwell_net::{files, files::KeyFileError, pem, pem::Kind};
use mixwell_pki_types::{Epoch, KeyHash};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// A folder of mix keys.
#[derive(Debug)]
pub(super) struct KeyFolder(PathBuf);

/// The contents of a folder of mix keys.
pub(super) struct Files {
    pub(super) read: BTreeMap<Epoch, LoadedKey>,
    /// Epochs with files that were set aside.
    pub(super) aside: BTreeSet<Epoch>,
}

impl KeyFolder {
    /// Creates the folder if it does not exist, and erases the temporary files of a killed process.
    pub(super) fn open(path: PathBuf) -> Result<Self, KeyFileError> {
        files::make_folder(&path)?;
        if let Err(error) = files::clean(&path) {
            tracing::warn!(folder = %path.display(), %error, "could not erase leftovers of old mix keys");
        }
        Ok(Self(path))
    }

    /// Reads the keys, and sets files without a valid key aside.
    ///
    /// # Errors
    /// If the folder or a file can't be read for lack of permission, or others may read a private
    /// key.
    pub(super) fn read(&self, sphinx: &AnySphinx) -> Result<Files, KeyFileError> {
        let (mut read, mut aside, mut lists) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let failed = |error| KeyFileError::Read(self.0.clone(), error);
        for entry in fs::read_dir(&self.0).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some((epoch, rest)) = name.to_str().and_then(parse) else { continue };
            match rest {
                KEY => match self.read_key(sphinx, epoch) {
                    Ok(Some(key)) => {
                        read.insert(epoch, key);
                    }
                    Ok(None) => {}
                    Err(error) if is_fatal(&error) => return Err(error),
                    Err(error) => {
                        tracing::warn!(%epoch, %error, "set aside a damaged mix key; packets made for it are dropped");
                        self.set_aside(epoch);
                        aside.insert(epoch);
                    }
                },
                LIST => {
                    lists.insert(epoch);
                }
                _ => {
                    aside.insert(epoch);
                }
            }
        }
        // lists without a key: it was never written, or was erased
        for epoch in lists.into_iter().filter(|epoch| !read.contains_key(epoch)) {
            let _ = fs::remove_file(self.list(epoch));
        }
        Ok(Files { read, aside })
    }

    fn read_key(&self, sphinx: &AnySphinx, epoch: Epoch) -> Result<Option<LoadedKey>, KeyFileError> {
        let path = self.key(epoch);
        let Some(text) = files::read_private(&path)? else { return Ok(None) };
        let bytes = pem::decode(name(sphinx), Kind::Private, sphinx.opening().private_len(), &text)
            .map_err(|error| KeyFileError::Malformed(path, error.to_string()))?;
        Ok(Some(sphinx.opening().load(&bytes)?))
    }

    /// Stores a new key, after its list: no stored key is ever without one.
    pub(super) fn store(
        &self,
        sphinx: &AnySphinx,
        epoch: Epoch,
        id: KeyHash,
        private: &[u8],
    ) -> Result<(), KeyFileError> {
        let list = self.list(epoch);
        let made = ReplayList::create(&list, id).map_err(|error| KeyFileError::Write(list.clone(), error));
        let text = pem::encode(name(sphinx), Kind::Private, private);
        let stored = made.and_then(|()| files::write_private(&self.key(epoch), text.as_bytes()));
        if stored.is_err() {
            let _ = fs::remove_file(list);
        }
        stored
    }

    /// Erases all files of an epoch.
    pub(super) fn erase(&self, epoch: Epoch) -> io::Result<()> {
        let mut outcome = Ok(());
        for path in [self.key(epoch), self.damaged_key(epoch)] {
            outcome = outcome.and(if_exists(files::erase(&path)));
        }
        for path in [self.list(epoch), with_suffix(&self.list(epoch))] {
            outcome = outcome.and(if_exists(fs::remove_file(path)));
        }
        outcome
    }

    /// Renames the files of an epoch, so that they are not read again.
    pub(super) fn set_aside(&self, epoch: Epoch) {
        for path in [self.key(epoch), self.list(epoch)] {
            if let Err(error) = if_exists(files::set_aside(&path)) {
                tracing::warn!(file = %path.display(), %error, "could not set a damaged file aside; remove it by hand");
            }
        }
    }

    /// Makes sure that the key of an epoch is not read again, and erases it as far as a full disk
    /// permits.
    pub(super) fn disown(&self, epoch: Epoch) -> io::Result<()> {
        if_exists(files::disown(&self.key(epoch)))?;
        let _ = fs::remove_file(self.list(epoch));
        Ok(())
    }

    /// The replay list of an epoch's key.
    pub(super) fn list(&self, epoch: Epoch) -> PathBuf {
        self.file(epoch, LIST)
    }

    fn key(&self, epoch: Epoch) -> PathBuf {
        self.file(epoch, KEY)
    }

    fn damaged_key(&self, epoch: Epoch) -> PathBuf {
        with_suffix(&self.key(epoch))
    }

    fn file(&self, epoch: Epoch, rest: &str) -> PathBuf {
        self.0.join(format!("{PREFIX}{epoch}{rest}"))
    }
}

/// The name of the keys' scheme.
fn name(sphinx: &AnySphinx) -> &'static str {
    sphinx.geometry().scheme().name()
}

/// The epoch in a file name, and what follows it.
fn parse(name: &str) -> Option<(Epoch, &str)> {
    let name = name.strip_prefix(PREFIX)?;
    let (epoch, rest) = name.split_at_checked(name.find('.')?)?;
    let is_ours = [KEY, LIST].contains(&rest.strip_suffix(files::DAMAGED).unwrap_or(rest));
    is_ours.then_some((Epoch(epoch.parse().ok()?), rest))
}

/// Whether an operator has to act before the node can start: a new key would not remove the cause.
fn is_fatal(error: &KeyFileError) -> bool {
    match error {
        KeyFileError::Read(_, error) => error.kind() == ErrorKind::PermissionDenied,
        KeyFileError::TooReadable(..) => true,
        _ => false,
    }
}

fn with_suffix(path: &Path) -> PathBuf {
    files::with_suffix(path, files::DAMAGED)
}

fn if_exists(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

const PREFIX: &str = "mix-";
const KEY: &str = ".private.pem";
const LIST: &str = ".replays";
