//! Key files: private ones are readable only by their owner, and files are never partly written.

mod bounded;
mod error;
mod lock;

pub use bounded::{FileFault, open_regular, read_bounded};
pub use error::KeyFileError;
pub use lock::{FolderLock, LockError};

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Writes a file that only its owner may read. Fails if it exists.
///
/// # Errors
/// [`KeyFileError`].
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    write(path, bytes, 0o600)
}

/// Writes a file that anyone may read, as far as the user's umask lets them. Fails if it exists.
///
/// # Errors
/// [`KeyFileError`].
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    write(path, bytes, 0o644)
}

/// Creates a folder, with its missing parents, that only its owner may access.
///
/// # Errors
/// [`KeyFileError`].
pub fn make_folder(path: &Path) -> Result<(), KeyFileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| KeyFileError::Write(path.to_path_buf(), error))
}

/// Reads a private file, unless others may read it too. `None` if it does not exist.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, KeyFileError> {
    let failed = |error| KeyFileError::Read(path.to_path_buf(), error);
    let Some(file) = open(path)? else { return Ok(None) };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyFileError::TooReadable(path.to_path_buf(), mode & 0o777));
        }
    }
    // allocated at full capacity: a buffer that grows leaves copies behind that are never wiped
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_KEY_FILE_BYTES.saturating_add(1)));
    file.take(MAX_KEY_FILE_BYTES as u64).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// Reads a public file. `None` if it does not exist.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_public(path: &Path) -> Result<Option<Vec<u8>>, KeyFileError> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    let read = file.take(MAX_KEY_FILE_BYTES as u64).read_to_end(&mut bytes);
    read.map_err(|error| KeyFileError::Read(path.to_path_buf(), error))?;
    Ok(Some(bytes))
}

/// Writes the two files of a key pair, so that a process killed meanwhile leaves both or, after
/// [`mend_pair`], neither. Fails if one of them exists.
///
/// # Errors
/// [`KeyFileError`].
pub fn write_pair(private: (&Path, &[u8]), public: (&Path, &[u8])) -> Result<(), KeyFileError> {
    let draft = with_suffix(private.0, DRAFT);
    write_private(&draft, private.1)?;
    write_public(public.0, public.1)?;
    rename(&draft, private.0).map_err(|error| KeyFileError::Write(private.0.to_path_buf(), error))
}

/// Completes or undoes a [`write_pair`] of a process that was killed.
///
/// # Errors
/// [`KeyFileError`].
pub fn mend_pair(private: &Path, public: &Path) -> Result<(), KeyFileError> {
    let draft = with_suffix(private, DRAFT);
    if !draft.exists() {
        return Ok(());
    }
    let mended = if public.exists() && !private.exists() { rename(&draft, private) } else { erase(&draft) };
    mended.map_err(|error| KeyFileError::Write(draft, error))
}

/// Overwrites a private file and removes it. Copies inside the storage device cannot be reached.
/// The file is renamed first, so that its remains are never taken for a key, even if the rest
/// fails.
///
/// # Errors
/// [`io::Error`].
pub fn erase(path: &Path) -> io::Result<()> {
    let past = with_suffix(path, PAST);
    rename(path, &past)?;
    wipe(&past)
}

/// Ensures that a private file is no longer used as a key, even on a full disk: only the renaming
/// must succeed, the erasure is best effort.
///
/// # Errors
/// [`io::Error`].
pub fn disown(path: &Path) -> io::Result<()> {
    let past = with_suffix(path, PAST);
    rename(path, &past)?;
    if let Err(error) = wipe(&past) {
        tracing::warn!(file = %past.display(), %error, "could not erase a private key; it is erased at the next start");
    }
    Ok(())
}

/// Renames a damaged file to a name that nothing reads, replacing an older file of that name.
///
/// # Errors
/// [`io::Error`].
pub fn set_aside(path: &Path) -> io::Result<()> {
    rename(path, &with_suffix(path, DAMAGED))
}

/// Erases files that a killed process has left in a folder while it was writing or erasing them.
///
/// # Errors
/// [`io::Error`].
pub fn clean(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && (name.ends_with(PAST) || name.starts_with(BEING_WRITTEN)) {
            wipe(&path)?;
        }
    }
    Ok(())
}

/// Overwrites a file as far as the file system lets it, and removes it. On a full copy-on-write
/// disk overwriting fails, but the file is removed nevertheless.
fn wipe(path: &Path) -> io::Result<()> {
    let overwritten = overwrite(path);
    fs::remove_file(path)?;
    overwritten
}

fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    let len = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(len), &mut file)?;
    file.sync_all()
}

/// The path of a file with a suffix after its name.
#[must_use]
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(folder_of(to))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Flushes a folder's directory entries: otherwise a power failure may lose the name of a file
/// whose data is on the disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
const fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn open(path: &Path) -> Result<Option<fs::File>, KeyFileError> {
    match open_regular(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeyFileError::Read(path.to_path_buf(), error)),
    }
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyFileError> {
    let folder = folder_of(path);
    let failed = |error| KeyFileError::Write(path.to_path_buf(), error);
    let mut file = draft(folder, mode).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist_noclobber(path).map_err(|error| failed(error.error))?;
    sync_folder(folder).map_err(failed)
}

#[cfg(unix)]
fn draft(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    tempfile::Builder::new().prefix(BEING_WRITTEN).permissions(fs::Permissions::from_mode(mode)).tempfile_in(folder)
}

#[cfg(not(unix))]
fn draft(folder: &Path, _: u32) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(BEING_WRITTEN).tempfile_in(folder)
}

/// Ten times the longest key of any scheme.
const MAX_KEY_FILE_BYTES: usize = 1 << 16;

/// The suffix of damaged files.
pub const DAMAGED: &str = ".damaged";

/// Suffixes of files that are being written, that are being erased, and that wait for the other
/// half of their pair.
const BEING_WRITTEN: &str = ".tmp";
const PAST: &str = ".past";
const DRAFT: &str = ".new";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_at_any_moment_leaves_a_pair_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = (folder.path().join("private"), folder.path().join("public"));
        let draft = with_suffix(&private, DRAFT);
        // killed before the public file was written
        write_private(&draft, b"lost").unwrap();
        mend_pair(&private, &public).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        // killed before the private file had its final name
        write_private(&draft, b"secret").unwrap();
        write_public(&public, b"known").unwrap();
        mend_pair(&private, &public).unwrap();
        assert_eq!(read_private(&private).unwrap().unwrap().as_slice(), b"secret");
        assert!(!draft.exists());
        assert!(write_pair((&private, b"other"), (&public, b"other")).is_err());
        mend_pair(&private, &public).unwrap();
        assert_eq!(read_private(&private).unwrap().unwrap().as_slice(), b"secret");
    }

    #[test]
    fn leftovers_are_erased() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".tmpAbCdEf", "mix-5.private.pem.past", "mix-6.private.pem"] {
            fs::write(folder.path().join(name), [0; 40]).unwrap();
        }
        clean(folder.path()).unwrap();
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["mix-6.private.pem"]);
        erase(&folder.path().join("mix-6.private.pem")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
