//! The folder of one side: a key, the state under it, and files on their way. One program at a time.

use crate::network::{
    error::NetworkError,
    files::{self, FolderLock},
    randomness::Randomness,
};
use mixwell_chat::VaultKey;
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// An open folder.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    key: VaultKey,
    /// Held while it is open.
    _lock: FolderLock,
}

const KEY: &str = "key";
const STATE: &str = "state";

/// What a state is sealed with, so that nothing else under the key is taken for one.
const ABOUT: &[u8] = b"state";

/// The longest state that is read.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

impl Store {
    /// Opens a folder, or makes it.
    pub(crate) fn open(folder: &Path, randomness: &Randomness) -> Result<Self, NetworkError> {
        files::make_folder(folder)?;
        let lock = FolderLock::acquire(folder)?;
        files::clean(folder).map_err(|error| NetworkError::Write(folder.to_path_buf(), error))?;
        let key_path = folder.join(KEY);
        let key = if let Some(bytes) = files::read_private(&key_path)? {
            let wrong = |_| NetworkError::KeyFile(key_path, format!("want {} bytes of key", VaultKey::LEN));
            let bytes = Zeroizing::new(<[u8; VaultKey::LEN]>::try_from(bytes.as_slice()).map_err(wrong)?);
            VaultKey::from_bytes(*bytes)
        } else {
            let key = VaultKey::generate(&mut randomness.rng());
            files::write_private(&key_path, key.as_bytes())?;
            key
        };
        Ok(Self { folder: folder.to_path_buf(), key, _lock: lock })
    }

    /// The state, if there is one.
    pub(crate) fn load(&self) -> Result<Option<Zeroizing<Vec<u8>>>, NetworkError> {
        let path = self.folder.join(STATE);
        let failed = |error| NetworkError::Read(path.clone(), error);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() <= MOST_BYTES => {}
            Ok(_) => return Err(NetworkError::KeyFile(path, "it is too long for a state".to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        }
        let sealed = fs::read(&path).map_err(failed)?;
        let opened = self.key.open(ABOUT, &sealed);
        opened.map(Some).map_err(|error| NetworkError::KeyFile(path.clone(), error.to_string()))
    }

    /// Puts a state in the place of the last one. It is on the disk when this returns.
    pub(crate) fn save(&self, state: &[u8], randomness: &Randomness) -> Result<(), NetworkError> {
        let path = self.folder.join(STATE);
        let sealed = self.key.seal(ABOUT, state, &mut randomness.rng());
        let sealed = sealed.map_err(|error| NetworkError::KeyFile(path.clone(), error.to_string()))?;
        replace(&self.folder, &path, &sealed).map_err(|error| NetworkError::Write(path, error))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder's own name.
    pub(crate) fn name(&self) -> String {
        let path = fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // for its owner alone, as `tempfile` makes them
    let mut draft = tempfile::Builder::new().prefix(".tmp").tempfile_in(folder)?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}
