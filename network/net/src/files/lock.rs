//! A lock that allows only one process at a time to use a data folder.

use core::fmt;
use std::{
    fs::{File, TryLockError},
    io::{self, ErrorKind, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

/// An exclusive lock on a data folder, released on drop or when the process ends in any way: it is
/// the operating system's lock on the file `lock` in the folder. The file also holds the process
/// id, for the error message of a second process.
#[derive(Debug)]
pub struct FolderLock {
    /// Closing it releases the lock.
    _file: File,
}

/// The reason why a data folder can't be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum LockError {
    /// Another process uses it.
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The id of that process, if it is in the file.
        pid: Option<u32>,
    },
    /// The lock file can't be created or locked.
    File {
        /// The lock file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl FolderLock {
    /// Locks a folder, which has to exist.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(FILE);
        let failed = |source| LockError::File { path: path.clone(), source };
        let mut file = open(&path, folder).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::InUse { folder: folder.to_path_buf(), pid: owner(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // on a full or read-only disk the lock still holds, and only the process id is missing
        if let Err(error) = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())) {
            tracing::debug!(file = %path.display(), %error, "could not write the process id to the lock file");
        }
        Ok(Self { _file: file })
    }
}

/// Opens the lock file, and creates it if it does not exist. On a read-only file system it opens an
/// existing lock file, or else the folder itself, which can be locked as well.
fn open(path: &Path, folder: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::StorageFull) => {
            File::open(path).or_else(|_| File::open(folder))
        }
        opened => opened,
    }
}

/// The process id in the file.
fn owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(MAX_PID_BYTES).read_to_string(&mut text).ok()?;
    text.trim_end().parse().ok()
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { folder, pid: Some(pid) } => {
                write!(f, "{} is in use by process {pid}; stop it first", folder.display())
            }
            Self::InUse { folder, pid: None } => write!(f, "{} is in use by another process", folder.display()),
            Self::File { path, source } => write!(f, "can't lock {}: {source}", path.display()),
        }
    }
}

impl core::error::Error for LockError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::InUse { .. } => None,
            Self::File { source, .. } => Some(source),
        }
    }
}

const FILE: &str = "lock";

/// More than the length of any process id.
const MAX_PID_BYTES: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_with_the_first_ones_process_id() {
        let folder = tempfile::tempdir().unwrap();
        // the lock file of a killed process, with an id longer than ours
        std::fs::write(folder.path().join(FILE), "4294967295\n").unwrap();
        let first = FolderLock::acquire(folder.path()).unwrap();
        let error = FolderLock::acquire(folder.path()).unwrap_err();
        let own = std::process::id();
        assert!(matches!(error, LockError::InUse { pid: Some(pid), .. } if pid == own), "{error}");
        assert!(error.to_string().ends_with(&format!("is in use by process {own}; stop it first")));
        drop(first);
        FolderLock::acquire(folder.path()).unwrap();
        assert!(matches!(FolderLock::acquire(&folder.path().join("missing")), Err(LockError::File { .. })));
    }
}
